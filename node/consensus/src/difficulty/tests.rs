#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use vibecoin_primitives::Network;

use super::*;
use crate::testing::{
    any_number, any_spec, bits, cases, height, lab, spec_of, specs, text, time, vectors, wide,
};

#[test]
fn asert_follows_the_vectors() {
    let file = vectors("asert");
    for case in cases("asert", "cases") {
        let spec = spec_of(&file, text(&case, "network"));
        let (height, prev_time) = (height(&case, "height"), time(&case, "prev_time_ms"));
        let expected = bits(&case, "bits");
        assert_eq!(bits_at(&spec, height, prev_time), expected, "{case}");
        assert_eq!(pow::work(expected).unwrap().get(), wide(&case, "work"), "{case}");
        if spec.retargets() && height > Height::GENESIS {
            let target = target_of_child(&spec, height.checked_sub(1).unwrap(), prev_time).unwrap();
            assert_eq!(target.to_string(), text(&case, "target"), "{case}");
        }
    }
}

#[test]
fn genesis_and_block_1_have_the_genesis_bits() {
    for spec in specs() {
        for height in [0, 1].map(Height::new) {
            assert_eq!(bits_at(spec, height, spec.genesis_time), spec.genesis_bits);
        }
    }
}

#[test]
fn a_network_without_half_life_keeps_its_genesis_bits() {
    let spec = Network::Devnet.spec();
    let late = Timestamp::new(u64::MAX);
    assert_eq!(bits_of_child(&spec, Height::new(1_000_000), late), spec.genesis_bits);
}

#[test]
fn one_half_life_behind_doubles_the_target_and_one_ahead_halves_it() {
    let spec = Network::Mainnet.spec();
    let parent = Height::new(1_000);
    let on_time = spec.genesis_time.get() + 1_000 * spec.interval_ms;
    let at = |time| target_of_child(&spec, parent, Timestamp::new(time)).unwrap().0;
    let genesis = Target::from_bits(spec.genesis_bits).unwrap().0;
    assert_eq!(at(on_time), genesis);
    assert_eq!(at(on_time + spec.half_life_ms), genesis << 1_usize);
    assert_eq!(at(on_time - spec.half_life_ms), genesis >> 1_usize);
}

#[test]
fn the_target_stays_between_its_clamps() {
    let spec = Network::Testnet.spec();
    let height = Height::new(2);
    assert_eq!(bits_of_child(&spec, height, Timestamp::new(u64::MAX)), spec.easiest_bits);
    let hardest = bits_of_child(&spec, Height::new(u64::MAX), Timestamp::new(0));
    assert_eq!(hardest, Target::LOWEST.to_bits());
}

#[test]
fn a_spec_with_impossible_numbers_does_not_panic() {
    let mut spec = lab();
    spec.interval_ms = u64::MAX;
    spec.half_life_ms = 1;
    let extreme = bits_of_child(&spec, Height::new(u64::MAX), Timestamp::new(0));
    assert_eq!(extreme, Target::LOWEST.to_bits());
    spec.easiest_bits = Bits::new(0);
    assert_eq!(bits_of_child(&spec, Height::new(9), Timestamp::new(0)), spec.genesis_bits);
}

/// Heights and times near the schedule, where the target moves, and anywhere.
fn place() -> impl Strategy<Value = (usize, u64, u64, u64)> {
    let near = (0..4_usize, 1..10_000_000_u64, 0..100_000_000_u64, 0..10_000_000_u64);
    let any = (0..4_usize, any::<u64>(), any::<u64>(), any::<u64>());
    prop_oneof![near, any]
}

fn target_at(spec: &ChainSpec, height: u64, time: u64) -> Target {
    Target::from_bits(bits_of_child(spec, Height::new(height), Timestamp::new(time))).unwrap()
}

#[test]
fn the_factor_rises_from_one_to_two_and_never_falls() {
    let all: Vec<u64> = (0..65_536).map(factor).collect();
    assert_eq!(all[0], 65_536);
    assert!(all.is_sorted());
    assert!(all[65_535] <= 131_072);
    // At half a half-life, the root of two.
    assert!(all[32_768].abs_diff(92_682) <= 12, "{}", all[32_768]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_spec_makes_it_panic_or_turn_round(
        spec in any_spec(),
        (height, time) in (any_number(), any_number()),
        (higher, later) in (any_number(), any_number()),
    ) {
        let start = spec.genesis_time.get().saturating_add(height.saturating_mul(spec.interval_ms));
        for time in [time, start.saturating_add(time), start.saturating_sub(time)] {
            let at = |height, time| bits_of_child(&spec, Height::new(height), Timestamp::new(time));
            let here = at(height, time);
            let (up, on) = (at(height.saturating_add(higher), time), at(height, time.saturating_add(later)));
            match Target::from_bits(here) {
                Ok(here) => {
                    prop_assert!(Target::from_bits(up).unwrap() <= here);
                    prop_assert!(Target::from_bits(on).unwrap() >= here);
                }
                // Bits that are no target come from the spec, and are the same everywhere.
                Err(_) => prop_assert_eq!([here, up, on], [spec.genesis_bits; 3]),
            }
            let bits = bits_at(&spec, Height::new(height), Timestamp::new(time));
            prop_assert_eq!(bits_at(&spec, Height::GENESIS, Timestamp::new(time)), spec.genesis_bits);
            if let Some(below) = height.checked_sub(1) {
                prop_assert_eq!(bits, at(below, time));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_later_parent_is_never_harder_and_a_higher_one_never_easier((which, height, time, step) in place()) {
        let spec = &specs()[which];
        let start = spec.genesis_time.get().saturating_add(height.saturating_mul(spec.interval_ms));
        for time in [time, start.saturating_add(time), start.saturating_sub(time)] {
            let here = target_at(spec, height, time);
            prop_assert!(target_at(spec, height, time.saturating_add(step)) >= here);
            prop_assert!(target_at(spec, height.saturating_add(step), time) <= here);
        }
    }

    #[test]
    fn every_height_and_time_has_bits_with_a_work((which, height, time, _) in place()) {
        let spec = &specs()[which];
        let bits = bits_at(spec, Height::new(height), Timestamp::new(time));
        prop_assert!(pow::work(bits).is_ok());
        prop_assert!(Target::from_bits(bits).unwrap() <= pow::max_target(spec).unwrap());
    }
}
