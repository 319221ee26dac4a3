//! What the network keeps over restarts: the node's key, the address book with its secret, the bans.
//!
//! The book and the bans are written whole, beside the old file, and renamed: a crash leaves one or the other. A file
//! that cannot be read is moved aside and said so; the node starts with an empty one.

use std::io;
use std::path::{Path, PathBuf};

/// See the module. Without a directory nothing is kept.
#[derive(Clone, Debug)]
pub struct Files(Option<PathBuf>);

/// Why the network's directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", path.display())]
pub struct FileError {
    /// Which file.
    pub path: PathBuf,
    /// What the system says.
    pub error: io::Error,
}

impl Files {
    /// The folder `network` in the node's directory.
    ///
    /// # Errors
    /// [`FileError`] if it cannot be made.
    pub fn open(directory: Option<&Path>) -> Result<Self, FileError> {
        let Some(directory) = directory else { return Ok(Self(None)) };
        let path = directory.join("network");
        std::fs::create_dir_all(&path).map_err(|error| FileError { path: path.clone(), error })?;
        Ok(Self(Some(path)))
    }

    /// Where the node's key lies.
    pub fn key(&self) -> Option<PathBuf> {
        self.0.as_ref().map(|folder| folder.join("key"))
    }

    /// What was kept under a name; `None` if nothing was.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FileError> {
        let Some(folder) = &self.0 else { return Ok(None) };
        let path = folder.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FileError { path, error }),
        }
    }

    /// Keeps something under a name, in place of what was there.
    ///
    /// # Errors
    /// [`FileError`]; what was there is still there.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        let Some(folder) = &self.0 else { return Ok(()) };
        let (path, draft) = (folder.join(name), folder.join(format!("{name}.new")));
        let write = || {
            let file = std::fs::File::create(&draft)?;
            io::Write::write_all(&mut &file, bytes)?;
            file.sync_all()?;
            std::fs::rename(&draft, &path)
        };
        write().map_err(|error| FileError { path: path.clone(), error })
    }

    /// Moves what cannot be read out of the way, where somebody can look at it.
    pub fn set_aside(&self, name: &str) {
        if let Some(folder) = &self.0 {
            let (path, aside) = (folder.join(name), folder.join(format!("{name}.damaged")));
            if let Err(error) = std::fs::rename(&path, &aside) {
                tracing::warn!("{} cannot be moved aside: {error}", path.display());
            }
        }
    }

    /// The secret of the address book: 32 bytes, drawn once.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn secret(&self) -> Result<[u8; 32], FileError> {
        if let Some(bytes) = self.read("secret")?
            && let Ok(secret) = bytes.try_into()
        {
            return Ok(secret);
        }
        let mut secret = [0; 32];
        let path = self.0.clone().unwrap_or_default().join("secret");
        getrandom::fill(&mut secret).map_err(|error| FileError { path, error: io::Error::from(error) })?;
        self.write("secret", &secret)?;
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again_and_what_is_damaged_is_not_lost() {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::open(Some(directory.path())).unwrap();
        assert_eq!(files.read("book").unwrap(), None);
        files.write("book", b"one").unwrap();
        files.write("book", b"two").unwrap();
        assert_eq!(files.read("book").unwrap().as_deref(), Some(&b"two"[..]));
        files.set_aside("book");
        assert_eq!(files.read("book").unwrap(), None);
        assert_eq!(files.read("book.damaged").unwrap().as_deref(), Some(&b"two"[..]));
        let secret = files.secret().unwrap();
        assert_eq!(Files::open(Some(directory.path())).unwrap().secret().unwrap(), secret);
    }

    #[test]
    fn without_a_directory_nothing_is_kept() {
        let files = Files::open(None).unwrap();
        files.write("book", b"one").unwrap();
        assert_eq!(files.read("book").unwrap(), None);
        assert_ne!(files.secret().unwrap(), files.secret().unwrap());
    }
}
