//! What is there after the files were damaged: what was committed up to some moment, or words.

use std::path::PathBuf;

use super::*;
use crate::kv::rocks::log::{self, Ending};

const COMMITS_MADE: u64 = 120;

/// Columns that a commit touches here: more than one, so that it could be torn between them.
const TOUCHED: [Column; 3] = [Column::Meta, Column::Bodies, Column::Pool];

/// Makes commits of several columns, some longer than a block of the log, and lets go without a flush.
fn filled(folder: &Path) {
    let store = RocksStore::open(folder).unwrap();
    for number in 1..=COMMITS_MADE {
        let mut batch = Batch::new();
        for column in TOUCHED {
            let length = if number % 20 == 0 { 15_000 } else { 100 };
            batch.put(column, number.to_be_bytes().to_vec(), vec![number as u8; length]);
        }
        store.write(batch, Durability::Synced).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn log_of(folder: &Path) -> PathBuf {
    logs_of(folder).into_iter().max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap()
}

/// All logs of a database.
fn logs_of(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect()
}

/// How many commits are there. They must be the first ones, whole.
fn prefix(store: &RocksStore) -> u64 {
    let commits = store.commits();
    for column in TOUCHED {
        let rows = store.scan(column, Scan::all()).unwrap();
        let numbers: Vec<_> =
            rows.iter().map(|(key, _)| u64::from_be_bytes(key[..].try_into().unwrap())).collect();
        assert_eq!(numbers, (1..=commits).collect::<Vec<_>>(), "{column}");
        assert!(
            rows.iter()
                .zip(1_u64..)
                .all(|((_, value), number)| value.iter().all(|byte| *byte == number as u8))
        );
    }
    commits
}

/// Damages the log of a copy, opens it, and says how many commits are left and what was found. The database takes
/// new commits then, and finds nothing amiss the next time.
fn after(template: &Path, damage: impl FnOnce(&mut Vec<u8>)) -> (u64, Option<LogEnd>) {
    let folder = tempfile::tempdir().unwrap();
    copy(template, folder.path());
    let log = log_of(folder.path());
    let mut bytes = fs::read(&log).unwrap();
    damage(&mut bytes);
    fs::write(&log, bytes).unwrap();
    let store = RocksStore::open(folder.path()).unwrap();
    let left = prefix(&store);
    let found = store.log_end().cloned();
    store.write(Batch::new(), Durability::Synced).unwrap();
    drop(store);
    let again = RocksStore::open(folder.path()).unwrap();
    assert_eq!((again.commits(), again.log_end()), (left + 1, None));
    (left, found)
}

#[test]
fn the_database_s_own_log_is_read_as_it_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    assert_eq!(log::inspect(&log_of(folder.path()), |_| ()).unwrap(), Ending::Whole);
    let store = RocksStore::open(folder.path()).unwrap();
    assert_eq!((prefix(&store), store.log_end()), (COMMITS_MADE, None));
}

#[test]
fn a_torn_end_opens_with_every_commit_before_it() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let length = fs::read(log_of(folder.path())).unwrap().len();
    let mut last = COMMITS_MADE;
    // The last of these end in the long commit before the end.
    for cut in [0, 1, 6, 7, 8, 100, 400, 1_000, 5_000, 30_000, 45_100, 46_000, length - 3, length] {
        let (left, found) = after(folder.path(), |log| log.truncate(length - cut));
        assert!(left <= last, "{cut}");
        last = left;
        let is_between = found.is_none();
        assert!(is_between || !found.unwrap().is_damage, "{cut}");
        assert!(cut > 0 || (left, is_between) == (COMMITS_MADE, true));
    }
    assert_eq!(last, 0);
    // Zeros and scraps at the end, as from a file system that made room before it wrote.
    for scraps in [vec![0; 1], vec![0; 50_000], vec![0xa5; 3], vec![1; 40]] {
        let (left, found) = after(folder.path(), |log| log.extend(&scraps));
        assert_eq!((left, found.map(|found| found.is_damage)), (COMMITS_MADE, Some(false)));
    }
}

#[test]
fn damage_in_the_middle_is_never_skipped() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let length = fs::read(log_of(folder.path())).unwrap().len();
    // Up to the last commit, behind which nothing could tell damage from a torn end.
    for step in 0..40 {
        let at = 20 + step * (length - 50_000) / 40;
        let (left, found) = after(folder.path(), |log| log[at] ^= 1 << (step % 8));
        let found = found.unwrap();
        assert!(left < COMMITS_MADE && found.is_damage && found.at_bytes <= at as u64, "{at}: {found}");
        assert_eq!(found.at_bytes + found.dropped_bytes, length as u64);
    }
    // A lost page, even one in which records begin and end.
    let (left, found) = after(folder.path(), |log| log[8_192..12_288].fill(0));
    assert!(left < COMMITS_MADE / 2 && found.unwrap().is_damage);
}

#[test]
fn a_type_that_became_a_recycled_log_s_does_not_hold_up_the_opening() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let log = fs::read(log_of(folder.path())).unwrap();
    // The second record: the first one's header and length lead to it.
    let second = 7 + usize::from(u16::from_le_bytes([log[4], log[5]]));
    assert_eq!(log[second + 6], 1, "a record in one part");
    let (left, found) = after(folder.path(), |log| log[second + 6] ^= 4);
    assert!(left <= 1);
    assert_eq!(found.unwrap().at_bytes, second as u64);
}

#[test]
fn what_was_cut_off_a_damaged_log_is_kept_aside() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let log = log_of(folder.path());
    let mut bytes = fs::read(&log).unwrap();
    bytes[5_000] ^= 1;
    fs::write(&log, &bytes).unwrap();
    let store = RocksStore::open(folder.path()).unwrap();
    assert_eq!(fs::read(folder.path().join("damaged.log")).unwrap(), bytes);
    assert!(store.log_end().unwrap().to_string().contains("is damaged at byte"));
    assert!(store.sizes().unwrap().log_bytes < bytes.len() as u64, "which is no log any more");
}

#[test]
fn a_folder_without_its_current_file_is_no_new_database() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let current = folder.path().join("CURRENT");
    let text = fs::read(&current).unwrap();
    fs::remove_file(&current).unwrap();
    let error = RocksStore::open(folder.path()).err().unwrap();
    assert!(
        matches!(&error, StoreError::Corrupt { detail } if detail.contains("CURRENT is missing")),
        "{error}"
    );
    for bad in
        [&b""[..], b"MANIFEST-", b"MANIFEST-000001", b"MANIFEST-999999\n", b"MANIFEST-00000x\n", b"../x\n"]
    {
        fs::write(&current, bad).unwrap();
        let error = RocksStore::open(folder.path()).err().unwrap();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    }
    fs::write(&current, text).unwrap();
    assert_eq!(prefix(&RocksStore::open(folder.path()).unwrap()), COMMITS_MADE);
}

#[test]
fn an_interrupted_creation_begins_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("MANIFEST-000001"), b"").unwrap();
    fs::write(folder.path().join("IDENTITY"), b"x").unwrap();
    assert_eq!(RocksStore::open(folder.path()).unwrap().commits(), 0);
}

#[test]
fn a_damaged_manifest_is_refused_or_harmless() {
    let template = tempfile::tempdir().unwrap();
    filled(template.path());
    RocksStore::open(template.path()).unwrap().flush().unwrap();
    let name = fs::read_to_string(template.path().join("CURRENT")).unwrap();
    let bytes = fs::read(template.path().join(name.trim())).unwrap();
    let mut refused = 0;
    for step in 0..24 {
        let folder = tempfile::tempdir().unwrap();
        copy(template.path(), folder.path());
        let mut damaged = bytes.clone();
        let at = step * bytes.len() / 24;
        damaged[at] ^= 4;
        fs::write(folder.path().join(name.trim()), damaged).unwrap();
        match RocksStore::open(folder.path()) {
            Ok(store) => assert!(prefix(&store) <= COMMITS_MADE),
            Err(error) => {
                assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused >= 20, "{refused}");
}

#[test]
fn columns_go_to_files_together() {
    let folder = tempfile::tempdir().unwrap();
    let limits = RocksOptions { write_buffer_bytes: 1 << 16, ..RocksOptions::default() };
    let store = RocksStore::open_with(folder.path(), limits).unwrap();
    // One column fills its buffer again and again, the other one hardly has anything.
    for number in 0..40_u8 {
        let mut batch = Batch::new();
        batch.put(Column::Bodies, vec![number], vec![number; 20_000]);
        batch.put(Column::Pool, vec![number], vec![number]);
        store.write(batch, Durability::Buffered).unwrap();
    }
    drop(store);
    // Without the logs, of which there are two while a flush is under way, the rest is gone, but from both columns
    // alike.
    logs_of(folder.path()).iter().for_each(|log| fs::write(log, b"").unwrap());
    let store = RocksStore::open_with(folder.path(), limits).unwrap();
    let count = |column| store.scan(column, Scan::all()).unwrap().len() as u64;
    assert_eq!(count(Column::Bodies), count(Column::Pool));
    assert_eq!(count(Column::Pool), store.commits());
    assert!((1..40).contains(&store.commits()), "{}", store.commits());
}
