//! A machine with a clock, a node and peers that say what the test says.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};

use vibecoin_crypto::Hash;

use super::forge;
use super::world::FakeWorld;
use crate::config::{Config, SyncMode};
use crate::endpoint::{Contact, Endpoint, NodeId, Transport};
use crate::machine::{Input, Machine};
use crate::peers::{Direction, Link, Peer, Purpose};
use crate::score::Fault;
use crate::turn::{Now, Output};
use crate::wire::{Capabilities, Goodbye, Hello, Message, PROTOCOL_VERSION, TipClaim, encoded_bytes};
use crate::world::{Have, Judgement, Ticket, TransactionFate};

/// Time between two ticks, in ms.
const TICK_MS: u64 = 100;
/// Time between two round trips to every peer, in ms, and how long each takes.
const PING_MS: u64 = 1_000;
const ROUND_TRIP_MS: u64 = 1;

/// See the module above.
pub struct Bench {
    /// What is tried.
    pub machine: Machine,
    /// What it asks.
    pub world: FakeWorld,
    /// The clock.
    pub now: Now,
    /// Questions that the node has not answered yet, in order.
    pub questions: VecDeque<Output>,
    /// Dials that were wanted.
    pub dials: Vec<(Contact, Purpose)>,
    /// Goodbyes that were said.
    pub closed: BTreeMap<NodeId, Goodbye>,
    /// Nodes that take nothing of what they are sent.
    pub deaf: BTreeSet<NodeId>,
    sent: BTreeMap<NodeId, VecDeque<Message>>,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    /// A machine at the genesis, with nobody connected.
    #[must_use]
    pub fn new() -> Self {
        let world = FakeWorld::new();
        Self::with(Self::config(&world), world, 1)
    }

    /// What the machine is told when a test says nothing else.
    #[must_use]
    pub fn config(world: &FakeWorld) -> Config {
        Config {
            genesis: world.genesis(),
            limits: forge::limits(),
            interval_ms: forge::INTERVAL_MS,
            capabilities: everything(),
            agent: "bench".to_owned(),
            node: NodeId::new([9; 32]),
            sync: SyncMode::Full,
            outbound_target: 8,
            inbound_max: 64,
            bootstrap: Vec::new(),
            private_addresses: true,
            secret: [3; 32],
        }
    }

    /// A machine in this world; `seed` is its chance.
    #[must_use]
    pub fn with(config: Config, world: FakeWorld, seed: u64) -> Self {
        Self {
            machine: Machine::new(config, seed),
            now: Now { ms: 1_000, unix_ms: world.unix_ms },
            world,
            questions: VecDeque::new(),
            dials: Vec::new(),
            closed: BTreeMap::new(),
            deaf: BTreeSet::new(),
            sent: BTreeMap::new(),
        }
    }

    /// The node with this number.
    #[must_use]
    pub const fn node(number: u8) -> NodeId {
        NodeId::new([number; 32])
    }

    /// Hands an input to the machine. What is sent counts as taken by the peer at once, unless it is deaf.
    pub fn input(&mut self, input: Input) {
        let mut outputs = Vec::new();
        self.machine.handle(self.now, &self.world, input, &mut outputs);
        let mut taken = Vec::new();
        for output in outputs {
            if let Output::Send { node, message } = &output
                && !self.deaf.contains(node)
            {
                taken.push(Input::Sent { node: *node, bytes: encoded_bytes(message) });
            }
            self.carry_out(output);
        }
        for input in taken {
            self.input(input);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Send { node, message } => self.sent.entry(node).or_default().push_back(message),
            Output::Close { node, goodbye } => {
                self.closed.insert(node, goodbye);
            }
            Output::Dial { contact, purpose } => self.dials.push((contact, purpose)),
            question @ (Output::Judge { .. } | Output::Look { .. }) => self.questions.push_back(question),
        }
    }

    /// Connects a node that says the genesis is its tip. Both have introduced themselves then, and what the machine
    /// said meanwhile is forgotten.
    pub fn connect(&mut self, number: u8, direction: Direction) -> NodeId {
        let tip = self.world.genesis();
        self.connect_with(number, direction, tip)
    }

    /// The same, for a node with another tip.
    pub fn connect_with(&mut self, number: u8, direction: Direction, tip: TipClaim) -> NodeId {
        let node = Self::node(number);
        let address = SocketAddr::from((Ipv4Addr::new(20 + number % 100, number, 1, 1), 8_423));
        let purpose = (direction == Direction::Outbound).then_some(Purpose::Full);
        let endpoint = Endpoint::of_socket(address, Transport::Tcp);
        self.input(Input::Connected { node, link: Link { direction, endpoint, purpose } });
        let hello = Hello {
            version: PROTOCOL_VERSION,
            genesis_id: self.world.genesis().id,
            capabilities: everything(),
            tip,
            agent: "peer".to_owned(),
        };
        self.receive(node, Message::Hello(Box::new(hello)));
        self.answer();
        self.sent.remove(&node);
        node
    }

    /// The connection of a node ends.
    pub fn disconnect(&mut self, node: NodeId) {
        self.input(Input::Closed { node });
    }

    /// A node says something.
    pub fn receive(&mut self, node: NodeId, message: Message) {
        let bytes = encoded_bytes(&message);
        self.input(Input::Received { node, message, bytes });
    }

    /// Lets time pass, with ticks, while the node answers what it is asked.
    pub fn pass(&mut self, ms: u64) {
        let end_ms = self.now.ms + ms;
        while self.now.ms < end_ms {
            self.tick(TICK_MS.min(end_ms - self.now.ms));
            self.answer();
        }
    }

    /// Lets time pass with one tick at its end; the node answers nothing.
    pub fn tick(&mut self, ms: u64) {
        self.now.ms += ms;
        self.now.unix_ms += ms;
        self.world.unix_ms += ms;
        if self.now.ms / PING_MS != (self.now.ms - ms) / PING_MS {
            self.ping();
        }
        self.input(Input::Tick);
    }

    /// Everybody but the deaf answers a ping.
    fn ping(&mut self) {
        let peers = self.machine.peers().all().map(|peer| peer.node);
        for node in peers.filter(|node| !self.deaf.contains(node)).collect::<Vec<_>>() {
            self.input(Input::Latency { node, ms: ROUND_TRIP_MS });
        }
    }

    /// The node answers everything that it was asked, and what is asked because of that.
    pub fn answer(&mut self) {
        while let Some(question) = self.questions.pop_front() {
            self.answer_to(question);
        }
    }

    /// The node answers one question as the world does, and tells what has become new by it.
    pub fn answer_to(&mut self, question: Output) {
        match question {
            Output::Judge { ticket, claim, .. } => {
                let tip = self.world.tip().id;
                let judgement = self.world.judge(claim);
                self.judged(ticket, judgement, tip);
            }
            Output::Look { ticket, query } => {
                let found = self.world.look(&query);
                self.input(Input::Found { ticket, found });
            }
            Output::Send { .. } | Output::Close { .. } | Output::Dial { .. } => {}
        }
    }

    fn judged(&mut self, ticket: Ticket, judgement: Judgement, tip: Hash) {
        let added = match &judgement {
            Judgement::Transactions(fates) => {
                let new = fates.iter().filter(|(_, fate)| *fate == TransactionFate::New);
                new.map(|(leaf_hash, _)| *leaf_hash).collect()
            }
            _ => Vec::new(),
        };
        self.input(Input::Judged { ticket, judgement });
        if !added.is_empty() {
            self.input(Input::Added(added));
        }
        if self.world.tip().id != tip {
            self.input(Input::Moved);
        }
    }

    /// What was sent to a node since this was asked the last time.
    pub fn sent(&mut self, node: NodeId) -> Vec<Message> {
        self.sent.remove(&node).unwrap_or_default().into()
    }

    /// What the machine knows of a node.
    #[must_use]
    pub fn peer(&self, node: NodeId) -> Option<&Peer> {
        self.machine.peers().get(&node)
    }

    /// What a node did wrong, the oldest first.
    #[must_use]
    pub fn faults(&self, node: NodeId) -> Vec<Fault> {
        self.peer(node).map_or_else(Vec::new, |peer| {
            peer.score.faults().map(|recorded| recorded.fault.clone()).collect()
        })
    }

    /// The points of a node.
    #[must_use]
    pub fn points(&self, node: NodeId) -> u32 {
        self.peer(node).map_or(0, |peer| peer.score.points(self.now.ms))
    }
}

const fn everything() -> Capabilities {
    Capabilities::BLOCKS
        .with(Capabilities::HISTORY)
        .with(Capabilities::STATE)
        .with(Capabilities::TRANSACTIONS)
}
