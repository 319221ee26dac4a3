//! A store that fails when it is told to, for the tests of whoever stands on a store.
//!
//! It wraps another one and counts: reads (each `get`, each row of an iteration, of snapshots too) and writes.
//! A test runs once without a fault to learn the counts, and then once for every point at which it could fail.
//! Like the store on disk it takes no write after one that failed; opening again is a new [`FaultyStore`] over
//! [`FaultyStore::inner`].
//!
//! Deliberately absent: chance. A fault that cannot be repeated cannot be mended.

#[cfg(test)]
mod tests;

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use super::{Batch, Durability, KeyValueRead, KeyValueStore, Row, Rows, Scan, StoreSizes};
use crate::{columns::Column, error::StoreError};

/// What goes wrong, and when. The first read or write is number 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A read fails; those after it succeed.
    ReadFails {
        /// Which.
        nth: u64,
        /// How.
        error: StoreError,
    },
    /// A read returns a value with one bit flipped, as from a store without checksums. A row without a value, and
    /// one that is not there, stay as they are.
    ReadFlips {
        /// Which.
        nth: u64,
        /// The bit, counted from the least significant of the first byte; modulo the bits of the value.
        bit: usize,
    },
    /// A write fails and nothing of it is there.
    WriteFails {
        /// Which.
        nth: u64,
        /// How.
        error: StoreError,
    },
    /// A write fails, though all of it is there, as when the sync was what failed.
    WriteFailsLate {
        /// Which.
        nth: u64,
        /// How.
        error: StoreError,
    },
    /// Every flush fails.
    FlushFails {
        /// How.
        error: StoreError,
    },
}

/// A store with at most one fault in it. Clones share the counts and the fault.
#[derive(Clone)]
pub struct FaultyStore {
    inner: Arc<dyn KeyValueStore>,
    plan: Arc<Plan>,
}

#[derive(Default)]
struct Plan {
    fault: Option<Fault>,
    reads: AtomicU64,
    writes: AtomicU64,
    has_fired: AtomicBool,
    stopped: OnceLock<StoreError>,
}

impl FaultyStore {
    /// A store without a fault, which counts.
    pub fn new(inner: Arc<dyn KeyValueStore>) -> Self {
        Self { inner, plan: Arc::default() }
    }

    /// A store with a fault.
    pub fn with(inner: Arc<dyn KeyValueStore>, fault: Fault) -> Self {
        Self { inner, plan: Arc::new(Plan { fault: Some(fault), ..Plan::default() }) }
    }

    /// The store below, which has no faults.
    pub fn inner(&self) -> Arc<dyn KeyValueStore> {
        Arc::clone(&self.inner)
    }

    /// How many reads there were.
    pub fn reads(&self) -> u64 {
        self.plan.reads.load(Ordering::Relaxed)
    }

    /// How many writes there were, those that failed or were refused included.
    pub fn writes(&self) -> u64 {
        self.plan.writes.load(Ordering::Relaxed)
    }

    /// Whether the fault has happened.
    pub fn has_fired(&self) -> bool {
        self.plan.has_fired.load(Ordering::Relaxed)
    }
}

impl Plan {
    fn fires(&self) {
        self.has_fired.store(true, Ordering::Relaxed);
    }

    fn read(&self, value: &mut Option<Vec<u8>>) -> Result<(), StoreError> {
        let number = self.reads.fetch_add(1, Ordering::Relaxed);
        match &self.fault {
            Some(Fault::ReadFails { nth, error }) if *nth == number => {
                self.fires();
                Err(error.clone())
            }
            Some(Fault::ReadFlips { nth, bit }) if *nth == number => {
                if let Some(value) = value
                    && !value.is_empty()
                {
                    self.fires();
                    let bit = bit % (value.len() * 8);
                    value[bit / 8] ^= 1 << (bit % 8);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn row(&self, row: Result<Row, StoreError>) -> Result<Row, StoreError> {
        let (key, value) = row?;
        let mut value = Some(value);
        self.read(&mut value)?;
        Ok((key, value.unwrap_or_default()))
    }

    /// The rows of a scan up to the first error.
    fn rows<'a>(&'a self, rows: Rows<'a>) -> Rows<'a> {
        let mut has_failed = false;
        Box::new(rows.map_while(move |row| {
            if has_failed {
                return None;
            }
            let row = self.row(row);
            has_failed = row.is_err();
            Some(row)
        }))
    }

    fn stop(&self, error: &StoreError) -> StoreError {
        self.fires();
        self.stopped.get_or_init(|| error.clone());
        error.clone()
    }
}

impl KeyValueRead for FaultyStore {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut value = self.inner.get(column, key)?;
        self.plan.read(&mut value)?;
        Ok(value)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        self.plan.rows(self.inner.iterate(column, scan))
    }
}

impl KeyValueStore for FaultyStore {
    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        let number = self.plan.writes.fetch_add(1, Ordering::Relaxed);
        if let Some(cause) = self.plan.stopped.get() {
            return Err(StoreError::stopped(cause));
        }
        match &self.plan.fault {
            Some(Fault::WriteFails { nth, error }) if *nth == number => Err(self.plan.stop(error)),
            Some(Fault::WriteFailsLate { nth, error }) if *nth == number => {
                self.inner.write(batch, durability)?;
                Err(self.plan.stop(error))
            }
            _ => self.inner.write(batch, durability),
        }
    }

    fn snapshot(&self) -> Arc<dyn KeyValueRead> {
        Arc::new(FaultySnapshot { inner: self.inner.snapshot(), plan: Arc::clone(&self.plan) })
    }

    fn scratch(&self) -> Result<Arc<dyn KeyValueStore>, StoreError> {
        self.inner.scratch()
    }

    fn flush(&self) -> Result<(), StoreError> {
        match &self.plan.fault {
            Some(Fault::FlushFails { error }) => Err(self.plan.stop(error)),
            _ => self.inner.flush(),
        }
    }

    fn sizes(&self) -> Result<StoreSizes, StoreError> {
        self.inner.sizes()
    }
}

/// A snapshot whose reads count as the store's.
struct FaultySnapshot {
    inner: Arc<dyn KeyValueRead>,
    plan: Arc<Plan>,
}

impl KeyValueRead for FaultySnapshot {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut value = self.inner.get(column, key)?;
        self.plan.read(&mut value)?;
        Ok(value)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        self.plan.rows(self.inner.iterate(column, scan))
    }
}
