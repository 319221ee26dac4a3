//! What only the store on disk does.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::kv::contract::{A, put};

#[test]
fn an_open_database_is_locked() {
    let folder = tempfile::tempdir().unwrap();
    let store = RocksStore::open(folder.path()).unwrap();
    assert!(matches!(RocksStore::open(folder.path()), Err(StoreError::Locked { .. })));
    let snapshot = store.snapshot();
    drop(store);
    // A snapshot keeps the database open.
    assert!(matches!(RocksStore::open(folder.path()), Err(StoreError::Locked { .. })));
    drop(snapshot);
    RocksStore::open(folder.path()).unwrap();
}

#[test]
fn a_damaged_database_is_reported_as_such() {
    let folder = tempfile::tempdir().unwrap();
    drop(RocksStore::open(folder.path()).unwrap());
    std::fs::write(folder.path().join("CURRENT"), "MANIFEST-none\n").unwrap();
    let error = RocksStore::open(folder.path()).err().unwrap();
    assert!(matches!(error, StoreError::Corrupt { .. } | StoreError::Io { .. }), "{error}");
}

#[test]
fn a_young_database_is_small_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let store = RocksStore::open(folder.path()).unwrap();
    put(&store, &[(b"a", b"1")]);
    assert!(store.memory_bytes() < 16 << 20, "{}", store.memory_bytes());
}

#[test]
fn errors_are_told_apart_by_what_they_say_and_not_by_paths() {
    let of = |kind, text: &str| classify(kind, text.to_owned());
    let full =
        "IO error: No space left on device: While appending to file: /b/000004.log: No space left on device";
    assert_eq!(of(ErrorKind::IOError, full), StoreError::DiskFull { detail: full.into() });
    let quota = "IO error: While appending to file: /b/000004.log: Disk quota exceeded";
    assert_eq!(of(ErrorKind::IOError, quota), StoreError::DiskFull { detail: quota.into() });
    let locked = "IO error: While lock file: /b/LOCK: Resource temporarily unavailable";
    assert_eq!(of(ErrorKind::IOError, locked), StoreError::Locked { detail: locked.into() });
    let read_only =
        "IO error: While open a file for appending: /home/block/locked/000004.log: Permission denied";
    assert_eq!(of(ErrorKind::IOError, read_only), StoreError::Io { detail: read_only.into() });
    let damaged = "Corruption: block checksum mismatch";
    assert_eq!(of(ErrorKind::Corruption, damaged), StoreError::Corrupt { detail: damaged.into() });
    let newer = "Invalid argument: Column families not opened: shards";
    assert_eq!(of(ErrorKind::InvalidArgument, newer), StoreError::Refused { detail: newer.into() });
}

#[test]
fn a_flipped_bit_in_a_table_is_reported_and_not_returned() {
    let folder = tempfile::tempdir().unwrap();
    // Bytes that do not compress, so that most of the file is this value.
    let value: Vec<u8> =
        (0..6_250_u32).flat_map(|n| vibecoin_crypto::sha256(&n.to_le_bytes()).to_bytes()).collect();
    {
        let store = RocksStore::open(folder.path()).unwrap();
        put(&store, &[(b"k", &value)]);
        store.flush().unwrap();
    }
    let is_table = |path: &std::path::PathBuf| path.extension().is_some_and(|extension| extension == "sst");
    let mut files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let table = files.find(is_table).unwrap();
    let mut bytes = std::fs::read(&table).unwrap();
    bytes[100_000] ^= 1;
    std::fs::write(&table, bytes).unwrap();
    let store = RocksStore::open(folder.path()).unwrap();
    assert!(matches!(store.get(A, b"k"), Err(StoreError::Corrupt { .. })));
}
