//! A forge of blocks: wallets by number, signed payments, and a valid child for any block the forge has ever made.
//!
//! Blocks are put together from the protocol's own parts over a state held in a map, so that a block costs well
//! under a millisecond and no store. Whatever is wrong in a test's block is put there on purpose: take a valid child,
//! change it, and let [`with_committed`] or [`reseal`] make the rest fit again.
//!
//! Deliberately absent: a verdict. Whether a block is valid is asked of the chain that is under test.

use std::collections::{BTreeMap, HashMap};

use vibecoin_consensus::{Node, Peaks, difficulty, emission, genesis, poh, pow};
use vibecoin_crypto::{Hash, SecretKey, hash};
use vibecoin_execution::{
    BlockEnv, BlockExecutor, BlockOutcome, StateChanges, TxRef, execute_block, genesis_changes,
};
use vibecoin_primitives::block::{poh_record, poh_root, receipts_root, tx_root};
use vibecoin_primitives::{
    Account, Address, Allocation, Amount, Bits, Block, ChainSpec, Content, Header, Height, Network, Reward,
    Timestamp, Transaction, TransactionBody,
};
use vibecoin_storage::StateReader;

/// What a wallet of [`spec`] starts with: 1,000 VIBE.
pub const FUNDS: Amount = Amount::from_beats(1_000_000_000_000);
/// Nonces that are tried for a header. Bits that need more are not for a forge.
const TRIES_MAX: u64 = 1 << 24;

/// An account whose key is a function of its number.
#[derive(Clone)]
pub struct Wallet {
    key: SecretKey,
    address: Address,
}

impl Wallet {
    /// The wallet with this number, the same in every test.
    pub fn number(number: u64) -> Self {
        let seed = hash::sha256_parts(&[b"a wallet of the forge", &number.to_le_bytes()]);
        let key = SecretKey::from_bytes(seed.as_bytes());
        let address = Address::of(&key.public_key());
        Self { key, address }
    }

    pub const fn address(&self) -> Address {
        self.address
    }

    /// A payment without memo or limit at 16 beats a gas, to be changed at will and then signed.
    pub fn payment(&self, chain_id: u32, nonce: u64, to: Address, value: u64) -> TransactionBody {
        TransactionBody {
            version: 1,
            chain_id,
            nonce,
            valid_until: 0,
            gas_limit: 21_000,
            gas_price: 16,
            to: Some(to),
            value: Amount::from_beats(value),
            data: Vec::new(),
            public_key: self.key.public_key(),
        }
    }

    /// Signs whatever the body says, right or wrong.
    pub fn sign(&self, body: TransactionBody) -> Transaction {
        body.sign(&self.key)
    }

    /// The plain payment, signed.
    pub fn pay(&self, chain_id: u32, nonce: u64, to: Address, value: u64) -> Transaction {
        self.sign(self.payment(chain_id, nonce, to, value))
    }
}

/// A devnet whose segments are four hashes long, whose work is trivial, and where wallets 0 to `wallets` − 1 have
/// [`FUNDS`] each.
pub fn spec(wallets: u64) -> ChainSpec {
    ChainSpec {
        poh_ticks: 2,
        poh_hashes_per_tick: 2,
        genesis_allocation: (0..wallets)
            .map(|number| Allocation { address: Wallet::number(number).address(), amount: FUNDS })
            .collect(),
        ..Network::Devnet.spec()
    }
}

/// [`spec`] with a target that follows the clock: it doubles for every three seconds that the chain is late.
pub fn retargeting_spec(wallets: u64) -> ChainSpec {
    ChainSpec { half_life_ms: 3_000, genesis_bits: Bits::new(0x2003_ffff), ..spec(wallets) }
}

/// A block of the forge, with what its children stand on.
#[derive(Clone)]
struct Made {
    block: Block,
    parent: Hash,
    /// How many blocks of the forge are below it, whatever its header says.
    depth: u64,
    /// The history up to and including it.
    history: Peaks,
    /// The leaves it changed, after it and before it.
    changes: StateChanges,
    previous: StateChanges,
}

/// Makes blocks on any block that it has made before.
#[derive(Clone)]
pub struct Forge {
    spec: ChainSpec,
    genesis: Hash,
    made: HashMap<Hash, Made>,
    /// The state after the block `at`; it is walked to wherever it is needed.
    state: BTreeMap<Hash, Vec<u8>>,
    at: Hash,
}

impl Forge {
    /// A forge that has made the genesis of this network.
    pub fn new(spec: ChainSpec) -> Self {
        let block = genesis(&spec);
        let id = block.id();
        let mut history = Peaks::new();
        history.append(Node::leaf(&block.header, id).unwrap()).unwrap();
        let mut state = BTreeMap::new();
        write(&mut state, &genesis_changes(&spec));
        let parent = block.content.parent_id;
        let made = Made { block, parent, depth: 0, history, changes: Vec::new(), previous: Vec::new() };
        Self { spec, genesis: id, made: HashMap::from([(id, made)]), state, at: id }
    }

    pub const fn spec(&self) -> &ChainSpec {
        &self.spec
    }

    /// The id of the genesis.
    pub const fn genesis(&self) -> Hash {
        self.genesis
    }

    /// A block that was made or adopted here.
    pub fn block(&self, id: &Hash) -> &Block {
        &self.made[id].block
    }

    /// The time `delay_ms` after that of a block.
    pub fn after(&self, parent: &Hash, delay_ms: u64) -> Timestamp {
        self.block(parent).header.time.checked_add(delay_ms).unwrap()
    }

    /// An account after a block.
    pub fn account(&mut self, at: &Hash, address: &Address) -> Account {
        self.walk(at);
        self.state.account(address).unwrap()
    }

    /// What stands, after a block, in the place of the reward ring that `height` writes.
    pub fn reward(&mut self, at: &Hash, height: Height) -> Option<Reward> {
        self.walk(at);
        self.state.reward(height).unwrap()
    }

    /// The root that the state after a block would have with these leaves instead.
    pub fn root_with(&mut self, at: &Hash, leaves: &StateChanges) -> Hash {
        self.walk(at);
        let mut state = self.state.clone();
        write(&mut state, leaves);
        root(&state)
    }

    /// A payment that can stand first in a child of `parent`.
    pub fn pay(&mut self, parent: &Hash, from: &Wallet, to: Address, value: u64) -> Transaction {
        let nonce = self.account(parent, &from.address()).nonce;
        from.pay(self.spec.chain_id, nonce, to, value)
    }

    /// The valid block on `parent` with these transactions and this time, its reward for an address that a hash of
    /// the time and the parent gives.
    pub fn child(&mut self, parent: &Hash, transactions: Vec<Transaction>, time: Timestamp) -> Block {
        let miner = hash::sha256_parts(&[parent.as_bytes(), &time.get().to_le_bytes()]);
        let miner = Address::new(miner.as_bytes()[..20].try_into().unwrap());
        self.child_by(miner, parent, transactions, time)
    }

    /// The valid block on `parent` with these transactions and this time, its reward for `miner`.
    ///
    /// # Panics
    /// When a transaction cannot be executed at its place.
    pub fn child_by(
        &mut self,
        miner: Address,
        parent: &Hash,
        transactions: Vec<Transaction>,
        time: Timestamp,
    ) -> Block {
        self.walk(parent);
        let below = &self.made[parent];
        let height = below.block.header.height.next().unwrap();
        let refs: Vec<_> = transactions.iter().map(TxRef::new).collect();
        let env = BlockEnv { height, beneficiary: miner, subsidy: emission::subsidy(height) };
        let outcome = execute_block(&self.state, &self.spec, env, &refs)
            .unwrap_or_else(|error| panic!("no block can have these transactions: {error}"));
        let (parent_height, parent_time) = (below.block.header.height, below.block.header.time);
        let history_root = below.history.root();
        let depth = below.depth + 1;

        write(&mut self.state, &outcome.changes);
        let content = Content {
            parent_id: *parent,
            state_root: root(&self.state),
            tx_root: Hash::ZERO,
            receipts_root: receipts_root(&outcome.receipts),
            poh_root: Hash::ZERO,
            poh_hash: Hash::ZERO,
            beneficiary: miner,
            gas_used: outcome.gas_used,
            tx_count: 0,
        };
        let header = Header {
            history_root,
            content_root: Hash::ZERO,
            version: 1,
            height,
            prev_time: parent_time,
            time,
            bits: difficulty::bits_of_child(&self.spec, parent_height, parent_time),
            nonce: 0,
        };
        let ticks = poh::generate(poh::Params::of(&self.spec), parent);
        let block = with_committed(Block { header, content, ticks, transactions });
        self.at = self.keep(&block, *parent, depth, outcome);
        block
    }

    /// Takes a block from elsewhere, right or wrong, so that children can be made on it: what of it cannot be
    /// executed is left out of their state, and their headers follow from what its header says.
    pub fn adopt(&mut self, block: &Block) {
        let parent = block.content.parent_id;
        self.walk(&parent);
        let height = Height::new(self.made[&parent].depth + 1);
        let env =
            BlockEnv { height, beneficiary: block.content.beneficiary, subsidy: emission::subsidy(height) };
        let mut executor = BlockExecutor::new(&self.state, &self.spec, env).unwrap();
        for transaction in &block.transactions {
            // A transaction that fails leaves no trace.
            let _ = executor.apply(TxRef::new(transaction));
        }
        let outcome = executor.finish().unwrap();
        write(&mut self.state, &outcome.changes);
        self.at = self.keep(block, parent, height.get(), outcome);
    }

    fn keep(&mut self, block: &Block, parent: Hash, depth: u64, outcome: BlockOutcome) -> Hash {
        let id = block.id();
        let mut history = self.made[&parent].history.clone();
        // A header that joins nothing leaves the history as it was: nothing on it can be valid anyway.
        if let Ok(leaf) = Node::leaf(&block.header, id) {
            let _ = history.append(leaf);
        }
        let BlockOutcome { changes, previous, .. } = outcome;
        self.made.insert(id, Made { block: block.clone(), parent, depth, history, changes, previous });
        id
    }

    /// Brings the state to that after a block, down to the common ancestor and up again.
    fn walk(&mut self, to: &Hash) {
        let (mut from, mut to, mut up) = (self.at, *to, Vec::new());
        self.at = to;
        while from != to {
            if self.made[&from].depth >= self.made[&to].depth {
                write(&mut self.state, &self.made[&from].previous);
                from = self.made[&from].parent;
            } else {
                up.push(to);
                to = self.made[&to].parent;
            }
        }
        for id in up.iter().rev() {
            write(&mut self.state, &self.made[id].changes);
        }
    }
}

/// Makes the content commit to ticks and transactions as they are, and the header to the content.
pub fn with_committed(mut block: Block) -> Block {
    block.content.tx_root = tx_root(&block.transactions);
    block.content.tx_count = u32::try_from(block.transactions.len()).unwrap();
    block.content.poh_root = poh_root(&block.ticks);
    let last = block.ticks.last().copied().unwrap_or_default();
    block.content.poh_hash = poh_record(&last, &block.content.tx_root);
    reseal(block)
}

/// Makes the header commit to the content as it is, and finds a nonce for the bits that the header has. Bits that are
/// no target keep their nonce.
pub fn reseal(mut block: Block) -> Block {
    block.header.content_root = block.content.root();
    if let Ok(search) = pow::Search::new(&block.header) {
        block.header.nonce = search.run(0..TRIES_MAX).expect("the bits of a test are easy");
    }
    block
}

fn write(state: &mut BTreeMap<Hash, Vec<u8>>, changes: &StateChanges) {
    for (key, value) in changes {
        match value {
            Some(value) => drop(state.insert(*key, value.clone())),
            None => drop(state.remove(key)),
        }
    }
}

fn root(state: &BTreeMap<Hash, Vec<u8>>) -> Hash {
    let entries: Vec<_> = state.iter().map(|(key, value)| (*key, value)).collect();
    vibecoin_crypto::state_tree::root_of(&entries).expect("a map's keys ascend")
}
