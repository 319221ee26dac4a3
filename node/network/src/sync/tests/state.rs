//! A state in ranges: who is asked, what is judged, and what happens when somebody lies or has forgotten it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;

use super::helpers::{Honest, chain_with, claim};
use crate::config::SyncMode;
use crate::endpoint::NodeId;
use crate::score::Fault;
use crate::sync::Phase;
use crate::testing::{Bench, FakeWorld};
use crate::turn::Output;
use crate::wire::{Message, Refusal, RequestId};
use crate::world::{Broken, Claim, Found, Have, Judgement, KeyRange, Query, StatePlan};

/// Keys that one chunk reaches over, in parts of 2^64.
const REACH: u64 = 1 << 59;

fn key(prefix: u64) -> Hash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&prefix.to_be_bytes());
    Hash::new(bytes)
}

fn prefix(key: &Hash) -> u64 {
    u64::from_be_bytes(*key.as_bytes().first_chunk().unwrap())
}

/// The chunk of a block's state from a key on: it names what it is.
fn chunk(block: &Hash, start: &Hash) -> Arc<[u8]> {
    [block.as_bytes().as_slice(), start.as_bytes()].concat().into()
}

/// The node's part: a plan, and which keys have come.
struct Plan {
    block: (Hash, u64),
    newer: (Hash, u64),
    /// Ranges that were judged good, by start.
    good: BTreeMap<Hash, Option<Hash>>,
    renewed: usize,
    is_done: bool,
}

impl Plan {
    fn look(&mut self, renew: bool) -> Found {
        if renew {
            self.block = self.newer;
            self.good.clear();
            self.renewed += 1;
        }
        let missing = self.missing();
        self.is_done = missing.is_empty();
        Found::StatePlan((!self.is_done).then(|| StatePlan {
            block: self.block.0,
            height: Height::new(self.block.1),
            missing,
        }))
    }

    fn missing(&self) -> Vec<KeyRange> {
        let (mut missing, mut at) = (Vec::new(), Some(key(0)));
        for (start, end) in &self.good {
            let Some(from) = at else { break };
            if from < *start {
                missing.push(KeyRange { start: from, end: Some(*start) });
            }
            at = end.map(|end| end.max(from));
        }
        missing.extend(at.map(|start| KeyRange { start, end: None }));
        missing
    }

    fn judge(&mut self, block: Hash, start: Hash, bytes: &[u8]) -> Judgement {
        if block != self.block.0 || *bytes != *chunk(&block, &start) {
            let forged = Broken { rule: "STA-1".to_owned(), blames_sender: true, condemns_block: false };
            return Judgement::StateChunk(Err(forged));
        }
        let next = prefix(&start).checked_add(REACH).map(key);
        self.good.insert(start, next);
        Judgement::StateChunk(Ok(next))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Honest,
    Forges,
    Forgot,
    Silent,
}

struct Room {
    bench: Bench,
    peers: Vec<(Honest, Manner)>,
    plan: Plan,
    asked: BTreeMap<NodeId, usize>,
    started: BTreeSet<Hash>,
    blocks: Vec<vibecoin_primitives::Block>,
}

impl Room {
    fn new(manners: &[Manner]) -> Self {
        let world = FakeWorld::new();
        let config = crate::Config { sync: SyncMode::State, ..Bench::config(&world) };
        let mut bench = Bench::with(config, world, 1);
        let blocks = chain_with(1, 2_000, 0);
        let peers = manners
            .iter()
            .zip(1..)
            .map(|(manner, number)| (Honest::connect(&mut bench, number, blocks.clone()), *manner))
            .collect();
        let at = |height: usize| (blocks[height - 1].id(), height as u64);
        let plan =
            Plan { block: at(1_400), newer: at(1_480), good: BTreeMap::new(), renewed: 0, is_done: false };
        Self { bench, peers, plan, asked: BTreeMap::new(), started: BTreeSet::new(), blocks }
    }

    /// Plays for a while, or until the state is there.
    fn play(&mut self, most_ms: u64) {
        let end_ms = self.bench.now.ms + most_ms;
        while self.bench.now.ms < end_ms && !self.plan.is_done {
            for (peer, manner) in &mut self.peers {
                for message in self.bench.sent(peer.node) {
                    let Message::GetStateChunk { request, block, start, .. } = message else {
                        assert!(!matches!(message, Message::GetBlocks { .. }), "blocks before the state");
                        peer.take(message);
                        continue;
                    };
                    *self.asked.entry(peer.node).or_default() += 1;
                    self.started.insert(start);
                    answer(&mut self.bench, peer.node, *manner, request, (block, start), self.plan.newer.0);
                }
                peer.speak(&mut self.bench);
            }
            while let Some(question) = self.bench.questions.pop_front() {
                self.answer(question);
            }
            self.bench.tick(50);
        }
    }

    fn answer(&mut self, question: Output) {
        use crate::machine::Input;
        match question {
            Output::Look { ticket, query: Query::StatePlan { renew } } => {
                let found = self.plan.look(renew);
                self.bench.input(Input::Found { ticket, found });
            }
            Output::Judge { ticket, claim: Claim::StateChunk { block, start, chunk }, .. } => {
                let judgement = self.plan.judge(block, start, &chunk);
                self.bench.input(Input::Judged { ticket, judgement });
            }
            question => self.bench.answer_to(question),
        }
    }

    fn faults(&self, peer: usize) -> Vec<Fault> {
        self.bench.faults(self.peers[peer].0.node)
    }
}

fn answer(
    bench: &mut Bench,
    node: NodeId,
    manner: Manner,
    request: RequestId,
    (block, start): (Hash, Hash),
    newest: Hash,
) {
    let message = match manner {
        Manner::Honest => Message::StateChunk { request, chunk: chunk(&block, &start) },
        Manner::Forges => Message::StateChunk { request, chunk: chunk(&block, &key(77)) },
        Manner::Forgot if block == newest => Message::StateChunk { request, chunk: chunk(&block, &start) },
        Manner::Forgot => Message::Refused { request, refusal: Refusal::NotHere },
        Manner::Silent => return,
    };
    bench.receive(node, message);
}

#[test]
fn a_state_comes_in_ranges_from_all_who_have_it_and_then_the_blocks() {
    let mut room = Room::new(&[Manner::Honest; 4]);
    room.play(30_000);
    assert!(room.plan.is_done && room.plan.renewed == 0);
    assert_eq!(room.asked.len(), 4, "{:?}", room.asked);
    // Two to the fifth chunks cover all keys; what is divided may overlap a little.
    assert!((32..=64).contains(&room.started.len()), "{}", room.started.len());
    for peer in 0..4 {
        assert_eq!(room.faults(peer), []);
    }
    // Then come the blocks; the made-up node wants all of them.
    let tip = claim(&room.blocks).id;
    let mut peers: Vec<_> = room.peers.into_iter().map(|(peer, _)| peer).collect();
    assert!(super::helpers::run(&mut room.bench, &mut peers, &tip, 120_000));
}

#[test]
fn progress_counts_keys_while_a_state_is_fetched() {
    let mut room = Room::new(&[Manner::Honest]);
    let mut seen = Vec::new();
    while !room.plan.is_done {
        room.play(50);
        let progress = *room.bench.machine.sync().progress();
        if progress.phase == Phase::State {
            assert_eq!(progress.target, 1_000_000);
            seen.push(progress.at);
        }
        assert!(room.bench.now.ms < 60_000);
    }
    assert!(seen.is_sorted() && seen.len() > 4, "{seen:?}");
}

#[test]
fn a_forged_range_bans_who_sent_it_and_comes_from_another() {
    let mut room = Room::new(&[Manner::Forges, Manner::Honest, Manner::Honest]);
    room.play(60_000);
    assert!(room.plan.is_done);
    assert!(room.faults(0).contains(&Fault::ForgedState));
    assert!(room.bench.closed.contains_key(&room.peers[0].0.node));
    assert_eq!((room.faults(1), room.faults(2)), (Vec::new(), Vec::new()));
}

#[test]
fn who_has_forgotten_the_state_is_no_offender_and_others_are_asked() {
    let mut room = Room::new(&[Manner::Forgot, Manner::Honest]);
    room.play(60_000);
    assert!(room.plan.is_done && room.plan.renewed == 0);
    assert_eq!((room.faults(0), room.faults(1)), (Vec::new(), Vec::new()));
    assert_eq!(room.asked[&room.peers[0].0.node], 1);
}

#[test]
fn when_nobody_has_it_any_more_a_newer_one_is_planned() {
    let mut room = Room::new(&[Manner::Forgot, Manner::Forgot]);
    room.play(60_000);
    assert!(room.plan.is_done);
    assert_eq!(room.plan.renewed, 1);
    assert_eq!((room.faults(0), room.faults(1)), (Vec::new(), Vec::new()));
}

#[test]
fn a_silent_peer_delays_a_state_and_does_not_stop_it() {
    let mut room = Room::new(&[Manner::Silent, Manner::Honest]);
    room.play(20_000);
    assert!(room.plan.is_done);
}

#[test]
fn a_node_that_is_not_far_behind_fetches_blocks_at_once() {
    let world = FakeWorld::new();
    let config = crate::Config { sync: SyncMode::State, ..Bench::config(&world) };
    let mut bench = Bench::with(config, world, 1);
    let blocks = chain_with(1, 300, 0);
    let mut peers = [Honest::connect(&mut bench, 1, blocks.clone())];
    assert!(super::helpers::run(&mut bench, &mut peers, &claim(&blocks).id, 30_000));
    assert_eq!(bench.world.tip().id, claim(&blocks).id);
}
