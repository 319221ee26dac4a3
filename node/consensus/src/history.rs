//! History: a Merkle mountain range over all headers, whose root stands in every header.
//!
//! A node commits to a run of headers: their hash tree, their work, and the times they span. The peaks are the
//! perfect trees that a number of leaves splits into, one for every 1 in its binary form, the highest first.
//!
//! Deliberately absent: storage of inner nodes (appending hands them out), and proofs, which are in [`crate::light`].

mod peaks;
#[cfg(test)]
mod tests;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_crypto::hash::sha256_parts;
use vibecoin_primitives::{DecodeError, Header, Height, Timestamp, Work, encoding};

pub use peaks::Peaks;

use crate::pow::{self, TargetError};

/// First byte of what an inner node hashes.
const INNER: u8 = 1;
/// First byte of what a root hashes.
const ROOT: u8 = 2;

/// A commitment to a run of consecutive headers, 64 bytes encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Node {
    /// The block's id, or the hash of both children.
    pub hash: Hash,
    /// The work of all its headers.
    pub work: Work,
    /// The `prev_time` of its first header.
    pub t0: Timestamp,
    /// The time of its last header.
    pub t1: Timestamp,
}

impl Node {
    /// Length of the encoding, in bytes.
    pub const BYTES: usize = 64;

    /// The leaf of a header whose id is known (HIS-1).
    ///
    /// # Errors
    /// [`TargetError`] when its bits have no work; a checked header's have.
    pub fn leaf(header: &Header, id: Hash) -> Result<Self, TargetError> {
        Ok(Self { hash: id, work: pow::work(header.bits)?, t0: header.prev_time, t1: header.time })
    }

    /// Nodes one after the other, without a count.
    ///
    /// # Errors
    /// [`DecodeError`] unless the bytes are whole nodes.
    pub fn decode_all(bytes: &[u8]) -> Result<Vec<Self>, DecodeError> {
        if !bytes.len().is_multiple_of(Self::BYTES) {
            return Err(DecodeError::TrailingBytes(bytes.len() % Self::BYTES));
        }
        bytes.chunks(Self::BYTES).map(encoding::decode).collect()
    }

    /// The node above two neighbours (HIS-2). `start` is the height of its first leaf, `level` its own: 1 above
    /// two leaves.
    ///
    /// # Errors
    /// [`HistoryError`] when the times do not join or the work does not fit.
    pub fn parent(start: Height, level: u8, left: &Self, right: &Self) -> Result<Self, HistoryError> {
        if left.t1 != right.t0 {
            return Err(HistoryError::TimesDoNotJoin { left: left.t1, right: right.t0 });
        }
        let work = left.work.checked_add(right.work).ok_or(HistoryError::WorkOverflow)?;
        let hash = sha256_parts(&[
            &[INNER],
            &start.get().to_le_bytes(),
            &[level],
            &encoding::encode(left),
            &encoding::encode(right),
        ]);
        Ok(Self { hash, work, t0: left.t0, t1: right.t1 })
    }
}

/// An inner node that an append has completed, with its place and its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inner {
    /// The height of its first leaf.
    pub start: Height,
    /// Levels above the leaves, at least 1.
    pub level: u8,
    /// The node itself.
    pub node: Node,
    /// Its left child.
    pub left: Node,
    /// Its right child.
    pub right: Node,
}

/// Why nodes do not make a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The right neighbour does not start when the left one ends.
    #[error("HIS-2: times do not join: one part ends at {left}, the next starts at {right}")]
    TimesDoNotJoin {
        /// The end of the left one.
        left: Timestamp,
        /// The start of the right one.
        right: Timestamp,
    },
    /// The sum of the work is above `u128`.
    #[error("HIS-2: work overflow")]
    WorkOverflow,
    /// A tree of this size does not begin at this height.
    #[error("HIS-3: no tree of level {level} begins at height {start}")]
    Misplaced {
        /// Its level.
        level: u8,
        /// The height of its first leaf.
        start: Height,
    },
    /// Not one peak for every 1 in the binary form of the count.
    #[error("HIS-3: {found} peaks for {count} headers")]
    PeakCount {
        /// How many peaks.
        found: usize,
        /// How many headers.
        count: u64,
    },
    /// No further leaf can be counted.
    #[error("HIS-3: there are 2^64 - 1 leaves already")]
    Full,
}

/// The history root of the genesis, which has no header before it.
#[must_use]
pub fn empty_root() -> Hash {
    Peaks::new().root()
}
