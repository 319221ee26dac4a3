use proptest::prelude::*;
use vibecoin_primitives::state_key;

use super::*;
use crate::testing::{cases, height, number, wide};

#[test]
fn subsidies_follow_the_vectors() {
    for case in cases("emission", "cases") {
        let height = height(&case, "height");
        assert_eq!(subsidy(height).beats(), number(&case, "subsidy"), "{case}");
        assert_eq!(subsidies_beats(height), wide(&case, "supply"), "{case}");
    }
}

#[test]
fn the_ring_follows_the_vectors() {
    for case in cases("emission", "ring") {
        let (height, slot) = (height(&case, "height"), height(&case, "slot"));
        assert_eq!(state_key::reward(height), state_key::reward(slot), "{case}");
        assert_eq!(height.get() + state_key::REWARD_RING, number(&case, "credited_at"), "{case}");
    }
}

proptest! {
    #[test]
    fn the_sum_grows_by_each_subsidy(height in prop_oneof![0..200_000_000_u64, 0..u64::MAX]) {
        let (here, next) = (Height::new(height), Height::new(height + 1));
        let grown = subsidies_beats(here) + u128::from(subsidy(next).beats());
        prop_assert_eq!(subsidies_beats(next), grown);
        prop_assert!(subsidy(next) <= subsidy(here) || height == 0);
    }
}
