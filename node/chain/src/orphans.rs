//! Blocks whose parent is not known yet.
//!
//! The pool is bounded by number, bytes and age, so that strangers cannot fill the memory; what is pushed out
//! first is what came first. Every block in it has been held against the body that its header commits to, so an
//! id stands for exactly one block.

use std::collections::{BTreeMap, HashMap};

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Timestamp};

#[cfg(test)]
mod tests;

/// How much may wait, and how long.
#[derive(Clone, Copy, Debug)]
pub struct OrphanLimits {
    /// The most blocks.
    pub blocks_max: usize,
    /// The most encoded bytes of all of them.
    pub bytes_max: usize,
    /// How long one waits, in ms.
    pub age_max_ms: u64,
    /// Whether one waits, too, whose work nobody can judge before its parent: too little beside the active tip's
    /// (ORP-2), or bits that are no target.
    pub light: bool,
}

impl OrphanLimits {
    /// What a node allows strangers.
    pub const NODE: Self = Self { blocks_max: 128, bytes_max: 32 << 20, age_max_ms: 120_000, light: false };
    /// What the reading of a file allows: the order is somebody else's, the memory one's own.
    pub const FILE: Self =
        Self { blocks_max: usize::MAX, bytes_max: 4 << 30, age_max_ms: u64::MAX, light: true };
}

struct Orphan {
    id: Hash,
    block: Block,
    bytes: usize,
    arrived: Timestamp,
}

/// The waiting blocks, in order of arrival.
pub(crate) struct OrphanPool {
    limits: OrphanLimits,
    waiting: BTreeMap<u64, Orphan>,
    by_parent: HashMap<Hash, Vec<u64>>,
    by_id: HashMap<Hash, u64>,
    next: u64,
    bytes: usize,
}

impl OrphanPool {
    pub(crate) fn new(limits: OrphanLimits) -> Self {
        Self {
            limits,
            waiting: BTreeMap::new(),
            by_parent: HashMap::new(),
            by_id: HashMap::new(),
            next: 0,
            bytes: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Keeps a block until its parent comes. A block that waits already keeps its place.
    pub(crate) fn insert(&mut self, id: Hash, block: Block, bytes: usize, now: Timestamp) {
        if self.by_id.contains_key(&id) {
            return;
        }
        let place = self.next;
        self.next += 1;
        self.by_parent.entry(block.content.parent_id).or_default().push(place);
        self.by_id.insert(id, place);
        self.bytes += bytes;
        self.waiting.insert(place, Orphan { id, block, bytes, arrived: now });
        while self.waiting.len() > self.limits.blocks_max || self.bytes > self.limits.bytes_max {
            let Some(oldest) = self.waiting.keys().next().copied() else { break };
            self.remove(oldest);
        }
    }

    /// Drops what has waited too long.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        while let Some((place, oldest)) = self.waiting.first_key_value() {
            if now.saturating_since(oldest.arrived) <= self.limits.age_max_ms {
                break;
            }
            let place = *place;
            self.remove(place);
        }
    }

    /// Takes the blocks that waited for `parent`, in order of arrival.
    pub(crate) fn take_children(&mut self, parent: &Hash) -> Vec<(Hash, Block)> {
        let places = self.by_parent.get(parent).cloned().unwrap_or_default();
        places
            .into_iter()
            .filter_map(|place| self.remove(place))
            .map(|orphan| (orphan.id, orphan.block))
            .collect()
    }

    fn remove(&mut self, place: u64) -> Option<Orphan> {
        let orphan = self.waiting.remove(&place)?;
        self.bytes -= orphan.bytes;
        self.by_id.remove(&orphan.id);
        let parent = orphan.block.content.parent_id;
        if let Some(places) = self.by_parent.get_mut(&parent) {
            places.retain(|other| *other != place);
            if places.is_empty() {
                self.by_parent.remove(&parent);
            }
        }
        Some(orphan)
    }
}
