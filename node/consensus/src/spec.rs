//! Which chain specs are sound. A node starts none that is not.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::RangeInclusive;

use vibecoin_primitives::{Address, Amount, Bits, ChainSpec};

use crate::pow::{Target, TargetError};

/// Bounds of the number of ticks.
const TICKS: RangeInclusive<u64> = 1..=1024;
/// Bounds of hashes per tick, of the interval and of the least time between blocks.
const WORD: RangeInclusive<u64> = 1..=u32::MAX as u64;
/// Bounds of the half-life, in ms.
const HALF_LIFE_MS: RangeInclusive<u64> = 0..=(1 << 40) - 1;
/// The most that a genesis may allocate, so that no balance can overflow: the subsidies of the first 4,000 years
/// fit the other half of the range.
const ALLOCATION_MAX: Amount = Amount::from_beats(1 << 63);

/// Why a chain spec is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// A number outside its bounds.
    #[error("SPEC-1: {key} is {value}, which is not in {least} to {most}", least = .bounds.start(), most = .bounds.end())]
    OutOfBounds {
        /// Its key in the file.
        key: &'static str,
        /// What it is.
        value: u64,
        /// What it may be.
        bounds: RangeInclusive<u64>,
    },
    /// The easiest bits are no target.
    #[error("SPEC-2: easiest_bits: {0}")]
    EasiestBits(#[source] TargetError),
    /// The genesis bits are no target, or one below 2¹³⁶.
    #[error("SPEC-3: genesis_bits: {0}")]
    GenesisBits(#[source] TargetError),
    /// The genesis target is easier than the easiest.
    #[error("SPEC-3: genesis_bits {genesis} are easier than easiest_bits {easiest}")]
    GenesisTooEasy {
        /// The genesis bits.
        genesis: Bits,
        /// The easiest bits.
        easiest: Bits,
    },
    /// The allocations are more than 2⁶³ beats together.
    #[error("SPEC-4: genesis_allocation is more than 2^63 beats together")]
    Allocation,
    /// An address is allocated to twice.
    #[error("SPEC-5: genesis_allocation names the address {0:?} twice")]
    AllocatedTwice(Address),
}

/// Checks every bound of a spec (SPEC-1 to SPEC-5). The prefix is bounded by its type.
///
/// # Errors
/// [`SpecError`] for the first bound that is broken, in the order of their numbers.
pub fn validate(spec: &ChainSpec) -> Result<(), SpecError> {
    within("poh_ticks", u64::from(spec.poh_ticks), TICKS)?;
    within("poh_hashes_per_tick", spec.poh_hashes_per_tick, WORD)?;
    within("interval_ms", spec.interval_ms, WORD)?;
    within("min_delta_ms", spec.min_delta_ms, WORD)?;
    within("half_life_ms", spec.half_life_ms, HALF_LIFE_MS)?;
    let easiest = Target::from_bits(spec.easiest_bits).map_err(SpecError::EasiestBits)?;
    let genesis = Target::from_bits(spec.genesis_bits).map_err(SpecError::GenesisBits)?;
    genesis.work().map_err(SpecError::GenesisBits)?;
    if genesis > easiest {
        return Err(SpecError::GenesisTooEasy { genesis: spec.genesis_bits, easiest: spec.easiest_bits });
    }
    let total = Amount::checked_sum(spec.genesis_allocation.iter().map(|row| row.amount));
    if total.is_none_or(|total| total > ALLOCATION_MAX) {
        return Err(SpecError::Allocation);
    }
    let mut seen = HashSet::new();
    match spec.genesis_allocation.iter().find(|row| !seen.insert(row.address)) {
        Some(row) => Err(SpecError::AllocatedTwice(row.address)),
        None => Ok(()),
    }
}

fn within(key: &'static str, value: u64, bounds: RangeInclusive<u64>) -> Result<(), SpecError> {
    if bounds.contains(&value) { Ok(()) } else { Err(SpecError::OutOfBounds { key, value, bounds }) }
}
