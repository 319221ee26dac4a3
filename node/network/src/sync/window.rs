//! The blocks that are being fetched, in the order in which the node wants them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;

use crate::endpoint::NodeId;
use crate::wire::RawBlock;

/// Peers that are remembered for not having a block.
const TRIED_MAX: usize = 128;

/// Where a block is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// With nobody that was asked.
    Missing,
    /// A peer was asked.
    Asked {
        /// Who.
        of: NodeId,
        /// When.
        since_ms: u64,
    },
    /// Here, waiting for the blocks before it.
    Here {
        /// Who brought it.
        from: NodeId,
        /// The block that it stands on.
        parent: Hash,
        /// It.
        block: RawBlock,
    },
    /// At the node.
    Judging {
        /// Who brought it.
        from: NodeId,
    },
}

/// One block of the window.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) id: Hash,
    pub(super) height: Height,
    pub(super) place: Place,
    /// Who does not have it, or brought a broken one.
    tried: BTreeSet<NodeId>,
    /// How often it was asked for while it was asked for already.
    pub(super) copies: u8,
}

impl Slot {
    const fn new(id: Hash, height: Height) -> Self {
        Self { id, height, place: Place::Missing, tried: BTreeSet::new(), copies: 0 }
    }

    pub(super) fn was_tried(&self, node: &NodeId) -> bool {
        self.tried.contains(node)
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Window {
    slots: VecDeque<Slot>,
    /// Blocks that are left alone for a while, until when.
    resting: BTreeMap<Hash, u64>,
    /// Blocks that were settled while the node looked for what it wants: what it finds may still name them.
    settled: BTreeSet<Hash>,
    here_bytes: usize,
    asked: usize,
}

impl Window {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) const fn here_bytes(&self) -> usize {
        self.here_bytes
    }

    /// Blocks that peers were asked for.
    pub(super) const fn asked(&self) -> usize {
        self.asked
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter()
    }

    pub(super) fn find(&self, id: &Hash) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.id == *id)
    }

    /// The node begins to look for what it wants.
    pub(super) fn on_look(&mut self) {
        self.settled.clear();
    }

    /// The node wants exactly these now, in this order. What is on its way to the node stays until it is judged.
    pub(super) fn arrange(&mut self, wanted: &[(Hash, Height)], now_ms: u64) {
        self.resting.retain(|_, until_ms| *until_ms > now_ms);
        let mut before: BTreeMap<Hash, Slot> = self.slots.drain(..).map(|slot| (slot.id, slot)).collect();
        let known: BTreeSet<Hash> = wanted.iter().map(|(id, _)| *id).collect();
        let judging = |slot: &Slot| matches!(slot.place, Place::Judging { .. });
        let mut first: Vec<Slot> =
            before.values().filter(|slot| judging(slot) && !known.contains(&slot.id)).cloned().collect();
        first.sort_by_key(|slot| (slot.height, slot.id));
        self.slots.extend(first);
        for (id, height) in wanted {
            if self.settled.contains(id) || self.resting.contains_key(id) {
                continue;
            }
            self.slots.push_back(before.remove(id).unwrap_or_else(|| Slot::new(*id, *height)));
        }
        self.count();
    }

    /// Moves a block to another place. False if it is not in the window.
    pub(super) fn put(&mut self, id: &Hash, place: Place) -> bool {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.id == *id) else { return false };
        let (bytes, asked) = weigh(&slot.place);
        self.here_bytes -= bytes;
        self.asked -= asked;
        slot.place = place;
        let (bytes, asked) = weigh(&slot.place);
        self.here_bytes += bytes;
        self.asked += asked;
        true
    }

    /// Remembers that a peer cannot help with a block.
    pub(super) fn set_tried(&mut self, id: &Hash, node: NodeId) {
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.id == *id)
            && slot.tried.len() < TRIED_MAX
        {
            slot.tried.insert(node);
        }
    }

    /// Counts that a block was asked for once more.
    pub(super) fn add_copy(&mut self, id: &Hash) {
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.id == *id) {
            slot.copies = slot.copies.saturating_add(1);
        }
    }

    /// Everybody may be asked for everything again.
    pub(super) fn forget_tried(&mut self) {
        for slot in &mut self.slots {
            slot.tried.clear();
            slot.copies = 0;
        }
    }

    /// Takes a block out: it is settled, or left alone until a time.
    pub(super) fn remove(&mut self, id: &Hash, rest_until_ms: Option<u64>) {
        self.settled.insert(*id);
        if let Some(until_ms) = rest_until_ms {
            self.resting.insert(*id, until_ms);
        }
        if let Some(at) = self.slots.iter().position(|slot| slot.id == *id)
            && let Some(slot) = self.slots.remove(at)
        {
            let (bytes, asked) = weigh(&slot.place);
            self.here_bytes -= bytes;
            self.asked -= asked;
        }
    }

    /// What a peer was asked for is missing again, if nobody else was asked since.
    pub(super) fn give_back(&mut self, node: NodeId, ids: &VecDeque<Hash>) {
        for id in ids {
            let is_its = |slot: &Slot| matches!(slot.place, Place::Asked { of, .. } if of == node);
            if self.find(id).is_some_and(is_its) {
                self.put(id, Place::Missing);
            }
        }
    }

    /// The next blocks for the node, at most so many and hardly more bytes: those that are here and whose parents it has
    /// or is judging.
    pub(super) fn take_ready(&mut self, most: usize, bytes_max: usize) -> Vec<(Hash, NodeId, RawBlock)> {
        let (mut ready, mut bytes) = (Vec::new(), 0);
        if self.here_bytes == 0 {
            return ready;
        }
        let mut missing: BTreeSet<Hash> = BTreeSet::new();
        for slot in &mut self.slots {
            if ready.len() == most || bytes >= bytes_max {
                break;
            }
            match &slot.place {
                Place::Here { from, parent, block } if !missing.contains(parent) => {
                    let from = *from;
                    bytes += block.bytes().len();
                    self.here_bytes -= block.bytes().len();
                    ready.push((slot.id, from, block.clone()));
                    slot.place = Place::Judging { from };
                }
                Place::Judging { .. } => {}
                Place::Missing | Place::Asked { .. } | Place::Here { .. } => {
                    missing.insert(slot.id);
                }
            }
        }
        ready
    }

    /// Lets go of the last block that waits here for others. True if there was one.
    pub(super) fn drop_last_here(&mut self) -> bool {
        let here = |slot: &Slot| matches!(slot.place, Place::Here { .. });
        let last = self.slots.iter().rev().find(|slot| here(slot)).map(|slot| slot.id);
        last.is_some_and(|id| self.put(&id, Place::Missing))
    }

    fn count(&mut self) {
        let weights = self.slots.iter().map(|slot| weigh(&slot.place));
        (self.here_bytes, self.asked) =
            weights.fold((0, 0), |(bytes, asked), weight| (bytes + weight.0, asked + weight.1));
    }
}

/// The bytes that a block takes here, and whether it is asked for.
fn weigh(place: &Place) -> (usize, usize) {
    match place {
        Place::Missing | Place::Judging { .. } => (0, 0),
        Place::Asked { .. } => (0, 1),
        Place::Here { block, .. } => (block.bytes().len(), 0),
    }
}
