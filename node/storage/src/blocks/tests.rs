#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    Batch, Durability, KeyValueStore, MemoryStore,
    active::{self, ActiveBlock},
    history, pool,
    state::StateVersion,
    testing::{self, address, transaction},
};

/// A store with a fork:
///
/// ```text
/// 0 ── 1a ── 2a
///  └── 1b
/// ```
fn forked() -> (MemoryStore, [Block; 4]) {
    let store = MemoryStore::new();
    let genesis = testing::block(0, Hash::new([0xee; 32]), 0, vec![]);
    let first = testing::block(1, genesis.id(), 1, vec![transaction(1, Some(address(2)), 0)]);
    let rival = testing::block(1, genesis.id(), 2, vec![]);
    let second =
        testing::block(2, first.id(), 3, vec![transaction(1, None, 1), transaction(2, Some(address(1)), 0)]);
    let all = [genesis, first, rival, second];
    let mut batch = Batch::new();
    for (arrival, block) in (0..).zip(&all) {
        put(&mut batch, &block.id(), block, &testing::meta(block, arrival));
    }
    store.write(batch, Durability::Synced).unwrap();
    (store, all)
}

#[test]
fn every_part_of_a_block_comes_back() {
    let (store, all) = forked();
    for (arrival, stored) in (0..).zip(&all) {
        let id = stored.id();
        assert!(contains(&store, &id).unwrap());
        assert_eq!(block(&store, &id).unwrap().as_ref(), Some(stored));
        assert_eq!(header(&store, &id).unwrap(), Some(stored.header));
        assert_eq!(content(&store, &id).unwrap(), Some(stored.content));
        assert_eq!(transactions(&store, &id).unwrap().as_ref(), Some(&stored.transactions));
        assert_eq!(poh::ticks(&store, &id).unwrap().as_ref(), Some(&stored.ticks));
        assert_eq!(meta(&store, &id).unwrap(), Some(testing::meta(stored, arrival)));
    }
    let unknown = Hash::new([3; 32]);
    assert!(!contains(&store, &unknown).unwrap());
    assert_eq!((block(&store, &unknown).unwrap(), meta(&store, &unknown).unwrap()), (None, None));
}

#[test]
fn pruned_ticks_are_missed_only_by_who_wants_them() {
    let (store, all) = forked();
    let id = all[1].id();
    let mut batch = Batch::new();
    poh::prune(&mut batch, &id);
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(poh::ticks(&store, &id).unwrap(), None);
    assert_eq!(header(&store, &id).unwrap(), Some(all[1].header));
    assert!(matches!(block(&store, &id), Err(StoreError::Missing { column: Column::Ticks, .. })));
}

#[test]
fn branches_can_be_walked_in_both_directions() {
    let (store, [genesis, first, rival, second]) = forked();
    let sorted = |mut ids: Vec<Hash>| {
        ids.sort();
        ids
    };
    assert_eq!(children(&store, &genesis.id()).unwrap(), sorted(vec![first.id(), rival.id()]));
    assert_eq!(children(&store, &first.id()).unwrap(), [second.id()]);
    assert!(children(&store, &rival.id()).unwrap().is_empty());
    assert_eq!(at_height(&store, Height::new(1)).unwrap(), sorted(vec![first.id(), rival.id()]));
    assert!(at_height(&store, Height::new(3)).unwrap().is_empty());
    assert_eq!(greatest_height(&store).unwrap(), Some(Height::new(2)));
    let walked: Vec<_> = ancestors(&store, &second.id()).map(|step| step.unwrap().0).collect();
    assert_eq!(walked, [second.id(), first.id(), genesis.id()], "and no further than the genesis");
    let mut lost = ancestors(&store, &Hash::ZERO);
    assert!(matches!(lost.next(), Some(Err(StoreError::Missing { column: Column::BlockMeta, .. }))));
    assert!(lost.next().is_none());
}

#[test]
fn a_verdict_replaces_the_one_before() {
    let (store, all) = forked();
    let id = all[2].id();
    for status in [BlockStatus::Valid, BlockStatus::Invalid { reason: "TX-5: nonce".into() }] {
        let mut changed = meta(&store, &id).unwrap().unwrap();
        changed.status = status.clone();
        let mut batch = Batch::new();
        put_meta(&mut batch, &id, &changed);
        store.write(batch, Durability::Synced).unwrap();
        assert_eq!(meta(&store, &id).unwrap().unwrap().status, status);
    }
}

#[test]
fn the_active_chain_follows_one_branch() {
    let (store, [genesis, first, rival, second]) = forked();
    assert_eq!(active::tip(&store).unwrap(), None);
    let on =
        |block: &Block, version| ActiveBlock { id: block.id(), state_version: StateVersion::new(version) };
    let mut batch = Batch::new();
    for (block, version) in [(&genesis, 0), (&first, 1), (&second, 2)] {
        active::connect(&mut batch, block.header.height, &on(block, version));
    }
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(active::tip(&store).unwrap(), Some((Height::new(2), on(&second, 2))));
    assert_eq!(active::height_of(&store, &second.id()).unwrap(), Some(Height::new(2)));
    assert_eq!(active::height_of(&store, &rival.id()).unwrap(), None);

    let mut batch = Batch::new();
    active::disconnect(&mut batch, Height::new(2));
    active::disconnect(&mut batch, Height::new(1));
    active::connect(&mut batch, Height::new(1), &on(&rival, 5));
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(active::tip(&store).unwrap(), Some((Height::new(1), on(&rival, 5))));
    assert_eq!(active::height_of(&store, &first.id()).unwrap(), None);
    assert_eq!(active::at(&store, Height::new(2)).unwrap(), None);
    let all = [(Height::new(0), on(&genesis, 0)), (Height::new(1), on(&rival, 5))];
    assert_eq!(active::range(&store, Height::GENESIS, 10).unwrap(), all);
    assert_eq!(active::range(&store, Height::new(1), 10).unwrap(), all[1..]);
    assert_eq!(active::range(&store, Height::GENESIS, 1).unwrap(), all[..1]);
}

#[test]
fn a_row_of_another_shape_is_named() {
    let (store, all) = forked();
    let id = all[0].id();
    let mut batch = Batch::new();
    batch.put(Column::Headers, id.as_bytes().to_vec(), vec![1; 105]);
    store.write(batch, Durability::Synced).unwrap();
    let error = header(&store, &id).unwrap_err();
    assert!(
        matches!(&error, StoreError::Undecodable { column: Column::Headers, key, .. } if *key == id.to_string())
    );
}

#[test]
fn history_nodes_and_waiting_transactions_come_back() {
    let store = MemoryStore::new();
    let (parent, left, right) = (Hash::new([1; 32]), [2; 64], [3; 64]);
    let waiting = pool::PooledTransaction { bytes: transaction(1, None, 0).encode(), arrival_ms: 77 };
    let mut batch = Batch::new();
    history::put(&mut batch, &parent, &left, &right);
    pool::put(&mut batch, &Hash::new([9; 32]), &waiting);
    pool::put(&mut batch, &Hash::new([8; 32]), &waiting);
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(history::children(&store, &parent).unwrap(), Some((left, right)));
    assert_eq!(history::children(&store, &Hash::ZERO).unwrap(), None);
    let mut batch = Batch::new();
    pool::remove(&mut batch, &Hash::new([8; 32]));
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(pool::all(&store).unwrap(), [(Hash::new([9; 32]), waiting)]);
}

#[test]
fn far_ancestors_are_found_in_few_steps() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use crate::kv::{Row, Rows};

    struct Counting(MemoryStore, AtomicUsize);
    impl KeyValueRead for Counting {
        fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.get(column, key)
        }
        fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
            let rows: Vec<Result<Row, StoreError>> = self.0.iterate(column, scan).collect();
            Box::new(rows.into_iter())
        }
    }

    const TOP: u64 = 5_000;
    let id = |number: u64| vibecoin_crypto::sha256(&number.to_le_bytes());
    let mut batch = Batch::new();
    for number in 0..=TOP {
        let height = Height::new(number);
        let meta = BlockMeta {
            height,
            parent: if number == 0 { Hash::ZERO } else { id(number - 1) },
            skip: if number == 0 { Hash::ZERO } else { id(skip_height(height).get()) },
            ..testing::meta(&testing::block(0, Hash::ZERO, 0, vec![]), number)
        };
        put_meta(&mut batch, &id(number), &meta);
    }
    let store = MemoryStore::new();
    store.write(batch, Durability::Synced).unwrap();
    let store = Counting(store, AtomicUsize::new(0));
    for from in (0..=TOP).step_by(13).chain([TOP]) {
        for to in [0, 1, 2, from / 3, from / 2, from.saturating_sub(1), from] {
            store.1.store(0, Ordering::Relaxed);
            let found = ancestor(&store, &id(from), Height::new(to)).unwrap();
            assert_eq!(found.map(|(found, _)| found), (to <= from).then(|| id(to)));
            assert!(store.1.load(Ordering::Relaxed) <= 60, "{from} to {to}: {:?}", store.1);
        }
        assert_eq!(ancestor(&store, &id(from), Height::new(from + 1)).unwrap(), None);
    }
}
