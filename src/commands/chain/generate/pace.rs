//! When the blocks of a generated chain are found.
//!
//! Either the interval after one another, or as by miners whose hash rate jumps: how long a block takes is chance's,
//! with the mean that its work takes at the rate of the moment. The difficulty follows the rate, as it does on any
//! network, and times and difficulty change together.
//!
//! Such a chain ends at a moment that was chosen before. Its last blocks are found by chance as well, out of all the
//! ways in which the last of them is found just then.
//!
//! Deliberately absent: a clock, and floating point, so that the same options give the same times on any machine.

#[cfg(test)]
mod tests;

use vibecoin_consensus::difficulty::bits_of_child;
use vibecoin_consensus::{TargetError, pow};
use vibecoin_primitives::{ChainSpec, Header, Timestamp, Work};

use super::chance::Chance;
use crate::cli::chain::GenerateArgs;
use crate::failure::{Failure, Outcome};

/// The hash rates that there are, in twelfths of the one at which a block with the genesis bits takes the interval.
const RATES: [u128; 9] = [3, 4, 6, 8, 12, 18, 24, 36, 48];
const RATE_UNIT: u128 = 12;
/// Where among them a chain starts.
const FIRST_RATE: usize = 4;
/// How far the rates move the difficulty, in halvings or doublings, and so in half-lives of time.
const RATE_OCTAVES: i128 = 2;
/// Half-lives of blocks over which a chain is led to its end. From the fastest or the slowest rate to the schedule it
/// takes a quarter more or less than the interval a block.
const CLOSING_HALF_LIVES: u64 = 8;
/// A part of the interval that is left to each block that is still to come.
const LEAST_PART: u64 = 4;
/// Of the seed, so that these chances have nothing to do with those of payments.
const STREAM: u64 = 0x7061_6365;

/// See the module.
pub(super) enum Pace {
    /// The interval after one another.
    Even,
    /// As found by miners.
    Mined(Mined),
}

impl Pace {
    /// The pace that the options ask for, for blocks on `tip`; what has no end given ends `now`.
    ///
    /// # Errors
    /// [`Failure::Usage`] if no such chain ends then.
    pub(super) fn new(spec: &ChainSpec, tip: &Header, args: &GenerateArgs, now: Timestamp) -> Outcome<Self> {
        let Some(every) = args.hash_rate_steps else { return Ok(Self::Even) };
        let end = args.end_ms.unwrap_or(now);
        Mined::new(spec, tip, args.blocks, end, every, args.seed).map(Self::Mined)
    }

    /// The time of the next block, which stands on `parent`; `None` when no time is left.
    ///
    /// # Errors
    /// [`TargetError`] when the network's bits are no target.
    pub(super) fn next(
        &mut self,
        spec: &ChainSpec,
        parent: &Header,
    ) -> Result<Option<Timestamp>, TargetError> {
        match self {
            Self::Even => {
                let number = parent.height.get().checked_add(1);
                let span = number.and_then(|number| spec.interval_ms.checked_mul(number));
                Ok(span.and_then(|span| spec.genesis_time.checked_add(span)))
            }
            Self::Mined(mined) => {
                let work = pow::work(bits_of_child(spec, parent.height, parent.time))?;
                Ok(mined.next(work, parent.time))
            }
        }
    }
}

/// Blocks found at a hash rate that jumps.
pub(super) struct Mined {
    chance: Chance,
    interval_ms: u64,
    min_delta_ms: u64,
    /// The work of a block that takes the interval at the middle rate.
    genesis_work: Work,
    /// In how many blocks the rate jumps once, on average.
    every: u64,
    /// Which of [`RATES`] it is now.
    rate: usize,
    /// When the last block is found.
    end: Timestamp,
    /// Blocks that are still to be found.
    left: u64,
    /// How many of them lead to the end.
    closing: u64,
    /// What those that are left of these wait together, before it is stretched to the time that there is.
    closing_waits: Option<u128>,
}

impl Mined {
    /// `blocks` of them on `tip`, the last at `end`.
    ///
    /// # Errors
    /// [`Failure::Usage`] if the difficulty never changes, or if so many blocks would not be about on schedule then.
    pub(super) fn new(
        spec: &ChainSpec,
        tip: &Header,
        blocks: u64,
        end: Timestamp,
        every: u64,
        seed: u64,
    ) -> Outcome<Self> {
        if !spec.retargets() {
            let reason =
                "--hash-rate-steps needs a network whose difficulty changes: one with a half_life_ms above 0";
            return Err(Failure::Usage(reason.to_owned()));
        }
        check_end(spec, tip, blocks, end)?;
        let half_life_blocks = spec.half_life_ms / spec.interval_ms;
        Ok(Self {
            chance: Chance::new(seed ^ STREAM),
            interval_ms: spec.interval_ms,
            min_delta_ms: spec.min_delta_ms,
            genesis_work: pow::work(spec.genesis_bits).map_err(Failure::unexpected)?,
            every,
            rate: FIRST_RATE,
            end,
            left: blocks,
            closing: half_life_blocks.saturating_mul(CLOSING_HALF_LIVES).clamp(1, blocks.div_ceil(2).max(1)),
            closing_waits: None,
        })
    }

    /// The time of the next block, which takes this work, after `parent`.
    fn next(&mut self, work: Work, parent: Timestamp) -> Option<Timestamp> {
        let is_closing = self.left <= self.closing;
        let wait_ms = if is_closing { self.closing_wait_ms(parent) } else { self.wait_ms(work) };
        self.left = self.left.checked_sub(1)?;
        let latest = self.end.checked_sub(self.left.checked_mul(self.least_ms())?)?;
        let earliest = parent.checked_add(self.min_delta_ms)?;
        // A wait without an end is longer than any.
        let found = parent.checked_add(wait_ms).unwrap_or(latest);
        Some(found.min(latest).max(earliest))
    }

    /// What is left to each block to come, however long those before it took.
    fn least_ms(&self) -> u64 {
        least_ms(self.interval_ms, self.min_delta_ms)
    }

    /// How long this work takes at the rate of the moment.
    fn wait_ms(&mut self, work: Work) -> u64 {
        if self.chance.below(self.every) == 0 {
            let further = 1 + self.chance.below(RATES.len() as u64 - 1) as usize;
            self.rate = (self.rate + further) % RATES.len();
        }
        let mean = work.get().saturating_mul(u128::from(self.interval_ms) * RATE_UNIT);
        let wait = mean.saturating_mul(u128::from(self.chance.waiting())) >> 32;
        u64::try_from(wait / (self.genesis_work.get().max(1) * RATES[self.rate])).unwrap_or(u64::MAX)
    }

    /// Its part of the time that is left: waits at a constant rate, stretched so that together they are that long.
    fn closing_wait_ms(&mut self, parent: Timestamp) -> u64 {
        let (left, chance) = (self.left, &self.chance);
        let together = *self.closing_waits.get_or_insert_with(|| {
            let mut ahead = chance.clone();
            (0..left).map(|_| u128::from(ahead.waiting())).sum()
        });
        let wait = u128::from(self.chance.waiting());
        self.closing_waits = Some(together.saturating_sub(wait));
        let least = left.saturating_mul(self.min_delta_ms);
        let room = self.end.saturating_since(parent).saturating_sub(least);
        let part = (u128::from(room) * wait).checked_div(together).map_or(room, |part| part as u64);
        self.min_delta_ms.saturating_add(part)
    }
}

/// The least time that is reserved for a block.
fn least_ms(interval_ms: u64, min_delta_ms: u64) -> u64 {
    (interval_ms / LEAST_PART).max(min_delta_ms)
}

/// Refuses an end that so many blocks reach only far off the schedule: so far that no hash rate here leads there.
fn check_end(spec: &ChainSpec, tip: &Header, blocks: u64, end: Timestamp) -> Outcome {
    let (interval, elapsed) = (i128::from(spec.interval_ms), since(end, spec.genesis_time));
    let height = i128::from(tip.height.get()) + i128::from(blocks);
    let ahead_ms = height * interval - elapsed;
    let room_ms = since(end, tip.time);
    let least_ms = i128::from(least_ms(spec.interval_ms, spec.min_delta_ms));
    let is_near = ahead_ms.abs() <= RATE_OCTAVES * i128::from(spec.half_life_ms);
    if is_near && room_ms >= i128::from(blocks) * least_ms {
        return Ok(());
    }
    let fitting = (elapsed / interval - i128::from(tip.height.get())).max(0);
    Err(Failure::Usage(format!(
        "{blocks} blocks on height {} do not end at {end} ms: on the schedule of this network there are {fitting} until \
         then. Make about as many, or choose another --end-ms or genesis time",
        tip.height
    )))
}

fn since(time: Timestamp, other: Timestamp) -> i128 {
    i128::from(time.get()) - i128::from(other.get())
}
