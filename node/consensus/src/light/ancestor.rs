//! An old header, proven to stand below a tip.
//!
//! A tip commits to the peaks over all headers before it. The path of one of them is the way from its leaf up to its
//! peak: at every level the sibling, 64 bytes. Whatever of it stands to the left, together with the peaks further
//! left, is what the header itself commits to; so 52 bytes of the header are enough, and it is rebuilt.
//!
//! Deliberately absent: the header that the peaks belong to. Whoever verifies has proven it before.

#[cfg(test)]
mod tests;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{ChainSpec, DecodeError, Height, Timestamp, Work, encoding};

use super::Range;
use super::record::{Linked, Place, Record};
use crate::history::{HistoryError, Node, Peaks};
use crate::rules::HeaderError;

/// The siblings of a header's leaf, from the leaf up.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Path(Vec<Node>);

/// An old header that was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ancestor {
    /// The header.
    pub linked: Linked,
    /// Cumulative work of the chain up to it, its own included.
    pub work: Work,
}

/// Why there is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError<E> {
    /// The height is not below the tip.
    #[error("height {height} is not among the {count} headers before the tip")]
    NotBelow {
        /// The height.
        height: Height,
        /// Headers under the peaks.
        count: u64,
    },
    /// A node or a header that should be there is not.
    #[error("the history has no node or header {0}")]
    Missing(Hash),
    /// Reading failed.
    #[error("the history cannot be read: {0}")]
    Read(E),
}

/// Why a path proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AncestorError {
    /// The height is not below the tip.
    #[error("height {height} is not among the {count} headers before the tip")]
    NotBelow {
        /// The height.
        height: Height,
        /// Headers under the peaks.
        count: u64,
    },
    /// The path has another length than that height has.
    #[error("a path of {found} nodes where that height has {expected}")]
    Length {
        /// Nodes found.
        found: usize,
        /// Nodes there should be.
        expected: usize,
    },
    /// The bytes are no path.
    #[error(transparent)]
    Encoding(#[from] DecodeError),
    /// The header breaks a rule.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The nodes cannot stand beside each other.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The path leads to another peak.
    #[error("the path leads to {found}, the tip commits to {expected}")]
    OtherPeak {
        /// Where it leads.
        found: Hash,
        /// The peak.
        expected: Hash,
    },
}

impl Path {
    /// The nodes, 64 bytes each, without a count: the height tells how many there are.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(encoding::encode).collect()
    }

    /// Reads nodes until the bytes end.
    ///
    /// # Errors
    /// [`DecodeError`] unless the bytes are whole nodes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        match bytes.len() % Node::BYTES {
            0 => bytes.chunks(Node::BYTES).map(encoding::decode).collect::<Result<_, _>>().map(Self),
            rest => Err(DecodeError::TrailingBytes(rest)),
        }
    }

    /// The siblings, from the leaf up.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.0
    }
}

/// Where a leaf stands under peaks.
struct Spot {
    /// The place of its peak, from the left.
    peak: usize,
    /// Levels between the leaf and its peak.
    levels: u32,
}

impl Spot {
    fn of(height: Height, count: u64) -> Option<Self> {
        if height.get() >= count {
            return None;
        }
        // The peaks split the count as its binary form does, the highest bit first. The leaf's peak is that of the
        // highest bit in which the count and the height differ.
        let levels = u64::BITS - 1 - (count ^ height.get()).leading_zeros();
        let peak = (count >> levels >> 1).count_ones() as usize;
        Some(Self { peak, levels })
    }
}

/// True if the node above the leaf of `height`, `level` levels up, is the right child of its parent.
const fn is_right(height: Height, level: u32) -> bool {
    height.get() >> level & 1 == 1
}

/// The path of the header at `height` under the peaks that a tip commits to, and the header's id.
///
/// # Errors
/// [`PathError`].
pub fn prove<R: Range>(
    reader: &R,
    peaks: &Peaks,
    height: Height,
) -> Result<(Hash, Path), PathError<R::Error>> {
    let count = peaks.count();
    let spot = Spot::of(height, count).ok_or(PathError::NotBelow { height, count })?;
    let mut node = peaks.nodes().get(spot.peak).copied().ok_or(PathError::NotBelow { height, count })?;
    let mut siblings = Vec::with_capacity(spot.levels as usize);
    for level in (0..spot.levels).rev() {
        let children = reader.children(&node.hash).map_err(PathError::Read)?;
        let (left, right) = children.ok_or(PathError::Missing(node.hash))?;
        let (next, sibling) = if is_right(height, level) { (right, left) } else { (left, right) };
        siblings.push(sibling);
        node = next;
    }
    siblings.reverse();
    Ok((node.hash, Path(siblings)))
}

/// LGT-23: the header at `height` with this record, proven to be under the peaks that a proven tip commits to.
///
/// # Errors
/// [`AncestorError`].
pub fn verify(
    spec: &ChainSpec,
    peaks: &Peaks,
    height: Height,
    record: &Record,
    path: &Path,
) -> Result<Ancestor, AncestorError> {
    let count = peaks.count();
    let not_below = AncestorError::NotBelow { height, count };
    let spot = Spot::of(height, count).ok_or(not_below.clone())?;
    let expected = spot.levels as usize;
    if path.0.len() != expected {
        return Err(AncestorError::Length { found: path.0.len(), expected });
    }
    let (further_left, from_here) = peaks.nodes().split_at(spot.peak);
    let peak = from_here.first().ok_or(not_below)?;
    let siblings = || (0_u32..spot.levels).zip(&path.0);
    let lefts = siblings().rev().filter(|(level, _)| is_right(height, *level)).map(|(_, left)| left);
    let before = Peaks::from_nodes(height.get(), further_left.iter().chain(lefts).copied().collect())?;
    let linked = rebuild(spec, record, &Place::on(&before, spec))?;
    let top = siblings().try_fold(linked.leaf, |node, (level, sibling)| {
        let start = Height::new(height.get() >> level >> 1 << level << 1);
        let (left, right) = if is_right(height, level) { (sibling, &node) } else { (&node, sibling) };
        Node::parent(start, level as u8 + 1, left, right)
    })?;
    if top != *peak {
        return Err(AncestorError::OtherPeak { found: top.hash, expected: peak.hash });
    }
    let work = before.work().checked_add(linked.leaf.work).ok_or(HistoryError::WorkOverflow)?;
    Ok(Ancestor { linked, work })
}

/// The header at its place. That of the genesis is known by the tip's chain alone, and keeps no rule.
fn rebuild(spec: &ChainSpec, record: &Record, place: &Place) -> Result<Linked, HeaderError> {
    if place.height != Height::GENESIS {
        // It is older than a tip whose time was held against the clock.
        return record.link(spec, place, Timestamp::new(u64::MAX));
    }
    let header = record.header(spec, place);
    let id = header.id();
    let leaf = Node::leaf(&header, id).map_err(|_| HeaderError::Work { id, bits: header.bits })?;
    Ok(Linked { header, id, leaf })
}
