//! Headers: what is believed, what is stored, and who is blamed.

use vibecoin_crypto::Hash;
use vibecoin_primitives::Work;

use super::helpers::{Honest, chain_with, claim, connect, run};
use crate::endpoint::NodeId;
use crate::score::Fault;
use crate::testing::{Bench, forge};
use crate::turn::Output;
use crate::wire::{HEADERS_MAX, HeaderRecord, Message, RequestId, TipClaim};
use crate::world::{Claim, Have, Holding};

/// The open request for headers that was sent to a peer last.
fn asked(bench: &mut Bench, node: NodeId) -> (RequestId, Vec<Hash>) {
    bench.answer();
    let sent = bench.sent(node);
    let asked = sent.into_iter().rev().find_map(|message| match message {
        Message::GetHeaders { request, locator, .. } => Some((request, locator)),
        _ => None,
    });
    asked.expect("it was asked for headers")
}

fn is_asked(bench: &mut Bench, node: NodeId) -> bool {
    bench.sent(node).iter().any(|message| matches!(message, Message::GetHeaders { .. }))
}

fn heads(blocks: &[vibecoin_primitives::Block]) -> Vec<HeaderRecord> {
    blocks.iter().map(forge::head).collect()
}

#[test]
fn a_short_extension_is_stored_after_one_batch() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 3, 0);
    let node = connect(&mut bench, 1, claim(&blocks));
    let (request, locator) = asked(&mut bench, node);
    assert_eq!(locator, [bench.world.genesis().id]);
    bench.receive(node, Message::Headers { request, headers: heads(&blocks) });
    bench.answer();
    assert_eq!(bench.world.block(&blocks[2].id()), Holding::Header);
}

#[test]
fn a_long_chain_is_read_twice_and_stored_once() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 2 * HEADERS_MAX + 7, 0);
    let node = connect(&mut bench, 1, claim(&blocks));
    let mut stored = Vec::new();
    let mut served = 0;
    for _ in 0..6 {
        let (request, locator) = asked(&mut bench, node);
        let first = blocks.iter().position(|block| block.id() == locator[0]).map_or(0, |at| at + 1);
        let batch = heads(&blocks[first..blocks.len().min(first + HEADERS_MAX)]);
        served += batch.len();
        bench.receive(node, Message::Headers { request, headers: batch });
        let best = bench.world.best_header().height.get();
        bench.answer();
        stored.push((best, bench.world.best_header().height.get()));
    }
    assert_eq!(served, 2 * blocks.len());
    let max = HEADERS_MAX as u64;
    assert_eq!(stored, [(0, 0), (0, 0), (0, 0), (0, max), (max, 2 * max), (2 * max, 2 * max + 7)]);
    assert!(bench.faults(node).is_empty());
}

#[test]
fn a_chain_that_is_another_one_the_second_time_is_not_stored() {
    let mut bench = Bench::new();
    let (proven, other) = (chain_with(1, HEADERS_MAX + 9, 0), chain_with(2, HEADERS_MAX + 9, 0));
    let node = connect(&mut bench, 1, claim(&proven));
    for round in 0..4 {
        for (blocks, after) in [(&proven, 0), (&proven, HEADERS_MAX), (&other, 0)] {
            let (request, _) = asked(&mut bench, node);
            let batch = heads(&blocks[after..blocks.len().min(after + HEADERS_MAX)]);
            assert!(bench.faults(node).is_empty(), "round {round}");
            bench.receive(node, Message::Headers { request, headers: batch });
        }
    }
    bench.answer();
    assert_eq!(bench.world.best_header(), bench.world.genesis());
    assert_eq!(bench.faults(node), [Fault::DisconnectedHeaders]);
}

#[test]
fn less_work_than_claimed_is_false_work() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 20, 0);
    let lie = TipClaim { work: Work::new(1_000), ..claim(&blocks) };
    let mut liar = connect_liar(&mut bench, lie, &blocks);
    for _ in 0..20 {
        liar.step(&mut bench);
        bench.tick(100);
        bench.answer();
    }
    assert_eq!(bench.world.best_header(), bench.world.genesis());
    assert_eq!(bench.faults(liar.node), [Fault::FalseWork]);
}

fn connect_liar(bench: &mut Bench, lie: TipClaim, blocks: &[vibecoin_primitives::Block]) -> Honest {
    let mut honest = Honest::connect(bench, 9, Vec::new());
    bench.disconnect(honest.node);
    honest.set_blocks(blocks.to_vec());
    connect(bench, 9, lie);
    honest
}

#[test]
fn a_claim_that_is_a_few_headers_too_high_blames_nobody() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 20, 0);
    let lie = TipClaim { work: Work::new(22), ..claim(&blocks) };
    let mut peer = connect_liar(&mut bench, lie, &blocks);
    for _ in 0..20 {
        peer.step(&mut bench);
        bench.tick(100);
        bench.answer();
    }
    assert_eq!(bench.world.best_header().height.get(), 20);
    assert!(bench.faults(peer.node).is_empty());
}

#[test]
fn nothing_after_a_great_claim_is_false_work_unless_we_have_moved_past_it() {
    let mut bench = Bench::new();
    let lie = TipClaim { work: Work::new(50), height: 50_u64.into_height(), id: Hash::new([5; 32]) };
    let node = connect(&mut bench, 1, lie);
    let (request, _) = asked(&mut bench, node);
    bench.receive(node, Message::Headers { request, headers: Vec::new() });
    assert_eq!(bench.faults(node), [Fault::FalseWork]);

    let mut bench = Bench::new();
    let node = connect(&mut bench, 1, lie);
    let (request, _) = asked(&mut bench, node);
    for block in chain_with(3, 60, 0) {
        bench.world.take(block.into());
    }
    bench.receive(node, Message::Headers { request, headers: Vec::new() });
    assert!(bench.faults(node).is_empty());
}

trait IntoHeight {
    fn into_height(self) -> vibecoin_primitives::Height;
}

impl IntoHeight for u64 {
    fn into_height(self) -> vibecoin_primitives::Height {
        vibecoin_primitives::Height::new(self)
    }
}

#[test]
fn a_lighter_or_equal_chain_is_not_asked_for() {
    let mut bench = Bench::new();
    for block in chain_with(3, 10, 0) {
        bench.world.take(block.into());
    }
    let node = connect(&mut bench, 1, claim(&chain_with(1, 10, 0)));
    bench.pass(20_000);
    assert!(!is_asked(&mut bench, node));
    assert!(bench.faults(node).is_empty());
}

#[test]
fn headers_that_do_not_connect_are_a_fault() {
    let blocks = chain_with(1, 20, 0);
    for headers in [heads(&blocks[5..]), {
        let mut gap = heads(&blocks);
        gap.remove(7);
        gap
    }] {
        let mut bench = Bench::new();
        let node = connect(&mut bench, 1, claim(&blocks));
        let (request, _) = asked(&mut bench, node);
        bench.receive(node, Message::Headers { request, headers });
        bench.answer();
        assert_eq!(bench.faults(node), [Fault::DisconnectedHeaders]);
        assert_eq!(bench.world.best_header(), bench.world.genesis());
    }
}

#[test]
fn a_header_without_work_is_a_fault_and_one_from_the_future_is_not() {
    let blocks = chain_with(1, 5, 0);
    let last = forge::head(&blocks[4]);
    let without = forge::without_work(forge::child(&last, 1, Vec::new()));
    let mut bench = Bench::new();
    let future = forge::at_time(forge::child(&last, 1, Vec::new()), bench.world.unix_ms + 3_600_000);
    let mut all = blocks.clone();
    all.push(without);
    let node = connect(&mut bench, 1, claim(&all));
    let (request, _) = asked(&mut bench, node);
    bench.receive(node, Message::Headers { request, headers: heads(&all) });
    bench.answer();
    assert_eq!(bench.faults(node), [Fault::BrokenHeader { rule: "HDR-5".to_owned() }]);
    assert_eq!(bench.world.best_header(), bench.world.genesis());

    let mut bench = Bench::new();
    all[5] = future;
    let node = connect(&mut bench, 1, claim(&all));
    let (request, _) = asked(&mut bench, node);
    bench.receive(node, Message::Headers { request, headers: heads(&all) });
    bench.answer();
    assert!(bench.faults(node).is_empty());
    // What stands before it is good.
    assert_eq!(bench.world.best_header().height.get(), 5);
}

#[test]
fn the_peer_that_claims_most_is_asked_first_and_one_that_stalls_is_replaced() {
    let mut bench = Bench::new();
    let (long, short) = (chain_with(1, 30, 0), chain_with(2, 20, 0));
    let stalling = connect(&mut bench, 1, claim(&long));
    let other = connect(&mut bench, 2, claim(&short));
    let (late, _) = asked(&mut bench, stalling);
    assert!(!is_asked(&mut bench, other));
    bench.pass(2_500);
    let (request, _) = asked(&mut bench, other);
    bench.receive(other, Message::Headers { request, headers: heads(&short) });
    bench.answer();
    assert_eq!(bench.world.best_header().id, claim(&short).id);
    // Late, and the heavier chain still wins.
    bench.receive(stalling, Message::Headers { request: late, headers: heads(&long) });
    bench.answer();
    assert_eq!(bench.world.best_header().id, claim(&long).id);
    assert!(bench.faults(stalling).is_empty());
}

#[test]
fn a_peer_that_reorganises_while_it_is_read_is_read_anew() {
    let mut bench = Bench::new();
    let before = chain_with(1, HEADERS_MAX + 5, 0);
    let mut after = before[..HEADERS_MAX + 4].to_vec();
    let fork = forge::head(&after[HEADERS_MAX + 3]);
    after.push(forge::child_with_work(&fork, 77, Vec::new(), 3));
    let mut peer = Honest::connect(&mut bench, 1, before);
    for step in 0..40 {
        if step == 3 {
            peer.set_blocks(after.clone());
        }
        peer.step(&mut bench);
        bench.tick(50);
        bench.answer();
    }
    assert_eq!(bench.world.best_header().id, claim(&after).id);
    assert!(bench.faults(peer.node).is_empty());
}

#[test]
fn the_heaviest_of_several_chains_wins() {
    let mut bench = Bench::new();
    let chains = [chain_with(1, 30, 1), chain_with(2, 45, 1), chain_with(3, 40, 1)];
    let mut peers: Vec<_> = chains
        .iter()
        .zip(1..)
        .map(|(blocks, number)| Honest::connect(&mut bench, number, blocks.clone()))
        .collect();
    assert!(run(&mut bench, &mut peers, &claim(&chains[1]).id, 30_000));
    for peer in &peers {
        assert!(bench.faults(peer.node).is_empty());
    }
}

/// A million headers, made as they are asked for.
#[test]
fn a_million_headers_with_little_work_take_constant_memory_and_are_not_stored() {
    const BATCHES: usize = 1_000_000 / HEADERS_MAX + 1;
    let mut bench = Bench::new();
    let lie =
        TipClaim { id: Hash::new([1; 32]), height: 5_000_000_u64.into_height(), work: Work::new(1 << 60) };
    let node = connect(&mut bench, 1, lie);
    let mut parent = bench.world.tip_header();
    bench.world.unix_ms += 10_000_000_000;
    let mut most_bytes = 0;
    for batch in 0..=BATCHES {
        let (request, _) = asked(&mut bench, node);
        let length = if batch == BATCHES { 5 } else { HEADERS_MAX };
        let blocks = forge::chain(&parent, batch as u64, length);
        parent = forge::head(&blocks[length - 1]);
        bench.receive(node, Message::Headers { request, headers: heads(&blocks) });
        most_bytes = most_bytes.max(bench.machine.sync().headers_bytes());
        let stores = |question: &Output| matches!(question, Output::Judge { claim: Claim::Headers(_), .. });
        assert!(!bench.questions.iter().any(stores), "stored before the work was proven");
    }
    assert!(most_bytes < 1 << 20, "{most_bytes} bytes");
    assert_eq!(bench.faults(node), [Fault::FalseWork]);
    bench.answer();
    assert_eq!(bench.world.best_header(), bench.world.genesis());
}
