//! After a write that failed there are no more.

use super::*;

fn batch(key: u8, bytes: usize) -> Batch {
    let mut batch = Batch::new();
    let value = (0..bytes / 32 + 1)
        .flat_map(|n| vibecoin_crypto::sha256(&[&n.to_le_bytes()[..], &[key]].concat()).to_bytes());
    batch.put(A, vec![key], value.collect());
    batch
}

#[test]
fn a_failure_is_final_until_the_database_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = RocksStore::open(folder.path()).unwrap();
    store.write(batch(1, 10), Durability::Synced).unwrap();
    // The same path that an error of the database takes.
    let cause = store.or_stop(Err(broken())).unwrap_err();
    for durability in [Durability::Synced, Durability::Buffered] {
        let refused = store.clone().write(batch(2, 10), durability).unwrap_err();
        assert_eq!(refused, StoreError::Stopped { cause: Box::new(cause.clone()) });
    }
    assert!(matches!(store.flush(), Err(StoreError::Stopped { .. })));
    assert_eq!(store.commits(), 1);
    assert!(store.contains(A, &[1]).unwrap() && !store.contains(A, &[2]).unwrap(), "reading goes on");
    drop(store);
    let store = RocksStore::open(folder.path()).unwrap();
    store.write(batch(2, 10), Durability::Synced).unwrap();
    assert_eq!(store.commits(), 2);
}

/// Any error of RocksDB's.
fn broken() -> rocksdb::Error {
    let file = tempfile::NamedTempFile::new().unwrap();
    Database::open_default(file.path()).err().unwrap()
}

/// A file system of its own, on which things can go wrong; `None` where this process may not mount.
struct Small {
    folder: tempfile::TempDir,
}

impl Small {
    fn mounted() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let small = Self { folder };
        let is_mounted = small.mount(&["-t", "tmpfs", "-o", "size=8m", "tmpfs"]);
        if !is_mounted {
            eprintln!("not tried: this process may not mount a file system");
        }
        is_mounted.then_some(small)
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("db")
    }

    fn mount(&self, arguments: &[&str]) -> bool {
        let mut command = std::process::Command::new("mount");
        command.args(arguments).arg(self.folder.path()).stderr(std::process::Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

#[test]
fn a_full_disk_is_named_and_nothing_acknowledged_is_lost() {
    let Some(small) = Small::mounted() else { return };
    let store = RocksStore::open(&small.path()).unwrap();
    let mut acknowledged = 0;
    let error = loop {
        match store.write(batch(acknowledged, 200_000), Durability::Synced) {
            Ok(()) => acknowledged += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(error.to_string().contains(small.path().to_str().unwrap()), "{error}");
    // Even if there is room again.
    fs::write(small.folder.path().join("none"), b"").unwrap_or_default();
    assert!(matches!(store.write(Batch::new(), Durability::Synced), Err(StoreError::Stopped { .. })));
    drop(store);
    assert!(small.mount(&["-o", "remount,size=64m"]));
    let store = RocksStore::open(&small.path()).unwrap();
    assert!(store.commits() >= u64::from(acknowledged));
    for key in 0..acknowledged {
        assert!(store.contains(A, &[key]).unwrap(), "{key}");
    }
    store.write(batch(200, 10), Durability::Synced).unwrap();
}

#[test]
fn a_full_disk_is_named_when_buffers_do_not_fit_into_files() {
    let Some(small) = Small::mounted() else { return };
    let limits = RocksOptions {
        cache_bytes: 1 << 20,
        write_buffer_bytes: 1 << 16,
        write_buffers_total_bytes: 1 << 17,
        open_files_max: 64,
    };
    let store = RocksStore::open_with(&small.path(), limits).unwrap();
    // What fails first is a matter of chance here, the log or a table. RocksDB itself waits for ever for space.
    let mut number = 0;
    let error = loop {
        match store.write(batch(number, 3_000 + 50 * usize::from(number)), Durability::Synced) {
            Ok(()) => number = number.wrapping_add(1),
            Err(error) => break error,
        }
        let filler = small.folder.path().join(store.commits().to_string());
        let _ = fs::write(filler, vec![1; 50_000]);
    };
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(matches!(store.write(Batch::new(), Durability::Synced), Err(StoreError::Stopped { .. })));
    let commits = store.commits();
    drop(store);
    assert!(small.mount(&["-o", "remount,size=64m"]));
    assert!(RocksStore::open_with(&small.path(), limits).unwrap().commits() >= commits);
}

#[test]
fn a_read_only_file_system_is_named() {
    let Some(small) = Small::mounted() else { return };
    let store = RocksStore::open(&small.path()).unwrap();
    store.write(batch(1, 10), Durability::Synced).unwrap();
    drop(store);
    assert!(small.mount(&["-o", "remount,ro"]));
    let error = RocksStore::open(&small.path()).err().unwrap();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    assert!(small.mount(&["-o", "remount,rw"]));
    assert_eq!(RocksStore::open(&small.path()).unwrap().commits(), 1);
}
