//! The peaks of a history: all that is needed to append to it and to know its root.

use std::io::{self, Read, Write};

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_crypto::hash::sha256_parts;
use vibecoin_primitives::{Height, Work, encoding};

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

    /// Appends the leaf of the next header and returns the inner nodes this completes, lowest first.
    ///
    /// # Errors
    /// [`HistoryError`] when the leaf's time does not join or the work does not fit; nothing is changed then.
    pub fn append(&mut self, leaf: Node) -> Result<Vec<Inner>, HistoryError> {
        // A full range would have 64 peaks; the count is what runs out first.
        let count = self.count.checked_add(1).ok_or(HistoryError::Full)?;
        let work = self.work.checked_add(leaf.work).ok_or(HistoryError::WorkOverflow)?;
        if let Some(last) = self.peaks.last()
            && last.t1 != leaf.t0
        {
            return Err(HistoryError::TimesDoNotJoin { left: last.t1, right: leaf.t0 });
        }
        // As in a binary counter, every trailing 1 of the old count is a peak that merges.
        let merged = self.count.trailing_ones() as usize;
        let mut inner = Vec::with_capacity(merged);
        let mut right = leaf;
        for (level, left) in (1_u8..).zip(self.peaks.iter().rev().take(merged)) {
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
        let invalid = |error: HistoryError| io::Error::new(io::ErrorKind::InvalidData, error);
        let count = u64::deserialize_reader(reader)?;
        let mut peaks: Vec<Node> = Vec::with_capacity(count.count_ones() as usize);
        let mut work = Work::ZERO;
        for _ in 0..count.count_ones() {
            let peak = Node::deserialize_reader(reader)?;
            if let Some(last) = peaks.last()
                && last.t1 != peak.t0
            {
                return Err(invalid(HistoryError::TimesDoNotJoin { left: last.t1, right: peak.t0 }));
            }
            work = work.checked_add(peak.work).ok_or_else(|| invalid(HistoryError::WorkOverflow))?;
            peaks.push(peak);
        }
        Ok(Self { count, peaks, work })
    }
}
