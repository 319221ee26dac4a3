//! Transactions that came before their turn: one of a lower nonce is still on its way.
//!
//! A sender's transactions are announced in their order, and may be fetched from several peers at once. One that leaves a
//! gap is kept here, and judged again when something new has come into the pool, for a short while.

use std::collections::BTreeMap;

use vibecoin_crypto::Hash;
use vibecoin_primitives::Transaction;

use crate::endpoint::NodeId;

/// Kept of one peer, and of all.
const PER_PEER_MAX: usize = 256;
const ALL_MAX: usize = 2_048;
/// The longest that is kept, in bytes: what is early is a run of payments, most often.
const BYTES_MAX: usize = 4 << 10;
/// Time between two tries when nothing new has come, in ms, and after something has.
const PAUSE_MS: u64 = 2_000;
const HURRY_MS: u64 = 100;
/// After this time it is given up, in ms.
const LIFE_MS: u64 = 30_000;

#[derive(Debug)]
struct Waiting {
    node: NodeId,
    transaction: Transaction,
    since_ms: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Early {
    waiting: BTreeMap<Hash, Waiting>,
    /// What is being judged again, with when it first came.
    trying: BTreeMap<Hash, u64>,
    due_ms: u64,
}

impl Early {
    /// Keeps one, if there is room and it has not waited too long already.
    pub(super) fn keep(&mut self, now_ms: u64, node: NodeId, leaf_hash: Hash, transaction: Transaction) {
        let since_ms = self.trying.remove(&leaf_hash).unwrap_or(now_ms);
        let of_peer = self.waiting.values().filter(|waiting| waiting.node == node).count();
        if now_ms.saturating_sub(since_ms) < LIFE_MS
            && self.waiting.len() < ALL_MAX
            && of_peer < PER_PEER_MAX
            && transaction.encoded_len() <= BYTES_MAX
        {
            self.waiting.insert(leaf_hash, Waiting { node, transaction, since_ms });
        }
    }

    /// Whether one is kept, so that it is not fetched again.
    pub(super) fn contains(&self, leaf_hash: &Hash) -> bool {
        self.waiting.contains_key(leaf_hash)
    }

    /// Something new has come: what was early may be in time.
    pub(super) fn hurry(&mut self, now_ms: u64) {
        self.due_ms = self.due_ms.min(now_ms + HURRY_MS);
    }

    /// All of them, by who sent them, when it is time to try again.
    pub(super) fn take(&mut self, now_ms: u64) -> BTreeMap<NodeId, Vec<Transaction>> {
        let mut all: BTreeMap<NodeId, Vec<Transaction>> = BTreeMap::new();
        if now_ms < self.due_ms {
            return all;
        }
        self.due_ms = now_ms + PAUSE_MS;
        // Whatever was tried and did not come back is settled.
        self.trying =
            self.waiting.iter().map(|(leaf_hash, waiting)| (*leaf_hash, waiting.since_ms)).collect();
        for waiting in std::mem::take(&mut self.waiting).into_values() {
            all.entry(waiting.node).or_default().push(waiting.transaction);
        }
        all
    }

    /// A peer is gone; others may have what it sent.
    pub(super) fn forget(&mut self, node: NodeId) {
        self.waiting.retain(|_, waiting| waiting.node != node);
    }
}
