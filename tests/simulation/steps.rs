//! The power of all miners together changes ten-fold at once, up and down again.

use super::audit::audit;
use super::closed_form::Schedule;
use super::network::Network;
use super::node::spec;
use super::random::seed_of_run;
use super::report::{Report, mean, off, percent};
use super::strategy::Honest;

/// 256 hashes a block at power 1.
const GENESIS_BITS: u32 = 0x2001_0000;
const RUNS: u64 = 10;
const POWER: f64 = 10.0;
/// Half-lives after which the chain counts as settled.
const SETTLED: f64 = 6.0;
/// Samples of the settling curve: two a half-life, over eight of them.
const SAMPLES: usize = 17;
/// Blocks over which an interval is averaged.
const WINDOW: usize = 500;
const WITHIN: f64 = 0.05;

/// What one step did, in one run.
struct Step {
    /// The interval of the next block at every half of a half-life, as a ratio of the aimed one.
    curve: Vec<f64>,
    /// The mean interval over the window that begins six half-lives of the clock after the step.
    by_clock: f64,
    /// The same for the window that begins when both six half-lives of the clock have passed and the blocks that belong
    /// to six half-lives have come.
    by_both: f64,
}

/// Changes the power and lets the chain settle.
fn step(network: &mut Network, power: f64) -> Step {
    let schedule = network.schedule;
    let (start, height) = (network.now(), network.members[0].node.height());
    network.set_power(0, power);
    let after = |half_lives: f64| start + (half_lives * schedule.half_life_ms) as i64;
    let mut curve = Vec::new();
    for sample in 0..SAMPLES {
        network.run_to_time(after(sample as f64 / 2.0));
        curve.push(network.interval_ratio(0, power));
    }
    let scheduled = (SETTLED * schedule.half_life_ms / schedule.interval_ms) as u64;
    let enough = height + scheduled + WINDOW as u64 + 1;
    network.run_to_height(0, enough.max(network.members[0].node.height()));
    let times: Vec<i64> = network.chain_of(0).iter().map(|found| found.at).collect();
    // Block `height` has the index `height − 1`.
    let first_by_clock = times.partition_point(|at| *at < after(SETTLED));
    let first_by_both = first_by_clock.max((height + scheduled) as usize);
    let interval =
        |first: usize| (times[first + WINDOW] - times[first]) as f64 / WINDOW as f64 / schedule.interval_ms;
    Step { curve, by_clock: interval(first_by_clock), by_both: interval(first_by_both) }
}

/// The settling after both steps, beside the closed form.
pub fn report(seed: u64) -> Report {
    let mut report = Report::new("Ten-fold steps of the power", seed);
    let (mut ups, mut downs) = (Vec::new(), Vec::new());
    let mut blocks = 0;
    let mut schedule = None;
    for run in 0..RUNS {
        let mut network =
            Network::new(spec(GENESIS_BITS), seed_of_run(seed, run)).member(1.0, Box::new(Honest));
        network.run_to_height(0, 100);
        ups.push(step(&mut network, POWER));
        downs.push(step(&mut network, 1.0));
        blocks += network.members[0].node.height();
        audit(&mut report, &format!("run {run}"), &network, 0);
        schedule = Some(network.schedule);
    }
    let schedule = schedule.expect("there are runs");
    let squares = |steps: &[Step], ratio: f64| -> Vec<f64> {
        let late = (2.0 * SETTLED) as usize..SAMPLES;
        let of = |step: &Step| {
            late.clone()
                .map(|at| (step.curve[at] / Schedule::settling(ratio, at as f64 / 2.0)).ln().powi(2))
                .collect::<Vec<_>>()
        };
        steps.iter().flat_map(of).collect()
    };
    let scatter = mean(&[squares(&ups, 1.0 / POWER), squares(&downs, POWER)].concat()).sqrt();
    report.near(
        "the difficulty error of the settled chain",
        scatter,
        schedule.scatter(),
        0.4 * schedule.scatter(),
    );
    report.say(&format!(
        "{RUNS} runs, {blocks} blocks. The interval that the difficulty and the power give, as a ratio of the aimed one \
         (mean of the runs), so many half-lives of the clock after the step; beside it 1 + (z₀ − 1) · 2^−n."
    ));
    report.head(&[
        "half-lives",
        "10 × up",
        "closed form",
        "difference",
        "÷ 10 down",
        "closed form",
        "difference",
    ]);
    for sample in 0..SAMPLES {
        let half_lives = sample as f64 / 2.0;
        let mut cells = vec![format!("{half_lives:.1}")];
        for (name, steps, ratio) in [("up", &ups, 1.0 / POWER), ("down", &downs, POWER)] {
            let measured = mean(&steps.iter().map(|step| step.curve[sample]).collect::<Vec<_>>());
            let expected = Schedule::settling(ratio, half_lives);
            report.near(
                &format!("{name}, the interval {half_lives} half-lives after the step over its closed form"),
                measured / expected,
                1.0,
                0.06,
            );
            cells.extend([format!("{measured:.3}"), format!("{expected:.3}"), off(measured / expected)]);
        }
        report.row(&cells);
    }

    report.say(&format!(
        "The mean interval over {WINDOW} blocks from {SETTLED} half-lives after the step on, as a ratio of the aimed one."
    ));
    report.head(&["step", "half-lives counted by", "interval", "closed form", "off the aimed interval"]);
    let scheduled = SETTLED * schedule.half_life_ms / schedule.interval_ms;
    for (name, steps, ratio) in [("10 × up", &ups, 1.0 / POWER), ("÷ 10 down", &downs, POWER)] {
        let by_clock = mean(&steps.iter().map(|step| step.by_clock).collect::<Vec<_>>());
        let by_both = mean(&steps.iter().map(|step| step.by_both).collect::<Vec<_>>());
        let later = schedule.half_lives_until(ratio, scheduled).max(SETTLED);
        for (what, measured, half_lives) in
            [("the clock", by_clock, SETTLED), ("the clock and the blocks", by_both, later)]
        {
            let expected = schedule.mean_over(Schedule::settling(ratio, half_lives), WINDOW as f64);
            report.near(
                &format!("{name}, by {what}, over its closed form"),
                measured / expected,
                1.0,
                WITHIN,
            );
            report.row(&[
                name.to_owned(),
                what.to_owned(),
                format!("{measured:.4}"),
                format!("{expected:.4}"),
                percent(measured - 1.0),
            ]);
        }
        report.near(&format!("{name}, the settled mean interval"), by_both, 1.0, WITHIN);
    }
    report.say(&format!(
        "Difficulty error of a single run from then on, as the root of the mean square: {}; chance alone explains {}.",
        percent(scatter),
        percent(schedule.scatter())
    ));
    report
}

#[test]
fn the_interval_comes_back_after_ten_fold_steps() {
    report(super::report::seed_asked()).finish();
}
