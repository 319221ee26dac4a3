use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::keys::tests::{bytes, vectors};

fn hash(value: &Value) -> Hash {
    value.as_str().unwrap().parse().unwrap()
}

fn hashes(value: &Value) -> Vec<Hash> {
    value.as_array().unwrap().iter().map(hash).collect()
}

#[test]
fn roots_and_paths_follow_the_vectors() {
    for case in vectors("merkle")["cases"].as_array().unwrap() {
        let raw: Vec<_> = case["leaves"].as_array().unwrap().iter().map(bytes).collect();
        let leaves: Vec<_> = raw.iter().map(|leaf| leaf_hash(leaf)).collect();
        assert_eq!(root(&raw), hash(&case["root"]));
        for proof in case["proofs"].as_array().unwrap() {
            let index = proof["index"].as_u64().unwrap();
            let siblings = hashes(&proof["path"]);
            assert_eq!(path(&leaves, index as usize).unwrap(), siblings);
            let leaf = &leaves[index as usize];
            assert!(verify(&hash(&case["root"]), leaves.len() as u64, index, leaf, &siblings));
        }
    }
}

#[test]
fn false_proofs_of_the_vectors_fail() {
    let file = vectors("merkle");
    for case in file["reject"].as_array().unwrap() {
        let n = case["n"].as_u64().unwrap();
        let index = case["index"].as_u64().unwrap();
        let leaf = leaf_hash(&bytes(&case["leaf"]));
        assert!(!verify(&hash(&case["root"]), n, index, &leaf, &hashes(&case["path"])), "{case}");
    }
}

proptest! {
    #[test]
    fn every_leaf_is_proven_at_its_place_and_nowhere_else(n in 1usize..70, at in 0usize..70, other in 0u64..80) {
        let at = at % n;
        let leaves: Vec<_> = (0..n).map(|i| leaf_hash(&i.to_le_bytes())).collect();
        let top = root_of_hashes(&leaves);
        let proof = path(&leaves, at).unwrap();
        prop_assert!(verify(&top, n as u64, at as u64, &leaves[at], &proof));
        prop_assert_eq!(verify(&top, n as u64, other, &leaves[at], &proof), other == at as u64);
        prop_assert!(!verify(&top, n as u64, at as u64, &Hash::ZERO, &proof));
        let mut longer = proof.clone();
        longer.push(Hash::ZERO);
        prop_assert!(!verify(&top, n as u64, at as u64, &leaves[at], &longer));
    }
}
