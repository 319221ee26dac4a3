//! One run: the machine, three honest peers with one growing chain, an offender that follows a script, and a clock.
//!
//! Half a virtual second after the beginning the script starts; it goes on until the end of the run, whatever
//! happens to the offender.

use std::net::{Ipv4Addr, SocketAddr};

use vibecoin_crypto::Hash;
use vibecoin_network::endpoint::{Endpoint, NodeId, Transport};
use vibecoin_network::peers::{Direction, Link, Purpose};
use vibecoin_network::score::Fault;
use vibecoin_network::testing::{Bench, FakeWorld, forge};
use vibecoin_network::wire::{Capabilities, Goodbye, Hello, Message, PROTOCOL_VERSION, TipClaim, WireError};
use vibecoin_network::world::{BlockFate, Found, Have, Query, StatePlan};
use vibecoin_network::{Config, Input, Output, SyncMode};

use crate::case::{Case, Moment, Start};
use crate::honest::Chain;
use crate::memory::Memory;

/// Virtual time of a run, in ms.
const RUN_MS: u64 = 100_000;
/// Virtual time of a step, in ms: also the time until a question is answered.
const STEP_MS: u64 = 50;
/// From when on the offender is at work, in ms.
pub const BEGIN_MS: u64 = 500;
/// Blocks of the honest chain when a machine that is in step meets the offender.
const BLOCKS: usize = 40;
/// The numbers of the honest peers, and who opened the connection.
const HONEST: [(u8, Direction); 3] =
    [(1, Direction::Outbound), (2, Direction::Outbound), (3, Direction::Inbound)];
/// The offender's number.
const OFFENDER: u8 = 66;

/// See the module.
pub struct Scene {
    pub bench: Bench,
    pub chain: Chain,
    pub offender: NodeId,
    pub direction: Direction,
    /// What the node is told when it asks whether a state is to be fetched.
    pub plan: Option<StatePlan>,
    claim: fn(&Self) -> TipClaim,
    honest: Vec<NodeId>,
    pushed_to: Vec<NodeId>,
    began_ms: u64,
    mined_ms: u64,
    in_step_ms: u64,
    seen: Seen,
}

/// What was seen in a run.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// When the offender was banned, in ms after it began.
    pub banned_ms: Option<u64>,
    /// The first goodbye that it was told, and when.
    pub parted: Option<(Goodbye, u64)>,
    /// Points that it had at the end, if it was still there.
    pub points: u32,
    /// Faults by name, with how often.
    pub faults: Vec<(&'static str, u64)>,
    /// When the machine was at the tip of the honest peers for the first time, in ms.
    pub caught_up_ms: Option<u64>,
    /// The longest time without being there after that, in ms.
    pub lag_max_ms: u64,
    /// Whether the last honest transaction was in the pool or in the chain at the end.
    pub has_transactions: bool,
    /// Honest peers that were told goodbye, or have a fault.
    pub wronged: Vec<String>,
    /// The most memory that the process took above what it had when the offender began, in KiB.
    pub memory_kib: u64,
}

impl Scene {
    pub fn new(case: &Case, direction: Direction) -> Self {
        let mut world = FakeWorld::new();
        let length = match case.start {
            Start::InStep => BLOCKS,
            Start::Behind(blocks) | Start::State(blocks) => blocks,
        };
        let chain = Chain::new(length);
        if case.start == Start::InStep {
            for block in &chain.blocks()[1..] {
                assert_eq!(world.take(block.clone()), BlockFate::Taken);
            }
        }
        let sync = if matches!(case.start, Start::State(_)) { SyncMode::State } else { SyncMode::Full };
        let config = Config { sync, ..Bench::config(&world) };
        let bench = Bench::with(config, world, 7);
        let mut scene = Self {
            chain,
            offender: Bench::node(OFFENDER),
            direction,
            plan: None,
            claim: case.claim,
            honest: Vec::new(),
            pushed_to: Vec::new(),
            began_ms: bench.now.ms,
            mined_ms: bench.now.ms,
            in_step_ms: 0,
            seen: Seen::default(),
            bench,
        };
        if case.start == Start::InStep {
            scene.connect_honest();
        } else {
            // The offender comes first.
            scene.join();
            scene.connect_honest();
        }
        scene
    }

    fn connect_honest(&mut self) {
        for (number, direction) in HONEST {
            let node = Bench::node(number);
            self.open(node, number, direction);
            let hello = Self::hello(self.bench.world.genesis().id, self.chain.claim());
            self.bench.receive(node, hello);
            self.honest.push(node);
        }
    }

    /// Ms since the beginning.
    pub fn now_ms(&self) -> u64 {
        self.bench.now.ms - self.began_ms
    }

    /// Connects the offender, which introduces itself with the claim of its case.
    pub fn join(&mut self) {
        let tip = (self.claim)(self);
        self.open_connection();
        let genesis_id = self.bench.world.genesis().id;
        self.say(Self::hello(genesis_id, tip));
    }

    /// Opens the offender's connection, and says nothing.
    pub fn open_connection(&mut self) {
        self.open(self.offender, OFFENDER, self.direction);
    }

    /// A connection, each from a range of its own.
    fn open(&mut self, node: NodeId, number: u8, direction: Direction) {
        let address = SocketAddr::from((Ipv4Addr::new(20 + number, number, 1, 1), 8_423));
        let purpose = (direction == Direction::Outbound).then_some(Purpose::Full);
        let endpoint = Endpoint::of_socket(address, Transport::Tcp);
        let link = Link { direction, endpoint, purpose };
        self.bench.input(Input::Connected { node, link });
    }

    pub fn hello(genesis_id: Hash, tip: TipClaim) -> Message {
        Message::Hello(Box::new(Hello {
            version: PROTOCOL_VERSION,
            genesis_id,
            capabilities: Capabilities(0b1111),
            tip,
            agent: "hostile".to_owned(),
        }))
    }

    /// The offender says something, if it is connected.
    pub fn say(&mut self, message: Message) {
        self.bench.receive(self.offender, message);
    }

    /// The offender sends bytes that are no message.
    pub fn violate(&mut self, error: WireError) {
        self.bench.input(Input::Violated { node: self.offender, error });
    }

    /// The driver has seen something outside of the messages.
    pub fn misbehave(&mut self, fault: Fault) {
        self.bench.input(Input::Misbehaved { node: self.offender, fault });
    }

    /// The offender answers a ping.
    pub fn answer_ping(&mut self) {
        self.bench.input(Input::Latency { node: self.offender, ms: 20 });
    }

    /// The offender leaves by itself.
    pub fn leave(&mut self) {
        self.bench.disconnect(self.offender);
    }

    pub fn is_connected(&self) -> bool {
        self.bench.peer(self.offender).is_some()
    }

    /// A block on the honest tip with more work than theirs, so that the machine must want it.
    pub fn better_block(&self, salt: u64) -> vibecoin_primitives::Block {
        forge::child_with_work(&self.chain.tip(), salt, Vec::new(), crate::honest::WORK * 2)
    }

    /// The offender's word that this is its tip.
    pub fn announce(&mut self, block: &vibecoin_primitives::Block) {
        let work = u128::from(block.header.bits.get()) + self.chain.work().get();
        let head = Box::new(forge::head(block));
        self.say(Message::Tip { head, work: vibecoin_primitives::Work::new(work) });
    }

    /// Runs a case from its beginning to its end.
    pub fn play(mut self, case: &Case) -> Seen {
        let mut script = (case.script)();
        let mut memory = None;
        while self.now_ms() < RUN_MS {
            self.honest_step();
            if self.now_ms() >= BEGIN_MS {
                if memory.is_none() {
                    memory = Some(Memory::begin());
                    script(&mut self, Moment::Begin);
                }
                for message in self.bench.sent(self.offender) {
                    script(&mut self, Moment::Heard(message));
                }
                script(&mut self, Moment::Step);
            }
            self.answer();
            self.bench.tick(STEP_MS);
            self.part();
            self.observe();
        }
        self.seen.memory_kib = memory.map_or(0, |memory| memory.grown_kib());
        self.finish()
    }

    fn honest_step(&mut self) {
        if self.bench.now.ms - self.mined_ms >= forge::INTERVAL_MS {
            self.mined_ms = self.bench.now.ms;
            self.chain.mine();
            let leaf_hashes: Vec<_> =
                self.chain.waiting().iter().map(|waiting| waiting.leaf_hash()).collect();
            for node in self.honest.clone() {
                let push = self.pushed_to.contains(&node);
                let news = if push { self.chain.push() } else { self.chain.announcement() };
                self.bench.receive(node, news);
                self.bench.receive(node, Message::AnnounceTransactions(leaf_hashes.clone()));
            }
        }
        for node in self.honest.clone() {
            for question in self.bench.sent(node) {
                match question {
                    Message::PushCompact(true) => self.pushed_to.push(node),
                    Message::PushCompact(false) => self.pushed_to.retain(|other| *other != node),
                    question => {
                        for answer in self.chain.answer(&question) {
                            self.bench.receive(node, answer);
                        }
                    }
                }
            }
        }
    }

    /// The node answers, the plan for a state included.
    fn answer(&mut self) {
        while let Some(question) = self.bench.questions.pop_front() {
            match (&self.plan, question) {
                (Some(plan), Output::Look { ticket, query: Query::StatePlan { .. } }) => {
                    let found = Found::StatePlan(Some(plan.clone()));
                    self.bench.input(Input::Found { ticket, found });
                }
                (_, question) => self.bench.answer_to(question),
            }
        }
    }

    /// Ends the connection of an offender that was told goodbye.
    fn part(&mut self) {
        let Some(goodbye) = self.bench.closed.remove(&self.offender) else { return };
        let at_ms = self.now_ms() - BEGIN_MS.min(self.now_ms());
        self.seen.parted.get_or_insert((goodbye, at_ms));
        let unix_ms = self.bench.now.unix_ms;
        let bans = self.bench.machine.connections().bans();
        if bans.against_node(self.offender, unix_ms).is_some() {
            self.seen.banned_ms.get_or_insert(at_ms);
        }
        self.bench.disconnect(self.offender);
    }

    fn observe(&mut self) {
        let now_ms = self.now_ms();
        if self.bench.world.tip().id == self.chain.tip().id() {
            self.seen.caught_up_ms.get_or_insert(now_ms);
            self.in_step_ms = now_ms;
        } else if self.seen.caught_up_ms.is_some() {
            self.seen.lag_max_ms = self.seen.lag_max_ms.max(now_ms - self.in_step_ms);
        }
        for node in &self.honest {
            let faults = self.bench.faults(*node);
            let goodbye = self.bench.closed.get(node);
            let unix_ms = self.bench.now.unix_ms;
            let ban = self.bench.machine.connections().bans().against_node(*node, unix_ms);
            if (!faults.is_empty() || goodbye.is_some() || ban.is_some()) && self.seen.wronged.len() < 4 {
                self.seen.wronged.push(format!("{node}: {faults:?} {goodbye:?}"));
            }
        }
    }

    fn finish(mut self) -> Seen {
        let world = &self.bench.world;
        let is_here = |leaf_hash: &Hash| world.transaction(leaf_hash) || world.is_mined(leaf_hash);
        let waiting = self.chain.waiting().iter();
        self.seen.has_transactions = waiting.map(|waiting| waiting.leaf_hash()).all(|id| is_here(&id));
        self.seen.points = self.bench.points(self.offender);
        let faults = self.bench.machine.connections().faults();
        self.seen.faults = faults.iter().map(|(name, count)| (*name, *count)).collect();
        self.seen
    }
}
