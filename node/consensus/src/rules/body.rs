//! Stage 3: the ticks and the transactions as lists, against what the content commits to.

#[cfg(test)]
mod tests;

use rayon::prelude::*;
use vibecoin_crypto::{Hash, merkle};
use vibecoin_primitives::block::{poh_record, poh_root};
use vibecoin_primitives::transaction::TRANSACTION_BYTES_MAX;
use vibecoin_primitives::{Block, ChainSpec, Transaction};

use super::Blame;
use crate::poh::{self, Params, SegmentError};

/// Why a body is refused. One variant per rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not as many ticks as the spec says.
    #[error("POH-1: {found} ticks where the spec says {expected}")]
    TickCount {
        /// Ticks there are.
        found: usize,
        /// Ticks there should be.
        expected: u32,
    },
    /// The ticks are not those that the content commits to.
    #[error("POH-2: the ticks have the root {found}, the content commits to {committed}")]
    PohRoot {
        /// The root of the ticks.
        found: Hash,
        /// The one in the content.
        committed: Hash,
    },
    /// The ticks are not the hash chain that starts from the parent's id.
    #[error("POH-3: tick {tick} does not follow from the one before it")]
    Segment {
        /// A wrong tick, from 0.
        tick: usize,
    },
    /// The transactions are not those that the content commits to.
    #[error("BLK-4: the transactions have the root {found}, the content commits to {committed}")]
    TxRoot {
        /// The root of the transactions.
        found: Hash,
        /// The one in the content.
        committed: Hash,
    },
    /// Not the number of transactions.
    #[error("BLK-5: tx_count is {claimed}, there are {found} transactions")]
    TxCount {
        /// The number in the content.
        claimed: u32,
        /// The number of transactions.
        found: usize,
    },
    /// A transaction above 131,072 bytes.
    #[error("TX-2: transaction {index} has {bytes} bytes, more than {TRANSACTION_BYTES_MAX}")]
    TransactionTooLarge {
        /// Its place in the block.
        index: usize,
        /// Its length.
        bytes: usize,
    },
    /// The transactions together are longer than a block may be.
    #[error("BLK-6: the transactions have {bytes} bytes, more than the {bytes_max} of a block")]
    BlockBytes {
        /// Their length.
        bytes: u64,
        /// The bound of the spec.
        bytes_max: u64,
    },
    /// The record does not bind the last tick to the transactions.
    #[error("POH-4: poh_hash is {found}, last tick and tx_root give {expected}")]
    PohHash {
        /// The record in the content.
        found: Hash,
        /// What it should be.
        expected: Hash,
    },
}

impl BodyError {
    /// The number of the broken rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::TickCount { .. } => "POH-1",
            Self::PohRoot { .. } => "POH-2",
            Self::Segment { .. } => "POH-3",
            Self::TxRoot { .. } => "BLK-4",
            Self::TxCount { .. } => "BLK-5",
            Self::TransactionTooLarge { .. } => "TX-2",
            Self::BlockBytes { .. } => "BLK-6",
            Self::PohHash { .. } => "POH-4",
        }
    }

    /// Whom it blames. No `_` arm: every new rule must take a stand.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::TickCount { .. }
            | Self::PohRoot { .. }
            | Self::Segment { .. }
            | Self::TxRoot { .. }
            | Self::TxCount { .. }
            | Self::TransactionTooLarge { .. }
            | Self::BlockBytes { .. }
            | Self::PohHash { .. } => Blame::Peer,
        }
    }

    /// See [`super::BlockError::marks_id_invalid`].
    #[must_use]
    pub const fn marks_id_invalid(&self) -> bool {
        match self {
            // Another body under the same header may be the right one. (A wrong count may be the committed one,
            // but to know that would cost hashes, and it is as cheap to find out again.)
            Self::TickCount { .. } | Self::PohRoot { .. } | Self::TxRoot { .. } => false,
            // Asked only once the ticks, or the transactions, are known to be the committed ones.
            Self::Segment { .. }
            | Self::TxCount { .. }
            | Self::TransactionTooLarge { .. }
            | Self::BlockBytes { .. }
            | Self::PohHash { .. } => true,
        }
    }
}

/// How a segment is checked.
#[derive(Clone, Copy, Debug)]
pub enum SegmentCheck<'a> {
    /// All of it, on all cores.
    Full {
        /// What the order of the ticks follows from, drawn at random by the caller ([`poh::verify_shuffled`]).
        order_seed: u64,
    },
    /// Against the segment of this parent, which is known already: siblings share it.
    Known(&'a [Hash]),
    /// These ticks only, drawn at random by the caller ([`poh::sample`]): old blocks of an initial sync.
    Sample(&'a [usize]),
}

/// The whole stage in its order: ticks, segment, lists and limits, record (POH-1 to POH-3, BLK-4 to BLK-6, TX-2,
/// POH-4).
///
/// # Errors
/// [`BodyError`] with the first rule that is broken.
pub fn check_body(spec: &ChainSpec, block: &Block, segment: SegmentCheck<'_>) -> Result<(), BodyError> {
    check_ticks(spec, block)?;
    check_segment(Params::of(spec), &block.content.parent_id, &block.ticks, segment)?;
    check_lists(spec, block)?;
    check_record(block)
}

/// That the body is the committed one, without a sequential hash: the number of ticks, their root, and that of
/// the transactions (POH-1, POH-2, BLK-4). A block that is held, or kept as an orphan, needs it, so that one id
/// has one body.
///
/// # Errors
/// [`BodyError`] with the first rule that is broken.
pub fn check_commitments(spec: &ChainSpec, block: &Block) -> Result<(), BodyError> {
    check_ticks(spec, block)?;
    check_tx_root(block)
}

/// POH-1 and POH-2: as many ticks as the spec says, and those that the content commits to. A wrong number costs
/// no hash.
///
/// # Errors
/// [`BodyError::TickCount`] or [`BodyError::PohRoot`].
pub fn check_ticks(spec: &ChainSpec, block: &Block) -> Result<(), BodyError> {
    let (found, expected) = (block.ticks.len(), spec.poh_ticks);
    if found as u64 != u64::from(expected) {
        return Err(BodyError::TickCount { found, expected });
    }
    let (found, committed) = (poh_root(&block.ticks), block.content.poh_root);
    if found == committed { Ok(()) } else { Err(BodyError::PohRoot { found, committed }) }
}

/// POH-3: the ticks are the segment of the parent.
///
/// # Errors
/// [`BodyError::Segment`], or [`BodyError::TickCount`] when nobody has counted before.
pub fn check_segment(
    params: Params,
    parent_id: &Hash,
    ticks: &[Hash],
    check: SegmentCheck<'_>,
) -> Result<(), BodyError> {
    let result = match check {
        SegmentCheck::Full { order_seed } => poh::verify_shuffled(params, parent_id, ticks, order_seed),
        SegmentCheck::Known(known) => poh::verify_known(params, known, ticks),
        SegmentCheck::Sample(sample) => poh::verify_sample(params, parent_id, ticks, sample),
    };
    result.map_err(|error| match error {
        SegmentError::TickCount { found, expected } => BodyError::TickCount { found, expected },
        SegmentError::Tick { tick } => BodyError::Segment { tick },
    })
}

/// BLK-4 to BLK-6 and TX-2: the transactions are the committed ones, counted right and within the limits.
///
/// # Errors
/// [`BodyError`] with the first rule that is broken.
pub fn check_lists(spec: &ChainSpec, block: &Block) -> Result<(), BodyError> {
    check_tx_root(block)?;
    let (claimed, found) = (block.content.tx_count, block.transactions.len());
    if u64::from(claimed) != found as u64 {
        return Err(BodyError::TxCount { claimed, found });
    }
    check_sizes(spec, &block.transactions)
}

/// BLK-4: the transactions are those of `tx_root`.
fn check_tx_root(block: &Block) -> Result<(), BodyError> {
    let leaves: Vec<Hash> =
        block.transactions.par_iter().with_min_len(64).map(Transaction::leaf_hash).collect();
    let (found, committed) = (merkle::root_of_hashes(&leaves), block.content.tx_root);
    if found == committed { Ok(()) } else { Err(BodyError::TxRoot { found, committed }) }
}

/// TX-2 and BLK-6: no transaction is too large, nor are all of them together.
fn check_sizes(spec: &ChainSpec, transactions: &[Transaction]) -> Result<(), BodyError> {
    let sizes = || transactions.iter().map(Transaction::encoded_len);
    if let Some((index, bytes)) = sizes().enumerate().find(|(_, bytes)| *bytes > TRANSACTION_BYTES_MAX) {
        return Err(BodyError::TransactionTooLarge { index, bytes });
    }
    let (bytes, bytes_max) = (sizes().map(|bytes| bytes as u64).sum(), spec.block_bytes);
    if bytes > bytes_max { Err(BodyError::BlockBytes { bytes, bytes_max }) } else { Ok(()) }
}

/// POH-4: the record binds the transactions to the last tick.
///
/// # Errors
/// [`BodyError::PohHash`]; also when there is no tick at all, which the count has refused before.
pub fn check_record(block: &Block) -> Result<(), BodyError> {
    let last = block.ticks.last().copied().unwrap_or_default();
    let (found, expected) = (block.content.poh_hash, poh_record(&last, &block.content.tx_root));
    if found == expected { Ok(()) } else { Err(BodyError::PohHash { found, expected }) }
}
