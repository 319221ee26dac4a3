//! Which outbound peers are of no use to keep up with the network.

use std::collections::VecDeque;

use vibecoin_primitives::Work;

use crate::endpoint::NodeId;
use crate::peers::Direction;
use crate::turn::Turn;

/// A peer's chain may lie behind ours for so many intervals, and at least for so long, in ms.
const BEHIND_INTERVALS: u64 = 30;
const BEHIND_MIN_MS: u64 = 300_000;
/// Notes of our own work that are kept over that time.
const NOTES: u64 = 30;

/// The work that this node had, and when.
#[derive(Debug, Default)]
pub(super) struct Stale {
    notes: VecDeque<(u64, Work)>,
    peers: Vec<NodeId>,
}

impl Stale {
    /// Peers that have had less work than this node had long ago, ever since; or that `stall` again and again.
    pub(super) fn peers(&self) -> &[NodeId] {
        &self.peers
    }

    pub(super) fn on_tick(&mut self, turn: &Turn<'_>, stall: &[NodeId]) {
        let now_ms = turn.now.ms;
        let after_ms = turn.config.interval_ms.saturating_mul(BEHIND_INTERVALS).max(BEHIND_MIN_MS);
        let is_due = self.notes.back().is_none_or(|(ms, _)| now_ms.saturating_sub(*ms) >= after_ms / NOTES);
        if is_due {
            self.notes.push_back((now_ms, turn.world.tip().work));
        }
        while self.notes.get(1).is_some_and(|(ms, _)| now_ms.saturating_sub(*ms) >= after_ms) {
            self.notes.pop_front();
        }
        let then = self.notes.front().filter(|(ms, _)| now_ms.saturating_sub(*ms) >= after_ms);
        let outbound = turn.peers.ready().filter(|peer| peer.link.direction == Direction::Outbound);
        let useless = outbound.filter(|peer| {
            let is_old = now_ms.saturating_sub(peer.since_ms) >= after_ms;
            let is_behind = is_old && then.is_some_and(|(_, work)| peer.tip.work < *work);
            is_behind || stall.contains(&peer.node)
        });
        self.peers = useless.map(|peer| peer.node).collect();
    }
}
