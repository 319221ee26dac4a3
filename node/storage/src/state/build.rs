//! A whole state made from its leaves, from the bottom up: in one pass, with no more at hand than the path to the
//! newest leaf.

use vibecoin_crypto::{
    Hash,
    state_tree::{NotAscending, PLACEHOLDER, leaf_hash, value_hash},
};

use super::{
    NodePointer, RootRecord, StateError, StateVersion,
    node::{Child, Internal, Leaf, Node},
    path::{NodeKey, Path, nibble},
};
use crate::{
    columns::Column,
    error::StoreError,
    kv::{Batch, Durability, KeyValueStore, KeyValueWrite, Scan},
    row,
};

/// Nodes that one batch holds.
const BATCH_NODES: usize = if cfg!(test) { 50 } else { 20_000 };

/// A version whose nodes are in the store, and which nobody sees yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltState {
    version: StateVersion,
    record: RootRecord,
    leaves: u64,
}

impl BuiltState {
    /// The version.
    pub const fn version(&self) -> StateVersion {
        self.version
    }

    /// The root of the state.
    pub const fn root(&self) -> Hash {
        self.record.hash
    }

    /// How many leaves it has.
    pub const fn leaves(&self) -> u64 {
        self.leaves
    }

    /// Makes it a version that is read.
    pub fn write(&self, writer: &mut dyn KeyValueWrite) {
        row::write(writer, Column::StateRoots, self.version.get().to_be_bytes(), &self.record);
    }
}

pub(super) fn build(
    store: &dyn KeyValueStore,
    version: StateVersion,
    leaves: impl Iterator<Item = Result<(Hash, Vec<u8>), StoreError>>,
) -> Result<BuiltState, StateError> {
    drop_leftovers(store, version)?;
    let mut work = Work { store, version: version.get(), batch: Batch::new(), open: Vec::new(), leaves: 0 };
    let mut leaves = leaves.peekable();
    let mut before = None;
    let mut root = None;
    while let Some(leaf) = leaves.next() {
        let (key, value) = leaf?;
        let next = match leaves.peek() {
            Some(Ok((next, _))) => Some(*next),
            // It is met in the next round.
            Some(Err(_)) | None => None,
        };
        if next.is_some_and(|next| next <= key) {
            return Err(NotAscending { key: next.unwrap_or(key) }.into());
        }
        let shared = next.map(|next| shared_nibbles(&key, &next));
        root = work.add(key, value, before, shared)?;
        before = shared;
    }
    store.write(work.batch, Durability::Synced)?;
    let record = match root {
        Some(Child { version, hash, is_leaf }) => {
            RootRecord { hash, node: Some(NodePointer { version, is_leaf }) }
        }
        None => RootRecord { hash: PLACEHOLDER, node: None },
    };
    Ok(BuiltState { version, record, leaves: work.leaves })
}

struct Work<'a> {
    store: &'a dyn KeyValueStore,
    version: u64,
    batch: Batch,
    /// The children so far of the inner nodes on the path to the newest leaf, the root first.
    open: Vec<[Option<Child>; 16]>,
    leaves: u64,
}

impl Work<'_> {
    /// Adds the next leaf. `before` and `after` are the nibbles that it shares with its neighbours, if it has them: it
    /// stands below the deeper one. Gives the root once the last leaf is in.
    fn add(
        &mut self,
        key: Hash,
        value: Vec<u8>,
        before: Option<u8>,
        after: Option<u8>,
    ) -> Result<Option<Child>, StateError> {
        self.leaves += 1;
        let hash = leaf_hash(&key, &value_hash(&value));
        let mut child = Child { version: self.version, hash, is_leaf: true };
        let depth = before.max(after).map_or(0, |shared| shared + 1);
        self.put(Path::of(&key, depth), &Node::Leaf(Leaf { key, value }))?;
        if depth == 0 {
            return Ok(Some(child));
        }
        self.open.resize(usize::from(depth).max(self.open.len()), [None; 16]);
        self.open[usize::from(depth) - 1][usize::from(nibble(&key, depth - 1))] = Some(child);
        // Nodes that the next leaf is not below are whole.
        let kept = after.map_or(0, |shared| usize::from(shared) + 1);
        while self.open.len() > kept {
            let Some(children) = self.open.pop() else { break };
            let depth = self.open.len() as u8;
            let internal = Internal::new(&children);
            child = Child { version: self.version, hash: internal.hash(), is_leaf: false };
            self.put(Path::of(&key, depth), &Node::Internal(internal))?;
            match self.open.last_mut() {
                Some(above) => above[usize::from(nibble(&key, depth - 1))] = Some(child),
                None => return Ok(Some(child)),
            }
        }
        Ok(None)
    }

    fn put(&mut self, path: Path, node: &Node) -> Result<(), StoreError> {
        let key = NodeKey { version: self.version, path };
        row::write_sized(&mut self.batch, Column::StateNodes, key.to_bytes(), node, node.encoded_bytes());
        if self.batch.len() >= BATCH_NODES {
            self.store.write(std::mem::take(&mut self.batch), Durability::Buffered)?;
        }
        Ok(())
    }
}

/// Nibbles that two different keys have in common at their beginning.
fn shared_nibbles(a: &Hash, b: &Hash) -> u8 {
    (0..64).find(|index| nibble(a, *index) != nibble(b, *index)).unwrap_or(63)
}

/// Drops what a build of this version left that was given up.
fn drop_leftovers(store: &dyn KeyValueStore, version: StateVersion) -> Result<(), StoreError> {
    loop {
        let scan = Scan::prefix(version.get().to_be_bytes()).limit(BATCH_NODES);
        let rows = store.scan(Column::StateNodes, scan)?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        rows.into_iter().for_each(|(key, _)| batch.delete(Column::StateNodes, key));
        store.write(batch, Durability::Buffered)?;
    }
}
