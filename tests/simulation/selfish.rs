//! What a miner who withholds earns, with and without lies about the time, with and without the reserve of the
//! fork-choice rule.

use super::audit::audit;
use super::closed_form::withholding_share;
use super::network::Network;
use super::node::spec;
use super::random::seed_of_run;
use super::report::{Report, Size, mean, percent};
use super::strategy::Honest;
use super::withholding::{Plan, Withholding};

/// 4,096 hashes a block, so that the 0.24 % that five seconds change are ten hashes.
const GENESIS_BITS: u32 = 0x1f10_0000;

/// How a miner withholds and what the others choose by.
#[derive(Clone, Copy)]
struct Case {
    plan: Plan,
    backdated: bool,
    reserve: bool,
}

const CASES: [(&str, Case); 5] = [
    ("one ahead, true times", Case { plan: Plan::Lead, backdated: false, reserve: true }),
    ("one ahead, back-dated", Case { plan: Plan::Lead, backdated: true, reserve: true }),
    ("level, back-dated", Case { plan: Plan::Level, backdated: true, reserve: true }),
    ("one ahead, back-dated, no reserve", Case { plan: Plan::Lead, backdated: true, reserve: false }),
    ("level, back-dated, no reserve", Case { plan: Plan::Level, backdated: true, reserve: false }),
];

/// The withholding miner's share of the blocks, with all honest power in one place.
fn share(report: &mut Report, name: &str, case: Case, power: f64, seed: u64, blocks: u64) -> f64 {
    let mut network = Network::new(spec(GENESIS_BITS), seed).member(1.0 - power, Box::new(Honest));
    if !case.reserve {
        network = network.without_reserve();
    }
    network = network.member(power, Box::new(Withholding::new(case.plan, case.backdated)));
    network.run_to_height(0, blocks);
    audit(report, name, &network, 0);
    let chain = network.chain_of(0);
    chain.iter().filter(|found| found.miner == 1).count() as f64 / chain.len() as f64
}

/// Shares by power.
pub fn report(seed: u64, size: Size) -> Report {
    let mut report = Report::new("Miners who withhold", seed);
    let powers: &[f64] = size.pick(&[0.30], &[0.20, 0.23, 0.25, 0.30, 0.33, 0.36]);
    let (runs, blocks) = (2, 2_000);
    report.say(&format!(
        "The share of the blocks on the honest chain ({runs} runs of {blocks} blocks a cell), by the share of the power. The \
         honest hear of their own blocks first. The first column is the closed form of the second; in the last two the \
         others choose without the reserve."
    ));
    let mut head = vec!["power", "one ahead, closed form"];
    head.extend(CASES.iter().map(|(name, _)| *name));
    report.head(&head);
    // The error of a share of N blocks that come in runs, roughly.
    let slack = 3.0 * 0.7 / ((runs * blocks) as f64).sqrt();
    for (number, power) in powers.iter().copied().enumerate() {
        let expected = withholding_share(power, 0.0);
        let mut cells = vec![percent(power), percent(expected)];
        let mut shares = Vec::new();
        // The worlds of a row have nothing to do with each other, so they pass side by side.
        let columns: Vec<(f64, Report)> = std::thread::scope(|scope| {
            let column = |(at, (name, case)): (usize, (&str, Case))| {
                let name = format!("{name}, {}", percent(power));
                scope.spawn(move || {
                    let mut part = Report::new(&name, seed);
                    let of_run = |run| {
                        let seed = seed_of_run(seed, (number * CASES.len() + at) as u64 * 1_000 + run);
                        share(&mut part, &name, case, power, seed, blocks)
                    };
                    let measured = mean(&(0..runs).map(of_run).collect::<Vec<_>>());
                    (measured, part)
                })
            };
            let threads: Vec<_> = CASES.into_iter().enumerate().map(column).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for (measured, part) in columns {
            cells.push(percent(measured));
            shares.push(measured);
            report.absorb(part);
        }
        report.row(&cells);
        let [truthful, backdated, level, _, level_bare] = shares[..] else { unreachable!("five cases") };
        let at = percent(power);
        report.near(&format!("{at}: withholding with true times"), truthful, expected, slack);
        // With the reserve no time gains anything: neither plan does better than with true times.
        report.near(&format!("{at}: withholding with back-dated blocks"), backdated, expected, slack);
        report.claim(level < expected + slack, || {
            format!("{at}: waiting until level earns {}", percent(level))
        });
        if power < 0.33 {
            for (what, measured) in [("true times", truthful), ("back-dated", backdated), ("level", level)] {
                report
                    .claim(measured < power + slack, || format!("{at}: {what} earns {}", percent(measured)));
            }
        }
        // And without it they do, from 24 % on.
        if power > 0.26 {
            report.claim(level_bare > power, || {
                format!("{at}: without the reserve waiting until level earns only {}", percent(level_bare))
            });
        }
    }
    followers(&mut report, seed, size);
    report
}

/// Where part of the honest hear of the withheld block first.
fn followers(report: &mut Report, seed: u64, size: Size) {
    const HONEST: usize = 4;
    const POWER: f64 = 0.30;
    let (runs, blocks) = size.pick((1, 1_200), (2, 2_000));
    report.say(&format!(
        "The same at {} of the power, one ahead, back-dated, with the reserve; the honest are {HONEST} equal miners, and so \
         many of them hear of a withheld block before they hear of the rival one ({runs} runs of {blocks} blocks). A \
         finder always hears of its own block first.",
        percent(POWER)
    ));
    report.head(&["honest who hear of it first", "share that follows", "closed form", "share of the blocks"]);
    for first in [0, 2, HONEST] {
        let name = format!("{first} of {HONEST} follow");
        let shares = (0..runs).map(|run| {
            let seed = seed_of_run(seed, 900_000 + first as u64 * 1_000 + run);
            let mut network =
                Network::new(spec(GENESIS_BITS), seed).latency(move |from, to| match (from, to) {
                    (_, HONEST) => 0,
                    (HONEST, to) if to < first => 1,
                    (HONEST, _) => 3,
                    _ => 2,
                });
            for _ in 0..HONEST {
                network = network.member((1.0 - POWER) / HONEST as f64, Box::new(Honest));
            }
            network = network.member(POWER, Box::new(Withholding::new(Plan::Lead, true)));
            network.run_to_height(0, blocks);
            audit(report, &name, &network, 0);
            let chain = network.chain_of(0);
            chain.iter().filter(|found| found.miner == HONEST).count() as f64 / chain.len() as f64
        });
        let measured = mean(&shares.collect::<Vec<_>>());
        // Whoever of the others hears of it first, if the finder is not among them.
        let follow = first as f64 * (HONEST - 1) as f64 / (HONEST * HONEST) as f64;
        let expected = withholding_share(POWER, follow);
        report.near(&name, measured, expected, 3.0 * 0.7 / ((runs * blocks) as f64).sqrt());
        report.row(&[first.to_string(), percent(follow), percent(expected), percent(measured)]);
    }
}

#[test]
fn withholding_earns_what_it_earns_with_true_times_and_no_more() {
    report(super::report::seed_asked(), Size::asked()).finish();
}
