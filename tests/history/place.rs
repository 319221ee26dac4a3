//! The place where history repeats itself: a chain just high enough that rewards mature, and the honest block that
//! belongs on it.

use std::sync::LazyLock;

use vibecoin_crypto::Hash;
use vibecoin_primitives::transaction::TRANSFER_GAS;
use vibecoin_primitives::{
    Account, Address, Allocation, Amount, Block, ChainSpec, Height, Timestamp, Transaction, TransactionBody,
    encoding, state_key,
};

use crate::support::forge::{Forge, Wallet, reseal, retargeting_spec, spec, with_committed};

/// Wallets with money from the genesis on.
const WALLETS: u64 = 8;
/// Blocks below the place: the next one credits the reward of block 5.
pub const TRUNK: u64 = 104;
/// What nobody has.
pub const POOR: u64 = 50;
/// Time from block to block, so that the difficulty stands still.
pub const INTERVAL_MS: u64 = 1_000;
/// A key of small order: every signature with `R` of small order and `s = 0` is valid for it by ZIP-215.
pub const SMALL_ORDER_KEY: [u8; 32] = [0; 32];

static PLACE: LazyLock<Place> = LazyLock::new(Place::build);

/// A chain, and what can be put on it.
#[derive(Clone)]
pub struct Place {
    pub forge: Forge,
    /// Everything above the genesis, the lowest first.
    pub trunk: Vec<Block>,
    /// The block that an honest miner makes here.
    pub honest: Block,
    /// The clock: a second after the honest block's time.
    pub now: Timestamp,
}

/// Small blocks, so that their limits are cheap to reach.
fn small_spec() -> ChainSpec {
    let mut spec = ChainSpec {
        poh_ticks: 4,
        poh_hashes_per_tick: 4,
        half_life_ms: 60_000,
        min_delta_ms: 10,
        block_gas: 1_000_000,
        block_bytes: 60_000,
        ..retargeting_spec(WALLETS)
    };
    let amount = spec.genesis_allocation[0].amount;
    spec.genesis_allocation.push(Allocation { address: small_order_address(), amount });
    spec
}

/// The address of [`SMALL_ORDER_KEY`].
pub fn small_order_address() -> Address {
    Address::of(&vibecoin_crypto::PublicKey(SMALL_ORDER_KEY))
}

/// Who makes the block of a height: everybody just one, so that a reward can be told by its owner.
pub fn miner(height: u64) -> Wallet {
    Wallet::number(1_000 + height)
}

impl Place {
    /// The place as it is before anything has happened.
    pub fn new() -> Self {
        PLACE.clone()
    }

    fn build() -> Self {
        assert_eq!(spec(1).genesis_allocation.len(), 1);
        let mut forge = Forge::new(small_spec());
        let mut trunk: Vec<Block> = Vec::new();
        for height in 1..=TRUNK {
            let parent = trunk.last().map_or(forge.genesis(), Block::id);
            // A few payments in the past, which somebody may try to have paid again.
            let transactions = match height {
                50 => vec![forge.pay(&parent, &Wallet::number(0), Wallet::number(1).address(), 7)],
                51 => vec![forge.pay(&parent, &Wallet::number(1), Wallet::number(2).address(), 8)],
                _ => Vec::new(),
            };
            let time = forge.after(&parent, INTERVAL_MS);
            trunk.push(forge.child_by(miner(height).address(), &parent, transactions, time));
        }
        let parent = trunk.last().unwrap().id();
        let mut place = Self { honest: trunk[0].clone(), now: forge.after(&parent, 0), forge, trunk };
        let transactions = (0..5).map(|number| place.pay(number, number + 1, 1_000_000)).collect();
        place.honest = place.valid(transactions);
        place.now = place.honest.header.time.checked_add(1_000).unwrap();
        place
    }

    /// The block that everything here stands on.
    pub fn parent(&self) -> Hash {
        self.trunk.last().unwrap().id()
    }

    pub fn chain_id(&self) -> u32 {
        self.forge.spec().chain_id
    }

    /// The height of the place.
    pub fn height() -> Height {
        Height::new(TRUNK + 1)
    }

    /// An account as it is before the place.
    pub fn account(&mut self, address: Address) -> Account {
        let parent = self.parent();
        self.forge.account(&parent, &address)
    }

    /// A payment that fits its sender's nonce here, to be changed.
    pub fn payment(&mut self, from: u64, to: Address, beats: u64) -> TransactionBody {
        let wallet = Wallet::number(from);
        let nonce = self.account(wallet.address()).nonce;
        wallet.payment(self.chain_id(), nonce, to, beats)
    }

    /// A payment from wallet to wallet that could stand here.
    pub fn pay(&mut self, from: u64, to: u64, beats: u64) -> Transaction {
        let body = self.payment(from, Wallet::number(to).address(), beats);
        Wallet::number(from).sign(body)
    }

    /// A payment from wallet 0 to wallet 1, after `change`.
    pub fn changed(&mut self, change: impl FnOnce(&mut TransactionBody)) -> Transaction {
        let mut body = self.payment(0, Wallet::number(1).address(), 1_000_000);
        change(&mut body);
        Wallet::number(0).sign(body)
    }

    /// The valid block here with these transactions.
    ///
    /// # Panics
    /// When one of them cannot be executed.
    pub fn valid(&mut self, transactions: Vec<Transaction>) -> Block {
        self.valid_at(transactions, INTERVAL_MS)
    }

    /// The same, this long after its parent.
    pub fn valid_at(&mut self, transactions: Vec<Transaction>, delay_ms: u64) -> Block {
        let parent = self.parent();
        let time = self.forge.after(&parent, delay_ms);
        self.forge.child_by(miner(TRUNK + 1).address(), &parent, transactions, time)
    }

    /// A block with these transactions, whatever they are, that commits to them and to the state of the honest block.
    pub fn with(&self, transactions: Vec<Transaction>) -> Block {
        with_committed(Block { transactions, ..self.honest.clone() })
    }

    /// The honest block with another content, committed to and with its work done.
    pub fn with_content(&self, change: impl FnOnce(&mut Block)) -> Block {
        let mut block = self.honest.clone();
        change(&mut block);
        reseal(block)
    }

    /// The honest block with another header and its work done for it.
    pub fn with_header(&self, change: impl FnOnce(&mut vibecoin_primitives::Header)) -> Block {
        self.with_content(|block| change(&mut block.header))
    }

    /// The valid block with these transactions, but for leaves of its state that the miner made up.
    pub fn lie(
        &mut self,
        transactions: Vec<Transaction>,
        leaves: impl FnOnce(&mut Self, &Block) -> Vec<(Hash, Option<Vec<u8>>)>,
    ) -> Block {
        let block = self.valid(transactions);
        let leaves = leaves(self, &block);
        let state_root = self.forge.root_with(&block.id(), &leaves);
        assert_ne!(state_root, block.content.state_root, "the lie is the truth");
        reseal(Block { content: vibecoin_primitives::Content { state_root, ..block.content }, ..block })
    }

    /// The leaf of an account after `block`, changed.
    pub fn account_leaf(
        &mut self,
        block: &Block,
        address: Address,
        change: impl FnOnce(&mut Account),
    ) -> (Hash, Option<Vec<u8>>) {
        let mut account = self.forge.account(&block.id(), &address);
        change(&mut account);
        (state_key::account(&address), Some(encoding::encode(&account)))
    }

    /// The leaf of the block's own reward, changed.
    pub fn reward_leaf(
        &mut self,
        block: &Block,
        change: impl FnOnce(&mut vibecoin_primitives::Reward),
    ) -> (Hash, Option<Vec<u8>>) {
        let height = block.header.height;
        let mut reward = self.forge.reward(&block.id(), height).unwrap();
        assert_eq!(reward.height, height);
        change(&mut reward);
        (state_key::reward(height), Some(encoding::encode(&reward)))
    }
}

/// More money.
pub fn more(amount: &mut Amount, beats: u64) {
    *amount = amount.checked_add(Amount::from_beats(beats)).unwrap();
}

/// Less money.
pub fn less(amount: &mut Amount, beats: u64) {
    *amount = amount.checked_sub(Amount::from_beats(beats)).unwrap();
}

/// The fee of a plain transfer as the forge prices it.
pub const FEE: u64 = TRANSFER_GAS * 16;
