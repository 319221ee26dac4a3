//! News of the day: new blocks, waiting transactions, segments.

use std::sync::Arc;

use vibecoin_crypto::Hash;

use crate::endpoint::NodeId;
use crate::requests::Open;
use crate::turn::Turn;
use crate::wire::{Message, RequestId};
use crate::world::{Found, Judgement, Ticket};

/// See the module.
#[derive(Debug, Default)]
pub struct Relay {}

impl Relay {
    /// Both sides know each other.
    pub fn on_peer(&mut self, _turn: &mut Turn<'_>, _node: NodeId) {}

    /// A peer is gone, with the requests that were open there.
    pub fn on_gone(&mut self, _turn: &mut Turn<'_>, _node: NodeId, _open: &[(RequestId, Open)]) {}

    /// A message that is no answer: Tip, PushCompact, Compact, AnnounceTransactions, Segment.
    pub fn on_message(&mut self, _turn: &mut Turn<'_>, _node: NodeId, _message: Message) {}

    /// A message that answers an open request of this room. The room closes the request.
    pub fn on_answer(&mut self, _turn: &mut Turn<'_>, _node: NodeId, _request: RequestId, _message: Message) {
    }

    /// A request of this room was not answered in time; it is closed already.
    pub fn on_overdue(&mut self, _turn: &mut Turn<'_>, _node: NodeId, _request: RequestId, _open: Open) {}

    /// The node has judged.
    pub fn on_judged(&mut self, _turn: &mut Turn<'_>, _ticket: Ticket, _judgement: Judgement) {}

    /// The node has looked.
    pub fn on_found(&mut self, _turn: &mut Turn<'_>, _ticket: Ticket, _found: Found) {}

    /// The active tip has moved.
    pub fn on_moved(&mut self, _turn: &mut Turn<'_>) {}

    /// Transactions are new in the pool, by leaf hash.
    pub fn on_added(&mut self, _turn: &mut Turn<'_>, _leaf_hashes: &[Hash]) {}

    /// This node has made the segment that follows a block.
    pub fn on_segment(&mut self, _turn: &mut Turn<'_>, _parent: Hash, _ticks: Arc<[Hash]>) {}

    /// Time passes.
    pub fn on_tick(&mut self, _turn: &mut Turn<'_>) {}
}
