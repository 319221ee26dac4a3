//! The chain: import through stages, branches, the tip. The single writer of the store.

mod choice;
mod opening;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use arc_swap::ArcSwap;
use vibecoin_consensus::fork_choice::HELD_MAX;
use vibecoin_consensus::rules::header::{HeaderError, MAX_DRIFT_MS};
use vibecoin_consensus::rules::{OrphanError, check_orphan};
use vibecoin_consensus::{BlockError, genesis};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, ChainSpec, Height, Timestamp, Work};
use vibecoin_storage::blocks::{BlockMeta, BlockStatus};
use vibecoin_storage::state::StateTree;
use vibecoin_storage::{Durability, KeyValueStore, Overlay, StoreError, blocks, meta};

use crate::branch::{Branch, put_block};
use crate::error::{Failure, Invalid, OpenError, corrupt};
use crate::orphans::{OrphanLimits, OrphanPool};
use crate::outcome::{Report, TipChange, Verdict};
use crate::rivals::Rivals;
use crate::segments::Segments;
use crate::stages::{BodyChecked, Received};
use crate::timing::StageTimes;
use crate::tip::{Parent, Tip};
use crate::view::ChainReader;

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
            None => opening::write_genesis(&*store, &spec, &state, &genesis)?,
        };
        opening::check_store(&*store, &genesis, &tip)?;
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
        match self.take_in(id, Arc::clone(&block), now, changes) {
            Ok(verdict) => Ok(verdict),
            Err(Failure::Store(error)) => Err(error),
            Err(Failure::Invalid(reason)) => {
                if reason.marks_id_invalid() || self.inherits_the_mark(&reason, &block) {
                    self.remember_invalid(id, &block, &reason)?;
                }
                Ok(Verdict::Invalid(Arc::new(reason)))
            }
        }
    }

    /// Through the stages, and onto the tip or beside it.
    fn take_in(
        &mut self,
        id: Hash,
        block: Arc<Block>,
        now: Timestamp,
        changes: &mut Vec<TipChange>,
    ) -> Result<Verdict, Failure> {
        let received = Received::new(id, block)?;
        if let Some(record) = blocks::meta(&*self.store, &id)? {
            return self.known(&received, record);
        }
        let parent = match blocks::meta(&*self.store, &received.parent_id())? {
            None => return self.orphan(&received, now),
            Some(BlockMeta { status: BlockStatus::Invalid { .. }, .. }) => {
                return Err(BlockError::InvalidParent { parent: received.parent_id() }.into());
            }
            Some(_) if received.parent_id() == self.tip.id() => Arc::clone(&self.tip.block),
            Some(record) => Arc::new(Parent::load(&*self.store, &received.parent_id(), &record)?),
        };
        let header = match received.clone().check_header(&self.spec, parent, now, &self.times) {
            Ok(header) => header,
            Err(error) if error.is_held() => {
                received.has_its_body(&self.spec)?;
                return Ok(self.hold(&received));
            }
            Err(error) => return Err(error.into()),
        };
        let checked = header.check_body(&self.spec, &self.segments, &self.times)?;
        if checked.parent().id == self.tip.id() {
            self.extend(&checked, changes)?;
            self.choose(changes)?;
            return Ok(Verdict::Extended);
        }
        self.store_side(&checked)?;
        self.choose(changes)?;
        self.verdict_on_side(&id, changes)
    }

    /// A block that is stored already; only its body can be another than the committed one.
    fn known(&self, received: &Received, record: BlockMeta) -> Result<Verdict, Failure> {
        if let BlockStatus::Invalid { reason } = record.status {
            return Err(Failure::Invalid(Invalid::Remembered { reason }));
        }
        if record.height != Height::GENESIS {
            received.has_its_body(&self.spec)?;
        }
        Ok(Verdict::Known)
    }

    /// A block whose parent is not known. It waits if it has shown work and its committed body. Without the work
    /// that it claims, or with another body, it is invalid whatever its parent is; what shows too little is dropped
    /// without a word on it.
    fn orphan(&mut self, received: &Received, now: Timestamp) -> Result<Verdict, Failure> {
        let block = received.block();
        let waits = match self.check_work_shown(block) {
            Ok(_) => true,
            Err(OrphanError::Work { id, bits }) => {
                return Err(BlockError::from(HeaderError::Work { id, bits }).into());
            }
            Err(OrphanError::Bits(_) | OrphanError::TooLight { .. }) => self.policy.orphans.light,
        };
        if waits {
            received.has_its_body(&self.spec)?;
            let bytes = block.encode().len();
            self.orphans.insert(received.id(), Block::clone(block), bytes, now);
        }
        Ok(Verdict::Orphan { parent: received.parent_id() })
    }

    /// ORP-1, and ORP-2 where it is asked for.
    fn check_work_shown(&self, block: &Block) -> Result<Work, OrphanError> {
        check_orphan(&block.header, if self.policy.orphans.light { Work::ZERO } else { self.tip.own_work })
    }

    /// Whether a block on an invalid one is remembered, too, so that what stands on it is told the same. Its work
    /// has been looked at by nobody, so it has to be shown now: marks must not be free.
    fn inherits_the_mark(&self, reason: &Invalid, block: &Block) -> bool {
        matches!(reason, Invalid::Rule(BlockError::InvalidParent { .. }))
            && self.check_work_shown(block).is_ok()
    }

    /// Keeps a block whose time is too far ahead. The farthest goes when there are too many.
    fn hold(&mut self, received: &Received) -> Verdict {
        let time = received.block().header.time;
        self.held.insert((time, received.id()), Arc::clone(received.block()));
        if self.held.len() > HELD_MAX {
            self.held.pop_last();
        }
        Verdict::Held { until: time.checked_sub(MAX_DRIFT_MS).unwrap_or_default() }
    }

    /// Executes a block on the tip and makes it the tip.
    fn extend(&mut self, block: &BodyChecked, changes: &mut Vec<TipChange>) -> Result<(), Failure> {
        let mut branch = self.branch()?;
        branch.connect(block, self.arrivals)?;
        let change = branch.commit(&*self.store, self.arrivals + 1)?;
        self.arrivals += 1;
        Ok(self.moved(change, changes)?)
    }

    /// Stores a block that does not stand on the tip.
    fn store_side(&mut self, block: &BodyChecked) -> Result<(), Failure> {
        let (id, parent) = (block.id(), block.parent());
        let status = match self.policy.side_branches {
            SideBranches::Lazy => BlockStatus::Unexecuted,
            SideBranches::Execute => {
                self.branch_at(&parent.id)?.connect(block, self.arrivals)?;
                BlockStatus::Valid
            }
        };
        let mut rows = Overlay::new(&*self.store);
        put_block(&mut rows, id, block.block(), parent, status, self.arrivals)?;
        meta::set_arrivals(&mut rows, &(self.arrivals + 1));
        let record = blocks::meta(&rows, &id)?.ok_or_else(|| corrupt("a block just stored is missing"))?;
        self.store.write(rows.into_batch(), Durability::Synced)?;
        self.rivals.grow(id, &parent.id, record.work, self.arrivals);
        self.arrivals += 1;
        Ok(())
    }

    /// Keeps the mark of a block that is not stored, so that the same work is not done twice.
    fn remember_invalid(&self, id: Hash, block: &Block, reason: &Invalid) -> Result<(), StoreError> {
        let mut rows = Overlay::new(&*self.store);
        let record = BlockMeta {
            height: block.header.height,
            parent: block.content.parent_id,
            work: Work::ZERO,
            arrival: self.arrivals,
            status: BlockStatus::Invalid { reason: reason.to_reason() },
            history_peaks: Vec::new(),
        };
        blocks::put_meta(&mut rows, &id, &record);
        // A lost mark is only found again.
        self.store.write(rows.into_batch(), Durability::Buffered)
    }

    /// A branch that stands on the tip.
    fn branch(&self) -> Result<Branch<'_>, StoreError> {
        Branch::new(&*self.store, &self.spec, &self.state, &self.times, &self.tip)
    }
}
