//! A thousand nodes under one virtual clock.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use vibecoin_network::endpoint::{Endpoint, NodeId, Transport};
use vibecoin_network::peers::{Direction, Link, Purpose};
use vibecoin_network::wire::{
    CompactBlock, HeaderRecord, Message, Prefilled, RequestId, WireLimits, encoded_bytes,
};
use vibecoin_network::{Config, Input, Machine, Output};
use vibecoin_primitives::Network as Chains;

use crate::Scenario;
use crate::blocks::{Chain, TICKS};
use crate::lines::{self, Uplink};
use crate::node::{Costs, Knowledge, Node, now};

/// Time between two ticks of a node, in µs.
const TICK_US: u64 = 200_000;
/// When the first block is mined, in µs: everybody has introduced itself by then.
const WARM_UP_US: u64 = 3_000_000;
/// Empty blocks that show every node which of its peers are quick.
const EMPTY_BLOCKS: usize = 8;
/// Time between those, in µs.
const BETWEEN_US: u64 = 4_000_000;
/// Time after which a block that has not reached everybody counts as lost, in µs.
const END_US: u64 = 120_000_000;
/// The request that stands for the one that was translated.
const TRANSLATED: RequestId = RequestId(u32::MAX);

/// How blocks are passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relay {
    /// Announced after execution, and fetched whole.
    Full,
    /// As the machine does it.
    Compact,
}

/// What is the same in all scenarios.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Nodes.
    pub nodes: usize,
    /// Connections that each node opens.
    pub outbound: usize,
    /// What a line carries out of a node, in bits per second.
    pub uplink_bits_per_s: u64,
    /// Latencies as a percentage of the published ones.
    pub latency_percent: u64,
    /// What work takes.
    pub costs: Costs,
    /// Chance.
    pub seed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            nodes: 1_000,
            outbound: 8,
            uplink_bits_per_s: 20_000_000,
            latency_percent: 100,
            costs: Costs::default(),
            seed: 1,
        }
    }
}

/// What became of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// For each node, the time until it could mine on the block, in µs; the miner has 0.
    pub delays_us: Vec<u64>,
    /// Bytes that left all nodes for this block.
    pub sent_bytes: u64,
    /// Messages of each kind that arrived because of it.
    pub messages: BTreeMap<&'static str, u64>,
}

enum Event {
    Tick(usize),
    /// A chunk has left; with the message that it ended.
    Left(usize, Option<(usize, Message)>),
    Arrived {
        from: usize,
        to: usize,
        message: Message,
        bytes: usize,
    },
    /// The node has an answer for its machine, and the block that it has executed for it.
    Answered {
        node: usize,
        input: Box<Input>,
        executed: Option<usize>,
    },
}

struct Timed {
    us: u64,
    order: u64,
    event: Event,
}

impl PartialEq for Timed {
    fn eq(&self, other: &Self) -> bool {
        (self.us, self.order) == (other.us, other.order)
    }
}

impl Eq for Timed {}

impl PartialOrd for Timed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.us, self.order).cmp(&(other.us, other.order))
    }
}

struct Simulation {
    plan: Plan,
    relay: Relay,
    rng: SmallRng,
    chain: Rc<RefCell<Chain>>,
    nodes: Vec<Node>,
    latency_us: BTreeMap<(usize, usize), u64>,
    events: BinaryHeap<Reverse<Timed>>,
    order: u64,
    now_us: u64,
    messages: BTreeMap<&'static str, u64>,
}

/// Makes a network, shows it some empty blocks, and measures one of the scenario's.
pub fn run(plan: &Plan, scenario: Scenario, block: u64) -> Run {
    let mut simulation = Simulation::new(*plan, scenario, block);
    simulation.pass(WARM_UP_US);
    for _ in 0..EMPTY_BLOCKS {
        simulation.mine(0);
        simulation.pass(BETWEEN_US);
    }
    simulation.measure(scenario.transactions)
}

/// Mines so many blocks of a scenario, at random times with this mean between them, each by a random node on its tip.
/// Answers the share of them that is not on the chain in the end.
pub fn race(plan: &Plan, scenario: Scenario, blocks: usize, interval_ms: u64) -> f64 {
    let mut simulation = Simulation::new(*plan, scenario, 0);
    simulation.pass(WARM_UP_US);
    for _ in 0..blocks {
        let drawn: f64 = simulation.rng.random();
        simulation.pass((-(1.0 - drawn).ln() * interval_ms as f64 * 1_000.0) as u64);
        simulation.mine(scenario.transactions);
    }
    simulation.pass(END_US);
    let chain = simulation.chain.borrow();
    let heights = simulation.nodes.iter().map(|node| chain.get(node.world.tip).work.get());
    // Two branches of the same work may stay until the next block decides.
    let height = heights.max().unwrap_or(0);
    1.0 - height as f64 / blocks as f64
}

fn node_id(number: usize) -> NodeId {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
    NodeId::new(bytes)
}

fn number_of(node: NodeId) -> usize {
    let bytes = node.as_bytes();
    usize::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
}

/// Every node has a range of addresses to itself.
fn endpoint(number: usize) -> Option<Endpoint> {
    let (high, low) = (u8::try_from(number / 250).ok()?, u8::try_from(number % 250).ok()?);
    Endpoint::of_socket(SocketAddr::from((Ipv4Addr::new(60 + high, low, 1, 1), 8_423)), Transport::Tcp)
}

impl Simulation {
    fn new(plan: Plan, scenario: Scenario, block: u64) -> Self {
        let mut rng = SmallRng::seed_from_u64(plan.seed.wrapping_mul(1_000_003).wrapping_add(block));
        let chain = Rc::new(RefCell::new(Chain::new()));
        let regions: Vec<usize> = (0..plan.nodes).map(|_| lines::region(&mut rng)).collect();
        let genesis = chain.borrow().get(0).claim();
        let spec = Chains::Mainnet.spec();
        let node = |number: usize| {
            let mut config = Config::new(&spec, genesis, node_id(number), "simulated".to_owned(), [7; 32]);
            config.limits = WireLimits { block_bytes: 1 << 20, ticks: TICKS };
            config.outbound_target = plan.outbound;
            Node {
                machine: Machine::new(config, plan.seed ^ ((number as u64) << 20) ^ block),
                world: Knowledge::new(chain.clone(), number, scenario.overlap_percent),
                uplink: Uplink::default(),
                free_us: 0,
                arrived_us: BTreeMap::new(),
                executed_us: BTreeMap::new(),
                sent_bytes: 0,
            }
        };
        let nodes = (0..plan.nodes).map(node).collect();
        let mut simulation = Self {
            plan,
            relay: scenario.relay,
            rng,
            chain,
            nodes,
            latency_us: BTreeMap::new(),
            events: BinaryHeap::new(),
            order: 0,
            now_us: 1_000_000,
            messages: BTreeMap::new(),
        };
        simulation.connect(&regions);
        simulation
    }

    fn connect(&mut self, regions: &[usize]) {
        let mut pairs = BTreeSet::new();
        for from in 0..self.plan.nodes {
            let mut opened = 0;
            while opened < self.plan.outbound {
                let to = self.rng.random_range(0..self.plan.nodes);
                if to == from || pairs.contains(&(from, to)) || !pairs.insert((to, from)) {
                    continue;
                }
                pairs.insert((from, to));
                opened += 1;
                let latency_us = lines::latency_us(&mut self.rng, regions[from], regions[to]);
                let latency_us = latency_us * self.plan.latency_percent / 100;
                self.latency_us.insert((from, to), latency_us);
                self.latency_us.insert((to, from), latency_us);
                self.link(from, to, Direction::Outbound);
                self.link(to, from, Direction::Inbound);
            }
            let tick_us = self.now_us + self.rng.random_range(0..TICK_US);
            self.at(tick_us, Event::Tick(from));
        }
    }

    fn link(&mut self, node: usize, peer: usize, direction: Direction) {
        let purpose = (direction == Direction::Outbound).then_some(Purpose::Full);
        let link = Link { direction, endpoint: endpoint(peer), purpose };
        self.input(node, Input::Connected { node: node_id(peer), link });
    }

    fn at(&mut self, us: u64, event: Event) {
        self.order += 1;
        self.events.push(Reverse(Timed { us, order: self.order, event }));
    }

    /// Lets time pass.
    fn pass(&mut self, us: u64) {
        let end_us = self.now_us + us;
        while self.events.peek().is_some_and(|Reverse(timed)| timed.us <= end_us) {
            self.step();
        }
        self.now_us = end_us;
    }

    fn step(&mut self) {
        let Some(Reverse(Timed { us, event, .. })) = self.events.pop() else { return };
        self.now_us = us;
        match event {
            Event::Tick(node) => {
                self.input(node, Input::Tick);
                self.at(us + TICK_US, Event::Tick(node));
            }
            Event::Left(node, done) => self.left(node, done),
            Event::Arrived { from, to, message, bytes } => {
                *self.messages.entry(message.kind().name()).or_default() += 1;
                if let Some(message) = self.translate_arrived(from, to, message) {
                    self.input(to, Input::Received { node: node_id(from), message, bytes });
                }
            }
            Event::Answered { node, input, executed } => {
                let moved = executed.is_some_and(|at| {
                    self.nodes[node].executed_us.entry(at).or_insert(us);
                    self.nodes[node].world.take(at)
                });
                self.input(node, *input);
                if moved {
                    self.input(node, Input::Moved);
                }
            }
        }
    }

    fn input(&mut self, node: usize, input: Input) {
        let mut outputs = Vec::new();
        let Node { machine, world, .. } = &mut self.nodes[node];
        machine.handle(now(self.now_us), world, input, &mut outputs);
        for output in outputs {
            self.carry_out(node, output);
        }
    }

    fn carry_out(&mut self, node: usize, output: Output) {
        match output {
            Output::Send { node: peer, message } => {
                let bytes = encoded_bytes(&message);
                match self.translate_sent(message) {
                    Some(message) => {
                        self.nodes[node].uplink.push(number_of(peer), message);
                        self.send_on(node);
                    }
                    None => self.input(node, Input::Sent { node: peer, bytes }),
                }
            }
            Output::Judge { ticket, claim, .. } => {
                let costs = self.plan.costs;
                let (judgement, executed, work_us) = self.nodes[node].world.judge(&claim, &costs);
                self.work(node, work_us, Input::Judged { ticket, judgement }, executed);
            }
            Output::Look { ticket, query } => {
                let costs = self.plan.costs;
                let (found, work_us) = self.nodes[node].world.look(&query, &costs);
                self.work(node, work_us, Input::Found { ticket, found }, None);
            }
            // The connections are what they are here.
            Output::Dial { contact, purpose } => {
                let input = Box::new(Input::DialFailed { contact, purpose });
                self.at(self.now_us + 1_000_000, Event::Answered { node, input, executed: None });
            }
            Output::Close { node: peer, goodbye } => {
                // Nobody here does anything wrong.
                let faults = self.nodes[node].machine.peers().get(&peer).map(|peer| peer.score.clone());
                panic!("{node} parts with {}: {}, {faults:?}", number_of(peer), goodbye.words());
            }
        }
    }

    /// A node works on one thing after the other.
    fn work(&mut self, node: usize, work_us: u64, input: Input, executed: Option<usize>) {
        let end_us = self.nodes[node].free_us.max(self.now_us) + work_us;
        self.nodes[node].free_us = end_us;
        self.at(end_us, Event::Answered { node, input: Box::new(input), executed });
    }

    fn send_on(&mut self, node: usize) {
        let Node { uplink, sent_bytes, .. } = &mut self.nodes[node];
        if uplink.is_busy {
            return;
        }
        let Some((bytes, done)) = uplink.next() else { return };
        uplink.is_busy = true;
        *sent_bytes += bytes as u64;
        let takes_us = bytes as u64 * 8 * 1_000_000 / self.plan.uplink_bits_per_s;
        self.at(self.now_us + takes_us, Event::Left(node, done));
    }

    fn left(&mut self, node: usize, done: Option<(usize, Message)>) {
        self.nodes[node].uplink.is_busy = false;
        if let Some((to, message)) = done {
            let latency_us = self.latency_us[&(node, to)];
            let jitter_us = self.rng.random_range(0..=latency_us / 10);
            let earliest_us = self.nodes[to].arrived_us.get(&node).copied().unwrap_or(0);
            let us = (self.now_us + latency_us + jitter_us).max(earliest_us);
            self.nodes[to].arrived_us.insert(node, us);
            let bytes = encoded_bytes(&message);
            self.at(us, Event::Arrived { from: node, to, message, bytes });
            self.input(node, Input::Sent { node: node_id(to), bytes });
        }
        self.send_on(node);
    }

    /// Full relay is the same machine with other messages on the line: nobody is told to push, ...
    fn translate_sent(&self, message: Message) -> Option<Message> {
        match (self.relay, message) {
            (Relay::Full, Message::PushCompact(_)) => None,
            // ... a compact block that is asked for is a whole block, ...
            (Relay::Full, Message::GetCompact(id)) => {
                Some(Message::GetBlocks { request: TRANSLATED, ids: vec![id] })
            }
            (_, message) => Some(message),
        }
    }

    /// ... and when that has come, it is shown to the machine as a compact one with everything in it.
    fn translate_arrived(&self, _from: usize, _to: usize, message: Message) -> Option<Message> {
        match (self.relay, message) {
            (Relay::Full, Message::Block { block, .. }) => {
                let chain = self.chain.borrow();
                let block = &chain.get(chain.find(&block.id())?).block;
                let prefilled = |(at, transaction): (usize, &vibecoin_primitives::Transaction)| Prefilled {
                    index: u32::try_from(at).unwrap_or(u32::MAX),
                    transaction: transaction.clone(),
                };
                Some(Message::Compact(Arc::new(CompactBlock {
                    head: HeaderRecord { header: block.header, content: block.content },
                    ticks: block.ticks.clone(),
                    nonce: 0,
                    short_ids: Vec::new(),
                    prefilled: block.transactions.iter().enumerate().map(prefilled).collect(),
                })))
            }
            (_, message) => Some(message),
        }
    }

    /// Somebody finds a block on its tip.
    fn mine(&mut self, transactions: usize) -> (usize, usize) {
        let miner = self.rng.random_range(0..self.plan.nodes);
        let parent = self.nodes[miner].world.tip;
        let unix_ms = now(self.now_us).unix_ms;
        let at = self.chain.borrow_mut().make(Some(parent), transactions, unix_ms);
        self.nodes[miner].executed_us.insert(at, self.now_us);
        self.nodes[miner].world.take(at);
        self.input(miner, Input::Moved);
        (miner, at)
    }

    fn measure(&mut self, transactions: usize) -> Run {
        let sent_before: u64 = self.nodes.iter().map(|node| node.sent_bytes).sum();
        self.messages.clear();
        let start_us = self.now_us;
        let (_, at) = self.mine(transactions);
        while self.nodes.iter().any(|node| !node.executed_us.contains_key(&at)) {
            self.pass(100_000);
            assert!(self.now_us < start_us + END_US, "the block did not reach everybody");
        }
        // What is still on its way belongs to the block, too.
        self.pass(2_000_000);
        let sent: u64 = self.nodes.iter().map(|node| node.sent_bytes).sum();
        Run {
            delays_us: self.nodes.iter().map(|node| node.executed_us[&at] - start_us).collect(),
            sent_bytes: sent - sent_before,
            messages: self.messages.clone(),
        }
    }
}
