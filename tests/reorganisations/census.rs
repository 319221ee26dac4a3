//! Where every transaction is that was ever taken: on the active chain, in the pool, or gone for a reason that can be
//! checked. Never in two places, never nowhere.

use std::collections::{BTreeMap, HashMap, HashSet};

use vibecoin_crypto::Hash;
use vibecoin_mempool::Departure;
use vibecoin_primitives::{Block, Height, Transaction};
use vibecoin_storage::{StateReader, active, blocks, transactions};

use super::follower::Follower;

/// Every transaction that the pool has taken or an active block has had.
#[derive(Default)]
pub struct Census {
    known: HashMap<Hash, Transaction>,
}

/// How many are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub mined: usize,
    pub waiting: usize,
    pub replaced: usize,
    pub expired: usize,
    /// Not payable on this branch, or behind such a one.
    pub unpayable: usize,
}

impl Census {
    pub fn add(&mut self, transaction: &Transaction) {
        self.known.entry(transaction.id()).or_insert_with(|| transaction.clone());
    }

    pub fn add_block(&mut self, block: &Block) {
        block.transactions.iter().for_each(|transaction| self.add(transaction));
    }

    /// Looks for every one of them.
    pub fn take(&self, follower: &Follower) -> Found {
        let on_chain = walk(follower);
        let (store, pool) = (&*follower.store, &follower.pool);
        let mut found = Found::default();
        for (txid, transaction) in &self.known {
            let record = transactions::find(store, txid).unwrap();
            assert_eq!(
                record.as_ref().map(|record| (record.height, record.index)),
                on_chain.get(txid).copied(),
                "the index of transactions and the blocks disagree on {txid}"
            );
            let places = (record.is_some(), pool.get(txid).is_some(), pool.departure(txid));
            match places {
                (true, false, None) => found.mined += 1,
                (false, true, None) => found.waiting += 1,
                (false, false, Some(reason)) => self.check(follower, transaction, reason, &mut found),
                other => panic!("{txid} is in {other:?} (on the chain, in the pool, gone): {transaction:?}"),
            }
        }
        assert_eq!(found.mined, on_chain.len(), "the chain has transactions that nobody knows of");
        assert_eq!(found.waiting, pool.len(), "the pool has transactions that nobody knows of");
        assert_pool_could_be_mined(follower);
        found
    }

    /// That the reason is true.
    fn check(&self, follower: &Follower, transaction: &Transaction, reason: Departure, found: &mut Found) {
        let body = &transaction.body;
        match reason {
            Departure::Replaced { by } => {
                let other = &self.known[&by].body;
                assert_eq!((other.sender(), other.nonce), (body.sender(), body.nonce));
                assert_ne!(by, transaction.id());
                found.replaced += 1;
            }
            Departure::Expired => {
                assert!(body.is_expired_at(follower.pool.next_height()));
                found.expired += 1;
            }
            Departure::Unfunded | Departure::Gap => found.unpayable += 1,
            other => panic!("{other:?} cannot be why {} is gone", transaction.id()),
        }
    }
}

/// Every transaction of the active chain with its place, read from the blocks; none stands there twice.
fn walk(follower: &Follower) -> BTreeMap<Hash, (Height, u32)> {
    let store = &*follower.store;
    let mut places = BTreeMap::new();
    for number in 0..=follower.chain.tip().height().get() {
        let height = Height::new(number);
        let id = active::at(store, height).unwrap().unwrap().id;
        for (index, transaction) in (0..).zip(blocks::transactions(store, &id).unwrap().unwrap()) {
            let before = places.insert(transaction.id(), (height, index));
            assert_eq!(before, None, "a transaction is on the chain twice");
        }
    }
    places
}

/// Whatever waits follows its account's nonce without a gap, and the balance covers all of it.
fn assert_pool_could_be_mined(follower: &Follower) {
    let view = follower.chain.reader().view().unwrap();
    let state = view.state().unwrap();
    assert_eq!(follower.pool.next_height(), view.tip().height().next().unwrap());
    let senders: HashSet<_> = follower.pool.iter().map(|tx| tx.sender()).collect();
    for sender in senders {
        let account = state.account(&sender).unwrap();
        let mut cost = 0_u128;
        for (nonce, tx) in (account.nonce..).zip(follower.pool.of_sender(&sender)) {
            assert_eq!(tx.nonce(), nonce);
            assert!(!tx.transaction().body.is_expired_at(follower.pool.next_height()));
            cost += u128::from(tx.cost().beats());
        }
        assert!(cost <= u128::from(account.balance.beats()));
    }
}
