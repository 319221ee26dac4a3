#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::testing::{TRIES, any_number, any_spec, cases, header, lab, number, text, time};

#[test]
fn times_follow_the_vectors() {
    for case in cases("time", "cases") {
        let (prev_time, now) = (time(&case, "prev_time"), time(&case, "now"));
        let result = check_time(number(&case, "min_delta_ms"), prev_time, time(&case, "time"), now);
        let verdict = match result {
            Ok(()) => "ok",
            Err(HeaderError::TooSoon { .. }) => "invalid",
            Err(HeaderError::FromTheFuture { .. }) => "held",
            Err(other) => panic!("{other}"),
        };
        assert_eq!(verdict, text(&case, "expect"), "{case}");
    }
}

#[test]
fn nothing_stands_on_the_greatest_height() {
    let mut parent = header(0x207f_ffff);
    parent.height = Height::new(u64::MAX);
    let mut child = parent;
    for height in [0, u64::MAX] {
        child.height = Height::new(height);
        assert!(matches!(check_height(&child, &parent), Err(HeaderError::Height { .. })));
    }
}

/// A header that is good on `parent`, whose history is `peaks`.
fn child_of(spec: &ChainSpec, parent: &Header, peaks: &Peaks) -> Header {
    let mut child = Header {
        history_root: peaks.root(),
        height: parent.height.next().unwrap(),
        prev_time: parent.time,
        time: parent.time.checked_add(spec.min_delta_ms).unwrap(),
        bits: bits_of_child(spec, parent.height, parent.time),
        ..*parent
    };
    child.nonce = pow::search(&child, 0..TRIES).unwrap().unwrap();
    child
}

fn chain() -> (ChainSpec, Header, Peaks) {
    let spec = lab();
    let genesis = crate::genesis(&spec);
    let mut peaks = Peaks::new();
    peaks.append(Node::leaf(&genesis.header, genesis.id()).unwrap()).unwrap();
    (spec, genesis.header, peaks)
}

#[test]
fn a_good_header_adds_its_work() {
    let (spec, parent, peaks) = chain();
    let child = child_of(&spec, &parent, &peaks);
    let view = ParentView { header: &parent, peaks: &peaks };
    let checked = check_header(&spec, &child, &view, child.time).unwrap();
    assert_eq!(checked.id, child.id());
    assert_eq!(checked.own_work, pow::work(child.bits).unwrap());
    assert_eq!(checked.total_work, peaks.work().checked_add(checked.own_work).unwrap());
}

#[test]
fn work_that_no_longer_fits_is_refused() {
    let (spec, parent, _) = chain();
    let mut heavy = Peaks::new();
    let leaf = Node { hash: Hash::ZERO, work: Work::new(u128::MAX), t0: parent.time, t1: parent.time };
    heavy.append(leaf).unwrap();
    let child = child_of(&spec, &parent, &heavy);
    let view = ParentView { header: &parent, peaks: &heavy };
    let error = check_header(&spec, &child, &view, child.time).unwrap_err();
    assert_eq!((error.rule(), error), ("HDR-9", HeaderError::WorkSum));
}

#[test]
fn of_several_faults_the_first_in_order_is_told() {
    let (spec, parent, peaks) = chain();
    let good = child_of(&spec, &parent, &peaks);
    let view = ParentView { header: &parent, peaks: &peaks };
    let rule = |header: &Header| check_header(&spec, header, &view, Timestamp::new(0)).unwrap_err().rule();
    // From the last fault to the first, each one added to those before.
    let mut bad = Header { history_root: Hash::ZERO, ..good };
    bad.nonce = pow::search(&bad, 0..TRIES).unwrap().unwrap();
    assert_eq!(rule(&bad), "HDR-7");
    bad.time = parent.time;
    bad.nonce = pow::search(&bad, 0..TRIES).unwrap().unwrap();
    assert_eq!(rule(&bad), "HDR-6");
    let target = Target::from_bits(bad.bits).unwrap();
    bad.nonce = (0..TRIES).find(|&nonce| !target.is_met_by(&Header { nonce, ..bad }.id())).unwrap();
    assert_eq!(rule(&bad), "HDR-5");
    bad.bits = Bits::new(0);
    assert_eq!(rule(&bad), "HDR-4");
    bad.prev_time = Timestamp::new(1);
    assert_eq!(rule(&bad), "HDR-3");
    bad.height = Height::new(9);
    assert_eq!(rule(&bad), "HDR-2");
}

proptest! {
    #[test]
    fn held_blocks_become_valid_with_time_and_invalid_ones_never(
        min_delta in 1..100_u64,
        prev: u64,
        delta in 0..100_000_u64,
        now in any::<u64>(),
        later in any::<u64>(),
    ) {
        let prev_time = Timestamp::new(prev);
        let time = Timestamp::new(prev.saturating_add(delta));
        for now in [now, prev.saturating_sub(now % 50_000)] {
            let at = |now| check_time(min_delta, prev_time, time, Timestamp::new(now));
            match at(now) {
                Ok(()) => prop_assert_eq!(at(now.max(later)), Ok(())),
                Err(HeaderError::FromTheFuture { .. }) => {
                    prop_assert!(at(time.get() - MAX_DRIFT_MS).is_ok());
                    prop_assert!(at(time.get() - MAX_DRIFT_MS - 1).is_err());
                }
                Err(_) => prop_assert!(at(u64::MAX).is_err()),
            }
        }
    }
}

/// Any header; now and then it stands on `parent` as it should, as far as that is cheap.
fn any_header() -> impl Strategy<Value = Header> {
    let numbers = (any_number(), any_number(), any_number(), any_number());
    (any::<[u8; 32]>(), any::<u32>(), numbers).prop_map(|(root, bits, (height, prev, time, nonce))| Header {
        history_root: Hash::new(root),
        content_root: Hash::ZERO,
        version: 1,
        height: Height::new(height),
        prev_time: Timestamp::new(prev),
        time: Timestamp::new(time),
        bits: Bits::new(bits),
        nonce,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_header_under_no_spec_panics(
        spec in any_spec(),
        (parent, mut child) in (any_header(), any_header()),
        (now, work) in (any_number(), any::<u128>()),
        fit in 0..6_u8,
    ) {
        let mut peaks = Peaks::new();
        let leaf = Node { hash: Hash::ZERO, work: Work::new(work), t0: parent.prev_time, t1: parent.time };
        peaks.append(leaf).unwrap();
        // The more fields fit the parent, the later the rule that is asked.
        if fit > 0 {
            child.height = parent.height.next().unwrap_or(child.height);
        }
        if fit > 1 {
            child.prev_time = parent.time;
        }
        if fit > 2 {
            child.bits = bits_of_child(&spec, parent.height, parent.time);
        }
        if fit > 3 {
            child.time = parent.time.checked_add(child.time.get()).unwrap_or(child.time);
        }
        if fit > 4 {
            child.history_root = peaks.root();
        }
        let view = ParentView { header: &parent, peaks: &peaks };
        if let Ok(checked) = check_header(&spec, &child, &view, Timestamp::new(now)) {
            let target = Target::from_bits(child.bits).unwrap();
            prop_assert!(target.is_met_by(&checked.id) && checked.id == child.id());
            prop_assert_eq!(checked.total_work.get(), work + checked.own_work.get());
        }
        let orphan = crate::rules::check_orphan(&child, Work::new(work));
        prop_assert!(orphan.is_err() || Target::from_bits(child.bits).unwrap().is_met_by(&child.id()));
    }
}
