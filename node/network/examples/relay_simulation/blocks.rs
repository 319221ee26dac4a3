//! Blocks without work, signatures and execution: only their lengths and their hashes are real.

use std::collections::BTreeMap;
use std::sync::Arc;

use vibecoin_crypto::{Hash, PublicKey, Signature, hash::sha256_parts, merkle};
use vibecoin_network::wire::{HeaderRecord, TipClaim};
use vibecoin_primitives::{
    Address, Amount, Bits, Block, Content, Header, Height, Timestamp, Transaction, TransactionBody, Work,
    block,
};

/// Ticks of a segment, as on mainnet.
pub const TICKS: usize = 64;
/// The time of the genesis, in ms since the Unix epoch.
pub const GENESIS_MS: u64 = 1_800_000_000_000;

/// Blocks that may be on their way at the same time.
const NEWEST: usize = 12;

/// A block with what is needed again and again.
#[derive(Debug)]
pub struct Made {
    /// It.
    pub block: Arc<Block>,
    /// Its name.
    pub id: Hash,
    /// The block before, by its place in the order of making.
    pub parent: Option<usize>,
    /// The hashes of its transactions.
    pub leaf_hashes: Vec<Hash>,
    /// The work of its chain: one for each block.
    pub work: Work,
}

impl Made {
    /// What is said of it in a handshake.
    pub fn claim(&self) -> TipClaim {
        TipClaim { id: self.id, height: self.block.header.height, work: self.work }
    }

    /// Its header and content.
    pub fn head(&self) -> HeaderRecord {
        HeaderRecord { header: self.block.header, content: self.block.content }
    }
}

/// Every block that was ever made. A node knows some of them.
#[derive(Debug)]
pub struct Chain {
    blocks: Vec<Made>,
    by_id: BTreeMap<Hash, usize>,
}

impl Chain {
    /// The genesis alone.
    pub fn new() -> Self {
        let mut chain = Self { blocks: Vec::new(), by_id: BTreeMap::new() };
        chain.make(None, 0, GENESIS_MS);
        chain
    }

    /// A block by its place in the order of making.
    pub fn get(&self, at: usize) -> &Made {
        &self.blocks[at]
    }

    /// The blocks that were made last, the newest first: nothing else is on its way.
    pub fn newest(&self) -> impl Iterator<Item = &Made> {
        self.blocks.iter().rev().take(NEWEST)
    }

    /// A block and those before it, down to the genesis.
    pub fn branch(&self, at: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(at), |at| self.blocks[*at].parent)
    }

    /// A block's place by its id.
    pub fn find(&self, id: &Hash) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Makes a block with so many transactions.
    pub fn make(&mut self, parent: Option<usize>, transactions: usize, unix_ms: u64) -> usize {
        let at = self.blocks.len();
        let before = parent.map(|parent| self.blocks[parent].head());
        let parent_id = parent.map_or(Hash::new([0; 32]), |parent| self.blocks[parent].id);
        let transactions: Vec<_> = (0..transactions).map(|number| transaction(at, number)).collect();
        let ticks: Vec<Hash> = match parent {
            Some(_) => (0..TICKS as u64)
                .map(|tick| sha256_parts(&[parent_id.as_bytes().as_slice(), &tick.to_le_bytes()]))
                .collect(),
            None => Vec::new(),
        };
        let nothing = Hash::new([0; 32]);
        let content = Content {
            parent_id,
            state_root: nothing,
            tx_root: block::tx_root(&transactions),
            receipts_root: nothing,
            poh_root: merkle::root(&ticks),
            poh_hash: nothing,
            beneficiary: Address::new([1; 20]),
            gas_used: 0,
            tx_count: u32::try_from(transactions.len()).expect("blocks are small"),
        };
        let header = Header {
            history_root: nothing,
            content_root: content.root(),
            version: 1,
            height: Height::new(before.map_or(0, |head| head.header.height.get() + 1)),
            prev_time: before.map_or(Timestamp::new(unix_ms), |head| head.header.time),
            time: Timestamp::new(unix_ms),
            bits: Bits::new(1),
            nonce: at as u64,
        };
        let block = Block { header, content, ticks, transactions };
        let leaf_hashes = block.transactions.iter().map(Transaction::leaf_hash).collect();
        let work = Work::new(parent.map_or(0, |parent| self.blocks[parent].work.get() + 1));
        let id = block.id();
        self.blocks.push(Made { block: Arc::new(block), id, parent, leaf_hashes, work });
        self.by_id.insert(id, at);
        at
    }
}

/// A transfer: 166 bytes.
fn transaction(block: usize, number: usize) -> Transaction {
    let key = sha256_parts(&[b"key".as_slice(), &block.to_le_bytes(), &number.to_le_bytes()]);
    let body = TransactionBody {
        version: 1,
        chain_id: 8_423,
        nonce: number as u64,
        valid_until: 0,
        gas_limit: 21_000,
        gas_price: 1,
        to: Some(Address::new([7; 20])),
        value: Amount::from_beats(1),
        data: Vec::new(),
        public_key: PublicKey(key.to_bytes()),
    };
    Transaction { body, signature: Signature([9; 64]) }
}
