#![allow(clippy::unwrap_used)]

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, EntryKind, Height};

use super::*;
use crate::{Batch, Durability, KeyValueStore, MemoryStore, testing::address};

fn entry(index: u64) -> Entry {
    Entry {
        index,
        height: Height::new(index / 2),
        tx_index: 0,
        kind: EntryKind::Received,
        counterparty: address(9),
        amount: Amount::from_beats(index),
        fee: Amount::ZERO,
        txid: Hash::ZERO,
    }
}

fn indexes(entries: Vec<Entry>) -> Vec<u64> {
    entries.into_iter().map(|entry| entry.index).collect()
}

#[test]
fn entries_come_in_order_and_leave_from_the_end() {
    let store = MemoryStore::new();
    let (one, other) = (address(1), address(2));
    let mut batch = Batch::new();
    // More than a byte's worth, so that the order of keys is that of numbers.
    (0..300).for_each(|index| put(&mut batch, &one, &entry(index)));
    (0..3).for_each(|index| put(&mut batch, &other, &entry(index)));
    store.write(batch, Durability::Synced).unwrap();

    assert_eq!(get(&store, &one, 256).unwrap(), Some(entry(256)));
    assert_eq!(indexes(newest_first(&store, &one, None, 3).unwrap()), [299, 298, 297]);
    assert_eq!(indexes(newest_first(&store, &one, Some(257), 2).unwrap()), [256, 255]);
    assert_eq!(indexes(newest_first(&store, &one, Some(1), 9).unwrap()), [0]);
    assert!(newest_first(&store, &one, Some(0), 9).unwrap().is_empty());
    assert_eq!(indexes(oldest_first(&store, &one, 254, 4).unwrap()), [254, 255, 256, 257]);
    assert_eq!(indexes(oldest_first(&store, &other, 0, 9).unwrap()), [0, 1, 2]);

    let mut batch = Batch::new();
    remove(&mut batch, &one, 255, 300);
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(indexes(newest_first(&store, &one, None, 1).unwrap()), [254]);
    assert_eq!(indexes(newest_first(&store, &other, None, 1).unwrap()), [2]);
}
