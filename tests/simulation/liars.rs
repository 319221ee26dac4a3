//! Miners who lie about the time, at both ends of what the rule allows and beyond them.

use super::audit::{audit, explained};
use super::network::Network;
use super::node::spec;
use super::random::seed_of_run;
use super::report::{Report, Size, mean, off, percent};
use super::strategy::{Backdated, Honest, Sawtooth, Shifted, Strategy, TooEarly};

/// 1,024 hashes a block.
const GENESIS_BITS: u32 = 0x1f40_0000;
const LATENCY_MS: i64 = 100;
const HOUR_MS: i64 = 3_600_000;

/// A lie, and who tells it.
struct Lie {
    name: &'static str,
    /// The liar's share of the power.
    power: f64,
    /// How far the liar's own clock is ahead, so that his machine believes him.
    clock_ahead_ms: i64,
    /// How far ahead of the true time he writes; beyond 15 s the others have to hold his blocks.
    beyond_the_rule: bool,
    /// The rule by which all his blocks are refused.
    refused_by: Option<&'static str>,
    strategy: fn() -> Box<dyn Strategy>,
}

const fn lie(name: &'static str, power: f64, strategy: fn() -> Box<dyn Strategy>) -> Lie {
    Lie { name, power, clock_ahead_ms: 0, beyond_the_rule: false, refused_by: None, strategy }
}

fn lies() -> Vec<Lie> {
    let ahead: fn() -> Box<dyn Strategy> = || Box::new(Shifted { by_ms: 15_000 });
    let minute: fn() -> Box<dyn Strategy> = || Box::new(Shifted { by_ms: 60_000 });
    let hour: fn() -> Box<dyn Strategy> = || Box::new(Shifted { by_ms: HOUR_MS });
    let back: fn() -> Box<dyn Strategy> = || Box::new(Backdated);
    let warp: fn() -> Box<dyn Strategy> = || Box::new(Sawtooth::new(20, 15_000));
    vec![
        lie("none", 0.3, || Box::new(Honest)),
        lie("15 s ahead", 0.3, ahead),
        lie("15 s ahead", 0.6, ahead),
        lie("15 s ahead", 1.0, ahead),
        lie("10 min behind, or as early as allowed", 0.3, || Box::new(Shifted { by_ms: -600_000 })),
        lie("as early as allowed", 0.3, back),
        lie("as early as allowed", 0.6, back),
        lie("19 early, then 15 s ahead", 0.3, warp),
        lie("19 early, then 15 s ahead", 0.6, warp),
        lie("19 early, then 15 s ahead", 1.0, warp),
        Lie { clock_ahead_ms: 45_000, beyond_the_rule: true, ..lie("60 s ahead, as his clock", 0.3, minute) },
        Lie { clock_ahead_ms: 45_000, beyond_the_rule: true, ..lie("60 s ahead, as his clock", 0.6, minute) },
        Lie { clock_ahead_ms: HOUR_MS, beyond_the_rule: true, ..lie("1 h ahead, as his clock", 0.3, hour) },
        Lie {
            refused_by: Some("HDR-6"),
            ..lie("1 ms earlier than allowed", 0.3, || Box::new(TooEarly { by_ms: 1 }))
        },
        Lie {
            refused_by: Some("HDR-6"),
            ..lie("10 min earlier than allowed", 0.3, || Box::new(TooEarly { by_ms: 600_000 }))
        },
    ]
}

/// What a lie did in one run.
struct Outcome {
    interval: f64,
    share: f64,
    stale: f64,
    lowered_mean: f64,
    lowered_most: f64,
}

fn run(report: &mut Report, lie: &Lie, seed: u64, blocks: u64) -> Outcome {
    // The honest machine stays when all power lies: it is the judge.
    let mut network = Network::new(spec(GENESIS_BITS), seed)
        .latency(|_, _| LATENCY_MS)
        .member(1.0 - lie.power, Box::new(Honest))
        .member(lie.power, (lie.strategy)())
        .clock_ahead(lie.clock_ahead_ms);
    network.run_to_height(0, blocks);
    let judge = &network.members[0];
    let found = network.found.values().filter(|found| found.miner == 1).count();
    if let Some(rule) = lie.refused_by {
        let refused = judge.refused.get(rule).copied().unwrap_or_default();
        // The last one may still be under way.
        report.claim(found > 0 && refused as usize + 1 >= found, || {
            format!("{}: {refused} of {found} blocks were refused by {rule}", lie.name)
        });
    } else {
        report.claim(judge.refused.is_empty(), || format!("{}: refused {:?}", lie.name, judge.refused));
    }
    report.claim((judge.held > 0) == lie.beyond_the_rule, || {
        format!("{}: {} blocks were held for their time", lie.name, judge.held)
    });
    let audit = audit(report, lie.name, &network, 0);
    let chain = network.chain_of(0);
    let liars = chain.iter().filter(|found| found.miner == 1).count() as f64;
    let last = network.members[0].connected_at[&network.members[0].node.tip()];
    Outcome {
        interval: last as f64 / chain.len() as f64 / network.schedule.interval_ms,
        share: liars / chain.len() as f64,
        stale: 1.0 - liars / f64::max(found as f64, 1.0),
        lowered_mean: audit.lowered_mean,
        lowered_most: audit.lowered_most,
    }
}

/// What every lie gains.
pub fn report(seed: u64, size: Size) -> Report {
    let mut report = Report::new("Lies about the time", seed);
    let (runs, blocks) = size.pick((2, 500), (10, 1_000));
    let bound = explained(spec(GENESIS_BITS).half_life_ms as f64);
    report.say(&format!(
        "{runs} runs of {blocks} blocks for each lie; blocks travel {LATENCY_MS} ms. The difficulty is compared, block by \
         block, with what the true time gives; 15 s explain that it is {} lower.",
        percent(bound)
    ));
    report.head(&[
        "the liar writes",
        "his power",
        "his blocks",
        "his stale blocks",
        "mean interval",
        "difficulty on average",
        "difficulty at the lowest",
    ]);
    for lie in lies() {
        let runs: Vec<Outcome> =
            (0..runs).map(|number| run(&mut report, &lie, seed_of_run(seed, number), blocks)).collect();
        let of = |value: fn(&Outcome) -> f64| mean(&runs.iter().map(value).collect::<Vec<_>>());
        let name = format!("{} at {}", lie.name, percent(lie.power));
        let share = of(|run| run.share);
        if lie.refused_by.is_some() {
            report.near(&format!("{name}: the liar's share"), share, 0.0, 0.0);
        } else if lie.beyond_the_rule && lie.power < 0.5 {
            // What is held for long comes too late.
            report.claim(share < lie.power - 0.05, || format!("{name}: the liar has {}", percent(share)));
        } else if !lie.beyond_the_rule {
            report.near(&format!("{name}: the liar's share"), share, lie.power, 0.05);
        }
        let lowered = of(|run| run.lowered_mean);
        report.claim(lowered <= bound + 5e-4, || {
            format!("{name}: the difficulty is {} too low", percent(lowered))
        });
        report.row(&[
            lie.name.to_owned(),
            percent(lie.power),
            percent(share),
            percent(of(|run| run.stale)),
            format!("{:.3}", of(|run| run.interval)),
            off(1.0 - lowered),
            off(1.0 - runs.iter().map(|run| run.lowered_most).fold(f64::MIN, f64::max)),
        ]);
    }
    report
}

#[test]
fn no_lie_about_the_time_lowers_the_difficulty_by_more_than_15_s_explain() {
    report(super::report::seed_asked(), Size::asked()).finish();
}
