//! What is looked at in the database's folder before RocksDB opens it.
//!
//! RocksDB tolerates what it must not (a folder that lost its `CURRENT` file becomes a new database), and does not
//! return from one kind of damage (see [`super::log`]). So the three files that decide what the database is are
//! looked at first: `CURRENT`, the manifest it names, and the logs.
//!
//! A log that is damaged is cut right behind the place where it stops being whole, so that RocksDB sees a torn end
//! and nothing else; what it replays is then what was committed up to there. What had to go is kept beside it until
//! the next time, as `damaged.log`.
//!
//! The logs also say which commits they hold. [`Inspection::check_commits`] compares that with how many commits the
//! tables hold by themselves: a manifest that lost its end forgets tables, and what the log holds does not follow then.
//!
//! Deliberately absent: the table files. Every block in them has a checksum of its own, and they are read when they
//! are needed.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use rocksdb::Options;

use super::{
    COMMITS, Database, OWN, commit_number, from_rocksdb,
    log::{self, Ending},
    read_commits,
};
use crate::{error::StoreError, kv::seal::SEAL_BYTES};

const CURRENT: &str = "CURRENT";
const MANIFEST: &str = "MANIFEST-";
const KEPT: &str = "damaged.log";

/// A folder without logs, for a look at the tables alone.
const NO_LOGS: &str = "no-logs";

/// A log that did not end after a whole record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// The log.
    pub file: PathBuf,
    /// Where it stopped being whole.
    pub at_bytes: u64,
    /// How many bytes were there from that place on, none of which count.
    pub dropped_bytes: u64,
    /// Whether whole records stood behind that place: then it was damaged, and not only torn by a power cut.
    pub is_damage: bool,
}

impl fmt::Display for LogEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, at_bytes, dropped_bytes, is_damage } = self;
        let file = file.display();
        if *is_damage {
            write!(
                f,
                "the log {file} is damaged at byte {at_bytes}; the {dropped_bytes} bytes from there on do not count"
            )
        } else {
            write!(
                f,
                "the log {file} has a torn end of {dropped_bytes} bytes, as a power cut leaves it, which does not count"
            )
        }
    }
}

/// What is known of a folder before it is opened.
#[derive(Debug)]
pub(super) struct Inspection {
    /// Nothing was ever stored in it.
    pub(super) is_new: bool,
    /// The first log that does not end after a whole record.
    pub(super) log_end: Option<LogEnd>,
    /// The commits in the logs: runs of numbers, first and last, in the order of the logs.
    commits: Vec<(u64, u64)>,
}

impl Inspection {
    /// Whether the commits of the logs follow those of the tables without a gap.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if commits are missing between them.
    pub(super) fn check_commits(&self, folder: &Path) -> Result<(), StoreError> {
        if self.commits.is_empty() {
            return Ok(());
        }
        let mut reached = commits_of_tables(folder)?;
        for (first, last) in &self.commits {
            if *first > reached.saturating_add(1) {
                let detail = format!(
                    "the commits {} to {} are missing in {}: its tables end before them and its log begins after them",
                    reached + 1,
                    first - 1,
                    folder.display()
                );
                return Err(StoreError::Corrupt { detail });
            }
            reached = reached.max(*last);
        }
        Ok(())
    }
}

/// How many commits the tables hold, without what is in the logs.
fn commits_of_tables(folder: &Path) -> Result<u64, StoreError> {
    let no_logs = folder.join(NO_LOGS);
    fs::create_dir_all(&no_logs).map_err(|error| StoreError::at(&no_logs, &error))?;
    let mut options = Options::default();
    options.set_wal_dir(&no_logs);
    options.set_keep_log_file_num(2);
    options.set_max_open_files(16);
    let database = Database::open_cf_for_read_only(&options, folder, [OWN], false)
        .map_err(|error| from_rocksdb(folder, error))?;
    let commits = read_commits(&database);
    drop(database);
    // Left behind, it would only puzzle people.
    let _ = fs::remove_dir(&no_logs);
    commits
}

/// The number of a commit, which is the last row of its record in the log: key and value behind their lengths.
fn number_of(record: &[u8]) -> Option<u64> {
    const VALUE_BYTES: usize = size_of::<u64>() + SEAL_BYTES;
    let (rest, value) = record.split_last_chunk::<VALUE_BYTES>()?;
    let rest = rest.strip_suffix(&[VALUE_BYTES as u8])?.strip_suffix(COMMITS)?;
    rest.strip_suffix(&[COMMITS.len() as u8])?;
    commit_number(value)
}

/// Adds a number to runs of numbers.
fn extend(runs: &mut Vec<(u64, u64)>, number: u64) {
    match runs.last_mut() {
        Some((_, last)) if *last + 1 == number => *last = number,
        _ => runs.push((number, number)),
    }
}

/// Looks at the folder of a database, and cuts a damaged log.
///
/// # Errors
/// [`StoreError::Corrupt`] when the folder is no longer one that can be opened, and the system's errors.
pub(super) fn inspect(folder: &Path) -> Result<Inspection, StoreError> {
    let names = match fs::read_dir(folder) {
        Ok(entries) => {
            let name = |entry: std::io::Result<fs::DirEntry>| Ok(entry?.file_name());
            entries.map(name).collect::<std::io::Result<Vec<_>>>()
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    let names = names.map_err(|error| StoreError::at(folder, &error))?;
    let names: Vec<&str> = names.iter().filter_map(|name| name.to_str()).collect();
    if !names.contains(&CURRENT) {
        // A creation that was interrupted leaves neither tables nor logs.
        if let Some(left) = names.iter().find(|name| name.ends_with(".sst") || log_number(name).is_some()) {
            let detail = format!("{} is missing, though {left} is there", folder.join(CURRENT).display());
            return Err(StoreError::Corrupt { detail });
        }
        return Ok(Inspection { is_new: true, log_end: None, commits: Vec::new() });
    }
    check_manifest(folder)?;
    let mut logs: Vec<_> = names.iter().filter_map(|name| Some((log_number(name)?, *name))).collect();
    logs.sort_unstable();
    let mut log_end = None;
    let mut commits = Vec::new();
    for (_, name) in logs {
        let end = check_log(folder, name, &mut commits)?;
        log_end = log_end.or(end);
    }
    Ok(Inspection { is_new: false, log_end, commits })
}

/// The number of a log such as `000012.log`.
pub(super) fn log_number(name: &str) -> Option<u64> {
    name.strip_suffix(".log")?.parse().ok()
}

/// The manifest must be whole but for a torn end, which an interrupted change leaves that nothing stands on yet.
fn check_manifest(folder: &Path) -> Result<(), StoreError> {
    let current = folder.join(CURRENT);
    let text = fs::read(&current).map_err(|error| StoreError::at(&current, &error))?;
    let name = std::str::from_utf8(&text).ok().and_then(|text| text.strip_suffix('\n'));
    let is_manifest = |name: &&str| {
        let number = name.strip_prefix(MANIFEST);
        number.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let Some(name) = name.filter(is_manifest) else {
        let detail = format!("{} does not name a manifest", current.display());
        return Err(StoreError::Corrupt { detail });
    };
    let manifest = folder.join(name);
    match log::inspect(&manifest, |_| ()) {
        Ok(Ending::Whole | Ending::Torn { .. }) => Ok(()),
        Ok(Ending::Damaged { at_bytes, .. }) => {
            let detail = format!("{} is damaged at byte {at_bytes}", manifest.display());
            Err(StoreError::Corrupt { detail })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let detail = format!("{} names {name}, which is missing", current.display());
            Err(StoreError::Corrupt { detail })
        }
        Err(error) => Err(StoreError::at(&manifest, &error)),
    }
}

fn check_log(folder: &Path, name: &str, commits: &mut Vec<(u64, u64)>) -> Result<Option<LogEnd>, StoreError> {
    let file = folder.join(name);
    let failed = |error: std::io::Error| StoreError::at(&file, &error);
    let mut visit = |record: &[u8]| {
        if let Some(number) = number_of(record) {
            extend(commits, number);
        }
    };
    let (at_bytes, is_damage) = match log::inspect(&file, &mut visit).map_err(failed)? {
        Ending::Whole => return Ok(None),
        Ending::Torn { at_bytes } => (at_bytes, false),
        Ending::Damaged { at_bytes, is_followed } => {
            if is_followed {
                fs::copy(&file, folder.join(KEPT)).map_err(failed)?;
            }
            (at_bytes, is_followed)
        }
    };
    let log = fs::OpenOptions::new().write(true).open(&file).map_err(failed)?;
    let dropped_bytes = log.metadata().map_err(failed)?.len().saturating_sub(at_bytes);
    // One byte stays: too little for a record, so that RocksDB knows that the log does not end here by itself and
    // takes nothing from a later one that does not follow.
    log.set_len(at_bytes + 1).map_err(failed)?;
    log.sync_all().map_err(failed)?;
    Ok(Some(LogEnd { file, at_bytes, dropped_bytes, is_damage }))
}
