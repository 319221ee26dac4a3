//! A folder for a database that is needed for one command.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};

/// A folder that is gone at the end.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// An empty folder. What a killed command has left there is removed, so the path must be this command's alone.
    ///
    /// # Errors
    /// [`Failure::Io`].
    pub(super) fn new(path: PathBuf) -> Outcome<Self> {
        // Usually there is nothing.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).map_err(Failure::io(&path))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Best effort: the answer is given, and the folder's name says what it is.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
