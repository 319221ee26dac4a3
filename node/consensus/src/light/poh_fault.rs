//! Proof that the Proof of History segment of a block is false: two neighbouring ticks that do not follow.
//!
//! A light client knows a block's id and so, by its content, the root over its ticks. A segment is false as soon as one
//! tick is not what its predecessor leads to; showing both with their paths is enough, and one honest server can do it.
//! A good segment has no such pair, so nothing can be proven against it.
//!
//! Deliberately absent: segments that nobody has. Who commits to a root and shows no ticks cannot be caught like this;
//! full nodes refuse the block, and only that keeps it from a chain.

#[cfg(test)]
mod tests;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::{Hash, merkle};
use vibecoin_primitives::block::poh_root;
use vibecoin_primitives::{ChainSpec, Content, DecodeError, Header, Height, encoding};

use crate::poh::{self, Params, SegmentError};

/// The longest encoding of a fault: a path of 10 hashes for 1,024 ticks, twice, beside the content.
pub const FAULT_BYTES_MAX: usize = 1_024;

/// A tick with its path to the root over the ticks.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Waypoint {
    tick: Hash,
    path: Vec<Hash>,
}

/// Two ticks of a block that do not follow from each other.
///
/// Wire form: Borsh of the content, the index of the tick that is wrong, the one before it (none for the first,
/// which follows from the parent's id), and the wrong one; a tick is its hash and its path.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PohFault {
    content: Content,
    index: u32,
    before: Option<Waypoint>,
    wrong: Waypoint,
}

/// Why something is no proof of a false segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// The bytes are none.
    #[error(transparent)]
    Encoding(#[from] DecodeError),
    /// More bytes than any has.
    #[error("{bytes} bytes are more than the {FAULT_BYTES_MAX} of any such proof")]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// The genesis has no segment.
    #[error("the genesis has no segment")]
    Genesis,
    /// The content belongs to another block.
    #[error("the content is not that of block {0}")]
    OtherContent(Hash),
    /// The index is none of a segment, or the tick before is missing or superfluous.
    #[error("tick {index} of a segment of {ticks}: no such pair of ticks")]
    NoPair {
        /// The index.
        index: u32,
        /// Ticks of a segment.
        ticks: u32,
    },
    /// A tick is not the one under the root.
    #[error("tick {index} is not under the block's root")]
    NotCommitted {
        /// Its index.
        index: u32,
    },
    /// The ticks follow from each other: nothing is wrong with them.
    #[error("tick {index} follows from the one before it")]
    Follows {
        /// Its index.
        index: u32,
    },
}

impl PohFault {
    /// The proof against a block with this content and these ticks; `None` if nothing can be proven: the ticks are a
    /// good segment, are not as many as the spec says, or not those that the content commits to.
    #[must_use]
    pub fn find(spec: &ChainSpec, content: &Content, ticks: &[Hash]) -> Option<Self> {
        let params = Params::of(spec);
        if poh_root(ticks) != content.poh_root {
            return None;
        }
        let index = match poh::verify(params, &content.parent_id, ticks) {
            Err(SegmentError::Tick { tick }) => tick,
            Ok(()) | Err(SegmentError::TickCount { .. }) => return None,
        };
        let leaves: Vec<Hash> = ticks.iter().map(|tick| merkle::leaf_hash(tick.as_bytes())).collect();
        let waypoint =
            |index: usize| Some(Waypoint { tick: *ticks.get(index)?, path: merkle::path(&leaves, index)? });
        let before = match index.checked_sub(1) {
            Some(before) => Some(waypoint(before)?),
            None => None,
        };
        Some(Self { content: *content, index: u32::try_from(index).ok()?, before, wrong: waypoint(index)? })
    }

    /// Reads a proof and nothing else.
    ///
    /// # Errors
    /// [`FaultError::TooLarge`] unread, [`FaultError::Encoding`].
    pub fn decode(bytes: &[u8]) -> Result<Self, FaultError> {
        if bytes.len() > FAULT_BYTES_MAX {
            return Err(FaultError::TooLarge { bytes: bytes.len() });
        }
        Ok(encoding::decode(bytes)?)
    }

    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encoding::encode(self)
    }

    /// The tick that is proven wrong, from 0.
    #[must_use]
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// LGT-24: checks that the segment of the block with this header, whose id the caller believes, is false. It costs the
    /// hashes of one tick.
    ///
    /// # Errors
    /// [`FaultError`] if that is not shown.
    pub fn verify(&self, spec: &ChainSpec, header: &Header) -> Result<(), FaultError> {
        if header.height == Height::GENESIS {
            return Err(FaultError::Genesis);
        }
        if self.content.root() != header.content_root {
            return Err(FaultError::OtherContent(header.id()));
        }
        let params = Params::of(spec);
        let (index, ticks) = (self.index, params.ticks());
        let no_pair = FaultError::NoPair { index, ticks };
        let before = match (index.checked_sub(1), &self.before) {
            (None, None) => poh::seed(&self.content.parent_id),
            (Some(previous), Some(waypoint)) => self.committed(ticks, previous, waypoint)?,
            (None, Some(_)) | (Some(_), None) => return Err(no_pair),
        };
        if index >= ticks {
            return Err(no_pair);
        }
        let found = self.committed(ticks, index, &self.wrong)?;
        if poh::chain(&before, params.hashes_per_tick()) == found {
            return Err(FaultError::Follows { index });
        }
        Ok(())
    }

    /// The tick, if it stands at its index under the root.
    fn committed(&self, ticks: u32, index: u32, waypoint: &Waypoint) -> Result<Hash, FaultError> {
        let leaf = merkle::leaf_hash(waypoint.tick.as_bytes());
        let root = &self.content.poh_root;
        if merkle::verify(root, u64::from(ticks), u64::from(index), &leaf, &waypoint.path) {
            Ok(waypoint.tick)
        } else {
            Err(FaultError::NotCommitted { index })
        }
    }
}
