//! The routing: each input, and each message by its kind, to the room that it concerns.

use super::{Input, UNSENT_SOFT_MAX};
use crate::connections::Connections;
use crate::endpoint::NodeId;
use crate::handshake::{self, Refused};
use crate::peers::{Link, Peer, Purpose};
use crate::relay::Relay;
use crate::requests::Room;
use crate::score::Fault;
use crate::serve::Serve;
use crate::sync::Sync;
use crate::turn::Turn;
use crate::wire::{Goodbye, Hello, Message, RequestId};

/// Time that a peer has to introduce itself, in ms.
const HANDSHAKE_MS: u64 = 10_000;
/// Time in which a peer must take at least something of what it is sent, in ms.
const STUCK_MS: u64 = 30_000;
/// Bytes that may wait for a peer at all.
const UNSENT_HARD_MAX: usize = 64 << 20;

/// The parts that inputs are routed to.
pub(super) struct Rooms<'a> {
    pub(super) connections: &'a mut Connections,
    pub(super) sync: &'a mut Sync,
    pub(super) relay: &'a mut Relay,
    pub(super) serve: &'a mut Serve,
}

impl Rooms<'_> {
    /// Brings an input to where it belongs.
    pub(super) fn route(&mut self, turn: &mut Turn<'_>, input: Input) {
        match input {
            Input::Connected { node, link } => self.connected(turn, node, link),
            Input::Closed { node } => self.closed(turn, node),
            Input::DialFailed { contact, purpose } => {
                self.connections.on_dial_failed(turn, &contact, purpose);
            }
            Input::Received { node, message, bytes } => self.received(turn, node, message, bytes),
            Input::Sent { node, bytes } => self.sent(turn, node, bytes),
            Input::Violated { node, error } => turn.fault(node, Fault::Garbage(error)),
            Input::Misbehaved { node, fault } => turn.fault(node, fault),
            Input::Latency { node, ms } => {
                let now_ms = turn.now.ms;
                let peer = turn.peers.get_mut(&node);
                let withheld = peer.map(|peer| peer.on_round_trip(ms, now_ms)).unwrap_or_default();
                for kind in withheld {
                    turn.fault(node, Fault::Withheld(kind));
                }
            }
            Input::Own(own) => self.connections.on_own(turn, own),
            Input::Discovered { contacts, source } => {
                self.connections.on_discovered(turn, contacts, source);
            }
            Input::Judged { ticket, judgement } => match turn.tickets.close(ticket) {
                Some(Room::Sync) => self.sync.on_judged(turn, ticket, judgement),
                Some(Room::Relay) => self.relay.on_judged(turn, ticket, judgement),
                Some(Room::Serve) | None => {}
            },
            Input::Found { ticket, found } => match turn.tickets.close(ticket) {
                Some(Room::Sync) => self.sync.on_found(turn, ticket, found),
                Some(Room::Relay) => self.relay.on_found(turn, ticket, found),
                Some(Room::Serve) => self.serve.on_found(turn, ticket, found),
                None => {}
            },
            Input::Moved => {
                self.relay.on_moved(turn);
                self.sync.on_moved(turn);
            }
            Input::Added(leaf_hashes) => self.relay.on_added(turn, &leaf_hashes),
            Input::SegmentMade { parent, ticks } => self.relay.on_segment(turn, parent, ticks),
            Input::Tick => self.tick(turn),
        }
    }

    fn connected(&mut self, turn: &mut Turn<'_>, node: NodeId, link: Link) {
        if self.connections.on_connected(turn, node, link) {
            let hello = handshake::hello(turn.config, turn.world.tip());
            turn.send(node, Message::Hello(Box::new(hello)));
        }
    }

    fn closed(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        let Some(peer) = turn.peers.remove(&node) else { return };
        let open = turn.requests.forget(node);
        self.serve.on_gone(node);
        if peer.hello.is_some() {
            self.relay.on_gone(turn, node, &open);
            self.sync.on_gone(turn, node, &open);
        }
        self.connections.on_closed(turn, &peer);
    }

    fn received(&mut self, turn: &mut Turn<'_>, node: NodeId, message: Message, bytes: usize) {
        let now_ms = turn.now.ms;
        let kind = message.kind();
        let Some(peer) = turn.peers.get_mut(&node) else { return };
        peer.received.count(kind, bytes);
        peer.heard_ms = now_ms;
        peer.heard_kind = Some(kind);
        if peer.leaving.is_some() {
            return;
        }
        let introduced = peer.hello.is_some();
        match message {
            Message::Goodbye(goodbye) => {
                self.connections.on_goodbye(turn, node, goodbye);
                turn.close(node, goodbye);
            }
            Message::Hello(hello) => match handshake::judge(turn.config, &hello, introduced) {
                Ok(()) => self.introduced(turn, node, *hello),
                Err(Refused::Parts(goodbye)) => turn.close(node, goodbye),
                Err(Refused::Breaks(fault)) => turn.fault(node, fault),
            },
            _ if !introduced => turn.fault(node, Fault::OutOfTurn(kind)),
            message if !self.connections.admits(turn, node, kind) => {
                tracing::trace!(%node, kind = message.kind().name(), "too fast");
            }
            message => self.deliver(turn, node, message),
        }
    }

    fn introduced(&mut self, turn: &mut Turn<'_>, node: NodeId, hello: Hello) {
        let Some(peer) = turn.peers.get_mut(&node) else { return };
        peer.tip = hello.tip;
        peer.hello = Some(hello);
        if self.connections.on_introduced(turn, node) {
            self.relay.on_peer(turn, node);
            self.sync.on_peer(turn, node);
        }
    }

    /// Brings a message of a peer that is known to its room.
    fn deliver(&mut self, turn: &mut Turn<'_>, node: NodeId, message: Message) {
        match message {
            Message::GetContacts => self.connections.on_get_contacts(turn, node),
            Message::Contacts(contacts) => self.connections.on_contacts(turn, node, &contacts),
            Message::GetHeaders { .. }
            | Message::GetBlocks { .. }
            | Message::GetCompact(_)
            | Message::GetBlockTransactions { .. }
            | Message::GetTransactions { .. }
            | Message::GetStateChunk { .. } => {
                // What is passed on before it is stored is not to be found anywhere else.
                if !self.relay.on_request(turn, node, &message) {
                    self.serve.on_request(turn, node, message);
                }
            }
            Message::Tip { .. }
            | Message::PushCompact(_)
            | Message::Compact(_)
            | Message::AnnounceTransactions(_)
            | Message::Segment { .. } => self.relay.on_message(turn, node, message),
            Message::Headers { request, .. }
            | Message::Block { request, .. }
            | Message::BlockTransactions { request, .. }
            | Message::Transactions { request, .. }
            | Message::StateChunk { request, .. }
            | Message::Refused { request, .. } => self.answer(turn, node, request, message),
            // Worked on before the message came here.
            Message::Hello(_) | Message::Goodbye(_) => {}
        }
    }

    fn answer(&mut self, turn: &mut Turn<'_>, node: NodeId, request: RequestId, message: Message) {
        let Some(open) = turn.requests.get(node, request) else {
            if !turn.requests.has_ended(node, request) {
                turn.fault(node, Fault::Unrequested(message.kind()));
            }
            return;
        };
        if !open.is_answered_by(message.kind()) {
            turn.requests.close(node, request);
            turn.fault(node, Fault::WrongAnswer(open.kind));
            return;
        }
        match open.room {
            Room::Sync => self.sync.on_answer(turn, node, request, message),
            Room::Relay => self.relay.on_answer(turn, node, request, message),
            Room::Serve => {}
        }
    }

    fn sent(&mut self, turn: &mut Turn<'_>, node: NodeId, bytes: usize) {
        let now_ms = turn.now.ms;
        let Some(peer) = turn.peers.get_mut(&node) else { return };
        peer.unsent_bytes = peer.unsent_bytes.saturating_sub(bytes);
        peer.stuck_since_ms = (peer.unsent_bytes > 0).then_some(now_ms);
        if peer.unsent_bytes < UNSENT_SOFT_MAX {
            self.serve.on_room(turn, node);
        }
    }

    fn tick(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ms;
        for (node, request, open) in turn.requests.overdue(now_ms) {
            turn.requests.close(node, request);
            turn.unanswered(node, open.kind, open.asked_ms);
            match open.room {
                Room::Sync => self.sync.on_overdue(turn, node, request, open),
                Room::Relay => self.relay.on_overdue(turn, node, request, open),
                Room::Serve => {}
            }
        }
        let mut stuck = Vec::new();
        for peer in turn.peers.all().filter(|peer| peer.leaving.is_none()) {
            if peer.hello.is_none() && now_ms.saturating_sub(peer.since_ms) > HANDSHAKE_MS {
                stuck.push((peer.node, None));
            } else if peer.stuck_since_ms.is_some_and(|since| now_ms.saturating_sub(since) > STUCK_MS)
                || peer.unsent_bytes > UNSENT_HARD_MAX
            {
                // Whoever still answers is there and does not read. A line that is dead blames nobody.
                let answers = peer.stuck_since_ms.is_some_and(|since| peer.answered_ms > since);
                stuck.push((peer.node, answers.then_some(Fault::NotReading)));
            }
        }
        for (node, fault) in stuck {
            match fault {
                Some(fault) => turn.fault(node, fault),
                None => turn.close(node, Goodbye::TooSlow),
            }
        }
        self.connections.on_tick(turn);
        self.sync.on_tick(turn);
        self.part_with_stale(turn);
        self.relay.on_tick(turn);
    }

    /// A place that this node chose to fill is for somebody who keeps up with the network.
    fn part_with_stale(&self, turn: &mut Turn<'_>) {
        let of_operator = |peer: &Peer| peer.link.purpose == Some(Purpose::Operator);
        for node in self.sync.stale_peers() {
            if turn.peers.get(node).is_some_and(|peer| !of_operator(peer)) {
                turn.close(*node, Goodbye::Stale);
            }
        }
    }

    /// What the input had for consequences: faults are scored, and who showed more is asked.
    pub(super) fn settle(&mut self, turn: &mut Turn<'_>) {
        for (node, fault) in std::mem::take(turn.faults) {
            self.connections.on_fault(turn, node, fault);
        }
        for node in std::mem::take(turn.behind) {
            if turn.peers.get(&node).is_some_and(Peer::is_ready) {
                self.sync.on_behind(turn, node);
            }
        }
    }
}
