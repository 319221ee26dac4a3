//! Whom to ask for which blocks, and when to ask somebody else.

use std::cmp::Reverse;
use std::collections::VecDeque;

use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;

use super::super::server::{Ask, Server};
use super::super::window::{Place, Slot};
use super::{Bodies, FORGET_MS};
use crate::endpoint::NodeId;
use crate::peers::Peer;
use crate::requests::Room;
use crate::turn::Turn;
use crate::wire::{Capabilities, Message, RequestId};

/// Requests that are open at one peer. It has always something to do, and refuses only when there are far more.
const ASKS_MAX: usize = 4;
/// Blocks that are worth a request of their own while others are on their way.
const WORTH_ASKING: usize = 8;
/// Blocks below a peer's tip that it has even if it does not serve all of the history.
pub(super) const RECENT: u64 = 512;
/// Time that a peer may take for one more block, in ms, and the slowest line that is waited for.
const PATIENCE_MS: u64 = 12_000;
const SLOWEST_BYTES_PER_S: u64 = 32 << 10;
/// Time after which the last blocks of all are asked of another peer besides, in ms.
const LATE_MS: u64 = 1_000;
/// Blocks that are asked for besides at once, and how often each.
const COPIES_AT_ONCE: usize = 8;
const COPIES_MAX: u8 = 2;
/// A pause between two ticks that shows that this node itself stood still, in ms.
const STANDSTILL_MS: u64 = 1_000;

/// Time without a block after which a request has failed, in ms.
pub(super) const fn patience_ms(block_bytes: u64) -> u64 {
    PATIENCE_MS + block_bytes * 1_000 / SLOWEST_BYTES_PER_S
}

/// Whether a peer should have the block of a height.
fn can_have(peer: &Peer, height: Height) -> bool {
    peer.tip.height >= height
        && (peer.serves(Capabilities::HISTORY) || peer.tip.height.saturating_since(height) < RECENT)
}

impl Bodies {
    /// Asks every peer that has time for what is missing, the fastest first and the lowest blocks first.
    pub(super) fn ask(&mut self, turn: &mut Turn<'_>) {
        if !self.window.iter().any(|slot| matches!(slot.place, Place::Missing)) {
            return;
        }
        for node in self.askable(turn) {
            let in_flight = self.in_flight(&node);
            let server = self.servers.entry(node).or_default();
            let spare = server.blocks_max().min(self.scope.ask_max).saturating_sub(in_flight);
            let most = spare.min(self.budget());
            let ids = self.missing_for(turn, &node, most);
            if ids.is_empty() || (in_flight > 0 && ids.len() < WORTH_ASKING.min(spare)) {
                continue;
            }
            self.send(turn, node, ids);
        }
    }

    /// Peers that may be asked, the fastest first.
    fn askable(&mut self, turn: &Turn<'_>) -> Vec<NodeId> {
        let now_ms = turn.now.ms;
        let mut nodes = Vec::new();
        for peer in turn.peers.ready().filter(|peer| peer.serves(Capabilities::BLOCKS)) {
            let server = self.servers.entry(peer.node).or_default();
            if !server.is_paused(now_ms) {
                nodes.push((Reverse(server.rate()), peer.node));
            }
        }
        nodes.sort_unstable();
        let has_room = |node: &NodeId| {
            let most = self.servers.get(node).map_or(0, Server::blocks_max).min(self.scope.ask_max);
            self.asks_of(node).count() < ASKS_MAX && self.in_flight(node) <= most / 2
        };
        nodes.into_iter().map(|(_, node)| node).filter(has_room).collect()
    }

    /// What is open at a peer.
    fn asks_of(&self, node: &NodeId) -> impl Iterator<Item = &Ask> {
        let (first, last) = ((*node, RequestId(0)), (*node, RequestId(u32::MAX)));
        self.asks.range(first..=last).map(|(_, ask)| ask)
    }

    /// Blocks that are on their way from a peer.
    fn in_flight(&self, node: &NodeId) -> usize {
        self.asks_of(node).map(|ask| ask.ids.len()).sum()
    }

    /// How many more blocks may be asked for, of all peers together.
    fn budget(&mut self) -> usize {
        let block_bytes = usize::try_from(self.block_bytes.max(1)).unwrap_or(usize::MAX);
        let free = self.scope.bytes_max.saturating_sub(self.window.here_bytes()) / block_bytes;
        let budget = free.saturating_sub(self.window.asked());
        let is_stuck = budget == 0 && self.window.asked() == 0 && self.judging.is_empty();
        // All that is here waits for something that is not: the last gives way to the first.
        if is_stuck && self.window.drop_last_here() { 1 } else { budget }
    }

    /// What is missing and may be with a peer: the lowest, or the highest for one that is not to be relied on.
    fn missing_for(&self, turn: &Turn<'_>, node: &NodeId, most: usize) -> VecDeque<Hash> {
        let Some(peer) = turn.peers.get(node) else { return VecDeque::new() };
        let fits = |slot: &&Slot| {
            matches!(slot.place, Place::Missing) && !slot.was_tried(node) && can_have(peer, slot.height)
        };
        let fitting = self.window.iter().filter(fits).map(|slot| slot.id);
        if self.servers.get(node).is_some_and(|server| server.stalls() > 0) {
            let fitting: Vec<_> = fitting.collect();
            fitting[fitting.len().saturating_sub(most)..].iter().copied().collect()
        } else {
            fitting.take(most).collect()
        }
    }

    fn send(&mut self, turn: &mut Turn<'_>, node: NodeId, ids: VecDeque<Hash>) {
        let now_ms = turn.now.ms;
        for id in &ids {
            self.window.put(id, Place::Asked { of: node, since_ms: now_ms });
        }
        if self.in_flight(&node) == 0 {
            self.servers.entry(node).or_default().hear(now_ms);
        }
        let list = ids.iter().copied().collect();
        let request = turn.request(Room::Sync, node, patience_ms(self.block_bytes), |request| {
            Message::GetBlocks { request, ids: list }
        });
        self.asks.insert((node, request), Ask::new(ids, now_ms));
    }

    /// Takes from those who stall, and lets those who have nothing to do help with the last blocks.
    pub(in super::super) fn on_tick(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ms;
        let pause_ms = now_ms.saturating_sub(self.ticked_ms);
        self.ticked_ms = now_ms;
        if pause_ms > STANDSTILL_MS {
            self.servers.values_mut().for_each(|server| server.postpone(pause_ms));
        }
        self.give_up_stalled(turn);
        if now_ms.saturating_sub(self.forgot_ms) >= FORGET_MS {
            self.forgot_ms = now_ms;
            self.window.forget_tried();
        }
        self.help(turn);
    }

    fn give_up_stalled(&mut self, turn: &Turn<'_>) {
        let now_ms = turn.now.ms;
        let mut stalled = Vec::new();
        for ((node, _), ask) in &self.asks {
            let latency_ms = turn.peers.get(node).and_then(|peer| peer.latency_ms).unwrap_or(0);
            let is_stalled = |node| {
                self.servers
                    .get(node)
                    .is_some_and(|server| server.has_stalled(now_ms, latency_ms, self.block_bytes))
            };
            if !ask.is_given_up && !stalled.contains(node) && is_stalled(node) {
                stalled.push(*node);
            }
        }
        for node in stalled {
            let others = turn.peers.ready().filter(|peer| peer.node != node);
            let can_help = |peer: &Peer| {
                peer.serves(Capabilities::BLOCKS)
                    && !self.servers.get(&peer.node).is_some_and(|server| server.is_paused(now_ms))
            };
            if !others.into_iter().any(can_help) {
                continue;
            }
            for ((_, _), ask) in self.asks.iter_mut().filter(|((of, _), _)| *of == node) {
                ask.is_given_up = true;
                self.window.give_back(node, &ask.ids);
            }
            self.servers.entry(node).or_default().on_stall(now_ms);
        }
    }

    /// Nothing is missing, but the first blocks are late: whoever has nothing to do is asked for them besides.
    fn help(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ms;
        if self.window.asked() == 0 || self.window.iter().any(|slot| matches!(slot.place, Place::Missing)) {
            return;
        }
        for node in self.askable(turn) {
            let is_idle = self.in_flight(&node) == 0;
            let is_reliable = self.servers.get(&node).is_some_and(|server| server.stalls() == 0);
            let Some(peer) = turn.peers.get(&node).filter(|_| is_idle && is_reliable) else { continue };
            let is_late = |slot: &&Slot| match slot.place {
                Place::Asked { of, since_ms } => {
                    of != node
                        && now_ms.saturating_sub(since_ms) > LATE_MS
                        && slot.copies < COPIES_MAX
                        && !slot.was_tried(&node)
                        && can_have(peer, slot.height)
                }
                Place::Missing | Place::Here { .. } | Place::Judging { .. } => false,
            };
            let late = self.window.iter().filter(is_late).take(COPIES_AT_ONCE);
            let ids: VecDeque<Hash> = late.map(|slot| slot.id).collect();
            if ids.is_empty() {
                return;
            }
            ids.iter().for_each(|id| self.window.add_copy(id));
            self.send(turn, node, ids);
        }
    }
}
