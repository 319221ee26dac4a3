//! The lock of a directory: at most one program changes it at a time, and it says which.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::files::FileError;

/// How often a lock that is held is tried again.
const RETRY: Duration = Duration::from_millis(10);

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another program keeps it.
    #[error("{} is in use by process {holder}", path.display())]
    Held {
        /// The lock's file.
        path: PathBuf,
        /// The process that holds it, as it says itself.
        holder: String,
    },
    /// The file cannot be made or locked.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A lock that is held until it is dropped; the system frees it when the process dies.
#[derive(Debug)]
pub struct DirectoryLock {
    /// Closing it frees the lock.
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock, waiting for it at most as long as `wait`. Blocks the thread.
    ///
    /// # Errors
    /// [`LockError::Held`] names the process that has it.
    pub fn acquire(path: &Path, wait: Duration) -> Result<Self, LockError> {
        let fail = |source| LockError::File(FileError::new(path, source));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(fail)?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(fail(error)),
                Err(TryLockError::WouldBlock) if start.elapsed() >= wait => {
                    let mut holder = String::new();
                    // Only words are lost if the holder cannot be read.
                    let _ = (&mut file).take(20).read_to_string(&mut holder);
                    let path = path.to_owned();
                    return Err(LockError::Held { path, holder: holder.trim().to_owned() });
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(RETRY),
            }
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(fail)?;
        writeln!(file, "{}", std::process::id()).map_err(fail)?;
        Ok(Self { _file: file })
    }
}
