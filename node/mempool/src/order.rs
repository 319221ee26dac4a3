//! The order in which the pool would be mined, and what follows from it: templates, places, prices.
//!
//! The best first: price, then nonce within a sender, then arrival. A transaction cannot come before those of its
//! sender with lower nonces, so the choice is always among the heads of the queues.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use vibecoin_primitives::Timestamp;
use vibecoin_primitives::transaction::TRANSFER_GAS;

use crate::pool::Mempool;
use crate::tx::PooledTx;

/// Bytes of the shortest transfer.
const TRANSFER_BYTES: u64 = 166;

/// A queue by its head.
struct Head<'a> {
    rank: (u64, Reverse<(Timestamp, u64)>),
    queue: &'a VecDeque<Arc<PooledTx>>,
    at: usize,
}

impl<'a> Head<'a> {
    fn new(queue: &'a VecDeque<Arc<PooledTx>>, at: usize) -> Option<Self> {
        let tx = queue.get(at)?;
        Some(Self { rank: (tx.price(), Reverse((tx.arrival(), tx.sequence()))), queue, at })
    }

    fn tx(&self) -> &'a Arc<PooledTx> {
        &self.queue[self.at]
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Head<'_> {}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}

/// All transactions of a pool, in the order in which they would be mined.
pub struct Order<'a> {
    heads: BinaryHeap<Head<'a>>,
}

impl<'a> Order<'a> {
    pub(crate) fn new(queues: impl Iterator<Item = &'a VecDeque<Arc<PooledTx>>>) -> Self {
        Self { heads: queues.filter_map(|queue| Head::new(queue, 0)).collect() }
    }

    fn pop(&mut self) -> Option<Head<'a>> {
        self.heads.pop()
    }

    /// Lets the next of the same sender compete.
    fn advance(&mut self, head: &Head<'a>) {
        self.heads.extend(Head::new(head.queue, head.at + 1));
    }
}

impl<'a> Iterator for Order<'a> {
    type Item = &'a Arc<PooledTx>;

    fn next(&mut self) -> Option<Self::Item> {
        let head = self.pop()?;
        self.advance(&head);
        Some(head.tx())
    }
}

/// Prices that should do, in beats per gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeePrices {
    /// For the next block.
    pub blocks_1: u64,
    /// For one of the next three.
    pub blocks_3: u64,
    /// For one of the next ten.
    pub blocks_10: u64,
    /// The least that the pool takes now.
    pub minimum: u64,
}

/// Gas that a plain transfer uses, whatever its limit.
fn gas_of(tx: &PooledTx) -> u64 {
    tx.transaction().body.intrinsic_gas()
}

impl Mempool {
    /// Everything that waits, best first.
    #[must_use]
    pub fn in_order(&self) -> Order<'_> {
        Order::new(self.queues())
    }

    /// What a block with so much gas and so many bytes of transactions would take, best first. Where one does not
    /// fit, its sender has to wait with all that follow, and others go on.
    ///
    /// Gas is counted as plain transfers use it; every `gas_limit` fits what those before it leave.
    #[must_use]
    pub fn select(&self, gas: u64, bytes: u64) -> Vec<Arc<PooledTx>> {
        let (mut gas_left, mut bytes_left) = (gas, bytes);
        let mut order = self.in_order();
        let mut chosen = Vec::new();
        while gas_left >= TRANSFER_GAS && bytes_left >= TRANSFER_BYTES {
            let Some(head) = order.pop() else { break };
            let tx = head.tx();
            let bytes = tx.bytes() as u64;
            if tx.transaction().body.gas_limit > gas_left || bytes > bytes_left {
                continue;
            }
            gas_left = gas_left.saturating_sub(gas_of(tx));
            bytes_left -= bytes;
            chosen.push(Arc::clone(tx));
            order.advance(&head);
        }
        chosen
    }

    /// The place of a transaction in the order, from 1; `None` if it does not wait.
    #[must_use]
    pub fn position(&self, txid: &vibecoin_crypto::Hash) -> Option<u64> {
        let wanted = self.get(txid)?;
        let before = self.in_order().position(|tx| Arc::ptr_eq(tx, wanted))?;
        Some(before as u64 + 1)
    }

    /// Prices by which a transfer that comes now would be among the first 1, 3 and 10 blocks' worth of what waits.
    #[must_use]
    pub fn fees(&self) -> FeePrices {
        let minimum = self.price_min();
        let spec = self.spec();
        let mut prices = [None; 3];
        let (mut gas, mut bytes, mut least) = (TRANSFER_GAS, TRANSFER_BYTES, u64::MAX);
        for tx in self.in_order() {
            gas = gas.saturating_add(gas_of(tx));
            bytes = bytes.saturating_add(tx.bytes() as u64);
            // Whoever offers more than the least so far comes before that one.
            least = least.min(tx.price());
            for (price, blocks) in prices.iter_mut().zip([1, 3, 10]) {
                let full = gas > spec.block_gas.saturating_mul(blocks)
                    || bytes > spec.block_bytes.saturating_mul(blocks);
                if full && price.is_none() {
                    *price = Some(least.saturating_add(1).max(minimum));
                }
            }
            if prices[2].is_some() {
                break;
            }
        }
        let [blocks_1, blocks_3, blocks_10] = prices.map(|price| price.unwrap_or(minimum));
        FeePrices { blocks_1, blocks_3, blocks_10, minimum }
    }
}
