//! The rules of a block, a file per stage of its import, in the order in which they are checked:
//!
//! 1. [`shape`]: its bytes, its version, and that the content is the one its header commits to;
//! 2. [`header`]: height, parent's time, bits, work, time, history — and [`orphan`] when the parent is unknown;
//! 3. [`body`]: ticks, segment, the lists and their limits, the record;
//! 4. [`transaction`]: every transaction alone, in parallel;
//! 5. [`execution`]: what only shows once the block has been carried out.
//!
//! Each error enum is the list of the rules of its stage. An error says which rule was broken, whom that
//! blames, and whether the block's id may be marked invalid because of it.

pub mod body;
pub mod execution;
pub mod header;
pub mod orphan;
pub mod shape;
pub mod transaction;

use vibecoin_crypto::Hash;

pub use body::{BodyError, SegmentCheck, check_body, check_commitments, check_segment, check_ticks};
pub use execution::{AccountError, ExecutionError};
pub use header::{CheckedHeader, HeaderError, ParentView, check_header, check_link};
pub use orphan::{OrphanError, check_orphan};
pub use shape::{ShapeError, check_sealed, check_shape, decode};
pub use transaction::{
    CheckedTransaction, InvalidTransaction, TransactionError, check_transaction, check_transactions,
    check_unsigned, decode_transaction,
};

/// Whom a broken rule speaks against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// Whoever sent it: an honest node would not have.
    Peer,
    /// Nobody: an honest node may have sent it, and it may become valid.
    Nobody,
}

/// Why a block is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Its bytes, version or content.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Its header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// It stands on a block that is invalid, and so it is itself.
    #[error("HDR-10: it stands on the invalid block {parent}")]
    InvalidParent {
        /// That block.
        parent: Hash,
    },
    /// Its ticks, lists or record.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// One of its transactions, whatever the state.
    #[error(transparent)]
    Transaction(#[from] InvalidTransaction),
    /// What it claims to result in.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
}

impl BlockError {
    /// The number of the broken rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Shape(error) => error.rule(),
            Self::Header(error) => error.rule(),
            Self::InvalidParent { .. } => "HDR-10",
            Self::Body(error) => error.rule(),
            Self::Transaction(error) => error.error.rule(),
            Self::Execution(error) => error.rule(),
        }
    }

    /// Whom it blames. In a block, unlike alone, a transaction has no excuse: its miner chose it.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::Header(error) => error.blame(),
            Self::Shape(_)
            | Self::InvalidParent { .. }
            | Self::Body(_)
            | Self::Transaction(_)
            | Self::Execution(_) => Blame::Peer,
        }
    }

    /// True when no body under this header can ever be valid, so that its id may be remembered as invalid.
    ///
    /// That needs a header with work, for ids without it are free to make and would fill any memory, and a
    /// fault in what the header commits to: a body other than the committed one says nothing about the block.
    #[must_use]
    pub const fn marks_id_invalid(&self) -> bool {
        match self {
            Self::Shape(error) => error.marks_id_invalid(),
            Self::Header(error) => error.marks_id_invalid(),
            Self::Body(error) => error.marks_id_invalid(),
            // By now the work is done and the transactions are the committed ones.
            Self::Transaction(_) | Self::Execution(_) => true,
            // The work of such a block has not been looked at; its ancestor's mark is what counts.
            Self::InvalidParent { .. } => false,
        }
    }

    /// True when the block is to be kept and tried again later: its time is too far ahead.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        matches!(self, Self::Header(HeaderError::FromTheFuture { .. }))
    }
}

#[cfg(test)]
mod tests;
