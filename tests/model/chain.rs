//! The chain of the model: everything that was delivered, and what follows from it, found anew at every step.
//!
//! Execution of a side branch waits until it would win, as the protocol asks, or does not wait: the model always knows
//! what it will say, and only tells it later.
//!
//! Deliberately absent: bounds on what waits, which are policy; runs stay below them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::rc::Rc;

use vibecoin_primitives::ChainSpec;

use super::bytes::{Block, Hash, Header, sha256, tagged, tree};
use super::difficulty::work;
use super::history::{self, Run};
use super::ledger::Ledger;
use super::rules::{self, DRIFT_MS, Rule};

/// How many blocks may be ahead of the clock.
const HELD_MAX: usize = 64;

/// A verdict as a word, or the number of the broken rule.
pub type Told = String;

/// What came of one delivery, and of the blocks that had waited for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivered {
    pub told: Told,
    pub settled: Vec<(Hash, Told)>,
}

impl fmt::Debug for Delivered {
    /// The verdicts in order, each with the first bytes of its block's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.told)?;
        self.settled.iter().try_for_each(|(id, told)| {
            let [first, second, third, ..] = id;
            write!(f, ", {first:02x}{second:02x}{third:02x} {told}")
        })
    }
}

struct Stored {
    header: Header,
    parent: Hash,
    own_work: u128,
    total_work: u128,
    arrival: usize,
    /// The ledger after it, or the rule that its execution breaks, whether that has been told or not.
    result: Result<Rc<Ledger>, Rule>,
}

/// What happened to the tip during one delivery: how many blocks left, and which joined.
struct Move {
    left: u64,
    joined: Vec<Hash>,
}

pub struct Model {
    spec: ChainSpec,
    /// Whether side branches wait with their execution.
    lazy: bool,
    stored: BTreeMap<Hash, Stored>,
    invalid: BTreeMap<Hash, Rule>,
    waiting: Vec<Block>,
    held: BTreeMap<(u64, Hash), Block>,
    tip: Hash,
}

impl Model {
    pub fn new(spec: &ChainSpec, lazy: bool) -> Self {
        let ledger = Ledger::genesis(spec);
        let header = genesis(spec, &ledger);
        let own_work = work(header.bits).unwrap();
        let tip = header.id;
        let stored = Stored {
            header,
            parent: [0; 32],
            own_work,
            total_work: own_work,
            arrival: 0,
            result: Ok(Rc::new(ledger)),
        };
        Self {
            spec: spec.clone(),
            lazy,
            stored: BTreeMap::from([(tip, stored)]),
            invalid: BTreeMap::new(),
            waiting: Vec::new(),
            held: BTreeMap::new(),
            tip,
        }
    }

    pub const fn tip(&self) -> Hash {
        self.tip
    }

    pub fn height(&self) -> u64 {
        self.stored[&self.tip].header.height
    }

    /// The ledger after the tip.
    pub fn ledger(&self) -> Rc<Ledger> {
        Rc::clone(self.stored[&self.tip].result.as_ref().expect("the tip is valid"))
    }

    /// The ledger after a valid block.
    pub fn ledger_at(&self, id: &Hash) -> Option<Rc<Ledger>> {
        self.stored.get(id)?.result.clone().ok()
    }

    /// Total and own work of the tip.
    pub fn tip_work(&self) -> (u128, u128) {
        (self.stored[&self.tip].total_work, self.stored[&self.tip].own_work)
    }

    /// The work of the heaviest branch that nothing is wrong with.
    pub fn most_work(&self) -> u128 {
        let valid = self.stored.values().filter(|stored| stored.result.is_ok());
        valid.map(|stored| stored.total_work).max().unwrap()
    }

    /// What is wrong with a block, if it came alone behind its parent and all time had passed.
    pub fn judge(&self, bytes: &[u8]) -> Result<(), Rule> {
        let block = rules::shape(&self.spec, bytes)?;
        let parent = &self.stored[&block.content.parent_id];
        let headers = self.headers(&block.content.parent_id);
        rules::header(&self.spec, &block.header, &parent.header, &headers, u64::MAX)?;
        rules::body(&self.spec, &block)?;
        rules::execution(&self.spec, &block, parent.result.as_ref().map_err(|_| "HDR-10")?).map(drop)
    }

    /// Forgets what only a running node knows.
    pub fn restart(&mut self) {
        self.waiting.clear();
        self.held.clear();
    }

    /// Takes in the bytes of a block and whatever waited for it.
    pub fn deliver(&mut self, bytes: &[u8], now: u64) -> Delivered {
        match rules::shape(&self.spec, bytes) {
            Ok(block) => self.import(block, now),
            // Such a block has no name that anybody could wait for.
            Err(rule) => Delivered { told: rule.to_owned(), settled: Vec::new() },
        }
    }

    /// Tries the held blocks whose time has come.
    pub fn tick(&mut self, now: u64) -> Vec<Delivered> {
        let mut delivered = Vec::new();
        while let Some(entry) = self.held.first_entry() {
            if entry.key().0 > now.saturating_add(DRIFT_MS) {
                break;
            }
            let block = entry.remove();
            delivered.push(self.import(block, now));
        }
        delivered
    }

    fn import(&mut self, block: Block, now: u64) -> Delivered {
        let mut moves = Vec::new();
        let mut parents = VecDeque::from([block.header.id]);
        let told = self.import_one(block, now, &mut moves);
        let mut settled = Vec::new();
        while let Some(parent) = parents.pop_front() {
            if !self.stored.contains_key(&parent) && !self.invalid.contains_key(&parent) {
                continue;
            }
            let (children, others) =
                self.waiting.drain(..).partition(|other: &Block| other.content.parent_id == parent);
            self.waiting = others;
            for child in children {
                let id = child.header.id;
                settled.push((id, self.import_one(child, now, &mut moves)));
                parents.push_back(id);
            }
        }
        Delivered { told, settled }
    }

    fn import_one(&mut self, block: Block, now: u64, moves: &mut Vec<Move>) -> Told {
        let (header, parent) = (block.header.clone(), block.content.parent_id);
        match self.take_in(block, now, moves) {
            Ok(told) => told,
            Err(rule) => {
                let inherits = self.invalid.contains_key(&parent) && rules::work_shown(&header) == Some(true);
                if rules::is_remembered(rule) || (rule == "HDR-10" && inherits) {
                    self.invalid.insert(header.id, rule);
                }
                rule.to_owned()
            }
        }
    }

    fn take_in(&mut self, block: Block, now: u64, moves: &mut Vec<Move>) -> Result<Told, Rule> {
        let (id, parent_id) = (block.header.id, block.content.parent_id);
        if let Some(rule) = self.invalid.get(&id) {
            return Err(rule);
        }
        if let Some(stored) = self.stored.get(&id) {
            if stored.header.height > 0 {
                rules::commitments(&self.spec, &block)?;
            }
            return Ok("known".to_owned());
        }
        if self.invalid.contains_key(&parent_id) {
            return Err("HDR-10");
        }
        let Some(parent) = self.stored.get(&parent_id) else { return self.wait(block) };
        let headers = self.headers(&parent_id);
        match rules::header(&self.spec, &block.header, &parent.header, &headers, now) {
            Err("HDR-7") => {
                rules::commitments(&self.spec, &block)?;
                self.held.insert((block.header.time, id), block);
                assert!(self.held.len() <= HELD_MAX, "which of them would go is nobody's rule");
                return Ok("held".to_owned());
            }
            verdict => verdict?,
        }
        rules::body(&self.spec, &block)?;
        let result = match &parent.result {
            Ok(before) => rules::execution(&self.spec, &block, before).map(Rc::new),
            Err(_) => Err("HDR-10"),
        };
        if parent_id == self.tip || !self.lazy {
            result.as_ref().map_err(|rule| *rule)?;
        }
        let own_work = work(block.header.bits).unwrap();
        let stored = Stored {
            header: block.header,
            parent: parent_id,
            own_work,
            total_work: history::work(&headers) + own_work,
            arrival: self.stored.len() + self.invalid.len(),
            result,
        };
        self.stored.insert(id, stored);
        if parent_id == self.tip {
            self.tip = id;
            self.choose(moves);
            return Ok("extended".to_owned());
        }
        self.choose(moves);
        if let Some(rule) = self.invalid.get(&id) {
            return Err(rule);
        }
        Ok(match moves.iter().find(|step| step.joined.contains(&id)) {
            Some(step) => format!("reorganised {}", step.left),
            None => "side".to_owned(),
        })
    }

    /// A block whose parent is unknown.
    fn wait(&mut self, block: Block) -> Result<Told, Rule> {
        if rules::work_shown(&block.header) == Some(false) {
            return Err("HDR-5");
        }
        rules::commitments(&self.spec, &block)?;
        if self.waiting.iter().all(|other| other.header.id != block.header.id) {
            self.waiting.push(block);
        }
        Ok("orphan".to_owned())
    }

    /// Moves the tip to the heaviest branch that is ahead by more than half of the tip's own work, of several the one
    /// that came first, until there is none. A branch that turns out invalid is out of the question.
    fn choose(&mut self, moves: &mut Vec<Move>) {
        loop {
            let tip = &self.stored[&self.tip];
            let ahead = self.stored.iter().filter(|(id, other)| {
                !self.invalid.contains_key(*id)
                    && other.total_work > tip.total_work
                    && 2 * (other.total_work - tip.total_work) > tip.own_work
            });
            let heaviest =
                ahead.max_by_key(|(_, other)| (other.total_work, std::cmp::Reverse(other.arrival)));
            let Some((winner, _)) = heaviest else { return };
            let winner = *winner;
            let active: BTreeSet<Hash> = self.path(&self.tip).into_iter().collect();
            let joined: Vec<Hash> =
                self.path(&winner).into_iter().filter(|id| !active.contains(id)).collect();
            let broken = joined.iter().find_map(|id| Some((*id, self.stored[id].result.as_ref().err()?)));
            if let Some((id, rule)) = broken {
                let rule = *rule;
                self.condemn(id, rule);
                continue;
            }
            let fork_height = self.stored[&joined[0]].header.height - 1;
            moves.push(Move { left: self.height() - fork_height, joined });
            self.tip = winner;
        }
    }

    /// Marks a stored block and all that stands on it.
    fn condemn(&mut self, id: Hash, rule: Rule) {
        self.invalid.insert(id, rule);
        let children: Vec<Hash> =
            self.stored.iter().filter(|(_, other)| other.parent == id).map(|(child, _)| *child).collect();
        children.into_iter().for_each(|child| self.condemn(child, "HDR-10"));
    }

    /// From the genesis up to a block.
    fn path(&self, id: &Hash) -> Vec<Hash> {
        let mut path = Vec::new();
        let mut at = *id;
        while let Some(stored) = self.stored.get(&at) {
            path.push(at);
            at = stored.parent;
        }
        path.reverse();
        path
    }

    /// All headers up to and including a block.
    fn headers(&self, id: &Hash) -> Vec<Run> {
        let run = |id: Hash| {
            let Stored { header, own_work, .. } = &self.stored[&id];
            Run { hash: id, work: *own_work, from: header.prev_time, to: header.time }
        };
        self.path(id).into_iter().map(run).collect()
    }
}

/// The header of the genesis, made from the rows of the spec.
fn genesis(spec: &ChainSpec, ledger: &Ledger) -> Header {
    let prefix = spec.address_prefix.to_string();
    let parent_id = tagged(
        "vibe/spec/v1",
        &[
            &(prefix.len() as u32).to_le_bytes(),
            prefix.as_bytes(),
            &spec.chain_id.to_le_bytes(),
            &spec.interval_ms.to_le_bytes(),
            &spec.poh_ticks.to_le_bytes(),
            &spec.poh_hashes_per_tick.to_le_bytes(),
            &spec.half_life_ms.to_le_bytes(),
            &spec.easiest_bits.get().to_le_bytes(),
            &spec.genesis_bits.get().to_le_bytes(),
            &spec.min_delta_ms.to_le_bytes(),
            &spec.block_gas.to_le_bytes(),
            &spec.block_bytes.to_le_bytes(),
            &spec.genesis_time.get().to_le_bytes(),
        ],
    );
    let empty = tree::<Vec<u8>>(&[]);
    let content = [&parent_id[..], &ledger.root(), &empty, &empty, &empty, &[0; 32 + 20 + 8 + 4]].concat();
    let content_root = tagged("vibe/content/v1", &[&content]);
    let history_root = history::root(&[]);
    let (time, bits) = (spec.genesis_time.get(), spec.genesis_bits.get());
    let bytes = [
        &history_root[..],
        &content_root,
        &1_u32.to_le_bytes(),
        &[0; 8],
        &time.to_le_bytes(),
        &time.to_le_bytes(),
        &bits.to_le_bytes(),
        &[0; 8],
    ]
    .concat();
    let id = sha256(&[&sha256(&[&bytes])]);
    Header { history_root, content_root, version: 1, height: 0, prev_time: time, time, bits, id }
}
