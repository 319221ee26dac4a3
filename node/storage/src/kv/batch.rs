//! Writes that are committed together.

use super::KeyValueWrite;
use crate::columns::Column;

/// Puts, deletes and clears in the order they were made. Committed by [`super::KeyValueStore::write`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    operations: Vec<Operation>,
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Sets a row.
    Put { column: Column, key: Vec<u8>, value: Vec<u8> },
    /// Removes a row.
    Delete { column: Column, key: Vec<u8> },
    /// Removes all rows of a column.
    Clear { column: Column },
}

#[cfg(feature = "rocksdb")]
impl Operation {
    /// Where it writes.
    pub(super) const fn column(&self) -> Column {
        match self {
            Self::Put { column, .. } | Self::Delete { column, .. } | Self::Clear { column } => *column,
        }
    }
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

    /// The rows that are put into a column.
    pub(crate) fn puts(&self, column: Column) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.operations.iter().filter_map(move |operation| match operation {
            Operation::Put { column: at, key, value } if *at == column => {
                Some((key.as_slice(), value.as_slice()))
            }
            Operation::Put { .. } | Operation::Delete { .. } | Operation::Clear { .. } => None,
        })
    }

    /// The same writes in other columns.
    pub(crate) fn moved(mut self, to: impl Fn(Column) -> Column) -> Self {
        for operation in &mut self.operations {
            let (Operation::Put { column, .. }
            | Operation::Delete { column, .. }
            | Operation::Clear { column }) = operation;
            *column = to(*column);
        }
        self
    }

    pub(super) fn into_operations(self) -> Vec<Operation> {
        self.operations
    }
}

impl KeyValueWrite for Batch {
    fn put(&mut self, column: Column, key: Vec<u8>, value: Vec<u8>) {
        self.operations.push(Operation::Put { column, key, value });
    }

    fn delete(&mut self, column: Column, key: Vec<u8>) {
        self.operations.push(Operation::Delete { column, key });
    }

    fn clear(&mut self, column: Column) {
        self.operations.push(Operation::Clear { column });
    }
}
