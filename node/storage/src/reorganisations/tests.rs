#![allow(clippy::unwrap_used)]

use vibecoin_crypto::sha256;

use super::*;
use crate::{Durability, KeyValueStore, MemoryStore};

fn record(number: u64) -> Reorganisation {
    Reorganisation {
        time: Timestamp::new(1_000 + number),
        fork_height: Height::new(number),
        from: sha256(b"from"),
        to: sha256(&number.to_le_bytes()),
        reverted: 1 + number % 5,
        connected: 2 + number % 5,
    }
}

fn append_all(store: &MemoryStore, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let mut rows = Overlay::new(store);
        append(&mut rows, &record(number)).unwrap();
        store.write(rows.into_batch(), Durability::Synced).unwrap();
    }
}

#[test]
fn the_newest_come_first_and_within_the_limit() {
    let store = MemoryStore::new();
    assert_eq!(list(&store, 10).unwrap(), []);
    append_all(&store, 0..7);
    let expected: Vec<_> = (2..7).rev().map(|number| (number, record(number))).collect();
    assert_eq!(list(&store, 5).unwrap(), expected);
    assert_eq!(list(&store, usize::MAX).unwrap().len(), 7);
    assert_eq!(list(&store, 0).unwrap(), []);
}

#[test]
fn several_of_one_batch_do_not_clash() {
    let store = MemoryStore::new();
    let mut rows = Overlay::new(&store);
    append(&mut rows, &record(0)).unwrap();
    append(&mut rows, &record(1)).unwrap();
    assert_eq!(list(&rows, 9).unwrap(), [(1, record(1)), (0, record(0))]);
}

#[test]
fn no_more_than_the_bound_are_kept() {
    let store = MemoryStore::new();
    append_all(&store, 0..KEPT_MAX);
    assert_eq!(list(&store, 1).unwrap(), [(KEPT_MAX - 1, record(KEPT_MAX - 1))]);
    assert_eq!(store.count(Column::Reorganisations) as u64, KEPT_MAX);
    append_all(&store, KEPT_MAX..KEPT_MAX + 37);
    let kept = list(&store, usize::MAX).unwrap();
    assert_eq!(kept.len() as u64, KEPT_MAX);
    assert_eq!(kept.last().unwrap().0, 37, "the oldest go");
}

#[test]
fn a_row_that_is_none_is_said() {
    let store = MemoryStore::new();
    let mut rows = Overlay::new(&store);
    rows.put(Column::Reorganisations, vec![1, 2], vec![]);
    assert!(matches!(list(&rows, 1), Err(StoreError::Undecodable { .. })));
    assert!(append(&mut rows, &record(0)).is_err());
}
