use proptest::prelude::*;

use super::*;
use crate::keys::SecretKey;
use crate::keys::tests::{bytes, vectors};

fn vector_claims() -> Vec<(Claim, bool)> {
    let file = vectors("signature");
    let cases = file["cases"].as_array().unwrap();
    let claims: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            let claim = Claim {
                key: PublicKey(bytes(&case["public_key"]).try_into().ok()?),
                hash: Hash::new(bytes(&case["message"]).try_into().ok()?),
                signature: Signature(bytes(&case["signature"]).try_into().ok()?),
            };
            Some((claim, case["valid"].as_bool()?))
        })
        .collect();
    assert!(claims.len() >= 200, "only {} of {} cases were read", claims.len(), cases.len());
    claims
}

#[test]
fn single_signatures_follow_the_vectors() {
    for (claim, valid) in vector_claims() {
        assert_eq!(claim.verify(), valid, "{claim:?}");
    }
}

#[test]
fn a_batch_agrees_with_single_verification() {
    let claims = vector_claims();
    let valid: Vec<_> = claims.iter().filter(|(_, valid)| *valid).map(|(claim, _)| *claim).collect();
    assert_eq!(first_invalid(&valid), None);
    for (claim, _) in claims.iter().filter(|(_, valid)| !valid) {
        let mut mixed = valid.clone();
        mixed.insert(valid.len() / 2, *claim);
        assert_eq!(first_invalid(&mixed), Some(valid.len() / 2), "{claim:?}");
    }
}

#[test]
fn nothing_is_valid_and_the_first_fault_is_named() {
    assert_eq!(first_invalid(&[]), None);
    let key = SecretKey::from_bytes(&[3; 32]);
    let claim = |i: u16| {
        let hash = crate::sha256(&i.to_le_bytes());
        Claim { key: key.public_key(), hash, signature: key.sign(&hash) }
    };
    let mut claims: Vec<_> = (0..400).map(claim).collect();
    claims[130].hash = Hash::ZERO;
    claims[390].hash = Hash::ZERO;
    assert_eq!(first_invalid(&claims), Some(130));
}

proptest! {
    #[test]
    fn any_flipped_bit_is_refused(seed: [u8; 32], message: [u8; 32], bit in 0usize..512) {
        let key = SecretKey::from_bytes(&seed);
        let hash = Hash::new(message);
        let mut claim = Claim { key: key.public_key(), hash, signature: key.sign(&hash) };
        prop_assert!(claim.verify());
        claim.signature.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!claim.verify());
        prop_assert_eq!(first_invalid(&[claim, claim]), Some(0));
    }
}
