//! Shared pieces of the tests: a ledger in a map, keys, and the check of everything that always holds.
#![allow(clippy::unwrap_used)]

mod cases;
mod chain;
mod order;
mod properties;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vibecoin_crypto::{Hash, SecretKey};
use vibecoin_primitives::{
    Account, Address, Amount, ChainSpec, Height, Network, Timestamp, Transaction, TransactionBody, encoding,
    state_key,
};

use crate::{Accepted, Checked, Mempool, MinedTx, PoolConfig, PoolError, PoolEvent, Tip};

/// Balances and nonces, and nothing else of a chain.
#[derive(Clone, Default)]
struct Ledger {
    leaves: BTreeMap<Hash, Vec<u8>>,
    next_height: u64,
}

impl Ledger {
    fn new(balances: &[(u8, u64)]) -> Self {
        let mut ledger = Self { next_height: 1, ..Self::default() };
        for (number, beats) in balances {
            ledger.set(address(*number), Account { balance: beat(*beats), ..Account::default() });
        }
        ledger
    }

    fn set(&mut self, address: Address, account: Account) {
        self.leaves.insert(state_key::account(&address), encoding::encode(&account));
    }

    fn account(&self, address: &Address) -> Account {
        let leaf = self.leaves.get(&state_key::account(address));
        leaf.map_or_else(Account::default, |bytes| encoding::decode(bytes).unwrap())
    }

    fn tip(&self) -> Tip {
        Tip { next_height: Height::new(self.next_height), state: Arc::new(self.leaves.clone()) }
    }

    /// A block of these transactions, each of which has to be valid at its place.
    fn mine(&mut self, block: &[Transaction]) -> (Vec<MinedTx>, Vec<(Address, Account)>) {
        let mut touched = BTreeSet::new();
        for tx in block {
            let (body, from, to) = (&tx.body, tx.body.sender(), tx.body.to.unwrap());
            assert!(!body.is_expired_at(Height::new(self.next_height)));
            let mut sender = self.account(&from);
            assert_eq!(sender.nonce, body.nonce);
            assert!(sender.balance >= body.max_cost().unwrap());
            let paid = body.intrinsic_gas() * body.gas_price + body.value.beats();
            sender.balance = sender.balance.checked_sub(beat(paid)).unwrap();
            sender.nonce += 1;
            self.set(from, sender);
            let mut receiver = self.account(&to);
            receiver.balance = receiver.balance.checked_add(body.value).unwrap();
            self.set(to, receiver);
            touched.extend([from, to]);
        }
        self.next_height += 1;
        let mined = block
            .iter()
            .map(|tx| MinedTx { txid: tx.id(), sender: tx.body.sender(), nonce: tx.body.nonce })
            .collect();
        (mined, touched.into_iter().map(|address| (address, self.account(&address))).collect())
    }
}

fn beat(beats: u64) -> Amount {
    Amount::from_beats(beats)
}

fn at(ms: u64) -> Timestamp {
    Timestamp::new(ms)
}

fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32])
}

fn address(number: u8) -> Address {
    Address::of(&key(number).public_key())
}

fn spec() -> ChainSpec {
    Network::Devnet.spec()
}

/// A transfer of nothing from holder `from`, to be changed.
fn body(from: u8, nonce: u64, price: u64) -> TransactionBody {
    TransactionBody {
        version: 1,
        chain_id: spec().chain_id,
        nonce,
        valid_until: 0,
        gas_limit: 21_000,
        gas_price: price,
        to: Some(Address::new([0xee; 20])),
        value: Amount::ZERO,
        data: Vec::new(),
        public_key: key(from).public_key(),
    }
}

fn tx(from: u8, nonce: u64, price: u64) -> Transaction {
    body(from, nonce, price).sign(&key(from))
}

/// A pool whose copy is kept from its events, as a node keeps one on disk.
struct Watched {
    pool: Mempool,
    copy: BTreeMap<Hash, Transaction>,
}

impl Watched {
    fn new(ledger: &Ledger, config: PoolConfig) -> Self {
        Self::on(spec(), ledger, config)
    }

    fn on(spec: ChainSpec, ledger: &Ledger, config: PoolConfig) -> Self {
        Self { pool: Mempool::new(Arc::new(spec), config, ledger.tip()), copy: BTreeMap::new() }
    }

    fn hear(&mut self, events: &[PoolEvent]) {
        for event in events {
            match event {
                PoolEvent::Added(tx) => {
                    assert!(self.copy.insert(tx.leaf_hash(), tx.transaction().clone()).is_none());
                }
                PoolEvent::Removed { tx, .. } => assert!(self.copy.remove(&tx.leaf_hash()).is_some()),
            }
        }
    }

    fn submit(&mut self, tx: Transaction, now: u64) -> Result<Accepted, PoolError> {
        let result = self.pool.submit(tx, at(now));
        self.after(result)
    }

    /// Without the signature.
    fn admit(&mut self, tx: Transaction, now: u64) -> Result<Accepted, PoolError> {
        let result = self.pool.admit(Checked::from_block(tx)?, at(now));
        self.after(result)
    }

    fn after(&mut self, result: Result<Accepted, PoolError>) -> Result<Accepted, PoolError> {
        if let Ok(accepted) = &result {
            self.hear(&accepted.events);
        }
        result
    }

    /// The ledger takes a block, and the pool hears of it.
    fn mine(&mut self, ledger: &mut Ledger, block: &[Transaction], now: u64) -> Vec<PoolEvent> {
        let (mined, accounts) = ledger.mine(block);
        let events = self.pool.on_block(&mined, &accounts, ledger.tip(), at(now));
        self.hear(&events);
        events
    }

    /// Everything that always holds.
    fn check(&self, ledger: &Ledger) {
        let pool = &self.pool;
        let (mut count, mut bytes) = (0, 0);
        let mut worths = BTreeSet::new();
        for (address, sender) in &pool.senders {
            let account = ledger.account(address);
            assert_eq!((sender.nonce, sender.balance), (account.nonce, account.balance));
            assert!(!sender.queue().is_empty());
            let mut costs = 0;
            for (expected, tx) in (account.nonce..).zip(sender.queue()) {
                assert_eq!(tx.nonce(), expected, "nonces follow each other");
                assert_eq!(tx.sender(), *address);
                assert!(Arc::ptr_eq(tx, &pool.by_txid[&tx.txid()]));
                assert_eq!(pool.by_leaf[&tx.leaf_hash()], tx.txid());
                assert!(!tx.transaction().body.is_expired_at(pool.next_height()));
                let until = tx.valid_until();
                assert_eq!(pool.by_expiry.contains(&(until, tx.txid())), until.get() != 0);
                assert!(pool.by_arrival.contains(&(tx.arrival(), tx.txid())));
                costs += u128::from(tx.cost().beats());
                bytes += tx.transaction().encode().len();
                count += 1;
            }
            assert_eq!(costs, u128::from(sender.cost().beats()));
            assert!(costs <= u128::from(account.balance.beats()), "the balance covers all");
            worths.extend(sender.worth(sender.queue().len()));
        }
        assert_eq!(pool.worths, worths);
        let sizes =
            [pool.by_txid.len(), pool.by_leaf.len(), pool.by_arrival.len(), self.copy.len(), pool.len()];
        assert_eq!(sizes, [count; 5]);
        let limited = pool.iter().filter(|tx| tx.valid_until().get() != 0).count();
        assert_eq!(pool.by_expiry.len(), limited);
        assert!(pool.iter().all(|tx| self.copy[&tx.leaf_hash()] == *tx.transaction()));

        let info = pool.info();
        assert_eq!((info.transactions, info.bytes, info.senders), (count, bytes, pool.senders.len()));
        assert_eq!(info.memory_bytes, pool.iter().map(|tx| tx.memory_bytes()).sum::<usize>());
        assert!(info.memory_bytes <= info.memory_bytes_max);
    }
}
