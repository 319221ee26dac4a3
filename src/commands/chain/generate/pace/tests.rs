#![allow(clippy::unwrap_used)]

use vibecoin_consensus::genesis;
use vibecoin_primitives::{Bits, Height, Network};

use super::*;

const HALF_LIFE_BLOCKS: u64 = 300;
const INTERVAL_MS: u64 = 1_000;

/// A network whose difficulty follows the hash rate.
fn spec() -> ChainSpec {
    ChainSpec {
        half_life_ms: HALF_LIFE_BLOCKS * INTERVAL_MS,
        interval_ms: INTERVAL_MS,
        min_delta_ms: 2,
        genesis_bits: Bits::new(0x2007_ffff),
        ..Network::Devnet.spec()
    }
}

/// The end of `blocks` blocks after the genesis that are on schedule.
fn on_schedule(spec: &ChainSpec, blocks: u64) -> Timestamp {
    spec.genesis_time.checked_add(blocks * spec.interval_ms).unwrap()
}

/// Headers of so many blocks on `tip`, as far as times and bits go.
fn headers(spec: &ChainSpec, tip: &Header, blocks: u64, mut mined: Mined) -> Vec<Header> {
    let mut headers: Vec<Header> = Vec::new();
    for _ in 0..blocks {
        let parent = *headers.last().unwrap_or(tip);
        let bits = bits_of_child(spec, parent.height, parent.time);
        let time = mined.next(pow::work(bits).unwrap(), parent.time).unwrap();
        headers.push(Header {
            height: parent.height.next().unwrap(),
            prev_time: parent.time,
            time,
            bits,
            ..parent
        });
    }
    headers
}

fn chain(spec: &ChainSpec, blocks: u64, every: u64, seed: u64) -> Vec<Header> {
    let tip = genesis(spec).header;
    let mined = Mined::new(spec, &tip, blocks, on_schedule(spec, blocks), every, seed).unwrap();
    headers(spec, &tip, blocks, mined)
}

#[test]
fn difficulty_follows_the_hash_rate_and_the_end_is_kept() {
    let spec = spec();
    let blocks = 60_000;
    let found = chain(&spec, blocks, 1_500, 3);
    assert_eq!(found.last().unwrap().time, on_schedule(&spec, blocks));
    let works: Vec<u128> = found.iter().map(|header| pow::work(header.bits).unwrap().get()).collect();
    // The rates are a quarter to four times that of the genesis, whose work is 32.
    let (least, most) = (*works.iter().min().unwrap(), *works.iter().max().unwrap());
    assert!((6..=12).contains(&least) && (90..=180).contains(&most), "{least} to {most}");
    for header in &found {
        let wait = header.time.saturating_since(header.prev_time);
        assert!(wait >= spec.min_delta_ms, "{wait} ms before block {}", header.height);
    }
    // Waits vary as waits do: most are shorter than the interval, a few are several times as long.
    let share = |is_counted: &dyn Fn(u64) -> bool| {
        let waits = found.iter().map(|header| header.time.saturating_since(header.prev_time));
        waits.filter(|wait| is_counted(*wait)).count() as f64 / blocks as f64
    };
    let (short, long) = (share(&|wait| wait < INTERVAL_MS), share(&|wait| wait > 3 * INTERVAL_MS));
    assert!((0.60..0.70).contains(&short) && (0.03..0.08).contains(&long), "{short} {long}");
}

#[test]
fn chains_of_any_length_end_when_they_should() {
    let spec = spec();
    for blocks in [1, 2, 3, 10, 100, 1_000, 3_000] {
        for seed in 0..20 {
            let found = chain(&spec, blocks, 50, seed);
            assert_eq!(
                found.last().unwrap().time,
                on_schedule(&spec, blocks),
                "{blocks} blocks, seed {seed}"
            );
            assert!(found.iter().all(|header| header.time > header.prev_time));
        }
    }
}

#[test]
fn a_chain_goes_on_to_a_later_end() {
    let spec = spec();
    let first = chain(&spec, 2_000, 100, 1);
    let tip = first.last().unwrap();
    let end = on_schedule(&spec, 2_500);
    let mined = Mined::new(&spec, tip, 500, end, 100, 2).unwrap();
    assert_eq!(headers(&spec, tip, 500, mined).last().unwrap().time, end);
}

#[test]
fn the_same_seed_gives_the_same_times() {
    let spec = spec();
    assert_eq!(chain(&spec, 500, 20, 9), chain(&spec, 500, 20, 9));
    assert_ne!(chain(&spec, 500, 20, 9), chain(&spec, 500, 20, 10));
}

#[test]
fn ends_off_the_schedule_are_refused_with_the_number_that_fits() {
    let spec = spec();
    let tip = genesis(&spec).header;
    let refused =
        |spec: &ChainSpec, tip: &Header, blocks, end| match Mined::new(spec, tip, blocks, end, 100, 1) {
            Err(Failure::Usage(reason)) => reason,
            Err(other) => panic!("another failure: {other}"),
            Ok(_) => panic!("{blocks} blocks until {end} are no chain of this network"),
        };
    let end = on_schedule(&spec, 5_000);
    assert!(refused(&spec, &tip, 5_601, end).contains("there are 5000 until then"));
    assert!(Mined::new(&spec, &tip, 5_600, end, 100, 1).is_ok());
    assert!(refused(&spec, &tip, 4_399, end).contains("there are 5000 until then"));
    assert!(Mined::new(&spec, &tip, 4_400, end, 100, 1).is_ok());
    // No room for the blocks, however near the schedule.
    assert!(refused(&spec, &tip, 100, on_schedule(&spec, 24)).contains("there are 24 until then"));
    let late = Header { height: Height::new(10), time: end, ..tip };
    assert!(refused(&spec, &late, 1, spec.genesis_time).contains("there are 0 until then"));
    let fixed = ChainSpec { half_life_ms: 0, ..spec };
    assert!(refused(&fixed, &tip, 5_000, end).contains("half_life_ms"));
}
