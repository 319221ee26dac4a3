//! What only the store on disk does.
#![allow(clippy::unwrap_used)]

mod failing;
mod recovery;
mod seals;

use rocksdb::ErrorKind;

use super::{errors::classify, *};
use crate::kv::{
    KeyValueWrite as _,
    contract::{A, put},
};

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
    fs::write(folder.path().join("CURRENT"), "MANIFEST-none\n").unwrap();
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
    let denied =
        "IO error: While open a file for appending: /home/block/locked/000004.log: Permission denied";
    assert_eq!(of(ErrorKind::IOError, denied), StoreError::ReadOnly { detail: denied.into() });
    let read_only = "IO error: While open a file for appending: /b/000004.log: Read-only file system";
    assert_eq!(of(ErrorKind::IOError, read_only), StoreError::ReadOnly { detail: read_only.into() });
    let device = "IO error: While appending to file: /b/000004.log: Input/output error";
    assert_eq!(of(ErrorKind::IOError, device), StoreError::DeviceFailed { detail: device.into() });
    let files = "IO error: While open a file for random read: /b/000012.sst: Too many open files";
    assert_eq!(of(ErrorKind::IOError, files), StoreError::TooManyFiles { detail: files.into() });
    let gone = "IO error: No such file or directory: While open a file for random read: /b/000012.sst: No such file or directory";
    assert_eq!(of(ErrorKind::IOError, gone), StoreError::Corrupt { detail: gone.into() });
    let other = "IO error: While fsync: /b/000012.sst: Invalid argument";
    assert_eq!(of(ErrorKind::IOError, other), StoreError::Io { detail: other.into() });
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
    let mut files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let table = files.find(is_table).unwrap();
    let mut bytes = fs::read(&table).unwrap();
    bytes[100_000] ^= 1;
    fs::write(&table, bytes).unwrap();
    let store = RocksStore::open(folder.path()).unwrap();
    assert!(matches!(store.get(A, b"k"), Err(StoreError::Corrupt { .. })));
}

#[test]
fn sizes_grow_with_rows_and_move_from_memory_to_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = RocksStore::open(folder.path()).unwrap();
    let before = store.sizes().unwrap();
    assert_eq!(before.columns.len(), Column::ALL.len());
    let value: Vec<u8> =
        (0..3_000_u32).flat_map(|n| vibecoin_crypto::sha256(&n.to_le_bytes()).to_bytes()).collect();
    put(&store, &[(b"k", &value), (b"l", b"")]);
    let written = store.sizes().unwrap();
    let of = |sizes: &StoreSizes| sizes.of(A).unwrap();
    assert!(written.log_bytes >= before.log_bytes + value.len() as u64);
    assert!(of(&written).memory_bytes >= value.len() as u64 && of(&written).files_bytes == 0);
    assert_eq!(of(&written).rows, 2);
    store.flush().unwrap();
    let flushed = store.sizes().unwrap();
    assert!(of(&flushed).files_bytes > 90_000 && of(&flushed).memory_bytes < 10_000, "{flushed:?}");
    assert!(flushed.log_bytes < 10_000, "what is in files leaves the log: {flushed:?}");
    assert_eq!(flushed.of(Column::Undo).unwrap().files_bytes, 0);
    assert_eq!(flushed.disk_bytes(), of(&flushed).files_bytes + flushed.log_bytes);
}

#[test]
fn the_log_and_the_diary_stay_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let limits = RocksOptions {
        cache_bytes: 1 << 20,
        write_buffer_bytes: 1 << 18,
        write_buffers_total_bytes: 1 << 19,
        open_files_max: 64,
    };
    let bound = 4 * limits.write_buffers_total_bytes as u64;
    for _ in 0..3 {
        let store = RocksStore::open_with(folder.path(), limits).unwrap();
        for round in 0..60_u32 {
            let value = vec![round as u8; 100_000];
            put(&store, &[(&round.to_be_bytes(), &value)]);
        }
        assert!(store.sizes().unwrap().log_bytes < bound, "{:?}", store.sizes().unwrap());
    }
    let is_diary = |name: &str| name.starts_with("LOG");
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.filter(|name| is_diary(name.to_str().unwrap())).count() <= 2);
}

#[test]
fn a_scratch_store_is_empty_and_goes_with_its_value() {
    let folder = tempfile::tempdir().unwrap();
    let store = RocksStore::open(&folder.path().join("db")).unwrap();
    let row = |value: &[u8]| {
        let mut batch = Batch::new();
        batch.put(Column::Meta, b"key".to_vec(), value.to_vec());
        batch
    };
    store.write(row(b"kept"), Durability::Synced).unwrap();
    for _ in 0..2 {
        let scratch = store.scratch().unwrap();
        assert_eq!(scratch.get(Column::Meta, b"key").unwrap(), None);
        scratch.write(row(b"thrown away"), Durability::Synced).unwrap();
        assert_eq!(scratch.get(Column::Meta, b"key").unwrap().as_deref(), Some(&b"thrown away"[..]));
        assert!(folder.path().join("db.scratch").exists());
        drop(scratch);
        assert!(!folder.path().join("db.scratch").exists());
    }
    // A crash leaves one behind; it is in nobody's way.
    fs::create_dir(folder.path().join("db.scratch")).unwrap();
    fs::write(folder.path().join("db.scratch/CURRENT"), b"nonsense").unwrap();
    assert_eq!(store.scratch().unwrap().get(Column::Meta, b"key").unwrap(), None);
    assert_eq!(store.get(Column::Meta, b"key").unwrap().as_deref(), Some(&b"kept"[..]));
}
