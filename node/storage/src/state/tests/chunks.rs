//! States cut into ranges, and made of them again.

use jmt::{KeyHash, Sha256Jmt, mock::MockTreeStore};
use vibecoin_crypto::state_tree::{CHUNK_BYTES_MAX, successor};

use super::*;
use crate::{columns::Column, kv::KeyValueRead};

const FIRST: Hash = Hash::new([0; 32]);
const LAST: Hash = Hash::new([0xff; 32]);

/// All chunks of a range, verified against a root.
fn fetch(view: &StateView<&MemoryStore>, start: Hash, end: Hash, bytes_max: usize) -> Vec<(Hash, Vec<u8>)> {
    let (mut leaves, mut next) = (Vec::new(), Some(start));
    while let Some(from) = next {
        let chunk = view.chunk(&from, &end, bytes_max).unwrap();
        let size: usize = chunk.leaves().iter().map(|(_, value)| 36 + value.len()).sum();
        assert!(size <= bytes_max || chunk.leaves().len() == 1);
        let verified = chunk.verify(&view.root(), &from, &end).unwrap();
        leaves.extend_from_slice(verified.leaves());
        next = verified.next();
    }
    leaves
}

#[test]
fn chunks_are_proven_by_the_crate_s_root() {
    let entries: Entries =
        (0..2_000_u32).map(|n| (sha256(&n.to_le_bytes()), vec![n as u8; n as usize % 150])).collect();
    let theirs = MockTreeStore::default();
    let values = entries.iter().map(|(key, value)| (KeyHash(key.to_bytes()), Some(value.clone())));
    let (root, _) = Sha256Jmt::new(&theirs).put_value_set(values, 0).unwrap();
    let (store, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
    let changes: Vec<Change> = entries.iter().map(|(key, value)| (*key, Some(value.clone()))).collect();
    let version = commit(&tree, &store, None, &changes).version();
    let view = tree.at(&store, version).unwrap();
    assert_eq!(view.root(), Hash::new(root.0));
    let all: Vec<_> = entries.clone().into_iter().collect();
    for bytes_max in [1, 500, 10_000, CHUNK_BYTES_MAX, usize::MAX] {
        assert_eq!(fetch(&view, FIRST, LAST, bytes_max), all);
    }
    let (start, end) = (all[100].0, successor(&all[300].0).unwrap());
    assert_eq!(fetch(&view, start, end, 700), all[100..=300]);
    assert_eq!(fetch(&view, successor(&all[5].0).unwrap(), all[6].0, 700), all[6..7]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_range_of_any_version_is_proven(
        batches in collection::vec(changes(24), 1..4),
        mut range in (key(), key()),
        bytes_max in 1..400_usize,
    ) {
        if range.0 > range.1 {
            range = (range.1, range.0);
        }
        let (store, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
        let (mut entries, mut base) = (Entries::new(), None);
        for changes in &batches {
            base = Some(commit(&tree, &store, base, changes).version());
            apply_to(&mut entries, changes);
            let view = tree.at(&store, base.unwrap()).unwrap();
            let expected: Vec<_> = entries.range(range.0..=range.1).map(|(k, v)| (*k, v.clone())).collect();
            prop_assert_eq!(fetch(&view, range.0, range.1, bytes_max), expected);
        }
    }

    #[test]
    fn a_state_that_is_built_has_the_very_nodes_of_one_that_grew_at_once(
        entries in collection::btree_map(key(), collection::vec(0..3_u8, 0..3), 0..120),
    ) {
        let (grown, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
        let changes: Vec<Change> = entries.iter().map(|(key, value)| (*key, Some(value.clone()))).collect();
        let update = commit(&tree, &grown, None, &changes);
        let built = MemoryStore::new();
        // What a build left that was given up goes.
        let leftover = entries.iter().skip(1).step_by(2).map(|(key, value)| Ok((*key, value.clone())));
        StateTree::build(&built, StateVersion::FIRST, leftover).unwrap();
        let leaves = entries.iter().map(|(key, value)| Ok((*key, value.clone())));
        let state = StateTree::build(&built, StateVersion::FIRST, leaves).unwrap();
        prop_assert_eq!((state.root(), state.leaves()), (update.root(), entries.len() as u64));
        prop_assert!(StateTree::root(&built, StateVersion::FIRST).unwrap().is_none(), "nobody sees it yet");
        let mut batch = Batch::new();
        state.write(&mut batch);
        built.write(batch, Durability::Synced).unwrap();
        for column in [Column::StateNodes, Column::StateRoots] {
            prop_assert_eq!(built.scan(column, Scan::all()).unwrap(), grown.scan(column, Scan::all()).unwrap());
        }
    }
}

#[test]
fn leaves_out_of_order_make_no_state() {
    let store = MemoryStore::new();
    let leaves = [2_u8, 1].map(|n| Ok((Hash::new([n; 32]), vec![n])));
    let refused = StateTree::build(&store, StateVersion::FIRST, leaves.into_iter()).unwrap_err();
    assert!(matches!(refused, StateError::Unsorted(_)), "{refused}");
}

#[test]
fn what_is_below_a_version_is_dropped_in_steps() {
    let (store, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
    let mut leaves: Vec<Change> = (0..50).map(|at| (sha256(&[at]), Some(vec![at]))).collect();
    leaves.sort();
    let first = commit(&tree, &store, None, &leaves).version();
    let second = first.next().next();
    let leaves = (0..9_u8).map(|n| Ok((Hash::new([n; 32]), vec![n])));
    let built = StateTree::build(&store, second, leaves).unwrap();
    let mut rounds = 0;
    loop {
        let mut batch = Batch::new();
        let is_done = StateTree::drop_below(&store, &mut batch, second, 20).unwrap();
        store.write(batch, Durability::Synced).unwrap();
        rounds += 1;
        if is_done {
            break;
        }
    }
    assert!(rounds > 2);
    let mut batch = Batch::new();
    built.write(&mut batch);
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(store.count(Column::StateNodes), 11);
    tree.adopted(&built);
    assert_eq!(fetch(&tree.at(&store, second).unwrap(), FIRST, LAST, 99).len(), 9);
}
