//! The store on disk.
//!
//! One RocksDB with a column family per [`Column`], one block cache for all of them, small write buffers with a
//! common ceiling, LZ4, bloom filters for point reads. The limits keep a young node small; a node with a long
//! chain lives from the system's page cache.
//!
//! Every row is sealed with a checksum of its own, which every read verifies. Every commit has a number, which
//! stands in the same batch, in the column family `default` that no [`Column`] uses: so it is known after a crash
//! how many commits there are. After a write that failed there are no more: whether its batch is there is known
//! when the database is opened again.
//!
//! Deliberately absent: RocksDB's transactions (there is one writer), its own log level (its log files are kept
//! small instead), and any repair of tables: what is damaged is reported.

mod errors;
mod inspection;
mod log;
mod options;
mod scratch;
#[cfg(test)]
mod tests;
mod writes;

use std::{
    fs::{self, File, TryLockError},
    io,
    ops::Deref,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use parking_lot::Mutex;
use rocksdb::{
    BoundColumnFamily, Cache, ColumnFamilyDescriptor, DBWithThreadMode, ErrorKind, FlushOptions,
    IteratorMode, MultiThreaded, ReadOptions, SnapshotWithThreadMode,
};
use self_cell::self_cell;

use super::{
    Batch, Durability, KeyValueRead, KeyValueStore, Rows, Scan, seal,
    sizes::{ColumnSize, StoreSizes},
};
use crate::{columns::Column, error::StoreError};
use errors::from_rocksdb;
pub use inspection::LogEnd;
pub use options::RocksOptions;
use writes::Sealed;

/// The column family of what the store itself keeps.
const OWN: &str = "default";

/// The row of [`OWN`] with the number of the last commit.
const COMMITS: &[u8] = b"commits";

/// How long a write waits before it is tried again.
const STALL: Duration = Duration::from_millis(2);

/// Held while the database is open.
const LOCK_FILE: &str = "store.lock";

type Database = DBWithThreadMode<MultiThreaded>;

/// A store on RocksDB. Clones share the same database, which closes with the last clone and snapshot.
#[derive(Clone)]
pub struct RocksStore {
    database: Arc<Held>,
    writer: Arc<Writer>,
    log_end: Option<LogEnd>,
}

/// A database and the lock of its folder, which is let go last.
struct Held {
    database: Database,
    /// How single rows are read, made once.
    reading: ReadOptions,
    _lock: File,
}

impl Deref for Held {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

/// What commits need: they are numbered one by one.
struct Writer {
    /// The number of the last commit.
    commits: Mutex<u64>,
    /// Why there are no more.
    failed: OnceLock<StoreError>,
}

impl RocksStore {
    /// Opens or creates the database in `path` with the default limits.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, RocksOptions::default())
    }

    /// Opens or creates the database in `path`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when its own files are damaged beyond a torn end of the log,
    /// [`StoreError::Locked`], and the system's errors.
    pub fn open_with(path: &Path, limits: RocksOptions) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let inspection = inspection::inspect(path)?;
        inspection.check_commits(path)?;
        let cache = Cache::new_lru_cache(limits.cache_bytes);
        let names = Column::ALL.iter().map(|column| column.name()).chain([OWN]);
        let columns = names.map(|name| ColumnFamilyDescriptor::new(name, options::column(&cache, &limits)));
        let options = options::database(&limits, inspection.is_new);
        let database = Database::open_cf_descriptors(&options, path, columns)
            .map_err(|error| from_rocksdb(path, error))?;
        let commits = read_commits(&database)?;
        Ok(Self {
            database: Arc::new(Held { database, reading: options::reading(), _lock: lock }),
            writer: Arc::new(Writer { commits: Mutex::new(commits), failed: OnceLock::new() }),
            log_end: inspection.log_end,
        })
    }

    /// How many batches were ever committed. Each raises it by one, and it is as durable as the batch.
    pub fn commits(&self) -> u64 {
        *self.writer.commits.lock()
    }

    /// The log that did not end after a whole record when the database was opened.
    pub const fn log_end(&self) -> Option<&LogEnd> {
        self.log_end.as_ref()
    }

    /// Commits a batch, and returns its number.
    pub(crate) fn commit(&self, batch: Batch, durability: Durability) -> Result<u64, StoreError> {
        // Numbers must be in the order of the commits.
        let mut commits = self.writer.commits.lock();
        self.is_writable()?;
        let number = commits.checked_add(1).expect("a commit a nanosecond would need centuries");
        let sealed = Sealed::new(&self.database, batch, number)?;
        let options = options::writing(durability);
        // While flushes and compactions lag behind, writes have to wait. RocksDB would wait for ever for those that
        // failed for want of space, so the waiting is done here.
        loop {
            match self.database.write_opt(sealed.to_writes(&self.database)?, &options) {
                Err(error) if error.kind() == ErrorKind::Incomplete => self.wait()?,
                written => break self.or_stop(written)?,
            }
        }
        *commits = number;
        Ok(number)
    }

    /// Gives flushes and compactions a moment, unless one of them has failed.
    fn wait(&self) -> Result<(), StoreError> {
        if self.property(Column::Meta, "rocksdb.background-errors") == 0 {
            std::thread::sleep(STALL);
            return Ok(());
        }
        let error = errors::probe(self.database.path());
        self.writer.failed.get_or_init(|| error.clone());
        Err(error)
    }

    /// Whether no write has failed yet.
    fn is_writable(&self) -> Result<(), StoreError> {
        self.writer.failed.get().map_or(Ok(()), |cause| Err(StoreError::stopped(cause)))
    }

    /// Remembers the first failure of a write.
    fn or_stop(&self, written: Result<(), rocksdb::Error>) -> Result<(), StoreError> {
        written.map_err(|error| {
            let error = from_rocksdb(self.database.path(), error);
            self.writer.failed.get_or_init(|| error.clone());
            error
        })
    }

    /// Bytes of memory in use: block cache, write buffers, and tables' own readers.
    pub fn memory_bytes(&self) -> u64 {
        let sum = |name: &str| Column::ALL.iter().map(|column| self.property(*column, name)).sum::<u64>();
        sum("rocksdb.cur-size-all-mem-tables")
            + sum("rocksdb.estimate-table-readers-mem")
            // The cache is common: asking one column is asking all.
            + self.property(Column::Meta, "rocksdb.block-cache-usage")
    }

    fn property(&self, column: Column, name: &str) -> u64 {
        let handle = self.database.cf_handle(column.name());
        let value = handle.and_then(|handle| self.database.property_int_value_cf(&handle, name).ok());
        value.flatten().unwrap_or(0)
    }

    /// Bytes of the log's files.
    fn log_bytes(&self) -> Result<u64, StoreError> {
        let folder = self.database.path();
        let failed = |error: io::Error| StoreError::at(folder, &error);
        let mut bytes = 0;
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name().to_str().and_then(inspection::log_number).is_some() {
                // A log may go away between the two questions.
                bytes += entry.metadata().map_or(0, |metadata| metadata.len());
            }
        }
        Ok(bytes)
    }
}

/// Locks a database's folder, which is made if it is not there. RocksDB has a lock of its own, but takes it only
/// when it opens; what is done before must not happen to a database that is open.
fn lock(folder: &Path) -> Result<File, StoreError> {
    let file = folder.join(LOCK_FILE);
    let failed = |error: io::Error| StoreError::at(&file, &error);
    fs::create_dir_all(folder).map_err(failed)?;
    let lock = File::options().create(true).write(true).truncate(false).open(&file).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { detail: file.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// The number of the last commit; 0 in a new database.
fn read_commits(database: &Database) -> Result<u64, StoreError> {
    let failed = |error| from_rocksdb(database.path(), error);
    let Some(row) = database.get_opt(COMMITS, &options::reading()).map_err(failed)? else { return Ok(0) };
    commit_number(&row).ok_or_else(|| StoreError::Corrupt {
        detail: format!("the number of commits in {} has a wrong checksum", database.path().display()),
    })
}

/// What the row of the last commit's number says; `None` if its seal is broken.
fn commit_number(row: &[u8]) -> Option<u64> {
    let length = seal::check(OWN, COMMITS, row)?;
    Some(u64::from_le_bytes(row[..length].try_into().ok()?))
}

fn handle(database: &Database, column: Column) -> Result<Arc<BoundColumnFamily<'_>>, StoreError> {
    database
        .cf_handle(column.name())
        .ok_or_else(|| StoreError::Refused { detail: format!("column {column} is not open") })
}

/// The value of a key, verified.
fn get(
    database: &Database,
    options: &ReadOptions,
    column: Column,
    key: &[u8],
) -> Result<Option<Vec<u8>>, StoreError> {
    let sealed = database
        .get_pinned_cf_opt(&handle(database, column)?, key, options)
        .map_err(|error| from_rocksdb(database.path(), error))?;
    sealed.map(|sealed| seal::open(column, key, &sealed).map(<[u8]>::to_vec)).transpose()
}

/// The rows of a scan, seen by `options` (which may hold a snapshot).
fn rows<'a>(database: &'a Database, mut options: ReadOptions, column: Column, scan: &Scan) -> Rows<'a> {
    use std::ops::Bound;

    let handle = match handle(database, column) {
        Ok(handle) => handle,
        Err(error) => return Box::new(std::iter::once(Err(error))),
    };
    let Some((lower, upper)) = scan.range() else {
        return Box::new(std::iter::empty());
    };
    // RocksDB includes its lower and excludes its upper bound; the next greater key is one zero byte longer.
    let next = |mut key: Vec<u8>| {
        key.push(0);
        key
    };
    match lower {
        Bound::Included(key) => options.set_iterate_lower_bound(key),
        Bound::Excluded(key) => options.set_iterate_lower_bound(next(key)),
        Bound::Unbounded => {}
    }
    match upper {
        Bound::Included(key) => options.set_iterate_upper_bound(next(key)),
        Bound::Excluded(key) => options.set_iterate_upper_bound(key),
        Bound::Unbounded => {}
    }
    let mode = if scan.is_reversed() { IteratorMode::End } else { IteratorMode::Start };
    let rows = database.iterator_cf_opt(&handle, options, mode);
    let mut has_failed = false;
    let rows = rows.map_while(move |row| {
        if has_failed {
            return None;
        }
        let row = row.map_err(|error| from_rocksdb(database.path(), error)).and_then(|(key, value)| {
            let mut value = value.into_vec();
            let length = seal::open(column, &key, &value)?.len();
            value.truncate(length);
            Ok((key.into_vec(), value))
        });
        has_failed = row.is_err();
        Some(row)
    });
    Box::new(rows.take(scan.limit_rows()))
}

impl KeyValueRead for RocksStore {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        get(&self.database, &self.database.reading, column, key)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        rows(&self.database, options::reading(), column, &scan)
    }
}

impl KeyValueStore for RocksStore {
    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        self.commit(batch, durability).map(|_| ())
    }

    fn snapshot(&self) -> Arc<dyn KeyValueRead> {
        Arc::new(RocksSnapshot {
            cell: SnapshotCell::new(Arc::clone(&self.database), |database| {
                BorrowedSnapshot(database.snapshot())
            }),
        })
    }

    fn scratch(&self) -> Result<Arc<dyn KeyValueStore>, StoreError> {
        Ok(Arc::new(scratch::ScratchStore::beside(self.database.path())?))
    }

    fn flush(&self) -> Result<(), StoreError> {
        let _commits = self.writer.commits.lock();
        self.is_writable()?;
        self.or_stop(self.database.flush_wal(true))?;
        let names = Column::ALL.iter().map(|column| column.name()).chain([OWN]);
        let handles: Vec<_> = names.filter_map(|name| self.database.cf_handle(name)).collect();
        // Together, as they always go to files.
        self.or_stop(
            self.database.flush_cfs_opt(&handles.iter().collect::<Vec<_>>(), &FlushOptions::default()),
        )
    }

    fn sizes(&self) -> Result<StoreSizes, StoreError> {
        let size = |column: &Column| ColumnSize {
            column: *column,
            files_bytes: self.property(*column, "rocksdb.live-sst-files-size"),
            memory_bytes: self.property(*column, "rocksdb.cur-size-all-mem-tables"),
            rows: self.property(*column, "rocksdb.estimate-num-keys"),
        };
        Ok(StoreSizes { columns: Column::ALL.iter().map(size).collect(), log_bytes: self.log_bytes()? })
    }
}

struct BorrowedSnapshot<'a>(SnapshotWithThreadMode<'a, Database>);

self_cell!(
    /// A snapshot together with the database it borrows.
    struct SnapshotCell {
        owner: Arc<Held>,
        #[covariant]
        dependent: BorrowedSnapshot,
    }
);

/// The database as it was when the snapshot was taken.
struct RocksSnapshot {
    cell: SnapshotCell,
}

impl RocksSnapshot {
    fn options(&self) -> ReadOptions {
        let mut options = options::reading();
        options.set_snapshot(&self.cell.borrow_dependent().0);
        options
    }
}

impl KeyValueRead for RocksSnapshot {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        get(self.cell.borrow_owner(), &self.options(), column, key)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        rows(self.cell.borrow_owner(), self.options(), column, &scan)
    }
}
