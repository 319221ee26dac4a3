#![allow(clippy::unwrap_used)]

use proptest::{collection, prelude::*};

use super::*;
use crate::hash::sha256;

fn hash(text: &str) -> Hash {
    text.parse().unwrap()
}

/// The proof for `key`, made the slow way from all leaves.
pub(in crate::state_tree) fn prove(entries: &[(Hash, Vec<u8>)], key: &Hash) -> StateProof {
    let leaves: Vec<_> = entries.iter().map(|(k, v)| (*k, leaf_hash(k, &value_hash(v)))).collect();
    let (mut rest, mut siblings) = (leaves.as_slice(), Vec::new());
    while rest.len() > 1 {
        let depth = siblings.len();
        let (left, right) = rest.split_at(rest.partition_point(|(k, _)| !key_bit(k, depth)));
        let (own, other) = if key_bit(key, depth) { (right, left) } else { (left, right) };
        siblings.push(subtree_root(other, depth + 1));
        rest = own;
    }
    let terminal = match rest {
        [] => Terminal::Empty,
        [(found, _)] => {
            let value = &entries.iter().find(|(k, _)| k == found).unwrap().1;
            if found == key {
                Terminal::Value(value.clone())
            } else {
                Terminal::Other { key: *found, value_hash: value_hash(value) }
            }
        }
        _ => unreachable!(),
    };
    StateProof::new(terminal, siblings).unwrap()
}

fn entries_of(case: &serde_json::Value) -> Vec<(Hash, Vec<u8>)> {
    let entry = |entry: &serde_json::Value| {
        (hash(entry["key"].as_str().unwrap()), hex::decode(entry["value"].as_str().unwrap()).unwrap())
    };
    let mut entries: Vec<_> = case["entries"].as_array().unwrap().iter().map(entry).collect();
    entries.sort();
    entries
}

#[test]
fn roots_of_the_vectors() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/vectors/state.json");
    let vectors: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 8);
    for case in cases {
        let (entries, root) = (entries_of(case), hash(case["root"].as_str().unwrap()));
        assert_eq!(root_of(&entries), Ok(root));
        for (key, value) in &entries {
            prove(&entries, key).verify_inclusion(&root, key, value).unwrap();
        }
        prove(&entries, &sha256(b"absent")).verify_absence(&root, &sha256(b"absent")).unwrap();
    }
}

#[test]
fn unsorted_and_repeated_keys_are_refused() {
    let (low, high) = (Hash::new([1; 32]), Hash::new([2; 32]));
    assert_eq!(root_of(&[(high, b"a"), (low, b"b")]), Err(NotAscending { key: low }));
    assert_eq!(root_of(&[(low, b"a"), (low, b"b")]), Err(NotAscending { key: low }));
}

#[test]
fn keys_apart_in_the_last_bit_have_the_deepest_proof() {
    let low = Hash::new([0xff; 32]);
    let mut bytes = [0xff; 32];
    bytes[31] = 0xfe;
    let entries = vec![(Hash::new(bytes), b"a".to_vec()), (low, b"b".to_vec())];
    let root = root_of(&entries).unwrap();
    let proof = prove(&entries, &low);
    assert_eq!(proof.siblings().len(), KEY_BITS);
    let bytes = borsh::to_vec(&proof).unwrap();
    // One real sibling: 256 levels cost 32 bytes of bitmap, not 8 KiB.
    assert_eq!(bytes.len(), 1 + 4 + 1 + 2 + 32 + 32);
    assert_eq!(
        borsh::from_slice::<StateProof>(&bytes).unwrap().verify(&root, &low),
        Ok(Some(b"b".as_slice()))
    );
    assert_eq!(
        StateProof::new(Terminal::Empty, vec![low; KEY_BITS + 1]),
        Err(ProofError::TooDeep { levels: KEY_BITS + 1 })
    );
}

#[test]
fn false_absences_are_refused_by_name() {
    let (key, other) = (sha256(b"key"), sha256(b"other"));
    let entries = {
        let mut entries =
            vec![(key, b"1".to_vec()), (other, b"2".to_vec()), (sha256(b"third"), b"3".to_vec())];
        entries.sort();
        entries
    };
    let root = root_of(&entries).unwrap();
    let honest = prove(&entries, &key);
    let same = Terminal::Other { key, value_hash: value_hash(b"1") };
    let same = StateProof::new(same, honest.siblings().to_vec()).unwrap();
    assert_eq!(same.verify(&root, &key), Err(ProofError::SameKey));

    let aside = Terminal::Other { key: other, value_hash: value_hash(b"2") };
    let aside = StateProof::new(aside, prove(&entries, &other).siblings().to_vec()).unwrap();
    assert_eq!(aside.verify(&root, &key), Err(ProofError::OffPath { found: other }));

    let stretched = StateProof::new(Terminal::Empty, vec![root, PLACEHOLDER]).unwrap();
    assert_eq!(stretched.verify(&root, &key), Err(ProofError::Stretched));
    assert_eq!(honest.verify_absence(&root, &key), Err(ProofError::Present));
    assert_eq!(honest.verify_inclusion(&root, &key, b"9"), Err(ProofError::OtherValue));
    let absent = sha256(b"nobody");
    assert_eq!(prove(&entries, &absent).verify_inclusion(&root, &absent, b"1"), Err(ProofError::Absent));
}

#[test]
fn a_padding_bit_or_a_written_placeholder_is_no_encoding() {
    let proof = StateProof::new(Terminal::Empty, vec![sha256(b"x")]).unwrap();
    let good = borsh::to_vec(&proof).unwrap();
    assert_eq!(good[..4], [0, 1, 0, 1]);
    let mut padded = good.clone();
    padded[3] = 0b11;
    assert!(borsh::from_slice::<StateProof>(&padded).is_err());
    let mut written = good.clone();
    written[4..].copy_from_slice(PLACEHOLDER.as_bytes());
    assert!(borsh::from_slice::<StateProof>(&written).is_err());
    let mut trailing = good.clone();
    trailing.push(0);
    assert!(borsh::from_slice::<StateProof>(&trailing).is_err());
    assert!(borsh::from_slice::<StateProof>(&[0, 1, 1]).is_err(), "257 levels");
    assert_eq!(borsh::from_slice::<StateProof>(&good).unwrap(), proof);
}

/// Keys that share long prefixes now and then.
pub(in crate::state_tree) fn keys() -> impl Strategy<Value = Hash> {
    (any::<u8>(), 0..32_usize, any::<bool>()).prop_map(|(byte, at, low)| {
        let mut bytes = if low { [0; 32] } else { [0xff; 32] };
        bytes[at] = byte;
        Hash::new(bytes)
    })
}

proptest! {
    #[test]
    fn every_key_is_proven_and_no_altered_proof_verifies(
        entries in collection::btree_map(keys(), collection::vec(any::<u8>(), 0..4), 0..24),
        key in keys(),
        (at, flip) in (any::<prop::sample::Index>(), 1..=255_u8),
    ) {
        let sorted: Vec<_> = entries.clone().into_iter().collect();
        let root = root_of(&sorted).unwrap();
        let proof = prove(&sorted, &key);
        prop_assert_eq!(proof.verify(&root, &key), Ok(entries.get(&key).map(Vec::as_slice)));

        let mut bytes = borsh::to_vec(&proof).unwrap();
        prop_assert_eq!(&borsh::from_slice::<StateProof>(&bytes).unwrap(), &proof);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(altered) = borsh::from_slice::<StateProof>(&bytes) {
            prop_assert!(altered.verify(&root, &key).is_err(), "a second encoding verifies");
        }
    }

    /// Any bytes, and bytes of small numbers, which look like tags and lengths more often.
    #[test]
    fn whatever_decodes_as_a_proof_encodes_back(
        bytes in prop_oneof![
            collection::vec(any::<u8>(), 0..200),
            collection::vec(0..4_u8, 0..200),
            (0..2_u8, collection::vec(any::<u8>(), 67..200)).prop_map(|(levels, mut bytes)| {
                // No leaf, then a few levels.
                bytes[..3].copy_from_slice(&[0, levels, 0]);
                bytes.truncate(3 + usize::from(levels) * 33);
                bytes
            }),
        ],
        key in keys(),
    ) {
        if let Ok(proof) = borsh::from_slice::<StateProof>(&bytes) {
            prop_assert_eq!(borsh::to_vec(&proof).unwrap(), bytes);
            prop_assert!(proof.verify(&PLACEHOLDER, &key).is_err() || proof.siblings().is_empty());
        }
    }
}
