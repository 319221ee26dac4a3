use proptest::prelude::*;

use super::*;

const KINDS: [KindRate; 2] = [
    KindRate { peer: Rate::per_second(10, 2), all: Rate::per_second(15, 3) },
    KindRate { peer: Rate::per_minute(1, 1), all: Rate::per_minute(100, 100) },
];

#[test]
fn a_bucket_is_full_empties_and_fills_up() {
    let mut bucket = Bucket::new(Rate::per_second(10, 2), 0);
    assert!(bucket.take(10, 0) && !bucket.take(1, 0) && bucket.take(0, 0));
    assert_eq!((bucket.wait_ms(1), bucket.wait_ms(10), bucket.wait_ms(11)), (Some(500), Some(5_000), None));
    assert!(!bucket.take(1, 499) && bucket.take(1, 500) && !bucket.take(1, 999) && bucket.take(1, 1_000));
    // An hour fills it up once.
    assert!(!bucket.has(11, 3_600_000) && bucket.take(10, 3_600_000) && !bucket.take(1, 3_600_000));
}

#[test]
fn a_clock_that_goes_back_gives_nothing() {
    let mut bucket = Bucket::new(Rate::per_second(1, 1), 10_000);
    assert!(bucket.take(1, 10_000));
    assert!(!bucket.take(1, 0) && !bucket.take(1, 10_999) && bucket.take(1, 11_000));
}

#[test]
fn the_extremes_do_not_overflow() {
    let mut bucket = Bucket::new(Rate::per_minute(u32::MAX, u32::MAX), 0);
    assert!(bucket.take(u32::MAX, 0) && bucket.take(u32::MAX, u64::MAX));
    let mut none = Bucket::new(Rate::per_second(0, 0).times(7), 0);
    assert!(!none.take(1, u64::MAX) && none.wait_ms(1).is_none());
    assert_eq!(Rate::per_second(u32::MAX, 1).times(2), Rate::per_second(u32::MAX, 2));
}

#[test]
fn a_greedy_peer_is_stopped_and_the_others_are_not() {
    let mut table = RateTable::new(KINDS, 0);
    ["greedy", "modest"].into_iter().for_each(|peer| table.enter(peer, 0));
    assert_eq!(table.take(&"greedy", 0, 10, 0), Passage::Granted);
    for _ in 0..1_000 {
        assert_eq!(table.take(&"greedy", 0, 1, 0), Passage::PeerOver);
    }
    assert_eq!(table.take(&"modest", 0, 5, 0), Passage::Granted);
    // Now all together have had enough, and that is nobody's fault and costs nobody anything.
    assert_eq!(table.take(&"modest", 0, 5, 0), Passage::AllOver);
    assert_eq!(table.take(&"modest", 0, 5, 1_667), Passage::Granted);
    // The kinds do not share.
    assert_eq!(table.take(&"greedy", 1, 1, 0), Passage::Granted);
    assert_eq!(table.take(&"greedy", 1, 1, 59_999), Passage::PeerOver);
    assert_eq!(table.take(&"greedy", 1, 1, 60_000), Passage::Granted);
}

#[test]
fn strangers_and_unknown_kinds_are_granted_nothing() {
    let mut table = RateTable::new(KINDS, 0);
    assert_eq!(table.take(&1, 0, 1, 0), Passage::PeerOver);
    table.enter(1, 0);
    assert_eq!(table.take(&1, 2, 1, 0), Passage::PeerOver);
    assert_eq!(table.take(&1, 0, 10, 0), Passage::Granted);
    table.enter(1, 0);
    assert_eq!(table.take(&1, 0, 1, 0), Passage::PeerOver, "coming in twice fills nothing up");
    assert_eq!(table.len(), 1);
    table.leave(&1);
    assert!(table.is_empty());
}

proptest! {
    /// However often it is asked, a bucket grants what the rate says to the token.
    #[test]
    fn nothing_is_rounded(
        capacity in 1..50_u32, refill in 0..2_000_u32, minute in any::<bool>(),
        gaps in prop::collection::vec(0..3_000_u64, 1..200),
    ) {
        let rate = if minute { Rate::per_minute(capacity, refill) } else { Rate::per_second(capacity, refill) };
        let period_ms = if minute { 60_000 } else { 1_000 };
        let mut bucket = Bucket::new(rate, 0);
        // The same in one go: levels as fractions of a token.
        let mut level = u128::from(capacity) * period_ms;
        let mut now_ms = 0;
        for gap_ms in gaps {
            now_ms += gap_ms;
            level = (level + u128::from(gap_ms) * u128::from(refill)).min(u128::from(capacity) * period_ms);
            prop_assert_eq!(bucket.take(1, now_ms), level >= period_ms);
            level -= if level >= period_ms { period_ms } else { 0 };
        }
    }

    /// In no stretch of time passes more than the capacity and what the rate adds.
    #[test]
    fn no_stretch_passes_more_than_the_rate(
        capacity in 1..20_u32, refill in 0..20_u32, asks in prop::collection::vec((0..500_u64, 1..5_u32), 1..200),
    ) {
        let mut bucket = Bucket::new(Rate::per_second(capacity, refill), 0);
        let mut now_ms = 0;
        let mut granted: Vec<(u64, u32)> = Vec::new();
        for (gap_ms, cost) in asks {
            now_ms += gap_ms;
            if bucket.take(cost, now_ms) {
                granted.push((now_ms, cost));
            }
        }
        for from in 0..granted.len() {
            let mut sum = 0_u64;
            for &(at_ms, cost) in &granted[from..] {
                sum += u64::from(cost);
                let allowed = u64::from(capacity) * 1_000 + (at_ms - granted[from].0) * u64::from(refill);
                prop_assert!(sum * 1_000 <= allowed);
            }
        }
    }

    #[test]
    fn the_wait_is_exact(capacity in 1..20_u32, refill in 1..5_000_u32, cost in 1..20_u32) {
        let mut bucket = Bucket::new(Rate::per_second(capacity, refill), 0);
        bucket.take(capacity, 0);
        match bucket.wait_ms(cost) {
            None => prop_assert!(cost > capacity),
            Some(wait_ms) => {
                prop_assert!(!bucket.has(cost, wait_ms - 1));
                prop_assert!(bucket.has(cost, wait_ms));
            }
        }
    }
}
