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
            row::write(writer, Column::StateNodes, key.to_bytes(), &**node);
        }
        let version = self.version.get().to_be_bytes();
        for (part, keys) in (0_u32..).zip(self.output.stale.chunks(STALE_KEYS_MAX)) {
            let keys: Vec<Vec<u8>> = keys.iter().map(|key| key.to_bytes()).collect();
            row::write(writer, Column::StateStale, [version.as_slice(), &part.to_be_bytes()].concat(), &keys);
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
    let mut output = Output::default();
    let subtree = work.change(existing, Path::ROOT, changes, &mut output)?;
    let record = match work.place(subtree, Path::ROOT, &mut output) {
        Some(Child { version, hash, is_leaf }) => {
            RootRecord { hash, node: Some(NodePointer { version, is_leaf }) }
        }
        None => RootRecord { hash: PLACEHOLDER, node: None },
    };
    Ok(TreeUpdate { version, record, output })
}

/// A subtree as it stands after the changes below it. A new leaf has no place yet: how high it ends up is known
/// above it.
enum Subtree {
    Empty,
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
            let leaves: Vec<_> =
                changes.iter().filter_map(|(key, value)| Some(NewLeaf::new(*key, value.as_ref()?))).collect();
            output.previous.extend(leaves.iter().map(|leaf| (leaf.key, None)));
            return Ok(self.build(path, &leaves, output));
        };
        let key = NodeKey { version: child.version, path };
        let node = self.tree.cache.load(self.reader, key)?;
        match &*node {
            Node::Leaf(leaf) => Ok(self.change_leaf(child, key, leaf, &node, changes, output)),
            Node::Internal(internal) => self.change_internal(child, key, internal, changes, output),
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
        let old = || NewLeaf { key: leaf.key, hash: child.hash, node: Arc::clone(node) };
        let split = changes.partition_point(|(key, _)| *key < leaf.key);
        let (before, rest) = changes.split_at(split);
        let (own, after) = match rest {
            [(key, value), after @ ..] if *key == leaf.key => (Some(value), after),
            _ => (None, rest),
        };
        let own_changes = own.is_some_and(|value| value.as_ref() != Some(&leaf.value));
        let others = || before.iter().chain(after).any(|(_, value)| value.is_some());
        if !own_changes && !others() {
            return Subtree::Stored(child);
        }
        let mut leaves = Vec::with_capacity(changes.len() + 1);
        let new = |(key, value): &(Hash, Option<Vec<u8>>)| Some(NewLeaf::new(*key, value.as_ref()?));
        leaves.extend(before.iter().filter_map(new));
        output.previous.extend(leaves.iter().map(|leaf| (leaf.key, None)));
        match own {
            Some(value) if own_changes => {
                output.previous.push((leaf.key, Some(leaf.value.clone())));
                leaves.extend(value.as_ref().map(|value| NewLeaf::new(leaf.key, value)));
            }
            _ => leaves.push(old()),
        }
        let from = leaves.len();
        leaves.extend(after.iter().filter_map(new));
        output.previous.extend(leaves[from..].iter().map(|leaf| (leaf.key, None)));
        output.stale.push(place);
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
        let groups = by_nibble(changes, |(key, _)| nibble(key, path.len()));
        let descend = |(digit, group): &(u8, &Changes), output: &mut Output| {
            self.change(internal.child(*digit).copied(), path.child(*digit), group, output)
        };
        let results = each_group(&groups, changes.len(), output, descend)?;

        // What was there stays as `Stored` with its version; anything else is a change.
        let mut slots: [Subtree; 16] =
            internal.slots().map(|child| child.map_or(Subtree::Empty, Subtree::Stored));
        let mut changed = false;
        for ((digit, _), result) in groups.iter().zip(results) {
            changed |= match (&result, internal.child(*digit)) {
                (Subtree::Empty, None) => false,
                (Subtree::Stored(now), Some(before)) => now != before,
                _ => true,
            };
            slots[usize::from(*digit)] = result;
        }
        if !changed {
            return Ok(Subtree::Stored(child));
        }
        output.stale.push(place);
        self.join(path, slots, output)
    }

    /// The subtree of these children: nothing, a leaf that is alone and so moves up, or an internal node.
    fn join(&self, path: Path, slots: [Subtree; 16], output: &mut Output) -> Result<Subtree, StoreError> {
        let mut occupied = (0_u8..).zip(&slots).filter(|(_, slot)| !matches!(slot, Subtree::Empty));
        match (occupied.next(), occupied.next()) {
            (None, _) => return Ok(Subtree::Empty),
            (Some((_, Subtree::NewLeaf { hash, node })), None) => {
                return Ok(Subtree::NewLeaf { hash: *hash, node: Arc::clone(node) });
            }
            (Some((digit, Subtree::Stored(child))), None) if child.is_leaf => {
                let place = NodeKey { version: child.version, path: path.child(digit) };
                let node = self.tree.cache.load(self.reader, place)?;
                output.stale.push(place);
                return Ok(Subtree::NewLeaf { hash: child.hash, node });
            }
            _ => {}
        }
        Ok(self.internal(path, slots, output))
    }

    /// A subtree made of leaves alone, ascending by key.
    fn build(&self, path: Path, leaves: &[NewLeaf], output: &mut Output) -> Subtree {
        match leaves {
            [] => Subtree::Empty,
            [leaf] => Subtree::NewLeaf { hash: leaf.hash, node: Arc::clone(&leaf.node) },
            _ => {
                let mut slots = [const { Subtree::Empty }; 16];
                for (digit, group) in by_nibble(leaves, |leaf| nibble(&leaf.key, path.len())) {
                    slots[usize::from(digit)] = self.build(path.child(digit), group, output);
                }
                self.internal(path, slots, output)
            }
        }
    }

    /// Writes the internal node of these children, and those of them that are new leaves.
    fn internal(&self, path: Path, slots: [Subtree; 16], output: &mut Output) -> Subtree {
        let mut children = [None; 16];
        for (digit, slot) in (0_u8..).zip(slots) {
            children[usize::from(digit)] = self.place(slot, path.child(digit), output);
        }
        let internal = Internal::new(&children);
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

/// Runs of items with the same nibble, which are neighbours since the items ascend.
fn by_nibble<T>(items: &[T], digit: impl Fn(&T) -> u8) -> Vec<(u8, &[T])> {
    items.chunk_by(|a, b| digit(a) == digit(b)).map(|group| (digit(&group[0]), group)).collect()
}

/// Does each group, on several threads if there are many changes, and appends their outputs in order.
fn each_group<'a>(
    groups: &[(u8, &'a Changes)],
    changes: usize,
    output: &mut Output,
    descend: impl Fn(&(u8, &'a Changes), &mut Output) -> Result<Subtree, StoreError> + Sync,
) -> Result<Vec<Subtree>, StoreError> {
    if changes < PARALLEL_CHANGES_MIN || groups.len() < 2 {
        return groups.iter().map(|group| descend(group, output)).collect();
    }
    let done: Vec<_> = groups
        .par_iter()
        .map(|group| {
            let mut own = Output::default();
            descend(group, &mut own).map(|subtree| (subtree, own))
        })
        .collect::<Result<_, _>>()?;
    Ok(done
        .into_iter()
        .map(|(subtree, own)| {
            output.nodes.extend(own.nodes);
            output.stale.extend(own.stale);
            output.previous.extend(own.previous);
            subtree
        })
        .collect())
}
