//! A second active chain in the same store: the history under a state that was taken over, executed from the genesis
//! on while the chain above goes its way.
//!
//! [`ReplayStore`] is the store, but for the columns that say where the active chain stands and what its state is:
//! those are the replay's own. What follows from single blocks (transactions, activity, undo records) goes where it
//! belongs. So whoever connects blocks needs to know nothing of a replay, and one that is interrupted goes on.
//!
//! Deliberately absent: which blocks, and when it is done.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use vibecoin_primitives::Height;

use crate::{
    active::{self, ActiveBlock},
    columns::Column,
    error::StoreError,
    kv::{Batch, Durability, KeyValueRead, KeyValueStore, KeyValueWrite, Rows, Scan, StoreSizes},
    row::{self, height_key},
};

/// The columns that a replay has of its own.
const OWN: [(Column, Column); 5] = [
    (Column::Meta, Column::ReplayMeta),
    (Column::ActiveChain, Column::ReplayChain),
    (Column::StateNodes, Column::ReplayNodes),
    (Column::StateRoots, Column::ReplayRoots),
    (Column::StateStale, Column::ReplayStale),
];

fn own(column: Column) -> Column {
    OWN.iter().find(|(main, _)| *main == column).map_or(column, |(_, own)| *own)
}

/// Reads a store as its replay sees it.
#[derive(Clone)]
pub struct ReplayRead<R>(pub R);

impl<R: KeyValueRead> KeyValueRead for ReplayRead<R> {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(own(column), key)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        self.0.iterate(own(column), scan)
    }
}

/// A store as its replay sees it.
pub struct ReplayStore {
    store: Arc<dyn KeyValueStore>,
    /// Where the active chain of the store has rows of its own.
    top: Height,
}

impl ReplayStore {
    /// A replay up to `top`, the height of the block whose state was taken over. The blocks below it are entered in
    /// the store's own active chain, too, without a state.
    pub fn new(store: Arc<dyn KeyValueStore>, top: Height) -> Self {
        Self { store, top }
    }

    /// Drops what the replay has of its own.
    pub fn forget(writer: &mut dyn KeyValueWrite) {
        OWN.iter().for_each(|(_, own)| writer.clear(*own));
    }
}

/// The height that the replay of a store has reached; `None` before it begins.
///
/// # Errors
/// [`StoreError`]
pub fn height(reader: &dyn KeyValueRead) -> Result<Option<Height>, StoreError> {
    Ok(active::tip(&ReplayRead(reader))?.map(|(height, _)| height))
}

impl KeyValueRead for ReplayStore {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(own(column), key)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        self.store.iterate(own(column), scan)
    }
}

impl KeyValueStore for ReplayStore {
    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        let mut entered = Batch::new();
        let top = height_key(self.top);
        for (key, value) in batch.puts(Column::ActiveChain).filter(|(key, _)| **key < top[..]) {
            let block: ActiveBlock = row::decode(Column::ReplayChain, key, value)?;
            row::write(&mut entered, Column::ActiveChain, key, &ActiveBlock::without_state(block.id));
        }
        let mut batch = batch.moved(own);
        batch.append(entered);
        self.store.write(batch, durability)
    }

    fn snapshot(&self) -> Arc<dyn KeyValueRead> {
        Arc::new(ReplayRead(self.store.snapshot()))
    }

    fn scratch(&self) -> Result<Arc<dyn KeyValueStore>, StoreError> {
        self.store.scratch()
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.store.flush()
    }

    fn sizes(&self) -> Result<StoreSizes, StoreError> {
        self.store.sizes()
    }
}
