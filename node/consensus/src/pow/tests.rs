#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use vibecoin_primitives::{Header, encoding};

use super::*;
use crate::testing::{bits, bytes, cases, hash, header, wide};

#[test]
fn compact_bits_follow_the_vectors() {
    for case in cases("compact", "cases") {
        let bits = bits(&case, "bits");
        let target = Target::from_bits(bits);
        assert_eq!(target.ok().map(|t| t.to_string()).as_deref(), case["target"].as_str(), "{case}");
        let work = if case["work"].is_null() { None } else { Some(Work::new(wide(&case, "work"))) };
        assert_eq!(super::work(bits).ok(), work, "{case}");
    }
    for case in cases("compact", "encode") {
        let target = Target::from_be_bytes(hash(&case, "target").to_bytes()).unwrap();
        assert_eq!(target.to_bits(), bits(&case, "bits"), "{case}");
    }
}

#[test]
fn every_reason_to_refuse_bits_has_its_error() {
    let refused = |value| Target::from_bits(Bits::new(value)).unwrap_err();
    let bits = Bits::new;
    assert_eq!(refused(0), TargetError::Zero { bits: bits(0) });
    assert_eq!(refused(0x2000_0000), TargetError::Zero { bits: bits(0x2000_0000) });
    assert_eq!(refused(0x1d80_ffff), TargetError::Negative { bits: bits(0x1d80_ffff) });
    assert_eq!(refused(0x2101_0000), TargetError::Overflow { bits: bits(0x2101_0000) });
    assert_eq!(refused(0xff7f_ffff), TargetError::Overflow { bits: bits(0xff7f_ffff) });
    assert_eq!(refused(0x2100_007f), TargetError::NotCanonical { bits: bits(0x2100_007f) });
    assert_eq!(work(bits(0x1200_ffff)), Err(TargetError::TooLow { bits: bits(0x1200_ffff) }));
    assert_eq!(Target::from_bits(bits(0x1201_0000)), Ok(Target::LOWEST));
}

#[test]
fn headers_follow_the_vectors() {
    for case in cases("header", "cases") {
        let header: Header = encoding::decode(&bytes(&case, "header")).unwrap();
        assert_eq!(header.to_bytes().to_vec(), bytes(&case, "header"));
        assert_eq!(header.id(), hash(&case, "id"));
        let target = Target::from_bits(header.bits).ok();
        assert_eq!(target.map(|target| target.to_string()).as_deref(), case["target"].as_str(), "{case}");
        let met = target.is_some_and(|target| target.is_met_by(&header.id()));
        assert_eq!(met, case["valid_work"].as_bool().unwrap(), "{case}");
    }
    for case in cases("header", "reject") {
        assert!(encoding::decode::<Header>(&bytes(&case, "header")).is_err(), "{case}");
    }
}

#[test]
fn an_id_equal_to_the_target_meets_it_and_the_next_does_not() {
    let target = Target::from_bits(Bits::new(0x1d00_ffff)).unwrap();
    let mut id = target.to_be_bytes();
    assert!(target.is_met_by(&Hash::new(id)));
    id[31] += 1;
    assert!(!target.is_met_by(&Hash::new(id)));
}

#[test]
fn a_target_is_written_as_the_64_digits_that_ids_are() {
    let target = Target::from_bits(Bits::new(0x1d00_ffff)).unwrap();
    let digits = format!("00000000ffff{}", "0".repeat(52));
    assert_eq!((target.to_string(), format!("{target:?}")), (digits.clone(), digits));
}

#[test]
fn bits_reach_up_to_256_bits() {
    let widest = Target::from_bits(Bits::new(0x2100_ffff)).unwrap();
    assert_eq!(widest.to_bits(), Bits::new(0x2100_ffff));
    assert_eq!(widest.to_be_bytes()[..3], [0xff, 0xff, 0]);
    assert_eq!(widest.work().unwrap().get(), 1);
}

#[test]
fn bits_that_are_no_target_are_not_searched() {
    assert!(search(&header(0), 0..1).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bits_panic_and_accepted_ones_are_canonical(value: u32) {
        let bits = Bits::new(value);
        if let Ok(target) = Target::from_bits(bits) {
            prop_assert_eq!(target.to_bits(), bits);
        }
        prop_assert_eq!(work(bits).is_ok(), Target::from_bits(bits).is_ok_and(|t| t >= Target::LOWEST));
    }

    #[test]
    fn rounding_to_bits_cuts_off_less_than_one_part_in_2_to_15(bytes: [u8; 32], zeros in 0_usize..32) {
        let mut bytes = bytes;
        bytes[..zeros].fill(0);
        let Some(target) = Target::from_be_bytes(bytes) else { return Ok(()) };
        let rounded = Target::from_bits(target.to_bits()).unwrap();
        prop_assert!(rounded <= target);
        prop_assert!((target.0 - rounded.0) <= target.0 >> 15_usize);
    }

    #[test]
    fn a_lower_target_is_never_less_work(a: [u8; 32], b: [u8; 32]) {
        let work_of = |bytes| Target::from_be_bytes(bytes).and_then(|t| t.work().ok());
        if let (Some(x), Some(y)) = (work_of(a), work_of(b)) {
            prop_assert!((a <= b && x >= y) || (a >= b && x <= y));
        }
    }

    #[test]
    fn the_search_finds_the_first_nonce_that_the_id_itself_confirms(seed: [u8; 32], start: u32) {
        let mut header = header(0x2007_ffff);
        header.content_root = Hash::new(seed);
        header.time = vibecoin_primitives::Timestamp::new(u64::from(start));
        let target = Target::from_bits(header.bits).unwrap();
        let range = u64::from(start)..u64::from(start) + 64;
        let mut by_hand = range.clone().filter(|&nonce| target.is_met_by(&Header { nonce, ..header }.id()));
        prop_assert_eq!(search(&header, range).unwrap(), by_hand.next());
    }
}
