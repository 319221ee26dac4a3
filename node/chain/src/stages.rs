//! How far a block has got: one type per stage, each made only out of the one before.
//!
//! [`Received`] → [`HeaderChecked`] → [`BodyChecked`] → connected to a [`crate::branch::Branch`], which executes it.
//! Cheap comes before costly, the header before the body, the body before the state.

use std::sync::Arc;
use std::time::Instant;

use vibecoin_consensus::BlockError;
use vibecoin_consensus::rules::{
    ParentView, SegmentCheck, check_body, check_commitments, check_header, check_shape, check_transactions,
};
use vibecoin_crypto::Hash;
use vibecoin_execution::TxRef;
use vibecoin_primitives::{Address, Block, ChainSpec, Timestamp, Transaction};
use vibecoin_storage::{KeyValueRead, StoreError, blocks};

use crate::error::corrupt;
use crate::segments::Segments;
use crate::timing::{Stage, StageTimes};
use crate::tip::Parent;

/// A block whose content is the one that its header commits to, so that its parent's id can be believed.
#[derive(Clone)]
pub(crate) struct Received {
    id: Hash,
    block: Arc<Block>,
}

impl Received {
    pub(crate) fn new(id: Hash, block: Arc<Block>) -> Result<Self, BlockError> {
        check_shape(&block)?;
        Ok(Self { id, block })
    }

    pub(crate) const fn id(&self) -> Hash {
        self.id
    }

    pub(crate) const fn block(&self) -> &Arc<Block> {
        &self.block
    }

    pub(crate) fn parent_id(&self) -> Hash {
        self.block.content.parent_id
    }

    /// That ticks and transactions are the committed ones: what a block needs to be kept unchecked, for then its
    /// id stands for one block.
    pub(crate) fn has_its_body(&self, spec: &ChainSpec) -> Result<(), BlockError> {
        Ok(check_commitments(spec, &self.block)?)
    }

    /// The header against its parent.
    pub(crate) fn check_header(
        self,
        spec: &ChainSpec,
        parent: Arc<Parent>,
        now: Timestamp,
        times: &StageTimes,
    ) -> Result<HeaderChecked, BlockError> {
        let started = Instant::now();
        let view = ParentView { header: &parent.header, peaks: &parent.history };
        check_header(spec, &self.block.header, &view, now)?;
        times.add(Stage::Header, started);
        Ok(HeaderChecked { received: self, parent })
    }
}

/// A block whose header stands on its parent, with the work it claims.
pub(crate) struct HeaderChecked {
    received: Received,
    parent: Arc<Parent>,
}

impl HeaderChecked {
    /// Ticks, lists and record, then every transaction alone. A segment that is known costs no sequential hash.
    pub(crate) fn check_body(
        self,
        spec: &ChainSpec,
        segments: &Segments,
        times: &StageTimes,
    ) -> Result<BodyChecked, BlockError> {
        let started = Instant::now();
        let Self { received: Received { id, block }, parent } = self;
        let known = segments.get(&parent.id);
        let segment = known.as_deref().map_or(SegmentCheck::Full { order_seed: 0 }, SegmentCheck::Known);
        check_body(spec, &block, segment)?;
        if known.is_none() {
            segments.insert(parent.id, block.ticks.as_slice().into());
        }
        let checked = times.add(Stage::Body, started);
        let transactions = check_transactions(spec, block.header.height, &block.transactions)?;
        let senders =
            transactions.iter().map(|transaction| (transaction.id(), transaction.sender())).collect();
        times.add(Stage::Transactions, checked);
        Ok(BodyChecked { id, block, parent, senders })
    }
}

/// A block that stands all rules but those that need the state.
pub(crate) struct BodyChecked {
    id: Hash,
    block: Arc<Block>,
    parent: Arc<Parent>,
    /// Id and sender of every transaction.
    senders: Vec<(Hash, Address)>,
}

impl BodyChecked {
    /// A stored block, which has been here before.
    pub(crate) fn stored(rows: &dyn KeyValueRead, id: Hash, parent: Arc<Parent>) -> Result<Self, StoreError> {
        let block = blocks::block(rows, &id)?.ok_or_else(|| corrupt("a block of a branch is missing"))?;
        let derive = |tx: &Transaction| (tx.id(), tx.body.sender());
        let senders = block.transactions.iter().map(derive).collect();
        Ok(Self { id, block: Arc::new(block), parent, senders })
    }

    pub(crate) const fn id(&self) -> Hash {
        self.id
    }

    pub(crate) const fn block(&self) -> &Arc<Block> {
        &self.block
    }

    pub(crate) const fn parent(&self) -> &Arc<Parent> {
        &self.parent
    }

    /// The transactions as execution takes them.
    pub(crate) fn transactions(&self) -> Vec<TxRef<'_>> {
        (self.block.transactions.iter().zip(&self.senders))
            .map(|(transaction, (txid, sender))| TxRef {
                body: &transaction.body,
                txid: *txid,
                sender: *sender,
            })
            .collect()
    }
}
