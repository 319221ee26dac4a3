//! Proofs against blocks whose Proof of History segments were found false.
//!
//! A light client sees no ticks. Another server may show it a block that this node has refused; then this is what
//! convinces it.
//!
//! Deliberately absent: keeping them over a restart. The mark on the block stays, the ticks that speak against it are
//! not stored.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use vibecoin_consensus::light::poh_fault::PohFault;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, ChainSpec};

#[cfg(test)]
mod tests;

/// Proofs kept, of a kilobyte at most. Each costs its maker the work of a block.
const KEPT: usize = 64;

/// A bounded memory of proofs, by the block that they speak against; the oldest goes first.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    by_block: HashMap<Hash, Arc<[u8]>>,
    order: VecDeque<Hash>,
}

impl Faults {
    /// The proof that the segment of a block is false, as [`PohFault::encode`] gives it, if this node has seen that.
    #[must_use]
    pub fn get(&self, block: &Hash) -> Option<Arc<[u8]>> {
        self.0.lock().by_block.get(block).cloned()
    }

    /// Remembers what speaks against a block whose ticks are the committed ones and were found false.
    pub(crate) fn note(&self, spec: &ChainSpec, id: &Hash, block: &Block) {
        if self.get(id).is_some() {
            return;
        }
        let Some(fault) = PohFault::find(spec, &block.content, &block.ticks) else { return };
        let mut known = self.0.lock();
        if known.by_block.insert(*id, fault.encode().into()).is_none() {
            known.order.push_back(*id);
            if known.order.len() > KEPT
                && let Some(oldest) = known.order.pop_front()
            {
                known.by_block.remove(&oldest);
            }
        }
    }
}
