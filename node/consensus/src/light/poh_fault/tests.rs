#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use vibecoin_primitives::{Address, Timestamp};

use super::*;
use crate::genesis;
use crate::testing::lab;

/// A header that commits to these ticks on a parent of this id.
fn block(parent_id: Hash, ticks: &[Hash]) -> (Header, Content) {
    let spec = lab();
    let template = genesis(&spec);
    let content = Content {
        parent_id,
        poh_root: poh_root(ticks),
        beneficiary: Address::new([9; 20]),
        ..template.content
    };
    let header = Header { height: Height::new(7), content_root: content.root(), ..template.header };
    (header, content)
}

fn good(parent_id: &Hash) -> Vec<Hash> {
    poh::generate(Params::of(&lab()), parent_id)
}

const PARENT: Hash = Hash::new([3; 32]);

/// The block whose tick `index` is not what its predecessor leads to, while those after it follow again.
fn spoiled(index: usize) -> (Header, Content, Vec<Hash>) {
    let spec = lab();
    let mut ticks = good(&PARENT);
    ticks[index] = Hash::new([0xbb; 32]);
    for next in index + 1..ticks.len() {
        ticks[next] = poh::chain(&ticks[next - 1], spec.poh_hashes_per_tick);
    }
    let (header, content) = block(PARENT, &ticks);
    (header, content, ticks)
}

#[test]
fn every_single_wrong_tick_is_proven() {
    for index in 0..4 {
        let (header, content, ticks) = spoiled(index);
        let fault = PohFault::find(&lab(), &content, &ticks).unwrap();
        assert_eq!(fault.index(), index as u32);
        let bytes = fault.encode();
        assert!(bytes.len() <= FAULT_BYTES_MAX);
        let read = PohFault::decode(&bytes).unwrap();
        assert_eq!((read.verify(&lab(), &header), &read), (Ok(()), &fault));
    }
}

#[test]
fn the_longest_fault_fits_its_bound() {
    let spec = ChainSpec { poh_ticks: 1_024, poh_hashes_per_tick: 1, ..lab() };
    let mut ticks = poh::generate(Params::of(&spec), &PARENT);
    ticks[1_023] = Hash::ZERO;
    let (header, content) = block(PARENT, &ticks);
    let fault = PohFault::find(&spec, &content, &ticks).unwrap();
    assert_eq!(fault.index(), 1_023);
    assert!(fault.encode().len() <= FAULT_BYTES_MAX);
    assert_eq!(PohFault::decode(&fault.encode()).unwrap().verify(&spec, &header), Ok(()));
    let long = vec![0; FAULT_BYTES_MAX + 1];
    assert_eq!(PohFault::decode(&long), Err(FaultError::TooLarge { bytes: FAULT_BYTES_MAX + 1 }));
}

#[test]
fn nothing_is_proven_against_a_good_segment() {
    let ticks = good(&PARENT);
    let (header, content) = block(PARENT, &ticks);
    assert_eq!(PohFault::find(&lab(), &content, &ticks), None);
    let leaves: Vec<Hash> = ticks.iter().map(|tick| merkle::leaf_hash(tick.as_bytes())).collect();
    let waypoint =
        |index: usize| Waypoint { tick: ticks[index], path: merkle::path(&leaves, index).unwrap() };
    // Every pair that could be shown, in and out of order.
    for wrong in 0..4 {
        for before in (0..4).map(Some).chain([None]) {
            for index in 0..6 {
                let fault = PohFault { content, index, before: before.map(waypoint), wrong: waypoint(wrong) };
                let refused = fault.verify(&lab(), &header).unwrap_err();
                let is_the_pair = wrong as u32 == index && before == wrong.checked_sub(1);
                let follows = refused == FaultError::Follows { index };
                assert_eq!(follows, is_the_pair, "{before:?} {wrong} as {index}: {refused}");
            }
        }
    }
}

#[test]
fn a_fault_of_one_block_says_nothing_of_another() {
    let (header, content, ticks) = spoiled(2);
    let fault = PohFault::find(&lab(), &content, &ticks).unwrap();
    let (other, _) = block(Hash::new([4; 32]), &ticks);
    assert_eq!(fault.verify(&lab(), &other), Err(FaultError::OtherContent(other.id())));
    let first = Header { height: Height::GENESIS, ..header };
    assert_eq!(fault.verify(&lab(), &first), Err(FaultError::Genesis));
    let shorter = ChainSpec { poh_ticks: 2, ..lab() };
    assert!(fault.verify(&shorter, &header).is_err());
}

#[test]
fn ticks_that_are_not_the_committed_ones_prove_nothing() {
    let (_, content, ticks) = spoiled(1);
    assert_eq!(PohFault::find(&lab(), &content, &good(&PARENT)), None);
    assert_eq!(PohFault::find(&lab(), &content, &ticks[..3]), None);
    let (_, short) = block(PARENT, &ticks[..3]);
    assert_eq!(PohFault::find(&lab(), &short, &ticks[..3]), None, "too few ticks are another fault");
}

#[test]
fn no_bit_of_a_fault_can_be_changed() {
    for index in [0, 3] {
        let (header, content, ticks) = spoiled(index);
        let bytes = PohFault::find(&lab(), &content, &ticks).unwrap().encode();
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let refused = PohFault::decode(&bad).and_then(|fault| fault.verify(&lab(), &header));
            assert!(refused.is_err(), "bit {bit}");
        }
        for cut in 0..bytes.len() {
            assert!(PohFault::decode(&bytes[..cut]).is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A fault is found exactly where a segment is false, whatever its ticks are.
    #[test]
    fn a_fault_is_found_where_one_is(parent: [u8; 32], at in 0..4_usize, tick: [u8; 32], spoil: bool) {
        let parent = Hash::new(parent);
        let mut ticks = good(&parent);
        if spoil {
            ticks[at] = Hash::new(tick);
        }
        let (header, content) = block(parent, &ticks);
        let header = Header { time: Timestamp::new(1), ..header };
        let is_false = poh::verify_serial(Params::of(&lab()), &parent, &ticks).is_err();
        let fault = PohFault::find(&lab(), &content, &ticks);
        prop_assert_eq!(fault.is_some(), is_false);
        if let Some(fault) = fault {
            prop_assert_eq!(fault.verify(&lab(), &header), Ok(()));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..1_100)) {
        let (header, ..) = spoiled(0);
        let refused = PohFault::decode(&bytes).and_then(|fault| fault.verify(&lab(), &header));
        prop_assert!(refused.is_err());
    }
}
