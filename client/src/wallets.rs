//! The wallet directory: several named wallets, their outgoing payments and one address book.
//!
//! ```text
//! <data-dir>/<network>/wallet/
//! ├ lock               held for the moment of a change; names who holds it
//! ├ NAME.keystore      one wallet
//! ├ NAME.outbox.json   what it has sent and is not final yet
//! └ book.json          contacts and labels
//! ```
//! Several programs may use the directory at once (screens and command line): whoever changes something takes
//! the lock for that moment and reads again what it changes. Every write is atomic.
//!
//! Deliberately absent: passwords that are kept, and what a wallet's money does (see
//! [`service`](crate::service)).

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files::{self, FileError};
use crate::keystore::kdf::Policy;
use crate::keystore::{FILE_BYTES_MAX, Keystore, KeystoreError};

pub mod book;
pub mod lock;
pub mod name;

#[cfg(test)]
mod tests;

pub use book::{Book, BookError};
pub use lock::{DirectoryLock, LockError};
pub use name::{NameError, WalletName};

const KEYSTORE: &str = ".keystore";
const OUTBOX: &str = ".outbox.json";

/// How long a change waits for another program that is changing something. Changes take milliseconds.
const LOCK_WAIT: Duration = Duration::from_secs(3);

/// Why the wallet directory cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum WalletsError {
    /// A name that no wallet can have.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Another program is changing something.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The wallet's keystore cannot be read.
    #[error("wallet \"{name}\": {source}")]
    Keystore {
        /// Which wallet.
        name: WalletName,
        /// Why.
        source: KeystoreError,
    },
    /// There is no wallet of that name.
    #[error("there is no wallet \"{0}\"")]
    NoWallet(WalletName),
    /// There is a wallet of that name, perhaps in other letter case.
    #[error("there is a wallet \"{0}\" already")]
    Taken(WalletName),
    /// None was named and there is none.
    #[error("there is no wallet yet: create or restore one")]
    None,
    /// None was named and there are several.
    #[error("there are several wallets ({}): say which one", names.join(", "))]
    Several {
        /// Their names.
        names: Vec<String>,
    },
    /// A file in the place of a wallet is not one.
    #[error("the backup is not a whole keystore: {0}")]
    Backup(KeystoreError),
}

/// The directory of one network's wallets.
#[derive(Clone, Debug)]
pub struct Wallets {
    root: PathBuf,
    policy: Policy,
}

impl Wallets {
    /// The directory at `root`; it is made when the first wallet is.
    #[must_use]
    pub const fn new(root: PathBuf) -> Self {
        Self { root, policy: Policy::STANDARD }
    }

    /// The same with cheap keystores.
    #[cfg(test)]
    pub(crate) const fn cheap(root: PathBuf) -> Self {
        Self { root, policy: Policy::CHEAP }
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What keystores of this directory are sealed with.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// The wallets, by name. A directory that is not there has none.
    ///
    /// # Errors
    /// What the system answers.
    pub fn names(&self) -> Result<Vec<WalletName>, WalletsError> {
        let entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(FileError::new(&self.root, error).into()),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| FileError::new(&self.root, error))?;
            let file = entry.file_name();
            // Names that we would not give are not ours.
            let name = file.to_str().and_then(|file| file.strip_suffix(KEYSTORE));
            names.extend(name.and_then(|name| name.parse().ok()));
        }
        names.sort();
        Ok(names)
    }

    /// The named wallet, or the only one.
    ///
    /// # Errors
    /// [`WalletsError::NoWallet`], [`WalletsError::None`], [`WalletsError::Several`].
    pub fn choose(&self, name: Option<&WalletName>) -> Result<WalletName, WalletsError> {
        let mut names = self.names()?;
        match (name, names.len()) {
            (Some(name), _) if names.contains(name) => Ok(name.clone()),
            (Some(name), _) => Err(WalletsError::NoWallet(name.clone())),
            (None, 0) => Err(WalletsError::None),
            (None, 1) => names.pop().ok_or(WalletsError::None),
            (None, _) => {
                Err(WalletsError::Several { names: names.iter().map(ToString::to_string).collect() })
            }
        }
    }

    /// Reads a wallet's keystore; nothing is opened.
    ///
    /// # Errors
    /// [`WalletsError::NoWallet`], [`WalletsError::Keystore`] when it is damaged, [`WalletsError::File`].
    pub fn load(&self, name: &WalletName) -> Result<Keystore, WalletsError> {
        let bytes = match files::read(&self.keystore_path(name), FILE_BYTES_MAX) {
            Err(FileError::Missing { .. }) => return Err(WalletsError::NoWallet(name.clone())),
            read => read?,
        };
        Keystore::from_bytes(&bytes, self.policy)
            .map_err(|source| WalletsError::Keystore { name: name.clone(), source })
    }

    /// Writes a new wallet.
    ///
    /// # Errors
    /// [`WalletsError::Taken`], [`WalletsError::Lock`], [`WalletsError::File`].
    pub fn create(&self, name: &WalletName, keystore: &Keystore) -> Result<(), WalletsError> {
        let _lock = self.lock()?;
        self.check_free(name)?;
        Ok(files::create(&self.keystore_path(name), &keystore.to_bytes())?)
    }

    /// Refuses a name that is taken, before anything costly is done for a wallet of that name.
    ///
    /// # Errors
    /// [`WalletsError::Taken`].
    pub fn check_free(&self, name: &WalletName) -> Result<(), WalletsError> {
        self.refuse_taken(name, None)
    }

    /// Changes a wallet: `change` gets what is in the file at that moment.
    ///
    /// # Errors
    /// As [`load`](Self::load), and what `change` answers; the file then stays as it was.
    pub fn update<T, E: From<WalletsError>>(
        &self,
        name: &WalletName,
        change: impl FnOnce(&mut Keystore) -> Result<T, E>,
    ) -> Result<(T, Keystore), E> {
        let _lock = self.lock()?;
        let mut keystore = self.load(name)?;
        let answer = change(&mut keystore)?;
        files::replace(&self.keystore_path(name), &keystore.to_bytes()).map_err(WalletsError::from)?;
        Ok((answer, keystore))
    }

    /// Gives a wallet another name.
    ///
    /// # Errors
    /// [`WalletsError::NoWallet`], [`WalletsError::Taken`], [`WalletsError::Lock`], [`WalletsError::File`].
    pub fn rename(&self, old: &WalletName, new: &WalletName) -> Result<(), WalletsError> {
        let _lock = self.lock()?;
        self.choose(Some(old))?;
        self.refuse_taken(new, Some(old))?;
        // The outbox first: if the second step fails, the wallet is still there under its old name, and a
        // payment that is on its way is found again in the pool.
        self.rename_file(&self.outbox_path(old), &self.outbox_path(new))?;
        self.rename_file(&self.keystore_path(old), &self.keystore_path(new))?;
        Ok(files::sync_directory_of(&self.keystore_path(new))?)
    }

    /// Removes a wallet for ever. Without its words, what it holds is lost.
    ///
    /// # Errors
    /// [`WalletsError::NoWallet`], [`WalletsError::Lock`], [`WalletsError::File`].
    pub fn remove(&self, name: &WalletName) -> Result<(), WalletsError> {
        let _lock = self.lock()?;
        self.choose(Some(name))?;
        for path in [self.keystore_path(name), self.outbox_path(name)] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(FileError::new(&path, error).into());
                }
                _ => {}
            }
        }
        Ok(files::sync_directory_of(&self.keystore_path(name))?)
    }

    /// Copies a wallet's keystore to a new file, after checking that it is whole.
    ///
    /// # Errors
    /// As [`load`](Self::load); [`FileError::Exists`] rather than overwriting anything.
    pub fn backup(&self, name: &WalletName, to: &Path) -> Result<(), WalletsError> {
        let keystore = self.load(name)?;
        Ok(files::create(to, &keystore.to_bytes())?)
    }

    /// Takes a keystore file from elsewhere into the directory as a new wallet.
    ///
    /// # Errors
    /// [`WalletsError::Backup`] when the file is no whole keystore; as [`create`](Self::create).
    pub fn import(&self, name: &WalletName, from: &Path) -> Result<Keystore, WalletsError> {
        let bytes = files::read(from, FILE_BYTES_MAX)?;
        let keystore = Keystore::from_bytes(&bytes, self.policy).map_err(WalletsError::Backup)?;
        self.create(name, &keystore)?;
        Ok(keystore)
    }

    /// Takes the directory's lock, making the directory if it is not there.
    ///
    /// # Errors
    /// [`WalletsError::Lock`] when another program holds it for long.
    pub fn lock(&self) -> Result<DirectoryLock, WalletsError> {
        files::create_directory(&self.root)?;
        let lock = DirectoryLock::acquire(&self.root.join("lock"), LOCK_WAIT)?;
        files::sweep(&self.root)?;
        Ok(lock)
    }

    /// Where the outgoing payments of a wallet are kept.
    #[must_use]
    pub fn outbox_path(&self, name: &WalletName) -> PathBuf {
        self.root.join(format!("{name}{OUTBOX}"))
    }

    /// Where the address book is kept.
    #[must_use]
    pub fn book_path(&self) -> PathBuf {
        self.root.join("book.json")
    }

    fn keystore_path(&self, name: &WalletName) -> PathBuf {
        self.root.join(format!("{name}{KEYSTORE}"))
    }

    /// Names that differ only in case would be one file on some systems.
    fn refuse_taken(&self, name: &WalletName, except: Option<&WalletName>) -> Result<(), WalletsError> {
        let taken = |other: &WalletName| other.same_file(name) && Some(other) != except;
        match self.names()?.into_iter().find(taken) {
            Some(other) => Err(WalletsError::Taken(other)),
            None => Ok(()),
        }
    }

    fn rename_file(&self, from: &Path, to: &Path) -> Result<(), WalletsError> {
        match std::fs::rename(from, to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(FileError::new(from, error).into())
            }
            _ => Ok(()),
        }
    }
}
