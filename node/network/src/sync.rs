//! Catching up: headers first, then bodies from many peers at once, or a recent state.

use crate::config::Config;
use crate::endpoint::NodeId;
use crate::requests::Open;
use crate::turn::Turn;
use crate::wire::{Message, RequestId};
use crate::world::{Found, Judgement, Ticket};

/// See the module.
#[derive(Debug, Default)]
pub struct Sync {}

impl Sync {
    /// A synchronisation that has not begun.
    #[must_use]
    pub fn new(_config: &Config) -> Self {
        Self {}
    }

    /// Both sides know each other: its tip may be ahead of ours.
    pub fn on_peer(&mut self, _turn: &mut Turn<'_>, _node: NodeId) {}

    /// A peer is gone, with the requests that were open there.
    pub fn on_gone(&mut self, _turn: &mut Turn<'_>, _node: NodeId, _open: &[(RequestId, Open)]) {}

    /// A peer has shown a header whose parent is not known here.
    pub fn on_behind(&mut self, _turn: &mut Turn<'_>, _node: NodeId) {}

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

    /// Time passes.
    pub fn on_tick(&mut self, _turn: &mut Turn<'_>) {}

    /// True while the chain is far behind what peers have shown.
    #[must_use]
    pub fn is_catching_up(&self) -> bool {
        false
    }
}
