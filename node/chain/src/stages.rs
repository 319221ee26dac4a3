//! How far a block has got: one type per stage, each made only out of the one before.
//!
//! [`Sealed`] → [`HeaderChecked`], and with a body that is the committed one → [`BodyChecked`] → connected to a
//! [`crate::branch::Branch`], which executes it. Cheap comes before costly, the header before the body, the body
//! before the state; and a header needs no body to be judged.

use std::sync::Arc;
use std::time::Instant;

use vibecoin_consensus::poh::{self, Params};
use vibecoin_consensus::rules::{
    ParentView, SegmentCheck, check_body, check_header, check_sealed, check_segment, check_ticks,
    check_transactions,
};
use vibecoin_consensus::{BlockError, BodyError};
use vibecoin_crypto::Hash;
use vibecoin_execution::TxRef;
use vibecoin_primitives::{Address, Block, Content, Header, Timestamp, Transaction};
use vibecoin_storage::blocks::BlockMeta;
use vibecoin_storage::{KeyValueRead, StoreError, blocks};

use crate::error::corrupt;
use crate::ground::Ground;
use crate::timing::Stage;
use crate::tip::Parent;

/// A header with the content that it commits to, so that its parent's id can be believed.
#[derive(Clone, Copy)]
pub(crate) struct Sealed {
    id: Hash,
    header: Header,
    content: Content,
}

impl Sealed {
    /// Of a header whose id is known.
    pub(crate) fn new(id: Hash, header: &Header, content: &Content) -> Result<Self, BlockError> {
        check_sealed(header, content)?;
        Ok(Self { id, header: *header, content: *content })
    }

    pub(crate) const fn id(&self) -> Hash {
        self.id
    }

    pub(crate) const fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) const fn content(&self) -> &Content {
        &self.content
    }

    pub(crate) const fn parent_id(&self) -> Hash {
        self.content.parent_id
    }

    /// The header against its parent.
    pub(crate) fn check_header(
        self,
        ground: &Ground,
        parent: Arc<Parent>,
        now: Timestamp,
    ) -> Result<HeaderChecked, BlockError> {
        let started = Instant::now();
        let view = ParentView { header: &parent.header, peaks: &parent.history };
        check_header(&ground.spec, &self.header, &view, now)?;
        ground.times.add(Stage::Header, started);
        Ok(HeaderChecked { sealed: self, parent })
    }

    /// A header that was stored, and so has been checked.
    pub(crate) const fn checked_before(self, parent: Arc<Parent>) -> HeaderChecked {
        HeaderChecked { sealed: self, parent }
    }
}

/// A header that stands on its parent, with the work it claims.
pub(crate) struct HeaderChecked {
    sealed: Sealed,
    parent: Arc<Parent>,
}

/// How much of a segment that nobody knows yet is verified, with what the draw follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Every tick, in a drawn order.
    Full { seed: u64 },
    /// A few drawn ticks.
    Sample { seed: u64 },
}

impl HeaderChecked {
    pub(crate) const fn sealed(&self) -> &Sealed {
        &self.sealed
    }

    pub(crate) const fn parent(&self) -> &Arc<Parent> {
        &self.parent
    }

    /// Ticks, lists and record, then every transaction alone. A segment that is known costs no sequential hash.
    pub(crate) fn check_body(
        self,
        block: Arc<Block>,
        extent: Extent,
        ground: &Ground,
    ) -> Result<BodyChecked, BlockError> {
        let started = Instant::now();
        let Self { sealed, parent } = self;
        let sampled = verify_segment(ground, &parent.id, (&sealed.id, &block), extent)?;
        check_body(&ground.spec, &block, SegmentCheck::Known(&block.ticks))?;
        let checked = ground.times.add(Stage::Body, started);
        let transactions = check_transactions(&ground.spec, block.header.height, &block.transactions)?;
        let senders =
            transactions.iter().map(|transaction| (transaction.id(), transaction.sender())).collect();
        ground.times.add(Stage::Transactions, checked);
        Ok(BodyChecked { id: sealed.id, block, parent, senders, stored: false, sampled })
    }
}

/// Verifies the segment of a block that commits to these ticks, and says whether only a sample of it was. What is
/// verified in full is known from then on, even if the rest of the body proves wrong: no sender makes this node hash
/// the same segment twice.
fn verify_segment(
    ground: &Ground,
    parent: &Hash,
    (id, block): (&Hash, &Block),
    extent: Extent,
) -> Result<bool, BlockError> {
    check_ticks(&ground.spec, block)?;
    let check = |check: SegmentCheck<'_>| check_committed_segment(ground, parent, (id, block), check);
    if let Some(known) = ground.segments.get(parent) {
        check(SegmentCheck::Known(&known))?;
        return Ok(false);
    }
    match extent {
        Extent::Full { seed } => {
            check(SegmentCheck::Full { order_seed: seed })?;
            ground.segments.insert(*parent, block.ticks.as_slice().into());
            Ok(false)
        }
        Extent::Sample { seed } => {
            check(SegmentCheck::Sample(&poh::sample(Params::of(&ground.spec), seed)))?;
            Ok(true)
        }
    }
}

/// Checks ticks that a block commits to. What speaks against a false segment is kept for light clients.
fn check_committed_segment(
    ground: &Ground,
    parent: &Hash,
    (id, block): (&Hash, &Block),
    check: SegmentCheck<'_>,
) -> Result<(), BlockError> {
    let checked = check_segment(Params::of(&ground.spec), parent, &block.ticks, check);
    if let Err(BodyError::Segment { .. }) = checked {
        ground.faults.note(&ground.spec, id, block);
    }
    Ok(checked?)
}

/// A block that stands all rules but those that need the state.
pub(crate) struct BodyChecked {
    id: Hash,
    block: Arc<Block>,
    parent: Arc<Parent>,
    /// Id and sender of every transaction.
    senders: Vec<(Hash, Address)>,
    stored: bool,
    sampled: bool,
}

impl BodyChecked {
    /// A stored block, which has been here before. Its ticks may have been dropped since.
    pub(crate) fn stored(
        rows: &dyn KeyValueRead,
        id: Hash,
        record: &BlockMeta,
        parent: Arc<Parent>,
    ) -> Result<Self, StoreError> {
        let block = blocks::kept(rows, &id)?.ok_or_else(|| corrupt("a block of a branch is missing"))?;
        let derive = |tx: &Transaction| (tx.id(), tx.body.sender());
        let senders = block.transactions.iter().map(derive).collect();
        Ok(Self { id, block: Arc::new(block), parent, senders, stored: true, sampled: record.sampled })
    }

    /// The same for a store that does not have it yet.
    pub(crate) fn into_new(self) -> Self {
        Self { stored: false, ..self }
    }

    /// Verifies every tick, where only some were.
    pub(crate) fn verify_in_full(&mut self, seed: u64, ground: &Ground) -> Result<(), BlockError> {
        if self.sampled {
            let check = SegmentCheck::Full { order_seed: seed };
            check_committed_segment(ground, &self.parent.id, (&self.id, &self.block), check)?;
            self.sampled = false;
        }
        Ok(())
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

    /// Whether its rows are in the store already.
    pub(crate) const fn is_stored(&self) -> bool {
        self.stored
    }

    /// Whether only some of its ticks have been verified.
    pub(crate) const fn is_sampled(&self) -> bool {
        self.sampled
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
