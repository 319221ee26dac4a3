//! The state tree on disk: every version of it that is still needed, each with its root and its proofs.
//!
//! A Jellyfish tree: nodes of sixteen children under a path of nibbles, hashed inside as the binary tree of the
//! protocol; leaves stand as high as they are alone and hold their value. A node is stored under (version,
//! path) and never changed; an update writes the nodes it changes under a new version and shares the rest.
//!
//! **Versions are commit numbers, not heights.** Every block that is applied or undone makes the next version on
//! top of the newest; undoing writes old values back as a new version. So versions form a line, forks never
//! clash, and a node that was replaced can be dropped exactly when the version that replaced it is the oldest
//! still kept. An update records what it replaced; [`StateTree::prune`] goes by that record and by nothing else.
//!
//! Deliberately absent: meaning. Keys are 32 bytes that somebody hashed, values are bytes.

mod build;
mod cache;
mod chunk;
mod node;
mod path;
mod prune;
#[cfg(test)]
mod tests;
mod update;
mod view;

use borsh::{BorshDeserialize, BorshSerialize};
use rayon::prelude::*;
use vibecoin_crypto::{Hash, state_tree::NotAscending};

pub use build::BuiltState;
pub use prune::Pruned;
pub use update::TreeUpdate;
pub use view::StateView;

use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueStore, KeyValueWrite},
    row,
};
use cache::NodeCache;

/// The number of a version of the state, from 0 (the genesis), in the order of commits.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize, BorshDeserialize,
)]
pub struct StateVersion(u64);

impl StateVersion {
    /// The version that the genesis writes.
    pub const FIRST: Self = Self(0);

    /// The version with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The version after this one.
    pub const fn next(self) -> Self {
        // One commit a nanosecond would need five centuries to get there.
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for StateVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A set of changes: keys strictly ascending, each with its new value or `None` to remove it.
pub type Changes = [(Hash, Option<Vec<u8>>)];

/// Why the state could not be read or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The version is not there: it was pruned, or never written.
    #[error("version {version} of the state is not kept")]
    NotKept {
        /// The version that was asked for.
        version: StateVersion,
    },
    /// An update on a version that another update already stands on.
    #[error("version {base} of the state is not the newest")]
    NotNewest {
        /// The version the update should stand on.
        base: StateVersion,
    },
    /// The changes are not in order.
    #[error("changes of the state out of order: {0}")]
    Unsorted(#[from] NotAscending),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is stored of a version: its root, and under which version its root node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct RootRecord {
    hash: Hash,
    /// `None`: the state is empty.
    node: Option<NodePointer>,
}

/// Where the root node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct NodePointer {
    version: u64,
    is_leaf: bool,
}

/// The way to read and change the state in a store: code and a bounded cache of nodes. Clones share the cache.
///
/// Only nodes of committed versions are cached, so whoever commits must say so with [`StateTree::committed`];
/// one who forgets loses speed, not truth. One tree serves one store.
#[derive(Clone, Debug)]
pub struct StateTree {
    cache: NodeCache,
}

impl StateTree {
    /// A tree over a store whose newest committed version is `newest` (`None`: the store is new), with at most
    /// about `cache_bytes` bytes of cached nodes.
    pub fn new(cache_bytes: u64, newest: Option<StateVersion>) -> Self {
        Self { cache: NodeCache::new(cache_bytes, newest) }
    }

    /// About how many bytes of nodes are kept at hand: never more than the tree was made with.
    pub fn cache_bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// The root of a version; `None` if the version is not kept.
    pub fn root(reader: &dyn KeyValueRead, version: StateVersion) -> Result<Option<Hash>, StoreError> {
        Ok(root_record(reader, version)?.map(|record| record.hash))
    }

    /// The state at a version, to read and to prove from.
    ///
    /// # Errors
    /// [`StateError::NotKept`].
    pub fn at<R: KeyValueRead>(&self, reader: R, version: StateVersion) -> Result<StateView<R>, StateError> {
        let record = root_record(&reader, version)?.ok_or(StateError::NotKept { version })?;
        Ok(StateView::new(self.clone(), reader, version, record))
    }

    /// Works out the version after `base` (`None`: the first one), with `changes`. Nothing is written: see
    /// [`TreeUpdate::write`].
    ///
    /// # Errors
    /// [`StateError::NotKept`] if `base` is not there, [`StateError::NotNewest`] if it has a successor,
    /// [`StateError::Unsorted`].
    pub fn update(
        &self,
        reader: &dyn KeyValueRead,
        base: Option<StateVersion>,
        changes: &Changes,
    ) -> Result<TreeUpdate, StateError> {
        let (record, version) = match base {
            Some(base) => {
                let record = root_record(reader, base)?.ok_or(StateError::NotKept { version: base })?;
                if root_record(reader, base.next())?.is_some() {
                    return Err(StateError::NotNewest { base });
                }
                (Some(record), base.next())
            }
            None => (None, StateVersion::FIRST),
        };
        update::update(self, reader, record, version, changes)
    }

    /// Takes note that an update was committed to the store, and keeps its nodes at hand.
    pub fn committed(&self, update: &TreeUpdate) {
        self.cache.committed(update.version());
        update.nodes().par_iter().with_min_len(512).for_each(|(key, node)| self.cache.insert(key, node));
    }

    /// Writes the nodes of a version that is made of `leaves` alone (ascending), in batches of bounded size, whatever
    /// stands in other versions. Nobody sees it before [`BuiltState::write`] is committed. What an interrupted build of
    /// the same version left is written over, and dropped where it is not.
    ///
    /// # Errors
    /// [`StateError::Unsorted`], or what the leaves or the store fail with.
    pub fn build(
        store: &dyn KeyValueStore,
        version: StateVersion,
        leaves: impl Iterator<Item = Result<(Hash, Vec<u8>), StoreError>>,
    ) -> Result<BuiltState, StateError> {
        build::build(store, version, leaves)
    }

    /// Takes note that a state that was built was committed to the store.
    pub fn adopted(&self, built: &BuiltState) {
        self.cache.committed(built.version());
    }

    /// Drops the nodes of all versions below `version`, which nothing may need any more: at most about `limit` of them.
    /// Whether that was all.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn drop_below(
        reader: &dyn KeyValueRead,
        writer: &mut dyn KeyValueWrite,
        version: StateVersion,
        limit: usize,
    ) -> Result<bool, StoreError> {
        prune::drop_below(reader, writer, version, limit)
    }

    /// Drops what no version from `oldest` on needs, and with it all versions below `oldest`. At most about
    /// `limit` nodes at once, so that no batch grows without bound; call again until [`Pruned::is_done`].
    pub fn prune(
        reader: &dyn KeyValueRead,
        writer: &mut dyn KeyValueWrite,
        oldest: StateVersion,
        limit: usize,
    ) -> Result<Pruned, StoreError> {
        prune::prune(reader, writer, oldest, limit)
    }
}

fn root_record(reader: &dyn KeyValueRead, version: StateVersion) -> Result<Option<RootRecord>, StoreError> {
    row::read(reader, Column::StateRoots, &version.get().to_be_bytes())
}
