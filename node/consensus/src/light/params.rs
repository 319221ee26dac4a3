//! How much a proof shows.

use std::ops::RangeInclusive;

/// Bounds of the last headers that are always shown.
const LAST: RangeInclusive<u32> = 1..=2_048;
/// Bounds of the draws of each octave.
const DRAWS: RangeInclusive<u32> = 1..=64;

/// How many of the last headers a proof shows whole, and how many draws it answers in every octave of the rest (LGT-21).
///
/// An attacker with half of the honest power gets past the draws with a chance of about 4 to the minus `draws`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    last: u32,
    draws: u32,
}

/// Why numbers are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// Too few or too many of the last headers.
    #[error("LGT-21: last is {found}, which is not in {least} to {most}", least = LAST.start(), most = LAST.end())]
    Last {
        /// How many were asked for.
        found: u32,
    },
    /// Too few or too many draws.
    #[error("LGT-21: draws is {found}, which is not in {least} to {most}", least = DRAWS.start(), most = DRAWS.end())]
    Draws {
        /// How many were asked for.
        found: u32,
    },
}

impl Params {
    /// What a wallet asks for.
    pub const DEFAULT: Self = Self { last: 256, draws: 25 };
    /// What somebody asks for who has much to lose.
    pub const PARANOID: Self = Self { last: 512, draws: 32 };

    /// `last` headers from the end, 1 to 2,048, and `draws` draws an octave, 1 to 64.
    ///
    /// # Errors
    /// [`ParamsError`] for a number outside its bounds.
    pub fn new(last: u32, draws: u32) -> Result<Self, ParamsError> {
        if !LAST.contains(&last) {
            return Err(ParamsError::Last { found: last });
        }
        if !DRAWS.contains(&draws) {
            return Err(ParamsError::Draws { found: draws });
        }
        Ok(Self { last, draws })
    }

    /// How many of the last headers are shown.
    #[must_use]
    pub const fn last(&self) -> u32 {
        self.last
    }

    /// How many draws each octave has.
    #[must_use]
    pub const fn draws(&self) -> u32 {
        self.draws
    }

    /// The height of the first of the last headers, of `count` altogether.
    pub(super) fn first_of_last(&self, count: u64) -> u64 {
        count.saturating_sub(u64::from(self.last))
    }
}

impl Default for Params {
    fn default() -> Self {
        Self::DEFAULT
    }
}
