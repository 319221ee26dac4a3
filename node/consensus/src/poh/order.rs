//! The order in which ticks are looked at, drawn from a number that the caller has drawn at random.
//!
//! Whoever sends a wrong segment cannot tell which of its ticks is looked at first, or at all, as long as that
//! number is not known outside. It decides nothing about validity, so any good mixture of its bits will do.
//!
//! Deliberately absent: where the number comes from. Nothing here is random; the same number, the same order.

use super::Params;
use crate::fork_choice::SAMPLED_TICKS;

/// All the ticks of a segment, each once, in an order that follows from `seed`, as Fisher and Yates shuffle.
#[must_use]
pub fn order(params: Params, seed: u64) -> Vec<usize> {
    let mut ticks: Vec<usize> = (0..params.ticks() as usize).collect();
    let mut numbers = SplitMix(seed);
    for place in (1..ticks.len()).rev() {
        ticks.swap(place, numbers.below(place + 1));
    }
    ticks
}

/// Four different ticks of a segment (all of one that has fewer), drawn by `seed`: what
/// [`super::verify_sample`] looks at. Every set of four is equally likely (Floyd's algorithm).
#[must_use]
pub fn sample(params: Params, seed: u64) -> Vec<usize> {
    let ticks = params.ticks() as usize;
    let mut numbers = SplitMix(seed);
    let mut drawn = Vec::with_capacity(SAMPLED_TICKS);
    for last in ticks.saturating_sub(SAMPLED_TICKS)..ticks {
        let tick = numbers.below(last + 1);
        drawn.push(if drawn.contains(&tick) { last } else { tick });
    }
    drawn
}

/// Steele, Lea and Flood's generator of 2014: a counter and a mixture of its bits.
pub(super) struct SplitMix(pub(super) u64);

impl SplitMix {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is at most 2³², so that no value is likelier than another by 2⁻³².
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}
