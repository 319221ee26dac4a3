#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use vibecoin_crypto::sha256;
use vibecoin_primitives::block::{poh_record, poh_root};

use super::*;
use crate::testing::{cases, hash, hashes, number};

#[test]
fn segments_follow_the_vectors() {
    for case in cases("poh", "cases") {
        let params = Params::new(number(&case, "ticks") as u32, number(&case, "hashes_per_tick"));
        let parent = hash(&case, "parent_id");
        let ticks = generate(params, &parent);
        assert_eq!(seed(&parent), hash(&case, "seed"));
        assert_eq!(ticks, hashes(&case, "tick_hashes"), "{}", case["note"]);
        assert_eq!(poh_root(&ticks), hash(&case, "poh_root"));
        let record = poh_record(ticks.last().unwrap(), &hash(&case, "tx_root"));
        assert_eq!(record, hash(&case, "poh_hash"));
        assert_eq!(verify(params, &parent, &ticks), Ok(()));
        assert_eq!(verify_serial(params, &parent, &ticks), Ok(()));
    }
}

#[test]
fn a_wrong_number_of_ticks_is_told_before_any_hash() {
    // A tick of this segment would take centuries.
    let params = Params::new(3, u64::MAX);
    let parent = Hash::ZERO;
    for found in [0, 2, 4] {
        let ticks = vec![Hash::ZERO; found];
        let refused = Err(SegmentError::TickCount { found, expected: 3 });
        assert_eq!(verify(params, &parent, &ticks), refused);
        assert_eq!(verify_serial(params, &parent, &ticks), refused);
        assert_eq!(verify_sample(params, &parent, &ticks, &[]), refused);
        assert_eq!(verify_known(params, &[Hash::ZERO; 3], &ticks), refused);
    }
}

#[test]
fn a_sample_sees_only_what_it_draws() {
    let (params, parent) = (Params::new(8, 5), sha256(b"parent"));
    let mut ticks = generate(params, &parent);
    ticks[4] = Hash::ZERO;
    assert_eq!(verify_sample(params, &parent, &ticks, &[0, 3, 6, 7, 8, 99]), Ok(()));
    assert_eq!(verify_sample(params, &parent, &ticks, &[0, 4]), Err(SegmentError::Tick { tick: 4 }));
    // The one after a wrong tick does not follow either.
    assert_eq!(verify_sample(params, &parent, &ticks, &[5]), Err(SegmentError::Tick { tick: 5 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_chain_is_plain_sha_256(start: [u8; 32], steps in 0_u64..20) {
        let by_hand = (0..steps).fold(Hash::new(start), |hash, _| sha256(hash.as_bytes()));
        prop_assert_eq!(chain(&Hash::new(start), steps), by_hand);
    }

    #[test]
    fn parallel_serial_and_known_agree(
        parent: [u8; 32],
        count in 1_u32..40,
        step in 1_u64..9,
        wrong in prop::collection::btree_set((0_usize..40, 0_usize..256), 0..3),
    ) {
        let (params, parent) = (Params::new(count, step), Hash::new(parent));
        let right = generate(params, &parent);
        let mut ticks = right.clone();
        for (tick, bit) in wrong {
            let tick = tick % ticks.len();
            let mut bytes = ticks[tick].to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            ticks[tick] = Hash::new(bytes);
        }
        let first = ticks.iter().zip(&right).position(|(a, b)| a != b);
        let serial = verify_serial(params, &parent, &ticks);
        prop_assert_eq!(serial.err(), first.map(|tick| SegmentError::Tick { tick }));
        prop_assert_eq!(verify_known(params, &right, &ticks), serial);
        let parallel = verify(params, &parent, &ticks);
        prop_assert_eq!(parallel.is_ok(), serial.is_ok());
        if let Err(SegmentError::Tick { tick }) = parallel {
            let before = tick.checked_sub(1).map_or(seed(&parent), |before| ticks[before]);
            prop_assert_ne!(chain(&before, step), ticks[tick]);
        }
    }
}
