//! Proof of History segments that are known to be right, by the block they start from.
//!
//! A segment is a function of its parent's id alone: siblings share it, a block that carries one already known
//! costs no sequential hash, and whoever produces on a tip finds it made.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use vibecoin_consensus::poh;
use vibecoin_crypto::Hash;
use vibecoin_primitives::ChainSpec;

/// Segments kept. Forks and siblings are few; a miss costs time, never correctness.
const KEPT: usize = 64;

/// A bounded memory of segments, shared by import and production.
#[derive(Clone, Default)]
pub struct Segments(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    by_parent: HashMap<Hash, Arc<[Hash]>>,
    order: VecDeque<Hash>,
}

impl Segments {
    /// The segment that starts from `parent`, if it is known.
    #[must_use]
    pub fn get(&self, parent: &Hash) -> Option<Arc<[Hash]>> {
        self.0.lock().by_parent.get(parent).cloned()
    }

    /// The segment that starts from `parent`, made if need be: [`ChainSpec::poh_hashes`] sequential hashes on the
    /// calling thread.
    #[must_use]
    pub fn make(&self, spec: &ChainSpec, parent: &Hash) -> Arc<[Hash]> {
        if let Some(known) = self.get(parent) {
            return known;
        }
        // Made outside the lock: two threads may make the same one, which is then simply the same.
        let ticks: Arc<[Hash]> = poh::generate(poh::Params::of(spec), parent).into();
        self.insert(*parent, Arc::clone(&ticks));
        ticks
    }

    /// Remembers a segment that has been verified.
    pub(crate) fn insert(&self, parent: Hash, ticks: Arc<[Hash]>) {
        let mut known = self.0.lock();
        if known.by_parent.insert(parent, ticks).is_none() {
            known.order.push_back(parent);
            if known.order.len() > KEPT
                && let Some(oldest) = known.order.pop_front()
            {
                known.by_parent.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use vibecoin_crypto::sha256;
    use vibecoin_primitives::Network;

    use super::*;

    #[test]
    fn segments_are_made_once_and_forgotten_in_order() {
        let spec = Network::Devnet.spec();
        let segments = Segments::default();
        let parent = |n: usize| sha256(&n.to_le_bytes());
        let first = segments.make(&spec, &parent(0));
        assert!(Arc::ptr_eq(&first, &segments.make(&spec, &parent(0))));
        for n in 1..=KEPT {
            segments.insert(parent(n), Arc::clone(&first));
        }
        assert!(segments.get(&parent(0)).is_none());
        assert!(segments.get(&parent(KEPT)).is_some());
        assert_eq!(segments.0.lock().by_parent.len(), KEPT);
    }
}
