//! The store of a data directory: the database, and the marker that tells whether it has lost commits.

#[cfg(test)]
mod tests;

use std::{fmt, path::Path, sync::Arc};

use parking_lot::Mutex;
use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;

use super::marker::{self, Found, Mark, MarkerFile};
use crate::{
    active,
    columns::Column,
    error::StoreError,
    kv::{
        Batch, Durability, KeyValueRead, KeyValueStore, LogEnd, RocksOptions, RocksStore, Rows, Scan,
        StoreSizes,
    },
};

/// What was found when a directory's store was opened, for people. Nothing of it needs an answer: the store is
/// consistent and can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Commits that were acknowledged and are gone.
    pub lost_commits: Option<Lost>,
    /// The log that did not end after a whole record.
    pub log_end: Option<LogEnd>,
    /// The marker was missing or damaged though the database is not new, so that lost commits cannot be told.
    pub is_unmarked: bool,
}

/// Commits that are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// How many.
    pub commits: u64,
    /// The height of the tip that they led to.
    pub height: Height,
    /// The id of that tip.
    pub tip: Hash,
}

impl Recovered {
    /// Whether there is nothing to say.
    pub const fn is_clean(&self) -> bool {
        self.lost_commits.is_none() && self.log_end.is_none() && !self.is_unmarked
    }
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sentences = Vec::new();
        if let Some(Lost { commits, height, tip }) = &self.lost_commits {
            sentences.push(format!(
                "{commits} commits that had been confirmed are gone from the database, up to block {height} ({tip}); they have to be made again"
            ));
        }
        sentences.extend(self.log_end.as_ref().map(ToString::to_string));
        if self.is_unmarked {
            sentences.push("the tip marker was missing or damaged and is written again".to_owned());
        }
        f.write_str(&sentences.join("; "))
    }
}

/// The store of a data directory. Clones share the same database and marker.
#[derive(Clone)]
pub struct MarkedStore {
    store: RocksStore,
    marking: Arc<Mutex<Marking>>,
    recovered: Recovered,
}

struct Marking {
    /// Where the last synced commit led.
    mark: Mark,
    /// `None` when the file cannot be written. The commits are none the worse for it.
    file: Option<MarkerFile>,
}

impl MarkedStore {
    /// Opens the database in `database`, compares it with the marker in `file`, and marks what there is.
    pub(super) fn open(database: &Path, file: &Path, options: RocksOptions) -> Result<Self, StoreError> {
        let found = marker::read(file);
        let store = RocksStore::open_with(database, options)?;
        let commits = store.commits();
        let lost_commits = match found {
            Found::Mark(mark) => mark
                .commits
                .checked_sub(commits)
                .filter(|lost| *lost > 0)
                .map(|commits| Lost { commits, height: mark.height, tip: mark.tip }),
            Found::Missing | Found::Damaged => None,
        };
        let is_unmarked = match found {
            Found::Mark(_) => false,
            Found::Missing => commits > 0,
            Found::Damaged => true,
        };
        let log_end = store.log_end().cloned();
        let mark = Mark { commits, height: Height::GENESIS, tip: Hash::ZERO };
        let mark = tip(&store).map_or(mark, |(height, tip)| Mark { height, tip, ..mark });
        let file = MarkerFile::create(file, mark).ok();
        Ok(Self {
            store,
            marking: Arc::new(Mutex::new(Marking { mark, file })),
            recovered: Recovered { lost_commits, log_end, is_unmarked },
        })
    }

    /// What was found when it was opened.
    pub const fn recovered(&self) -> &Recovered {
        &self.recovered
    }

    /// The database, whose own account of memory and commits can be asked for.
    pub const fn database(&self) -> &RocksStore {
        &self.store
    }

    /// Notes that everything up to a commit is on the device.
    fn mark(&self, commits: u64) {
        let tip = tip(&self.store);
        let mut marking = self.marking.lock();
        // Of two threads that commit at once the later number counts.
        if commits < marking.mark.commits {
            return;
        }
        marking.mark.commits = commits;
        if let Some((height, tip)) = tip {
            marking.mark.height = height;
            marking.mark.tip = tip;
        }
        let mark = marking.mark;
        if let Some(file) = &mut marking.file
            && file.write(mark).is_err()
        {
            // An older mark says nothing wrong.
            marking.file = None;
        }
    }
}

/// Where the active chain ends. A damaged row here is found by whoever needs it.
fn tip(store: &dyn KeyValueRead) -> Option<(Height, Hash)> {
    let (height, block) = active::tip(store).ok()??;
    Some((height, block.id))
}

impl KeyValueRead for MarkedStore {
    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(column, key)
    }

    fn iterate<'a>(&'a self, column: Column, scan: Scan) -> Rows<'a> {
        self.store.iterate(column, scan)
    }
}

impl KeyValueStore for MarkedStore {
    fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        let commits = self.store.commit(batch, durability)?;
        if durability == Durability::Synced {
            self.mark(commits);
        }
        Ok(())
    }

    fn snapshot(&self) -> Arc<dyn KeyValueRead> {
        self.store.snapshot()
    }

    fn scratch(&self) -> Result<Arc<dyn KeyValueStore>, StoreError> {
        self.store.scratch()
    }

    fn flush(&self) -> Result<(), StoreError> {
        let commits = self.store.commits();
        self.store.flush()?;
        self.mark(commits);
        Ok(())
    }

    fn sizes(&self) -> Result<StoreSizes, StoreError> {
        self.store.sizes()
    }
}
