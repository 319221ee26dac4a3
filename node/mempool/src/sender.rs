//! The queue of one sender.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;

use vibecoin_primitives::{Account, Address, Amount, Timestamp};

use crate::tx::PooledTx;

/// What decides whose last transaction goes first when room is needed: the least floor, then the latest arrival.
pub(crate) type Worth = (u64, Reverse<(Timestamp, u64)>, Address);

/// Transactions of one sender: nonces follow each other from `nonce` on, costs together are within `balance`.
#[derive(Debug, Default)]
pub(crate) struct Sender {
    /// The account's next nonce at the tip.
    pub(crate) nonce: u64,
    /// The account's balance at the tip.
    pub(crate) balance: Amount,
    queue: VecDeque<Arc<PooledTx>>,
    /// Sum of the largest costs, at most `balance`.
    cost: Amount,
}

impl Sender {
    pub(crate) fn new(account: &Account) -> Self {
        Self { nonce: account.nonce, balance: account.balance, ..Self::default() }
    }

    pub(crate) const fn queue(&self) -> &VecDeque<Arc<PooledTx>> {
        &self.queue
    }

    pub(crate) const fn cost(&self) -> Amount {
        self.cost
    }

    /// The nonce that would extend the queue.
    pub(crate) fn next_nonce(&self) -> u64 {
        self.nonce.saturating_add(self.queue.len() as u64)
    }

    /// Where in the queue this nonce stands, if it does.
    pub(crate) fn place(&self, nonce: u64) -> Option<usize> {
        let place = usize::try_from(nonce.checked_sub(self.nonce)?).ok()?;
        (place < self.queue.len()).then_some(place)
    }

    pub(crate) fn get(&self, nonce: u64) -> Option<&Arc<PooledTx>> {
        self.queue.get(self.place(nonce)?)
    }

    /// The least price among the first `count`: what the last of them is worth to a miner, who must take all before
    /// it first. `u64::MAX` for none.
    pub(crate) fn floor(&self, count: usize) -> u64 {
        self.queue.iter().take(count).map(|tx| tx.price()).min().unwrap_or(u64::MAX)
    }

    /// How much the last of the first `count` is worth keeping; `None` for none.
    pub(crate) fn worth(&self, count: usize) -> Option<Worth> {
        let last = self.queue.get(count.checked_sub(1)?)?;
        Some((self.floor(count), Reverse((last.arrival(), last.sequence())), last.sender()))
    }

    /// Puts a transaction at the end, or in the place of the one with its nonce, which is returned. The caller has
    /// checked nonce and cost.
    pub(crate) fn put(&mut self, tx: Arc<PooledTx>) -> Option<Arc<PooledTx>> {
        let old = match self.place(tx.nonce()) {
            Some(place) => Some(std::mem::replace(&mut self.queue[place], tx)),
            None => {
                self.queue.push_back(tx);
                None
            }
        };
        self.count_cost();
        old
    }

    /// Takes off the transactions whose nonces are below the account's.
    pub(crate) fn take_used(&mut self, account_nonce: u64) -> Vec<Arc<PooledTx>> {
        let used = self.queue.partition_point(|tx| tx.nonce() < account_nonce);
        let taken = self.queue.drain(..used).collect();
        self.count_cost();
        taken
    }

    /// Puts transactions in front; their nonces lead up to the queue's first.
    pub(crate) fn prepend(&mut self, txs: Vec<Arc<PooledTx>>) {
        txs.into_iter().rev().for_each(|tx| self.queue.push_front(tx));
        self.count_cost();
    }

    /// Takes off everything from `place` on.
    pub(crate) fn truncate(&mut self, place: usize) -> Vec<Arc<PooledTx>> {
        let taken = self.queue.drain(place.min(self.queue.len())..).collect();
        self.count_cost();
        taken
    }

    /// How many of the queue, from its front, the balance covers.
    pub(crate) fn covered(&self) -> usize {
        let mut left = self.balance;
        let fits = |tx: &&Arc<PooledTx>| match left.checked_sub(tx.cost()) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        self.queue.iter().take_while(fits).count()
    }

    fn count_cost(&mut self) {
        // Above the range only between a change of the balance and the cut that follows it.
        let costs = self.queue.iter().map(|tx| tx.cost());
        self.cost = Amount::checked_sum(costs).unwrap_or(Amount::MAX);
    }
}
