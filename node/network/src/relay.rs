//! News of the day: new blocks, waiting transactions, segments.
//!
//! Three parts: `transactions` (announced by hash, fetched from one peer at a time, passed on once the pool has taken
//! them), `blocks` (announced or pushed in their compact form, passed on before execution) and segments, which go
//! ahead of the blocks that need them.
//!
//! Deliberately absent: catching up ([`crate::sync`]). While that goes on, and for every block whose parent is not
//! known here, news is only noted.

use std::sync::Arc;

use vibecoin_crypto::Hash;

use crate::endpoint::NodeId;
use crate::requests::Open;
use crate::turn::Turn;
use crate::wire::{Message, RequestId};
use crate::world::{Found, Judgement, Ticket};

mod blocks;
mod recent;
mod segments;
mod transactions;

#[cfg(test)]
mod tests;

use blocks::Blocks;
use transactions::Transactions;

/// See the module.
#[derive(Debug, Default)]
pub struct Relay {
    transactions: Transactions,
    blocks: Blocks,
    /// The tip when it moved last: it is not active any more if blocks were reverted since.
    tip: Option<Hash>,
}

impl Relay {
    /// Both sides know each other.
    pub fn on_peer(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        self.blocks.on_peer(turn, node);
        self.transactions.on_peer(turn, node);
    }

    /// A peer is gone, with the requests that were open there.
    pub fn on_gone(&mut self, turn: &mut Turn<'_>, node: NodeId, _open: &[(RequestId, Open)]) {
        self.blocks.on_gone(turn, node);
        self.transactions.on_gone(turn, node);
    }

    /// A message that is no answer: Tip, PushCompact, Compact, AnnounceTransactions, Segment.
    pub fn on_message(&mut self, turn: &mut Turn<'_>, node: NodeId, message: Message) {
        match message {
            Message::Tip { head, work } => self.blocks.on_tip(turn, node, head, work),
            Message::PushCompact(push) => self.blocks.on_push(node, push),
            Message::Compact(compact) => self.blocks.on_compact(turn, node, compact),
            Message::AnnounceTransactions(ids) => self.transactions.on_announcement(turn, node, &ids),
            Message::Segment { parent, ticks } => self.blocks.on_segment(turn, node, parent, ticks),
            _ => {}
        }
    }

    /// A peer asks for a part of a block that this node has passed on and not yet stored. True if it was answered.
    pub fn on_request(&mut self, turn: &mut Turn<'_>, node: NodeId, message: &Message) -> bool {
        if let Message::GetTransactions { ids, .. } = message {
            self.transactions.on_request(turn, node, ids);
        }
        self.blocks.serve(turn, node, message)
    }

    /// A message that answers an open request of this room. The room closes the request.
    pub fn on_answer(&mut self, turn: &mut Turn<'_>, node: NodeId, request: RequestId, message: Message) {
        if !self.transactions.on_answer(turn, node, request, &message) {
            self.blocks.on_answer(turn, node, request, message);
        }
    }

    /// A request of this room was not answered in time; it is closed already.
    pub fn on_overdue(&mut self, turn: &mut Turn<'_>, node: NodeId, request: RequestId, _open: Open) {
        if !self.transactions.on_overdue(turn, node, request) {
            self.blocks.on_overdue(turn, node, request);
        }
    }

    /// The node has judged.
    pub fn on_judged(&mut self, turn: &mut Turn<'_>, ticket: Ticket, judgement: Judgement) {
        if !self.transactions.on_judged(turn, ticket, &judgement) {
            self.blocks.on_judged(turn, ticket, judgement);
        }
    }

    /// The node has looked.
    pub fn on_found(&mut self, turn: &mut Turn<'_>, ticket: Ticket, found: Found) {
        if !self.transactions.on_found(turn, ticket, &found) {
            self.blocks.on_found(turn, ticket, found);
        }
    }

    /// The active tip has moved.
    pub fn on_moved(&mut self, turn: &mut Turn<'_>) {
        let before = self.tip.replace(turn.world.tip().id);
        let reverted = before.is_some_and(|tip| turn.world.active_header(&tip).is_none());
        self.blocks.on_moved(turn);
        self.transactions.on_moved(turn, reverted);
    }

    /// Transactions are new in the pool, by leaf hash.
    pub fn on_added(&mut self, turn: &mut Turn<'_>, leaf_hashes: &[Hash]) {
        self.transactions.on_added(turn, leaf_hashes);
    }

    /// This node has made the segment that follows a block.
    pub fn on_segment(&mut self, turn: &mut Turn<'_>, parent: Hash, ticks: Arc<[Hash]>) {
        self.blocks.share_segment(turn, parent, &ticks);
    }

    /// Time passes.
    pub fn on_tick(&mut self, turn: &mut Turn<'_>) {
        if self.tip.is_none() {
            self.tip = Some(turn.world.tip().id);
        }
        self.transactions.on_tick(turn);
        self.blocks.on_tick(turn);
    }
}
