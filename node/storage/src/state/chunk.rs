//! Ranges of a state, with their proofs, for whoever fetches it piece by piece.

use vibecoin_crypto::{
    Hash,
    state_tree::{CHUNK_BYTES_MAX, Edge, LEAF_FIXED_BYTES, Leaf, Side, StateChunk},
};

use super::{
    StateView,
    node::Node,
    path::{NodeKey, Path, nibble},
};
use crate::{error::StoreError, kv::KeyValueRead};

impl<R: KeyValueRead> StateView<R> {
    /// The leaves from `start` to `end` (both included) with their proof against [`StateView::root`]; as many as
    /// `bytes_max` bytes hold, and at least one if there is one. One walk over what it returns, beside which nothing is
    /// kept at hand.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn chunk(&self, start: &Hash, end: &Hash, bytes_max: usize) -> Result<StateChunk, StoreError> {
        let bytes_left = bytes_max.min(CHUNK_BYTES_MAX);
        let mut gathering = Gathering { start, end, bytes_left, leaves: Vec::new(), is_cut: false };
        if let Some(root) = self.root_node() {
            self.gather(root, true, true, &mut gathering)?;
        }
        let Gathering { leaves, is_cut, .. } = gathering;
        let last = leaves.last().filter(|_| is_cut).map_or(*end, |(key, _)| *key);
        let left = Edge::new(Side::Left, start, &self.prove(start)?);
        let right = Edge::new(Side::Right, &last, &self.prove(&last)?);
        Ok(StateChunk::new(leaves, is_cut, left, right))
    }

    /// Takes what a subtree has of the range; false once the range or the room is at its end. `from_start` and
    /// `to_end` say whether the path is the beginning of either key.
    fn gather(
        &self,
        place: NodeKey,
        from_start: bool,
        to_end: bool,
        gathering: &mut Gathering<'_>,
    ) -> Result<bool, StoreError> {
        let node = self.pass(place)?;
        let internal = match &*node {
            Node::Leaf(leaf) => return Ok(gathering.take(&leaf.key, &leaf.value)),
            Node::Internal(internal) => internal,
        };
        let depth = place.path.len();
        let first = if from_start { nibble(gathering.start, depth) } else { 0 };
        let last = if to_end { nibble(gathering.end, depth) } else { 15 };
        for digit in first..=last {
            let Some(child) = internal.child(digit) else { continue };
            let place = NodeKey { version: child.version, path: place.path.child(digit) };
            let (from_start, to_end) = (from_start && digit == first, to_end && digit == last);
            if !self.gather(place, from_start, to_end, gathering)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn root_node(&self) -> Option<NodeKey> {
        self.record().node.map(|root| NodeKey { version: root.version, path: Path::ROOT })
    }
}

/// Leaves on their way into a chunk.
struct Gathering<'a> {
    start: &'a Hash,
    end: &'a Hash,
    bytes_left: usize,
    leaves: Vec<Leaf>,
    is_cut: bool,
}

impl Gathering<'_> {
    fn take(&mut self, key: &Hash, value: &[u8]) -> bool {
        if key < self.start {
            return true;
        }
        if key > self.end {
            return false;
        }
        let bytes = LEAF_FIXED_BYTES + value.len();
        if bytes > self.bytes_left && !self.leaves.is_empty() {
            self.is_cut = true;
            return false;
        }
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.leaves.push((*key, value.to_vec()));
        true
    }
}
