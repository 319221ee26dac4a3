//! The peaks of a history: all that is needed to append to it and to know its root.

use std::io::{self, Read, Write};

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_crypto::hash::sha256_parts;
use vibecoin_primitives::{Height, Timestamp, Work, encoding};

use super::{HistoryError, Inner, Node, ROOT};

/// The peaks over the headers 0 to `count − 1`, highest first.
///
/// Encoded as the count and then its peaks, 64 bytes each; their number follows from the count.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Peaks {
    count: u64,
    peaks: Vec<Node>,
    work: Work,
}

impl Peaks {
    /// The history without a header.
    #[must_use]
    pub const fn new() -> Self {
        Self { count: 0, peaks: Vec::new(), work: Work::ZERO }
    }

    /// How many headers it covers, and so the height of the header that will commit to it.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The peaks, highest first.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.peaks
    }

    /// The work of all headers it covers: cumulative work of the last of them.
    #[must_use]
    pub const fn work(&self) -> Work {
        self.work
    }

    /// The history root of the next header (HIS-3).
    #[must_use]
    pub fn root(&self) -> Hash {
        let peaks: Vec<u8> = self.peaks.iter().flat_map(encoding::encode).collect();
        sha256_parts(&[&[ROOT], &self.count.to_le_bytes(), &peaks])
    }

    /// The time of the last header it covers; `None` when there is none.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        self.peaks.last().map(|last| last.t1)
    }

    /// Appends the leaf of the next header and returns the inner nodes this completes, lowest first.
    ///
    /// # Errors
    /// [`HistoryError`] when the leaf's time does not join or the work does not fit; nothing is changed then.
    pub fn append(&mut self, leaf: Node) -> Result<Vec<Inner>, HistoryError> {
        self.append_tree(0, leaf)
    }

    /// Appends the perfect tree of the next 2^`level` headers, known by its node alone, and returns the inner nodes
    /// above it that this completes, lowest first.
    ///
    /// # Errors
    /// [`HistoryError`] when no tree of this level begins here, its time does not join or the work does not fit;
    /// nothing is changed then.
    pub fn append_tree(&mut self, level: u8, tree: Node) -> Result<Vec<Inner>, HistoryError> {
        let leaves = 1_u64.checked_shl(u32::from(level)).ok_or(HistoryError::Full)?;
        if !self.count.is_multiple_of(leaves) {
            return Err(HistoryError::Misplaced { level, start: Height::new(self.count) });
        }
        // A full range would have 64 peaks; the count is what runs out first.
        let count = self.count.checked_add(leaves).ok_or(HistoryError::Full)?;
        let work = self.work.checked_add(tree.work).ok_or(HistoryError::WorkOverflow)?;
        if let Some(end) = self.end()
            && end != tree.t0
        {
            return Err(HistoryError::TimesDoNotJoin { left: end, right: tree.t0 });
        }
        // As in a binary counter, every 1 of the old count from this place on, up to the first 0, is a peak that merges.
        let merged = (self.count >> level).trailing_ones() as usize;
        let mut inner = Vec::with_capacity(merged);
        let mut right = tree;
        for (level, left) in (level + 1..).zip(self.peaks.iter().rev().take(merged)) {
            let start = Height::new(count - (1 << level));
            let node = Node::parent(start, level, left, &right)?;
            inner.push(Inner { start, level, node, left: *left, right });
            right = node;
        }
        self.peaks.truncate(self.peaks.len() - merged);
        self.peaks.push(right);
        self.count = count;
        self.work = work;
        Ok(inner)
    }

    /// The history with these peaks, highest first, as they stand in an answer.
    ///
    /// # Errors
    /// [`HistoryError`] when their number is not that of the ones in `count`, they do not join, or their work does not
    /// fit.
    pub fn from_nodes(count: u64, peaks: Vec<Node>) -> Result<Self, HistoryError> {
        if peaks.len() != count.count_ones() as usize {
            return Err(HistoryError::PeakCount { found: peaks.len(), count });
        }
        let mut all = Self::new();
        let levels = (0..64).rev().filter(|level| count >> level & 1 == 1);
        for (level, peak) in levels.zip(peaks) {
            all.append_tree(level, peak)?;
        }
        Ok(all)
    }
}

impl BorshSerialize for Peaks {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        self.count.serialize(writer)?;
        self.peaks.iter().try_for_each(|peak| peak.serialize(writer))
    }
}

impl BorshDeserialize for Peaks {
    /// Refuses peaks that do not join or whose work does not fit, which no history has.
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let count = u64::deserialize_reader(reader)?;
        let peaks = (0..count.count_ones())
            .map(|_| Node::deserialize_reader(reader))
            .collect::<io::Result<Vec<_>>>()?;
        Self::from_nodes(count, peaks).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}
