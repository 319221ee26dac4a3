#![allow(clippy::unwrap_used)]

use super::*;
use crate::kv::{
    KeyValueWrite as _, MemoryStore,
    contract::{A, put},
};

fn full() -> StoreError {
    StoreError::DiskFull { detail: "test".to_owned() }
}

fn three_rows() -> Arc<dyn KeyValueStore> {
    let store = MemoryStore::new();
    put(&store, &[(b"a", b"\0\0"), (b"b", b""), (b"c", b"\0\0")]);
    Arc::new(store)
}

fn one_more() -> Batch {
    let mut batch = Batch::new();
    batch.put(A, b"d".to_vec(), b"4".to_vec());
    batch
}

#[test]
fn every_read_can_fail_and_only_that_one() {
    for nth in 0..6 {
        let store = FaultyStore::with(three_rows(), Fault::ReadFails { nth, error: full() });
        let snapshot = store.snapshot();
        let first = [store.get(A, b"a").is_err(), snapshot.get(A, b"x").is_err()];
        let scanned = store.scan(A, Scan::all());
        let last = store.get(A, b"b").is_err();
        let outcomes = [first[0], first[1], scanned.is_err(), last];
        let expected = [nth == 0, nth == 1, (2..5).contains(&nth), nth == 5];
        // A scan that fails reads no further.
        if (2..4).contains(&nth) {
            assert_eq!(store.reads(), nth + 2);
        } else {
            assert_eq!((outcomes, store.reads()), (expected, 6));
        }
        assert!(store.has_fired());
        assert_eq!(store.get(A, b"a").unwrap(), Some(vec![0, 0]));
    }
}

#[test]
fn a_flipped_bit_is_one_bit() {
    let store = FaultyStore::with(three_rows(), Fault::ReadFlips { nth: 1, bit: 16 + 10 });
    assert_eq!(store.get(A, b"a").unwrap(), Some(vec![0, 0]));
    assert!(!store.has_fired());
    assert_eq!(store.get(A, b"a").unwrap(), Some(vec![0, 4]));
    assert!(store.has_fired());
    assert_eq!(store.get(A, b"a").unwrap(), Some(vec![0, 0]));
    let empty = FaultyStore::with(three_rows(), Fault::ReadFlips { nth: 0, bit: 3 });
    assert_eq!(empty.get(A, b"b").unwrap(), Some(vec![]));
    assert!(!empty.has_fired());
}

#[test]
fn nothing_is_written_after_a_write_that_failed() {
    for (fault, is_there) in [
        (Fault::WriteFails { nth: 1, error: full() }, false),
        (Fault::WriteFailsLate { nth: 1, error: full() }, true),
    ] {
        let store = FaultyStore::with(three_rows(), fault);
        store.write(Batch::new(), Durability::Synced).unwrap();
        assert_eq!(store.write(one_more(), Durability::Synced), Err(full()));
        assert_eq!(store.contains(A, b"d").unwrap(), is_there);
        let mut later = Batch::new();
        later.put(A, b"e".to_vec(), vec![]);
        assert_eq!(store.write(later, Durability::Buffered), Err(StoreError::stopped(&full())));
        assert!(!store.contains(A, b"e").unwrap());
        assert_eq!(store.writes(), 3);
        // Opened again, it takes writes.
        FaultyStore::new(store.inner()).write(one_more(), Durability::Synced).unwrap();
    }
}

#[test]
fn without_a_fault_it_is_the_store_below() {
    let store = FaultyStore::new(three_rows());
    store.write(one_more(), Durability::Synced).unwrap();
    store.flush().unwrap();
    assert_eq!(store.scan(A, Scan::all()).unwrap(), store.inner().scan(A, Scan::all()).unwrap());
    assert_eq!((store.reads(), store.writes(), store.has_fired()), (4, 1, false));
    let failing = FaultyStore::with(three_rows(), Fault::FlushFails { error: full() });
    assert_eq!(failing.flush(), Err(full()));
    assert_eq!(failing.write(one_more(), Durability::Synced), Err(StoreError::stopped(&full())));
}
