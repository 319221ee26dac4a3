//! What the work of a closed node can be: headers that are not shown still stand in the schedule.
//!
//! The work of a header follows from its height and its `prev_time` (DIF-1). A node tells its heights and the times
//! between which all of its headers lie, and so two sums between which its work must lie. Without the lower one, blocks
//! without work could be hidden anywhere; without the upper one, work that nobody did.

use vibecoin_primitives::{Bits, ChainSpec, Height, Timestamp, Work};

use crate::difficulty::bits_at;
use crate::history::Node;
use crate::pow::{self, Target};

/// The sums differ from what rounding, compact bits and the cubic of the schedule make of them by less than 2.6·10⁻⁴;
/// four times that is allowed: 2⁻¹⁰.
const TOLERANCE: f64 = 1024.0;

/// Why a closed node cannot be a run of headers of this network.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum RangeError {
    /// It stands for nothing, or for heights that do not exist.
    #[error("{count} headers from height {start} on are none")]
    Heights {
        /// The height of its first header.
        start: Height,
        /// How many headers.
        count: u64,
    },
    /// Its headers do not fit between its times.
    #[error("{count} headers do not fit between {t0} and {t1}")]
    TooFast {
        /// How many headers.
        count: u64,
        /// Where they start.
        t0: Timestamp,
        /// Where they end.
        t1: Timestamp,
    },
    /// Its work is not the one that its headers must have.
    #[error("work {found}, its headers have {expected}")]
    NotExact {
        /// What it says.
        found: Work,
        /// What it is.
        expected: Work,
    },
    /// Its work is out of the bounds.
    #[error("work {found} is not between {lower:e} and {upper:e}")]
    OutOfBounds {
        /// What it says.
        found: Work,
        /// The least, before the tolerance.
        lower: f64,
        /// The most, before the tolerance.
        upper: f64,
    },
}

/// The least and the most work that headers can have, before the tolerance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    /// The least.
    pub(super) lower: f64,
    /// The most.
    pub(super) upper: f64,
}

/// LGT-13: a closed node over `count` headers from the height `start` on, which is not the genesis, fits the schedule.
///
/// # Errors
/// [`RangeError`].
pub(super) fn check(spec: &ChainSpec, start: Height, count: u64, node: &Node) -> Result<(), RangeError> {
    let (t0, t1, found) = (node.t0, node.t1, node.work);
    let heights = RangeError::Heights { start, count };
    let end = count.checked_sub(1).and_then(|more| start.checked_add(more)).ok_or(heights)?;
    let fastest = u128::from(t0.get()) + u128::from(count) * u128::from(spec.min_delta_ms);
    if u128::from(t1.get()) < fastest {
        return Err(RangeError::TooFast { count, t0, t1 });
    }
    if count == 1 || !spec.retargets() {
        let expected = Work::new(work_at(spec, start, t0).saturating_mul(u128::from(count)));
        return if found == expected { Ok(()) } else { Err(RangeError::NotExact { found, expected }) };
    }
    let Bounds { lower, upper } = bounds(spec, start, end, t0, t1);
    let (work, slack) = (found.get() as f64, count as f64);
    // Written so that what is no number would be refused.
    let fits = (TOLERANCE - 1.0) * lower <= TOLERANCE * (work + slack)
        && TOLERANCE * (work - slack) <= (TOLERANCE + 1.0) * upper;
    if fits { Ok(()) } else { Err(RangeError::OutOfBounds { found, lower, upper }) }
}

/// The bounds of the work of the headers at `start` to `end`, which is higher, when the first stands on `t0` and the last
/// has the time `t1`.
///
/// The first header's `prev_time` is known, so its work is. Of the others it lies between both times: if all of them
/// came at once, they are as hard as can be, and if all of them came at the end, as easy.
pub(super) fn bounds(spec: &ChainSpec, start: Height, end: Height, t0: Timestamp, t1: Timestamp) -> Bounds {
    let first = work_at(spec, start, t0) as f64;
    let second = start.next().unwrap_or(end);
    Bounds { lower: first + sum(spec, second, end, t1), upper: sum(spec, start, end, t0) }
}

/// The work of the header at a height on a parent of this time.
fn work_at(spec: &ChainSpec, height: Height, prev_time: Timestamp) -> u128 {
    work_of(bits_at(spec, height, prev_time))
}

/// The schedule never goes below 2¹³⁶, the genesis of a sound spec neither: what has no work is not from there.
fn work_of(bits: Bits) -> u128 {
    pow::work(bits).map_or(0, Work::get)
}

/// The work of the headers at `first` to `last`, all of them on parents of one time.
///
/// It never falls with the height, so those at the easiest target come first and those at the hardest last. Between
/// them it grows by the same factor every time: a geometric series, summed from its highest member down, as the other
/// way round its numbers overflow.
fn sum(spec: &ChainSpec, first: Height, last: Height, time: Timestamp) -> f64 {
    let least = work_of(spec.easiest_bits) as f64;
    let most = work_of(Target::LOWEST.to_bits()) as f64;
    let work = |height: u64| work_at(spec, Height::new(height), time) as f64;
    let end = last.get();
    let easy = |count: u64| count as f64 * least;
    let Some(from) = first_where(first.get(), end, |height| work(height) > least) else {
        return easy(end - first.get() + 1);
    };
    let hard_count = first_where(from, end, |height| work(height) >= most).map_or(0, |hard| end - hard + 1);
    let between = end - from + 1 - hard_count;
    let series = if between == 0 { 0.0 } else { work(from + between - 1) * geometric(spec, between) };
    easy(from - first.get()) + series + hard_count as f64 * most
}

/// `1 + q + … + q^(count − 1)`, with q what one interval does to the work.
fn geometric(spec: &ChainSpec, count: u64) -> f64 {
    let step = -std::f64::consts::LN_2 * spec.interval_ms as f64 / spec.half_life_ms as f64;
    (step * count as f64).exp_m1() / step.exp_m1()
}

/// The lowest height from `first` to `last` at which something is so that stays so; `None` if it is not at `last`.
fn first_where(first: u64, last: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if !holds(last) {
        return None;
    }
    if holds(first) {
        return Some(first);
    }
    // It does not hold at `low`, it does at `high`.
    let (mut low, mut high) = (first, last);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}
