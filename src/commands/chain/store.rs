//! The chain's own files, opened by this process while no node runs.

use std::path::Path;
use std::sync::Arc;

use vibecoin_chain::{Chain, ChainReader, OpenError, Policy};
use vibecoin_storage::directory::{Directory, DirectoryError, DirectoryLock};
use vibecoin_storage::kv::RocksOptions;
use vibecoin_storage::{KeyValueStore, StoreError};

use super::grouped::Grouped;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Why the files of the chain cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreFailure {
    /// The directory: in use, of another network, or newer.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The chain in it.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StoreFailure {
    /// With which code the process ends: nobody answers, and it is not a matter of rules.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        Exit::Failed
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Directory(error) => directory_hint(error),
            Self::Open(_) | Self::Store(_) => None,
        }
    }
}

/// What may help with a directory that cannot be used.
#[must_use]
pub const fn directory_hint(error: &DirectoryError) -> Option<&'static str> {
    match error {
        DirectoryError::Locked { .. } => Some("if that is a node, stop it with: vibecoin node stop"),
        DirectoryError::NewerFormat { .. } => Some("a newer version of this program reads it"),
        DirectoryError::OtherNetwork { .. } | DirectoryError::NotOurs { .. } => {
            Some("choose another directory with --data-dir, or the right network with --network")
        }
        DirectoryError::Store { .. } => None,
    }
}

/// True if no process holds the directory's lock.
///
/// # Errors
/// [`StoreFailure`] when the directory cannot be used at all.
pub fn is_free(directory: &Path) -> Outcome<bool> {
    match DirectoryLock::acquire(directory, "vibecoin") {
        Ok(_) => Ok(true),
        Err(DirectoryError::Locked { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        Self::Chain(error.into())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Chain(error.into())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Chain(error.into())
    }
}

/// A chain in its directory. The directory stays locked until the end.
pub struct OpenChain {
    /// The writer; dropped before the lock is given back.
    pub chain: Chain,
    /// Its store, whose writes are on the disk when a group is settled.
    pub group: Grouped,
    /// The lock.
    pub directory: Directory,
}

impl OpenChain {
    /// A reader of it.
    #[must_use]
    pub fn reader(&self) -> ChainReader {
        self.chain.reader()
    }
}

/// Opens the chain of this network's directory, making it if it is not there. What it takes in is on the disk when
/// its group is settled, and not before.
///
/// # Errors
/// [`StoreFailure`], as a [`Failure`].
pub fn open(context: &Context, policy: Policy) -> Outcome<OpenChain> {
    let network = context.config.network();
    let directory = Directory::open(&context.config.node_dir(), "vibecoin chain", &network.genesis_id())?;
    let group = Grouped::new(Arc::new(directory.open_store(RocksOptions::default())?));
    let store: Arc<dyn KeyValueStore> = Arc::new(group.clone());
    let chain = Chain::open(store, (**network.spec()).clone(), policy)?;
    Ok(OpenChain { chain, group, directory })
}

/// Opens the chain of this network's directory if there is one.
///
/// # Errors
/// As [`open`]; [`Failure::NotFound`] if nothing was ever stored here.
pub fn open_existing(context: &Context, policy: Policy) -> Outcome<OpenChain> {
    let directory = context.config.node_dir();
    if directory.join("format").exists() {
        return open(context, policy);
    }
    let network = context.config.network().name();
    Err(Failure::NotFound(format!("there is no chain of {network} in {} yet", directory.display())))
}
