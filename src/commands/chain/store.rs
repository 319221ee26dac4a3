//! The chain's own files, opened by this process while no node runs.

use std::path::Path;
use std::sync::Arc;

use vibecoin_chain::{Chain, ChainReader, OpenError, Policy, Repair};
use vibecoin_node::LogRing;
use vibecoin_primitives::Height;
use vibecoin_storage::directory::{Directory, DirectoryError, DirectoryLock};
use vibecoin_storage::kv::RocksOptions;
use vibecoin_storage::{KeyValueStore, StoreError};

use crate::commands::node;
use crate::config::Key;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::progress;

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
        // It says what to do by itself.
        DirectoryError::OlderFormat { .. } | DirectoryError::Store { .. } => None,
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
    _directory: Directory,
}

impl OpenChain {
    /// A reader of it.
    #[must_use]
    pub fn reader(&self) -> ChainReader {
        self.chain.reader()
    }
}

/// A directory whose store is open, before anybody has looked at the chain in it.
pub struct OpenStore {
    /// The store.
    pub store: Arc<dyn KeyValueStore>,
    /// The lock.
    directory: Directory,
}

impl OpenStore {
    /// Locks the directory of this network, making it if it is not there, and opens its store.
    ///
    /// # Errors
    /// [`StoreFailure`], as a [`Failure`].
    pub fn open(context: &Context) -> Outcome<Self> {
        let genesis = context.config.network().genesis_id();
        let directory = Directory::open(&context.config.node_dir(), "vibecoin chain", &genesis)?;
        let store = directory.open_store(RocksOptions::default())?;
        let found = store.recovered();
        // The next one to open it cannot tell any more what was lost.
        if found.lost_commits.is_some() || found.log_end.as_ref().is_some_and(|end| end.is_damage) {
            context.out.warn(&found.to_string());
        }
        Ok(Self { store: Arc::new(store), directory })
    }

    /// The same, if there is something to open.
    ///
    /// # Errors
    /// As [`Self::open`]; [`Failure::NotFound`] if nothing was ever stored here.
    pub fn existing(context: &Context) -> Outcome<Self> {
        let directory = context.config.node_dir();
        if directory.join("format").exists() {
            return Self::open(context);
        }
        let network = context.config.network().name();
        Err(Failure::NotFound(format!("there is no chain of {network} in {} yet", directory.display())))
    }

    /// Opens the chain. What is damaged is made again from its blocks, and said.
    ///
    /// # Errors
    /// [`StoreFailure`], as a [`Failure`].
    pub fn chain(self, context: &Context, policy: Policy) -> Outcome<OpenChain> {
        let store = Arc::clone(&self.store);
        self.chain_over(context, store, policy)
    }

    /// Opens the chain over a store that stands in front of the directory's own.
    ///
    /// # Errors
    /// [`StoreFailure`], as a [`Failure`].
    pub fn chain_over(
        self,
        context: &Context,
        store: Arc<dyn KeyValueStore>,
        policy: Policy,
    ) -> Outcome<OpenChain> {
        let bar = progress::bar(&context.out, "repairing", "blocks", 0);
        let mut watch = |height: Height, end: Height| {
            bar.set_length(end.get());
            bar.set_position(height.get());
        };
        let spec = (**context.config.network().spec()).clone();
        let chain = Chain::open_watched(store, spec, policy, &mut watch)?;
        bar.finish_and_clear();
        if let Some(repair) = chain.repair() {
            context.out.warn(&in_words(repair));
        }
        Ok(OpenChain { chain, _directory: self.directory })
    }
}

/// Opens the chain of this network's directory, making it if it is not there.
///
/// # Errors
/// [`StoreFailure`], as a [`Failure`].
pub fn open(context: &Context, policy: Policy) -> Outcome<OpenChain> {
    OpenStore::open(context)?.chain(context, policy)
}

/// Opens the chain of this network's directory if there is one.
///
/// # Errors
/// As [`open`]; [`Failure::NotFound`] if nothing was ever stored here.
pub fn open_existing(context: &Context, policy: Policy) -> Outcome<OpenChain> {
    OpenStore::existing(context)?.chain(context, policy)
}

/// How a file is read, with what the settings say is kept of the chain.
///
/// # Errors
/// As [`node::config`].
pub fn file_policy(context: &Context) -> Outcome<Policy> {
    let kept = node::config(context, LogRing::default())?.policy();
    // Whoever hands in a file has time: all is verified, unless somebody has asked for less.
    let verify_poh = match context.config.is_default(Key::VerifyPoh) {
        true => Policy::FILE.verify_poh,
        false => kept.verify_poh,
    };
    Ok(Policy {
        verify_poh,
        state_window: kept.state_window,
        ticks_window: kept.ticks_window,
        ..Policy::FILE
    })
}

/// What a repair did, for people.
pub fn in_words(repair: &Repair) -> String {
    let Repair { reason, height, bodies_lost, headers_lost, .. } = repair;
    let mut text = format!("the store was made again from its blocks ({reason}): it reaches height {height}");
    if repair.shortened_by() > 0 {
        text.push_str(&format!(", {} less than before", repair.shortened_by()));
    }
    if bodies_lost + headers_lost > 0 {
        text.push_str(&format!(
            "; {bodies_lost} damaged blocks and {headers_lost} headers are to be had again"
        ));
    }
    text
}
