//! A store whose writes are synced in groups, for work that can be done again from its start.
//!
//! Batches stay atomic and in their order; only the syncing is put off until [`Grouped::settle`]. A crash therefore
//! finds the chain as it was after some block, and nothing may be said of a block before its group is settled.
//!
//! Deliberately absent: a bound of a group. Whoever makes it knows when it is large enough.

use std::sync::Arc;

use vibecoin_storage::kv::{Rows, StoreSizes};
use vibecoin_storage::{Batch, Column, Durability, KeyValueRead, KeyValueStore, Scan, StoreError, meta};

/// See the module. Clones are the same store.
#[derive(Clone)]
pub struct Grouped(Arc<dyn KeyValueStore>);

impl Grouped {
    /// Puts off the syncing of `store`.
    #[must_use]
    pub const fn new(store: Arc<dyn KeyValueStore>) -> Self {
        Self(store)
    }

    /// Brings the group to the disk: a synced batch secures all that were written before it.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn settle(&self) -> Result<(), StoreError> {
        // A row as it stands, so that there is something to sync.
        let mut batch = Batch::new();
        if let Some(arrivals) = meta::arrivals(&*self.0)? {
            meta::set_arrivals(&mut batch, &arrivals);
        }
        self.0.write(batch, Durability::Synced)
    }
}

impl KeyValueRead for Grouped {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(column, key)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        self.0.iterate(column, scan)
    }
}

impl KeyValueStore for Grouped {
    fn write(&self, batch: Batch, _: Durability) -> Result<(), StoreError> {
        self.0.write(batch, Durability::Buffered)
    }

    fn snapshot(&self) -> Arc<dyn KeyValueRead> {
        self.0.snapshot()
    }

    fn scratch(&self) -> Result<Arc<dyn KeyValueStore>, StoreError> {
        self.0.scratch()
    }

    fn sizes(&self) -> Result<StoreSizes, StoreError> {
        self.0.sizes()
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.0.flush()
    }
}
