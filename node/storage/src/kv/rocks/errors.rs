//! RocksDB's errors in the store's words.
//!
//! Through its C interface RocksDB gives an error as a text: the kind, often the subkind, the file, and what the
//! system said. The kinds that people can do something about are told apart by the system's own phrases, which
//! tests provoke from a full, a read-only and a failing file system.

use std::path::Path;

use rocksdb::ErrorKind;

use crate::error::StoreError;

/// Our error for one of RocksDB's about the database in `path`.
pub(super) fn from_rocksdb(path: &Path, error: rocksdb::Error) -> StoreError {
    let kind = error.kind();
    let mut detail = error.into_string();
    let place = path.display().to_string();
    if !detail.contains(&place) {
        detail = format!("{detail}, in {place}");
    }
    classify(kind, detail)
}

pub(super) fn classify(kind: ErrorKind, detail: String) -> StoreError {
    let lower = detail.to_ascii_lowercase();
    // Whole phrases: the text also holds paths.
    let says = |phrase: &str| lower.contains(phrase);
    if says("no space left on device") || says("disk quota exceeded") {
        return StoreError::DiskFull { detail };
    }
    match kind {
        ErrorKind::Corruption => StoreError::Corrupt { detail },
        ErrorKind::IOError if says("lock hold by current process") || says("while lock file") => {
            StoreError::Locked { detail }
        }
        ErrorKind::IOError if says("read-only file system") || says("permission denied") => {
            StoreError::ReadOnly { detail }
        }
        ErrorKind::IOError if says("input/output error") => StoreError::DeviceFailed { detail },
        ErrorKind::IOError if says("too many open files") => StoreError::TooManyFiles { detail },
        // The database only asks for files that it made.
        ErrorKind::IOError if says("no such file or directory") => StoreError::Corrupt { detail },
        ErrorKind::InvalidArgument | ErrorKind::NotSupported | ErrorKind::ColumnFamilyDropped => {
            StoreError::Refused { detail }
        }
        _ => StoreError::Io { detail },
    }
}
