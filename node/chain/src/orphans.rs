//! Blocks whose parent is not known yet.
//!
//! The pool is bounded by number, bytes and age, and each peer has a share of its own, so that strangers can neither
//! fill the memory nor push out what others sent; what is pushed out first is what came first. Every block in it has been held against the body that its header commits to, so an
//! id stands for exactly one block.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use vibecoin_consensus::fork_choice::{
    ORPHAN_AGE_MAX_MS, ORPHAN_BYTES_MAX, ORPHANS_MAX, ORPHANS_PER_PEER_MAX,
};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Timestamp};

#[cfg(test)]
mod tests;

/// Who handed a block in. Strangers are bounded; the owner of a node is trusted with its disk, not with its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Whoever owns this node: its miner, its file, its operator. Every body is taken, whatever branch it is of.
    Local,
    /// A peer, by a number that the network gives it for as long as it is connected. Of side branches only the bodies
    /// are taken that may still matter (FRK-3); of others the headers are kept.
    Peer(u64),
}

/// How much may wait, and how long.
#[derive(Clone, Copy, Debug)]
pub struct OrphanLimits {
    /// The most blocks.
    pub blocks_max: usize,
    /// The most blocks of one peer.
    pub per_peer_max: usize,
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
    pub const NODE: Self = Self {
        blocks_max: ORPHANS_MAX,
        per_peer_max: ORPHANS_PER_PEER_MAX,
        bytes_max: ORPHAN_BYTES_MAX,
        age_max_ms: ORPHAN_AGE_MAX_MS,
        light: false,
    };
    /// What the reading of a file allows: the order is somebody else's, the memory one's own.
    pub const FILE: Self = Self {
        blocks_max: usize::MAX,
        per_peer_max: usize::MAX,
        bytes_max: 4 << 30,
        age_max_ms: u64::MAX,
        light: true,
    };
}

struct Orphan {
    id: Hash,
    block: Arc<Block>,
    source: Source,
    bytes: usize,
    arrived: Timestamp,
}

/// The waiting blocks, in order of arrival.
pub(crate) struct OrphanPool {
    limits: OrphanLimits,
    waiting: BTreeMap<u64, Orphan>,
    by_parent: HashMap<Hash, Vec<u64>>,
    by_id: HashMap<Hash, u64>,
    by_peer: HashMap<u64, VecDeque<u64>>,
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
            by_peer: HashMap::new(),
            next: 0,
            bytes: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether blocks wait for this one.
    pub(crate) fn is_awaited(&self, parent: &Hash) -> bool {
        self.by_parent.contains_key(parent)
    }

    /// Keeps a block until its parent comes. A block that waits already keeps its place.
    pub(crate) fn insert(
        &mut self,
        id: Hash,
        block: Arc<Block>,
        source: Source,
        bytes: usize,
        now: Timestamp,
    ) {
        if self.by_id.contains_key(&id) {
            return;
        }
        let place = self.next;
        self.next += 1;
        self.by_parent.entry(block.content.parent_id).or_default().push(place);
        self.by_id.insert(id, place);
        self.bytes += bytes;
        self.waiting.insert(place, Orphan { id, block, source, bytes, arrived: now });
        if let Source::Peer(peer) = source {
            let own = self.by_peer.entry(peer).or_default();
            own.push_back(place);
            if own.len() > self.limits.per_peer_max
                && let Some(oldest) = own.front().copied()
            {
                self.remove(oldest);
            }
        }
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
    pub(crate) fn take_children(&mut self, parent: &Hash) -> Vec<(Hash, Arc<Block>, Source)> {
        let places = self.by_parent.get(parent).cloned().unwrap_or_default();
        places
            .into_iter()
            .filter_map(|place| self.remove(place))
            .map(|orphan| (orphan.id, orphan.block, orphan.source))
            .collect()
    }

    fn remove(&mut self, place: u64) -> Option<Orphan> {
        let orphan = self.waiting.remove(&place)?;
        self.bytes -= orphan.bytes;
        self.by_id.remove(&orphan.id);
        if let Source::Peer(peer) = orphan.source
            && let Some(places) = self.by_peer.get_mut(&peer)
        {
            places.retain(|other| *other != place);
            if places.is_empty() {
                self.by_peer.remove(&peer);
            }
        }
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
