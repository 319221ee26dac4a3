//! How a transaction comes in.

use std::sync::Arc;

use rayon::prelude::*;
use vibecoin_consensus::{AccountError, TransactionError};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, Height, Timestamp, Transaction};
use vibecoin_storage::StoreError;

use super::Mempool;
use crate::checked::Checked;
use crate::config::REPLACEMENT_PERCENT;
use crate::error::PoolError;
use crate::event::{Departure, PoolEvent};
use crate::sender::Sender;
use crate::tx::{OVERHEAD_BYTES, PooledTx};

/// A transaction was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// It.
    pub tx: Arc<PooledTx>,
    /// The id of the one whose place it took.
    pub replaced: Option<Hash>,
    /// All that changed: first what had to go, then the transaction itself.
    pub events: Vec<PoolEvent>,
}

/// What came back from disk.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// All that changed.
    pub events: Vec<PoolEvent>,
    /// Leaf hash and reason of what was not taken, to be removed from disk.
    pub refused: Vec<(Hash, PoolError)>,
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    /// Somebody who sends a transaction.
    New,
    /// The pool's own past: the policy for newcomers does not apply to what was acknowledged before.
    Known,
}

impl Mempool {
    /// Takes a transaction, all in one: [`Checked::new`], then [`Mempool::admit`].
    ///
    /// # Errors
    /// [`PoolError`]; nothing has changed then.
    pub fn submit(&mut self, transaction: Transaction, now: Timestamp) -> Result<Accepted, PoolError> {
        // What is here needs no second look at its signature.
        let leaf_hash = transaction.leaf_hash();
        if let Some(txid) = self.by_leaf.get(&leaf_hash) {
            return Err(PoolError::Known { txid: *txid });
        }
        let checked = Checked::new(transaction, &self.spec, self.tip.next_height)?;
        self.admit(checked, now)
    }

    /// Takes a transaction that is valid alone, if pool and state agree. `now` is its time of arrival.
    ///
    /// # Errors
    /// [`PoolError`]; nothing has changed then.
    pub fn admit(&mut self, checked: Checked, now: Timestamp) -> Result<Accepted, PoolError> {
        self.enter(checked, now, Door::New)
    }

    /// Takes back what an earlier pool had, with the times of arrival that it had. Signatures are checked again, in
    /// parallel; what has been mined, has expired or is not covered any more is not taken.
    ///
    /// # Errors
    /// [`StoreError`] when the state cannot be read.
    pub fn restore(&mut self, transactions: Vec<(Transaction, Timestamp)>) -> Result<Restored, StoreError> {
        let (spec, next) = (&self.spec, self.tip.next_height);
        let mut checked: Vec<_> = transactions
            .into_par_iter()
            .map(|(transaction, arrival)| {
                let (leaf, nonce) = (transaction.leaf_hash(), transaction.body.nonce);
                (nonce, arrival, leaf, Checked::new(transaction, spec, next))
            })
            .collect();
        // By nonce, so that every sender's come in a row.
        checked.sort_unstable_by_key(|(nonce, arrival, leaf, _)| (*nonce, *arrival, *leaf));
        let mut restored = Restored::default();
        for (_, arrival, leaf, checked) in checked {
            let result = checked
                .map_err(PoolError::from)
                .and_then(|checked| self.enter(checked, arrival, Door::Known));
            match result {
                Ok(accepted) => restored.events.extend(accepted.events),
                Err(PoolError::Store(error)) => return Err(error),
                Err(PoolError::Known { .. }) => {}
                Err(error) => restored.refused.push((leaf, error)),
            }
        }
        Ok(restored)
    }

    /// The price by which a transaction replaces one of `price`, in beats per gas.
    pub(crate) fn replacement_price(price: u64) -> u64 {
        let raise = (u128::from(price) * u128::from(REPLACEMENT_PERCENT)).div_ceil(100).max(1);
        u64::try_from(u128::from(price) + raise).unwrap_or(u64::MAX)
    }

    fn enter(&mut self, checked: Checked, arrival: Timestamp, door: Door) -> Result<Accepted, PoolError> {
        self.check_known(&checked)?;
        self.check_policy(&checked, door)?;

        let body = &checked.transaction.body;
        let (address, nonce, price) = (checked.sender, body.nonce, body.gas_price);
        let fresh = match self.senders.get(&address) {
            Some(_) => None,
            None => {
                let account = self.tip.state.account(&address)?;
                if account.has_code() {
                    return Err(PoolError::Account(AccountError::SenderHasCode));
                }
                Some(Sender::new(&account))
            }
        };
        let empty = Sender::default();
        let sender = fresh.as_ref().or_else(|| self.senders.get(&address)).unwrap_or(&empty);

        let replaces = sender.get(nonce);
        let expected = sender.next_nonce();
        if nonce < sender.nonce {
            return Err(PoolError::NonceUsed { nonce, expected });
        }
        if nonce > expected {
            return Err(PoolError::NonceGap { nonce, expected });
        }
        if let Some(old) = replaces {
            let needed = Self::replacement_price(old.price());
            if price < needed {
                let replaces = old.txid();
                return Err(PoolError::ReplacementUnderpriced { offered: price, needed, replaces });
            }
        } else if sender.queue().len() >= self.config.per_sender_max {
            let (waiting, waiting_max) = (sender.queue().len(), self.config.per_sender_max);
            return Err(PoolError::SenderFull { waiting, waiting_max });
        }

        let own = replaces.map_or(Amount::ZERO, |old| old.cost());
        let pending = sender.cost().saturating_sub(own);
        let covered = pending.checked_add(checked.cost).is_some_and(|sum| sum <= sender.balance);
        if !covered {
            let balance = sender.balance;
            return Err(PoolError::InsufficientFunds { needed: checked.cost, pending, balance });
        }
        if let Some(recipient) = &body.to
            && self.tip.state.account(recipient)?.has_code()
        {
            return Err(PoolError::Account(AccountError::CallUnsupported));
        }

        let before = usize::try_from(nonce - sender.nonce).unwrap_or(usize::MAX);
        let offered = price.min(sender.floor(before));
        let memory = checked.transaction.encoded_len() + OVERHEAD_BYTES;
        let freed = replaces.map_or(0, |old| old.memory_bytes());
        let evicted = self.room_for(address, offered, memory.saturating_sub(freed))?;

        // Nothing fails from here on.
        let mut events = Vec::new();
        for (victim, count) in evicted {
            self.evict(victim, count, &mut events);
        }
        self.sequence += 1;
        let tx = Arc::new(PooledTx::new(checked, arrival, self.sequence));
        let put = |sender: &mut Sender| sender.put(Arc::clone(&tx));
        let old = self.with_sender(address, || fresh.unwrap_or_default(), put);
        let replaced = old.as_ref().map(|old| old.txid());
        if let Some(old) = old {
            self.unlink(old, Departure::Replaced { by: tx.txid() }, &mut events);
        }
        self.link(&tx, &mut events);
        Ok(Accepted { tx, replaced, events })
    }

    /// By the bytes first, then by what is signed: another signature makes no other transaction.
    fn check_known(&self, checked: &Checked) -> Result<(), PoolError> {
        let txid = checked.txid;
        if self.by_leaf.contains_key(&checked.leaf_hash) {
            return Err(PoolError::Known { txid });
        }
        if self.by_txid.contains_key(&txid) {
            return Err(PoolError::AnotherSignature { txid });
        }
        Ok(())
    }

    fn check_policy(&self, checked: &Checked, door: Door) -> Result<(), PoolError> {
        let body = &checked.transaction.body;
        let bytes = checked.transaction.encoded_len();
        let block_bytes = usize::try_from(self.spec.block_bytes).unwrap_or(usize::MAX);
        let bytes_max = self.config.tx_bytes_max.min(block_bytes);
        if bytes > bytes_max {
            return Err(PoolError::TooLarge { bytes, bytes_max });
        }
        // The tip may have moved since it was checked.
        let next = self.tip.next_height;
        if body.is_expired_at(next) {
            return Err(TransactionError::Expired { valid_until: body.valid_until, height: next }.into());
        }
        if door == Door::Known {
            return Ok(());
        }
        let blocks_min = self.config.blocks_left_min;
        let last_needed = next.get().saturating_add(blocks_min.saturating_sub(1));
        if body.valid_until != 0 && body.valid_until < last_needed {
            let valid_until = Height::new(body.valid_until);
            return Err(PoolError::ExpiresSoon { valid_until, next, blocks_min });
        }
        let minimum = self.config.price_min;
        if body.gas_price < minimum {
            return Err(PoolError::Underpriced { offered: body.gas_price, minimum });
        }
        Ok(())
    }
}
