//! Small files that must never be found half-written.
//!
//! A write goes to a new file beside the old one, is synced, takes the old one's name, and then the directory is
//! synced: after a crash there is the old content or the new, and after a return there is the new.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Marks the files that a crash may leave behind; nothing else in a wallet directory is called so.
const TEMPORARY: &str = ".writing-";

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The disk has no room; the old content is untouched.
    #[error("the disk is full: {} was not changed", path.display())]
    DiskFull {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// The file or directory is not this user's to read or write.
    #[error("not allowed to use {}", path.display())]
    Denied {
        /// The file.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("there is no file {}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// There is a file of that name already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// More bytes than such a file can have.
    #[error("{} is larger than {max_bytes} bytes: it is no such file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What is allowed.
        max_bytes: u64,
    },
    /// Anything else that the system answers.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl FileError {
    /// The error of the system about this file, in our words where it has any.
    pub(crate) fn new(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied { path },
            io::ErrorKind::NotFound => Self::Missing { path },
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            _ => Self::Io { path, source },
        }
    }
}

/// Reads a whole file of at most `max_bytes`.
///
/// # Errors
/// [`FileError::TooLarge`] before more than that is read; else what the system answers.
pub fn read(path: &Path, max_bytes: u64) -> Result<Vec<u8>, FileError> {
    let fail = |source| FileError::new(path, source);
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(fail)?
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(fail)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= max_bytes) {
        return Ok(bytes);
    }
    Err(FileError::TooLarge { path: path.to_owned(), max_bytes })
}

/// Puts `bytes` in the place of the file, for this user only (mode 0600).
///
/// # Errors
/// What the system answers; the old content then stands.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let temporary = write_beside(path, bytes)?;
    finish(&temporary, path, fs::rename(&temporary, path))
}

/// Writes a file that must not exist yet, for this user only (mode 0600).
///
/// # Errors
/// [`FileError::Exists`], or what the system answers; nothing is left behind then.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let temporary = write_beside(path, bytes)?;
    // A hard link, unlike a rename, never takes the place of a file that appeared meanwhile.
    let linked = fs::hard_link(&temporary, path);
    match &linked {
        Err(error) if !matches!(error.kind(), io::ErrorKind::AlreadyExists) && !path.exists() => {
            finish(&temporary, path, fs::rename(&temporary, path))
        }
        _ => {
            let removed = fs::remove_file(&temporary);
            finish(&temporary, path, linked.and(removed))
        }
    }
}

/// Removes what an interrupted write has left in a directory. Only for who holds the directory's lock.
///
/// # Errors
/// What the system answers.
pub fn sweep(directory: &Path) -> Result<(), FileError> {
    let fail = |source| FileError::new(directory, source);
    for entry in fs::read_dir(directory).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            fs::remove_file(entry.path()).map_err(fail)?;
        }
    }
    Ok(())
}

/// Makes a directory and those above it, for this user only (mode 0700).
///
/// # Errors
/// What the system answers.
pub fn create_directory(path: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| FileError::new(path, source))
}

/// Makes what was renamed or removed in the file's directory last through a power cut.
///
/// # Errors
/// What the system answers.
pub fn sync_directory_of(path: &Path) -> Result<(), FileError> {
    let directory = directory_of(path);
    // Directories cannot be opened as files everywhere; where they cannot, renames are durable by themselves.
    if cfg!(unix) {
        File::open(directory)
            .and_then(|open| open.sync_all())
            .map_err(|source| FileError::new(directory, source))?;
    }
    Ok(())
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn write_beside(path: &Path, bytes: &[u8]) -> Result<PathBuf, FileError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)
        .map_err(|error| FileError::new(path, io::Error::other(error.to_string())))?;
    let temporary = directory_of(path).join(format!("{TEMPORARY}{}", hex::encode(random)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(temporary),
        Err(source) => {
            // The write has failed already; that the rest cannot be removed either adds nothing.
            let _ = fs::remove_file(&temporary);
            Err(FileError::new(path, source))
        }
    }
}

fn finish(temporary: &Path, path: &Path, moved: io::Result<()>) -> Result<(), FileError> {
    if let Err(source) = moved {
        let _ = fs::remove_file(temporary);
        return Err(FileError::new(path, source));
    }
    sync_directory_of(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path, 3).unwrap(), b"two");
        assert!(matches!(read(&path, 2), Err(FileError::TooLarge { max_bytes: 2, .. })));
        assert_eq!(names(directory.path()), ["a"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_new_file_takes_nobodys_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        create(&path, b"one").unwrap();
        assert!(matches!(create(&path, b"two"), Err(FileError::Exists { .. })));
        assert_eq!(read(&path, 10).unwrap(), b"one");
        assert_eq!(names(directory.path()), ["a"]);
    }

    #[test]
    fn what_a_crash_left_is_swept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        replace(&path, b"one").unwrap();
        write_beside(&path, b"half").unwrap();
        assert_eq!(names(directory.path()).len(), 2);
        sweep(directory.path()).unwrap();
        assert_eq!(names(directory.path()), ["a"]);
    }

    #[test]
    fn a_missing_directory_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("no/where");
        assert!(matches!(replace(&path, b""), Err(FileError::Missing { .. })));
        assert!(matches!(read(&path, 1), Err(FileError::Missing { .. })));
    }
}
