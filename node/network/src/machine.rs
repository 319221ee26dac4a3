//! The machine: an input comes in with the time, is routed to its room, and outputs come out.

use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use vibecoin_crypto::Hash;

use crate::bans::{Ban, BanError, Bans, Reason, Subject};
use crate::book::AddressBook;
use crate::config::Config;
use crate::connections::Connections;
use crate::endpoint::{Contact, Endpoint, NodeId};
use crate::handshake::{self, Refused};
use crate::peers::{Link, Peer, Peers, Purpose, Traffic};
use crate::relay::Relay;
use crate::requests::{Requests, Room};
use crate::score::Fault;
use crate::serve::Serve;
use crate::sync::Sync;
use crate::turn::{Now, Output, Tickets, Turn};
use crate::wire::{Goodbye, Hello, Message, RequestId, WireError};
use crate::world::{Found, Judgement, Ticket, World};

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// A connection is there, and the talk lane is open.
    Connected {
        /// To whom.
        node: NodeId,
        /// How.
        link: Link,
    },
    /// A connection is gone.
    Closed {
        /// To whom.
        node: NodeId,
    },
    /// A dial led nowhere.
    DialFailed {
        /// Where it went.
        contact: Contact,
        /// What for.
        purpose: Purpose,
    },
    /// A message came.
    Received {
        /// From whom.
        node: NodeId,
        /// What.
        message: Message,
        /// Length of its frame.
        bytes: usize,
    },
    /// Bytes of a message went out.
    Sent {
        /// To whom.
        node: NodeId,
        /// How many.
        bytes: usize,
    },
    /// Bytes came that are no message. The driver has stopped reading from this peer.
    Violated {
        /// From whom.
        node: NodeId,
        /// What is wrong.
        error: WireError,
    },
    /// Something else is wrong with the connection, as the driver sees it.
    Misbehaved {
        /// Whose.
        node: NodeId,
        /// What.
        fault: Fault,
    },
    /// A round trip was measured.
    Latency {
        /// To whom.
        node: NodeId,
        /// How long, in ms.
        ms: u64,
    },
    /// Addresses were found by other ways than peers' answers.
    Discovered {
        /// Where nodes may be.
        contacts: Vec<Contact>,
        /// Who told.
        source: Source,
    },
    /// Where this node can be reached.
    Own(Vec<Endpoint>),
    /// The answer to [`Output::Judge`].
    Judged {
        /// Its ticket.
        ticket: Ticket,
        /// The verdict.
        judgement: Judgement,
    },
    /// The answer to [`Output::Look`].
    Found {
        /// Its ticket.
        ticket: Ticket,
        /// What was found.
        found: Found,
    },
    /// The active tip has moved.
    Moved,
    /// Transactions are new in the pool, by leaf hash.
    Added(Vec<Hash>),
    /// This node has made a segment.
    SegmentMade {
        /// The block that it starts from.
        parent: Hash,
        /// Its ticks.
        ticks: Arc<[Hash]>,
    },
    /// Time passes: several times a second.
    Tick,
}

/// Who told an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The operator or the configuration.
    Operator,
    /// The local network.
    LocalNetwork,
    /// The distributed table, through this peer.
    Table(NodeId),
}

/// Time that a peer has to introduce itself, in ms.
const HANDSHAKE_MS: u64 = 10_000;
/// Time in which a peer must take at least something of what it is sent, in ms.
const STUCK_MS: u64 = 30_000;
/// Bytes that may wait for a peer before it is not sent anything that can be left out.
pub const UNSENT_SOFT_MAX: usize = 4 << 20;
/// Bytes that may wait for a peer at all.
const UNSENT_HARD_MAX: usize = 64 << 20;
/// A pause between two inputs that shows that this node itself stood still, in ms.
const STANDSTILL_MS: u64 = 2_000;

/// See the module.
pub struct Machine {
    config: Config,
    rng: SmallRng,
    peers: Peers,
    requests: Requests,
    tickets: Tickets,
    connections: Connections,
    sync: Sync,
    relay: Relay,
    serve: Serve,
    outputs: Vec<Output>,
    /// Traffic of peers that have gone: received and sent.
    past: (Traffic, Traffic),
    last_ms: u64,
}

impl Machine {
    /// A machine with an empty book and no bans; `seed` decides everything that is left to chance.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        let book = AddressBook::new(&config.secret, config.book_settings());
        Self::resume(config, book, Bans::default(), seed)
    }

    /// A machine with the book and the bans of the last run.
    #[must_use]
    pub fn resume(config: Config, book: AddressBook, bans: Bans, seed: u64) -> Self {
        Self {
            connections: Connections::new(&config, book, bans),
            sync: Sync::new(&config),
            relay: Relay::default(),
            serve: Serve::default(),
            config,
            rng: SmallRng::seed_from_u64(seed),
            peers: Peers::default(),
            requests: Requests::default(),
            tickets: Tickets::default(),
            outputs: Vec::new(),
            past: Default::default(),
            last_ms: 0,
        }
    }

    /// Works on one input. What is to be done then is appended to `outputs`, in order.
    pub fn handle(&mut self, now: Now, world: &dyn World, input: Input, outputs: &mut Vec<Output>) {
        if let Input::Closed { node } = &input
            && let Some(peer) = self.peers.get(node)
        {
            self.past.0.add(&peer.received);
            self.past.1.add(&peer.sent);
        }
        let pause_ms = now.ms.saturating_sub(self.last_ms);
        self.last_ms = now.ms;
        if pause_ms > STANDSTILL_MS {
            // Whoever seems late may have answered long ago.
            self.requests.postpone(pause_ms);
        }
        let (mut faults, mut behind) = (Vec::new(), Vec::new());
        let mut turn = Turn {
            now,
            config: &self.config,
            world,
            rng: &mut self.rng,
            peers: &mut self.peers,
            requests: &mut self.requests,
            tickets: &mut self.tickets,
            outputs: &mut self.outputs,
            faults: &mut faults,
            behind: &mut behind,
            catching_up: self.sync.is_catching_up(),
        };
        let mut rooms = Rooms {
            connections: &mut self.connections,
            sync: &mut self.sync,
            relay: &mut self.relay,
            serve: &mut self.serve,
        };
        rooms.route(&mut turn, input);
        rooms.settle(&mut turn);
        outputs.append(&mut self.outputs);
    }

    /// Who is connected.
    #[must_use]
    pub const fn peers(&self) -> &Peers {
        &self.peers
    }

    /// How far the synchronisation is.
    #[must_use]
    pub const fn sync(&self) -> &Sync {
        &self.sync
    }

    /// The book, the bans, and who said goodbye.
    #[must_use]
    pub const fn connections(&self) -> &Connections {
        &self.connections
    }

    /// What it was told once.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// What peers were asked.
    #[must_use]
    pub const fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Everything received and sent since the start.
    #[must_use]
    pub fn traffic(&self) -> (Traffic, Traffic) {
        let (mut received, mut sent) = self.past.clone();
        for peer in self.peers.all() {
            received.add(&peer.received);
            sent.add(&peer.sent);
        }
        (received, sent)
    }

    /// The bytes of the book and of the bans, to be kept over a restart.
    #[must_use]
    pub fn to_keep(&self) -> (Vec<u8>, Vec<u8>) {
        (self.connections.book().to_bytes(), self.connections.bans().to_bytes())
    }

    /// Dials a place by the word of the operator, and keeps a connection to it. True if it is connected already.
    pub fn add(&mut self, contact: Contact) -> bool {
        self.connections.add(&self.peers, contact)
    }

    /// Bans somebody by the word of the operator, until `until_ms` after the Unix epoch (`None`: for good), and parts
    /// with everybody whom that concerns.
    ///
    /// # Errors
    /// [`BanError`] if there are too many such bans.
    pub fn ban(
        &mut self,
        now: Now,
        who: Subject,
        until_ms: Option<u64>,
        reason: Reason,
        outputs: &mut Vec<Output>,
    ) -> Result<(), BanError> {
        let concerned = self.connections.ban(&self.peers, who, until_ms, reason, now)?;
        for node in concerned {
            if let Some(peer) = self.peers.get_mut(&node) {
                peer.leaving = Some(Goodbye::Operator);
                outputs.push(Output::Close { node, goodbye: Goodbye::Operator });
            }
        }
        Ok(())
    }

    /// Ends a ban, and answers what it was.
    pub fn unban(&mut self, who: &Subject) -> Option<Ban> {
        self.connections.unban(who)
    }
}

/// The parts that inputs are routed to.
struct Rooms<'a> {
    connections: &'a mut Connections,
    sync: &'a mut Sync,
    relay: &'a mut Relay,
    serve: &'a mut Serve,
}

impl Rooms<'_> {
    fn route(&mut self, turn: &mut Turn<'_>, input: Input) {
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
                if let Some(peer) = turn.peers.get_mut(&node) {
                    peer.answered_ms = now_ms;
                    peer.latency_ms = Some(ms);
                    peer.latency_min_ms = Some(peer.latency_min_ms.map_or(ms, |least| least.min(ms)));
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
            turn.fault(node, Fault::Withheld(open.kind));
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
    fn settle(&mut self, turn: &mut Turn<'_>) {
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
