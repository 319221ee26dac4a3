//! A network of machines under a virtual clock: who finds when, who hears when, and what that does.
//!
//! A search has no memory, so the moment at which a miner finds its next block is drawn from an exponential
//! distribution whose mean is the real work of that block over the miner's power, and drawn anew whenever its tip or
//! its power changes. The block itself is then made and its nonce searched by the real code.

mod relay;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, ChainSpec, Timestamp};

use super::closed_form::{Schedule, work_of_bits};
use super::node::{Fate, Node, Taken};
use super::random::Random;
use super::strategy::Strategy;
use relay::Part;

/// More blocks than any scenario has a use for: the difficulty has given way, or nobody takes what is found.
const FOUND_MAX: usize = 150_000;
/// So many blocks are found in vain before it is certain that a chain does not grow.
const IN_VAIN_MAX: usize = 3_000;

/// A block that somebody found.
pub struct Found {
    pub block: Arc<Block>,
    /// Who.
    pub miner: usize,
    /// When, in ms since the genesis.
    pub at: i64,
}

/// One machine and its miner.
pub struct Member {
    pub node: Node,
    /// Its power; 1 finds a block of the genesis's work in one interval.
    power: f64,
    strategy: Box<dyn Strategy>,
    /// How far its clock is ahead, in ms.
    clock_ahead_ms: i64,
    /// The fork-choice rule without its reserve, for comparison (see `counterfactual`).
    pub without_reserve: Option<super::counterfactual::WithoutReserve>,
    group: usize,
    /// From when it can search on its tip: the segment has to be made first.
    ready_at: i64,
    /// Only the newest draw counts.
    draw: u64,
    /// How often the tip moved by reverting so many blocks.
    pub reorganisations: BTreeMap<u64, u64>,
    /// Blocks it refused, by rule.
    pub refused: BTreeMap<String, u64>,
    /// Blocks it held for their time.
    pub held: u64,
    /// When a block first joined its active chain, in ms since the genesis.
    pub connected_at: HashMap<Hash, i64>,
}

enum Event {
    Find { miner: usize, draw: u64 },
    Arrive { to: usize, from: usize, block: Arc<Block>, asked: bool },
    Headers { to: usize, from: usize, blocks: Vec<Arc<Block>> },
    Wake { who: usize },
}

struct Entry {
    at: i64,
    number: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// The network.
pub struct Network {
    spec: ChainSpec,
    pub schedule: Schedule,
    pub members: Vec<Member>,
    /// Every block that was found, published or not.
    pub found: HashMap<Hash, Found>,
    random: Random,
    now: i64,
    events: BinaryHeap<Reverse<Entry>>,
    number: u64,
    /// How long a block travels, in ms, by sender and receiver.
    latency: Box<dyn Fn(usize, usize) -> i64>,
    /// How long the segment on a new tip takes, in ms.
    pace_ms: i64,
    /// When somebody asked last for a part of a block.
    asked: HashMap<(usize, Hash, Part), i64>,
}

impl Network {
    pub fn new(spec: ChainSpec, seed: u64) -> Self {
        let schedule = Schedule {
            interval_ms: spec.interval_ms as f64,
            half_life_ms: spec.half_life_ms as f64,
            genesis_work: work_of_bits(spec.genesis_bits.get()),
        };
        Self {
            spec,
            schedule,
            members: Vec::new(),
            found: HashMap::new(),
            random: Random::new(seed),
            now: 0,
            events: BinaryHeap::new(),
            number: 0,
            latency: Box::new(|_, _| 0),
            pace_ms: 0,
            asked: HashMap::new(),
        }
    }

    /// Blocks travel for so long.
    pub fn latency(mut self, latency: impl Fn(usize, usize) -> i64 + 'static) -> Self {
        self.latency = Box::new(latency);
        self
    }

    /// The segment on a new tip takes so long.
    pub fn pace(mut self, pace_ms: i64) -> Self {
        self.pace_ms = pace_ms;
        self
    }

    /// Adds a miner with a machine of its own.
    pub fn member(mut self, power: f64, strategy: Box<dyn Strategy>) -> Self {
        let who = self.members.len();
        self.members.push(Member {
            node: Node::new(&self.spec, who),
            power,
            strategy,
            clock_ahead_ms: 0,
            without_reserve: None,
            group: 0,
            ready_at: 0,
            draw: 0,
            reorganisations: BTreeMap::new(),
            refused: BTreeMap::new(),
            held: 0,
            connected_at: HashMap::new(),
        });
        self.draw(who);
        self
    }

    /// The clock of the member added last is ahead by so much.
    pub fn clock_ahead(mut self, by_ms: i64) -> Self {
        self.members.last_mut().expect("a member").clock_ahead_ms = by_ms;
        self
    }

    /// The member added last chooses without the reserve.
    pub fn without_reserve(mut self) -> Self {
        self.members.last_mut().expect("a member").without_reserve = Some(Default::default());
        self
    }

    /// The time of the genesis, in ms since the epoch.
    pub const fn genesis_time(&self) -> u64 {
        self.spec.genesis_time.get()
    }

    /// The least time between a block and its parent, in ms.
    pub const fn min_delta_ms(&self) -> u64 {
        self.spec.min_delta_ms
    }

    /// Ms since the genesis.
    pub const fn now(&self) -> i64 {
        self.now
    }

    /// Changes a miner's power.
    pub fn set_power(&mut self, who: usize, power: f64) {
        self.members[who].power = power;
        self.draw(who);
    }

    /// Cuts every link between members of different groups.
    pub fn split(&mut self, group_of: impl Fn(usize) -> usize) {
        for (who, member) in self.members.iter_mut().enumerate() {
            member.group = group_of(who);
        }
    }

    /// Joins everybody again: each tells its tip to those from whom it was cut off.
    pub fn heal(&mut self) {
        let groups: Vec<usize> = self.members.iter().map(|member| member.group).collect();
        self.members.iter_mut().for_each(|member| member.group = 0);
        for from in 0..groups.len() {
            let Some(tip) = self.found.get(&self.members[from].node.tip()) else { continue };
            let tip = Arc::clone(&tip.block);
            for to in (0..groups.len()).filter(|to| groups[*to] != groups[from]) {
                self.send(from, to, &tip);
            }
        }
    }

    /// Lets time pass until a member's chain has grown to `height`.
    pub fn run_to_height(&mut self, who: usize, height: u64) {
        let mut last = (self.members[who].node.height(), self.found.len());
        while last.0 < height {
            self.step();
            if self.members[who].node.height() > last.0 {
                last = (self.members[who].node.height(), self.found.len());
            }
            let in_vain = self.found.len() - last.1;
            assert!(
                in_vain < IN_VAIN_MAX,
                "the chain stands at {} while {in_vain} blocks were found",
                last.0
            );
        }
    }

    /// Lets time pass until `until`, in ms since the genesis.
    pub fn run_to_time(&mut self, until: i64) {
        while self.events.peek().is_some_and(|Reverse(next)| next.at <= until) {
            self.step();
        }
        self.now = until;
    }

    /// The blocks of a member's active chain above the genesis, the lowest first.
    pub fn chain_of(&self, who: usize) -> Vec<&Found> {
        let mut chain = Vec::new();
        let mut at = self.members[who].node.tip();
        while let Some(found) = self.found.get(&at) {
            chain.push(found);
            at = found.block.content.parent_id;
        }
        chain.reverse();
        chain
    }

    /// The interval that this power gives at the work of the member's next block, as a ratio of the aimed one.
    pub fn interval_ratio(&self, who: usize, power: f64) -> f64 {
        self.members[who].node.next_work() as f64 / (power * self.schedule.genesis_work)
    }

    fn step(&mut self) {
        let Reverse(Entry { at, event, .. }) = self.events.pop().expect("a miner is always at it");
        self.now = at;
        match event {
            Event::Find { miner, draw } if draw == self.members[miner].draw => self.find(miner),
            Event::Find { .. } => {}
            Event::Arrive { to, from, block, asked } => self.arrive(to, from, &block, asked),
            Event::Headers { to, from, blocks } => self.headers(to, from, &blocks),
            Event::Wake { who } => {
                let now = self.clock(who);
                let before = self.members[who].node.tip();
                let taken = self.members[who].node.retry_held(now);
                taken.iter().for_each(|taken| self.note(who, taken));
                self.moved(who, before);
            }
        }
    }

    fn find(&mut self, miner: usize) {
        let genesis = self.spec.genesis_time.get() as i64;
        let member = &mut self.members[miner];
        let earliest = member.node.tip_time().get() as i64 - genesis + self.spec.min_delta_ms as i64;
        let time = member.strategy.stamp(self.now, earliest) + genesis;
        let block = Arc::new(member.node.produce(Timestamp::new(time.max(0) as u64)));
        assert!(self.found.len() < FOUND_MAX, "blocks without end");
        self.found.insert(block.id(), Found { block: Arc::clone(&block), miner, at: self.now });
        let before = self.members[miner].node.tip();
        self.take(miner, miner, &block);
        let step = self.members[miner].strategy.found(&block);
        self.follow(miner, step);
        if self.members[miner].node.tip() == before {
            // Its own machine did not take the block; it searches on.
            self.draw(miner);
        }
        self.moved(miner, before);
    }

    fn take(&mut self, who: usize, from: usize, block: &Arc<Block>) -> Fate {
        let now = self.clock(who);
        let genesis = self.spec.genesis_time.get() as i64;
        let member = &mut self.members[who];
        let taken = member.node.take(from, block, now);
        if let Fate::Held(until) = taken.fate {
            member.held += 1;
            let wake = until.get() as i64 - genesis - member.clock_ahead_ms - self.now;
            self.push(wake, Event::Wake { who });
        }
        self.note(who, &taken);
        let member = &mut self.members[who];
        if let Some(rule) = &mut member.without_reserve
            && let Some((depth, connected)) = rule.apply(&mut member.node, block)
        {
            self.note(who, &Taken { fate: Fate::Stored, reverted: vec![depth], connected });
        }
        taken.fate
    }

    fn note(&mut self, who: usize, taken: &Taken) {
        let member = &mut self.members[who];
        for depth in taken.reverted.iter().filter(|depth| **depth > 0) {
            *member.reorganisations.entry(*depth).or_default() += 1;
        }
        for id in &taken.connected {
            member.connected_at.entry(*id).or_insert(self.now);
        }
        if let Fate::Refused(rule) = &taken.fate {
            *member.refused.entry(rule.clone()).or_default() += 1;
        }
    }

    /// A new tip is searched on once its segment is made.
    fn moved(&mut self, who: usize, before: Hash) {
        if self.members[who].node.tip() != before {
            self.members[who].ready_at = self.now + self.pace_ms;
            self.draw(who);
        }
    }

    fn draw(&mut self, who: usize) {
        let member = &mut self.members[who];
        member.draw += 1;
        if member.power <= 0.0 {
            return;
        }
        let mean = self.schedule.interval_ms * member.node.next_work() as f64
            / (self.schedule.genesis_work * member.power);
        let start = (member.ready_at - self.now).max(0);
        let (after, draw) = (self.random.exponential(mean).round() as i64 + start, member.draw);
        self.push(after, Event::Find { miner: who, draw });
    }

    fn push(&mut self, after: i64, event: Event) {
        self.number += 1;
        self.events.push(Reverse(Entry { at: self.now + after.max(0), number: self.number, event }));
    }

    fn clock(&self, who: usize) -> Timestamp {
        let now = self.spec.genesis_time.get() as i64 + self.now + self.members[who].clock_ahead_ms;
        Timestamp::new(now.max(0) as u64)
    }
}
