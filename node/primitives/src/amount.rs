//! Money: `u64` beats, of which 10⁹ are one VIBE.

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[cfg(test)]
mod tests;

/// Beats in one VIBE.
pub const BEATS_PER_VIBE: u64 = 1_000_000_000;
const DECIMALS: usize = 9;

/// An amount of money. Arithmetic is checked: a sum that does not fit is `None`, never another amount.
///
/// Shown in VIBE in the shortest form (`1.5`); in JSON a decimal string of beats (`"1500000000"`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize, BorshDeserialize)]
pub struct Amount(u64);

impl Amount {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// The greatest amount that can be written.
    pub const MAX: Self = Self(u64::MAX);

    /// This many beats.
    #[must_use]
    pub const fn from_beats(beats: u64) -> Self {
        Self(beats)
    }

    /// The number of beats.
    #[must_use]
    pub const fn beats(self) -> u64 {
        self.0
    }

    /// True for nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self + other`, or `None` above `u64`.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// `self − other`, or `None` below zero.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// `self − other`, nothing when `other` is greater.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `self × factor`, or `None` above `u64`.
    #[must_use]
    pub const fn checked_mul(self, factor: u64) -> Option<Self> {
        match self.0.checked_mul(factor) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }

    /// The sum of many, or `None` above `u64`.
    #[must_use]
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / BEATS_PER_VIBE, self.0 % BEATS_PER_VIBE);
        let text = if fraction == 0 {
            whole.to_string()
        } else {
            format!("{whole}.{fraction:0DECIMALS$}").trim_end_matches('0').to_owned()
        };
        f.pad(&text)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} beats", self.0)
    }
}

/// Why a text is not an amount of VIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits, or digits with one point between them.
    #[error("not a decimal number: write digits, and a point before decimals")]
    NotDecimal,
    /// Finer than one beat.
    #[error("more than nine decimals: the smallest amount is 0.000000001 VIBE")]
    TooFine,
    /// Above 2⁶⁴−1 beats.
    #[error("more than 18446744073.709551615 VIBE, which no balance can hold")]
    TooLarge,
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads VIBE in decimal: `12`, `0.5`, `1.000000001`. No sign, no exponent, no separators, no spaces.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !fraction.is_none_or(digits) {
            return Err(AmountError::NotDecimal);
        }
        let fraction = fraction.unwrap_or("");
        if fraction.len() > DECIMALS {
            return Err(AmountError::TooFine);
        }
        format!("{whole}{fraction:0<DECIMALS$}").parse().map(Self).map_err(|_| AmountError::TooLarge)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as Deserialize>::deserialize(deserializer)?;
        let canonical = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(beats) if canonical => Ok(Self(beats)),
            _ => {
                Err(D::Error::custom("an amount is a decimal string of beats, at most 18446744073709551615"))
            }
        }
    }
}
