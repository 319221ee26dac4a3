//! Difficulty: the target of every block as a pure function of its parent's height and time.
//!
//! ASERT, anchored at the genesis: the target doubles for every half-life that the chain is behind its schedule
//! and halves for every one it is ahead. Nothing else enters, so a header's bits can be checked alone.

#[cfg(test)]
mod tests;

use ruint::aliases::{U256, U512};
use vibecoin_primitives::{Bits, ChainSpec, Height, Timestamp};

use crate::pow::{self, Target};

/// The version of every header so far.
const FIRST_VERSION: u32 = 1;

/// From this exponent on the target is the easiest one, whatever it starts from.
const SHIFT_UP_MAX: i128 = 128;
/// From this exponent down nothing is left of any target.
const SHIFT_DOWN_MAX: i128 = 300;

/// The version of the header at a height (HDR-1). No change is scheduled.
#[must_use]
pub const fn version_at(_height: Height) -> u32 {
    FIRST_VERSION
}

/// The bits of the block whose parent has this height and this time (DIF-1 to DIF-3). Total: every height and
/// every time has an answer.
///
/// A parent with the genesis height and time gives the genesis bits: the schedule starts there. A spec that [`crate::spec::validate`] refuses because of its bits gets its genesis bits.
#[must_use]
pub fn bits_of_child(spec: &ChainSpec, parent_height: Height, parent_time: Timestamp) -> Bits {
    if !spec.retargets() {
        return spec.genesis_bits;
    }
    match target_of_child(spec, parent_height, parent_time) {
        Some(target) => target.to_bits(),
        None => spec.genesis_bits,
    }
}

/// The bits that a header of this height and `prev_time` must have; the genesis has its own.
#[must_use]
pub fn bits_at(spec: &ChainSpec, height: Height, prev_time: Timestamp) -> Bits {
    match height.checked_sub(1) {
        Some(parent_height) => bits_of_child(spec, parent_height, prev_time),
        None => spec.genesis_bits,
    }
}

/// The target before it is rounded to bits; `None` when the bits of the spec are no targets.
fn target_of_child(spec: &ChainSpec, parent_height: Height, parent_time: Timestamp) -> Option<Target> {
    let genesis = Target::from_bits(spec.genesis_bits).ok()?;
    let easiest = pow::max_target(spec).ok()?;
    let (whole, fraction) = exponent(spec, parent_height, parent_time);
    let scaled = U512::from(genesis.0) * U512::from(factor(fraction));
    let shifted = if whole >= SHIFT_UP_MAX {
        U512::from(easiest.0) << 16_usize
    } else if whole >= 0 {
        // Below 256 + 17 + 128 bits.
        scaled << whole as usize
    } else if -whole >= SHIFT_DOWN_MAX {
        U512::ZERO
    } else {
        scaled >> (-whole) as usize
    };
    let target = (shifted >> 16_usize).max(U512::from(Target::LOWEST.0)).min(U512::from(easiest.0));
    Some(Target(U256::saturating_from(target)))
}

/// How many half-lives the chain is behind its schedule, as whole ones and 65536ths.
///
/// A valid spec keeps every step below 2¹¹³; saturation only makes the function total.
fn exponent(spec: &ChainSpec, parent_height: Height, parent_time: Timestamp) -> (i128, u32) {
    let elapsed = i128::from(parent_time.get()) - i128::from(spec.genesis_time.get());
    let scheduled = i128::from(spec.interval_ms).saturating_mul(i128::from(parent_height.get()));
    let behind = elapsed.saturating_sub(scheduled);
    // `/` truncates toward zero, `>>` rounds down: both as the protocol says.
    let e = behind.saturating_mul(65_536) / i128::from(spec.half_life_ms);
    let whole = e >> 16;
    (whole, (e - (whole << 16)) as u32)
}

/// `65536 · 2^(fraction / 65536)`, by the cubic approximation that the protocol fixes.
fn factor(fraction: u32) -> u64 {
    let f = u128::from(fraction);
    let cubic = 195_766_423_245_049 * f + 971_821_376 * f * f + 5_127 * f * f * f + (1 << 47);
    65_536 + (cubic >> 48) as u64
}
