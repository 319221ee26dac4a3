//! What is kept, atomically: blocks, transactions, the state tree, Proof of History, the history range, undo
//! records and indexes, over one key-value trait.
//!
//! Three layers, each usable without the next:
//!
//! 1. [`kv`]: columns of ordered byte rows. [`kv::MemoryStore`] for tests, [`kv::RocksStore`] (feature
//!    `rocksdb`) for nodes; both pass the same contract tests.
//! 2. [`state`]: the state tree, every version of it that the retention window needs.
//! 3. one module per kind of record ([`blocks`], [`transactions`], …): typed functions over `&dyn KeyValueRead`
//!    and `&mut dyn KeyValueWrite`.
//!
//! A writer gathers everything that belongs together (a block, its state, its indexes) in one
//! [`kv::Overlay`], and commits it as one [`kv::Batch`]: after a crash a block is there whole or not at all.
//!
//! Deliberately absent: rules (nothing here knows what makes a block valid), clocks, async code, and locks
//! around more than the memory store's map. There is one writer; readers take snapshots.

pub mod active;
pub mod activity;
pub mod blocks;
pub mod branches;
pub mod columns;
pub mod directory;
pub mod error;
pub mod history;
pub mod kv;
pub mod meta;
pub mod poh;
pub mod pool;
pub mod reorganisations;
pub mod replay;
mod row;
pub mod staging;
pub mod state;
pub mod state_reader;
#[cfg(test)]
mod testing;
pub mod transactions;
pub mod undo;

pub use columns::Column;
pub use error::StoreError;
pub use kv::{Batch, Durability, KeyValueRead, KeyValueStore, KeyValueWrite, MemoryStore, Overlay, Scan};
pub use state::{StateError, StateTree, StateVersion, StateView, TreeUpdate};
pub use state_reader::StateReader;
