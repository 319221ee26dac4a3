//! Proof of Work: targets, their compact form, the work they stand for, and the search for a nonce.
//!
//! Deliberately absent: threads. A search takes a range of nonces; who splits the ranges also decides when to
//! stop.

mod search;
#[cfg(test)]
mod tests;

use std::fmt;

use ruint::aliases::{U256, U512};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Bits, ChainSpec, Work};

pub use search::{Search, search};

/// The bit that makes the mantissa of compact bits negative.
const SIGN: u32 = 0x0080_0000;

/// Bits of the lowest target that has a work: 2¹³⁶, below which the work might not fit `u128`.
const LOWEST_TARGET_BIT: usize = 136;

/// A 256-bit number that an id must not exceed, never zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(pub(crate) U256);

impl Target {
    /// The lowest target a block may have: 2¹³⁶.
    pub const LOWEST: Self = {
        let mut limbs = [0; 4];
        limbs[LOWEST_TARGET_BIT / 64] = 1 << (LOWEST_TARGET_BIT % 64);
        Self(U256::from_limbs(limbs))
    };

    /// The target of compact bits (POW-1): `mantissa · 256^(exponent − 3)`, with Bitcoin's layout of 8 bits of
    /// exponent, a sign bit and 23 bits of mantissa.
    ///
    /// # Errors
    /// [`TargetError`] for what is negative, zero, above 2²⁵⁶, or not the one encoding of its value.
    pub fn from_bits(bits: Bits) -> Result<Self, TargetError> {
        let value = bits.get();
        let (exponent, mantissa) = (value >> 24, value & (SIGN - 1));
        if mantissa == 0 {
            return Err(TargetError::Zero { bits });
        }
        if value & SIGN != 0 {
            return Err(TargetError::Negative { bits });
        }
        let target = if exponent <= 3 {
            U256::from(mantissa >> (8 * (3 - exponent)))
        } else {
            let shift = 8 * (exponent as usize - 3);
            let significant = (u32::BITS - mantissa.leading_zeros()) as usize;
            if significant + shift > U256::BITS {
                return Err(TargetError::Overflow { bits });
            }
            U256::from(mantissa) << shift
        };
        if target.is_zero() {
            return Err(TargetError::Zero { bits });
        }
        let target = Self(target);
        if target.to_bits() == bits { Ok(target) } else { Err(TargetError::NotCanonical { bits }) }
    }

    /// The target with these big-endian bytes; `None` for zero.
    #[must_use]
    pub fn from_be_bytes(bytes: [u8; 32]) -> Option<Self> {
        let value = U256::from_be_bytes(bytes);
        (!value.is_zero()).then_some(Self(value))
    }

    /// The number, big-endian.
    #[must_use]
    pub fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// The compact form; what its 15 to 23 bits of mantissa cannot hold is cut off, so the result is never
    /// easier than the target.
    #[must_use]
    pub fn to_bits(self) -> Bits {
        let size = self.0.bit_len().div_ceil(8);
        let low = |value: U256| value.as_limbs()[0] as u32;
        let mantissa =
            if size <= 3 { low(self.0) << (8 * (3 - size)) } else { low(self.0 >> (8 * (size - 3))) };
        // A mantissa whose top bit is set would read as negative: it moves down by one byte.
        let (mantissa, size) =
            if mantissa & SIGN == 0 { (mantissa, size) } else { (mantissa >> 8, size + 1) };
        Bits::new(mantissa | (size as u32) << 24)
    }

    /// True when a block with this id has done the work: `id ≤ target`, both big-endian.
    #[must_use]
    pub fn is_met_by(&self, id: &Hash) -> bool {
        U256::from_be_bytes(id.to_bytes()) <= self.0
    }

    /// The expected hashes to meet it (POW-2): `⌊2²⁵⁶ / (target + 1)⌋`.
    ///
    /// # Errors
    /// [`TargetError::TooLow`] below 2¹³⁶.
    pub fn work(self) -> Result<Work, TargetError> {
        if self < Self::LOWEST {
            return Err(TargetError::TooLow { bits: self.to_bits() });
        }
        let quotient = (U512::ONE << U256::BITS) / (U512::from(self.0) + U512::ONE);
        Ok(Work::new(u128::try_from(quotient).expect("2^256 / 2^136 fits 128 bits")))
    }
}

impl fmt::Display for Target {
    /// 64 hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hash::new(self.to_be_bytes()), f)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The work of a block with these bits (POW-1, POW-2).
///
/// # Errors
/// [`TargetError`] for bits that are not a target, or whose target is below 2¹³⁶.
pub fn work(bits: Bits) -> Result<Work, TargetError> {
    Target::from_bits(bits)?.work()
}

/// The easiest target of a network.
///
/// # Errors
/// [`TargetError`] when the easiest bits of the spec are not a target; a validated spec has good ones.
pub fn max_target(spec: &ChainSpec) -> Result<Target, TargetError> {
    Target::from_bits(spec.easiest_bits)
}

/// Why compact bits are no target, or have no work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The value is zero.
    #[error("POW-1: the target of bits {bits} is zero")]
    Zero {
        /// The bits.
        bits: Bits,
    },
    /// The sign bit is set.
    #[error("POW-1: the target of bits {bits} is negative")]
    Negative {
        /// The bits.
        bits: Bits,
    },
    /// The value needs more than 256 bits.
    #[error("POW-1: the target of bits {bits} does not fit 256 bits")]
    Overflow {
        /// The bits.
        bits: Bits,
    },
    /// The value has another encoding, which is the right one.
    #[error("POW-1: bits {bits} are not the canonical form of their target")]
    NotCanonical {
        /// The bits.
        bits: Bits,
    },
    /// Below 2¹³⁶.
    #[error("POW-2: the target of bits {bits} is below 2^136 and has no work")]
    TooLow {
        /// The bits.
        bits: Bits,
    },
}
