//! A data directory: one program at a time, one network for ever, one format.
//!
//! ```text
//! <directory>/lock     held while open; says who holds it
//! <directory>/format   the format's number and the network's genesis id, in plain text
//! <directory>/db/      the database
//! <directory>/tip      how far the commits were, beside the database; see [`marker`]
//! ```
//!
//! The `format` file is read before the database is touched, since a newer format's database may not even open.
//! The database holds the same two facts, for directories whose file was lost.
//!
//! Deliberately absent: upgrading an older format (its blocks can be exported by the program that wrote it, or be
//! had again from the network), and removing locks: the system does it
//! when the holder ends, however it ends, so a lock is never stale.

mod lock;
#[cfg(feature = "rocksdb")]
mod marked;
#[cfg(feature = "rocksdb")]
pub mod marker;
#[cfg(test)]
mod tests;

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

pub use lock::{DirectoryLock, Holder};
#[cfg(feature = "rocksdb")]
pub use marked::{Lost, MarkedStore, Recovered};
use vibecoin_crypto::Hash;

use crate::{
    error::StoreError,
    kv::{Batch, Durability, KeyValueStore},
    meta::{self, FORMAT_VERSION},
};

const FORMAT_FILE: &str = "format";
const DATABASE_FOLDER: &str = "db";
#[cfg(feature = "rocksdb")]
const MARKER_FILE: &str = "tip";

/// Why a data directory cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Another program has it open.
    #[error("the data directory {path} is in use by {holder}")]
    Locked {
        /// The directory.
        path: PathBuf,
        /// Who has it.
        holder: Holder,
    },
    /// It belongs to another network.
    #[error(
        "the data directory {path} belongs to another network: its genesis is {found}, this network's is {expected}"
    )]
    OtherNetwork {
        /// The directory.
        path: PathBuf,
        /// The genesis id of the network it belongs to.
        found: Hash,
        /// The genesis id of the network that was to be opened.
        expected: Hash,
    },
    /// A newer program wrote it.
    #[error(
        "the data directory {path} was written by a newer program: its format is {found}, this program knows formats up to {supported}"
    )]
    NewerFormat {
        /// The directory.
        path: PathBuf,
        /// The directory's format.
        found: u32,
        /// The newest format this program reads.
        supported: u32,
    },
    /// An older program wrote it, in a format that this one does not read.
    #[error(
        "the data directory {path} was written by an older program: its format is {found}, this program's is {supported}. Export its blocks with the program that wrote it, or start with an empty directory"
    )]
    OlderFormat {
        /// The directory.
        path: PathBuf,
        /// The directory's format.
        found: u32,
        /// The format of this program.
        supported: u32,
    },
    /// It has a `format` file that says something else.
    #[error("the file {path} is not what says which network a data directory belongs to")]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read or written.
    #[error("the data directory {path}: {source}")]
    Store {
        /// The directory.
        path: PathBuf,
        /// What went wrong.
        source: StoreError,
    },
}

impl DirectoryError {
    fn io(path: &Path, error: io::Error) -> Self {
        Self::Store { path: path.to_owned(), source: error.into() }
    }
}

/// A data directory that is locked, and of the right network and format. Drop it after the store in it.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    genesis_id: Hash,
    _lock: DirectoryLock,
}

impl Directory {
    /// Opens the directory, or makes it. `program` is what others are told who find it locked.
    ///
    /// # Errors
    /// [`DirectoryError`], before anything in the directory was changed.
    pub fn open(path: &Path, program: &str, genesis_id: &Hash) -> Result<Self, DirectoryError> {
        fs::create_dir_all(path).map_err(|error| DirectoryError::io(path, error))?;
        let lock = DirectoryLock::acquire(path, program)?;
        let file = path.join(FORMAT_FILE);
        match fs::read_to_string(&file) {
            Ok(text) => {
                let (format, found) = parse(&text).ok_or(DirectoryError::NotOurs { path: file })?;
                check(path, format, found, genesis_id)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_atomically(path, &render(genesis_id))
                    .map_err(|error| DirectoryError::io(path, error))?;
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(DirectoryError::NotOurs { path: file });
            }
            Err(error) => return Err(DirectoryError::io(path, error)),
        }
        Ok(Self { path: path.to_owned(), genesis_id: *genesis_id, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its database is.
    pub fn database_path(&self) -> PathBuf {
        self.path.join(DATABASE_FOLDER)
    }

    /// Opens the database in it. What was found on the way is in [`MarkedStore::recovered`].
    ///
    /// # Errors
    /// [`DirectoryError`] if the database cannot be opened or says that it is another network's.
    #[cfg(feature = "rocksdb")]
    pub fn open_store(&self, options: crate::kv::RocksOptions) -> Result<MarkedStore, DirectoryError> {
        let store = MarkedStore::open(&self.database_path(), &self.path.join(MARKER_FILE), options)
            .map_err(|source| DirectoryError::Store { path: self.path.clone(), source })?;
        self.claim(&store)?;
        Ok(store)
    }

    /// Writes format and genesis id into a new store, and compares them with an old one's.
    ///
    /// # Errors
    /// [`DirectoryError::OtherNetwork`], [`DirectoryError::NewerFormat`], [`DirectoryError::OlderFormat`],
    /// [`DirectoryError::Store`].
    pub fn claim(&self, store: &dyn KeyValueStore) -> Result<(), DirectoryError> {
        let failed = |source| DirectoryError::Store { path: self.path.clone(), source };
        let format = meta::format_version(store).map_err(failed)?;
        let found = meta::genesis_id(store).map_err(failed)?;
        if let (Some(format), Some(found)) = (format, found) {
            return check(&self.path, format, found, &self.genesis_id);
        }
        let mut batch = Batch::new();
        meta::set_format_version(&mut batch, &FORMAT_VERSION);
        meta::set_genesis_id(&mut batch, &self.genesis_id);
        store.write(batch, Durability::Synced).map_err(failed)
    }
}

fn check(path: &Path, format: u32, found: Hash, expected: &Hash) -> Result<(), DirectoryError> {
    let path = path.to_owned();
    // Of a newer format not even the genesis id can be trusted to mean the same.
    if format > FORMAT_VERSION {
        return Err(DirectoryError::NewerFormat { path, found: format, supported: FORMAT_VERSION });
    }
    if format < FORMAT_VERSION {
        return Err(DirectoryError::OlderFormat { path, found: format, supported: FORMAT_VERSION });
    }
    if found != *expected {
        return Err(DirectoryError::OtherNetwork { path, found, expected: *expected });
    }
    Ok(())
}

fn render(genesis_id: &Hash) -> String {
    format!("vibecoin data directory\nformat {FORMAT_VERSION}\ngenesis {genesis_id}\n")
}

/// Format and genesis id. Later formats may add lines, but keep these three.
fn parse(text: &str) -> Option<(u32, Hash)> {
    let mut lines = text.lines();
    if lines.next()? != "vibecoin data directory" {
        return None;
    }
    let format = lines.next()?.strip_prefix("format ")?.parse().ok()?;
    let genesis = lines.next()?.strip_prefix("genesis ")?.parse().ok()?;
    Some((format, genesis))
}

/// Writes the format file so that it is there whole or not at all.
fn write_atomically(directory: &Path, text: &str) -> io::Result<()> {
    let draft = directory.join("format.new");
    let mut file = fs::File::create(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, directory.join(FORMAT_FILE))?;
    fs::File::open(directory)?.sync_all()
}
