//! The lock of a data directory.

use std::{
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::Path,
};

use super::DirectoryError;

const LOCK_FILE: &str = "lock";

/// The greatest length of a lock file's text that is believed, in bytes.
const TEXT_BYTES_MAX: u64 = 256;

/// Who holds a lock, as they wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A process of this program.
    Process {
        /// Its process id.
        pid: u32,
        /// What it does, such as `vibecoin node`.
        program: String,
    },
    /// Somebody who did not say: the lock is older or newer than its text.
    Unknown,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process { pid, program } => write!(f, "{program} (process {pid})"),
            Self::Unknown => f.write_str("another program"),
        }
    }
}

impl Holder {
    fn parse(text: &str) -> Self {
        let parsed =
            text.trim().split_once(' ').and_then(|(pid, program)| Some((pid.parse().ok()?, program)));
        match parsed {
            Some((pid, program)) if !program.is_empty() && !program.chars().any(char::is_control) => {
                Self::Process { pid, program: program.to_owned() }
            }
            _ => Self::Unknown,
        }
    }
}

/// A held lock. It ends when it is dropped, and with the process in any case.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Locks `<directory>/lock` for this process, which is called `program` there.
    ///
    /// # Errors
    /// [`DirectoryError::Locked`] with the holder's own words; [`DirectoryError::Store`].
    pub fn acquire(directory: &Path, program: &str) -> Result<Self, DirectoryError> {
        let failed = |error| DirectoryError::io(directory, error);
        let mut options = OpenOptions::new();
        // The text stays until the lock is ours: until then it is the holder's.
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(directory.join(LOCK_FILE)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Whatever is wrong with the text, the lock is taken.
                let read = (&mut file).take(TEXT_BYTES_MAX).read_to_string(&mut text);
                let holder = read.map_or(Holder::Unknown, |_| Holder::parse(&text));
                return Err(DirectoryError::Locked { path: directory.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "{} {program}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}
