//! Nodes kept at hand.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use quick_cache::{Weighter, sync::Cache};

use super::{StateVersion, node::Node, path::NodeKey};
use crate::{columns::Column, error::StoreError, kv::KeyValueRead, row};

/// A bounded cache of committed nodes, which never change. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct NodeCache {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    nodes: Cache<NodeKey, Arc<Node>, ByBytes>,
    /// How many versions are committed. A node of a later version may come from an overlay that is thrown away,
    /// after which another node gets the same key, so it must not be kept.
    committed: AtomicU64,
}

#[derive(Clone, Debug)]
struct ByBytes;

impl Weighter<NodeKey, Arc<Node>> for ByBytes {
    fn weight(&self, _: &NodeKey, node: &Arc<Node>) -> u64 {
        node.weight_bytes()
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

    /// Takes note of a committed version.
    pub(super) fn committed(&self, version: StateVersion) {
        self.shared.committed.fetch_max(version.next().get(), Ordering::AcqRel);
    }

    /// Keeps a committed node.
    pub(super) fn insert(&self, key: NodeKey, node: Arc<Node>) {
        if key.version < self.shared.committed.load(Ordering::Acquire) {
            self.shared.nodes.insert(key, node);
        }
    }

    /// The node of a key that another node points to.
    pub(super) fn load(&self, reader: &dyn KeyValueRead, key: NodeKey) -> Result<Arc<Node>, StoreError> {
        if let Some(node) = self.shared.nodes.get(&key) {
            return Ok(node);
        }
        let node = Arc::new(row::require::<Node>(reader, Column::StateNodes, &key.to_bytes())?);
        self.insert(key, Arc::clone(&node));
        Ok(node)
    }
}
