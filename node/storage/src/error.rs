//! Why a read or a write of the store failed.
//!
//! Deliberately absent: consensus. No error here says anything about a block; all of them are about this
//! machine's disk or this program's data.

use crate::columns::Column;

/// A failed read or write. Details are the database's or the operating system's own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The device is full. Nothing was written; freeing space and starting again is enough.
    #[error("no space left on the device of the data directory ({detail})")]
    DiskFull {
        /// What the system said.
        detail: String,
    },
    /// The file system is mounted read-only, or the files belong to somebody else.
    #[error("the data directory cannot be written by this program: it is read-only or not ours ({detail})")]
    ReadOnly {
        /// What the system said.
        detail: String,
    },
    /// The device itself fails.
    #[error("the device of the data directory fails ({detail})")]
    DeviceFailed {
        /// What the system said.
        detail: String,
    },
    /// The system gives this program no more open files.
    #[error("the data directory cannot be used, as too many files are open ({detail})")]
    TooManyFiles {
        /// What the system said.
        detail: String,
    },
    /// A write failed before; whether it is there is known when the store is opened again.
    #[error("nothing is written any more, since a write failed: {cause}")]
    Stopped {
        /// How it failed.
        cause: Box<StoreError>,
    },
    /// The system refused a read or a write for another reason.
    #[error("the data directory cannot be read or written ({detail})")]
    Io {
        /// What the system said.
        detail: String,
    },
    /// Another process has the database open.
    #[error("the database is in use by another process ({detail})")]
    Locked {
        /// What the database said.
        detail: String,
    },
    /// A checksum or a structure of the database's own files is wrong.
    #[error("the database is damaged ({detail})")]
    Corrupt {
        /// What the database said.
        detail: String,
    },
    /// A row does not match its own checksum.
    #[error("the row {key} of column {column} is damaged: its checksum is wrong")]
    CorruptRow {
        /// Where the row is.
        column: Column,
        /// The row's key, in hex.
        key: String,
    },
    /// A row was read whole but is not what this program writes in its column.
    #[error("the row {key} of column {column} cannot be decoded: {detail}")]
    Undecodable {
        /// Where the row is.
        column: Column,
        /// The row's key, in hex.
        key: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A row that another row refers to is not there.
    #[error("the row {key} of column {column} is missing, though another row refers to it")]
    Missing {
        /// Where the row should be.
        column: Column,
        /// The row's key, in hex.
        key: String,
    },
    /// The database does not do what was asked, which happens when its files were written by another version.
    #[error("the database refused the request ({detail})")]
    Refused {
        /// What the database said.
        detail: String,
    },
}

impl StoreError {
    /// Whether it speaks of rows that are damaged or gone, which can perhaps be made again from others.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Corrupt { .. } | Self::CorruptRow { .. } | Self::Undecodable { .. } | Self::Missing { .. }
        )
    }

    /// The system's error about a file or folder, which it does not name by itself.
    #[cfg(feature = "rocksdb")]
    pub(crate) fn at(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::of_system(error, format!("{}: {error}", path.display()))
    }

    fn of_system(error: &std::io::Error, detail: String) -> Self {
        use std::io::ErrorKind;
        match (error.kind(), error.raw_os_error()) {
            (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _) => Self::DiskFull { detail },
            (ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied, _) => Self::ReadOnly { detail },
            // The library has no kinds for these: EIO, ENFILE and EMFILE, the same numbers on every Unix.
            (_, Some(5)) => Self::DeviceFailed { detail },
            (_, Some(23 | 24)) => Self::TooManyFiles { detail },
            _ => Self::Io { detail },
        }
    }

    /// What every write gets after one that failed.
    #[cfg(any(test, feature = "rocksdb", feature = "testing"))]
    pub(crate) fn stopped(cause: &Self) -> Self {
        Self::Stopped { cause: Box::new(cause.clone()) }
    }

    /// A row whose checksum is another one.
    #[cfg(feature = "rocksdb")]
    pub(crate) fn corrupt_row(column: Column, key: &[u8]) -> Self {
        Self::CorruptRow { column, key: to_hex(key) }
    }

    /// A row that does not decode.
    pub(crate) fn undecodable(column: Column, key: &[u8], detail: impl std::fmt::Display) -> Self {
        Self::Undecodable { column, key: to_hex(key), detail: detail.to_string() }
    }

    /// A row that should be there.
    pub(crate) fn missing(column: Column, key: &[u8]) -> Self {
        Self::Missing { column, key: to_hex(key) }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        let detail = error.to_string();
        Self::of_system(&error, detail)
    }
}

/// Lower-case hex, for messages.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
