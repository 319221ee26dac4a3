//! The two numbers of Proof of Work that the ledger stores: compact targets and accumulated work.
//!
//! What they mean (which encodings are canonical, how work follows from a target) is consensus.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};

/// A target in Bitcoin's compact form ("nBits"), as it stands in a header. Shown as `0x1d00ffff`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Bits(u32);

impl Bits {
    /// The bits with this number, canonical or not.
    #[must_use]
    pub const fn new(value: u32) -> Self {
        Self(value)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Expected hashes: of one block, or of a chain up to one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize, BorshDeserialize)]
pub struct Work(u128);

impl Work {
    /// No work.
    pub const ZERO: Self = Self(0);

    /// This many expected hashes.
    #[must_use]
    pub const fn new(value: u128) -> Self {
        Self(value)
    }

    /// The number of expected hashes.
    #[must_use]
    pub const fn get(self) -> u128 {
        self.0
    }

    /// `self + other`, or `None` above `u128`.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
