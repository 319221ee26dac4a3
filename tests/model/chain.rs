//! The chain of the model: everything that was delivered, and what follows from it, found anew at every step.
//!
//! Execution of a side branch waits until it would win, as the protocol asks, or does not wait: the model always knows
//! what it will say, and only tells it later.
//!
//! Deliberately absent: how many blocks may wait, which is policy; runs stay below that. What is chosen among the
//! branches is in `choice`.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;

use vibecoin_primitives::ChainSpec;

use super::bytes::{Block, Hash, Header, sha256, tagged, tree};
use super::difficulty::{is_met, work};
use super::history::{self, Run};
use super::ledger::Ledger;
use super::rules::{self, DRIFT_MS, Rule};

/// How many blocks may be ahead of the clock.
const HELD_MAX: usize = 64;
/// How long a block waits for its parent, in ms, where there are bounds.
const WAIT_MS: u64 = 120_000;

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

/// How a node is run.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Side branches are executed only when they would win.
    pub lazy: bool,
    /// Of what can hardly win only the header is kept (FRK-3), and of strangers only what shows work (ORP-2).
    pub bounded: bool,
}

/// A block whose header is right.
pub(super) struct Stored {
    pub(super) header: Header,
    pub(super) parent: Hash,
    pub(super) own_work: u128,
    pub(super) total_work: u128,
    /// When it came, with its body if that is here.
    pub(super) arrival: usize,
    pub(super) block: Option<Block>,
    /// The ledger after it, or the rule that its execution breaks, whether that has been told or not; `None` while
    /// its body or that of an ancestor is missing.
    pub(super) result: Option<Result<Rc<Ledger>, Rule>>,
}

/// What happened to the tip during one delivery: how many blocks left, and which joined.
pub(super) struct Move {
    pub(super) left: u64,
    pub(super) joined: Vec<Hash>,
}

pub struct Model {
    pub(super) spec: ChainSpec,
    pub(super) policy: Policy,
    pub(super) stored: BTreeMap<Hash, Stored>,
    pub(super) invalid: BTreeMap<Hash, Rule>,
    /// Blocks whose parents are not known, and when each came.
    waiting: Vec<(Block, u64)>,
    held: BTreeMap<(u64, Hash), Block>,
    pub(super) tip: Hash,
    arrivals: usize,
}

impl Model {
    pub fn new(spec: &ChainSpec, policy: Policy) -> Self {
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
            block: None,
            result: Some(Ok(Rc::new(ledger))),
        };
        Self {
            spec: spec.clone(),
            policy,
            stored: BTreeMap::from([(tip, stored)]),
            invalid: BTreeMap::new(),
            waiting: Vec::new(),
            held: BTreeMap::new(),
            tip,
            arrivals: 0,
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
        self.ledger_at(&self.tip).expect("the tip is valid")
    }

    /// The ledger after a valid block.
    pub fn ledger_at(&self, id: &Hash) -> Option<Rc<Ledger>> {
        self.stored.get(id)?.result.clone()?.ok()
    }

    /// Total and own work of the tip.
    pub fn tip_work(&self) -> (u128, u128) {
        (self.stored[&self.tip].total_work, self.stored[&self.tip].own_work)
    }

    /// The work of the heaviest branch that nothing is wrong with.
    pub fn most_work(&self) -> u128 {
        let valid = self.stored.values().filter(|stored| matches!(stored.result, Some(Ok(_))));
        valid.map(|stored| stored.total_work).max().unwrap()
    }

    /// What is wrong with a block, if it came alone behind its parent and all time had passed.
    pub fn judge(&self, bytes: &[u8]) -> Result<(), Rule> {
        let block = rules::shape(&self.spec, bytes)?;
        let parent = block.content.parent_id;
        let headers = self.headers(&parent);
        rules::header(&self.spec, &block.header, &self.stored[&parent].header, &headers, u64::MAX)?;
        rules::body(&self.spec, &block)?;
        let before = self.ledger_at(&parent).expect("the parent is valid");
        rules::execution(&self.spec, &block, &before).map(drop)
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
        if self.policy.bounded {
            self.waiting.retain(|(_, since)| now - since <= WAIT_MS);
        }
        let mut moves = Vec::new();
        let mut parents = VecDeque::from([block.header.id]);
        let told = self.import_one(block, now, &mut moves);
        let mut settled = Vec::new();
        while let Some(parent) = parents.pop_front() {
            if !self.stored.contains_key(&parent) && !self.invalid.contains_key(&parent) {
                continue;
            }
            let (children, others) =
                self.waiting.drain(..).partition(|(other, _)| other.content.parent_id == parent);
            self.waiting = others;
            for (child, _) in children {
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
                let inherits = self.invalid.contains_key(&parent) && self.shows_work(&header) == Some(true);
                if rules::is_remembered(rule) || (rule == "HDR-10" && inherits) {
                    self.condemn(header.id, rule);
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
        let is_known = self.stored.contains_key(&id);
        if is_known && !self.lacks_body(&id) {
            if block.header.height > 0 {
                rules::commitments(&self.spec, &block)?;
            }
            return Ok("known".to_owned());
        }
        if !is_known {
            if self.invalid.contains_key(&parent_id) {
                return Err("HDR-10");
            }
            let Some(parent) = self.stored.get(&parent_id) else { return self.wait(block, now) };
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
        }
        let extends = parent_id == self.tip;
        if !extends && self.policy.bounded && !self.is_wanted(&block.header, &parent_id) {
            if !is_known {
                self.store(block.header, parent_id, None);
            }
            return Ok("header".to_owned());
        }
        rules::body(&self.spec, &block)?;
        if (extends || !self.policy.lazy) && self.is_linked(&parent_id) {
            let before = self.ledger_at(&parent_id).expect("no more than this is put off");
            rules::execution(&self.spec, &block, &before)?;
        }
        self.store(block.header.clone(), parent_id, Some(block));
        if extends {
            self.tip = id;
        }
        self.link(&id);
        self.choose(moves);
        if extends {
            return Ok("extended".to_owned());
        }
        if let Some(rule) = self.invalid.get(&id) {
            return Err(rule);
        }
        Ok(match moves.iter().find(|step| step.joined.contains(&id)) {
            Some(Move { left: 0, .. }) => "extended".to_owned(),
            Some(step) => format!("reorganised {}", step.left),
            None => "side".to_owned(),
        })
    }

    fn store(&mut self, header: Header, parent: Hash, block: Option<Block>) {
        let own_work = work(header.bits).unwrap();
        let total_work = self.stored[&parent].total_work + own_work;
        self.arrivals += 1;
        let arrival = self.arrivals;
        let id = header.id;
        let stored = Stored { header, parent, own_work, total_work, arrival, block, result: None };
        self.stored.insert(id, stored);
    }

    /// A block whose parent is unknown.
    fn wait(&mut self, block: Block, now: u64) -> Result<Told, Rule> {
        match self.shows_work(&block.header) {
            Some(false) => return Err("HDR-5"),
            None if self.policy.bounded => {}
            _ => {
                rules::commitments(&self.spec, &block)?;
                if self.waiting.iter().all(|(other, _)| other.header.id != block.header.id) {
                    self.waiting.push((block, now));
                }
            }
        }
        Ok("orphan".to_owned())
    }

    /// Whether a header's id meets the bits that it claims itself; `None` when those are no target with a work, or,
    /// where that matters, with too little.
    fn shows_work(&self, header: &Header) -> Option<bool> {
        let work = work(header.bits)?;
        let is_enough = !self.policy.bounded || 16 * work >= self.tip_work().1;
        is_enough.then(|| is_met(header.bits, &header.id))
    }

    /// From the genesis up to a block.
    pub(super) fn path(&self, id: &Hash) -> Vec<Hash> {
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
