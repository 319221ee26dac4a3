//! The bytes of a proof: `count u32 | count bits, least significant first, zero-padded to a byte | records`.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Timestamp, Work, encoding};

use crate::history::Node;

/// The most bytes of a proof: what is longer is not read.
pub const PROOF_BYTES_MAX: usize = 4 << 20;

/// A closed node as it travels, 56 bytes: it starts when the one before it ends.
#[derive(Clone, Copy, BorshSerialize, BorshDeserialize)]
pub(super) struct Closed {
    pub(super) hash: Hash,
    pub(super) work: Work,
    pub(super) t1: Timestamp,
}

impl Closed {
    /// What travels of a node.
    pub(super) const fn of(node: &Node) -> Self {
        Self { hash: node.hash, work: node.work, t1: node.t1 }
    }

    /// The node that begins at a time.
    pub(super) const fn starting_at(self, t0: Timestamp) -> Node {
        Node { hash: self.hash, work: self.work, t0, t1: self.t1 }
    }
}

/// Why bytes are no proof, whatever chain they speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Longer than any proof.
    #[error("LGT-7: {0} bytes are more than a proof has")]
    TooLong(usize),
    /// The bytes end before the bits or the records do.
    #[error("LGT-8: the bytes end too early")]
    Truncated,
    /// The bits that fill the last byte are not zeros.
    #[error("LGT-9: the padding of the bits is not zero")]
    Padding,
    /// There are nodes without a bit.
    #[error("LGT-10: the bits end too early")]
    BitsShort,
    /// There are bits without a node.
    #[error("LGT-10: {0} bits are left over")]
    BitsLeft(u32),
    /// There are bytes without a node.
    #[error("LGT-11: {0} bytes are left over")]
    BytesLeft(usize),
}

impl WireError {
    /// The number of the broken rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "LGT-7",
            Self::Truncated => "LGT-8",
            Self::Padding => "LGT-9",
            Self::BitsShort | Self::BitsLeft(_) => "LGT-10",
            Self::BytesLeft(_) => "LGT-11",
        }
    }
}

/// The two streams of a proof, read side by side.
pub(super) struct Reader<'a> {
    bits: &'a [u8],
    bit_count: u32,
    next_bit: u32,
    records: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Splits a proof. Nothing is copied, so a count that lies costs nothing.
    pub(super) fn new(proof: &'a [u8]) -> Result<Self, WireError> {
        if proof.len() > PROOF_BYTES_MAX {
            return Err(WireError::TooLong(proof.len()));
        }
        let (count, rest) = proof.split_first_chunk().ok_or(WireError::Truncated)?;
        let bit_count = u32::from_le_bytes(*count);
        let (bits, records) =
            rest.split_at_checked(bit_count.div_ceil(8) as usize).ok_or(WireError::Truncated)?;
        let used = bit_count % 8;
        if used != 0 && bits.last().is_some_and(|last| last >> used != 0) {
            return Err(WireError::Padding);
        }
        Ok(Self { bits, bit_count, next_bit: 0, records })
    }

    /// The next bit: whether the next node is open.
    pub(super) fn bit(&mut self) -> Result<bool, WireError> {
        if self.next_bit == self.bit_count {
            return Err(WireError::BitsShort);
        }
        let at = self.next_bit;
        self.next_bit += 1;
        Ok(self.bits[at as usize / 8] >> (at % 8) & 1 == 1)
    }

    /// The next record.
    pub(super) fn record<T: BorshDeserialize>(&mut self) -> Result<T, WireError> {
        T::deserialize(&mut self.records).map_err(|_| WireError::Truncated)
    }

    /// Both streams are used up.
    pub(super) fn finish(self) -> Result<(), WireError> {
        match self.bit_count - self.next_bit {
            0 if self.records.is_empty() => Ok(()),
            0 => Err(WireError::BytesLeft(self.records.len())),
            left => Err(WireError::BitsLeft(left)),
        }
    }
}

/// The two streams of a proof, written side by side.
#[derive(Default)]
pub(super) struct Writer {
    bits: Vec<u8>,
    bit_count: u32,
    records: Vec<u8>,
}

impl Writer {
    /// Adds a bit: whether the next node is open.
    pub(super) fn bit(&mut self, open: bool) {
        let place = self.bit_count % 8;
        if place == 0 {
            self.bits.push(0);
        }
        if let Some(last) = self.bits.last_mut() {
            *last |= u8::from(open) << place;
        }
        self.bit_count += 1;
    }

    /// Adds a record.
    pub(super) fn record<T: BorshSerialize>(&mut self, record: &T) {
        self.records.extend(encoding::encode(record));
    }

    /// The length of the proof so far, in bytes.
    pub(super) const fn len(&self) -> usize {
        4 + self.bits.len() + self.records.len()
    }

    /// The proof.
    pub(super) fn finish(self) -> Vec<u8> {
        [&self.bit_count.to_le_bytes(), self.bits.as_slice(), &self.records].concat()
    }
}
