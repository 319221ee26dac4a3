//! The chain: import through stages, branches, the tip. The single writer of the store.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use vibecoin_consensus::fork_choice::HELD_MAX;
use vibecoin_consensus::rules::header::MAX_DRIFT_MS;
use vibecoin_consensus::rules::{
    ParentView, SegmentCheck, check_body, check_commitments, check_header, check_orphan, check_shape,
    check_transactions,
};
use vibecoin_consensus::{BlockError, Peaks, genesis};
use vibecoin_crypto::Hash;
use vibecoin_execution::{TxRef, genesis_changes};
use vibecoin_primitives::{Block, ChainSpec, Height, Timestamp, Transaction};
use vibecoin_storage::active::ActiveBlock;
use vibecoin_storage::blocks::{BlockMeta, BlockStatus};
use vibecoin_storage::state::StateTree;
use vibecoin_storage::{Durability, KeyValueStore, Overlay, StoreError, active, blocks, meta};

use crate::branch::{Branch, corrupt, genesis_supply, path_from_active, put_block};
use crate::error::{Failure, Invalid, OpenError, state_failure};
use crate::orphans::{OrphanLimits, OrphanPool};
use crate::outcome::{Report, TipChange, Verdict};
use crate::rivals::Rivals;
use crate::segments::Segments;
use crate::timing::{Stage, StageTimes};
use crate::tip::{Parent, Tip};
use crate::view::ChainReader;

#[cfg(test)]
mod tests;

/// What is done with a block that does not stand on the tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideBranches {
    /// It is stored, and executed only when its branch would become the active one.
    Lazy,
    /// It is executed at once, on the state of its own branch, so that its verdict is final.
    Execute,
}

/// How a chain is run.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// What is done with side branches.
    pub side_branches: SideBranches,
    /// How many blocks may wait for their parents.
    pub orphans: OrphanLimits,
    /// Memory for nodes of the state tree, in bytes.
    pub state_cache_bytes: u64,
}

impl Policy {
    /// A node among others.
    pub const NODE: Self =
        Self { side_branches: SideBranches::Lazy, orphans: OrphanLimits::NODE, state_cache_bytes: 64 << 20 };
    /// The reading of a file.
    pub const FILE: Self =
        Self { side_branches: SideBranches::Lazy, orphans: OrphanLimits::FILE, state_cache_bytes: 128 << 20 };
}

/// The chain over a store.
pub struct Chain {
    spec: Arc<ChainSpec>,
    store: Arc<dyn KeyValueStore>,
    state: StateTree,
    policy: Policy,
    tip: Arc<Tip>,
    published: Arc<ArcSwap<Tip>>,
    segments: Segments,
    orphans: OrphanPool,
    held: BTreeMap<(Timestamp, Hash), Arc<Block>>,
    rivals: Rivals,
    arrivals: u64,
    times: Arc<StageTimes>,
}

impl Chain {
    /// Opens the chain that a store holds; a new store gets the genesis.
    ///
    /// # Errors
    /// [`OpenError`] when the store is of another network, contradicts itself, or fails.
    pub fn open(store: Arc<dyn KeyValueStore>, spec: ChainSpec, policy: Policy) -> Result<Self, OpenError> {
        let spec = Arc::new(spec);
        let genesis = genesis(&spec);
        let state = StateTree::new(policy.state_cache_bytes, meta::state_version(&*store)?);
        let tip = match Tip::load(&*store)? {
            Some(tip) => tip,
            None => write_genesis(&*store, &spec, &state, &genesis)?,
        };
        check_store(&*store, &genesis, &tip)?;
        let tip = Arc::new(tip);
        let mut chain = Self {
            rivals: Rivals::load(&*store, tip.height())?,
            arrivals: meta::arrivals(&*store)?.unwrap_or_default(),
            published: Arc::new(ArcSwap::new(Arc::clone(&tip))),
            segments: Segments::default(),
            orphans: OrphanPool::new(policy.orphans),
            held: BTreeMap::new(),
            times: Arc::default(),
            spec,
            store,
            state,
            policy,
            tip,
        };
        // A crash may have come between the storing of a branch and its choice.
        chain.choose(&mut Vec::new())?;
        Ok(chain)
    }

    /// A handle for reading that needs no word with the writer.
    #[must_use]
    pub fn reader(&self) -> ChainReader {
        ChainReader::new(
            Arc::clone(&self.store),
            Arc::clone(&self.spec),
            self.state.clone(),
            self.segments.clone(),
            Arc::clone(&self.published),
            Arc::clone(&self.times),
        )
    }

    /// The tip.
    #[must_use]
    pub const fn tip(&self) -> &Arc<Tip> {
        &self.tip
    }

    /// Blocks that wait for their parents.
    #[must_use]
    pub fn orphan_count(&self) -> usize {
        self.orphans.len()
    }

    /// Brings everything to the disk.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn flush(&self) -> Result<(), StoreError> {
        self.store.flush()
    }

    /// Takes in a block and whatever waited for it. When this returns, the verdicts are on the disk.
    ///
    /// # Errors
    /// [`StoreError`] when this machine fails; a block that breaks a rule is a verdict.
    pub fn import(&mut self, block: Block, now: Timestamp) -> Result<Report, StoreError> {
        self.import_shared(block.id(), Arc::new(block), now)
    }

    /// Tries the held blocks again whose time has come.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn retry_held(&mut self, now: Timestamp) -> Result<Vec<Report>, StoreError> {
        let mut reports = Vec::new();
        while let Some(entry) = self.held.first_entry()
            && entry.key().0.saturating_since(now) <= MAX_DRIFT_MS
        {
            let ((_, id), block) = entry.remove_entry();
            reports.push(self.import_shared(id, block, now)?);
        }
        Ok(reports)
    }

    fn import_shared(&mut self, id: Hash, block: Arc<Block>, now: Timestamp) -> Result<Report, StoreError> {
        self.orphans.expire(now);
        let mut report = Report { id, verdict: Verdict::Known, settled: Vec::new(), changes: Vec::new() };
        report.verdict = self.import_one(id, block, now, &mut report.changes)?;
        let mut parents = VecDeque::from([id]);
        while let Some(parent) = parents.pop_front() {
            // Whoever waits for an invalid block is invalid, too; whoever waits for an unknown one goes on waiting.
            if !blocks::contains(&*self.store, &parent)? {
                continue;
            }
            for (child, block) in self.orphans.take_children(&parent) {
                let verdict = self.import_one(child, Arc::new(block), now, &mut report.changes)?;
                report.settled.push((child, verdict));
                parents.push_back(child);
            }
        }
        Ok(report)
    }

    fn import_one(
        &mut self,
        id: Hash,
        block: Arc<Block>,
        now: Timestamp,
        changes: &mut Vec<TipChange>,
    ) -> Result<Verdict, StoreError> {
        match self.stages(id, &block, now, changes) {
            Ok(verdict) => Ok(verdict),
            Err(Failure::Store(error)) => Err(error),
            Err(Failure::Invalid(reason)) => {
                if reason.marks_id_invalid() {
                    self.remember_invalid(id, &block, &reason)?;
                }
                Ok(Verdict::Invalid(Arc::new(reason)))
            }
        }
    }

    /// The order of validation: cheap before costly, the header before the body, the body before the state.
    fn stages(
        &mut self,
        id: Hash,
        block: &Arc<Block>,
        now: Timestamp,
        changes: &mut Vec<TipChange>,
    ) -> Result<Verdict, Failure> {
        let started = Instant::now();
        check_shape(block).map_err(BlockError::from)?;
        if let Some(record) = blocks::meta(&*self.store, &id)? {
            return self.known(block, record);
        }
        let parent_id = block.content.parent_id;
        let Some(parent_record) = blocks::meta(&*self.store, &parent_id)? else {
            return Ok(self.orphan(id, block, now));
        };
        if matches!(parent_record.status, BlockStatus::Invalid { .. }) {
            return Err(BlockError::InvalidParent { parent: parent_id }.into());
        }
        let tip = Arc::clone(&self.tip);
        let loaded;
        let parent = if parent_id == tip.id() {
            &tip.block
        } else {
            loaded = Parent::load(&*self.store, &parent_id, &parent_record)?;
            &loaded
        };
        let view = ParentView { header: &parent.header, peaks: &parent.history };
        match check_header(&self.spec, &block.header, &view, now).map_err(BlockError::from) {
            Ok(_) => {}
            Err(error) if error.is_held() => {
                check_commitments(&self.spec, block).map_err(BlockError::from)?;
                return Ok(self.hold(id, block));
            }
            Err(error) => return Err(error.into()),
        }
        let checked = self.times.add(Stage::Header, started);

        let known = self.segments.get(&parent_id);
        let segment = known.as_deref().map_or(SegmentCheck::Full, SegmentCheck::Known);
        check_body(&self.spec, block, segment).map_err(BlockError::from)?;
        if known.is_none() {
            self.segments.insert(parent_id, block.ticks.as_slice().into());
        }
        let checked = self.times.add(Stage::Body, checked);

        let transactions = check_transactions(&self.spec, block.header.height, &block.transactions)
            .map_err(BlockError::from)?;
        let refs: Vec<_> = (block.transactions.iter().zip(&transactions))
            .map(|(tx, checked)| TxRef { body: &tx.body, txid: checked.id(), sender: checked.sender() })
            .collect();
        self.times.add(Stage::Transactions, checked);

        if parent_id == tip.id() {
            let mut branch = Branch::new(&*self.store, &self.spec, &self.state, &self.times, &tip)?;
            branch.connect(id, Arc::clone(block), &refs, self.arrivals)?;
            let change = branch.commit(&*self.store, self.arrivals + 1)?;
            self.arrivals += 1;
            self.moved(change, changes);
            self.choose(changes)?;
            return Ok(Verdict::Extended);
        }
        self.store_side(id, block, parent, &refs)?;
        self.choose(changes)?;
        self.verdict_on_side(&id, changes)
    }

    /// A block that is stored already; only its body can be another than the committed one.
    fn known(&self, block: &Block, record: BlockMeta) -> Result<Verdict, Failure> {
        if let BlockStatus::Invalid { reason } = record.status {
            return Err(Failure::Invalid(Invalid::Remembered { reason }));
        }
        if record.height != Height::GENESIS {
            check_commitments(&self.spec, block).map_err(BlockError::from)?;
        }
        Ok(Verdict::Known)
    }

    /// A block whose parent is not known. It waits if it has shown work and its committed body.
    fn orphan(&mut self, id: Hash, block: &Arc<Block>, now: Timestamp) -> Verdict {
        let parent = block.content.parent_id;
        let worthy = check_orphan(&block.header, self.tip.own_work).is_ok();
        if worthy && check_commitments(&self.spec, block).is_ok() {
            let bytes = block.encode().len();
            self.orphans.insert(id, Block::clone(block), bytes, now);
        }
        Verdict::Orphan { parent }
    }

    /// Keeps a block whose time is too far ahead. The farthest goes when there are too many.
    fn hold(&mut self, id: Hash, block: &Arc<Block>) -> Verdict {
        let time = block.header.time;
        self.held.insert((time, id), Arc::clone(block));
        if self.held.len() > HELD_MAX {
            self.held.pop_last();
        }
        Verdict::Held { until: time.checked_sub(MAX_DRIFT_MS).unwrap_or_default() }
    }

    fn store_side(
        &mut self,
        id: Hash,
        block: &Arc<Block>,
        parent: &Parent,
        refs: &[TxRef<'_>],
    ) -> Result<(), Failure> {
        let status = match self.policy.side_branches {
            SideBranches::Lazy => BlockStatus::Unexecuted,
            SideBranches::Execute => {
                let mut branch = self.branch_at(&parent.id)?;
                branch.connect(id, Arc::clone(block), refs, self.arrivals)?;
                BlockStatus::Valid
            }
        };
        let mut rows = Overlay::new(&*self.store);
        put_block(&mut rows, id, block, parent, status, self.arrivals)?;
        meta::set_arrivals(&mut rows, &(self.arrivals + 1));
        self.store.write(rows.into_batch(), Durability::Synced)?;
        let record =
            blocks::meta(&*self.store, &id)?.ok_or_else(|| corrupt("a block just stored is missing"))?;
        self.rivals.grow(id, &parent.id, record.work, self.arrivals);
        self.arrivals += 1;
        Ok(())
    }

    /// The state of a stored block of any branch, in an overlay that nobody will commit.
    fn branch_at(&self, id: &Hash) -> Result<Branch<'_>, Failure> {
        let (fork, path) = path_from_active(&*self.store, id)?;
        let mut branch = Branch::new(&*self.store, &self.spec, &self.state, &self.times, &self.tip)?;
        self.walk(&mut branch, fork, &path).map_err(|(_, failure)| failure)?;
        Ok(branch)
    }

    /// Reverts down to the fork and puts the path on. The error names the block that failed.
    fn walk(
        &self,
        branch: &mut Branch<'_>,
        fork: Height,
        path: &[(Hash, BlockMeta)],
    ) -> Result<(), (Option<Hash>, Failure)> {
        let ours = |error: StoreError| (None, Failure::Store(error));
        for _ in 0..self.tip.height().saturating_since(fork) {
            branch.revert().map_err(ours)?;
        }
        for (id, record) in path {
            let block = blocks::block(&*self.store, id)
                .and_then(|block| block.ok_or_else(|| corrupt("a block of a branch is missing")))
                .map_err(ours)?;
            let block = Arc::new(block);
            let refs: Vec<_> = block.transactions.iter().map(TxRef::new).collect();
            branch
                .connect(*id, Arc::clone(&block), &refs, record.arrival)
                .map_err(|failure| (Some(*id), failure))?;
        }
        Ok(())
    }

    /// Asks the fork-choice rule until the tip stands.
    fn choose(&mut self, changes: &mut Vec<TipChange>) -> Result<(), StoreError> {
        while let Some(winner) = self.rivals.winner(&self.tip.for_choice()) {
            let (fork, path) = path_from_active(&*self.store, &winner)?;
            let mut branch = Branch::new(&*self.store, &self.spec, &self.state, &self.times, &self.tip)?;
            match self.walk(&mut branch, fork, &path) {
                Ok(()) => {
                    let change = branch.commit(&*self.store, self.arrivals)?;
                    self.moved(change, changes);
                }
                Err((_, Failure::Store(error))) => return Err(error),
                Err((at, Failure::Invalid(reason))) => {
                    let at = at.ok_or_else(|| corrupt("a block without a name is invalid"))?;
                    drop(branch);
                    self.condemn(at, &reason)?;
                }
            }
        }
        Ok(())
    }

    /// Takes note of a committed move of the tip.
    fn moved(&mut self, change: TipChange, changes: &mut Vec<TipChange>) {
        for joined in &change.connected {
            self.rivals.remove(&joined.id);
        }
        if !change.reverted.is_empty() {
            // The old tip's branch is a rival now, with the work it had.
            let old = &self.tip;
            self.rivals.grow(old.id(), &old.content.parent_id, old.block.total_work(), 0);
            tracing::info!(
                depth = change.reverted.len(),
                from = %old.id(),
                to = %change.tip.id(),
                "the chain reorganised"
            );
        }
        self.tip = Arc::clone(&change.tip);
        self.published.store(Arc::clone(&self.tip));
        changes.push(change);
    }

    /// Marks a stored block and everything on it, and gives the branch below it back to the choice.
    fn condemn(&mut self, id: Hash, reason: &Invalid) -> Result<(), StoreError> {
        let mut rows = Overlay::new(&*self.store);
        let mut condemned = VecDeque::from([(id, reason.to_reason())]);
        while let Some((id, reason)) = condemned.pop_front() {
            let Some(mut record) = blocks::meta(&*self.store, &id)? else { continue };
            record.status = BlockStatus::Invalid { reason };
            blocks::put_meta(&mut rows, &id, &record);
            self.rivals.remove(&id);
            let inherited = BlockError::InvalidParent { parent: id }.to_string();
            condemned.extend(
                blocks::children(&*self.store, &id)?.into_iter().map(|child| (child, inherited.clone())),
            );
        }
        self.store.write(rows.into_batch(), Durability::Synced)?;
        let below = blocks::meta(&*self.store, &id)?.map(|record| record.parent).unwrap_or_default();
        if let Some(record) = blocks::meta(&*self.store, &below)?
            && active::height_of(&*self.store, &below)?.is_none()
        {
            self.rivals.grow(below, &record.parent, record.work, record.arrival);
        }
        Ok(())
    }

    /// Keeps the mark of a block that is not stored, so that the same work is not done twice.
    fn remember_invalid(&self, id: Hash, block: &Block, reason: &Invalid) -> Result<(), StoreError> {
        let mut rows = Overlay::new(&*self.store);
        let record = BlockMeta {
            height: block.header.height,
            parent: block.content.parent_id,
            work: vibecoin_primitives::Work::ZERO,
            arrival: self.arrivals,
            status: BlockStatus::Invalid { reason: reason.to_reason() },
            history_peaks: Vec::new(),
        };
        blocks::put_meta(&mut rows, &id, &record);
        // A lost mark is only found again.
        self.store.write(rows.into_batch(), Durability::Buffered)
    }

    /// What became of a block of a side branch after the choice.
    fn verdict_on_side(&self, id: &Hash, changes: &[TipChange]) -> Result<Verdict, Failure> {
        if let Some(change) =
            changes.iter().find(|change| change.connected.iter().any(|joined| joined.id == *id))
        {
            return Ok(Verdict::Reorganised { depth: change.reverted.len() as u64 });
        }
        match blocks::meta(&*self.store, id)?.map(|record| record.status) {
            Some(BlockStatus::Invalid { reason }) => {
                Ok(Verdict::Invalid(Arc::new(Invalid::Remembered { reason })))
            }
            _ => Ok(Verdict::Side),
        }
    }

    /// Takes the highest `count` blocks off the active chain and marks them, so that they do not come back: a
    /// development network's way to an earlier state. The genesis stays.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn rewind(&mut self, count: u64) -> Result<Option<TipChange>, StoreError> {
        let count = count.min(self.tip.height().get());
        if count == 0 {
            return Ok(None);
        }
        let mut branch = Branch::new(&*self.store, &self.spec, &self.state, &self.times, &self.tip)?;
        for _ in 0..count {
            branch.revert()?;
        }
        let change = branch.commit(&*self.store, self.arrivals)?;
        let mut changes = Vec::new();
        self.moved(change, &mut changes);
        let lowest = changes.first().and_then(|change| change.reverted.last()).map(|block| block.id);
        if let Some(lowest) = lowest {
            self.condemn(lowest, &Invalid::Remembered { reason: "DEV: taken back by its owner".to_owned() })?;
        }
        self.choose(&mut changes)?;
        Ok(changes.pop())
    }
}

/// Stores the genesis with its state.
fn write_genesis(
    store: &dyn KeyValueStore,
    spec: &ChainSpec,
    state: &StateTree,
    genesis: &Block,
) -> Result<Tip, OpenError> {
    let id = genesis.id();
    let update = state.update(store, None, &genesis_changes(spec)).map_err(state_failure)?;
    if update.root() != genesis.content.state_root {
        return Err(OpenError::Inconsistent {
            what: "the genesis state has another root than its block".to_owned(),
        });
    }
    let supply = genesis_supply(spec).ok_or_else(|| OpenError::Inconsistent {
        what: "the allocation is above the range of an amount".to_owned(),
    })?;
    let mut rows = Overlay::new(store);
    let nothing =
        Parent { id: Hash::ZERO, header: genesis.header, history: Peaks::new(), completed: Vec::new() };
    put_block(&mut rows, id, genesis, &nothing, BlockStatus::Valid, 0)?;
    update.write(&mut rows);
    active::connect(&mut rows, Height::GENESIS, &ActiveBlock { id, state_version: update.version() });
    meta::set_tip(&mut rows, &id);
    meta::set_state_version(&mut rows, &update.version());
    meta::set_supply(&mut rows, &supply);
    meta::set_arrivals(&mut rows, &1);
    store.write(rows.into_batch(), Durability::Synced)?;
    state.committed(&update);
    Tip::load(store)?
        .ok_or_else(|| OpenError::Inconsistent { what: "the genesis was not written".to_owned() })
}

/// What must fit together in a store before anything is built on it.
fn check_store(store: &dyn KeyValueStore, genesis: &Block, tip: &Tip) -> Result<(), OpenError> {
    let expected = genesis.id();
    let found = active::at(store, Height::GENESIS)?.map(|block| block.id).unwrap_or_default();
    if found != expected {
        return Err(OpenError::AnotherNetwork { found, expected });
    }
    let inconsistent = |what: &str| OpenError::Inconsistent { what: what.to_owned() };
    if meta::tip(store)? != Some(tip.id()) {
        return Err(inconsistent("the tip marker names another block than the active chain ends in"));
    }
    if meta::state_version(store)? != Some(tip.state_version) {
        return Err(inconsistent("the newest state is not that of the tip"));
    }
    if StateTree::root(store, tip.state_version)? != Some(tip.content.state_root) {
        return Err(inconsistent("the state of the tip has another root than the tip says"));
    }
    if !meta::supply(store)?.is_some_and(|supply| supply.is_balanced()) {
        return Err(inconsistent("the supply does not add up"));
    }
    Ok(())
}

/// The ids of a list of transactions.
#[must_use]
pub fn txids(transactions: &[Transaction]) -> Vec<Hash> {
    transactions.iter().map(Transaction::id).collect()
}
