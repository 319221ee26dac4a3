//! How much work the blocks of a stretch of the chain are, in a few kilobytes.

/// Parts that are kept at most; when there are more, two become one.
const PARTS_MAX: usize = 1_024;
/// What a block costs by itself, measured in transfers.
const BLOCK_WEIGHT: u64 = 20;

/// Weights of consecutive blocks, summed over equal parts of the stretch.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    /// The height of the first block.
    first: u64,
    /// Blocks that were added.
    length: u64,
    /// Blocks in a part.
    step: u64,
    /// The weight of everything up to the end of each part; the last part may still grow.
    sums: Vec<u64>,
}

impl Profile {
    /// Adds a block. A gap begins the stretch anew; so does a step back, but for the blocks that are known already.
    pub(super) fn add(&mut self, height: u64, transactions: u32) {
        let next = self.first + self.length;
        if self.step == 0 || height > next || height < self.first {
            *self = Self { first: height, length: 0, step: 1, sums: Vec::new() };
        } else if height < next {
            return;
        }
        if self.length.is_multiple_of(self.step) {
            if self.sums.len() == PARTS_MAX {
                self.sums = self.sums.chunks_exact(2).map(|two| two[1]).collect();
                self.step *= 2;
            }
            let before = self.sums.last().copied().unwrap_or(0);
            self.sums.push(before);
        }
        if let Some(last) = self.sums.last_mut() {
            *last += BLOCK_WEIGHT + u64::from(transactions);
        }
        self.length += 1;
    }

    /// The weight of the blocks above `from` up to `to`; `None` if not all of them are known.
    pub(super) fn between(&self, from: u64, to: u64) -> Option<u64> {
        Some(self.up_to(to)?.saturating_sub(self.up_to(from)?))
    }

    /// The weight of the known blocks up to a height, even within a part.
    fn up_to(&self, height: u64) -> Option<u64> {
        let blocks = (height + 1).checked_sub(self.first)?;
        if blocks > self.length || self.step == 0 {
            return None;
        }
        let (whole, rest) = (usize::try_from(blocks / self.step).ok()?, blocks % self.step);
        let before = whole.checked_sub(1).map_or(0, |last| self.sums[last]);
        if rest == 0 {
            return Some(before);
        }
        let in_part = self.step.min(self.length - whole as u64 * self.step);
        Some(before + (self.sums[whole] - before) * rest / in_part)
    }
}
