//! One version of the state, to read and to prove from.

use std::sync::Arc;

use vibecoin_crypto::{
    Hash,
    state_tree::{StateProof, Terminal, value_hash},
};

use super::{
    RootRecord, StateTree, StateVersion,
    node::{Found, Leaf, Node, Range},
    path::{NodeKey, Path, nibble},
};
use crate::{columns::Column, error::StoreError, kv::KeyValueRead, state_reader::StateReader};

/// The state at a version. Over an `Arc<dyn KeyValueRead>` (a snapshot) it can be kept and sent about.
#[derive(Clone, Debug)]
pub struct StateView<R> {
    tree: StateTree,
    reader: R,
    version: StateVersion,
    record: RootRecord,
}

impl<R: KeyValueRead> StateView<R> {
    pub(super) const fn new(tree: StateTree, reader: R, version: StateVersion, record: RootRecord) -> Self {
        Self { tree, reader, version, record }
    }

    /// The version.
    pub const fn version(&self) -> StateVersion {
        self.version
    }

    /// The root of the state.
    pub const fn root(&self) -> Hash {
        self.record.hash
    }

    pub(super) const fn record(&self) -> &RootRecord {
        &self.record
    }

    /// A node that is read once.
    pub(super) fn pass(&self, place: NodeKey) -> Result<Arc<Node>, StoreError> {
        self.tree.cache.pass(&self.reader, place)
    }

    /// The proof of a key's value, or of its absence, against [`StateView::root`].
    pub fn prove(&self, key: &Hash) -> Result<StateProof, StoreError> {
        let mut siblings = Vec::new();
        let terminal = match self.walk(key, |node, range| siblings.push(node.range_hash(range)))? {
            None => Terminal::Empty,
            Some(leaf) if leaf.key == *key => Terminal::Value(leaf.value),
            Some(leaf) => Terminal::Other { key: leaf.key, value_hash: value_hash(&leaf.value) },
        };
        StateProof::new(terminal, siblings)
            .map_err(|error| StoreError::undecodable(Column::StateNodes, key.as_bytes(), error))
    }

    /// Goes down the path of a key to the leaf that it ends in, calling `pass` for every sibling that is left
    /// aside on the way.
    fn walk(
        &self,
        key: &Hash,
        mut pass: impl FnMut(&super::node::Internal, Range),
    ) -> Result<Option<Leaf>, StoreError> {
        let Some(root) = self.record.node else { return Ok(None) };
        let mut place = NodeKey { version: root.version, path: Path::ROOT };
        loop {
            let node = self.tree.cache.load(&self.reader, place)?;
            let internal = match &*node {
                Node::Leaf(leaf) => return Ok(Some(leaf.clone())),
                Node::Internal(internal) => internal,
            };
            let digit = nibble(key, place.path.len());
            let mut range = Range::WHOLE;
            place = loop {
                match internal.look(range) {
                    Found::Nothing => return Ok(None),
                    // A leaf that is alone in its range may stand beside the key's own nibble.
                    Found::Child(found, child) => {
                        break NodeKey { version: child.version, path: place.path.child(found) };
                    }
                    Found::Several => {
                        let (left, right) = range.halves();
                        let (own, other) = if left.contains(digit) { (left, right) } else { (right, left) };
                        pass(internal, other);
                        range = own;
                    }
                }
            };
        }
    }
}

impl<R: KeyValueRead> StateReader for StateView<R> {
    fn get(&self, key: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.walk(key, |_, _| {})?.filter(|leaf| leaf.key == *key).map(|leaf| leaf.value))
    }
}
