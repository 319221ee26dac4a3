#![allow(clippy::unwrap_used)]

mod chunks;
mod history;
mod oracle;

use std::collections::BTreeMap;

use proptest::{collection, prelude::*};
use vibecoin_crypto::{
    sha256,
    state_tree::{PLACEHOLDER, root_of},
};

use super::*;
use crate::{
    kv::{Batch, Durability, KeyValueStore, MemoryStore, Overlay, Scan},
    state_reader::StateReader,
};

/// Some megabytes: everything these tests make.
const CACHE_BYTES: u64 = 4 << 20;

type Entries = BTreeMap<Hash, Vec<u8>>;
type Change = (Hash, Option<Vec<u8>>);

/// Keys out of few, some of which share long prefixes.
fn key() -> impl Strategy<Value = Hash> {
    let near = (0..32_usize, prop_oneof![Just(0x01_u8), Just(0x0f), Just(0x80), any::<u8>()]).prop_map(
        |(at, byte)| {
            let mut bytes = [0x5a; 32];
            bytes[at] ^= byte;
            Hash::new(bytes)
        },
    );
    prop_oneof![near, (0..40_u8).prop_map(|n| sha256(&[n]))]
}

/// Changes in order, about half of them removals.
fn changes(most: usize) -> impl Strategy<Value = Vec<Change>> {
    let value = prop::option::weighted(0.6, collection::vec(0..3_u8, 0..3));
    collection::btree_map(key(), value, 0..most).prop_map(|changes| changes.into_iter().collect())
}

fn apply_to(entries: &mut Entries, changes: &Changes) {
    for (key, value) in changes {
        match value {
            Some(value) => entries.insert(*key, value.clone()),
            None => entries.remove(key),
        };
    }
}

fn pure_root(entries: &Entries) -> Hash {
    root_of(&entries.iter().map(|(key, value)| (*key, value)).collect::<Vec<_>>()).unwrap()
}

/// Commits changes on top of `base`.
fn commit(
    tree: &StateTree,
    store: &dyn KeyValueStore,
    base: Option<StateVersion>,
    changes: &Changes,
) -> TreeUpdate {
    let update = tree.update(store, base, changes).unwrap();
    let mut batch = Batch::new();
    update.write(&mut batch);
    store.write(batch, Durability::Buffered).unwrap();
    tree.committed(&update);
    update
}

/// Checks a version against what it should hold, by reads and by proofs.
fn check(
    tree: &StateTree,
    store: &dyn KeyValueStore,
    version: StateVersion,
    entries: &Entries,
    others: &[Hash],
) {
    let view = tree.at(store, version).unwrap();
    let root = pure_root(entries);
    assert_eq!(view.root(), root);
    assert_eq!(StateTree::root(store, version).unwrap(), Some(root));
    for key in entries.keys().chain(others) {
        let expected = entries.get(key).cloned();
        assert_eq!(view.get(key).unwrap(), expected);
        let proof = view.prove(key).unwrap();
        assert_eq!(proof.verify(&root, key).unwrap().map(<[u8]>::to_vec), expected);
    }
}

#[test]
fn an_empty_state_has_a_root_and_proofs() {
    let (store, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
    let update = commit(&tree, &store, None, &[]);
    assert_eq!((update.root(), update.version(), update.node_count()), (PLACEHOLDER, StateVersion::FIRST, 0));
    check(&tree, &store, StateVersion::FIRST, &Entries::new(), &[sha256(b"x")]);
}

#[test]
fn an_update_that_changes_nothing_writes_no_node() {
    let (store, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
    let entries: Entries = (0..50_u8).map(|n| (sha256(&[n]), vec![n])).collect();
    let all: Vec<Change> = entries.iter().map(|(key, value)| (*key, Some(value.clone()))).collect();
    let first = commit(&tree, &store, None, &all);
    assert_eq!(first.previous().len(), 50);
    let mut same = all;
    same.push((Hash::new([0xff; 32]), None));
    let second = commit(&tree, &store, Some(first.version()), &same);
    assert_eq!((second.root(), second.node_count(), second.previous().len()), (first.root(), 0, 0));
    check(&tree, &store, second.version(), &entries, &[Hash::ZERO]);
}

#[test]
fn what_cannot_be_based_on_is_refused() {
    let (store, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
    let key = |n| Hash::new([n; 32]);
    let missing = StateVersion::new(3);
    assert_eq!(tree.update(&store, Some(missing), &[]).err(), Some(StateError::NotKept { version: missing }));
    assert_eq!(tree.at(&store, missing).err(), Some(StateError::NotKept { version: missing }));
    let first = commit(&tree, &store, None, &[(key(1), Some(vec![1]))]);
    commit(&tree, &store, Some(first.version()), &[(key(1), None)]);
    assert_eq!(
        tree.update(&store, Some(first.version()), &[]).err(),
        Some(StateError::NotNewest { base: first.version() })
    );
    let unsorted = [(key(2), None), (key(1), None)];
    assert!(matches!(
        tree.update(&store, Some(first.version().next()), &unsorted),
        Err(StateError::Unsorted(error)) if error.key == key(1)
    ));
}

#[test]
fn an_abandoned_update_leaves_no_trace_in_the_cache() {
    let (store, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
    let keys: Vec<_> = (0..20_u8).map(|n| sha256(&[n])).collect();
    let set = |byte: u8| {
        let mut all: Vec<Change> = keys.iter().map(|key| (*key, Some(vec![byte]))).collect();
        all.sort();
        all
    };
    let base = commit(&tree, &store, None, &set(0)).version();
    // A branch of two versions in an overlay, read back through it, then dropped.
    let mut overlay = Overlay::new(&store);
    let first = tree.update(&overlay, Some(base), &set(1)).unwrap();
    first.write(&mut overlay);
    let second = tree.update(&overlay, Some(first.version()), &set(2)).unwrap();
    second.write(&mut overlay);
    assert_eq!(tree.at(&overlay, second.version()).unwrap().get(&keys[0]).unwrap(), Some(vec![2]));
    drop(overlay);

    let other = commit(&tree, &store, Some(base), &set(3));
    let entries: Entries = keys.iter().map(|key| (*key, vec![3])).collect();
    check(&tree, &store, other.version(), &entries, &[]);
}

#[test]
fn a_missing_node_is_named() {
    let (store, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
    let entries: Vec<Change> = (0..4_u8).map(|n| (Hash::new([n << 6; 32]), Some(vec![n]))).collect();
    let version = commit(&tree, &store, None, &entries).version();
    let rows = store.scan(Column::StateNodes, Scan::all()).unwrap();
    let mut batch = Batch::new();
    rows.iter().for_each(|(key, _)| batch.delete(Column::StateNodes, key.clone()));
    store.write(batch, Durability::Buffered).unwrap();
    let fresh = StateTree::new(CACHE_BYTES, Some(version));
    let error = fresh.at(&store, version).unwrap().get(&entries[0].0).unwrap_err();
    assert!(matches!(error, StoreError::Missing { column: Column::StateNodes, .. }));
}

#[test]
fn many_changes_on_many_threads_are_the_same_as_few_on_one() {
    let entries: Entries =
        (0..3_000_u32).map(|n| (sha256(&n.to_le_bytes()), n.to_le_bytes().to_vec())).collect();
    let all: Vec<Change> = entries.iter().map(|(key, value)| (*key, Some(value.clone()))).collect();
    let (store, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
    let at_once = commit(&tree, &store, None, &all);
    let (store, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
    let mut base = None;
    for few in all.chunks(32) {
        base = Some(commit(&tree, &store, base, few).version());
    }
    let view = tree.at(&store, base.unwrap()).unwrap();
    assert_eq!((view.root(), at_once.root()), (pure_root(&entries), pure_root(&entries)));
    // Then most of them go again, in parallel.
    let most: Vec<Change> = all.iter().skip(5).map(|(key, _)| (*key, None)).collect();
    let update = commit(&tree, &store, base, &most);
    let left: Entries = entries.into_iter().take(5).collect();
    check(&tree, &store, update.version(), &left, &[most[0].0]);
    assert!(update.previous().is_sorted_by_key(|(key, _)| *key) && update.previous().len() == 2_995);
}

#[test]
fn the_cache_keeps_its_bound_under_a_flood() {
    const BOUND: u64 = 200_000;
    let store = MemoryStore::new();
    let tree = StateTree::new(BOUND, None);
    let mut base = None;
    let mut most = 0;
    for round in 0..40_u32 {
        // New keys and old ones, in values of very different lengths.
        let changes: BTreeMap<Hash, Option<Vec<u8>>> = (0..150_u32)
            .map(|n| {
                (
                    sha256(&(n * (round % 7 + 1)).to_le_bytes()),
                    Some(vec![round as u8; (n * n) as usize % 3_000]),
                )
            })
            .collect();
        let changes: Vec<_> = changes.into_iter().collect();
        base = Some(commit(&tree, &store, base, &changes).version());
        assert!(tree.cache_bytes() <= BOUND, "{}", tree.cache_bytes());
        // Reading floods it, too: present keys, absent ones, and proofs of both, at once.
        let view = tree.at(&store, base.unwrap()).unwrap();
        std::thread::scope(|scope| {
            for part in 0..2_u32 {
                let view = &view;
                scope.spawn(move || {
                    for n in 0..100_u32 {
                        let key = sha256(&(n * 2 + part).to_le_bytes());
                        let value = view.get(&key).unwrap();
                        let proof = view.prove(&key).unwrap();
                        assert_eq!(proof.verify(&view.root(), &key).unwrap(), value.as_deref());
                    }
                });
            }
        });
        assert!(tree.cache_bytes() <= BOUND, "{}", tree.cache_bytes());
        most = most.max(tree.cache_bytes());
    }
    assert!(most > BOUND / 2, "the flood must fill it: {most}");
    // A single node above the bound is used and not kept.
    let huge = [(sha256(b"huge"), Some(vec![7; 2 * BOUND as usize]))];
    let version = commit(&tree, &store, base, &huge).version();
    let view = tree.at(&store, version).unwrap();
    assert_eq!(view.get(&huge[0].0).unwrap(), huge[0].1);
    assert!(tree.cache_bytes() <= BOUND);
}

#[test]
fn what_a_node_weighs_is_not_less_than_its_own_bytes() {
    let leaf = node::Node::Leaf(node::Leaf { key: Hash::ZERO, value: vec![1; 1_000] });
    assert!(leaf.weight_bytes() >= (size_of::<node::Node>() + 1_000) as u64);
    let empty = node::Node::Leaf(node::Leaf { key: Hash::ZERO, value: vec![] });
    assert!(empty.weight_bytes() >= size_of::<node::Node>() as u64 + 16);
}
