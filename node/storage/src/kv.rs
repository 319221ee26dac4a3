//! Ordered columns of byte rows: one trait to read, one to gather writes, one to commit them.
//!
//! All traits are usable as `dyn`. Reads of a store see everything that was committed; reads of a
//! [`KeyValueStore::snapshot`] see what was committed when it was taken and nothing after it.
//!
//! Deliberately absent: writes outside a batch, transactions with conflicts (there is one writer), and types
//! (rows are bytes here; see the modules above this one).

mod batch;
#[cfg(test)]
mod contract;
#[cfg(any(test, feature = "testing"))]
mod faulty;
mod memory;
mod overlay;
#[cfg(feature = "rocksdb")]
mod rocks;
mod scan;
#[cfg(feature = "rocksdb")]
mod seal;
mod sizes;

use std::sync::Arc;

pub use batch::Batch;
#[cfg(any(test, feature = "testing"))]
pub use faulty::{Fault, FaultyStore};
pub use memory::MemoryStore;
pub use overlay::Overlay;
#[cfg(feature = "rocksdb")]
pub use rocks::{LogEnd, RocksOptions, RocksStore};
pub use scan::Scan;
pub use sizes::{ColumnSize, StoreSizes};

use crate::{columns::Column, error::StoreError};

/// A row: key and value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Rows as they come, in the order of the scan. After an error the iterator ends.
pub type Rows<'a> = Box<dyn Iterator<Item = Result<Row, StoreError>> + 'a>;

/// Reading of columns. Many threads may read at once.
pub trait KeyValueRead: Send + Sync {
    /// The value of `key`, or `None`.
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The rows that `scan` describes, one by one.
    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a>;

    /// Whether `key` has a value.
    fn contains(&self, column: Column, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.get(column, key)?.is_some())
    }

    /// The rows that `scan` describes, collected. Give the scan a limit unless the range is known to be small.
    fn scan(&self, column: Column, scan: Scan) -> Result<Vec<Row>, StoreError> {
        self.iterate(column, scan).collect()
    }
}

/// Gathering of writes, which nobody else sees until they are committed.
pub trait KeyValueWrite {
    /// Sets `key` to `value`; a later put or delete of the same key replaces this one.
    fn put(&mut self, column: Column, key: Vec<u8>, value: Vec<u8>);

    /// Removes `key`, whether it exists or not.
    fn delete(&mut self, column: Column, key: Vec<u8>);

    /// Removes every row of a column, those that were put here before included; what is put after it stays. As
    /// cheap for a long column as for a short one.
    fn clear(&mut self, column: Column);
}

/// How certain a committed batch must be when `write` returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It survives a power cut.
    Synced,
    /// It survives the end of the process (also `kill -9`), not a power cut. The next synced batch secures it.
    Buffered,
}

/// A store that commits batches.
pub trait KeyValueStore: KeyValueRead {
    /// Commits `batch`: all of it or nothing.
    ///
    /// # Errors
    /// The first failure as it is; whether its batch is there is known when the store is opened again. After it
    /// [`StoreError::Stopped`], whatever the batch: nothing is acknowledged on top of what may be missing.
    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError>;

    /// What is committed now, unchanged by later writes. Hold it shortly: it keeps old rows alive.
    fn snapshot(&self) -> Arc<dyn KeyValueRead>;

    /// An empty store for work whose result is thrown away; it is gone when it is dropped. In memory, unless the
    /// store has a better place.
    ///
    /// # Errors
    /// [`StoreError`] when there is no room for one.
    fn scratch(&self) -> Result<Arc<dyn KeyValueStore>, StoreError> {
        Ok(Arc::new(MemoryStore::new()))
    }

    /// Brings everything that is still in memory to the disk. Called once, when the node stops.
    fn flush(&self) -> Result<(), StoreError>;

    /// How much room it takes. Asked for people, now and then; a store may keep no account of it.
    ///
    /// # Errors
    /// [`StoreError`] when the files cannot be looked at.
    fn sizes(&self) -> Result<StoreSizes, StoreError> {
        Ok(StoreSizes::default())
    }
}

impl<T: KeyValueRead + ?Sized> KeyValueRead for &T {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(column, key)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        (**self).iterate(column, scan)
    }
}

impl<T: KeyValueRead + ?Sized> KeyValueRead for Arc<T> {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(column, key)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        (**self).iterate(column, scan)
    }
}
