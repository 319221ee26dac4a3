//! Nodes kept at hand.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use quick_cache::{Weighter, sync::Cache};

use super::{
    StateVersion,
    node::Node,
    path::{NodeKey, Path},
};
use crate::{columns::Column, error::StoreError, kv::KeyValueRead, row};

/// A bounded cache of committed nodes: of each path the newest, so that what an update replaces makes room for
/// what replaces it. Older versions are read from the store. Clones share the cache.
#[derive(Clone, Debug)]
pub(super) struct NodeCache {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    nodes: Cache<Path, Cached, ByBytes>,
    /// How many versions are committed. A node of a later version may come from an overlay that is thrown away,
    /// after which another node gets the same key, so it must not be kept.
    committed: AtomicU64,
}

#[derive(Clone, Debug)]
struct Cached {
    version: u64,
    node: Arc<Node>,
}

#[derive(Clone, Debug)]
struct ByBytes;

impl Weighter<Path, Cached> for ByBytes {
    fn weight(&self, _: &Path, cached: &Cached) -> u64 {
        cached.node.weight_bytes()
    }
}

impl NodeCache {
    pub(super) fn new(bytes: u64, newest: Option<StateVersion>) -> Self {
        // Half leaves of some 250 bytes, half inner nodes of some 500.
        let expected_nodes = usize::try_from(bytes / 400).unwrap_or(usize::MAX);
        let committed = AtomicU64::new(newest.map_or(0, |version| version.next().get()));
        Self {
            shared: Arc::new(Shared {
                nodes: Cache::with_weighter(expected_nodes, bytes, ByBytes),
                committed,
            }),
        }
    }

    /// About how many bytes the nodes at hand take: never more than the bound.
    pub(super) fn bytes(&self) -> u64 {
        self.shared.nodes.weight()
    }

    /// Takes note of a committed version.
    pub(super) fn committed(&self, version: StateVersion) {
        self.shared.committed.fetch_max(version.next().get(), Ordering::AcqRel);
    }

    /// Keeps a node of the newest committed version.
    pub(super) fn insert(&self, key: &NodeKey, node: &Arc<Node>) {
        self.shared.nodes.insert(key.path, Cached { version: key.version, node: Arc::clone(node) });
    }

    /// The node of a key that another node points to, for a reader who passes by once and should push out nothing.
    pub(super) fn pass(&self, reader: &dyn KeyValueRead, key: NodeKey) -> Result<Arc<Node>, StoreError> {
        match self.shared.nodes.get(&key.path) {
            Some(cached) if cached.version == key.version => Ok(cached.node),
            _ => Ok(Arc::new(row::require::<Node>(reader, Column::StateNodes, &key.to_bytes())?)),
        }
    }

    /// The node of a key that another node points to.
    pub(super) fn load(&self, reader: &dyn KeyValueRead, key: NodeKey) -> Result<Arc<Node>, StoreError> {
        let cached = self.shared.nodes.get(&key.path);
        if let Some(cached) = &cached
            && cached.version == key.version
        {
            return Ok(Arc::clone(&cached.node));
        }
        let node = Arc::new(row::require::<Node>(reader, Column::StateNodes, &key.to_bytes())?);
        let is_newer = cached.is_none_or(|cached| cached.version < key.version);
        if is_newer && key.version < self.shared.committed.load(Ordering::Acquire) {
            self.insert(&key, &node);
        }
        Ok(node)
    }
}
