//! The state of a recent block, fetched in ranges from many peers at once.
//!
//! The node says which block's state it wants and which ranges of keys it lacks; every range that comes is judged on
//! arrival against the root that the block's header commits to. What a peer cannot give is asked of others, and when
//! nobody keeps that state any more the node chooses a newer one. The node keeps what it has judged, so that a restart
//! goes on where it stood; nothing is kept here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vibecoin_crypto::Hash;

use super::pieces::{At, PIECES_MAX, Piece, split_off};
use crate::endpoint::NodeId;
use crate::requests::Room;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{Capabilities, Message, Refusal, RequestId, STATE_CHUNK_BYTES_MAX};
use crate::world::{Claim, Judgement, Query, StatePlan, Ticket};

/// Blocks that must be missing before a state is worth more than they are.
const FAR_BLOCKS: u64 = 1_024;
/// Ranges asked of one peer at once.
const ASKS_MAX: usize = 2;
/// Ranges that the node may be judging.
const JUDGING_MAX: usize = 8;
/// Time between two questions for the plan, in ms.
const LOOK_PAUSE_MS: u64 = 1_000;
/// Time between two questions for another plan, in ms.
const RENEW_PAUSE_MS: u64 = 5_000;
/// Time that a range may take, in ms; and after which another peer is asked if there is one.
const PATIENCE_MS: u64 = 15_000;
const STALL_MS: u64 = 4_000;
/// For how long a peer is left alone that stalled or was busy, in ms.
const PAUSE_MS: u64 = 10_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct StateRoom {
    plan: Option<StatePlan>,
    pieces: Vec<Piece>,
    asks: BTreeMap<(NodeId, RequestId), Hash>,
    judging: BTreeMap<Ticket, (Hash, NodeId)>,
    looking: Option<Ticket>,
    looked_ms: Option<u64>,
    renewed_ms: u64,
    /// Peers that do not keep the state that is planned.
    lacking: BTreeSet<NodeId>,
    paused: BTreeMap<NodeId, u64>,
    /// The node has said that there is nothing to fetch.
    is_over: bool,
}

impl StateRoom {
    /// True while a state is being fetched, or may be about to: blocks wait for it.
    pub(super) const fn is_active(&self) -> bool {
        self.plan.is_some() || (self.looking.is_some() && !self.is_over)
    }

    /// Millionths of all keys that are here; `None` while there is no plan.
    pub(super) fn millionths(&self) -> Option<u64> {
        self.plan.as_ref()?;
        let left: u128 = self.pieces.iter().map(|piece| u128::from(piece.span())).sum();
        let left = u64::try_from((left * 1_000_000) >> 64).unwrap_or(1_000_000);
        Some(1_000_000_u64.saturating_sub(left))
    }

    pub(super) fn on_gone(&mut self, node: NodeId) {
        self.lacking.remove(&node);
        self.paused.remove(&node);
        let open: Vec<_> = self.asks.keys().filter(|(of, _)| *of == node).copied().collect();
        for key in open {
            self.free(key);
        }
    }

    /// The node says what it lacks. False if it was not asked for this here.
    pub(super) fn on_plan(&mut self, ticket: Ticket, plan: Option<StatePlan>) -> bool {
        if self.looking != Some(ticket) {
            return false;
        }
        self.looking = None;
        let block = |plan: &Option<StatePlan>| plan.as_ref().map(|plan| plan.block);
        if block(&plan) != block(&self.plan) {
            self.lacking.clear();
            self.asks.clear();
            self.judging.clear();
        }
        self.is_over = plan.is_none();
        self.pieces = plan.iter().flat_map(|plan| &plan.missing).take(PIECES_MAX).map(Piece::new).collect();
        self.plan = plan;
        true
    }

    /// A range came.
    pub(super) fn on_chunk(
        &mut self,
        turn: &mut Turn<'_>,
        node: NodeId,
        request: RequestId,
        chunk: Arc<[u8]>,
    ) {
        turn.requests.close(node, request);
        let Some(start) = self.asks.remove(&(node, request)) else { return };
        let Some(plan) = &self.plan else { return };
        let Some(piece) = self.pieces.iter_mut().find(|piece| piece.next == start) else { return };
        if matches!(piece.place, At::Node) {
            return;
        }
        piece.place = At::Node;
        let claim = Claim::StateChunk { block: plan.block, start, chunk };
        let ticket = turn.judge(Room::Sync, node, claim);
        self.judging.insert(ticket, (start, node));
    }

    /// A range will not come from this peer. False if the request is none of this room's.
    pub(super) fn on_refused(
        &mut self,
        turn: &mut Turn<'_>,
        node: NodeId,
        request: RequestId,
        refusal: Option<Refusal>,
    ) -> bool {
        if !self.asks.contains_key(&(node, request)) {
            return false;
        }
        turn.requests.close(node, request);
        self.free((node, request));
        if refusal == Some(Refusal::NotHere) {
            self.lacking.insert(node);
        } else {
            self.paused.insert(node, turn.now.ms + PAUSE_MS);
        }
        true
    }

    /// A range was judged. False if it is none of this room's.
    pub(super) fn on_judged(&mut self, turn: &mut Turn<'_>, ticket: Ticket, judgement: &Judgement) -> bool {
        let Some((start, from)) = self.judging.remove(&ticket) else { return false };
        let Some(at) = self.pieces.iter().position(|piece| piece.next == start) else { return true };
        match judgement {
            Judgement::StateChunk(Ok(next)) => match next.filter(|next| self.pieces[at].has(next)) {
                Some(next) => {
                    let room = PIECES_MAX - self.pieces.len();
                    let parts = split_off(&mut self.pieces[at], next, room);
                    self.pieces.extend(parts);
                }
                None => {
                    self.pieces.remove(at);
                }
            },
            Judgement::StateChunk(Err(broken)) if broken.blames_sender => {
                self.pieces[at].place = At::Nobody;
                turn.fault(from, Fault::ForgedState);
            }
            _ => {
                self.pieces[at].place = At::Nobody;
                self.paused.insert(from, turn.now.ms + PAUSE_MS);
            }
        }
        true
    }

    /// Does what can be done now. `missing_blocks` lie between the tip and the best header.
    pub(super) fn go_on(&mut self, turn: &mut Turn<'_>, missing_blocks: u64) {
        if self.is_over || (self.plan.is_none() && missing_blocks <= FAR_BLOCKS) {
            return;
        }
        self.look(turn);
        self.give_up_stalled(turn);
        self.ask(turn);
    }

    fn look(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ms;
        let has_waited = self.looked_ms.is_none_or(|ms| now_ms.saturating_sub(ms) >= LOOK_PAUSE_MS);
        if self.looking.is_some() || !has_waited {
            return;
        }
        let servers: Vec<_> = self.servers(turn).collect();
        let nobody_has_it = !servers.is_empty() && servers.iter().all(|node| self.lacking.contains(node));
        let renew = nobody_has_it && now_ms.saturating_sub(self.renewed_ms) >= RENEW_PAUSE_MS;
        if renew {
            self.renewed_ms = now_ms;
        }
        if renew || self.pieces.is_empty() {
            self.looking = Some(turn.look(Room::Sync, Query::StatePlan { renew }));
            self.looked_ms = Some(now_ms);
        }
    }

    /// Peers that may have the state.
    fn servers<'a>(&'a self, turn: &'a Turn<'_>) -> impl Iterator<Item = NodeId> + 'a {
        let height = self.plan.as_ref().map(|plan| plan.height);
        let ready = turn.peers.ready().filter(|peer| peer.serves(Capabilities::STATE));
        ready.filter(move |peer| height.is_some_and(|height| peer.tip.height >= height)).map(|peer| peer.node)
    }

    fn is_able(&self, node: &NodeId, now_ms: u64) -> bool {
        let is_paused = self.paused.get(node).is_some_and(|until_ms| now_ms < *until_ms);
        !is_paused && !self.lacking.contains(node)
    }

    fn ask(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ms;
        let Some(block) = self.plan.as_ref().map(|plan| plan.block) else { return };
        let able: Vec<_> = self.servers(turn).filter(|node| self.is_able(node, now_ms)).collect();
        // First one each, then two.
        for round in 1..=ASKS_MAX {
            for node in &able {
                let open = self.asks.keys().filter(|(of, _)| of == node).count();
                if open >= round || self.judging.len() >= JUDGING_MAX {
                    continue;
                }
                let free = self.pieces.iter_mut().find(|piece| matches!(piece.place, At::Nobody));
                let Some(piece) = free else { return };
                piece.place = At::Peer { of: *node, since_ms: now_ms };
                let start = piece.next;
                let bytes_max = u32::try_from(STATE_CHUNK_BYTES_MAX).unwrap_or(u32::MAX);
                let request = turn.request(Room::Sync, *node, PATIENCE_MS, |request| {
                    Message::GetStateChunk { request, block, start, bytes_max }
                });
                self.asks.insert((*node, request), start);
            }
        }
    }

    /// Asks others for what takes too long. A late answer is still welcome.
    fn give_up_stalled(&mut self, turn: &Turn<'_>) {
        let now_ms = turn.now.ms;
        let able: BTreeSet<NodeId> = self.servers(turn).filter(|node| self.is_able(node, now_ms)).collect();
        for piece in &mut self.pieces {
            if let At::Peer { of, since_ms } = piece.place
                && now_ms.saturating_sub(since_ms) > STALL_MS
                && able.iter().any(|other| *other != of)
            {
                piece.place = At::Nobody;
                self.paused.insert(of, now_ms + PAUSE_MS);
            }
        }
    }

    /// Forgets a request; its range may be asked of others.
    fn free(&mut self, key: (NodeId, RequestId)) {
        let Some(start) = self.asks.remove(&key) else { return };
        let of_it = |piece: &&mut Piece| {
            piece.next == start && matches!(piece.place, At::Peer { of, .. } if of == key.0)
        };
        if let Some(piece) = self.pieces.iter_mut().find(of_it) {
            piece.place = At::Nobody;
        }
    }
}
