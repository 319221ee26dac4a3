//! How fast a block reaches a thousand nodes, and how many blocks are found in vain because it takes its time.
//!
//! Every node is the real state machine of this crate; messages have the lengths of the real encoder. Invented are the
//! lines between the nodes ([`lines`]), the time that a node needs for its work ([`node::Costs`]), and the blocks.
//!
//! ```sh
//! cargo run --release -p vibecoin-network --example relay_simulation            # the tables of docs/relay.md
//! cargo run --release -p vibecoin-network --example relay_simulation -- 200 3 0 50   # nodes, blocks, raced blocks, % of the latencies
//! ```

mod blocks;
mod lines;
mod network;
mod node;
mod report;
mod stale;

#[cfg(test)]
mod tests;

use network::{Plan, Relay};

/// Chance of the published tables.
const SEED: u64 = 1;

/// Larger blocks are not raced: it would take too long.
const RACED_TRANSACTIONS_MAX: usize = 2_000;

/// One row of the tables.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    relay: Relay,
    transactions: usize,
    /// How many of a hundred of them are in a node's pool.
    overlap_percent: u64,
}

/// The scenarios of the tables. A transaction has 166 bytes.
const SCENARIOS: [Scenario; 7] = [
    Scenario { relay: Relay::Compact, transactions: 0, overlap_percent: 100 },
    Scenario { relay: Relay::Full, transactions: 1_506, overlap_percent: 100 },
    Scenario { relay: Relay::Compact, transactions: 1_506, overlap_percent: 95 },
    Scenario { relay: Relay::Compact, transactions: 1_506, overlap_percent: 100 },
    Scenario { relay: Relay::Full, transactions: 6_316, overlap_percent: 100 },
    Scenario { relay: Relay::Compact, transactions: 6_316, overlap_percent: 95 },
    Scenario { relay: Relay::Compact, transactions: 6_316, overlap_percent: 100 },
];

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let mut number = |default| match numbers.next() {
        None => default,
        Some(Ok(number)) => number,
        Some(Err(error)) => {
            eprintln!("nodes, blocks, raced blocks and percentages are numbers: {error}");
            std::process::exit(2);
        }
    };
    let (nodes, blocks, raced, percent) = (number(1_000), number(4), number(120), number(100));
    let plan = Plan { nodes, seed: SEED, latency_percent: percent as u64, ..Plan::default() };
    println!("{nodes} nodes, {blocks} blocks of each kind, {percent} % of the latencies, seed {SEED}.\n");
    report::print_head();
    let mut all = Vec::new();
    for scenario in SCENARIOS {
        let runs: Vec<_> = (0..blocks).map(|block| network::run(&plan, scenario, block as u64)).collect();
        report::print_row(&plan, scenario, &runs);
        all.push((scenario, runs));
    }
    report::print_intervals_head();
    for (scenario, runs) in &all {
        report::print_intervals(&plan, *scenario, runs);
    }
    println!();
    for (scenario, runs) in all.iter().filter(|(scenario, _)| scenario.relay == Relay::Compact) {
        if raced > 0 && scenario.transactions <= RACED_TRANSACTIONS_MAX {
            report::print_race(&plan, *scenario, raced, runs);
        }
    }
}
