use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::{EdwardsPoint, Scalar};
use proptest::prelude::*;
use sha2::{Digest, Sha512};

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

/// What is wrong with a made signature, or nothing. A point's torsion is not: that is what ZIP-215 is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// `s` is so much too great; another one may be as much too small.
    Shifted(i8),
    /// `s` is written with the group order on top.
    NotReduced,
    /// Of another message.
    OtherHash,
}

/// A claim with a key `aB + T` and an `R = rB + T'`, with T and T' among the eight points of small order.
#[derive(Clone, Copy, Debug)]
struct Recipe {
    a: Scalar,
    r: Scalar,
    torsion: (usize, usize),
    message: u8,
    fault: Fault,
}

/// The order of the group of B, ℓ, little-endian.
const ORDER: [u8; 32] = {
    let low = 0x14de_f9de_a2f7_9cd6_5812_631a_5cf5_d3ed_u128.to_le_bytes();
    let mut bytes = [0; 32];
    let mut i = 0;
    while i < 16 {
        bytes[i] = low[i];
        i += 1;
    }
    bytes[31] = 0x10;
    bytes
};

impl Recipe {
    fn make(&self) -> Claim {
        let point = |scalar: &Scalar, torsion: usize| {
            (EdwardsPoint::mul_base(scalar) + EIGHT_TORSION[torsion]).compress().to_bytes()
        };
        let (key, commitment) = (point(&self.a, self.torsion.0), point(&self.r, self.torsion.1));
        let hash = crate::sha256(&[self.message]);
        let signed = if self.fault == Fault::OtherHash { Hash::ZERO } else { hash };
        let digest = Sha512::new().chain_update(commitment).chain_update(key).chain_update(signed);
        let k = Scalar::from_bytes_mod_order_wide(&digest.finalize().into());
        let mut s = self.r + k * self.a;
        if let Fault::Shifted(by) = self.fault {
            let far = Scalar::from(by.unsigned_abs());
            s = if by < 0 { s - far } else { s + far };
        }
        let mut s = s.to_bytes();
        if self.fault == Fault::NotReduced {
            let mut carry = 0;
            for (byte, order) in s.iter_mut().zip(ORDER) {
                carry += u16::from(*byte) + u16::from(order);
                *byte = carry as u8;
                carry >>= 8;
            }
        }
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&commitment);
        signature[32..].copy_from_slice(&s);
        Claim { key: PublicKey(key), hash, signature: Signature(signature) }
    }

    /// By the equation `[8][s]B = [8]R + [8][k]A`, in which the eight-torsion vanishes: `s = r + k·a`, whatever
    /// the torsion. With `a = 0` the message does not matter.
    fn is_valid(&self) -> bool {
        match self.fault {
            Fault::None => true,
            Fault::Shifted(by) => by == 0,
            Fault::NotReduced => false,
            Fault::OtherHash => self.a == Scalar::ZERO,
        }
    }
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        2 => (0..3_u8).prop_map(Scalar::from),
        3 => any::<[u8; 32]>().prop_map(Scalar::from_bytes_mod_order),
    ]
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let fault = prop_oneof![
        5 => Just(Fault::None),
        1 => (-2..=2_i8).prop_map(Fault::Shifted),
        1 => Just(Fault::NotReduced),
        1 => Just(Fault::OtherHash),
    ];
    (scalar(), scalar(), (0..8_usize, 0..8_usize), 0..3_u8, fault)
        .prop_map(|(a, r, torsion, message, fault)| Recipe { a, r, torsion, message, fault })
}

/// One by one, in one batch, and by construction.
fn judge_alike(recipes: &[Recipe]) -> Result<(), TestCaseError> {
    let claims: Vec<Claim> = recipes.iter().map(Recipe::make).collect();
    for (recipe, claim) in recipes.iter().zip(&claims) {
        prop_assert_eq!(claim.verify(), recipe.is_valid(), "{:?}", recipe);
    }
    prop_assert_eq!(batch_is_valid(&claims), recipes.iter().all(Recipe::is_valid));
    prop_assert_eq!(first_invalid(&claims), recipes.iter().position(|recipe| !recipe.is_valid()));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn batch_and_single_agree_on_points_of_every_order(recipes in prop::collection::vec(recipe(), 0..8)) {
        judge_alike(&recipes)?;
    }

    #[test]
    fn errors_that_cancel_out_do_not_pass_a_batch(
        (first, second) in (recipe(), recipe()),
        same_key: bool,
        by in 1..=127_i8,
    ) {
        let mut pair = [first, second];
        pair[0].fault = Fault::Shifted(by);
        pair[1].fault = Fault::Shifted(-by);
        if same_key {
            (pair[1].a, pair[1].torsion.0) = (pair[0].a, pair[0].torsion.0);
        }
        judge_alike(&pair)?;
    }
}

#[test]
fn every_pair_of_torsions_is_judged_alike() {
    for (key, commitment) in (0..8).flat_map(|key| (0..8).map(move |other| (key, other))) {
        for (a, r) in [(0_u8, 0_u8), (0, 5), (7, 0), (7, 5)] {
            for fault in [Fault::None, Fault::Shifted(1), Fault::NotReduced, Fault::OtherHash] {
                let (a, r) = (Scalar::from(a), Scalar::from(r));
                let recipe = Recipe { a, r, torsion: (key, commitment), message: 1, fault };
                let plain =
                    Recipe { a: Scalar::from(9_u8), r, torsion: (0, 0), message: 2, fault: Fault::None };
                judge_alike(&[plain, recipe, plain]).unwrap();
            }
        }
    }
}
