//! The way in: a header or a whole block through the stages, onto the tip, beside it, or to where it waits.

use std::sync::Arc;

use vibecoin_consensus::BlockError;
use vibecoin_consensus::fork_choice::HELD_MAX;
use vibecoin_consensus::rules::header::{HeaderError, MAX_DRIFT_MS};
use vibecoin_consensus::rules::{OrphanError, check_commitments, check_orphan};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Content, Header, Height, Timestamp, Transaction, Work};
use vibecoin_storage::blocks::{BlockMeta, BlockStatus};
use vibecoin_storage::{Durability, Overlay, StoreError, active, blocks, meta};

use super::Chain;
use crate::branch::{Branch, fork_height, put_history, record_of};
use crate::error::{Failure, Invalid, corrupt};
use crate::orphans::Source;
use crate::outcome::{TipChange, Verdict};
use crate::policy::SideBranches;
use crate::stages::{BodyChecked, HeaderChecked, Sealed};
use crate::tip::Parent;

impl Chain {
    /// A whole block, and the mark that its fault leaves.
    pub(super) fn block_verdict(
        &mut self,
        source: Source,
        id: Hash,
        block: Arc<Block>,
        now: Timestamp,
        changes: &mut Vec<TipChange>,
    ) -> Result<Verdict, StoreError> {
        let result = self.take_in(source, id, &block, now, changes);
        self.judged(id, &block.header, &block.content, result)
    }

    /// A header alone, and the mark that its fault leaves.
    pub(super) fn header_verdict(
        &mut self,
        id: Hash,
        header: &Header,
        content: &Content,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let result = self.take_in_header(id, header, content, now);
        self.judged(id, header, content, result)
    }

    fn judged(
        &mut self,
        id: Hash,
        header: &Header,
        content: &Content,
        result: Result<Verdict, Failure>,
    ) -> Result<Verdict, StoreError> {
        match result {
            Ok(verdict) => Ok(verdict),
            Err(Failure::Store(error)) => Err(error),
            // What is wrong below the tip's own state is no mark on a block but the end of the chain's work.
            Err(Failure::Invalid(reason)) if self.forged.is_some() => Ok(Verdict::Invalid(Arc::new(reason))),
            Err(Failure::Invalid(reason)) => {
                if reason.marks_id_invalid() || self.inherits_the_mark(&reason, header) {
                    self.remember_invalid(id, header, content, &reason)?;
                }
                Ok(Verdict::Invalid(Arc::new(reason)))
            }
        }
    }

    /// Through the stages, and onto the tip or beside it.
    fn take_in(
        &mut self,
        source: Source,
        id: Hash,
        block: &Arc<Block>,
        now: Timestamp,
        changes: &mut Vec<TipChange>,
    ) -> Result<Verdict, Failure> {
        let sealed = Sealed::new(id, &block.header, &block.content)?;
        let record = blocks::meta(&*self.ground.store, &id)?;
        match &record {
            None => {}
            Some(BlockMeta { status: BlockStatus::Invalid { reason }, .. }) => {
                return Err(Failure::Invalid(Invalid::Remembered { reason: reason.clone() }));
            }
            Some(known)
                if known.status == BlockStatus::HeaderOnly && self.is_assumed(&id, known.height)? =>
            {
                return self.take_history(sealed, known.clone(), block);
            }
            Some(BlockMeta { status: BlockStatus::HeaderOnly, .. }) => {
                let parent = self.parent(&sealed)?.ok_or_else(|| corrupt("a parent is missing"))?;
                return self.take_body(source, sealed.checked_before(parent), record, block, changes);
            }
            // Only its body can be another than the committed one.
            Some(record) => {
                if record.height != Height::GENESIS {
                    check_commitments(&self.ground.spec, block).map_err(BlockError::from)?;
                }
                return Ok(Verdict::Known);
            }
        }
        let Some(parent) = self.parent(&sealed)? else {
            return self.orphan(source, id, block, now);
        };
        match sealed.check_header(&self.ground, parent, now) {
            Ok(header) => self.take_body(source, header, None, block, changes),
            Err(error) if error.is_held() => {
                check_commitments(&self.ground.spec, block).map_err(BlockError::from)?;
                Ok(self.hold(source, id, block))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A header without its body.
    fn take_in_header(
        &mut self,
        id: Hash,
        header: &Header,
        content: &Content,
        now: Timestamp,
    ) -> Result<Verdict, Failure> {
        let sealed = Sealed::new(id, header, content)?;
        match blocks::meta(&*self.ground.store, &id)?.map(|record| record.status) {
            None => {}
            Some(BlockStatus::Invalid { reason }) => {
                return Err(Failure::Invalid(Invalid::Remembered { reason }));
            }
            Some(_) => return Ok(Verdict::Known),
        }
        let Some(parent) = self.parent(&sealed)? else {
            return Ok(Verdict::Orphan { parent: sealed.parent_id() });
        };
        match sealed.check_header(&self.ground, parent, now) {
            Ok(header) => {
                self.store_header(&header)?;
                Ok(Verdict::Header)
            }
            // Without its body it is not kept: whoever sent it will have it later, too.
            Err(error) if error.is_held() => Ok(Verdict::Held { until: held_until(header.time) }),
            Err(error) => Err(error.into()),
        }
    }

    /// The parent as its children need it; `None` if it is not known.
    pub(super) fn parent(&self, sealed: &Sealed) -> Result<Option<Arc<Parent>>, Failure> {
        let parent = sealed.parent_id();
        if parent == self.tip.id() {
            return Ok(Some(Arc::clone(&self.tip.block)));
        }
        match blocks::meta(&*self.ground.store, &parent)? {
            None => Ok(None),
            Some(BlockMeta { status: BlockStatus::Invalid { .. }, .. }) => {
                Err(BlockError::InvalidParent { parent }.into())
            }
            Some(record) => Ok(Some(Arc::new(Parent::load(&*self.ground.store, &parent, &record)?))),
        }
    }

    /// A body under a header that stands the rules. `known` is the record of the header, if that was here before.
    fn take_body(
        &mut self,
        source: Source,
        header: HeaderChecked,
        known: Option<BlockMeta>,
        block: &Arc<Block>,
        changes: &mut Vec<TipChange>,
    ) -> Result<Verdict, Failure> {
        let id = header.sealed().id();
        if header.parent().id == self.tip.id() {
            let extent = self.extent(&id, header.sealed().header().height, self.tip.height())?;
            let body = header.check_body(Arc::clone(block), extent, &self.ground)?;
            self.extend(&body, known.as_ref(), changes)?;
            self.link_children(&id)?;
            self.choose(changes)?;
            return Ok(Verdict::Extended);
        }
        let place = self.place(source, &header, known.is_some())?;
        if !place.is_wanted {
            if known.is_none() {
                self.store_header(&header)?;
            }
            return Ok(Verdict::Header);
        }
        let extent = self.extent(&id, header.sealed().header().height, place.fork_height)?;
        let body = header.check_body(Arc::clone(block), extent, &self.ground)?;
        self.store_side(&body, known)?;
        self.choose(changes)?;
        self.verdict_on_side(&id, changes)
    }

    /// A block whose parent is not known. It waits if it has shown work and its committed body. Without the work
    /// that it claims, or with another body, it is invalid whatever its parent is; what shows too little is dropped
    /// without a word on it.
    fn orphan(
        &mut self,
        source: Source,
        id: Hash,
        block: &Arc<Block>,
        now: Timestamp,
    ) -> Result<Verdict, Failure> {
        let waits = match self.check_work_shown(&block.header) {
            Ok(_) => true,
            Err(OrphanError::Work { id, bits }) => {
                return Err(BlockError::from(HeaderError::Work { id, bits }).into());
            }
            Err(OrphanError::Bits(_) | OrphanError::TooLight { .. }) => self.ground.policy.orphans.light,
        };
        if waits {
            check_commitments(&self.ground.spec, block).map_err(BlockError::from)?;
            let bytes = encoded_len(block);
            self.orphans.insert(id, Arc::clone(block), source, bytes, now);
        }
        Ok(Verdict::Orphan { parent: block.content.parent_id })
    }

    /// ORP-1, and ORP-2 where it is asked for.
    fn check_work_shown(&self, header: &Header) -> Result<Work, OrphanError> {
        check_orphan(header, if self.ground.policy.orphans.light { Work::ZERO } else { self.tip.own_work })
    }

    /// Whether a block on an invalid one is remembered, too, so that what stands on it is told the same. Its work
    /// has been looked at by nobody, so it has to be shown now: marks must not be free.
    fn inherits_the_mark(&self, reason: &Invalid, header: &Header) -> bool {
        matches!(reason, Invalid::Rule(BlockError::InvalidParent { .. }))
            && self.check_work_shown(header).is_ok()
    }

    /// Keeps a block whose time is too far ahead. The farthest goes when there are too many.
    fn hold(&mut self, source: Source, id: Hash, block: &Arc<Block>) -> Verdict {
        let time = block.header.time;
        self.held.insert((time, id), (source, Arc::clone(block)));
        if self.held.len() > HELD_MAX {
            self.held.pop_last();
        }
        Verdict::Held { until: held_until(time) }
    }

    /// Executes a block on the tip and makes it the tip.
    fn extend(
        &mut self,
        block: &BodyChecked,
        known: Option<&BlockMeta>,
        changes: &mut Vec<TipChange>,
    ) -> Result<(), Failure> {
        let ground = self.ground.clone();
        let mut branch = Branch::new(&ground, &self.tip)?;
        branch.connect(block, self.arrivals)?;
        self.arrivals += 1;
        self.headers_only -= u64::from(known.is_some());
        self.commit(branch, None, changes)?;
        Ok(())
    }

    /// Stores a block that does not stand on the tip.
    fn store_side(&mut self, block: &BodyChecked, known: Option<BlockMeta>) -> Result<(), Failure> {
        let (id, parent) = (block.id(), block.parent());
        let store = Arc::clone(&self.ground.store);
        let linked = self.is_linked(&parent.id)?;
        let status = match (linked, self.ground.policy.side_branches) {
            (false, _) => BlockStatus::Unlinked,
            (true, SideBranches::Lazy) => BlockStatus::Unexecuted,
            // The state that it stands on cannot be had as long as the history is missing.
            (true, SideBranches::Execute) if fork_height(&*store, &parent.id)? < self.floor()? => {
                BlockStatus::Unexecuted
            }
            (true, SideBranches::Execute) => {
                self.execute_aside(block)?;
                BlockStatus::Valid
            }
        };
        let mut rows = Overlay::new(&*store);
        let was_known = known.is_some();
        let mut record = match known {
            Some(record) => record,
            None => self.new_record(block.block(), parent, status.clone())?,
        };
        (record.status, record.sampled, record.arrival) = (status, block.is_sampled(), self.arrivals);
        blocks::put(&mut rows, &id, block.block(), &record);
        put_history(&mut rows, parent);
        self.arrivals += 1;
        meta::set_arrivals(&mut rows, &self.arrivals);
        if was_known {
            self.headers_only -= 1;
            meta::set_headers_only(&mut rows, &self.headers_only);
        }
        self.note_side(&mut rows, id, &record, was_known);
        store.write(rows.into_batch(), Durability::Synced)?;
        if linked {
            self.link_children(&id)?;
        }
        Ok(self.keep_to_bounds()?)
    }

    /// Stores a header whose body is missing.
    fn store_header(&mut self, header: &HeaderChecked) -> Result<(), StoreError> {
        let (sealed, parent) = (header.sealed(), header.parent());
        let store = Arc::clone(&self.ground.store);
        let skip = self.skip_of(&parent.id, sealed.header().height)?;
        let status = BlockStatus::HeaderOnly;
        let record = record_of(sealed.header(), sealed.content(), parent, status, self.arrivals, skip)?;
        let mut rows = Overlay::new(&*store);
        blocks::put_header(&mut rows, &sealed.id(), sealed.header(), sealed.content(), &record);
        put_history(&mut rows, parent);
        self.arrivals += 1;
        self.headers_only += 1;
        meta::set_arrivals(&mut rows, &self.arrivals);
        meta::set_headers_only(&mut rows, &self.headers_only);
        self.note_side(&mut rows, sealed.id(), &record, false);
        // A lost header is only asked for again.
        store.write(rows.into_batch(), Durability::Buffered)?;
        self.keep_to_bounds()
    }

    fn new_record(
        &self,
        block: &Block,
        parent: &Parent,
        status: BlockStatus,
    ) -> Result<BlockMeta, StoreError> {
        let skip = self.skip_of(&parent.id, block.header.height)?;
        record_of(&block.header, &block.content, parent, status, self.arrivals, skip)
    }

    /// The ancestor that a new block of `height` on `parent` points to.
    fn skip_of(&self, parent: &Hash, height: Height) -> Result<Hash, StoreError> {
        let (store, to) = (&*self.ground.store, blocks::skip_height(height));
        if *parent == self.tip.id()
            && let Some(block) = active::at(store, to)?
        {
            return Ok(block.id);
        }
        let (id, _) = blocks::ancestor(store, parent, to)?
            .ok_or_else(|| corrupt("a parent stands higher than its child"))?;
        Ok(id)
    }

    /// Keeps the mark of a block, so that the same work is not done twice. What stands on it is marked, too.
    fn remember_invalid(
        &mut self,
        id: Hash,
        header: &Header,
        content: &Content,
        reason: &Invalid,
    ) -> Result<(), StoreError> {
        let store = Arc::clone(&self.ground.store);
        if blocks::contains(&*store, &id)? {
            return self.condemn(id, reason);
        }
        let mut rows = Overlay::new(&*store);
        let record = BlockMeta {
            height: header.height,
            parent: content.parent_id,
            work: Work::ZERO,
            arrival: self.arrivals,
            status: BlockStatus::Invalid { reason: reason.to_reason() },
            sampled: false,
            skip: Hash::ZERO,
            history_peaks: Vec::new(),
        };
        blocks::put_meta(&mut rows, &id, &record);
        // A lost mark is only found again.
        store.write(rows.into_batch(), Durability::Buffered)
    }
}

/// When a block of this time may be tried again.
fn held_until(time: Timestamp) -> Timestamp {
    time.checked_sub(MAX_DRIFT_MS).unwrap_or_default()
}

/// The length of a block's encoding.
fn encoded_len(block: &Block) -> usize {
    let counts = 2 * size_of::<u32>();
    let transactions: usize = block.transactions.iter().map(Transaction::encoded_len).sum();
    Header::BYTES + Content::BYTES + counts + block.ticks.len() * size_of::<Hash>() + transactions
}
