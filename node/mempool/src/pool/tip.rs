//! How the pool follows the chain, and time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Account, Address, Timestamp, Transaction};
use vibecoin_storage::StoreError;

use super::{Mempool, Tip};
use crate::checked::Checked;
use crate::event::{Departure, PoolEvent};
use crate::sender::Sender;
use crate::tx::PooledTx;

/// A transaction of a block that is active now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinedTx {
    /// Its id.
    pub txid: Hash,
    /// Its sender.
    pub sender: Address,
    /// Its nonce.
    pub nonce: u64,
}

type Mined = HashMap<(Address, u64), Hash>;
type Returned = BTreeMap<u64, Arc<PooledTx>>;

impl Mempool {
    /// The tip has been extended by one block, or several: their transactions, the accounts that they changed as they
    /// are now, and the tip that there is now.
    pub fn on_block(
        &mut self,
        mined: &[MinedTx],
        accounts: &[(Address, Account)],
        tip: Tip,
        now: Timestamp,
    ) -> Vec<PoolEvent> {
        self.tip = tip;
        let mut events = Vec::new();
        mined.iter().for_each(|tx| self.departed.forget(&tx.txid));
        let mined = self.mined(mined);
        for (address, account) in accounts {
            if self.senders.contains_key(address) {
                self.settle(*address, account, Returned::new(), &mined, &mut events);
            }
        }
        self.drop_expired(now, &mut events);
        events
    }

    /// The tip is on another branch. `returned` are the transactions of the blocks that are not active any more, in
    /// any order; those that are not in `mined`, the transactions of the blocks that are active instead, wait
    /// again, but for those whose nonce one of `mined` has used: of these it is remembered by which. Every account is
    /// read anew.
    ///
    /// # Errors
    /// [`StoreError`] when the state cannot be read; the pool is then as it was.
    pub fn on_reorg(
        &mut self,
        returned: Vec<Transaction>,
        mined: &[MinedTx],
        tip: Tip,
        now: Timestamp,
    ) -> Result<Vec<PoolEvent>, StoreError> {
        let mut back: HashMap<Address, Returned> = HashMap::new();
        for transaction in returned {
            // Each of them was in a valid block, so none is refused here.
            if let Ok(checked) = Checked::from_block(transaction) {
                self.sequence += 1;
                let tx = Arc::new(PooledTx::new(checked, now, self.sequence));
                back.entry(tx.sender()).or_default().insert(tx.nonce(), tx);
            }
        }
        let mut addresses: Vec<Address> = self.senders.keys().chain(back.keys()).copied().collect();
        addresses.sort_unstable();
        addresses.dedup();
        let accounts: Vec<Account> =
            addresses.iter().map(|address| tip.state.account(address)).collect::<Result<_, _>>()?;

        self.tip = tip;
        let mut events = Vec::new();
        mined.iter().for_each(|tx| self.departed.forget(&tx.txid));
        let mined: Mined = mined.iter().map(|tx| ((tx.sender, tx.nonce), tx.txid)).collect();
        for (address, account) in addresses.into_iter().zip(accounts) {
            let returned = back.remove(&address).unwrap_or_default();
            self.settle(address, &account, returned, &mined, &mut events);
        }
        self.drop_expired(now, &mut events);
        self.shrink(&mut events);
        Ok(events)
    }

    /// Time has passed: drops what has waited too long. Called now and then.
    pub fn on_time(&mut self, now: Timestamp) -> Vec<PoolEvent> {
        let mut events = Vec::new();
        self.drop_expired(now, &mut events);
        events
    }

    /// Drops a transaction that block production found to be unfit, and those behind it.
    pub fn discard(&mut self, txid: &Hash) -> Vec<PoolEvent> {
        let mut events = Vec::new();
        self.remove(txid, Departure::Refused, &mut events);
        events
    }

    fn mined(&self, mined: &[MinedTx]) -> Mined {
        let ours = mined.iter().filter(|tx| self.senders.contains_key(&tx.sender));
        ours.map(|tx| ((tx.sender, tx.nonce), tx.txid)).collect()
    }

    /// Makes a queue fit its account as it is now: what is used up goes, what came back stands in front, and behind
    /// the first that does not follow or is not covered nothing stays.
    fn settle(
        &mut self,
        address: Address,
        account: &Account,
        mut returned: Returned,
        mined: &Mined,
        events: &mut Vec<PoolEvent>,
    ) {
        let nonce = account.nonce;
        // What came back with a nonce that the new blocks have used cannot wait. It was not here and no watcher has
        // heard of it, but whoever asks is told what became of it.
        let still_returned = returned.split_off(&nonce);
        for (nonce, tx) in std::mem::replace(&mut returned, still_returned) {
            match mined.get(&(address, nonce)) {
                Some(txid) if *txid == tx.txid() => {}
                Some(by) => self.departed.record(tx.txid(), Departure::Replaced { by: *by }),
                None => self.departed.record(tx.txid(), Departure::Gap),
            }
        }
        let (used, gap, back, unfunded) = self.with_sender(address, Sender::default, |sender| {
            let used = sender.take_used(nonce);
            sender.nonce = nonce;
            sender.balance = account.balance;
            let first = sender.queue().front().map(|tx| tx.nonce());
            // The unbroken run from the account's nonce on, up to what waits already.
            let back: Vec<_> =
                (nonce..first.unwrap_or(u64::MAX)).map_while(|nonce| returned.remove(&nonce)).collect();
            let follows = first.is_none_or(|first| nonce.saturating_add(back.len() as u64) == first);
            let gap = if follows { Vec::new() } else { sender.truncate(0) };
            sender.prepend(back.clone());
            let unfunded = sender.truncate(sender.covered());
            (used, gap, back, unfunded)
        });
        for tx in used {
            let departure = match mined.get(&(address, tx.nonce())) {
                Some(txid) if *txid == tx.txid() => Departure::Mined,
                Some(by) => Departure::Replaced { by: *by },
                None => Departure::Gap,
            };
            self.unlink(tx, departure, events);
        }
        for tx in gap {
            self.unlink(tx, Departure::Gap, events);
        }
        for tx in back {
            self.link(&tx, events);
        }
        let mut departure = Departure::Unfunded;
        for tx in unfunded {
            self.unlink(tx, departure, events);
            departure = Departure::Gap;
        }
    }

    fn drop_expired(&mut self, now: Timestamp, events: &mut Vec<PoolEvent>) {
        while let Some((last, txid)) = self.by_expiry.first().copied()
            && last < self.tip.next_height
        {
            self.remove(&txid, Departure::Expired, events);
        }
        while let Some((arrival, txid)) = self.by_arrival.first().copied()
            && now.saturating_since(arrival) > self.config.age_max_ms
        {
            self.remove(&txid, Departure::TooOld, events);
        }
    }
}
