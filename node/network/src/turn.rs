//! One turn of the machine: what every part of it may use while an input is worked on.

use std::collections::BTreeMap;

use rand::rngs::SmallRng;

use crate::config::Config;
use crate::endpoint::{Contact, NodeId};
use crate::peers::{Peers, Purpose};
use crate::requests::{Open, Requests, Room};
use crate::score::Fault;
use crate::wire::{Goodbye, Kind, Message, RequestId, encoded_bytes};
use crate::world::{Claim, Query, Ticket, World};

/// The time, handed in with every input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// Ms since the machine began; never goes back. Deadlines and rates go by it.
    pub ms: u64,
    /// Ms since the Unix epoch; may jump. What is kept over restarts goes by it.
    pub unix_ms: u64,
}

/// What the machine wants done.
#[derive(Clone, Debug)]
pub enum Output {
    /// To a peer. Messages of one lane arrive in this order.
    Send {
        /// Whom.
        node: NodeId,
        /// What.
        message: Message,
    },
    /// Part with a peer, after what was sent before has gone out or a moment has passed.
    Close {
        /// Whom.
        node: NodeId,
        /// Why; it is told.
        goodbye: Goodbye,
    },
    /// Connect to somebody. An [`crate::Input::Connected`] or [`crate::Input::DialFailed`] follows.
    Dial {
        /// Where.
        contact: Contact,
        /// What for.
        purpose: Purpose,
    },
    /// May I believe this? One [`crate::Input::Judged`] follows.
    Judge {
        /// Names the answer.
        ticket: Ticket,
        /// Who says it.
        from: NodeId,
        /// What.
        claim: Claim,
    },
    /// Have you got that? One [`crate::Input::Found`] follows.
    Look {
        /// Names the answer.
        ticket: Ticket,
        /// What.
        query: Query,
    },
}

/// Open questions to the node, with the part of the machine that asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tickets {
    next: u64,
    open: BTreeMap<Ticket, Room>,
}

impl Tickets {
    fn open(&mut self, room: Room) -> Ticket {
        self.next += 1;
        let ticket = Ticket(self.next);
        self.open.insert(ticket, room);
        ticket
    }

    pub(crate) fn close(&mut self, ticket: Ticket) -> Option<Room> {
        self.open.remove(&ticket)
    }
}

/// See the module.
pub struct Turn<'a> {
    /// The time.
    pub now: Now,
    /// What does not change.
    pub config: &'a Config,
    /// The node's quick answers.
    pub world: &'a dyn World,
    /// Chance, from the seed that the machine was made with.
    pub rng: &'a mut SmallRng,
    /// Who is connected.
    pub peers: &'a mut Peers,
    /// What peers were asked.
    pub requests: &'a mut Requests,
    pub(crate) tickets: &'a mut Tickets,
    pub(crate) outputs: &'a mut Vec<Output>,
    pub(crate) faults: &'a mut Vec<(NodeId, Fault)>,
    pub(crate) behind: &'a mut Vec<NodeId>,
    /// True while the chain is far behind what peers have shown: news of the day would only be in the way.
    pub catching_up: bool,
}

impl Turn<'_> {
    /// Sends a message, unless the peer is gone or leaving.
    pub fn send(&mut self, node: NodeId, message: Message) {
        let Some(peer) = self.peers.get_mut(&node).filter(|peer| peer.leaving.is_none()) else { return };
        let bytes = encoded_bytes(&message);
        peer.sent.count(message.kind(), bytes);
        if peer.unsent_bytes == 0 {
            peer.stuck_since_ms = Some(self.now.ms);
        }
        peer.unsent_bytes += bytes;
        self.outputs.push(Output::Send { node, message });
    }

    /// Asks a peer. `message` gets the number of the request. The answer, or the end of patience, comes to `room`,
    /// which closes the request.
    pub fn request(
        &mut self,
        room: Room,
        node: NodeId,
        patience_ms: u64,
        message: impl FnOnce(RequestId) -> Message,
    ) -> RequestId {
        let (asked_ms, deadline_ms) = (self.now.ms, self.now.ms.saturating_add(patience_ms));
        // The kind is not known before the message is made, and that needs the number.
        let id = self.requests.open(node, Open { room, kind: Kind::Refused, asked_ms, deadline_ms });
        let message = message(id);
        self.requests.name(node, id, message.kind());
        self.send(node, message);
        id
    }

    /// Asks the node whether something is to be believed.
    pub fn judge(&mut self, room: Room, from: NodeId, claim: Claim) -> Ticket {
        let ticket = self.tickets.open(room);
        self.outputs.push(Output::Judge { ticket, from, claim });
        ticket
    }

    /// Asks the node for something.
    pub fn look(&mut self, room: Room, query: Query) -> Ticket {
        let ticket = self.tickets.open(room);
        self.outputs.push(Output::Look { ticket, query });
        ticket
    }

    /// Takes note of a fault. What follows from it happens at the end of the turn: until then the peer is still there.
    pub fn fault(&mut self, node: NodeId, fault: Fault) {
        self.faults.push((node, fault));
    }

    /// A peer has left unanswered what it was asked then: a fault, once it is known that it heard the question.
    pub fn unanswered(&mut self, node: NodeId, kind: Kind, asked_ms: u64) {
        if self.peers.get_mut(&node).is_some_and(|peer| peer.left_unanswered(kind, asked_ms)) {
            self.fault(node, Fault::Withheld(kind));
        }
    }

    /// Says that a peer has shown a header whose parent is not known here: the synchronisation asks it.
    pub fn behind(&mut self, node: NodeId) {
        self.behind.push(node);
    }

    /// Parts with a peer.
    pub fn close(&mut self, node: NodeId, goodbye: Goodbye) {
        let Some(peer) = self.peers.get_mut(&node) else { return };
        if peer.leaving.is_none() {
            peer.leaving = Some(goodbye);
            self.outputs.push(Output::Close { node, goodbye });
        }
    }
}
