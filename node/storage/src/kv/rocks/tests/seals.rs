//! Every row of every column: a bit that flipped is found by every way to read.

use vibecoin_crypto::{Hash, sha256};
use vibecoin_primitives::{Height, Timestamp};

use super::*;
use crate::{
    Overlay, StateTree, active, activity, blocks, history,
    kv::seal::SEAL_BYTES,
    meta::{self, Supply},
    pool, reorganisations,
    testing::{address, block, transaction},
    transactions, undo,
};

/// A store with what a node writes: at least a row in every column.
fn one_of_each(store: &RocksStore) {
    let mut rows = Overlay::new(store);
    let transfers = vec![transaction(1, Some(address(2)), 0), transaction(2, Some(address(1)), 0)];
    let block = block(1, sha256(b"parent"), 0, transfers);
    let id = block.header.id();
    blocks::put(&mut rows, &id, &block, &crate::testing::meta(&block, 1));
    let txids: Vec<Hash> = block.transactions.iter().map(|tx| tx.body.id()).collect();
    let receipts = vec![vibecoin_primitives::Receipt::transfer(21_000); 2];
    transactions::connect(&mut rows, &id, Height::new(1), &block.transactions, &txids, &receipts);
    let tree = StateTree::new(1 << 20, None);
    let changes: Vec<_> = (0..20_u8).map(|n| (Hash::new([n * 12; 32]), Some(vec![n; 40]))).collect();
    let first = tree.update(&rows, None, &changes).unwrap();
    first.write(&mut rows);
    let second = tree.update(&rows, Some(first.version()), &[(changes[3].0, Some(vec![7; 40]))]).unwrap();
    second.write(&mut rows);
    active::connect(&mut rows, Height::new(1), &active::ActiveBlock { id, state_version: second.version() });
    let record = undo::Undo {
        state: vec![(changes[3].0, changes[3].1.clone()), (Hash::ZERO, None)],
        activity: vec![(address(1), 0, 2)],
        supply: Supply::default(),
    };
    undo::put(&mut rows, &id, &record);
    history::put(&mut rows, &id, &[1; 64], &[2; 64]);
    let waiting = pool::PooledTransaction { bytes: vec![5; 166], arrival_ms: 17 };
    pool::put(&mut rows, &id, &waiting);
    let change = reorganisations::Reorganisation {
        time: Timestamp::new(1),
        fork_height: Height::new(2),
        from: id,
        to: Hash::ZERO,
        reverted: 3,
        connected: 4,
    };
    reorganisations::append(&mut rows, &change).unwrap();
    meta::set_tip(&mut rows, &id);
    meta::set_supply(&mut rows, &Supply::default());
    let entry = vibecoin_primitives::Entry {
        index: 0,
        height: Height::new(1),
        tx_index: 0,
        kind: vibecoin_primitives::EntryKind::Sent,
        counterparty: address(2),
        amount: vibecoin_primitives::Amount::from_beats(5),
        fee: vibecoin_primitives::Amount::from_beats(6),
        txid: id,
    };
    activity::put(&mut rows, &address(1), &entry);
    for column in Column::ALL {
        if rows.scan(*column, Scan::all().limit(1)).unwrap().is_empty() {
            // Columns whose rows are made elsewhere: any row will do, since a seal does not ask what it seals.
            rows.put(*column, id.as_bytes().to_vec(), vec![1, 2, 3]);
        }
    }
    store.write(rows.into_batch(), Durability::Synced).unwrap();
}

/// What is really stored.
fn raw(store: &RocksStore, column: Column, key: &[u8]) -> Vec<u8> {
    store.database.get_cf(&handle(&store.database, column).unwrap(), key).unwrap().unwrap()
}

fn put_raw(store: &RocksStore, column: Column, key: &[u8], value: &[u8]) {
    store.database.put_cf(&handle(&store.database, column).unwrap(), key, value).unwrap();
}

/// Every way to read a row says that it is damaged, and which it is.
fn is_found(store: &RocksStore, column: Column, key: &[u8]) {
    let expected = StoreError::corrupt_row(column, key);
    let from = || Scan::all().from(key).limit(1);
    assert_eq!(store.get(column, key), Err(expected.clone()));
    assert_eq!(store.contains(column, key), Err(expected.clone()));
    assert_eq!(store.scan(column, from()), Err(expected.clone()));
    assert_eq!(store.scan(column, from().reversed()), Err(expected.clone()));
    let snapshot = store.snapshot();
    assert_eq!(snapshot.get(column, key), Err(expected.clone()));
    assert_eq!(snapshot.scan(column, from()), Err(expected));
}

#[test]
fn every_bit_of_every_kind_of_row_is_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let store = RocksStore::open(folder.path()).unwrap();
    one_of_each(&store);
    for column in Column::ALL {
        let rows = store.scan(*column, Scan::all()).unwrap();
        assert!(!rows.is_empty(), "{column}");
        for (key, value) in rows.iter().take(3) {
            let sealed = raw(&store, *column, key);
            assert_eq!(sealed.len(), value.len() + SEAL_BYTES);
            for at in 0..sealed.len() {
                let mut damaged = sealed.clone();
                damaged[at] ^= 1 << (at % 8);
                put_raw(&store, *column, key, &damaged);
                assert_eq!(store.get(*column, key), Err(StoreError::corrupt_row(*column, key)), "{at}");
            }
            is_found(&store, *column, key);
            put_raw(&store, *column, key, &sealed);
            assert_eq!(store.get(*column, key).unwrap().as_ref(), Some(value));
        }
    }
}

#[test]
fn what_is_too_short_or_stands_elsewhere_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = RocksStore::open(folder.path()).unwrap();
    put(&store, &[(b"ab", b"c"), (b"a", b"bc"), (b"x", b"")]);
    let sealed = raw(&store, A, b"ab");
    for length in 0..sealed.len() {
        put_raw(&store, A, b"ab", &sealed[..length]);
        is_found(&store, A, b"ab");
    }
    put_raw(&store, A, b"ab", &[sealed.as_slice(), &[0]].concat());
    is_found(&store, A, b"ab");
    // Under another key, under a key that makes the same bytes with the value, in another column.
    put_raw(&store, A, b"ac", &sealed);
    is_found(&store, A, b"ac");
    put_raw(&store, A, b"a", &[&b"b"[..], &sealed].concat());
    is_found(&store, A, b"a");
    put_raw(&store, Column::Pool, b"ab", &sealed);
    is_found(&store, Column::Pool, b"ab");
    assert_eq!(store.get(A, b"x").unwrap(), Some(vec![]));
}

#[test]
fn a_scan_ends_at_the_damaged_row() {
    let folder = tempfile::tempdir().unwrap();
    let store = RocksStore::open(folder.path()).unwrap();
    put(&store, &[(b"a", b"1"), (b"b", b"2"), (b"c", b"3")]);
    put_raw(&store, A, b"b", b"damaged");
    let rows: Vec<_> = store.iterate(A, Scan::all()).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0], Ok((b"a".to_vec(), b"1".to_vec())));
    let error = rows[1].clone().unwrap_err();
    assert_eq!(error, StoreError::CorruptRow { column: A, key: "62".to_owned() });
    assert_eq!(error.to_string(), "the row 62 of column meta is damaged: its checksum is wrong");
    assert!(error.is_damage());
}

#[test]
fn the_number_of_commits_is_sealed_and_survives() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let store = RocksStore::open(folder.path()).unwrap();
        assert_eq!(store.commits(), round * 5);
        for _ in 0..5 {
            store.write(Batch::new(), Durability::Buffered).unwrap();
        }
        if round == 1 {
            store.flush().unwrap();
        }
    }
    let store = RocksStore::open(folder.path()).unwrap();
    let mut row = store.database.get(COMMITS).unwrap().unwrap();
    row[3] ^= 4;
    store.database.put(COMMITS, row).unwrap();
    drop(store);
    assert!(matches!(RocksStore::open(folder.path()), Err(StoreError::Corrupt { .. })));
}
