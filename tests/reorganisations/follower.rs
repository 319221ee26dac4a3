//! A chain with its pool in step, as a node keeps them: every move of the tip is told to the pool with the state that
//! it led to.

use std::collections::BTreeSet;
use std::sync::Arc;

use vibecoin_chain::{Chain, ConnectedBlock, Policy, Report, SideBranches, TipChange};
use vibecoin_crypto::Hash;
use vibecoin_mempool::{Accepted, Mempool, MinedTx, PoolConfig, PoolError, Tip};
use vibecoin_primitives::state_key::REWARD_RING;
use vibecoin_primitives::{Address, Block, ChainSpec, Height, Timestamp, Transaction};
use vibecoin_storage::meta::{self, Supply};
use vibecoin_storage::{KeyValueStore, MemoryStore, StateReader, blocks};

/// The clock of tests that do not care for it: no block is from the future.
pub const LATE: Timestamp = Timestamp::new(u64::MAX);

/// See the module.
pub struct Follower {
    pub chain: Chain,
    pub store: Arc<dyn KeyValueStore>,
    pub pool: Mempool,
    /// What the chain does with side branches.
    pub side_branches: SideBranches,
}

impl Follower {
    /// A new chain in memory, as a node among others runs it.
    pub fn new(spec: &ChainSpec) -> Self {
        Self::open(Arc::new(MemoryStore::default()), spec, Policy::NODE)
    }

    /// The chain that `store` holds.
    pub fn open(store: Arc<dyn KeyValueStore>, spec: &ChainSpec, policy: Policy) -> Self {
        let policy = Policy { state_cache_bytes: 1 << 20, ..policy };
        let chain = Chain::open(Arc::clone(&store), spec.clone(), policy).unwrap();
        let view = chain.reader().view().unwrap();
        let tip =
            Tip { next_height: view.tip().height().next().unwrap(), state: Arc::new(view.state().unwrap()) };
        let pool = Mempool::new(Arc::new(spec.clone()), PoolConfig::default(), tip);
        Self { chain, store, pool, side_branches: policy.side_branches }
    }

    /// Hands a block in at `now`; the pool hears what that did to the tip.
    pub fn deliver_at(&mut self, block: &Block, now: Timestamp) -> Report {
        let report = self.chain.import(block.clone(), now).unwrap();
        report.changes.iter().for_each(|change| self.follow(change));
        report
    }

    /// Hands a block in when its time has come.
    pub fn deliver(&mut self, block: &Block) -> Report {
        self.deliver_at(block, LATE)
    }

    /// Tries held blocks again.
    pub fn retry(&mut self, now: Timestamp) -> Vec<Report> {
        let reports = self.chain.retry_held(now).unwrap();
        reports.iter().flat_map(|report| &report.changes).for_each(|change| self.follow(change));
        reports
    }

    /// Hands a transaction to the pool.
    pub fn submit(&mut self, transaction: &Transaction) -> Result<Accepted, PoolError> {
        self.pool.submit(transaction.clone(), Timestamp::new(0))
    }

    fn follow(&mut self, change: &TipChange) {
        let view = self.chain.reader().view().unwrap();
        let state = view.state_tree().at(self.store.snapshot(), change.tip.state_version).unwrap();
        let state: Arc<dyn StateReader> = Arc::new(state);
        let tip = Tip { next_height: change.tip.height().next().unwrap(), state: Arc::clone(&state) };
        let mined: Vec<MinedTx> = change.connected.iter().flat_map(mined).collect();
        if change.reverted.is_empty() {
            let touched = self.touched(change);
            let accounts: Vec<_> =
                touched.into_iter().map(|address| (address, state.account(&address).unwrap())).collect();
            self.pool.on_block(&mined, &accounts, tip, Timestamp::new(0));
        } else {
            let returned =
                change.reverted.iter().flat_map(|one| one.block.transactions.iter().cloned()).collect();
            self.pool.on_reorg(returned, &mined, tip, Timestamp::new(0)).unwrap();
        }
    }

    /// Waiting senders whose accounts new blocks may have changed.
    fn touched(&self, change: &TipChange) -> BTreeSet<Address> {
        let view = self.chain.reader().view().unwrap();
        let mut addresses = BTreeSet::new();
        for one in &change.connected {
            for transaction in &one.block.transactions {
                addresses.insert(transaction.body.sender());
                addresses.extend(transaction.body.to);
            }
            let earned = one.block.header.height.checked_sub(REWARD_RING);
            if let Some(earned) = earned.filter(|height| *height != Height::GENESIS) {
                let id = view.id_at(earned).unwrap().unwrap();
                addresses.insert(blocks::content(view.rows(), &id).unwrap().unwrap().beneficiary);
            }
        }
        addresses.retain(|address| self.pool.next_nonce(address).is_some());
        addresses
    }

    /// The ids of what waits.
    pub fn waiting(&self) -> BTreeSet<Hash> {
        self.pool.iter().map(|tx| tx.txid()).collect()
    }

    /// Where the money is, by the store's own count.
    pub fn supply(&self) -> Supply {
        meta::supply(&*self.store).unwrap().unwrap()
    }
}

fn mined(one: &ConnectedBlock) -> impl Iterator<Item = MinedTx> + '_ {
    one.block.transactions.iter().map(|transaction| MinedTx {
        txid: transaction.id(),
        sender: transaction.body.sender(),
        nonce: transaction.body.nonce,
    })
}
