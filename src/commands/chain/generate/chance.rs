//! Chance from a seed: the same numbers for the same seed on any machine, and therefore without floating point.

#[cfg(test)]
mod tests;

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, well spread, and the same everywhere.
#[derive(Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(super) const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// How long one waits for what happens at a constant rate, such as the finding of a block: exponentially
    /// distributed, in parts of 2⁻³² of its mean.
    ///
    /// Von Neumann's way (1951), which only compares: of uniform numbers that are drawn as long as they fall, the run
    /// is of odd length with probability `e^−first`; each run of even length adds a whole mean.
    pub(super) const fn waiting(&mut self) -> u64 {
        let mut whole = 0;
        loop {
            let first = self.fraction();
            let (mut last, mut is_odd) = (first, true);
            loop {
                let next = self.fraction();
                if next >= last {
                    break;
                }
                (last, is_odd) = (next, !is_odd);
            }
            if is_odd {
                return whole + first;
            }
            whole += 1 << 32;
        }
    }

    /// A number from 0 up to below 1, in parts of 2⁻³².
    const fn fraction(&mut self) -> u64 {
        self.next() >> 32
    }
}
