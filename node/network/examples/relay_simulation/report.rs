//! The tables.

use crate::Scenario;
use crate::network::{self, Plan, Relay, Run};
use crate::stale;

/// The interval whose stale rate is told, in ms.
const INTERVAL_MS: u64 = 5_000;
/// Blocks that are counted.
const COUNTED: usize = 200_000;

/// Prints the first lines of the table of delays.
pub fn print_head() {
    println!(
        "| relay, block, in the pool | median | 90 % | 99 % | all | MB sent a node | stale, formula | stale, counted |"
    );
    println!("| --- | --: | --: | --: | --: | --: | --: | --: |");
}

/// Prints the first lines of the table of intervals.
pub fn print_intervals_head() {
    println!("\nBlocks in vain, counted, at other intervals.\n");
    println!("| relay, block, in the pool | 2.5 s | 5 s | 10 s | 20 s |");
    println!("| --- | --: | --: | --: | --: |");
}

/// Prints what comes of the delays at other intervals.
pub fn print_intervals(plan: &Plan, scenario: Scenario, runs: &[Run]) {
    let counted = |interval_ms| 100.0 * stale::by_count(runs, interval_ms, COUNTED, plan.seed);
    println!(
        "| {} | {:.2} % | {:.2} % | {:.2} % | {:.2} % |",
        name(scenario),
        counted(2_500),
        counted(5_000),
        counted(10_000),
        counted(20_000)
    );
}

/// Prints the share of blocks in vain where the machines themselves have raced, beside the one that was counted with
/// measured delays.
pub fn print_race(plan: &Plan, scenario: Scenario, blocks: usize, runs: &[Run]) {
    let raced = network::race(plan, scenario, blocks, INTERVAL_MS);
    let error = (raced * (1.0 - raced) / blocks as f64).sqrt();
    println!(
        "{}: {blocks} blocks mined by {} nodes, {:.2} % in vain (standard error {:.2} %), {:.2} % counted with delays.",
        name(scenario),
        plan.nodes,
        100.0 * raced,
        100.0 * error,
        100.0 * stale::by_count(runs, INTERVAL_MS, COUNTED, plan.seed),
    );
}

fn name(scenario: Scenario) -> String {
    let size = format!("{} kB", scenario.transactions * 166 / 1_000);
    match scenario.relay {
        Relay::Full => format!("full, {size}"),
        Relay::Compact => format!("compact, {size}, {} %", scenario.overlap_percent),
    }
}

/// Prints the line of a scenario.
pub fn print_row(plan: &Plan, scenario: Scenario, runs: &[Run]) {
    let mut delays: Vec<u64> = runs.iter().flat_map(|run| run.delays_us.iter().copied()).collect();
    delays.sort_unstable();
    let seconds = |share: f64| {
        let at = ((delays.len() as f64 * share).ceil() as usize).clamp(1, delays.len()) - 1;
        format!("{:.2} s", delays[at] as f64 / 1e6)
    };
    let bytes: u64 = runs.iter().map(|run| run.sent_bytes).sum();
    println!(
        "| {} | {} | {} | {} | {} | {:.3} | {:.2} % | {:.2} % |",
        name(scenario),
        seconds(0.5),
        seconds(0.9),
        seconds(0.99),
        seconds(1.0),
        bytes as f64 / (runs.len() * plan.nodes) as f64 / 1e6,
        100.0 * stale::by_formula(runs, INTERVAL_MS),
        100.0 * stale::by_count(runs, INTERVAL_MS, COUNTED, plan.seed),
    );
}
