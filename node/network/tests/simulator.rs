//! Whole networks of nodes under one seed: the protocol's state machine with losses, delays and leavers.
//!
//! Every node is a real [`vibecoin_network::Machine`] over a made-up chain. The network between them is a queue of
//! events in virtual time, so that a run is a function of its seed and takes milliseconds. What must hold after the
//! faults have ended: one tip, every transaction mined or waiting everywhere, nobody banned who did nothing wrong, and
//! nothing without bounds in between.
//!
//! - `VIBECOIN_SEED=17` replays one seed and prints what happens; `VIBECOIN_SIMULATIONS=20000` runs so many.

#[path = "simulator/happen.rs"]
mod happen;
#[path = "simulator/network.rs"]
mod network;
#[path = "simulator/node.rs"]
mod node;
#[path = "simulator/plan.rs"]
mod plan;
#[path = "simulator/run.rs"]
mod run;

use plan::{Plan, Style};
use run::{Outcome, Run};

/// Seeds of each style in an ordinary run.
const CALM_SEEDS: u64 = 700;
const WILD_SEEDS: u64 = 300;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// Runs seeds one after the other, and says which are broken.
fn run_all(style: Style, seeds: u64) {
    if let Some(seed) = number("VIBECOIN_SEED") {
        let outcome = Run::new(Plan::draw(seed, style), true).play();
        println!("{style:?} VIBECOIN_SEED={seed}: {outcome:?}");
        assert!(outcome.broken.is_empty(), "VIBECOIN_SEED={seed}: {:#?}", outcome.broken);
        return;
    }
    let seeds = number("VIBECOIN_SIMULATIONS").unwrap_or(seeds);
    let (mut broken, mut sum) = (Vec::new(), Sum::default());
    for seed in 0..seeds {
        let outcome = Run::new(Plan::draw(seed, style), false).play();
        sum.add(&outcome);
        if !outcome.broken.is_empty() {
            println!("{style:?} VIBECOIN_SEED={seed}: {:#?}", outcome.broken);
            broken.push(seed);
        }
    }
    println!("{style:?}: {seeds} seeds, {sum:?}, {} broken", broken.len());
    assert!(broken.is_empty(), "broken: VIBECOIN_SEED={broken:?}");
}

/// What the runs did, all together: they should not be idle.
#[derive(Debug, Default)]
struct Sum {
    blocks: u64,
    transactions: u64,
    messages: u64,
    reorganisations: u64,
    settled_ms_max: u64,
}

impl Sum {
    fn add(&mut self, outcome: &Outcome) {
        self.blocks += outcome.height;
        self.transactions += outcome.transactions;
        self.messages += outcome.messages;
        self.reorganisations += outcome.reorganisations;
        self.settled_ms_max = self.settled_ms_max.max(outcome.settled_ms);
    }
}

/// Delays, partitions, breaking connections, nodes that leave and come back: what honest networks do.
#[test]
fn calm_networks_agree_and_ban_nobody() {
    run_all(Style::Calm, CALM_SEEDS);
}

/// Messages are lost, doubled and reordered besides, which no stream does: the machines must survive it.
#[test]
fn wild_networks_survive_and_agree_once_it_is_over() {
    run_all(Style::Wild, WILD_SEEDS);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 0..12 {
        let style = if seed % 2 == 0 { Style::Calm } else { Style::Wild };
        let play = || Run::new(Plan::draw(seed, style), false).play();
        let (first, second) = (play(), play());
        assert_eq!(first.trace, second.trace, "VIBECOIN_SEED={seed}");
        let other = Run::new(Plan::draw(seed + 1_000, style), false).play();
        assert_ne!(first.trace, other.trace);
    }
}

/// A simulator that finds nothing must be one that would.
#[test]
fn planted_faults_are_noticed() {
    for fault in plan::Planted::ALL {
        let noticed = (0..40).any(|seed| {
            let plan = Plan { planted: Some(fault), ..Plan::draw(seed, Style::Calm) };
            !Run::new(plan, false).play().broken.is_empty()
        });
        assert!(noticed, "{fault:?} went unnoticed");
    }
}
