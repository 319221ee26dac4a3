//! Cheap blocks and transactions, sound and broken.

use std::sync::Arc;

use vibecoin_crypto::{Hash, PublicKey, Signature, hash::sha256_parts, merkle};
use vibecoin_primitives::{
    Address, Amount, Bits, Block, Content, Header, Height, Timestamp, Transaction, TransactionBody, block,
};

use crate::wire::{HeaderRecord, WireLimits};

/// The time of the genesis, in ms since the Unix epoch.
pub const GENESIS_MS: u64 = 1_800_000_000_000;
/// The time between two blocks.
pub const INTERVAL_MS: u64 = 5_000;
/// Ticks of a segment.
pub const TICKS: usize = 4;
/// The version of a header that the fake world takes. Any other stands for a header without its work.
pub const VERSION: u32 = 1;
/// The nonce of a transaction that the pool refuses without blaming anybody.
pub const NONCE_NOT_WANTED: u64 = u64::MAX;

/// The bounds that go with these blocks.
#[must_use]
pub const fn limits() -> WireLimits {
    WireLimits { block_bytes: 1 << 20, ticks: TICKS }
}

/// The first block.
#[must_use]
pub fn genesis() -> Block {
    let content = content(Hash::new([0; 32]), &[], &[]);
    Block {
        header: header(&content, 0, 0, GENESIS_MS, 0),
        content,
        ticks: Vec::new(),
        transactions: Vec::new(),
    }
}

/// The block on `parent` with these transactions and work 1. `salt` tells siblings apart.
#[must_use]
pub fn child(parent: &HeaderRecord, salt: u64, transactions: Vec<Transaction>) -> Block {
    child_with_work(parent, salt, transactions, 1)
}

/// The same, with another work.
#[must_use]
pub fn child_with_work(parent: &HeaderRecord, salt: u64, transactions: Vec<Transaction>, work: u32) -> Block {
    let ticks = segment(&parent.id());
    let content = content(parent.id(), &ticks, &transactions);
    let before_ms = parent.header.time.get();
    let mut header =
        header(&content, parent.header.height.get() + 1, before_ms, before_ms + INTERVAL_MS, salt);
    header.bits = Bits::new(work);
    Block { header, content, ticks: ticks.to_vec(), transactions }
}

/// So many blocks, each on the one before, without transactions.
#[must_use]
pub fn chain(parent: &HeaderRecord, salt: u64, length: usize) -> Vec<Block> {
    let mut blocks = Vec::with_capacity(length);
    let mut parent = *parent;
    for _ in 0..length {
        let block = child(&parent, salt, Vec::new());
        parent = head(&block);
        blocks.push(block);
    }
    blocks
}

/// The same block without its work, as far as the fake world can tell.
#[must_use]
pub fn without_work(mut block: Block) -> Block {
    block.header.version = VERSION + 1;
    block
}

/// The same block at another time.
#[must_use]
pub fn at_time(mut block: Block, unix_ms: u64) -> Block {
    block.header.time = Timestamp::new(unix_ms);
    block
}

/// A block's header with its content.
#[must_use]
pub const fn head(block: &Block) -> HeaderRecord {
    HeaderRecord { header: block.header, content: block.content }
}

/// The segment that starts from a block.
#[must_use]
pub fn segment(parent: &Hash) -> Arc<[Hash]> {
    (0..TICKS as u64).map(|tick| sha256_parts(&[parent.as_bytes().as_slice(), &tick.to_le_bytes()])).collect()
}

/// A transaction of 166 bytes; each number makes another one.
#[must_use]
pub fn transaction(number: u64) -> Transaction {
    transaction_with(number, number, 1)
}

/// A transaction that breaks a rule by itself.
#[must_use]
pub fn broken_transaction(number: u64) -> Transaction {
    transaction_with(number, number, 0)
}

/// A transaction that the pool refuses without blaming anybody.
#[must_use]
pub fn unwanted_transaction(number: u64) -> Transaction {
    transaction_with(number, NONCE_NOT_WANTED, 1)
}

fn transaction_with(number: u64, nonce: u64, gas_price: u64) -> Transaction {
    let key = sha256_parts(&[b"key".as_slice(), &number.to_le_bytes()]);
    let body = TransactionBody {
        version: 1,
        chain_id: 1,
        nonce,
        valid_until: 0,
        gas_limit: 21_000,
        gas_price,
        to: Some(Address::new([7; 20])),
        value: Amount::from_beats(number),
        data: Vec::new(),
        public_key: PublicKey(key.to_bytes()),
    };
    Transaction { body, signature: Signature([9; 64]) }
}

fn content(parent_id: Hash, ticks: &[Hash], transactions: &[Transaction]) -> Content {
    let nothing = Hash::new([0; 32]);
    Content {
        parent_id,
        state_root: nothing,
        tx_root: block::tx_root(transactions),
        receipts_root: nothing,
        poh_root: merkle::root(ticks),
        poh_hash: nothing,
        beneficiary: Address::new([1; 20]),
        gas_used: 0,
        tx_count: u32::try_from(transactions.len()).expect("blocks are small"),
    }
}

fn header(content: &Content, height: u64, before_ms: u64, time_ms: u64, salt: u64) -> Header {
    Header {
        history_root: Hash::new([0; 32]),
        content_root: content.root(),
        version: VERSION,
        height: Height::new(height),
        prev_time: Timestamp::new(before_ms),
        time: Timestamp::new(time_ms),
        bits: Bits::new(1),
        nonce: salt,
    }
}
