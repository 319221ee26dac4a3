//! RocksDB's errors in the store's words.
//!
//! Through its C interface RocksDB gives an error as a text: the kind, often the subkind, the file, and what the
//! system said. The kinds that people can do something about are told apart by the system's own phrases, which
//! tests provoke from a full, a read-only and a failing file system.

use std::{fs, io::Write as _, path::Path};

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

/// Why a flush or a compaction in `folder` may have failed, which the database does not say: found by writing there.
pub(super) fn probe(folder: &Path) -> StoreError {
    /// More than a file system leaves to round up to.
    const BYTES: usize = 1 << 20;
    let path = folder.join("probe");
    let tried = fs::File::create(&path).and_then(|mut file| {
        file.write_all(&vec![0xa5; BYTES])?;
        file.sync_all()
    });
    let _ = fs::remove_file(&path);
    match tried {
        Err(error) => StoreError::at(&path, &error),
        Ok(()) => StoreError::Io {
            detail: format!(
                "the database could not bring its buffers to files; {} says why",
                folder.join("LOG").display()
            ),
        },
    }
}
