//! Writes that are committed together.

use super::KeyValueWrite;
use crate::columns::Column;

/// Puts and deletes in the order they were made. Committed by [`super::KeyValueStore::write`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    operations: Vec<Operation>,
}

/// One write: `value` is `None` for a delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) column: Column,
    pub(super) key: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn with_capacity(writes: usize) -> Self {
        Self { operations: Vec::with_capacity(writes) }
    }

    /// The number of writes.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Appends all writes of `other`, which win over the ones here.
    pub fn append(&mut self, mut other: Self) {
        self.operations.append(&mut other.operations);
    }

    pub(super) fn into_operations(self) -> Vec<Operation> {
        self.operations
    }
}

impl KeyValueWrite for Batch {
    fn put(&mut self, column: Column, key: Vec<u8>, value: Vec<u8>) {
        self.operations.push(Operation { column, key, value: Some(value) });
    }

    fn delete(&mut self, column: Column, key: Vec<u8>) {
        self.operations.push(Operation { column, key, value: None });
    }
}
