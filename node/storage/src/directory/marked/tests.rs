#![allow(clippy::unwrap_used)]

use std::{fs, path::PathBuf};

use vibecoin_crypto::sha256;

use super::*;
use crate::{
    KeyValueWrite as _, StateVersion,
    active::ActiveBlock,
    directory::{Directory, DirectoryError},
};

fn genesis() -> Hash {
    sha256(b"genesis")
}

fn id(height: u64) -> Hash {
    sha256(&height.to_le_bytes())
}

fn open(path: &Path) -> Result<(Directory, MarkedStore), DirectoryError> {
    let directory = Directory::open(path, "x", &genesis())?;
    let store = directory.open_store(RocksOptions { cache_bytes: 1 << 20, ..RocksOptions::default() })?;
    Ok((directory, store))
}

fn connect(store: &MarkedStore, height: u64, durability: Durability) {
    let mut batch = Batch::new();
    let block = ActiveBlock { id: id(height), state_version: StateVersion::new(height) };
    active::connect(&mut batch, Height::new(height), &block);
    batch.put(Column::Bodies, id(height).as_bytes().to_vec(), vec![height as u8; 300]);
    store.write(batch, durability).unwrap();
}

/// A directory with this many blocks, of which one opening knew `in_tables` and another one the rest.
fn filled(path: &Path, blocks: u64, in_tables: u64) {
    let (_directory, store) = open(path).unwrap();
    (0..in_tables).for_each(|height| connect(&store, height, Durability::Synced));
    store.flush().unwrap();
    (in_tables..blocks).for_each(|height| connect(&store, height, Durability::Synced));
}

fn mark(path: &Path) -> Mark {
    match marker::read(&path.join("tip")) {
        Found::Mark(mark) => mark,
        found => panic!("{found:?}"),
    }
}

fn files(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let (folders, mut found): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    folders.iter().for_each(|folder| found.extend(files(folder)));
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
}

#[test]
fn the_mark_follows_what_was_synced() {
    let folder = tempfile::tempdir().unwrap();
    let (directory, store) = open(folder.path()).unwrap();
    assert!(store.recovered().is_clean());
    // Format and genesis were the first commit.
    assert_eq!(mark(folder.path()), Mark { commits: 1, height: Height::GENESIS, tip: Hash::ZERO });
    connect(&store, 0, Durability::Synced);
    connect(&store, 1, Durability::Buffered);
    assert_eq!(mark(folder.path()), Mark { commits: 2, height: Height::GENESIS, tip: id(0) });
    connect(&store, 2, Durability::Synced);
    assert_eq!(mark(folder.path()), Mark { commits: 4, height: Height::new(2), tip: id(2) });
    connect(&store, 3, Durability::Buffered);
    store.flush().unwrap();
    assert_eq!(mark(folder.path()), Mark { commits: 5, height: Height::new(3), tip: id(3) });
    drop((store, directory));
    let (_directory, store) = open(folder.path()).unwrap();
    assert!(store.recovered().is_clean());
    assert_eq!(store.database().commits(), 5);
}

#[test]
fn commits_that_are_gone_are_counted_once() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 30, 10);
    let logs: Vec<_> = files(folder.path())
        .into_iter()
        .filter(|file| file.extension().is_some_and(|e| e == "log"))
        .collect();
    let [log] = &logs[..] else { panic!("{logs:?}") };
    let length = fs::metadata(log).unwrap().len();
    fs::OpenOptions::new().write(true).open(log).unwrap().set_len(length / 2).unwrap();
    {
        let (_directory, store) = open(folder.path()).unwrap();
        let left = store.database().commits();
        let lost = Lost { commits: 31 - left, height: Height::new(29), tip: id(29) };
        assert!((11..31).contains(&left));
        assert_eq!(store.recovered().lost_commits, Some(lost));
        let words = store.recovered().to_string();
        assert!(
            words.contains(&format!("{} commits", lost.commits)) && words.contains("block 29"),
            "{words}"
        );
        assert_eq!(mark(folder.path()).commits, left);
    }
    let (_directory, store) = open(folder.path()).unwrap();
    assert!(store.recovered().is_clean());
}

#[test]
fn an_older_mark_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 5, 0);
    let before = fs::read(folder.path().join("tip")).unwrap();
    {
        let (_directory, store) = open(folder.path()).unwrap();
        connect(&store, 5, Durability::Synced);
    }
    fs::write(folder.path().join("tip"), before).unwrap();
    let (_directory, store) = open(folder.path()).unwrap();
    assert!(store.recovered().is_clean());
    assert_eq!(mark(folder.path()).commits, 7);
}

#[test]
fn a_mark_that_is_none_is_a_warning_and_written_again() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 5, 2);
    let file = folder.path().join("tip");
    let good = fs::read(&file).unwrap();
    let mut wrong: Vec<Vec<u8>> = (0..good.len())
        .map(|at| {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 8);
            bytes
        })
        .collect();
    assert!(wrong.iter().all(|bytes| {
        fs::write(&file, bytes).unwrap();
        marker::read(&file) == Found::Damaged
    }));
    wrong.truncate(1);
    wrong.extend([vec![], good[..59].to_vec(), [&good[..], &[0]].concat(), vec![0xff; 5_000]]);
    for bytes in wrong {
        fs::write(&file, &bytes).unwrap();
        let (_directory, store) = open(folder.path()).unwrap();
        assert_eq!(store.recovered(), &Recovered { is_unmarked: true, ..Recovered::default() });
        assert_eq!(fs::read(&file).unwrap(), good);
    }
    fs::remove_file(&file).unwrap();
    assert!(open(folder.path()).unwrap().1.recovered().is_unmarked);
    assert_eq!(fs::read(&file).unwrap(), good);
    // Not even a folder in its place is in the way.
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let (_directory, store) = open(folder.path()).unwrap();
    assert!(store.recovered().is_unmarked);
    connect(&store, 5, Durability::Synced);
}

/// What every single fault must lead to: words, or a directory in which every row that is read is right and every
/// confirmed commit that is missing was announced.
fn is_honest(path: &Path, blocks: u64) -> &'static str {
    let (_directory, store) = match open(path) {
        Ok(opened) => opened,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return "refused";
        }
    };
    let mut damaged = false;
    let mut missing = 0;
    for height in 0..blocks {
        match store.get(Column::Bodies, id(height).as_bytes()) {
            Ok(Some(value)) => assert_eq!(value, vec![height as u8; 300]),
            Ok(None) => missing += 1,
            Err(error) => {
                assert!(error.is_damage(), "{error}");
                damaged = true;
            }
        }
    }
    let lost = store.recovered().lost_commits.map_or(0, |lost| lost.commits);
    assert!(missing <= lost, "{missing} of {lost}: {}", store.recovered());
    match (damaged, store.recovered().is_clean()) {
        (true, _) => "found when read",
        (false, false) => "found at the start",
        (false, true) => "harmless",
    }
}

#[test]
fn no_single_fault_in_any_file_is_silent() {
    const BLOCKS: u64 = 60;
    let template = tempfile::tempdir().unwrap();
    filled(template.path(), BLOCKS, 30);
    let mut outcomes = std::collections::BTreeMap::<_, u32>::new();
    let mut kinds = std::collections::BTreeSet::new();
    for file in files(template.path()) {
        let name = file.strip_prefix(template.path()).unwrap().to_owned();
        let bytes = fs::read(&file).unwrap();
        kinds.insert(name.to_str().unwrap().trim_end_matches(|c: char| c.is_ascii_digit()).to_owned());
        let mut faults: Vec<Vec<u8>> = Vec::new();
        for step in 0..4 {
            let mut flipped = bytes.clone();
            if let Some(byte) = flipped.get_mut(step * bytes.len() / 4 + bytes.len() / 9) {
                *byte ^= 1 << (2 * step);
                faults.push(flipped);
            }
            if !bytes.is_empty() {
                faults.push(bytes[..step * bytes.len() / 4].to_vec());
            }
        }
        for fault in faults {
            let folder = tempfile::tempdir().unwrap();
            copy(template.path(), folder.path());
            fs::write(folder.path().join(&name), fault).unwrap();
            *outcomes.entry(is_honest(folder.path(), BLOCKS)).or_default() += 1;
        }
    }
    // Every kind of file was hit, and faults ended in every way.
    assert!(kinds.len() >= 7, "{kinds:?}");
    assert!(
        ["refused", "found when read", "found at the start"].iter().all(|end| outcomes.contains_key(end)),
        "{outcomes:?}"
    );
}
