//! The node's part, played from maps in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Height, Transaction, Work, block};

use super::forge;
use crate::wire::{HeaderRecord, RawBlock, ShortId, ShortIdKey, TipClaim};
use crate::world::{
    Believe, BlockFate, Broken, Claim, Found, Have, Holding, Judgement, Query, TransactionFate,
};

/// A time ahead of the clock that is still taken, in ms.
const DRIFT_MS: u64 = 15_000;

/// A range of a state, and the key after it.
type Chunk = (Arc<[u8]>, Option<Hash>);

/// See the module above.
#[derive(Clone, Debug)]
pub struct FakeWorld {
    /// The clock that times of headers are compared with, in ms since the Unix epoch.
    pub unix_ms: u64,
    headers: BTreeMap<Hash, (HeaderRecord, Work)>,
    bodies: BTreeMap<Hash, Arc<Block>>,
    invalid: BTreeSet<Hash>,
    condemned: BTreeSet<Hash>,
    active: Vec<Hash>,
    best: Hash,
    pool: BTreeMap<Hash, Transaction>,
    /// Leaf hashes of what the active chain contains.
    mined: BTreeSet<Hash>,
    segments: BTreeMap<Hash, Arc<[Hash]>>,
    chunks: BTreeMap<(Hash, Hash), Chunk>,
}

impl Default for FakeWorld {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeWorld {
    /// A world with nothing but the genesis of [`forge`].
    #[must_use]
    pub fn new() -> Self {
        let genesis = forge::genesis();
        let id = genesis.id();
        Self {
            unix_ms: forge::GENESIS_MS + 1_000_000_000,
            headers: BTreeMap::from([(id, (forge::head(&genesis), Work::ZERO))]),
            bodies: BTreeMap::from([(id, Arc::new(genesis))]),
            invalid: BTreeSet::new(),
            condemned: BTreeSet::new(),
            active: vec![id],
            best: id,
            pool: BTreeMap::new(),
            mined: BTreeSet::new(),
            segments: BTreeMap::new(),
            chunks: BTreeMap::new(),
        }
    }

    /// What a handshake says of the genesis.
    #[must_use]
    pub fn genesis(&self) -> TipClaim {
        self.claim(&self.active[0])
    }

    /// The ids of the active chain, from the genesis on.
    #[must_use]
    pub fn active(&self) -> &[Hash] {
        &self.active
    }

    /// A stored block.
    #[must_use]
    pub fn body(&self, id: &Hash) -> Option<&Arc<Block>> {
        self.bodies.get(id)
    }

    /// From now on the execution of this block fails.
    pub fn condemn(&mut self, id: Hash) {
        self.condemned.insert(id);
    }

    /// Puts a transaction into the pool, unless the active chain contains it. True if it is new there.
    pub fn put(&mut self, transaction: Transaction) -> bool {
        let leaf_hash = transaction.leaf_hash();
        !self.mined.contains(&leaf_hash) && self.pool.insert(leaf_hash, transaction).is_none()
    }

    /// True if the active chain contains a transaction.
    #[must_use]
    pub fn is_mined(&self, leaf_hash: &Hash) -> bool {
        self.mined.contains(leaf_hash)
    }

    /// Takes a transaction out of the pool.
    pub fn drop_transaction(&mut self, leaf_hash: &Hash) {
        self.pool.remove(leaf_hash);
    }

    /// How many transactions wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pool.len()
    }

    /// Makes a segment known.
    pub fn learn_segment(&mut self, parent: Hash) {
        self.segments.insert(parent, forge::segment(&parent));
    }

    /// Makes a range of a state known: what is asked for at `start` is `chunk`, and `next` is what to ask for then.
    pub fn put_chunk(&mut self, block: Hash, start: Hash, chunk: Arc<[u8]>, next: Option<Hash>) {
        self.chunks.insert((block, start), (chunk, next));
    }

    /// Takes in a header. It is known from then on, if it may be believed.
    ///
    /// # Errors
    /// As [`Believe::header`]; an unknown parent blames nobody.
    pub fn take_header(&mut self, head: HeaderRecord) -> Result<(), Broken> {
        let id = head.id();
        if self.headers.contains_key(&id) {
            return Ok(());
        }
        let Some((parent, work)) = self.headers.get(&head.content.parent_id) else {
            return Err(broken("ORP-1", false, false));
        };
        if self.invalid.contains(&head.content.parent_id) {
            return Err(broken("BLK-2", true, true));
        }
        let own = self.header(parent, &head)?;
        let work = work.checked_add(own).ok_or_else(|| broken("HDR-9", true, true))?;
        if work > self.headers[&self.best].1 {
            self.best = id;
        }
        self.headers.insert(id, (head, work));
        Ok(())
    }

    /// Takes in a block as the chain would, and moves the tip if it has more work.
    pub fn take(&mut self, block: Arc<Block>) -> BlockFate {
        let id = block.id();
        if self.invalid.contains(&id) {
            return BlockFate::Broken(broken("EXE-6", true, true));
        }
        if self.bodies.contains_key(&id) {
            return BlockFate::Taken;
        }
        if block.content.root() != block.header.content_root {
            return BlockFate::Broken(broken("BLK-3", true, false));
        }
        if !self.bodies.contains_key(&block.content.parent_id) {
            return BlockFate::Waiting;
        }
        match self.take_header(forge::head(&block)) {
            Ok(()) => {}
            Err(broken) if broken.blames_sender => return BlockFate::Broken(broken),
            Err(_) => return BlockFate::Waiting,
        }
        if block.ticks != *forge::segment(&block.content.parent_id) {
            return BlockFate::Broken(broken("POH-2", true, false));
        }
        if block::tx_root(&block.transactions) != block.content.tx_root {
            return BlockFate::Broken(broken("BLK-4", true, false));
        }
        if self.condemned.contains(&id) {
            self.mark_invalid(id);
            return BlockFate::Broken(broken("EXE-6", true, true));
        }
        self.segments.insert(block.content.parent_id, block.ticks.clone().into());
        self.bodies.insert(id, block);
        if self.headers[&id].1 > self.tip().work {
            self.activate(id);
        }
        BlockFate::Taken
    }

    /// Marks a block and everything on it.
    fn mark_invalid(&mut self, id: Hash) {
        let mut marked = vec![id];
        while let Some(id) = marked.pop() {
            self.invalid.insert(id);
            let on_it = self.headers.iter().filter(|(_, (head, _))| head.content.parent_id == id);
            marked.extend(on_it.map(|(child, _)| *child));
        }
        let sound = self.headers.iter().filter(|(id, _)| !self.invalid.contains(*id));
        let tip = self.active[self.active.len() - 1];
        let best = sound.max_by_key(|(id, (_, work))| (*work, **id == tip));
        self.best = best.map_or(tip, |(id, _)| *id);
    }

    fn activate(&mut self, id: Hash) {
        let mut branch = vec![id];
        let mut at = self.headers[&id].0;
        while self.active.get(at.header.height.get() as usize - 1) != Some(&at.content.parent_id) {
            branch.push(at.content.parent_id);
            at = self.headers[&at.content.parent_id].0;
        }
        for left in self.active.split_off(at.header.height.get() as usize) {
            for transaction in &self.bodies[&left].transactions {
                self.mined.remove(&transaction.leaf_hash());
                self.pool.insert(transaction.leaf_hash(), transaction.clone());
            }
        }
        for id in branch.into_iter().rev() {
            for transaction in &self.bodies[&id].transactions {
                self.mined.insert(transaction.leaf_hash());
                self.pool.remove(&transaction.leaf_hash());
            }
            self.active.push(id);
        }
    }

    fn claim(&self, id: &Hash) -> TipClaim {
        let (head, work) = &self.headers[id];
        TipClaim { id: *id, height: head.header.height, work: *work }
    }

    /// The answer to a claim, with what follows from it here.
    pub fn judge(&mut self, claim: Claim) -> Judgement {
        match claim {
            Claim::Headers(heads) => {
                let mut taken = 0;
                for head in heads {
                    match self.take_header(head) {
                        Ok(()) => taken += 1,
                        Err(broken) => return Judgement::Headers { taken, broken: Some(broken) },
                    }
                }
                Judgement::Headers { taken, broken: None }
            }
            Claim::Block(raw) => {
                let fate = match raw.decode() {
                    Ok(block) => self.take(Arc::new(block)),
                    Err(_) => BlockFate::Broken(broken("BLK-1", true, false)),
                };
                Judgement::Block { id: raw.id(), fate }
            }
            Claim::Assembled(block) => Judgement::Block { id: block.id(), fate: self.take(block) },
            Claim::Transactions(transactions) => Judgement::Transactions(
                transactions.into_iter().map(|transaction| self.judge_transaction(transaction)).collect(),
            ),
            Claim::Segment { parent, ticks } => {
                if ticks == forge::segment(&parent) {
                    self.segments.insert(parent, ticks);
                    Judgement::Segment(Ok(()))
                } else {
                    Judgement::Segment(Err(broken("POH-3", true, false)))
                }
            }
            Claim::StateChunk { block, start, chunk } => match self.chunks.get(&(block, start)) {
                Some((known, next)) if *known == chunk => Judgement::StateChunk(Ok(*next)),
                _ => Judgement::StateChunk(Err(broken("STA-1", true, false))),
            },
        }
    }

    fn judge_transaction(&mut self, transaction: Transaction) -> (Hash, TransactionFate) {
        let leaf_hash = transaction.leaf_hash();
        let fate = if transaction.body.gas_price == 0 {
            TransactionFate::Refused(broken("TX-6", true, false))
        } else if transaction.body.nonce == forge::NONCE_NOT_WANTED {
            TransactionFate::Refused(broken("POOL-1", false, false))
        } else if self.put(transaction) {
            TransactionFate::New
        } else {
            TransactionFate::Known
        };
        (leaf_hash, fate)
    }

    /// The answer to a query.
    #[must_use]
    pub fn look(&self, query: &Query) -> Found {
        match query {
            Query::Headers { locator, limit } => Found::Headers(self.headers_after(locator, *limit)),
            Query::Locator => Found::Locator(self.locator()),
            Query::Block(id) => Found::Block(
                self.bodies.get(id).map(|block| RawBlock::new(block.encode()).expect("it has a header")),
            ),
            Query::Head(id) => Found::Head(self.headers.get(id).copied().map(Box::new)),
            Query::Wanted { limit } => Found::Wanted(self.wanted(*limit)),
            Query::WantedHistory { .. } => Found::Wanted(Vec::new()),
            Query::StatePlan { .. } => Found::StatePlan(None),
            Query::BlockTransactions { block, indexes } => {
                Found::BlockTransactions(self.bodies.get(block).and_then(|block| {
                    indexes.iter().map(|at| block.transactions.get(*at as usize).cloned()).collect()
                }))
            }
            Query::Transactions(ids) => {
                Found::Transactions(ids.iter().filter_map(|id| self.pool.get(id).cloned()).collect())
            }
            Query::Waiting { limit } => Found::Waiting(self.pool.keys().take(*limit).copied().collect()),
            Query::ShortIds { key, ids } => Found::ShortIds(self.by_short_id(*key, ids)),
            Query::WholeBlock(id) => Found::WholeBlock(self.bodies.get(id).cloned()),
            Query::StateChunk { block, start, .. } => {
                Found::StateChunk(self.chunks.get(&(*block, *start)).map(|(chunk, _)| chunk.clone()))
            }
        }
    }

    fn headers_after(&self, locator: &[Hash], limit: usize) -> Vec<HeaderRecord> {
        let known = locator.iter().find_map(|id| self.active.iter().position(|active| active == id));
        let after = self.active.iter().skip(known.unwrap_or(0) + 1).take(limit);
        after.map(|id| self.headers[id].0).collect()
    }

    fn locator(&self) -> Vec<Hash> {
        let (mut ids, mut step, mut left) = (Vec::new(), 1, 0);
        let mut at = self.best;
        loop {
            if left == 0 {
                ids.push(at);
                step = if ids.len() > 8 { step * 2 } else { 1 };
                left = step;
            }
            left -= 1;
            let parent = self.headers[&at].0.content.parent_id;
            if !self.headers.contains_key(&parent) {
                break;
            }
            at = parent;
        }
        if ids.last() != Some(&at) {
            ids.push(at);
        }
        ids
    }

    /// What lies between the active chain and the best header.
    fn wanted(&self, limit: usize) -> Vec<(Hash, Height)> {
        let mut missing = Vec::new();
        let mut at = self.best;
        while !self.bodies.contains_key(&at) {
            let head = self.headers[&at].0;
            missing.push((at, head.header.height));
            at = head.content.parent_id;
        }
        missing.into_iter().rev().take(limit).collect()
    }

    fn by_short_id(&self, key: ShortIdKey, ids: &[ShortId]) -> Vec<Option<Transaction>> {
        let mut found: BTreeMap<ShortId, Option<&Transaction>> = BTreeMap::new();
        for (leaf_hash, transaction) in &self.pool {
            found
                .entry(key.short_id(leaf_hash))
                .and_modify(|other| *other = None)
                .or_insert(Some(transaction));
        }
        ids.iter().map(|id| found.get(id).copied().flatten().cloned()).collect()
    }
}

impl Believe for FakeWorld {
    fn header(&self, parent: &HeaderRecord, child: &HeaderRecord) -> Result<Work, Broken> {
        let (before, header) = (&parent.header, &child.header);
        if !child.is_sealed() {
            Err(broken("BLK-3", true, false))
        } else if header.version != forge::VERSION {
            Err(broken("HDR-5", true, false))
        } else if child.content.parent_id != parent.id() || header.height.get() != before.height.get() + 1 {
            Err(broken("HDR-2", true, false))
        } else if header.prev_time != before.time {
            Err(broken("HDR-3", true, false))
        } else if header.time.get() > self.unix_ms + DRIFT_MS {
            Err(broken("HDR-7", false, false))
        } else {
            Ok(Work::new(u128::from(header.bits.get())))
        }
    }

    fn on_tip(&self, head: &HeaderRecord) -> Option<Result<(), Broken>> {
        let tip = self.tip_header();
        (head.content.parent_id == tip.id()).then(|| self.header(&tip, head).map(|_| ()))
    }
}

impl Have for FakeWorld {
    fn tip(&self) -> TipClaim {
        self.claim(&self.active[self.active.len() - 1])
    }

    fn tip_header(&self) -> HeaderRecord {
        self.headers[&self.active[self.active.len() - 1]].0
    }

    fn best_header(&self) -> TipClaim {
        self.claim(&self.best)
    }

    fn block(&self, id: &Hash) -> Holding {
        if self.invalid.contains(id) {
            Holding::Invalid
        } else if self.bodies.contains_key(id) {
            Holding::Body
        } else if self.headers.contains_key(id) {
            Holding::Header
        } else {
            Holding::Unknown
        }
    }

    fn transaction(&self, leaf_hash: &Hash) -> bool {
        self.pool.contains_key(leaf_hash)
    }

    fn segment(&self, parent: &Hash) -> Option<Arc<[Hash]>> {
        self.segments.get(parent).cloned()
    }

    fn active_header(&self, id: &Hash) -> Option<HeaderRecord> {
        let (head, _) = self.headers.get(id)?;
        (self.active.get(head.header.height.get() as usize) == Some(id)).then_some(*head)
    }
}

fn broken(rule: &str, blames_sender: bool, condemns_block: bool) -> Broken {
    Broken { rule: rule.to_owned(), blames_sender, condemns_block }
}
