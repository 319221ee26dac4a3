#![allow(clippy::unwrap_used)]

use vibecoin_crypto::sha256;

use super::*;
use crate::kv::MemoryStore;

fn genesis() -> Hash {
    sha256(b"genesis")
}

#[test]
fn a_locked_directory_names_its_holder() {
    let folder = tempfile::tempdir().unwrap();
    let held = Directory::open(folder.path(), "vibecoin node", &genesis()).unwrap();
    let error = Directory::open(folder.path(), "vibecoin tui", &genesis()).unwrap_err();
    let holder = Holder::Process { pid: std::process::id(), program: "vibecoin node".into() };
    assert_eq!(error, DirectoryError::Locked { path: folder.path().to_owned(), holder });
    assert!(
        error.to_string().ends_with(&format!("is in use by vibecoin node (process {})", std::process::id()))
    );
    drop(held);
    Directory::open(folder.path(), "vibecoin tui", &genesis()).unwrap();
    let text = fs::read_to_string(folder.path().join("lock")).unwrap();
    assert_eq!(text, format!("{} vibecoin tui\n", std::process::id()), "nothing is left of a longer text");
}

#[test]
fn a_lock_without_words_is_still_a_lock() {
    let folder = tempfile::tempdir().unwrap();
    let _held = DirectoryLock::acquire(folder.path(), "x").unwrap();
    for text in ["", "\0\0", "12 a\x1b[2J", "not a number", "17 "] {
        fs::write(folder.path().join("lock"), text).unwrap();
        let error = DirectoryLock::acquire(folder.path(), "y").unwrap_err();
        assert_eq!(error, DirectoryError::Locked { path: folder.path().to_owned(), holder: Holder::Unknown });
    }
}

#[test]
fn another_network_is_refused_by_both_ids() {
    let folder = tempfile::tempdir().unwrap();
    drop(Directory::open(folder.path(), "x", &genesis()).unwrap());
    let expected = sha256(b"another");
    let error = Directory::open(folder.path(), "x", &expected).unwrap_err();
    let path = folder.path().to_owned();
    assert_eq!(error, DirectoryError::OtherNetwork { path, found: genesis(), expected });
    assert!(
        error.to_string().contains(&genesis().to_string())
            && error.to_string().contains(&expected.to_string())
    );
    Directory::open(folder.path(), "x", &genesis()).unwrap();
}

#[test]
fn a_newer_format_is_refused_even_if_it_says_more() {
    let folder = tempfile::tempdir().unwrap();
    let newer = format!("vibecoin data directory\nformat 3\ngenesis {}\nshards 7\n", sha256(b"any"));
    fs::write(folder.path().join("format"), newer).unwrap();
    let error = Directory::open(folder.path(), "x", &genesis()).unwrap_err();
    assert_eq!(error, DirectoryError::NewerFormat { path: folder.path().to_owned(), found: 3, supported: 2 });
}

#[test]
fn an_older_format_is_refused_with_words_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let older = format!("vibecoin data directory\nformat 1\ngenesis {}\n", genesis());
    fs::write(folder.path().join("format"), &older).unwrap();
    let error = Directory::open(folder.path(), "x", &genesis()).unwrap_err();
    assert_eq!(error, DirectoryError::OlderFormat { path: folder.path().to_owned(), found: 1, supported: 2 });
    assert!(error.to_string().contains("older program") && error.to_string().contains("Export its blocks"));
    assert_eq!(fs::read_to_string(folder.path().join("format")).unwrap(), older);
    // Without the file the store says it.
    fs::remove_file(folder.path().join("format")).unwrap();
    let store = MemoryStore::new();
    let mut batch = Batch::new();
    meta::set_format_version(&mut batch, &1);
    meta::set_genesis_id(&mut batch, &genesis());
    store.write(batch, Durability::Synced).unwrap();
    let directory = Directory::open(folder.path(), "x", &genesis()).unwrap();
    assert!(matches!(directory.claim(&store), Err(DirectoryError::OlderFormat { found: 1, .. })));
}

#[test]
fn a_foreign_format_file_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("format");
    for text in [
        "A4\n",
        "",
        "vibecoin data directory\nformat one\n",
        "vibecoin data directory\nformat 1\ngenesis 00\n",
    ] {
        fs::write(&file, text).unwrap();
        let error = Directory::open(folder.path(), "x", &genesis()).unwrap_err();
        assert_eq!(error, DirectoryError::NotOurs { path: file.clone() });
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    fs::write(&file, [0xff, 0xfe]).unwrap();
    assert_eq!(
        Directory::open(folder.path(), "x", &genesis()).unwrap_err(),
        DirectoryError::NotOurs { path: file.clone() }
    );
}

#[test]
fn the_database_remembers_its_network_without_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    {
        let directory = Directory::open(folder.path(), "x", &genesis()).unwrap();
        directory.claim(&store).unwrap();
        directory.claim(&store).unwrap();
    }
    fs::remove_file(folder.path().join("format")).unwrap();
    let other = Directory::open(folder.path(), "x", &sha256(b"another")).unwrap();
    assert!(
        matches!(other.claim(&store), Err(DirectoryError::OtherNetwork { found, .. }) if found == genesis())
    );
}

#[cfg(feature = "rocksdb")]
#[test]
fn a_store_opens_again_with_what_it_had() {
    use crate::kv::{KeyValueRead as _, KeyValueWrite as _, RocksOptions};
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3_u8 {
        let directory = Directory::open(folder.path(), "x", &genesis()).unwrap();
        let store = directory.open_store(RocksOptions::default()).unwrap();
        for before in 0..round {
            assert_eq!(store.get(crate::Column::Pool, &[before]).unwrap(), Some(vec![before]));
        }
        let mut batch = Batch::new();
        batch.put(crate::Column::Pool, vec![round], vec![round]);
        store.write(batch, Durability::Synced).unwrap();
    }
}

#[test]
fn a_path_that_is_a_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Directory::open(&file, "x", &genesis()).unwrap_err();
    assert!(matches!(error, DirectoryError::Store { source: StoreError::Io { .. }, .. }));
}
