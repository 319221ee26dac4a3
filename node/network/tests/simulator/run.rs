//! A run: plays a plan, and says what was broken.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use vibecoin_crypto::Hash;
use vibecoin_network::peers::{Direction, Link as PeerLink, Purpose};
use vibecoin_network::testing::forge;
use vibecoin_network::wire::{Goodbye, Message, encode};
use vibecoin_network::world::{Claim, Found, Have, Query};
use vibecoin_network::{Input, Now, Output};

use super::network::{Event, Network};
use super::node::{Node, endpoint_of, id_of, node_of};
use super::plan::{Plan, Planted, Style};

/// Time between two ticks of a node, in ms.
const TICK_MS: u64 = 250;
/// Connections that a node holds if it can.
const LINKS: usize = 3;
/// Time after the last block in which everything must be settled, in ms.
const SETTLE_MS: u64 = 60_000;
/// Events that may wait at all, and outputs of one input.
const QUEUE_MAX: usize = 20_000;
const OUTPUTS_MAX: usize = 4_000;

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What should have held and did not.
    pub broken: Vec<String>,
    pub height: u64,
    pub transactions: u64,
    pub messages: u64,
    pub reorganisations: u64,
    /// Time from the last block to one tip, in ms.
    pub settled_ms: u64,
    /// A hash over everything that all machines put out.
    pub trace: u64,
}

/// See the module.
pub struct Run {
    pub(super) plan: Plan,
    pub(super) rng: SmallRng,
    pub(super) network: Network,
    pub(super) nodes: Vec<Node>,
    /// Transactions that must not be lost.
    pub(super) owed: BTreeMap<Hash, u64>,
    pub(super) given: u64,
    trace: DefaultHasher,
    outcome: Outcome,
    is_told: bool,
}

impl Run {
    pub fn new(plan: Plan, is_told: bool) -> Self {
        let mut rng = SmallRng::seed_from_u64(plan.seed ^ 0x5eed);
        let nodes: Vec<_> = (0..plan.nodes).map(|node| Node::new(node, rng.random())).collect();
        let mut network = Network::new(&plan);
        for node in 0..plan.nodes {
            network.at(rng.random_range(0..TICK_MS), Event::Tick(node));
        }
        for (number, (at_ms, _)) in plan.happenings.iter().enumerate() {
            network.at(*at_ms, Event::Happening(number));
        }
        Self {
            plan,
            rng,
            network,
            nodes,
            owed: BTreeMap::new(),
            given: 0,
            trace: DefaultHasher::new(),
            outcome: Outcome::default(),
            is_told,
        }
    }

    /// Plays it to the end.
    pub fn play(mut self) -> Outcome {
        let last_ms = self.plan.happenings.last().map_or(0, |(at_ms, _)| *at_ms);
        let mut look_ms = last_ms + 500;
        while let Some(event) = self.network.pop() {
            self.on_event(event);
            let now_ms = self.network.now_ms;
            if now_ms >= look_ms {
                look_ms = now_ms + 500;
                let open = self.open();
                if open.is_empty() {
                    self.outcome.settled_ms = now_ms - last_ms;
                    break;
                }
                if now_ms > last_ms + SETTLE_MS {
                    self.outcome.broken.extend(open);
                    break;
                }
            }
            if self.network.len() > QUEUE_MAX {
                self.outcome.broken.push(format!("{} events wait", self.network.len()));
                break;
            }
            if self.outcome.broken.len() > 20 {
                break;
            }
        }
        self.outcome.height = self.nodes[0].world.tip().height.get();
        self.outcome.transactions = self.given;
        self.outcome.trace = self.trace.finish();
        self.outcome
    }

    /// What is not settled yet.
    fn open(&self) -> Vec<String> {
        let mut open = Vec::new();
        let tip = self.nodes[0].world.tip();
        for (number, node) in self.nodes.iter().enumerate() {
            let other = node.world.tip();
            if other.id != tip.id {
                let (height, links) = (other.height, node.links.len());
                open.push(format!(
                    "node {number} with {links} connections stands at {height}, node 0 at {}",
                    tip.height
                ));
            }
        }
        for (leaf_hash, number) in &self.owed {
            let mined = self.nodes.iter().filter(|node| node.world.is_mined(leaf_hash)).count();
            let waiting = self.nodes.iter().filter(|node| node.world.transaction(leaf_hash)).count();
            if mined != self.nodes.len() && waiting != self.nodes.len() {
                open.push(format!("transaction {number} is mined at {mined} nodes and waits at {waiting}"));
            }
        }
        open
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Tick(node) => self.tick(node),
            Event::Connect { dialler, other, purpose } => self.connect(dialler, other, purpose),
            Event::DialFailed { node, life, contact, purpose } => {
                if self.nodes[node].life == life {
                    self.input(node, Input::DialFailed { contact, purpose });
                }
            }
            Event::Cut(number) => self.cut(number),
            Event::Deliver { link, to, message, bytes } => {
                let Some(from) = self.network.links.get(&link).map(|link| link.other(to)) else { return };
                self.outcome.messages += 1;
                self.input(to, Input::Received { node: id_of(from), message, bytes });
            }
            Event::Sent { link, node, bytes } => {
                let Some(other) = self.network.links.get(&link).map(|link| link.other(node)) else { return };
                self.input(node, Input::Sent { node: id_of(other), bytes });
            }
            Event::Judge { node, life, ticket, claim } => {
                if self.nodes[node].life != life || !self.nodes[node].is_up {
                    return;
                }
                let before = self.nodes[node].world.tip();
                let (judgement, has_moved, added) = self.nodes[node].judge(claim);
                self.input(node, Input::Judged { ticket, judgement });
                self.tell(node, has_moved, added);
                let is_active = self.nodes[node].world.active_header(&before.id).is_some();
                self.outcome.reorganisations += u64::from(!is_active);
            }
            Event::Look { node, life, ticket, query } => {
                if self.nodes[node].life != life || !self.nodes[node].is_up {
                    return;
                }
                let found = self.look(node, &query);
                self.input(node, Input::Found { ticket, found });
            }
            Event::Happening(number) => {
                let happening = self.plan.happenings[number].1.clone();
                if self.is_told {
                    println!("{:>7} ms {happening:?}", self.network.now_ms);
                }
                self.happen(happening);
                if self.network.now_ms == self.plan.calm_ms && self.plan.style == Style::Wild {
                    self.calm_down();
                }
            }
        }
    }

    /// What a node finds, unless a defect was put in.
    fn look(&self, node: usize, query: &Query) -> Found {
        match (self.plan.planted, query) {
            (Some(Planted::WantsNothing), Query::Wanted { .. }) if node == 1 => Found::Wanted(Vec::new()),
            (Some(Planted::LacksHeaders), Query::Headers { .. }) if node == 1 => Found::Headers(Vec::new()),
            _ => self.nodes[node].world.look(query),
        }
    }

    pub(super) fn tell(&mut self, node: usize, has_moved: bool, added: Vec<Hash>) {
        if !added.is_empty() && self.plan.planted != Some(Planted::KeepsQuiet) {
            self.input(node, Input::Added(added));
        }
        if has_moved {
            self.input(node, Input::Moved);
            if self.is_told {
                let tip = self.nodes[node].world.tip();
                println!("{:>7} ms node {node} at {} {}", self.network.now_ms, tip.height, tip.id);
            }
        }
    }

    fn tick(&mut self, node: usize) {
        let now_ms = self.network.now_ms;
        self.network.at(now_ms + TICK_MS, Event::Tick(node));
        if !self.nodes[node].is_up {
            return;
        }
        self.input(node, Input::Tick);
        if self.nodes[node].links.len() < LINKS && self.rng.random_ratio(1, 4) {
            let other = self.rng.random_range(0..self.nodes.len());
            if other != node {
                self.dial(node, other, Purpose::Full);
            }
        }
        let (window, bytes, judging) = self.nodes[node].machine.sync().window();
        if window > 1_024 || bytes > 32 << 20 || judging > 64 {
            self.outcome.broken.push(format!("a window of {window} blocks, {bytes} bytes, {judging} judged"));
        }
    }

    fn dial(&mut self, node: usize, other: usize, purpose: Purpose) {
        let at_ms = self.network.now_ms + self.rng.random_range(5..200);
        self.network.at(at_ms, Event::Connect { dialler: node, other, purpose });
    }

    fn connect(&mut self, dialler: usize, other: usize, purpose: Purpose) {
        let are_up = self.nodes[dialler].is_up && self.nodes[other].is_up;
        let is_new = !self.nodes[dialler].links.iter().any(|(linked, _)| *linked == other);
        if !are_up || !is_new || dialler == other || !self.network.reaches(dialler, other) {
            let contact = endpoint_of(other).into();
            let life = self.nodes[dialler].life;
            let event = Event::DialFailed { node: dialler, life, contact, purpose };
            self.network.at(self.network.now_ms + 1, event);
            return;
        }
        let number = self.network.connect(&mut self.rng, dialler, other);
        self.nodes[dialler].links.insert((other, number));
        self.nodes[other].links.insert((dialler, number));
        let link =
            |direction, at: usize, purpose| PeerLink { direction, endpoint: Some(endpoint_of(at)), purpose };
        let there = link(Direction::Outbound, other, Some(purpose));
        let here = link(Direction::Inbound, dialler, None);
        self.input(dialler, Input::Connected { node: id_of(other), link: there });
        self.input(other, Input::Connected { node: id_of(dialler), link: here });
    }

    pub(super) fn cut(&mut self, number: u64) {
        let Some(link) = self.network.links.remove(&number) else { return };
        let (one, other) = link.ends;
        for (node, peer) in [(one, other), (other, one)] {
            if self.nodes[node].links.remove(&(peer, number)) && self.nodes[node].is_up {
                self.input(node, Input::Closed { node: id_of(peer) });
            }
        }
    }

    pub(super) fn cut_where(&mut self, which: impl Fn(&(usize, usize)) -> bool) {
        let numbers: Vec<_> = self
            .network
            .links
            .iter()
            .filter(|(_, link)| which(&link.ends))
            .map(|(number, _)| *number)
            .collect();
        numbers.into_iter().for_each(|number| self.cut(number));
    }

    pub(super) fn input(&mut self, node: usize, input: Input) {
        if !self.nodes[node].is_up {
            return;
        }
        let now =
            Now { ms: self.network.now_ms, unix_ms: forge::GENESIS_MS + 1_000_000_000 + self.network.now_ms };
        let mut outputs = Vec::new();
        let it = &mut self.nodes[node];
        it.world.unix_ms = now.unix_ms;
        it.machine.handle(now, &it.world, input, &mut outputs);
        if outputs.len() > OUTPUTS_MAX {
            self.outcome.broken.push(format!("{} outputs of one input", outputs.len()));
        }
        for output in outputs {
            let bytes = self.note(node, &output);
            self.carry_out(node, output, bytes);
        }
    }

    /// Takes an output into the trace. Answers the length of a message.
    fn note(&mut self, node: usize, output: &Output) -> usize {
        (self.network.now_ms, node).hash(&mut self.trace);
        match output {
            Output::Send { node, message } => {
                let frame = encode(message);
                (node, &frame).hash(&mut self.trace);
                return frame.len();
            }
            Output::Judge { ticket, from, .. } => (ticket, from).hash(&mut self.trace),
            Output::Look { ticket, query } => (ticket, format!("{query:?}")).hash(&mut self.trace),
            Output::Close { .. } | Output::Dial { .. } => format!("{output:?}").hash(&mut self.trace),
        }
        0
    }

    fn carry_out(&mut self, node: usize, output: Output, bytes: usize) {
        let now_ms = self.network.now_ms;
        match output {
            Output::Send { node: to, message } => {
                if let Some(number) = self.link(node, node_of(&to)) {
                    self.network.send(&mut self.rng, number, node, message, bytes);
                }
            }
            Output::Close { node: to, goodbye } => {
                let Some(number) = self.link(node, node_of(&to)) else { return };
                if goodbye == Goodbye::Banned && self.plan.style == Style::Calm {
                    self.blame(node, node_of(&to));
                }
                let bytes = encode(&Message::Goodbye(goodbye)).len();
                self.network.send(&mut self.rng, number, node, Message::Goodbye(goodbye), bytes);
                self.network.at(now_ms + self.network.latency_of(number) + 10, Event::Cut(number));
            }
            Output::Dial { contact, purpose } => {
                let other = (0..self.nodes.len()).find(|other| endpoint_of(*other) == contact.endpoint);
                match other {
                    Some(other) => self.dial(node, other, purpose),
                    None => {
                        let life = self.nodes[node].life;
                        let event = Event::DialFailed { node, life, contact, purpose };
                        self.network.at(now_ms + 500, event);
                    }
                }
            }
            Output::Judge { ticket, claim, .. } => {
                if self.plan.planted == Some(Planted::DropsBodies)
                    && node == 1
                    && matches!(claim, Claim::Block(_) | Claim::Assembled(_))
                {
                    return;
                }
                let at_ms = self.busy(node, 1..15);
                let life = self.nodes[node].life;
                self.network.at(at_ms, Event::Judge { node, life, ticket, claim });
            }
            Output::Look { ticket, query } => {
                let at_ms = now_ms + self.rng.random_range(0..4);
                let life = self.nodes[node].life;
                self.network.at(at_ms, Event::Look { node, life, ticket, query });
            }
        }
    }

    fn link(&self, node: usize, other: usize) -> Option<u64> {
        self.nodes[node].links.iter().find(|(linked, _)| *linked == other).map(|(_, number)| *number)
    }

    /// When a node has done something that takes so long, after what it does already.
    fn busy(&mut self, node: usize, takes_ms: std::ops::Range<u64>) -> u64 {
        let takes_ms = self.rng.random_range(takes_ms);
        let it = &mut self.nodes[node];
        it.busy_until_ms = it.busy_until_ms.max(self.network.now_ms) + takes_ms;
        it.busy_until_ms
    }

    fn blame(&mut self, node: usize, other: usize) {
        let peer = self.nodes[node].machine.peers().get(&id_of(other));
        let faults: Vec<_> = peer
            .into_iter()
            .flat_map(|peer| peer.score.faults())
            .map(|recorded| (recorded.at_ms, recorded.fault.to_string()))
            .collect();
        let now_ms = self.network.now_ms;
        self.outcome.broken.push(format!("at {now_ms} ms node {node} bans node {other}: {faults:?}"));
    }
}
