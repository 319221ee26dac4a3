//! A batch in RocksDB's form.

use std::collections::BTreeMap;

use rocksdb::WriteBatch;

use super::{COMMITS, Database, OWN, handle, options, rows};
use crate::{
    columns::Column,
    error::StoreError,
    kv::{Batch, Scan, batch::Operation, seal},
};

/// What RocksDB adds to the key and the value of a write at most: its kind, the column and two lengths.
const OPERATION_BYTES: usize = 16;

/// A batch with every value sealed, and with its number: what RocksDB is given, as often as it takes.
pub(super) struct Sealed {
    operations: Vec<Operation>,
    clears: Clears,
    number: u64,
}

impl Sealed {
    /// Seals a batch.
    pub(super) fn new(database: &Database, batch: Batch, number: u64) -> Result<Self, StoreError> {
        let mut operations = batch.into_operations();
        for operation in &mut operations {
            if let Operation::Put { column, key, value } = operation {
                seal::seal(column.name(), key, value);
            }
        }
        let clears = Clears::of(database, &operations)?;
        Ok(Self { operations, clears, number })
    }

    /// The batch in RocksDB's form, which a write uses up.
    pub(super) fn to_writes(&self, database: &Database) -> Result<WriteBatch, StoreError> {
        // Growing a batch of megabytes step by step would copy it many times.
        let bytes = self.operations.iter().map(bytes_of).sum::<usize>() + 2 * OPERATION_BYTES;
        let mut writes = WriteBatch::with_capacity_bytes(bytes);
        let mut current = None;
        for operation in &self.operations {
            // Batches come sorted by column, so looking the handle up once per run is enough.
            let handle = match &current {
                Some((column, handle)) if *column == operation.column() => handle,
                _ => &current.insert((operation.column(), handle(database, operation.column())?)).1,
            };
            match operation {
                Operation::Put { key, value, .. } => writes.put_cf(handle, key, value),
                Operation::Delete { key, .. } => writes.delete_cf(handle, key),
                Operation::Clear { column } => {
                    if let Some(end) = self.clears.end(*column) {
                        writes.delete_range_cf(handle, [].as_slice(), end);
                    }
                }
            }
        }
        let mut row = self.number.to_le_bytes().to_vec();
        seal::seal(OWN, COMMITS, &mut row);
        writes.put(COMMITS, row);
        Ok(writes)
    }
}

/// What a write takes in a batch.
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
                let last = rows(database, options::reading(), *column, &last).next().transpose()?;
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
