//! The pool itself: its queues and indexes, and questions about them.

mod admit;
mod room;
#[cfg(test)]
mod tests;
mod tip;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Amount, ChainSpec, Height, Timestamp};
use vibecoin_storage::StateReader;

use crate::config::PoolConfig;
use crate::departed::Departed;
use crate::event::{Departure, PoolEvent};
use crate::sender::{Sender, Worth};
use crate::tx::{OVERHEAD_BYTES, PooledTx};

pub use admit::{Accepted, Restored};
pub use tip::MinedTx;

/// How full a pool is, and what it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolInfo {
    /// Transactions in it.
    pub transactions: usize,
    /// Their senders.
    pub senders: usize,
    /// Their encodings together, in bytes.
    pub bytes: usize,
    /// The memory they take, as the pool counts it, in bytes.
    pub memory_bytes: usize,
    /// The memory they may take, in bytes.
    pub memory_bytes_max: usize,
    /// Transactions it holds of one sender.
    pub per_sender_max: usize,
    /// The least price it takes now, in beats per gas.
    pub price_min: u64,
    /// How long it keeps a transaction, in ms.
    pub age_max_ms: u64,
}

/// What the pool stands on. Both belong to the same block; the pool keeps them until it is told of another.
#[derive(Clone)]
pub struct Tip {
    /// The height of the block that would be mined now.
    pub next_height: Height,
    /// The state after the tip, which stays as it is when the chain goes on.
    pub state: Arc<dyn StateReader>,
}

/// Transactions that wait. See the crate's documentation for what always holds.
pub struct Mempool {
    config: PoolConfig,
    spec: Arc<ChainSpec>,
    tip: Tip,
    senders: HashMap<Address, Sender>,
    by_txid: HashMap<Hash, Arc<PooledTx>>,
    by_leaf: HashMap<Hash, Hash>,
    /// Every queue by what its last transaction is worth, the least first.
    worths: BTreeSet<Worth>,
    /// Those with a last height, by it.
    by_expiry: BTreeSet<(Height, Hash)>,
    by_arrival: BTreeSet<(Timestamp, Hash)>,
    bytes: usize,
    sequence: u64,
    departed: Departed,
}

impl Mempool {
    /// An empty pool on this tip.
    #[must_use]
    pub fn new(spec: Arc<ChainSpec>, config: PoolConfig, tip: Tip) -> Self {
        Self {
            config,
            spec,
            tip,
            senders: HashMap::new(),
            by_txid: HashMap::new(),
            by_leaf: HashMap::new(),
            worths: BTreeSet::new(),
            by_expiry: BTreeSet::new(),
            by_arrival: BTreeSet::new(),
            bytes: 0,
            sequence: 0,
            departed: Departed::default(),
        }
    }

    /// The chain spec that it was made for.
    #[must_use]
    pub fn spec(&self) -> &ChainSpec {
        &self.spec
    }

    /// The height of the block that would be mined now.
    #[must_use]
    pub const fn next_height(&self) -> Height {
        self.tip.next_height
    }

    /// The policy.
    #[must_use]
    pub const fn config(&self) -> &PoolConfig {
        &self.config
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_txid.len()
    }

    /// True when nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_txid.is_empty()
    }

    /// The transaction with this id, if it waits.
    #[must_use]
    pub fn get(&self, txid: &Hash) -> Option<&Arc<PooledTx>> {
        self.by_txid.get(txid)
    }

    /// The transaction with this leaf hash (signature included), if it waits.
    #[must_use]
    pub fn get_by_leaf(&self, leaf_hash: &Hash) -> Option<&Arc<PooledTx>> {
        self.by_txid.get(self.by_leaf.get(leaf_hash)?)
    }

    /// What waits of a sender, by nonce.
    pub fn of_sender(&self, sender: &Address) -> impl Iterator<Item = &Arc<PooledTx>> {
        self.senders.get(sender).into_iter().flat_map(|sender| sender.queue())
    }

    /// The nonce that a sender would use next, counting what waits; `None` if nothing of it waits.
    #[must_use]
    pub fn next_nonce(&self, sender: &Address) -> Option<u64> {
        self.senders.get(sender).map(Sender::next_nonce)
    }

    /// The most that what waits of a sender may take from its balance.
    #[must_use]
    pub fn pending_cost(&self, sender: &Address) -> Amount {
        self.senders.get(sender).map_or(Amount::ZERO, Sender::cost)
    }

    /// Everything that waits, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<PooledTx>> {
        self.by_txid.values()
    }

    /// What became of a transaction that was here and was not mined, if that was not too long ago.
    #[must_use]
    pub fn departure(&self, txid: &Hash) -> Option<Departure> {
        self.departed.get(txid)
    }

    /// How full the pool is.
    #[must_use]
    pub fn info(&self) -> PoolInfo {
        PoolInfo {
            transactions: self.len(),
            senders: self.senders.len(),
            bytes: self.bytes,
            memory_bytes: self.memory_bytes(),
            memory_bytes_max: self.config.memory_bytes_max,
            per_sender_max: self.config.per_sender_max,
            price_min: self.price_min(),
            age_max_ms: self.config.age_max_ms,
        }
    }

    pub(crate) fn queues(&self) -> impl Iterator<Item = &VecDeque<Arc<PooledTx>>> {
        self.senders.values().map(Sender::queue)
    }

    fn memory_bytes(&self) -> usize {
        self.bytes + self.len() * OVERHEAD_BYTES
    }

    /// Changes a queue and keeps the index of worths in step. A queue that ends up empty is dropped.
    fn with_sender<R>(
        &mut self,
        address: Address,
        or_new: impl FnOnce() -> Sender,
        change: impl FnOnce(&mut Sender) -> R,
    ) -> R {
        let mut sender = self.senders.remove(&address).unwrap_or_else(or_new);
        if let Some(worth) = sender.worth(sender.queue().len()) {
            self.worths.remove(&worth);
        }
        let result = change(&mut sender);
        if let Some(worth) = sender.worth(sender.queue().len()) {
            self.worths.insert(worth);
            self.senders.insert(address, sender);
        }
        result
    }

    /// Enters a transaction that was put into its queue into the other indexes.
    fn link(&mut self, tx: &Arc<PooledTx>, events: &mut Vec<PoolEvent>) {
        let txid = tx.txid();
        self.by_leaf.insert(tx.leaf_hash(), txid);
        if tx.valid_until() != Height::GENESIS {
            self.by_expiry.insert((tx.valid_until(), txid));
        }
        self.by_arrival.insert((tx.arrival(), txid));
        self.bytes += tx.bytes();
        self.by_txid.insert(txid, Arc::clone(tx));
        self.departed.forget(&txid);
        events.push(PoolEvent::Added(Arc::clone(tx)));
    }

    /// Takes a transaction that has left its queue out of the other indexes.
    fn unlink(&mut self, tx: Arc<PooledTx>, departure: Departure, events: &mut Vec<PoolEvent>) {
        let txid = tx.txid();
        self.by_txid.remove(&txid);
        self.by_leaf.remove(&tx.leaf_hash());
        self.by_expiry.remove(&(tx.valid_until(), txid));
        self.by_arrival.remove(&(tx.arrival(), txid));
        self.bytes -= tx.bytes();
        self.departed.record(txid, departure);
        events.push(PoolEvent::Removed { tx, departure });
    }

    /// Removes a transaction for this reason, and those behind it since their nonces do not follow any more.
    fn remove(&mut self, txid: &Hash, departure: Departure, events: &mut Vec<PoolEvent>) {
        let Some(tx) = self.by_txid.get(txid) else { return };
        let (address, nonce) = (tx.sender(), tx.nonce());
        let taken = self.with_sender(address, Sender::default, |sender| {
            sender.place(nonce).map(|place| sender.truncate(place)).unwrap_or_default()
        });
        let mut departure = departure;
        for tx in taken {
            self.unlink(tx, departure, events);
            departure = Departure::Gap;
        }
    }
}
