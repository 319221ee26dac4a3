use proptest::prelude::*;

use super::*;

const SEAL: Seal = Seal::new(*b"vibetest", 3);

proptest! {
    #[test]
    fn what_is_closed_opens(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = SEAL.close(&body);
        prop_assert_eq!(SEAL.open(&bytes), Ok(body.as_slice()));
    }

    #[test]
    fn every_damage_is_found(
        body in prop::collection::vec(any::<u8>(), 0..200), place in any::<prop::sample::Index>(), bit in 0..8_u8,
    ) {
        let mut bytes = SEAL.close(&body);
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert!(SEAL.open(&bytes).is_err());
        bytes[place] ^= 1 << bit;
        bytes.truncate(place);
        prop_assert!(SEAL.open(&bytes).is_err());
    }

    #[test]
    fn nothing_is_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(SEAL.open(&bytes).is_err());
    }
}

#[test]
fn each_reason_is_told() {
    let bytes = SEAL.close(b"body");
    assert_eq!(SEAL.open(&bytes[..9]), Err(SealError::Length { found: 9, expected: 46 }));
    assert_eq!(SEAL.open(&bytes[..49]), Err(SealError::Length { found: 49, expected: 50 }));
    assert_eq!(Seal::new(*b"vibebook", 3).open(&bytes), Err(SealError::Name));
    assert_eq!(Seal::new(*b"vibetest", 4).open(&bytes), Err(SealError::Version { found: 3, expected: 4 }));
    let mut damaged = bytes.clone();
    damaged[14] = b'B';
    assert_eq!(SEAL.open(&damaged), Err(SealError::Checksum));
}
