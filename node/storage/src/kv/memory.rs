//! The store without a disk: for tests, tools, and as the model that RocksDB is compared with.
//!
//! Every key keeps the values that a live snapshot may still ask for, tagged with the number of the batch that
//! wrote them, so a snapshot costs nothing to take however large the store is.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Bound,
    sync::Arc,
};

use parking_lot::RwLock;

use super::{
    Batch, Durability, KeyValueRead, KeyValueStore, Row, Rows, Scan,
    batch::Operation,
    scan::{KeyRange, non_empty},
    sizes::{ColumnSize, StoreSizes},
};
use crate::{columns::Column, error::StoreError};

/// How many rows a scan copies each time it holds the lock.
const SCAN_CHUNK_ROWS: usize = 64;

/// A store in memory. Clones share the same rows.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    shared: Arc<RwLock<Tables>>,
}

/// The values of one key, oldest first, each with the batch that wrote it; `None` is a delete.
type Values = Vec<(u64, Option<Vec<u8>>)>;

#[derive(Debug, Default)]
struct Tables {
    columns: BTreeMap<Column, BTreeMap<Vec<u8>, Values>>,
    /// Number of the last batch.
    sequence: u64,
    /// How many snapshots are alive of each sequence number.
    live: BTreeMap<u64, usize>,
    /// Keys that hold more than their newest value, with the batch that made it so.
    garbage: VecDeque<(u64, Column, Vec<u8>)>,
}

impl Tables {
    fn get(&self, column: Column, key: &[u8], at: u64) -> Option<&Vec<u8>> {
        visible(self.columns.get(&column)?.get(key)?, at)
    }

    fn chunk(&self, column: Column, range: KeyRange, reversed: bool, at: u64) -> Vec<Row> {
        let Some(table) = self.columns.get(&column) else {
            return Vec::new();
        };
        let live = |(key, values): (&Vec<u8>, &Values)| Some((key.clone(), visible(values, at)?.clone()));
        let rows = table.range(range);
        if reversed {
            rows.rev().filter_map(live).take(SCAN_CHUNK_ROWS).collect()
        } else {
            rows.filter_map(live).take(SCAN_CHUNK_ROWS).collect()
        }
    }

    /// Sets a row, or removes it, as part of the batch that is written now.
    fn set(&mut self, column: Column, key: Vec<u8>, value: Option<Vec<u8>>) {
        let sequence = self.sequence;
        let values = self.columns.entry(column).or_default().entry(key.clone()).or_default();
        let is_delete = value.is_none();
        match values.last_mut() {
            // Written twice by this batch: nobody can have seen the first value.
            Some(newest) if newest.0 == sequence => newest.1 = value,
            _ => values.push((sequence, value)),
        }
        if values.len() > 1 || is_delete {
            self.garbage.push_back((sequence, column, key));
        }
    }

    /// Forgets values that no snapshot can ask for any more.
    fn collect_garbage(&mut self) {
        let oldest = self.live.keys().next().copied().unwrap_or(u64::MAX);
        while self.garbage.front().is_some_and(|(sequence, ..)| *sequence <= oldest) {
            let Some((_, column, key)) = self.garbage.pop_front() else { break };
            let Some(table) = self.columns.get_mut(&column) else { continue };
            let Some(values) = table.get_mut(&key) else { continue };
            let needed_from = values.iter().rposition(|(sequence, _)| *sequence <= oldest).unwrap_or(0);
            values.drain(..needed_from);
            if matches!(values.as_slice(), [(_, None)]) {
                table.remove(&key);
            }
        }
    }
}

fn visible(values: &Values, at: u64) -> Option<&Vec<u8>> {
    values.iter().rev().find(|(sequence, _)| *sequence <= at)?.1.as_ref()
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of rows in a column, for tests.
    pub fn count(&self, column: Column) -> usize {
        let tables = self.shared.read();
        let at = tables.sequence;
        tables.columns.get(&column).map_or(0, |t| t.values().filter(|v| visible(v, at).is_some()).count())
    }
}

#[cfg(test)]
impl MemoryStore {
    /// The number of values of a column that are still held, deletes included.
    pub(super) fn values_held(&self, column: Column) -> usize {
        self.shared.read().columns.get(&column).map_or(0, |table| table.values().map(Vec::len).sum())
    }
}

impl KeyValueRead for MemoryStore {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let tables = self.shared.read();
        Ok(tables.get(column, key, tables.sequence).cloned())
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        let view = MemorySnapshot::take(&self.shared);
        Box::new(MemoryRows::new(view, column, scan))
    }
}

impl KeyValueStore for MemoryStore {
    fn write(&self, batch: Batch, _durability: Durability) -> Result<(), StoreError> {
        let mut tables = self.shared.write();
        tables.sequence += 1;
        for operation in batch.into_operations() {
            match operation {
                Operation::Put { column, key, value } => tables.set(column, key, Some(value)),
                Operation::Delete { column, key } => tables.set(column, key, None),
                Operation::Clear { column } => {
                    let keys: Option<Vec<_>> =
                        tables.columns.get(&column).map(|table| table.keys().cloned().collect());
                    for key in keys.unwrap_or_default() {
                        tables.set(column, key, None);
                    }
                }
            }
        }
        tables.collect_garbage();
        Ok(())
    }

    fn snapshot(&self) -> Arc<dyn KeyValueRead> {
        Arc::new(MemorySnapshot::take(&self.shared))
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn sizes(&self) -> Result<StoreSizes, StoreError> {
        let tables = self.shared.read();
        let size = |column: &Column| {
            let rows = tables.columns.get(column).into_iter().flatten();
            let rows =
                rows.filter_map(|(key, values)| Some(key.len() + visible(values, tables.sequence)?.len()));
            let (rows, bytes) = rows.fold((0, 0), |(rows, sum), bytes| (rows + 1, sum + bytes as u64));
            ColumnSize { column: *column, files_bytes: 0, memory_bytes: bytes, rows }
        };
        Ok(StoreSizes { columns: Column::ALL.iter().map(size).collect(), log_bytes: 0 })
    }
}

/// The store as it was after batch `at`.
struct MemorySnapshot {
    shared: Arc<RwLock<Tables>>,
    at: u64,
}

impl MemorySnapshot {
    fn take(shared: &Arc<RwLock<Tables>>) -> Self {
        let mut tables = shared.write();
        let at = tables.sequence;
        *tables.live.entry(at).or_default() += 1;
        drop(tables);
        Self { shared: Arc::clone(shared), at }
    }
}

impl Clone for MemorySnapshot {
    fn clone(&self) -> Self {
        *self.shared.write().live.entry(self.at).or_default() += 1;
        Self { shared: Arc::clone(&self.shared), at: self.at }
    }
}

impl Drop for MemorySnapshot {
    fn drop(&mut self) {
        let mut tables = self.shared.write();
        if let Some(count) = tables.live.get_mut(&self.at) {
            *count -= 1;
            if *count == 0 {
                tables.live.remove(&self.at);
            }
        }
        tables.collect_garbage();
    }
}

impl KeyValueRead for MemorySnapshot {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.shared.read().get(column, key, self.at).cloned())
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        Box::new(MemoryRows::new(self.clone(), column, scan))
    }
}

/// The rows of a scan, copied chunk by chunk.
struct MemoryRows {
    view: MemorySnapshot,
    column: Column,
    reversed: bool,
    remaining_rows: usize,
    range: Option<KeyRange>,
    chunk: VecDeque<Row>,
}

impl MemoryRows {
    fn new(view: MemorySnapshot, column: Column, scan: Scan) -> Self {
        Self {
            view,
            column,
            reversed: scan.is_reversed(),
            remaining_rows: scan.limit_rows(),
            range: scan.range(),
            chunk: VecDeque::new(),
        }
    }

    fn refill(&mut self) {
        let Some((lower, upper)) = self.range.take() else { return };
        let rows = self.view.shared.read().chunk(
            self.column,
            (lower.clone(), upper.clone()),
            self.reversed,
            self.view.at,
        );
        if rows.len() == SCAN_CHUNK_ROWS
            && let Some((last, _)) = rows.last()
        {
            let last = Bound::Excluded(last.clone());
            let rest = if self.reversed { (lower, last) } else { (last, upper) };
            self.range = non_empty(rest);
        }
        self.chunk = rows.into();
    }
}

impl Iterator for MemoryRows {
    type Item = Result<Row, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.remaining_rows = self.remaining_rows.checked_sub(1)?;
        if self.chunk.is_empty() {
            self.refill();
        }
        self.chunk.pop_front().map(Ok)
    }
}
