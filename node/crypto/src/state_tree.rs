//! The state tree as a function: what its root is, and proofs against a root.
//!
//! A sparse Merkle tree over 32-byte keys, binary by key bits from the most significant. A subtree without a
//! leaf hashes to [`PLACEHOLDER`], a subtree with one leaf is that leaf, and any other is the hash of its two
//! halves:
//!
//! ```text
//! leaf      H("JMT::LeafNode" ‖ key ‖ H(value))
//! internal  H("JMT::IntrnalNode" ‖ left ‖ right)      (the vowel is missing in the original, too)
//! ```
//!
//! These are the domains of the `jmt` crate with SHA-256, which therefore checks every root from outside.
//!
//! Deliberately absent: storage. How a large tree is kept and changed is the business of a store; this module
//! needs all entries or a proof.

mod proof;
mod range;
#[cfg(test)]
mod tests;

pub use proof::{ProofError, StateProof, Terminal};
pub use range::{
    CHUNK_BYTES_MAX, Edge, EdgeError, LEAF_FIXED_BYTES, Leaf, RangeError, Side, StateChunk, VerifiedChunk,
    successor,
};

use crate::hash::{Hash, sha256, sha256_parts};

/// The hash of a subtree without a leaf, and so the root of an empty state.
pub const PLACEHOLDER: Hash = Hash::new(*b"SPARSE_MERKLE_PLACEHOLDER_HASH__");

/// Bits of a key, and so the most levels a tree can have.
pub const KEY_BITS: usize = 256;

const LEAF_DOMAIN: &[u8; 13] = b"JMT::LeafNode";
const INTERNAL_DOMAIN: &[u8; 16] = b"JMT::IntrnalNode";

/// The hash of a value as its leaf commits to it.
#[must_use]
pub fn value_hash(value: &[u8]) -> Hash {
    sha256(value)
}

/// The hash of a leaf whose value has the hash `value_hash`.
#[must_use]
pub fn leaf_hash(key: &Hash, value_hash: &Hash) -> Hash {
    sha256_parts(&[LEAF_DOMAIN, key.as_bytes(), value_hash.as_bytes()])
}

/// The hash of a subtree with two or more leaves.
#[must_use]
pub fn internal_hash(left: &Hash, right: &Hash) -> Hash {
    sha256_parts(&[INTERNAL_DOMAIN, left.as_bytes(), right.as_bytes()])
}

/// Bit `depth` of a key, counted from the most significant; `depth` is below [`KEY_BITS`].
#[must_use]
pub fn key_bit(key: &Hash, depth: usize) -> bool {
    key.as_bytes()[depth / 8] >> (7 - depth % 8) & 1 == 1
}

/// The root over all entries of a state, for a state that is built at once (a genesis).
///
/// # Errors
/// [`NotAscending`] unless every key is greater than the one before it.
pub fn root_of<V: AsRef<[u8]>>(entries: &[(Hash, V)]) -> Result<Hash, NotAscending> {
    if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
        return Err(NotAscending { key: pair[1].0 });
    }
    let leaves: Vec<_> =
        entries.iter().map(|(key, value)| (*key, leaf_hash(key, &value_hash(value.as_ref())))).collect();
    Ok(subtree_root(&leaves, 0))
}

/// The hash of the subtree of `leaves` (key and leaf hash, ascending) that share their first `depth` bits.
fn subtree_root(leaves: &[(Hash, Hash)], depth: usize) -> Hash {
    match leaves {
        [] => PLACEHOLDER,
        [(_, hash)] => *hash,
        _ => {
            let (left, right) = leaves.split_at(leaves.partition_point(|(key, _)| !key_bit(key, depth)));
            internal_hash(&subtree_root(left, depth + 1), &subtree_root(right, depth + 1))
        }
    }
}

/// Entries that should ascend by key do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key {key} is not greater than the one before it")]
pub struct NotAscending {
    /// The first key out of order.
    pub key: Hash,
}
