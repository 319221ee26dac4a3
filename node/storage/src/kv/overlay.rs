//! Writes that can already be read by the one who makes them.

use std::{cmp::Ordering, collections::BTreeMap, iter::Peekable};

use super::{Batch, KeyValueRead, KeyValueWrite, Row, Rows, Scan};
use crate::{columns::Column, error::StoreError};

/// What was written to a column.
#[derive(Default)]
struct Changes {
    /// Whether the rows below are gone.
    cleared: bool,
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Changes {
    /// How many operations they are.
    fn len(&self) -> usize {
        self.rows.len() + usize::from(self.cleared)
    }
}

/// A reader with uncommitted changes on top. Dropping it forgets them; [`Overlay::into_batch`] is what is
/// committed.
pub struct Overlay<'a> {
    base: &'a dyn KeyValueRead,
    columns: BTreeMap<Column, Changes>,
}

impl<'a> Overlay<'a> {
    /// An overlay without changes.
    pub const fn new(base: &'a dyn KeyValueRead) -> Self {
        Self { base, columns: BTreeMap::new() }
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The changes, each key once, in the order of columns and keys.
    pub fn into_batch(self) -> Batch {
        let mut batch = Batch::with_capacity(self.columns.values().map(Changes::len).sum());
        for (column, changes) in self.columns {
            if changes.cleared {
                batch.clear(column);
            }
            for (key, value) in changes.rows {
                match value {
                    Some(value) => batch.put(column, key, value),
                    None => batch.delete(column, key),
                }
            }
        }
        batch
    }
}

impl KeyValueRead for Overlay<'_> {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(changes) = self.columns.get(&column) else { return self.base.get(column, key) };
        match changes.rows.get(key) {
            Some(value) => Ok(value.clone()),
            None if changes.cleared => Ok(None),
            None => self.base.get(column, key),
        }
    }

    fn iterate<'b>(&'b self, column: Column, scan: Scan) -> Rows<'b> {
        let Some(changes) = self.columns.get(&column) else {
            return self.base.iterate(column, scan);
        };
        let Some(range) = scan.range() else {
            return Box::new(std::iter::empty());
        };
        let cleared = changes.cleared;
        let changes = changes.rows.range(range);
        let limit = scan.limit_rows();
        let reversed = scan.is_reversed();
        // Rows below may be hidden by deletes, so the limit can only be applied to the merged rows.
        let base: Rows<'b> = if cleared {
            Box::new(std::iter::empty())
        } else {
            self.base.iterate(column, scan.limit(usize::MAX))
        };
        let base = base.peekable();
        let merged: Rows<'b> = if reversed {
            Box::new(Merge { base, changes: changes.rev().peekable(), reversed })
        } else {
            Box::new(Merge { base, changes: changes.peekable(), reversed })
        };
        Box::new(merged.take(limit))
    }
}

impl KeyValueWrite for Overlay<'_> {
    fn put(&mut self, column: Column, key: Vec<u8>, value: Vec<u8>) {
        self.columns.entry(column).or_default().rows.insert(key, Some(value));
    }

    fn delete(&mut self, column: Column, key: Vec<u8>) {
        self.columns.entry(column).or_default().rows.insert(key, None);
    }

    fn clear(&mut self, column: Column) {
        self.columns.insert(column, Changes { cleared: true, rows: BTreeMap::new() });
    }
}

/// Two sequences of rows in the same order, made one; a change hides the row with its key.
struct Merge<'a, C: Iterator<Item = (&'a Vec<u8>, &'a Option<Vec<u8>>)>> {
    base: Peekable<Rows<'a>>,
    changes: Peekable<C>,
    reversed: bool,
}

impl<'a, C: Iterator<Item = (&'a Vec<u8>, &'a Option<Vec<u8>>)>> Iterator for Merge<'a, C> {
    type Item = Result<Row, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.base.peek(), self.changes.peek()) {
                (None, None) => return None,
                (Some(Err(_)), _) | (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(Ok((base, _))), Some((change, _))) if self.reversed => {
                    change.as_slice().cmp(base.as_slice())
                }
                (Some(Ok((base, _))), Some((change, _))) => base.as_slice().cmp(change.as_slice()),
            };
            if order == Ordering::Less {
                return self.base.next();
            }
            if order == Ordering::Equal {
                self.base.next();
            }
            if let Some((key, Some(value))) = self.changes.next() {
                return Some(Ok((key.clone(), value.clone())));
            }
        }
    }
}
