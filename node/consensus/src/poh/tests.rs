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
    let parent = Hash::ZERO;
    // First cheaply, then with ticks that would take centuries.
    for (hashes_per_tick, found) in
        [1, u64::MAX].into_iter().flat_map(|hashes| [0, 2, 4].map(|n| (hashes, n)))
    {
        let params = Params::new(3, hashes_per_tick);
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

#[test]
fn every_tick_is_drawn_as_often_as_any_other() {
    let params = Params::new(64, 1);
    let mut drawn = [0_u32; 64];
    let mut first = [0_u32; 64];
    for seed in 0..16_000 {
        sample(params, seed).into_iter().for_each(|tick| drawn[tick] += 1);
        first[order(params, seed)[0]] += 1;
    }
    // 1,000 and 250 are expected; the bounds are over six standard deviations away.
    assert!(drawn.iter().all(|times| (800..1_200).contains(times)), "{drawn:?}");
    assert!(first.iter().all(|times| (150..350).contains(times)), "{first:?}");
}

#[test]
fn orders_follow_from_the_published_generator() {
    // The outputs for the seed 1234567 that other implementations of the generator give, too.
    let mut numbers = order::SplitMix(1_234_567);
    let outputs = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
    assert_eq!([(); 3].map(|()| numbers.next()), outputs);
    // What they make of eight ticks, worked out apart.
    let params = Params::new(8, 1);
    assert_eq!(order(params, 1_234_567), [0, 7, 4, 5, 6, 3, 1, 2]);
    assert_eq!(sample(params, 1_234_567), [1, 5, 3, 7]);
    // A spec that nobody would accept takes no memory to draw from.
    assert_eq!(sample(Params::new(u32::MAX, 1), 1).len(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_chain_is_plain_sha_256(start: [u8; 32], steps in 0_u64..20) {
        let by_hand = (0..steps).fold(Hash::new(start), |hash, _| sha256(hash.as_bytes()));
        prop_assert_eq!(chain(&Hash::new(start), steps), by_hand);
    }

    #[test]
    fn an_order_has_every_tick_once_and_a_sample_four(ticks in 0_u32..1_100, seed: u64) {
        let params = Params::new(ticks, 1);
        let mut all = order(params, seed);
        all.sort_unstable();
        prop_assert_eq!(all, (0..ticks as usize).collect::<Vec<_>>());
        let drawn = sample(params, seed);
        prop_assert_eq!(drawn.len(), ticks.min(4) as usize);
        prop_assert!(drawn.iter().all(|tick| *tick < ticks as usize));
        prop_assert_eq!(drawn.iter().collect::<std::collections::BTreeSet<_>>().len(), drawn.len());
    }

    #[test]
    fn parallel_serial_and_known_agree(
        threads in 1_usize..=8,
        order_seed: u64,
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
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let shuffled = pool.install(|| verify_shuffled(params, &parent, &ticks, order_seed));
        for parallel in [shuffled, verify(params, &parent, &ticks)] {
            prop_assert_eq!(parallel.is_ok(), serial.is_ok());
            if let Err(SegmentError::Tick { tick }) = parallel {
                let before = tick.checked_sub(1).map_or(seed(&parent), |before| ticks[before]);
                prop_assert_ne!(chain(&before, step), ticks[tick]);
            }
        }
        // Four drawn ticks find a wrong one exactly when they hit it, or the right one behind it.
        let drawn = sample(params, order_seed);
        let follows = |tick: &usize| {
            let before = tick.checked_sub(1).map_or(seed(&parent), |before| ticks[before]);
            chain(&before, step) == ticks[*tick]
        };
        let seen = verify_sample(params, &parent, &ticks, &drawn);
        prop_assert_eq!(seen.is_ok(), drawn.iter().all(follows));
    }
}
