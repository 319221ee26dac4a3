//! Emission: how much money a block mints.

#[cfg(test)]
mod tests;

use vibecoin_primitives::{Amount, Height};

/// Blocks until the subsidy halves.
pub const ERA_BLOCKS: u64 = 25_000_000;
/// The subsidy of the first era, in beats.
const FIRST_BEATS: u64 = 2_000_000_000;
/// What the subsidy never falls below, in beats.
const TAIL_BEATS: u64 = 62_500_000;

/// What block `height` mints (EMI-1): 2 VIBE, halved every 25,000,000 blocks, at least 0.0625; the genesis
/// mints nothing.
#[must_use]
pub const fn subsidy(height: Height) -> Amount {
    match height.get().checked_sub(1) {
        None => Amount::ZERO,
        Some(before) => Amount::from_beats(of_era(before / ERA_BLOCKS)),
    }
}

const fn of_era(era: u64) -> u64 {
    let halved = if era < 64 { FIRST_BEATS >> era } else { 0 };
    if halved > TAIL_BEATS { halved } else { TAIL_BEATS }
}

/// What the blocks 1 to `height` have minted together, in beats.
#[must_use]
pub fn subsidies_beats(height: Height) -> u128 {
    let (mut left, mut sum, mut era) = (height.get(), 0, 0);
    while left > 0 {
        let beats = of_era(era);
        // From the tail on every era is the same.
        let blocks = if beats == TAIL_BEATS { left } else { left.min(ERA_BLOCKS) };
        sum += u128::from(blocks) * u128::from(beats);
        left -= blocks;
        era += 1;
    }
    sum
}
