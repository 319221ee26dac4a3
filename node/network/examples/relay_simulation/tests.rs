use crate::Scenario;
use crate::network::{Plan, Relay, Run, run};
use crate::stale;

fn small(relay: Relay, transactions: usize, overlap_percent: u64) -> Run {
    let plan = Plan { nodes: 60, seed: 3, ..Plan::default() };
    run(&plan, Scenario { relay, transactions, overlap_percent }, 0)
}

fn median_us(run: &Run) -> u64 {
    let mut delays = run.delays_us.clone();
    delays.sort_unstable();
    delays[delays.len() / 2]
}

#[test]
fn the_same_seed_gives_the_same_run() {
    assert_eq!(small(Relay::Compact, 100, 95), small(Relay::Compact, 100, 95));
}

#[test]
fn compact_relay_is_quicker_and_cheaper_than_full_relay() {
    let (full, compact) = (small(Relay::Full, 1_500, 100), small(Relay::Compact, 1_500, 100));
    assert!(median_us(&compact) * 3 < median_us(&full) * 2, "{} {}", median_us(&compact), median_us(&full));
    assert!(compact.sent_bytes * 4 < full.sent_bytes, "{} {}", compact.sent_bytes, full.sent_bytes);
    assert!(full.messages.contains_key("block") && !full.messages.contains_key("compact"));
    assert!(compact.messages.contains_key("compact") && !compact.messages.contains_key("block"));
}

#[test]
fn what_pools_lack_is_asked_for() {
    let (whole, gaps) = (small(Relay::Compact, 600, 100), small(Relay::Compact, 600, 90));
    assert!(!whole.messages.contains_key("get_block_transactions"));
    assert!(gaps.messages["block_transactions"] > 0);
    assert!(median_us(&gaps) > median_us(&whole));
}

#[test]
fn the_count_follows_the_formula_while_delays_are_short() {
    let even = Run { delays_us: vec![250_000; 100], sent_bytes: 0, messages: Default::default() };
    let (formula, count) =
        (stale::by_formula(std::slice::from_ref(&even), 5_000), stale::by_count(&[even], 5_000, 200_000, 1));
    assert!((formula - 0.0488).abs() < 1e-3, "{formula}");
    assert!((count / formula - 1.0).abs() < 0.05, "{count} {formula}");
}

#[test]
fn without_delay_nothing_is_in_vain() {
    let none = Run { delays_us: vec![0; 100], sent_bytes: 0, messages: Default::default() };
    assert!(stale::by_count(&[none], 5_000, 10_000, 1).abs() < 1e-9);
}
