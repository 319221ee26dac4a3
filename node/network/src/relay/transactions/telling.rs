//! Telling peers what waits here: in batches, after a delay that says little about where a transaction came from.

use std::collections::{BTreeMap, VecDeque};

use rand::RngExt;
use vibecoin_crypto::Hash;

use crate::endpoint::NodeId;
use crate::machine::UNSENT_SOFT_MAX;
use crate::peers::Direction;
use crate::relay::recent::Recent;
use crate::turn::Turn;
use crate::wire::{Message, TRANSACTION_IDS_MAX};

/// Mean delay before a peer that this node chose is told something, in ms.
const OUTBOUND_DELAY_MS: u64 = 150;
/// The same for peers that chose this node: whoever connects to everybody shall not see who was first.
const INBOUND_DELAY_MS: u64 = 400;
/// No delay is longer than so many times its mean.
const DELAY_MEANS_MAX: f64 = 4.0;
/// Transactions that wait to be told to one peer.
const QUEUE_MAX: usize = 8_192;
/// Transactions that a peer is remembered to have.
const KNOWN_MAX: usize = 16_384;
/// Announced ones that are remembered to tell a repetition.
const HEARD_MAX: usize = 8_192;

/// What one peer knows and has yet to be told.
#[derive(Debug)]
struct Listener {
    /// What it has, by the first bytes of the leaf hash. A coincidence costs one announcement to one peer.
    knows: Recent<u64>,
    /// What it announced itself.
    heard: Recent<u64>,
    queue: VecDeque<Hash>,
    tell_ms: u64,
    /// Something was left out for lack of room: the pool is to be looked through again.
    owed: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Telling {
    listeners: BTreeMap<NodeId, Listener>,
}

fn short(leaf_hash: &Hash) -> u64 {
    let bytes = leaf_hash.as_bytes();
    u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
}

impl Telling {
    /// A peer that speaks of transactions.
    pub fn add(&mut self, node: NodeId) {
        let listener = Listener {
            knows: Recent::new(KNOWN_MAX),
            heard: Recent::new(HEARD_MAX),
            queue: VecDeque::new(),
            tell_ms: 0,
            owed: false,
        };
        self.listeners.insert(node, listener);
    }

    /// A peer is gone.
    pub fn remove(&mut self, node: NodeId) {
        self.listeners.remove(&node);
    }

    /// Everybody who speaks of transactions.
    pub fn nodes(&self) -> Vec<NodeId> {
        self.listeners.keys().copied().collect()
    }

    /// A peer has announced these. Answers how many of them it had announced before.
    pub fn hear(&mut self, node: NodeId, leaf_hashes: &[Hash]) -> usize {
        let Some(listener) = self.listeners.get_mut(&node) else { return 0 };
        let repeated = |leaf_hash: &&Hash| {
            listener.knows.insert(short(leaf_hash));
            !listener.heard.insert(short(leaf_hash))
        };
        leaf_hashes.iter().filter(repeated).count()
    }

    /// A peer asks for these. What does not wait here just now it will not get; should that wait again, it is told anew.
    pub fn on_request(&mut self, turn: &Turn<'_>, node: NodeId, leaf_hashes: &[Hash]) {
        let Some(listener) = self.listeners.get_mut(&node) else { return };
        for leaf_hash in leaf_hashes.iter().filter(|leaf_hash| !turn.world.transaction(leaf_hash)) {
            listener.knows.remove(&short(leaf_hash));
        }
    }

    /// A peer did not send what it had announced: it may announce it anew.
    pub fn on_left_out(&mut self, node: NodeId, leaf_hash: &Hash) {
        if let Some(listener) = self.listeners.get_mut(&node) {
            listener.heard.remove(&short(leaf_hash));
            listener.knows.remove(&short(leaf_hash));
        }
    }

    /// Everybody who does not know them is to be told.
    pub fn spread(&mut self, turn: &mut Turn<'_>, leaf_hashes: &[Hash]) {
        for node in self.nodes() {
            self.tell(turn, node, leaf_hashes);
        }
    }

    /// One peer is to be told what it does not know.
    pub fn tell(&mut self, turn: &mut Turn<'_>, node: NodeId, leaf_hashes: &[Hash]) {
        let Some(listener) = self.listeners.get_mut(&node) else { return };
        let idle = listener.queue.is_empty();
        for leaf_hash in leaf_hashes {
            if listener.knows.contains(&short(leaf_hash)) {
                continue;
            }
            if listener.queue.len() == QUEUE_MAX {
                listener.owed = true;
                break;
            }
            listener.queue.push_back(*leaf_hash);
        }
        if idle && !listener.queue.is_empty() {
            listener.tell_ms = turn.now.ms + delay_ms(turn, node);
        }
    }

    /// Announces to whom it is time. Answers for whom the pool is to be looked through again.
    pub fn flush(&mut self, turn: &mut Turn<'_>) -> Vec<NodeId> {
        let mut again = Vec::new();
        for (node, listener) in &mut self.listeners {
            let takes = turn.peers.get(node).is_some_and(|peer| peer.unsent_bytes < UNSENT_SOFT_MAX);
            if !takes || listener.tell_ms > turn.now.ms {
                continue;
            }
            let mut batch = Vec::new();
            while batch.len() < TRANSACTION_IDS_MAX
                && let Some(leaf_hash) = listener.queue.pop_front()
            {
                // What was mined or dropped meanwhile is no news, and the peer may have told it itself.
                if turn.world.transaction(&leaf_hash) && listener.knows.insert(short(&leaf_hash)) {
                    batch.push(leaf_hash);
                }
            }
            if !batch.is_empty() {
                turn.send(*node, Message::AnnounceTransactions(batch));
                listener.tell_ms = turn.now.ms + delay_ms(turn, *node);
            }
            if listener.queue.is_empty() && std::mem::take(&mut listener.owed) {
                again.push(*node);
            }
        }
        again
    }
}

/// A delay drawn for a peer.
fn delay_ms(turn: &mut Turn<'_>, node: NodeId) -> u64 {
    let outbound = turn.peers.get(&node).is_some_and(|peer| peer.link.direction == Direction::Outbound);
    let mean_ms = if outbound { OUTBOUND_DELAY_MS } else { INBOUND_DELAY_MS };
    let drawn: f64 = turn.rng.random();
    let means = (-(1.0 - drawn).ln()).min(DELAY_MEANS_MAX);
    (means * mean_ms as f64) as u64
}
