//! A database for work whose result is thrown away, beside the one it is made for.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{RocksOptions, RocksStore, StoreSizes};
use crate::{
    columns::Column,
    error::StoreError,
    kv::{Batch, Durability, KeyValueRead, KeyValueStore, Rows, Scan},
};

/// An empty database that goes with the value. What a crash left behind goes when the next one is made.
pub(super) struct ScratchStore {
    /// Closed before its folder is removed.
    store: Option<RocksStore>,
    folder: PathBuf,
}

impl ScratchStore {
    /// Beside the database in `path`, of which there is one opener, and so at most one of these at a time.
    pub(super) fn beside(path: &Path) -> Result<Self, StoreError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".scratch");
        let folder = path.with_file_name(name);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let store = RocksStore::open_with(&folder, RocksOptions::default())?;
        Ok(Self { store: Some(store), folder })
    }

    fn store(&self) -> &RocksStore {
        self.store.as_ref().expect("only dropping takes the store away")
    }
}

impl Drop for ScratchStore {
    fn drop(&mut self) {
        self.store = None;
        // What cannot be removed now is removed by the next one.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl KeyValueRead for ScratchStore {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store().get(column, key)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        self.store().iterate(column, scan)
    }
}

impl KeyValueStore for ScratchStore {
    /// Nothing of it has to survive anything, so nothing is synced.
    fn write(&self, batch: Batch, _durability: Durability) -> Result<(), StoreError> {
        self.store().write(batch, Durability::Buffered)
    }

    fn snapshot(&self) -> Arc<dyn KeyValueRead> {
        self.store().snapshot()
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn sizes(&self) -> Result<StoreSizes, StoreError> {
        self.store().sizes()
    }
}
