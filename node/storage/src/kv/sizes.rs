//! How much room a store takes.

use crate::columns::Column;

/// The bytes of a store, column by column. What is still in memory is in the log, too, until it goes to files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreSizes {
    /// Every column, in the order of the registry.
    pub columns: Vec<ColumnSize>,
    /// Bytes of the log of commits that are not in table files yet.
    pub log_bytes: u64,
}

/// The bytes of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnSize {
    /// Which.
    pub column: Column,
    /// Bytes of its table files, compressed as they are.
    pub files_bytes: u64,
    /// Bytes of its rows that are still in memory.
    pub memory_bytes: u64,
    /// About how many rows it has. An estimate: a row that was replaced or removed may be counted for some time.
    pub rows: u64,
}

impl StoreSizes {
    /// Bytes on the disk: files and log.
    pub fn disk_bytes(&self) -> u64 {
        self.columns.iter().map(|column| column.files_bytes).sum::<u64>() + self.log_bytes
    }

    /// Bytes in memory.
    pub fn memory_bytes(&self) -> u64 {
        self.columns.iter().map(|column| column.memory_bytes).sum()
    }

    /// The size of a column; `None` if the store keeps no account of it.
    pub fn of(&self, column: Column) -> Option<ColumnSize> {
        self.columns.iter().find(|size| size.column == column).copied()
    }
}
