//! One edge of a range: what stands outside of it along the path of its first or its last key.

use super::shared_bits;
use crate::hash::Hash;
use crate::state_tree::{KEY_BITS, PLACEHOLDER, StateProof, Terminal, key_bit};

/// Which edge of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The path of its first key; what stands on the left of it is outside.
    Left,
    /// The path of its last key; what stands on the right of it is outside.
    Right,
}

impl Side {
    /// Whether the sibling at `depth` of the path of `key` is outside of the range.
    fn is_outside(self, key: &Hash, depth: usize) -> bool {
        key_bit(key, depth) == (self == Self::Left)
    }
}

/// A leaf outside of the range that the path of the edge ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Its key.
    pub key: Hash,
    /// The hash of its value.
    pub value_hash: Hash,
}

/// What stands outside of a range along one of its edges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    /// The siblings outside, from the root down; [`PLACEHOLDER`] where empty, and nothing after the last that is not.
    siblings: Vec<Hash>,
    beside: Option<Beside>,
}

/// Why an edge is none of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EdgeError {
    /// It has more siblings than its path has turns.
    #[error("an edge of {found} siblings where the path leaves {max} outside")]
    TooLong {
        /// Its siblings.
        found: usize,
        /// The most there can be.
        max: usize,
    },
    /// The leaf beside the range is inside it, or beyond the other edge.
    #[error("the leaf {key} is not outside of this edge")]
    NotBeside {
        /// Its key.
        key: Hash,
    },
    /// A sibling is named where the leaf beside the range stands, or below it.
    #[error("the edge goes on behind the leaf {key} that it ends in")]
    BehindTheLeaf {
        /// Its key.
        key: Hash,
    },
}

impl Edge {
    /// The edge along the path of `key`, which `path` proves to have a value or none.
    #[must_use]
    pub fn new(side: Side, key: &Hash, path: &StateProof) -> Self {
        let outside = |(depth, _): &(usize, &Hash)| side.is_outside(key, *depth);
        let siblings = path.siblings().iter().enumerate().filter(outside).map(|(_, hash)| *hash);
        let beside = match path.terminal() {
            Terminal::Other { key: other, value_hash } if (other < key) == (side == Side::Left) => {
                Some(Beside { key: *other, value_hash: *value_hash })
            }
            Terminal::Empty | Terminal::Value(_) | Terminal::Other { .. } => None,
        };
        Self::of_parts(siblings.collect(), beside)
    }

    pub(super) fn of_parts(mut siblings: Vec<Hash>, beside: Option<Beside>) -> Self {
        let kept = siblings.iter().rposition(|hash| *hash != PLACEHOLDER).map_or(0, |last| last + 1);
        siblings.truncate(kept);
        Self { siblings, beside }
    }

    pub(super) fn siblings(&self) -> &[Hash] {
        &self.siblings
    }

    pub(super) const fn beside(&self) -> Option<&Beside> {
        self.beside.as_ref()
    }

    /// Whether it can be that edge of a range which has `key` there.
    pub(super) fn check(&self, key: &Hash, side: Side) -> Result<(), EdgeError> {
        let max = (0..KEY_BITS).filter(|depth| side.is_outside(key, *depth)).count();
        if self.siblings.len() > max {
            return Err(EdgeError::TooLong { found: self.siblings.len(), max });
        }
        let Some(Beside { key: beside, .. }) = self.beside else { return Ok(()) };
        if beside == *key || (beside < *key) != (side == Side::Left) {
            return Err(EdgeError::NotBeside { key: beside });
        }
        let place = (0..shared_bits(&beside, key)).filter(|depth| side.is_outside(key, *depth)).count();
        if self.siblings.len() > place {
            return Err(EdgeError::BehindTheLeaf { key: beside });
        }
        Ok(())
    }
}
