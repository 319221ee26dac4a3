#![allow(clippy::unwrap_used)]

use vibecoin_primitives::{AddressPrefix, Allocation, Network};

use super::*;
use crate::testing::{cases, lab, text, vectors};

#[test]
fn specs_follow_the_vectors() {
    let file = vectors("genesis");
    for case in cases("genesis", "specs") {
        let mut spec = file["networks"][text(&case, "base")].clone();
        let object = spec.as_object_mut().unwrap();
        object.remove("genesis_id");
        for (key, value) in case["change"].as_object().unwrap() {
            object.insert(key.clone(), value.clone());
        }
        // The prefix is refused when the file is read.
        let valid = ChainSpec::from_json(&spec.to_string()).is_ok_and(|spec| validate(&spec).is_ok());
        assert_eq!(valid, case["valid"].as_bool().unwrap(), "{}", case["note"]);
    }
}

#[test]
fn the_built_in_networks_are_sound() {
    for network in Network::ALL {
        assert_eq!(validate(&network.spec()), Ok(()), "{network:?}");
    }
}

/// The key that is refused after a change to a sound spec, if one is.
fn refused_key(change: impl FnOnce(&mut ChainSpec)) -> Option<&'static str> {
    let mut spec = lab();
    change(&mut spec);
    match validate(&spec) {
        Err(SpecError::OutOfBounds { key, .. }) => Some(key),
        Ok(()) => None,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_bound_is_exact() {
    const WORD_MAX: u64 = u32::MAX as u64;
    let hashes = |value| refused_key(|spec| spec.poh_hashes_per_tick = value);
    let interval = |value| refused_key(|spec| spec.interval_ms = value);
    let min_delta = |value| refused_key(|spec| spec.min_delta_ms = value);
    for (key, refused) in [
        ("poh_hashes_per_tick", &hashes as &dyn Fn(u64) -> Option<&'static str>),
        ("interval_ms", &interval),
        ("min_delta_ms", &min_delta),
    ] {
        assert_eq!([1, WORD_MAX].map(refused), [None; 2], "{key}");
        assert_eq!([0, WORD_MAX + 1, u64::MAX].map(refused), [Some(key); 3]);
    }
    let ticks = |value| refused_key(|spec| spec.poh_ticks = value);
    assert_eq!([0, 1, 1024, 1025].map(ticks), [Some("poh_ticks"), None, None, Some("poh_ticks")]);
    let half_life = |value| refused_key(|spec| spec.half_life_ms = value);
    assert_eq!([0, (1 << 40) - 1, 1 << 40].map(half_life), [None, None, Some("half_life_ms")]);
}

#[test]
fn errors_name_what_is_wrong() {
    let refused = |change: &dyn Fn(&mut ChainSpec)| {
        let mut spec = lab();
        change(&mut spec);
        validate(&spec).unwrap_err()
    };
    let row =
        |byte, beats| Allocation { address: Address::new([byte; 20]), amount: Amount::from_beats(beats) };
    let easiest = refused(&|spec| spec.easiest_bits = Bits::new(0));
    assert!(matches!(easiest, SpecError::EasiestBits(TargetError::Zero { .. })));
    let genesis = refused(&|spec| spec.genesis_bits = Bits::new(0x1200_ffff));
    assert!(matches!(genesis, SpecError::GenesisBits(TargetError::TooLow { .. })));
    let easy = refused(&|spec| spec.easiest_bits = Bits::new(0x1d00_ffff));
    assert!(matches!(easy, SpecError::GenesisTooEasy { .. }));
    let much = refused(&|spec| spec.genesis_allocation = vec![row(1, 1 << 63), row(2, 1)]);
    assert_eq!(much, SpecError::Allocation);
    let wraps = refused(&|spec| spec.genesis_allocation = vec![row(1, u64::MAX), row(2, u64::MAX)]);
    assert_eq!(wraps, SpecError::Allocation);
    let twice = refused(&|spec| spec.genesis_allocation = vec![row(1, 1), row(2, 1), row(1, 3)]);
    assert_eq!(twice, SpecError::AllocatedTwice(Address::new([1; 20])));
    assert!(AddressPrefix::new("").is_none());
}
