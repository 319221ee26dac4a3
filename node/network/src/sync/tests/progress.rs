//! What is foretold.

use super::super::profile::Profile;
use super::super::progress::{Meter, Phase, Position};
use super::helpers::{Honest, chain_with, claim};
use crate::testing::{Bench, FakeWorld};
use crate::turn::Output;
use crate::wire::Goodbye;
use crate::world::{Claim, Have};

#[test]
fn a_node_without_peers_is_idle_and_not_catching_up() {
    let mut bench = Bench::new();
    bench.pass(10_000);
    assert!(!bench.machine.sync().is_catching_up());
    assert_eq!(bench.machine.sync().progress().phase, Phase::Idle);
}

/// Catches up with 3,000 blocks at a node that takes `pace(height)` blocks a step, and says how long it took with what
/// was foretold after the first fifth and half way.
fn foretold(transactions: impl Fn(u64) -> usize, cost: impl Fn(usize) -> u64) -> (f64, f64) {
    let mut parts = Vec::new();
    let mut parent = vibecoin_testing_genesis();
    for height in 1..=3_000_u64 {
        let first = height * 1_000;
        let list =
            (first..first + transactions(height) as u64).map(crate::testing::forge::transaction).collect();
        let block = crate::testing::forge::child(&parent, 1, list);
        parent = crate::testing::forge::head(&block);
        parts.push(block);
    }
    let mut bench = Bench::new();
    let mut peers: Vec<_> =
        (1..=3).map(|number| Honest::connect(&mut bench, number, parts.clone())).collect();
    let tip = claim(&parts).id;
    let (mut free_ms, mut begun_ms) = (0, None);
    let (mut fifth, mut half) = (None, None);
    while bench.world.tip().id != tip {
        peers.iter_mut().for_each(|peer| peer.step(&mut bench));
        while let Some(question) = bench.questions.pop_front() {
            if let Output::Judge { claim: Claim::Block(block), .. } = &question {
                if free_ms > bench.now.ms {
                    bench.questions.push_front(question);
                    break;
                }
                begun_ms.get_or_insert(bench.now.ms);
                free_ms = free_ms.max(bench.now.ms - 50) + cost(block.decode().unwrap().transactions.len());
            }
            bench.answer_to(question);
        }
        bench.tick(50);
        let (now_ms, height) = (bench.now.ms, bench.world.tip().height.get());
        let eta = bench.machine.sync().progress().eta_ms;
        if let Some(begun_ms) = begun_ms {
            if fifth.is_none() && height >= 600 {
                fifth = Some((now_ms, eta.expect("a fifth is enough to foretell"), begun_ms));
            }
            if half.is_none() && height >= 1_500 {
                half = Some((now_ms, eta.expect("half is enough to foretell"), begun_ms));
            }
        }
        assert!(now_ms < 600_000, "at {height}");
    }
    let wrong = |(at_ms, eta_ms, _): (u64, u64, u64)| {
        let truth = (bench.now.ms - at_ms) as f64;
        (eta_ms as f64 - truth) / truth
    };
    (wrong(fifth.unwrap()), wrong(half.unwrap()))
}

fn vibecoin_testing_genesis() -> crate::wire::HeaderRecord {
    FakeWorld::new().tip_header()
}

#[test]
fn the_rest_is_foretold_within_thirty_percent_after_a_fifth() {
    // Equal blocks; and a chain whose blocks become fuller and fuller.
    let equal = foretold(|_| 2, |_| 10);
    let fuller =
        foretold(|height| usize::try_from(height / 150).unwrap(), |transactions| 8 + transactions as u64 / 2);
    println!("wrong by {equal:.2?} with equal blocks, {fuller:.2?} with fuller and fuller ones");
    for (fifth, half) in [equal, fuller] {
        assert!(fifth.abs() < 0.3 && half.abs() < 0.3);
    }
}

#[test]
fn nothing_is_foretold_before_it_is_honest() {
    let (mut meter, profile) = (Meter::default(), Profile::default());
    let position =
        |at| Position { phase: Phase::Blocks, from: 0, at, target: 1_000, done_before: 0, left_after: 0 };
    meter.measure(0, position(0), &profile);
    meter.measure(1_000, position(100), &profile);
    assert_eq!(meter.progress().eta_ms, None);
    meter.measure(2_000, position(200), &profile);
    assert_eq!(meter.progress().eta_ms, Some(8_000));
    assert!((meter.progress().rate_per_s - 100.0).abs() < 0.01);
    meter.measure(3_000, Position { phase: Phase::Idle, from: 200, target: 200, ..position(200) }, &profile);
    assert_eq!(
        (meter.progress().phase, meter.progress().at, meter.progress().eta_ms),
        (Phase::Idle, 200, None)
    );
}

#[test]
fn a_profile_knows_what_stretches_weigh() {
    let mut profile = Profile::default();
    for height in 1..=5_000_u64 {
        profile.add(height, if height <= 2_000 { 0 } else { 80 });
    }
    assert_eq!(profile.between(0, 2_000).unwrap() / 1_000, 40);
    let fuller = profile.between(2_000, 5_000).unwrap();
    assert!(fuller.abs_diff(300_000) < 1_000, "{fuller}");
    assert_eq!(profile.between(0, 5_001), None);
    // Known blocks again change nothing; a gap begins anew.
    profile.add(3_000, 1);
    assert_eq!(profile.between(2_000, 5_000), Some(fuller));
    profile.add(9_000, 5);
    assert_eq!(profile.between(0, 5_000), None);
    assert_eq!(profile.between(8_999, 9_000), Some(25));
}

#[test]
fn catching_up_begins_and_ends() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 200, 0);
    let mut peers = [Honest::connect(&mut bench, 1, blocks.clone())];
    let mut phases = vec![Phase::Idle];
    for _ in 0..400 {
        peers[0].step(&mut bench);
        for _ in 0..2 {
            if let Some(question) = bench.questions.pop_front() {
                bench.answer_to(question);
            }
        }
        bench.tick(50);
        let progress = bench.machine.sync().progress();
        if phases.last() != Some(&progress.phase) {
            phases.push(progress.phase);
        }
        if progress.phase == Phase::Blocks {
            assert!(bench.machine.sync().is_catching_up());
            assert_eq!((progress.from, progress.target), (0, 200));
        }
    }
    assert_eq!(phases, [Phase::Idle, Phase::Blocks, Phase::Idle]);
    assert!(!bench.machine.sync().is_catching_up());
}

#[test]
fn outbound_peers_that_bring_nothing_are_parted_with() {
    let mut bench = Bench::new();
    let blocks = chain_with(1, 30, 0);
    let useless = super::helpers::connect(&mut bench, 1, claim(&blocks[..2]));
    let useful = super::helpers::connect(&mut bench, 2, claim(&blocks));
    for block in &blocks {
        bench.world.take(block.clone().into());
    }
    bench.pass(200_000);
    assert_eq!(bench.machine.sync().stale_peers(), []);
    bench.pass(200_000);
    assert_eq!(bench.closed.get(&useless), Some(&Goodbye::Stale));
    assert_eq!(bench.closed.get(&useful), None);
}
