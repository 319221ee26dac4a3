//! What must hold for every block of every simulated chain, checked with floating point against the true time, which
//! only the simulation knows.

use super::network::Network;
use super::report::{Report, percent};

/// How far ahead of the clock a block may be, in ms (HDR-7), as the protocol says it.
pub const DRIFT_MS: f64 = 15_000.0;

/// What was found on one chain.
pub struct Audit {
    /// By how much the difficulty of a block was below that of the true time, at most.
    pub lowered_most: f64,
    /// The same, on average; negative where it was above.
    pub lowered_mean: f64,
}

/// What 15 s explain: the factor by which a time that far ahead lowers the difficulty of the next block, less one.
pub fn explained(half_life_ms: f64) -> f64 {
    1.0 - (-DRIFT_MS / half_life_ms).exp2()
}

/// Goes over the active chain of a member that tells the truth.
pub fn audit(report: &mut Report, name: &str, network: &Network, who: usize) -> Audit {
    let chain = network.chain_of(who);
    let schedule = network.schedule;
    let genesis = network.genesis_time() as f64;
    let (mut off_schedule, mut joins, mut too_soon, mut early) = (0_u64, 0_u64, 0_u64, 0_u64);
    let (mut most, mut sum, mut count) = (0.0_f64, 0.0, 0.0);
    for (below, found) in chain.iter().zip(chain.iter().skip(1)) {
        let (parent, header) = (&below.block.header, &found.block.header);
        let height = parent.height.get();
        let prev_time = header.prev_time.get() as f64 - genesis;
        let work = super::closed_form::work_of_bits(header.bits.get());
        // The compact form keeps 15 bits at least, the cubic of the rule is good to 10⁻⁴.
        off_schedule += u64::from((work / schedule.work_on(height, prev_time) - 1.0).abs() > 5e-4);
        joins += u64::from(header.prev_time != parent.time);
        too_soon += u64::from(header.time.get() < parent.time.get() + network.min_delta_ms());
        let heard = network.members[who].connected_at[&below.block.id()] as f64;
        let lowered = 1.0 - work / schedule.work_on(height, heard);
        early += u64::from(prev_time - heard > DRIFT_MS);
        most = most.max(lowered);
        sum += lowered;
        count += 1.0;
    }
    for (what, number) in [
        ("with work off the schedule", off_schedule),
        ("whose prev_time is not the parent's time", joins),
        ("too soon after their parents", too_soon),
        ("taken before their time", early),
    ] {
        report.claim(number == 0, || format!("{name}: {number} of {count} blocks {what}"));
    }
    let bound = explained(schedule.half_life_ms) + 5e-4;
    report.claim(most <= bound, || {
        format!("{name}: difficulty was lowered by {}, 15 s explain {}", percent(most), percent(bound))
    });
    Audit { lowered_most: most, lowered_mean: sum / f64::max(count, 1.0) }
}
