//! A new version of the tree: what changed is written anew, the rest is shared.

use std::sync::Arc;

use rayon::prelude::*;
use vibecoin_crypto::{
    Hash,
    state_tree::{NotAscending, PLACEHOLDER, leaf_hash, value_hash},
};

use super::{
    Changes, NodePointer, RootRecord, StateError, StateTree, StateVersion,
    node::{Child, Internal, Leaf, Node},
    path::{NodeKey, Path, nibble},
};
use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite},
    row,
};

/// Fewer changes than this are not worth sharing out among threads.
const PARALLEL_CHANGES_MIN: usize = 64;

/// Keys of stale nodes in one row, so that no row grows without bound.
pub(super) const STALE_KEYS_MAX: usize = 1_024;

/// A version that was worked out: its root, and everything that must be written for it.
#[derive(Clone, Debug)]
pub struct TreeUpdate {
    version: StateVersion,
    record: RootRecord,
    output: Output,
}

#[derive(Clone, Debug, Default)]
struct Output {
    nodes: Vec<(NodeKey, Arc<Node>)>,
    stale: Vec<NodeKey>,
    previous: Vec<(Hash, Option<Vec<u8>>)>,
}

impl Output {
    /// Room for what so many changes usually make.
    fn for_changes(changes: usize) -> Self {
        Self {
            nodes: Vec::with_capacity(changes * 3 + 8),
            stale: Vec::with_capacity(changes * 3 + 8),
            previous: Vec::with_capacity(changes),
        }
    }

    fn append(&mut self, mut other: Self) {
        self.nodes.append(&mut other.nodes);
        self.stale.append(&mut other.stale);
        self.previous.append(&mut other.previous);
    }
}

impl TreeUpdate {
    /// The version it makes.
    pub const fn version(&self) -> StateVersion {
        self.version
    }

    /// The root of the version.
    pub const fn root(&self) -> Hash {
        self.record.hash
    }

    /// What undoes it: every key that really changed, ascending, with its value before.
    pub fn previous(&self) -> &Changes {
        &self.output.previous
    }

    /// How many nodes it writes.
    pub fn node_count(&self) -> usize {
        self.output.nodes.len()
    }

    pub(super) fn nodes(&self) -> &[(NodeKey, Arc<Node>)] {
        &self.output.nodes
    }

    /// Writes the version: its nodes, its root, and the record of what it made stale.
    pub fn write(&self, writer: &mut dyn KeyValueWrite) {
        for (key, node) in &self.output.nodes {
            row::write_sized(writer, Column::StateNodes, key.to_bytes(), &**node, node.encoded_bytes());
        }
        let version = self.version.get().to_be_bytes();
        for (part, keys) in (0_u32..).zip(self.output.stale.chunks(STALE_KEYS_MAX)) {
            let mut row = Vec::with_capacity(keys.len() * 16);
            keys.iter().for_each(|key| key.write_to(&mut row));
            writer.put(Column::StateStale, [version.as_slice(), &part.to_be_bytes()].concat(), row);
        }
        row::write(writer, Column::StateRoots, version, &self.record);
    }
}

/// Works out `version` on top of the tree of `base` (`None`: an empty one).
pub(super) fn update(
    tree: &StateTree,
    reader: &dyn KeyValueRead,
    base: Option<RootRecord>,
    version: StateVersion,
    changes: &Changes,
) -> Result<TreeUpdate, StateError> {
    if let Some(pair) = changes.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
        return Err(NotAscending { key: pair[1].0 }.into());
    }
    let existing = base.and_then(|record| {
        record.node.map(|node| Child { version: node.version, hash: record.hash, is_leaf: node.is_leaf })
    });
    let work = Work { tree, reader, version: version.get() };
    let mut output = Output::for_changes(changes.len());
    let subtree = work.change(existing, Path::ROOT, changes, &mut output)?;
    let record = match work.place(subtree, Path::ROOT, &mut output) {
        Some(Child { version, hash, is_leaf }) => {
            RootRecord { hash, node: Some(NodePointer { version, is_leaf }) }
        }
        None => RootRecord { hash: PLACEHOLDER, node: None },
    };
    Ok(TreeUpdate { version, record, output })
}

/// A subtree as it stands after the changes below it.
enum Subtree {
    Empty,
    /// One new leaf. It has no place yet: how high it ends up is known above it.
    NewLeaf {
        hash: Hash,
        node: Arc<Node>,
    },
    /// Stored already, by an older version or (internal nodes) by this one.
    Stored(Child),
}

/// A leaf that a subtree is made of.
struct NewLeaf {
    key: Hash,
    hash: Hash,
    node: Arc<Node>,
}

impl NewLeaf {
    fn new(key: Hash, value: &[u8]) -> Self {
        let hash = leaf_hash(&key, &value_hash(value));
        Self { key, hash, node: Arc::new(Node::Leaf(Leaf { key, value: value.to_vec() })) }
    }
}

struct Work<'a> {
    tree: &'a StateTree,
    reader: &'a dyn KeyValueRead,
    version: u64,
}

impl Work<'_> {
    /// The subtree at `path` with `changes` (all of them below it) made.
    fn change(
        &self,
        existing: Option<Child>,
        path: Path,
        changes: &Changes,
        output: &mut Output,
    ) -> Result<Subtree, StoreError> {
        let Some(child) = existing else {
            let mut leaves = Vec::with_capacity(changes.len());
            add_new(changes, &mut leaves, output);
            return Ok(self.build(path, &leaves, output));
        };
        let place = NodeKey { version: child.version, path };
        let node = self.tree.cache.load(self.reader, place)?;
        match &*node {
            Node::Leaf(leaf) => Ok(self.change_leaf(child, place, leaf, &node, changes, output)),
            Node::Internal(internal) => self.change_internal(child, place, internal, changes, output),
        }
    }

    /// A leaf takes in the changes at its place.
    fn change_leaf(
        &self,
        child: Child,
        place: NodeKey,
        leaf: &Leaf,
        node: &Arc<Node>,
        changes: &Changes,
        output: &mut Output,
    ) -> Subtree {
        let split = changes.partition_point(|(key, _)| *key < leaf.key);
        let (before, rest) = changes.split_at(split);
        let (own, after) = match rest {
            [(key, value), after @ ..] if *key == leaf.key => (Some(value.as_deref()), after),
            _ => (None, rest),
        };
        let own = own.filter(|value| *value != Some(leaf.value.as_slice()));
        if own.is_none() && before.iter().chain(after).all(|(_, value)| value.is_none()) {
            return Subtree::Stored(child);
        }
        output.stale.push(place);
        let mut leaves = Vec::with_capacity(changes.len() + 1);
        add_new(before, &mut leaves, output);
        match own {
            Some(value) => {
                output.previous.push((leaf.key, Some(leaf.value.clone())));
                leaves.extend(value.map(|value| NewLeaf::new(leaf.key, value)));
            }
            None => leaves.push(NewLeaf { key: leaf.key, hash: child.hash, node: Arc::clone(node) }),
        }
        add_new(after, &mut leaves, output);
        self.build(place.path, &leaves, output)
    }

    /// An internal node hands the changes to its children.
    fn change_internal(
        &self,
        child: Child,
        place: NodeKey,
        internal: &Internal,
        changes: &Changes,
        output: &mut Output,
    ) -> Result<Subtree, StoreError> {
        let path = place.path;
        let mut children = internal.slots();
        let first_node = output.nodes.len();
        let mut changed = false;
        let mut put = |digit: u8, subtree: Subtree, output: &mut Output| {
            let slot = &mut children[usize::from(digit)];
            let new = self.place(subtree, path.child(digit), output);
            changed |= *slot != new;
            *slot = new;
        };
        let descend = |digit: u8, group: &Changes, output: &mut Output| {
            self.change(internal.child(digit).copied(), path.child(digit), group, output)
        };
        if changes.len() < PARALLEL_CHANGES_MIN {
            for (digit, group) in by_nibble(changes, |(key, _)| nibble(key, path.len())) {
                let subtree = descend(digit, group, output)?;
                put(digit, subtree, output);
            }
        } else {
            let groups: Vec<_> = by_nibble(changes, |(key, _)| nibble(key, path.len())).collect();
            let done: Vec<_> = groups
                .into_par_iter()
                .map(|(digit, group)| {
                    let mut own = Output::for_changes(group.len());
                    descend(digit, group, &mut own).map(|subtree| (digit, subtree, own))
                })
                .collect::<Result<_, _>>()?;
            for (digit, subtree, own) in done {
                output.append(own);
                put(digit, subtree, output);
            }
        }
        if !changed {
            return Ok(Subtree::Stored(child));
        }
        output.stale.push(place);
        let mut left = (0_u8..).zip(&children).filter_map(|(digit, child)| Some((digit, child.as_ref()?)));
        match (left.next(), left.next()) {
            (None, _) => Ok(Subtree::Empty),
            // A leaf that is alone moves up.
            (Some((digit, leaf)), None) if leaf.is_leaf => {
                let hash = leaf.hash;
                if leaf.version == self.version {
                    // All the other children became empty, so nothing but this leaf was written below.
                    debug_assert_eq!(output.nodes.len(), first_node + 1);
                    if let Some((_, node)) = output.nodes.pop() {
                        return Ok(Subtree::NewLeaf { hash, node });
                    }
                }
                let place = NodeKey { version: leaf.version, path: path.child(digit) };
                let node = self.tree.cache.load(self.reader, place)?;
                output.stale.push(place);
                Ok(Subtree::NewLeaf { hash, node })
            }
            _ => Ok(self.internal(path, &children, output)),
        }
    }

    /// A subtree made of leaves alone, ascending by key.
    fn build(&self, path: Path, leaves: &[NewLeaf], output: &mut Output) -> Subtree {
        match leaves {
            [] => Subtree::Empty,
            [leaf] => Subtree::NewLeaf { hash: leaf.hash, node: Arc::clone(&leaf.node) },
            _ => {
                let mut children = [None; 16];
                for (digit, group) in by_nibble(leaves, |leaf| nibble(&leaf.key, path.len())) {
                    let subtree = self.build(path.child(digit), group, output);
                    children[usize::from(digit)] = self.place(subtree, path.child(digit), output);
                }
                self.internal(path, &children, output)
            }
        }
    }

    /// Writes the internal node of these children.
    fn internal(&self, path: Path, children: &[Option<Child>; 16], output: &mut Output) -> Subtree {
        let internal = Internal::new(children);
        let child = Child { version: self.version, hash: internal.hash(), is_leaf: false };
        output.nodes.push((NodeKey { version: self.version, path }, Arc::new(Node::Internal(internal))));
        Subtree::Stored(child)
    }

    /// Gives a subtree its place, which for a new leaf is written now.
    fn place(&self, subtree: Subtree, path: Path, output: &mut Output) -> Option<Child> {
        match subtree {
            Subtree::Empty => None,
            Subtree::Stored(child) => Some(child),
            Subtree::NewLeaf { hash, node } => {
                output.nodes.push((NodeKey { version: self.version, path }, node));
                Some(Child { version: self.version, hash, is_leaf: true })
            }
        }
    }
}

/// Makes leaves of changes to keys that have no value yet.
fn add_new(changes: &Changes, leaves: &mut Vec<NewLeaf>, output: &mut Output) {
    for (key, value) in changes {
        if let Some(value) = value {
            leaves.push(NewLeaf::new(*key, value));
            output.previous.push((*key, None));
        }
    }
}

/// Runs of items with the same nibble, which are neighbours since the items ascend.
fn by_nibble<T>(items: &[T], digit: impl Fn(&T) -> u8 + Copy) -> impl Iterator<Item = (u8, &[T])> {
    items.chunk_by(move |a, b| digit(a) == digit(b)).map(move |group| (digit(&group[0]), group))
}
