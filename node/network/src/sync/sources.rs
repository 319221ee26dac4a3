//! Whom to ask for headers.

use std::collections::{BTreeMap, VecDeque};

use vibecoin_crypto::Hash;
use vibecoin_primitives::Work;

use crate::endpoint::NodeId;
use crate::turn::Turn;
use crate::world::Holding;

/// Time that the relay has to bring a new block itself before its header is asked for here, in ms.
const GRACE_MS: u64 = 3_000;
/// Ends of chains, and blocks of them, that are remembered of one peer.
const VOUCHED_MAX: usize = 8;
const SHOWN_MAX: usize = 1_024;

/// What is remembered of a peer while it is connected.
#[derive(Clone, Debug, Default)]
struct Source {
    /// Claims up to this work have been looked into.
    checked: Work,
    /// It is not asked before.
    paused_until_ms: u64,
    /// It claims more than is known here, and may be asked from then on.
    due_ms: Option<u64>,
    /// It has shown a header whose parent is not known here.
    is_behind: bool,
    /// Ends of the chains that it handed over as its own, the newest last.
    vouched: VecDeque<Hash>,
    /// The last blocks of these chains.
    shown: VecDeque<Hash>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Sources {
    by_node: BTreeMap<NodeId, Source>,
}

impl Sources {
    pub(super) fn on_peer(&mut self, node: NodeId) {
        // What it says in the handshake is no news of the day that the relay would bring.
        self.by_node.insert(node, Source { due_ms: Some(0), ..Source::default() });
    }

    pub(super) fn on_gone(&mut self, node: NodeId) {
        self.by_node.remove(&node);
    }

    pub(super) fn on_behind(&mut self, node: NodeId) {
        if let Some(source) = self.by_node.get_mut(&node) {
            source.is_behind = true;
        }
    }

    /// A peer's chain was read to its end: claims up to this work are settled.
    pub(super) fn settle(&mut self, node: NodeId, claimed: Work) {
        if let Some(source) = self.by_node.get_mut(&node) {
            source.checked = source.checked.max(claimed);
            source.is_behind = false;
        }
    }

    /// A peer is left alone for a while.
    pub(super) fn pause(&mut self, node: NodeId, until_ms: u64) {
        if let Some(source) = self.by_node.get_mut(&node) {
            source.paused_until_ms = source.paused_until_ms.max(until_ms);
        }
    }

    /// A peer has handed over these headers, each on the one before, as its own chain.
    pub(super) fn vouch(&mut self, node: NodeId, ids: Vec<Hash>) {
        let (Some(source), Some(end)) = (self.by_node.get_mut(&node), ids.last().copied()) else { return };
        if source.vouched.len() == VOUCHED_MAX {
            source.vouched.pop_front();
        }
        source.vouched.push_back(end);
        source.shown.extend(ids);
        let surplus = source.shown.len().saturating_sub(SHOWN_MAX);
        source.shown.drain(..surplus);
    }

    /// True if a peer has shown this block as one of its own chain, which it then should have.
    pub(super) fn has_vouched(&self, node: NodeId, block: &Hash) -> bool {
        self.by_node.get(&node).is_some_and(|source| source.shown.contains(block))
    }

    /// The peers whose own chain is found invalid now. They are named once.
    pub(super) fn take_condemned(&mut self, turn: &Turn<'_>) -> Vec<NodeId> {
        let mut condemned = Vec::new();
        for (node, source) in &mut self.by_node {
            let before = source.vouched.len();
            source.vouched.retain(|end| turn.world.block(end) != Holding::Invalid);
            if source.vouched.len() < before {
                condemned.push(*node);
            }
        }
        condemned
    }

    /// The peer to ask next: of those that are not `busy` and have something to show, the one that claims most.
    pub(super) fn next(
        &mut self,
        turn: &Turn<'_>,
        in_a_hurry: bool,
        busy: impl Fn(&NodeId) -> bool,
    ) -> Option<NodeId> {
        let best = turn.world.best_header().work;
        let mut chosen: Option<(Work, NodeId)> = None;
        for peer in turn.peers.ready() {
            let Some(source) = self.by_node.get_mut(&peer.node) else { continue };
            let is_ahead = peer.tip.work > best && peer.tip.work > source.checked;
            if !is_ahead {
                source.due_ms = None;
            }
            if !is_ahead && !source.is_behind {
                continue;
            }
            let due_ms = *source.due_ms.get_or_insert(turn.now.ms + GRACE_MS);
            let is_due = in_a_hurry || source.is_behind || turn.now.ms >= due_ms;
            if !is_due || turn.now.ms < source.paused_until_ms || busy(&peer.node) {
                continue;
            }
            if !source.is_behind && turn.world.block(&peer.tip.id) != Holding::Unknown {
                source.checked = peer.tip.work;
                continue;
            }
            if chosen.is_none_or(|(work, _)| peer.tip.work > work) {
                chosen = Some((peer.tip.work, peer.node));
            }
        }
        chosen.map(|(_, node)| node)
    }
}
