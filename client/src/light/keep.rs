//! What is kept over a restart: the tail of the proven chain, about 15 KB.
//!
//! One program at a time writes in the folder; another one that comes meanwhile reads what is there and keeps nothing.
//! The file is replaced whole, and begins with the hash of the rest. What does not fit is left aside and the chain is
//! proven anew; nothing that is read is believed without its work.

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use vibecoin_consensus::light::tail::Tail;
use vibecoin_crypto::{Hash, sha256};
use vibecoin_primitives::ChainSpec;

use crate::files::{self, FileError};
use crate::wallets::{DirectoryLock, LockError};

/// The file has at most this many bytes: 2,048 headers, and 64 peaks before them.
const FILE_BYTES_MAX: u64 = 128 * 1024;
/// A tail that only grew is written at most so often.
const PAUSE: Duration = Duration::from_secs(5);
/// Bytes of the checksum.
const CHECKSUM_BYTES: usize = 32;

/// Keeps the tail. Without a folder nothing is kept.
#[derive(Debug)]
pub struct Keeper {
    path: Option<PathBuf>,
    /// Held by whoever writes.
    lock: Option<DirectoryLock>,
    written: Mutex<Option<Instant>>,
}

impl Keeper {
    /// Makes the folder if it is not there, and sweeps what an interrupted write has left.
    ///
    /// # Errors
    /// What the system answers.
    pub fn open(directory: Option<&Path>) -> Result<Self, FileError> {
        let lock = directory.map(lock).transpose()?.flatten();
        Ok(Self { path: directory.map(|directory| directory.join("tail")), lock, written: Mutex::default() })
    }

    /// False if another program keeps what is proven in this folder, or nothing is kept at all.
    #[must_use]
    pub const fn writes(&self) -> bool {
        self.lock.is_some()
    }

    /// The tail that was kept, of at least `last` headers if the chain has so many; `true` if there was one that is
    /// damaged or of another network.
    ///
    /// # Errors
    /// What the system answers.
    pub fn load(
        &self,
        spec: &ChainSpec,
        genesis_id: &Hash,
        last: u32,
    ) -> Result<(Option<Tail>, bool), FileError> {
        let Some(path) = &self.path else { return Ok((None, false)) };
        let bytes = match files::read(path, FILE_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(FileError::Missing { .. }) => return Ok((None, false)),
            Err(FileError::TooLarge { .. }) => return Ok((None, true)),
            Err(error) => return Err(error),
        };
        let sound = bytes
            .split_at_checked(CHECKSUM_BYTES)
            .filter(|(sum, rest)| sha256(rest).as_bytes() == sum)
            .and_then(|(_, rest)| Tail::from_bytes(spec, genesis_id, rest).ok());
        match sound {
            // Kept by somebody who wanted fewer headers: more of them take a new proof.
            Some(tail) if tail.last() < last => Ok((None, false)),
            Some(tail) => Ok((Some(tail), false)),
            None => {
                tracing::warn!("{} is damaged: the chain is proven anew", path.display());
                Ok((None, true))
            }
        }
    }

    /// Writes the tail, if it was not written lately.
    pub fn store_soon(&self, tail: &Tail) {
        let lately = self.written.lock().is_some_and(|written| written.elapsed() < PAUSE);
        if !lately {
            self.store(tail);
        }
    }

    /// Writes the tail. That it cannot be written is told in the log: the next start takes a proof more.
    pub fn store(&self, tail: &Tail) {
        let Some(path) = self.path.as_ref().filter(|_| self.writes()) else { return };
        let rest = tail.to_bytes();
        let bytes = [sha256(&rest).as_bytes().as_slice(), &rest].concat();
        if let Err(error) = files::replace(path, &bytes) {
            tracing::warn!("the proven chain is not kept: {error}");
        }
        *self.written.lock() = Some(Instant::now());
    }
}

/// Makes the folder and takes its lock; `None` if another program has it.
fn lock(directory: &Path) -> Result<Option<DirectoryLock>, FileError> {
    files::create_directory(directory)?;
    match DirectoryLock::acquire(&directory.join("lock"), Duration::ZERO) {
        Ok(lock) => {
            files::sweep(directory)?;
            Ok(Some(lock))
        }
        Err(LockError::Held { holder, .. }) => {
            tracing::debug!("process {holder} keeps what is proven: this one reads it only");
            Ok(None)
        }
        Err(LockError::File(error)) => Err(error),
    }
}
