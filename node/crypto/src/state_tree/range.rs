//! Proofs of whole ranges: all leaves from one key to another, in order, nothing left out and nothing added.
//!
//! A chunk carries the leaves of a range and, for each of its two edges, the siblings that stand outside of it on the
//! way from the root. What is inside is hashed from the leaves alone, so a verifier who knows the root learns that
//! the chunk is the whole truth about its range. A chunk that had to end early says so, and proves just the range up
//! to its last leaf: the next one starts behind it.
//!
//! An outside subtree is a hash. Only where everything of a subtree that lies inside the range is empty, and the
//! subtree is one leaf outside, does its hash say too little (the leaf has risen to where the hash of two halves could
//! stand): there the leaf is named, which [`Edge`] calls the one beside.

mod edge;
#[cfg(test)]
mod tests;
mod wire;

pub use edge::{Edge, EdgeError, Side};

use super::{KEY_BITS, PLACEHOLDER, internal_hash, key_bit, leaf_hash, value_hash};
use crate::hash::Hash;

/// The most bytes that the leaves of one chunk take: for each 36 and its value's.
pub const CHUNK_BYTES_MAX: usize = 2 << 20;
/// Bytes of a leaf beside its value: the key, and the length.
pub const LEAF_FIXED_BYTES: usize = 36;
/// Inner nodes over the leaves of a chunk that are hashed, for each leaf. Keys are hashes; a chunk that needs more
/// was made to cost its verifier time.
const NODES_PER_LEAF_MAX: usize = 64;
/// Inner nodes that any chunk may need: small ones may be odd.
const NODES_ALWAYS: usize = 8_192;

/// A leaf: a key and its value.
pub type Leaf = (Hash, Vec<u8>);

/// The leaves of a range with what proves them. It names neither the range nor the root: the verifier knows both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateChunk {
    leaves: Vec<Leaf>,
    /// Whether it ends at its last leaf, before the end of the range that was asked for.
    is_cut: bool,
    left: Edge,
    right: Edge,
}

/// Why a chunk proves nothing. Whoever sent it is to blame, whatever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// The range that was asked for ends before it starts.
    #[error("a range from {start} to {end}")]
    Reversed {
        /// Its start.
        start: Hash,
        /// Its end.
        end: Hash,
    },
    /// A leaf is not greater than the one before it.
    #[error("the key {key} is not greater than the one before it")]
    NotAscending {
        /// The first key out of order.
        key: Hash,
    },
    /// A leaf is outside of the range.
    #[error("the key {key} is outside of the range")]
    Outside {
        /// The key.
        key: Hash,
    },
    /// It ends early, and yet it has no leaf.
    #[error("the chunk is cut and empty")]
    CutToNothing,
    /// Its keys share so many bits that it costs more to verify than a true one does.
    #[error("{nodes} inner nodes over {leaves} leaves")]
    TooDeep {
        /// Inner nodes that would have to be hashed.
        nodes: usize,
        /// The leaves.
        leaves: usize,
    },
    /// An edge is none of this range.
    #[error(transparent)]
    Edge(#[from] EdgeError),
    /// It belongs to another root or range, or was altered.
    #[error("the chunk leads to the root {found}, not {expected}")]
    WrongRoot {
        /// The root it leads to.
        found: Hash,
        /// The root it should lead to.
        expected: Hash,
    },
}

/// A chunk that was verified against a root, with the range that it is the truth about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedChunk {
    root: Hash,
    start: Hash,
    last: Hash,
    next: Option<Hash>,
    leaves: Vec<Leaf>,
}

impl VerifiedChunk {
    /// The root of the state.
    #[must_use]
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// The first key of the range, whether it has a leaf or not.
    #[must_use]
    pub const fn start(&self) -> Hash {
        self.start
    }

    /// The last key of the range, whether it has a leaf or not.
    #[must_use]
    pub const fn last(&self) -> Hash {
        self.last
    }

    /// Where to go on; `None` if the range that was asked for is done.
    #[must_use]
    pub const fn next(&self) -> Option<Hash> {
        self.next
    }

    /// All leaves of the range, ascending.
    #[must_use]
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }
}

impl StateChunk {
    /// A chunk of these leaves; `is_cut` if it ends at the last of them.
    #[must_use]
    pub const fn new(leaves: Vec<Leaf>, is_cut: bool, left: Edge, right: Edge) -> Self {
        Self { leaves, is_cut, left, right }
    }

    /// Its leaves, unproven.
    #[must_use]
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The last key that it speaks of, if `end` is the last that was asked for.
    #[must_use]
    pub fn last_key(&self, end: &Hash) -> Hash {
        match self.leaves.last() {
            Some((key, _)) if self.is_cut => *key,
            _ => *end,
        }
    }

    /// Checks that these are all leaves of the state of `root` from `start` to `end` (both included), or to the last
    /// one of them where the chunk is cut.
    ///
    /// Costs one pass over the leaves, and a bounded number of hashes for each.
    ///
    /// # Errors
    /// [`RangeError`]; nothing of the chunk is to be believed then.
    pub fn verify(self, root: &Hash, start: &Hash, end: &Hash) -> Result<VerifiedChunk, RangeError> {
        if start > end {
            return Err(RangeError::Reversed { start: *start, end: *end });
        }
        if let Some(pair) = self.leaves.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            return Err(RangeError::NotAscending { key: pair[1].0 });
        }
        for key in self.leaves.first().into_iter().chain(self.leaves.last()).map(|(key, _)| *key) {
            if key < *start || key > *end {
                return Err(RangeError::Outside { key });
            }
        }
        if self.is_cut && self.leaves.is_empty() {
            return Err(RangeError::CutToNothing);
        }
        self.check_depth()?;
        let last = self.last_key(end);
        self.left.check(start, Side::Left)?;
        self.right.check(&last, Side::Right)?;
        let hashed: Vec<_> =
            self.leaves.iter().map(|(key, value)| (*key, leaf_hash(key, &value_hash(value)))).collect();
        let fold = Fold { start, last: &last, left: &self.left, right: &self.right };
        let mut places = Places { left: 0, right: 0 };
        let found = fold.subtree(&hashed, 0, On { left: true, right: true }, &mut places).hash();
        if found != *root {
            return Err(RangeError::WrongRoot { found, expected: *root });
        }
        let next = if last == *end { None } else { successor(&last) };
        Ok(VerifiedChunk { root: *root, start: *start, last, next, leaves: self.leaves })
    }

    /// Counts the inner nodes over the leaves: in a binary tree a leaf adds as many as it stands deeper than where it
    /// leaves the ones before.
    fn check_depth(&self) -> Result<(), RangeError> {
        let shared = self.leaves.windows(2).map(|pair| shared_bits(&pair[0].0, &pair[1].0));
        let (mut nodes, mut before) = (0, 0);
        for bits in shared {
            nodes += (bits + 1_usize).saturating_sub(before);
            before = bits + 1;
        }
        if nodes > NODES_ALWAYS + NODES_PER_LEAF_MAX * self.leaves.len() {
            return Err(RangeError::TooDeep { nodes, leaves: self.leaves.len() });
        }
        Ok(())
    }
}

/// The key after this one; `None` after the greatest.
#[must_use]
pub fn successor(key: &Hash) -> Option<Hash> {
    let mut bytes = key.to_bytes();
    for byte in bytes.iter_mut().rev() {
        let (next, wrapped) = byte.overflowing_add(1);
        *byte = next;
        if !wrapped {
            return Some(Hash::new(bytes));
        }
    }
    None
}

/// Leading bits that two keys have in common.
pub(super) fn shared_bits(a: &Hash, b: &Hash) -> usize {
    let pairs = a.as_bytes().iter().zip(b.as_bytes());
    let mut bits = 0;
    for (a, b) in pairs {
        let differing = a ^ b;
        bits += differing.leading_zeros() as usize;
        if differing != 0 {
            break;
        }
    }
    bits
}

/// A subtree as the one above it needs it.
#[derive(Clone, Copy)]
enum Subtree {
    Empty,
    /// A leaf, which rises as long as it is alone.
    Leaf(Hash),
    /// Anything else, or what nobody needs to look into.
    Inner(Hash),
}

impl Subtree {
    const fn hash(self) -> Hash {
        match self {
            Self::Empty => PLACEHOLDER,
            Self::Leaf(hash) | Self::Inner(hash) => hash,
        }
    }

    fn over(left: Self, right: Self) -> Self {
        match (left, right) {
            (Self::Empty, Self::Empty) => Self::Empty,
            (Self::Empty, Self::Leaf(leaf)) | (Self::Leaf(leaf), Self::Empty) => Self::Leaf(leaf),
            _ => Self::Inner(internal_hash(&left.hash(), &right.hash())),
        }
    }
}

/// Which edges pass through a subtree.
#[derive(Clone, Copy)]
struct On {
    left: bool,
    right: bool,
}

/// How many siblings of each edge have been passed.
struct Places {
    left: usize,
    right: usize,
}

/// The hashing of a range with its edges.
struct Fold<'a> {
    start: &'a Hash,
    last: &'a Hash,
    left: &'a Edge,
    right: &'a Edge,
}

impl Fold<'_> {
    /// The subtree at `depth` whose leaves inside the range are `leaves`.
    fn subtree(&self, leaves: &[(Hash, Hash)], depth: usize, on: On, places: &mut Places) -> Subtree {
        if !on.left && !on.right || depth == KEY_BITS {
            return inside(leaves, depth);
        }
        let (low, high) = leaves.split_at(leaves.partition_point(|(key, _)| !key_bit(key, depth)));
        // Where the path of the first key turns right, what is on its left is outside; the other way round for the last.
        let start_is_high = on.left && key_bit(self.start, depth);
        let last_is_low = on.right && !key_bit(self.last, depth);
        // The siblings of an edge are listed from the root down, so each is taken on the way down.
        let outside_left = start_is_high.then(|| take(self.left, &mut places.left, self.start, depth));
        let outside_right = last_is_low.then(|| take(self.right, &mut places.right, self.last, depth));
        let left = outside_left.unwrap_or_else(|| {
            let on = On { left: on.left && !start_is_high, right: last_is_low };
            self.subtree(low, depth + 1, on, places)
        });
        let right = outside_right.unwrap_or_else(|| {
            let on = On { left: start_is_high, right: on.right && !last_is_low };
            self.subtree(high, depth + 1, on, places)
        });
        Subtree::over(left, right)
    }
}

/// The next sibling of an edge, at `depth` of the path of `key`.
fn take(edge: &Edge, place: &mut usize, key: &Hash, depth: usize) -> Subtree {
    let sibling = edge.siblings().get(*place).copied().unwrap_or(PLACEHOLDER);
    *place += 1;
    match edge.beside() {
        Some(beside) if shared_bits(&beside.key, key) == depth => {
            Subtree::Leaf(leaf_hash(&beside.key, &beside.value_hash))
        }
        _ if sibling == PLACEHOLDER => Subtree::Empty,
        _ => Subtree::Inner(sibling),
    }
}

/// A subtree of which everything is inside the range.
fn inside(leaves: &[(Hash, Hash)], depth: usize) -> Subtree {
    match leaves {
        [] => Subtree::Empty,
        [(_, hash)] => Subtree::Leaf(*hash),
        _ => Subtree::Inner(super::subtree_root(leaves, depth)),
    }
}
