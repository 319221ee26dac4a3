//! One node: a machine, what it knows, and how long its work takes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_network::wire::{HeaderRecord, RawBlock, TipClaim};
use vibecoin_network::world::{
    Believe, BlockFate, Broken, Claim, Found, Have, Holding, Judgement, Query, TransactionFate,
};
use vibecoin_network::{Machine, Now};
use vibecoin_primitives::{Transaction, Work, block};

use crate::blocks::{Chain, Made};
use crate::lines::Uplink;

/// More transactions than are ever sent along with a compact block.
const PREFILLED_MAX: usize = 128;
/// Ids in a locator.
const LOCATOR: usize = 32;

/// What a node's work takes, one thing after the other.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    /// Header, work and history of a block, in µs.
    pub header_us: u64,
    /// For each transaction of a compact block: short ids of the pool, leaf hash, place in the tree; in ns.
    pub reconstruct_ns: u64,
    /// Transactions that are checked and executed in a second.
    pub execute_per_s: u64,
    /// Reading a block from the store, in µs.
    pub read_us: u64,
}

impl Default for Costs {
    fn default() -> Self {
        Self { header_us: 300, reconstruct_ns: 2_000, execute_per_s: 18_000, read_us: 1_000 }
    }
}

/// What a node knows.
#[derive(Debug)]
pub struct Knowledge {
    chain: Rc<RefCell<Chain>>,
    known: BTreeSet<usize>,
    /// Headers without bodies.
    headers: BTreeSet<usize>,
    /// The active tip.
    pub tip: usize,
    /// Decides which transactions are not in the pool.
    number: u64,
    overlap_percent: u64,
}

/// See the module.
pub struct Node {
    /// Its part of the protocol.
    pub machine: Machine,
    /// What the machine asks.
    pub world: Knowledge,
    /// The line out.
    pub uplink: Uplink,
    /// When it has done what it works on, in µs.
    pub free_us: u64,
    /// The place that each peer's messages arrive at, not before: they stay in their order. By peer, in µs.
    pub arrived_us: BTreeMap<usize, u64>,
    /// When it executed each block, in µs.
    pub executed_us: BTreeMap<usize, u64>,
    /// Bytes that left it.
    pub sent_bytes: u64,
}

impl Knowledge {
    /// Nothing but the genesis.
    pub fn new(chain: Rc<RefCell<Chain>>, number: usize, overlap_percent: u64) -> Self {
        Self {
            chain,
            known: BTreeSet::from([0]),
            headers: BTreeSet::new(),
            tip: 0,
            number: number as u64,
            overlap_percent,
        }
    }

    fn has_in_pool(&self, leaf_hash: &Hash) -> bool {
        // Which ones are missing differs from node to node.
        let bytes = leaf_hash.as_bytes();
        let drawn = u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], 0, 0, 0, 0]);
        let mixed =
            (drawn ^ self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        (mixed >> 32) % 100 < self.overlap_percent
    }

    /// Takes a block in. True if it is the tip now.
    pub fn take(&mut self, at: usize) -> bool {
        self.known.insert(at);
        self.headers.remove(&at);
        let chain = self.chain.borrow();
        let heavier = chain.get(at).work > chain.get(self.tip).work;
        if heavier {
            self.tip = at;
        }
        heavier
    }

    /// The answer to a claim, the block it takes in, and the work it is, in µs.
    pub fn judge(&mut self, claim: &Claim, costs: &Costs) -> (Judgement, Option<usize>, u64) {
        match claim {
            Claim::Assembled(block) => self.execute(block.id(), costs),
            Claim::Block(block) => self.execute(block.id(), costs),
            Claim::Headers(heads) => {
                let chain = self.chain.borrow();
                let places: Vec<_> = heads.iter().map_while(|head| chain.find(&head.id())).collect();
                self.headers.extend(places.iter().filter(|at| !self.known.contains(at)));
                let work_us = heads.len() as u64 * costs.header_us;
                (Judgement::Headers { taken: places.len(), broken: None }, None, work_us)
            }
            Claim::Transactions(transactions) => {
                let known = |transaction: &Transaction| (transaction.leaf_hash(), TransactionFate::Known);
                (Judgement::Transactions(transactions.iter().map(known).collect()), None, 0)
            }
            _ => (Judgement::Undecided, None, 0),
        }
    }

    fn execute(&self, id: Hash, costs: &Costs) -> (Judgement, Option<usize>, u64) {
        let chain = self.chain.borrow();
        let at = chain
            .find(&id)
            .filter(|at| chain.get(*at).parent.is_some_and(|parent| self.known.contains(&parent)));
        let transactions = at.map_or(0, |at| chain.get(at).leaf_hashes.len() as u64);
        let fate = if at.is_some() { BlockFate::Taken } else { BlockFate::Waiting };
        (Judgement::Block { id, fate }, at, costs.header_us + transactions * 1_000_000 / costs.execute_per_s)
    }

    /// The tip, or the heaviest header above it.
    fn best(&self) -> usize {
        let chain = self.chain.borrow();
        let heaviest = self.headers.iter().copied().max_by_key(|at| chain.get(*at).work);
        heaviest.filter(|at| chain.get(*at).work > chain.get(self.tip).work).unwrap_or(self.tip)
    }

    /// The answer to a query, and the work it is, in µs.
    pub fn look(&self, query: &Query, costs: &Costs) -> (Found, u64) {
        let chain = self.chain.borrow();
        let block = |id: &Hash| chain.find(id).filter(|at| self.known.contains(at)).map(|at| chain.get(at));
        match query {
            Query::ShortIds { key, ids } => {
                // The pool holds what the block on its way holds, with its gaps. Which one that is shows a short id
                // that is not among the few that were sent along.
                let is_named = |made: &&Made| {
                    let few = made.leaf_hashes.iter().take(PREFILLED_MAX + 1);
                    ids.first().is_some_and(|id| few.clone().any(|leaf_hash| key.short_id(leaf_hash) == *id))
                };
                let made = chain.newest().find(is_named);
                let here =
                    made.into_iter().flat_map(|made| made.leaf_hashes.iter().zip(&made.block.transactions));
                let here = here.filter(|(leaf_hash, _)| self.has_in_pool(leaf_hash));
                let pool: BTreeMap<_, _> =
                    here.map(|(leaf_hash, transaction)| (key.short_id(leaf_hash), transaction)).collect();
                let found = ids.iter().map(|id| pool.get(id).map(|transaction| (*transaction).clone()));
                let work_us = costs.header_us + ids.len() as u64 * costs.reconstruct_ns / 1_000;
                (Found::ShortIds(found.collect()), work_us)
            }
            Query::BlockTransactions { block: id, indexes } => {
                let of = |made: &Made| {
                    indexes.iter().map(|at| made.block.transactions.get(*at as usize).cloned()).collect()
                };
                (Found::BlockTransactions(block(id).and_then(of)), costs.read_us)
            }
            Query::WholeBlock(id) => {
                (Found::WholeBlock(block(id).map(|made| Arc::clone(&made.block))), costs.read_us)
            }
            Query::Block(id) => {
                let raw = block(id).and_then(|made| RawBlock::new(made.block.encode()).ok());
                (Found::Block(raw), costs.read_us)
            }
            Query::Head(id) => {
                let head = chain.find(id).filter(|at| self.known.contains(at) || self.headers.contains(at));
                let head = head.map(|at| (chain.get(at).head(), chain.get(at).work));
                (Found::Head(head.map(Box::new)), 0)
            }
            Query::Locator => {
                let ids = chain.branch(self.best()).take(LOCATOR).map(|at| chain.get(at).id);
                (Found::Locator(ids.collect()), 0)
            }
            Query::Headers { locator, limit } => {
                let known = |at: &usize| locator.contains(&chain.get(*at).id);
                let after: Vec<_> = chain.branch(self.tip).take_while(|at| !known(at)).collect();
                let heads = after.into_iter().rev().take(*limit).map(|at| chain.get(at).head());
                (Found::Headers(heads.collect()), 0)
            }
            Query::Wanted { limit } => {
                let missing: Vec<_> =
                    chain.branch(self.best()).take_while(|at| !self.known.contains(at)).collect();
                let wanted = missing.into_iter().rev().take(*limit);
                let wanted = wanted.map(|at| (chain.get(at).id, chain.get(at).block.header.height));
                (Found::Wanted(wanted.collect()), 0)
            }
            Query::Waiting { .. } => (Found::Waiting(Vec::new()), 0),
            _ => (Found::Nothing, 0),
        }
    }
}

impl Believe for Knowledge {
    fn header(&self, _parent: &HeaderRecord, _child: &HeaderRecord) -> Result<Work, Broken> {
        Ok(Work::new(1))
    }

    fn on_tip(&self, head: &HeaderRecord) -> Option<Result<(), Broken>> {
        (head.content.parent_id == self.tip().id).then_some(Ok(()))
    }

    fn tx_root(&self, transactions: &[Transaction]) -> Hash {
        // A thousand nodes ask for the same root: it is compared, which is quicker than hashing.
        let chain = self.chain.borrow();
        let same = chain.newest().find(|made| made.block.transactions == transactions);
        same.map_or_else(|| block::tx_root(transactions), |made| made.block.content.tx_root)
    }
}

impl Have for Knowledge {
    fn tip(&self) -> TipClaim {
        self.chain.borrow().get(self.tip).claim()
    }

    fn tip_header(&self) -> HeaderRecord {
        self.chain.borrow().get(self.tip).head()
    }

    fn best_header(&self) -> TipClaim {
        self.chain.borrow().get(self.best()).claim()
    }

    fn block(&self, id: &Hash) -> Holding {
        match self.chain.borrow().find(id) {
            Some(at) if self.known.contains(&at) => Holding::Body,
            Some(at) if self.headers.contains(&at) => Holding::Header,
            _ => Holding::Unknown,
        }
    }

    fn transaction(&self, _leaf_hash: &Hash) -> bool {
        false
    }

    fn segment(&self, parent: &Hash) -> Option<Arc<[Hash]>> {
        // Segments are shared while the next block is still searched for.
        let chain = self.chain.borrow();
        let child = chain.newest().find(|made| made.block.content.parent_id == *parent);
        child.map(|made| made.block.ticks.clone().into())
    }

    fn active_header(&self, id: &Hash) -> Option<HeaderRecord> {
        let chain = self.chain.borrow();
        let at = chain.find(id)?;
        let height = chain.get(at).work;
        let active = chain.branch(self.tip).find(|active| chain.get(*active).work <= height);
        (active == Some(at)).then(|| chain.get(at).head())
    }
}

/// The time of the machine's clock.
pub const fn now(us: u64) -> Now {
    Now { ms: us / 1_000, unix_ms: crate::blocks::GENESIS_MS + us / 1_000 }
}
