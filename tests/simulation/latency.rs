//! Equal miners far apart: blocks cross, some end beside the chain, and everybody still agrees.

use std::collections::BTreeMap;

use super::audit::audit;
use super::closed_form::{stale_share, work_of_bits};
use super::network::Network;
use super::node::spec;
use super::random::seed_of_run;
use super::report::{Report, Size, mean, percent};
use super::strategy::Honest;

/// 256 hashes a block.
const GENESIS_BITS: u32 = 0x2001_0000;
const MINERS: usize = 8;
/// Travel of a block and time to make a segment, in ms.
const CASES: [(i64, i64); 7] = [(0, 0), (50, 0), (200, 0), (500, 0), (1_000, 0), (2_000, 0), (200, 400)];
/// Below the tip by more than this, everybody has the same chain at the end.
const UNSETTLED: usize = 6;

/// Stale blocks and reorganisations by the time that blocks travel.
pub fn report(seed: u64, size: Size) -> Report {
    of_blocks(seed, size.pick(1_000, 6_000))
}

fn of_blocks(seed: u64, blocks: u64) -> Report {
    let mut report = Report::new("Latency", seed);
    report.say(&format!(
        "{MINERS} equal miners, {blocks} blocks a row. Stale blocks beside (1 − 1/{MINERS}) · latency / interval; how often \
         a machine reverted so many blocks; how far the difficulty was off, as the root of the mean square. The power \
         is such that the genesis has the right difficulty if the closed form holds."
    ));
    report.head(&[
        "latency",
        "segment",
        "mean interval",
        "stale",
        "closed form",
        "reorganisations by depth",
        "difficulty error",
    ]);
    for (number, (latency_ms, pace_ms)) in CASES.into_iter().enumerate() {
        let spec = spec(GENESIS_BITS);
        let interval_ms = spec.interval_ms as f64;
        let expected = stale_share(MINERS as f64, latency_ms as f64, interval_ms);
        let power = interval_ms / (interval_ms - pace_ms as f64) / (1.0 - expected);
        let mut network = Network::new(spec, seed_of_run(seed, number as u64))
            .latency(move |_, _| latency_ms)
            .pace(pace_ms);
        for _ in 0..MINERS {
            network = network.member(power / MINERS as f64, Box::new(Honest));
        }
        network.run_to_height(0, blocks);
        let name = format!("latency {latency_ms} ms, segment {pace_ms} ms");
        audit(&mut report, &name, &network, 0);

        let chain = network.chain_of(0);
        let schedule = network.schedule;
        let interval = network.now() as f64 / chain.len() as f64 / schedule.interval_ms;
        report.near(&format!("{name}: the mean interval"), interval, 1.0, 0.05);
        let stale = 1.0 - chain.len() as f64 / network.found.len() as f64;
        report.near(&format!("{name}: the stale share"), stale, expected, 0.01 + 0.3 * expected);
        let gap = chain.windows(2).map(|pair| pair[1].at - pair[0].at).min().unwrap_or_default();
        report.claim(gap >= pace_ms, || format!("{name}: a block came {gap} ms after its parent"));

        for who in 1..MINERS {
            let other = network.chain_of(who);
            let common = chain.iter().zip(&other).take_while(|(a, b)| a.block.id() == b.block.id()).count();
            report.claim(common + UNSETTLED >= chain.len(), || {
                format!("{name}: miner {who} shares {common} of {} blocks", chain.len())
            });
        }
        let mut depths: BTreeMap<u64, u64> = BTreeMap::new();
        for (depth, times) in network.members.iter().flat_map(|member| &member.reorganisations) {
            *depths.entry(*depth).or_default() += times;
        }
        let deepest = depths.keys().max().copied().unwrap_or_default();
        report
            .claim(deepest <= UNSETTLED as u64, || format!("{name}: {deepest} blocks were reverted at once"));
        let errors =
            chain.iter().map(|found| work_of_bits(found.block.header.bits.get()) / schedule.genesis_work);
        let error = mean(&errors.map(|ratio| ratio.ln().powi(2)).collect::<Vec<_>>()).sqrt();
        report.claim(error < 3.0 * schedule.scatter(), || format!("{name}: difficulty is off by {error}"));
        let depths: Vec<String> = depths.iter().map(|(depth, times)| format!("{depth}: {times}")).collect();
        report.row(&[
            format!("{latency_ms} ms"),
            format!("{pace_ms} ms"),
            format!("{interval:.3}"),
            percent(stale),
            percent(expected),
            if depths.is_empty() { "none".to_owned() } else { depths.join(", ") },
            percent(error),
        ]);
    }
    report
}

#[test]
fn miners_far_apart_agree_and_lose_what_the_distance_explains() {
    report(super::report::seed_asked(), Size::asked()).finish();
}

#[test]
fn the_same_seed_gives_the_same_world() {
    let world = |seed| of_blocks(seed, 150).text().to_owned();
    let first = world(11);
    assert_eq!(first, world(11));
    // The titles differ, too; the rows must.
    let rows = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_ne!(rows(&first), rows(&world(12)));
}
