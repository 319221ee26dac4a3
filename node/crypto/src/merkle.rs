//! Merkle trees of RFC 6962, section 2.1: leaf `H(0x00 ‖ bytes)`, node `H(0x01 ‖ left ‖ right)`, split at the
//! largest power of two below the number of leaves, empty tree `H("")`.
//!
//! No leaf is ever duplicated to fill a level, so two lists never share a root (CVE-2012-2459 cannot occur).

use crate::hash::{Hash, sha256, sha256_parts};

#[cfg(test)]
mod tests;

/// The hash of one leaf.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    sha256_parts(&[&[0], leaf])
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256_parts(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The root over leaf hashes that are already made.
#[must_use]
pub fn root_of_hashes(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(b""),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root_of_hashes(left), &root_of_hashes(right))
        }
    }
}

/// The root over raw leaves.
#[must_use]
pub fn root<T: AsRef<[u8]>>(leaves: &[T]) -> Hash {
    let hashes: Vec<_> = leaves.iter().map(|leaf| leaf_hash(leaf.as_ref())).collect();
    root_of_hashes(&hashes)
}

/// The largest power of two below `n`, for `n` of two or more.
const fn split(n: usize) -> usize {
    1 << (usize::BITS - 1 - (n - 1).leading_zeros())
}

/// The audit path of leaf `index`: siblings from the leaf up. `None` when there is no such leaf.
#[must_use]
pub fn path(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut siblings = Vec::new();
    let (mut leaves, mut index) = (leaves, index);
    while leaves.len() > 1 {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if index < left.len() {
            siblings.push(root_of_hashes(right));
            leaves = left;
        } else {
            siblings.push(root_of_hashes(left));
            index -= left.len();
            leaves = right;
        }
    }
    siblings.reverse();
    Some(siblings)
}

/// True when `path` proves that `leaf` is number `index` of the `count` leaves under `root`.
///
/// The path must have exactly the length that the position in such a tree gives.
#[must_use]
pub fn verify(root: &Hash, count: u64, index: u64, leaf: &Hash, path: &[Hash]) -> bool {
    if index >= count {
        return false;
    }
    // RFC 9162, section 2.1.3.2: `at` and `last` walk up together; a node on the right border without a
    // sibling is carried up as it is.
    let (mut at, mut last) = (index, count - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}
