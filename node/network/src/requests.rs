//! Questions that wait for an answer of a peer's.
//!
//! Every request has a number, somebody here who asked, and a time by which it must be answered. An answer to a
//! number that is not open is a fault of the peer's, unless the request ended only a while ago.

use std::collections::{BTreeMap, VecDeque};

use crate::endpoint::NodeId;
use crate::wire::{Kind, RequestId};

/// Requests that ended are remembered this long in number: an answer that was on its way is no fault.
const ENDED_KEPT: usize = 256;

/// The part of the machine that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Room {
    /// Headers, blocks and state to catch up with.
    Sync,
    /// New blocks, transactions and segments.
    Relay,
    /// Answers to others.
    Serve,
}

/// An open request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Who asked.
    pub room: Room,
    /// What was asked.
    pub kind: Kind,
    /// When, in ms.
    pub asked_ms: u64,
    /// When patience ends, in ms.
    pub deadline_ms: u64,
}

impl Open {
    /// Whether a message of this kind can be an answer to it, or the word that none will come.
    #[must_use]
    pub const fn is_answered_by(&self, answer: Kind) -> bool {
        matches!(
            (self.kind, answer),
            (_, Kind::Refused)
                | (Kind::GetHeaders, Kind::Headers)
                | (Kind::GetBlocks, Kind::Block)
                | (Kind::GetBlockTransactions, Kind::BlockTransactions)
                | (Kind::GetTransactions, Kind::Transactions)
                | (Kind::GetStateChunk, Kind::StateChunk)
        )
    }
}

/// All open requests.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    next: u32,
    open: BTreeMap<(NodeId, RequestId), Open>,
    ended: BTreeMap<NodeId, VecDeque<RequestId>>,
}

impl Requests {
    /// Opens one.
    pub(crate) fn open(&mut self, node: NodeId, open: Open) -> RequestId {
        self.next = self.next.wrapping_add(1);
        let id = RequestId(self.next);
        self.open.insert((node, id), open);
        id
    }

    /// Says what an open request asked for.
    pub(crate) fn name(&mut self, node: NodeId, id: RequestId, kind: Kind) {
        if let Some(open) = self.open.get_mut(&(node, id)) {
            open.kind = kind;
        }
    }

    /// The open request with this number.
    #[must_use]
    pub fn get(&self, node: NodeId, id: RequestId) -> Option<Open> {
        self.open.get(&(node, id)).copied()
    }

    /// Gives a request more time: a part of its answer came.
    pub fn extend(&mut self, node: NodeId, id: RequestId, deadline_ms: u64) {
        if let Some(open) = self.open.get_mut(&(node, id)) {
            open.deadline_ms = deadline_ms;
        }
    }

    /// Ends a request, answered or given up.
    pub fn close(&mut self, node: NodeId, id: RequestId) -> Option<Open> {
        let open = self.open.remove(&(node, id))?;
        let ended = self.ended.entry(node).or_default();
        if ended.len() == ENDED_KEPT {
            ended.pop_front();
        }
        ended.push_back(id);
        Some(open)
    }

    /// True if a request of this number ended a while ago.
    #[must_use]
    pub fn has_ended(&self, node: NodeId, id: RequestId) -> bool {
        self.ended.get(&node).is_some_and(|ended| ended.contains(&id))
    }

    /// Those whose time is over.
    #[must_use]
    pub fn overdue(&self, now_ms: u64) -> Vec<(NodeId, RequestId, Open)> {
        let late = self.open.iter().filter(|(_, open)| open.deadline_ms <= now_ms);
        late.map(|((node, id), open)| (*node, *id, *open)).collect()
    }

    /// Those that are open at a peer.
    pub fn of(&self, node: NodeId) -> impl Iterator<Item = &Open> {
        self.open.range((node, RequestId(0))..=(node, RequestId(u32::MAX))).map(|(_, open)| open)
    }

    /// How many are open at a peer.
    #[must_use]
    pub fn count(&self, node: NodeId) -> usize {
        self.open.range((node, RequestId(0))..=(node, RequestId(u32::MAX))).count()
    }

    /// Gives everybody more time: this node itself stood still.
    pub(crate) fn postpone(&mut self, pause_ms: u64) {
        for open in self.open.values_mut() {
            open.deadline_ms += pause_ms;
        }
    }

    /// Forgets a peer, and says what was open there.
    pub(crate) fn forget(&mut self, node: NodeId) -> Vec<(RequestId, Open)> {
        self.ended.remove(&node);
        let ids: Vec<_> = self
            .open
            .range((node, RequestId(0))..=(node, RequestId(u32::MAX)))
            .map(|((_, id), _)| *id)
            .collect();
        ids.into_iter().filter_map(|id| Some((id, self.open.remove(&(node, id))?))).collect()
    }
}
