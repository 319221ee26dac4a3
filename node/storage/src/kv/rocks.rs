//! The store on disk.
//!
//! One RocksDB with a column family per [`Column`], one block cache for all of them, small write buffers with a
//! common ceiling, LZ4, bloom filters for point reads. The limits keep a young node small; a node with a long
//! chain lives from the system's page cache.
//!
//! Deliberately absent: RocksDB's transactions (there is one writer), its own log level (its log files are kept
//! small instead), and any repair: what is damaged is reported.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, BoundColumnFamily, Cache, ColumnFamilyDescriptor,
    DBCompressionType, DBWithThreadMode, ErrorKind, IteratorMode, MultiThreaded, Options, ReadOptions,
    SnapshotWithThreadMode, WriteBatch, WriteOptions,
};
use self_cell::self_cell;

use super::{Batch, Durability, KeyValueRead, KeyValueStore, Rows, Scan, batch::Operation};
use crate::{columns::Column, error::StoreError};

const MIB: usize = 1 << 20;

/// What RocksDB adds to the key and the value of a write at most: its kind, the column and two lengths.
const OPERATION_BYTES: usize = 16;

type Database = DBWithThreadMode<MultiThreaded>;

/// Limits of memory and files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RocksOptions {
    /// Bytes of the block cache that all columns share.
    pub cache_bytes: usize,
    /// Bytes of one column's write buffer.
    pub write_buffer_bytes: usize,
    /// Bytes of all write buffers together.
    pub write_buffers_total_bytes: usize,
    /// Open files.
    pub open_files_max: i32,
}

impl Default for RocksOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 64 * MIB,
            write_buffer_bytes: 16 * MIB,
            write_buffers_total_bytes: 48 * MIB,
            open_files_max: 256,
        }
    }
}

/// A store on RocksDB. Clones share the same database, which closes with the last clone and snapshot.
#[derive(Clone)]
pub struct RocksStore {
    database: Arc<Database>,
}

impl RocksStore {
    /// Opens or creates the database in `path` with the default limits.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, RocksOptions::default())
    }

    /// Opens or creates the database in `path`.
    pub fn open_with(path: &Path, limits: RocksOptions) -> Result<Self, StoreError> {
        let cache = Cache::new_lru_cache(limits.cache_bytes);
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_max_open_files(limits.open_files_max);
        options.set_db_write_buffer_size(limits.write_buffers_total_bytes);
        options.set_max_total_wal_size(2 * limits.write_buffers_total_bytes as u64);
        options.set_max_background_jobs(2);
        options.set_bytes_per_sync(MIB as u64);
        options.set_keep_log_file_num(2);
        options.set_max_log_file_size(4 * MIB);
        options.set_log_level(rocksdb::LogLevel::Warn);
        let columns = Column::ALL
            .iter()
            .map(|column| ColumnFamilyDescriptor::new(column.name(), column_options(&cache, &limits)));
        let database = Database::open_cf_descriptors(&options, path, columns).map_err(from_rocksdb)?;
        Ok(Self { database: Arc::new(database) })
    }

    /// Bytes of memory in use: block cache, write buffers, and tables' own readers.
    pub fn memory_bytes(&self) -> u64 {
        let sum = |property: &str| -> u64 {
            let of = |column: &Column| {
                let handle = self.database.cf_handle(column.name())?;
                self.database.property_int_value_cf(&handle, property).ok().flatten()
            };
            Column::ALL.iter().filter_map(of).sum()
        };
        // The cache is common: asking one column is asking all.
        let cache = self.database.cf_handle(Column::Meta.name()).and_then(|handle| {
            self.database.property_int_value_cf(&handle, "rocksdb.block-cache-usage").ok().flatten()
        });
        sum("rocksdb.cur-size-all-mem-tables")
            + sum("rocksdb.estimate-table-readers-mem")
            + cache.unwrap_or(0)
    }
}

fn column_options(cache: &Cache, limits: &RocksOptions) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    // Most reads are of single rows of the state, which have no neighbours worth reading with them.
    table.set_block_size(4 * 1024);
    table.set_bloom_filter(10.0, false);
    // Indexes and filters are part of what the cache bounds. In parts, since whole ones are as large as what
    // they displace; what finds the parts stays.
    table.set_cache_index_and_filter_blocks(true);
    table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    table.set_partition_filters(true);
    table.set_pin_top_level_index_and_filter(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_format_version(5);
    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_write_buffer_size(limits.write_buffer_bytes);
    options.set_max_write_buffer_number(2);
    options.set_level_compaction_dynamic_level_bytes(true);
    options
}

/// Our error for one of RocksDB's, which are told apart by their text.
fn from_rocksdb(error: rocksdb::Error) -> StoreError {
    classify(error.kind(), error.into_string())
}

fn classify(kind: ErrorKind, detail: String) -> StoreError {
    let lower = detail.to_ascii_lowercase();
    // Whole phrases: the text also holds paths.
    let says = |phrase: &str| lower.contains(phrase);
    if says("no space left on device") || says("disk quota exceeded") {
        return StoreError::DiskFull { detail };
    }
    match kind {
        ErrorKind::Corruption => StoreError::Corrupt { detail },
        ErrorKind::IOError if says("lock hold by current process") || says("while lock file") => {
            StoreError::Locked { detail }
        }
        ErrorKind::InvalidArgument | ErrorKind::NotSupported | ErrorKind::ColumnFamilyDropped => {
            StoreError::Refused { detail }
        }
        _ => StoreError::Io { detail },
    }
}

fn handle(database: &Database, column: Column) -> Result<Arc<BoundColumnFamily<'_>>, StoreError> {
    database
        .cf_handle(column.name())
        .ok_or_else(|| StoreError::Refused { detail: format!("column {column} is not open") })
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
    let rows = rows.map(|row| match row {
        Ok((key, value)) => Ok((key.into_vec(), value.into_vec())),
        Err(error) => Err(from_rocksdb(error)),
    });
    Box::new(rows.take(scan.limit_rows()))
}

/// What a write takes in a batch. Growing a batch of megabytes step by step would copy it many times.
fn bytes_of(operation: &Operation) -> usize {
    OPERATION_BYTES
        + match operation {
            Operation::Put { key, value, .. } => key.len() + value.len(),
            Operation::Delete { key, .. } => key.len(),
            Operation::Clear { .. } => 0,
        }
}

/// Where the columns end that a batch clears: behind their last stored row and behind every row that the batch
/// itself puts there, since RocksDB removes ranges with an end.
struct Clears(BTreeMap<Column, Option<Vec<u8>>>);

impl Clears {
    fn of(database: &Database, operations: &[Operation]) -> Result<Self, StoreError> {
        let mut ends: BTreeMap<Column, Option<Vec<u8>>> = BTreeMap::new();
        for operation in operations {
            if let Operation::Clear { column } = operation
                && !ends.contains_key(column)
            {
                let last = Scan::all().reversed().limit(1);
                let last = rows(database, ReadOptions::default(), *column, &last).next().transpose()?;
                ends.insert(*column, last.map(|(key, _)| key));
            }
        }
        if ends.is_empty() {
            return Ok(Self(ends));
        }
        for operation in operations {
            if let Operation::Put { column, key, .. } = operation
                && let Some(last) = ends.get_mut(column)
                && last.as_ref().is_none_or(|last| last < key)
            {
                *last = Some(key.clone());
            }
        }
        // The next greater key is one zero byte longer.
        ends.values_mut().flatten().for_each(|key| key.push(0));
        Ok(Self(ends))
    }

    /// The key behind the last one; `None` if there is nothing to remove.
    fn end(&self, column: Column) -> Option<&[u8]> {
        self.0.get(&column)?.as_deref()
    }
}

impl KeyValueRead for RocksStore {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.database.get_cf(&handle(&self.database, column)?, key).map_err(from_rocksdb)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        rows(&self.database, ReadOptions::default(), column, &scan)
    }
}

impl KeyValueStore for RocksStore {
    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        let operations = batch.into_operations();
        let mut writes = WriteBatch::with_capacity_bytes(operations.iter().map(bytes_of).sum());
        let clears = Clears::of(&self.database, &operations)?;
        let mut current = None;
        for operation in operations {
            // Batches come sorted by column, so looking the handle up once per run is enough.
            let handle = match &current {
                Some((column, handle)) if *column == operation.column() => handle,
                _ => &current.insert((operation.column(), handle(&self.database, operation.column())?)).1,
            };
            match operation {
                Operation::Put { key, value, .. } => writes.put_cf(handle, key, value),
                Operation::Delete { key, .. } => writes.delete_cf(handle, key),
                Operation::Clear { column } => {
                    if let Some(end) = clears.end(column) {
                        writes.delete_range_cf(handle, [].as_slice(), end);
                    }
                }
            }
        }
        let mut options = WriteOptions::default();
        options.set_sync(durability == Durability::Synced);
        self.database.write_opt(writes, &options).map_err(from_rocksdb)
    }

    fn snapshot(&self) -> Arc<dyn KeyValueRead> {
        Arc::new(RocksSnapshot {
            cell: SnapshotCell::new(Arc::clone(&self.database), |database| {
                BorrowedSnapshot(database.snapshot())
            }),
        })
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.database.flush_wal(true).map_err(from_rocksdb)?;
        for column in Column::ALL {
            self.database.flush_cf(&handle(&self.database, *column)?).map_err(from_rocksdb)?;
        }
        Ok(())
    }
}

struct BorrowedSnapshot<'a>(SnapshotWithThreadMode<'a, Database>);

self_cell!(
    /// A snapshot together with the database it borrows.
    struct SnapshotCell {
        owner: Arc<Database>,
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
        let mut options = ReadOptions::default();
        options.set_snapshot(&self.cell.borrow_dependent().0);
        options
    }
}

impl KeyValueRead for RocksSnapshot {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let database = self.cell.borrow_owner();
        database.get_cf_opt(&handle(database, column)?, key, &self.options()).map_err(from_rocksdb)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        rows(self.cell.borrow_owner(), self.options(), column, &scan)
    }
}
