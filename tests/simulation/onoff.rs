//! Miners who come and go: by the clock, and as the difficulty suits them.

use super::audit::audit;
use super::network::Network;
use super::node::spec;
use super::random::seed_of_run;
use super::report::{Report, Size, off, percent};
use super::strategy::Honest;

/// 256 hashes a block.
const GENESIS_BITS: u32 = 0x2001_0000;
const LATENCY_MS: i64 = 50;
/// The power of those who stay, and the member that has it.
const STAYING: f64 = 1.0;
const STAYS: usize = 0;
const COMES: usize = 1;

/// When the other one mines.
enum Habit {
    /// So long on, so long off, in ms.
    Clock { on_ms: i64, off_ms: i64 },
    /// On while the difficulty is below the first level, until it is above the second (of the genesis's).
    Difficulty { below: f64, above: f64 },
}

struct Case {
    name: &'static str,
    power: f64,
    habit: Habit,
}

const CASES: [Case; 6] = [
    Case { name: "5 min on, 5 min off", power: 9.0, habit: Habit::Clock { on_ms: 300_000, off_ms: 300_000 } },
    Case {
        name: "24 min on, 24 min off",
        power: 9.0,
        habit: Habit::Clock { on_ms: 1_440_000, off_ms: 1_440_000 },
    },
    Case {
        name: "1 h on, 3 h off",
        power: 9.0,
        habit: Habit::Clock { on_ms: 3_600_000, off_ms: 10_800_000 },
    },
    Case {
        name: "1 h on, 3 h off",
        power: 1.0,
        habit: Habit::Clock { on_ms: 3_600_000, off_ms: 10_800_000 },
    },
    Case {
        name: "on below 1.2, off above 1.3",
        power: 1.0,
        habit: Habit::Difficulty { below: 1.2, above: 1.3 },
    },
    Case {
        name: "on below 1.5, off above 3",
        power: 9.0,
        habit: Habit::Difficulty { below: 1.5, above: 3.0 },
    },
];

/// What came of it.
struct Outcome {
    network: Network,
    /// Blocks of whole cycles and the time that they took, in ms.
    blocks: u64,
    lasted_ms: i64,
    /// How long the other one was on, in ms.
    on_ms: i64,
    /// The difficulty at its lowest and at its highest, of the genesis's.
    lowest: f64,
    highest: f64,
}

/// Lets the habit go on for so long at least, and ends where a cycle begins.
fn run(case: &Case, seed: u64, least_ms: i64) -> Outcome {
    let mut network = Network::new(spec(GENESIS_BITS), seed)
        .latency(|_, _| LATENCY_MS)
        .member(STAYING, Box::new(Honest))
        .member(0.0, Box::new(Honest));
    let mut begun: Option<(u64, i64, i64)> = None;
    let (mut on_ms, mut lowest, mut highest) = (0, f64::MAX, f64::MIN);
    let difficulty = |network: &Network| network.interval_ratio(STAYS, 1.0);
    loop {
        // A cycle begins: the other one is off.
        let (height, now) = (network.members[STAYS].node.height(), network.now());
        match begun {
            // The first cycles settle.
            None if now * 4 >= least_ms => begun = Some((height, now, on_ms)),
            Some((first, since, on_before)) if now - since >= least_ms => {
                return Outcome {
                    network,
                    blocks: height - first,
                    lasted_ms: now - since,
                    on_ms: on_ms - on_before,
                    lowest,
                    highest,
                };
            }
            _ => {}
        }
        for on in [true, false] {
            let since = network.now();
            network.set_power(COMES, if on { case.power } else { 0.0 });
            let mut look = |network: &Network| {
                if begun.is_some() {
                    lowest = lowest.min(difficulty(network));
                    highest = highest.max(difficulty(network));
                }
            };
            match case.habit {
                Habit::Clock { on_ms, off_ms } => {
                    let end = since + if on { on_ms } else { off_ms };
                    while network.now() < end {
                        network.run_to_time(end.min(network.now() + 30_000));
                        look(&network);
                    }
                }
                Habit::Difficulty { below, above } => {
                    let stays = |network: &Network| {
                        if on { difficulty(network) < above } else { difficulty(network) > below }
                    };
                    while stays(&network) {
                        let next = network.members[STAYS].node.height() + 1;
                        network.run_to_height(STAYS, next);
                        look(&network);
                    }
                }
            }
            on_ms += if on { network.now() - since } else { 0 };
        }
    }
}

/// The schedule holds, and coming and going earns little.
pub fn report(seed: u64, size: Size) -> Report {
    let mut report = Report::new("Miners who come and go", seed);
    let least_ms = size.pick(4, 10) * 3_600_000;
    report.say(&format!(
        "Beside a constant power of 1 another power comes and goes, for {} h and then to the end of the cycle. Blocks a hash: \
         those of the other one over those of the one that stays.",
        least_ms / 3_600_000
    ));
    report.head(&[
        "habit",
        "power",
        "is on",
        "mean interval",
        "lowest difficulty",
        "highest difficulty",
        "his blocks a hash",
    ]);
    for (number, case) in CASES.iter().enumerate() {
        let outcome = run(case, seed_of_run(seed, number as u64), least_ms);
        let name = format!("{}, power {}", case.name, case.power);
        audit(&mut report, &name, &outcome.network, STAYS);
        let schedule = outcome.network.schedule;
        let interval = outcome.lasted_ms as f64 / outcome.blocks as f64 / schedule.interval_ms;
        report.near(&format!("{name}: the mean interval over whole cycles"), interval, 1.0, 0.05);
        // Four deviations beyond what either power would settle at.
        let slack = (4.0 * schedule.scatter()).exp();
        report.claim(outcome.lowest > STAYING / slack, || format!("{name}: lowest {}", outcome.lowest));
        report.claim(outcome.highest < (STAYING + case.power) * slack, || {
            format!("{name}: highest {}", outcome.highest)
        });
        let chain = outcome.network.chain_of(STAYS);
        let counted = &chain[chain.len() - outcome.blocks as usize..];
        let his = counted.iter().filter(|found| found.miner == COMES).count() as f64;
        let others = counted.len() as f64 - his;
        let gain =
            his / (case.power * outcome.on_ms as f64) / (others / (STAYING * outcome.lasted_ms as f64));
        report.row(&[
            case.name.to_owned(),
            format!("{}", case.power),
            percent(outcome.on_ms as f64 / outcome.lasted_ms as f64),
            format!("{interval:.3}"),
            format!("{:.2}", outcome.lowest),
            format!("{:.2}", outcome.highest),
            off(gain),
        ]);
    }
    report
}

#[test]
fn miners_who_come_and_go_do_not_move_the_mean_interval() {
    report(super::report::seed_asked(), Size::asked()).finish();
}
