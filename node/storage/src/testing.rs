//! Blocks and transactions for this crate's tests. They are well formed, not valid.
#![allow(clippy::unwrap_used)]

use vibecoin_crypto::{Hash, SecretKey, sha256};
use vibecoin_primitives::{
    Address, Amount, Bits, Block, Content, Header, Height, Timestamp, Transaction, TransactionBody, Work,
};

use crate::blocks::{BlockMeta, BlockStatus};

pub(crate) fn key(seed: u8) -> SecretKey {
    SecretKey::from_bytes(&[seed; 32])
}

pub(crate) fn address(seed: u8) -> Address {
    Address::of(&key(seed).public_key())
}

/// A transfer, or a create if `to` is `None`.
pub(crate) fn transaction(from: u8, to: Option<Address>, nonce: u64) -> Transaction {
    let body = TransactionBody {
        version: 1,
        chain_id: 7,
        nonce,
        valid_until: 0,
        gas_limit: 21_000,
        gas_price: 16,
        to,
        value: Amount::from_beats(5),
        data: vec![from; 3],
        public_key: key(from).public_key(),
    };
    body.sign(&key(from))
}

/// A block on `parent`; `salt` tells siblings apart.
pub(crate) fn block(height: u64, parent: Hash, salt: u64, transactions: Vec<Transaction>) -> Block {
    let content = Content {
        parent_id: parent,
        state_root: sha256(b"state"),
        tx_root: vibecoin_primitives::block::tx_root(&transactions),
        receipts_root: Hash::ZERO,
        poh_root: Hash::ZERO,
        poh_hash: Hash::ZERO,
        beneficiary: address(9),
        gas_used: 0,
        tx_count: u32::try_from(transactions.len()).unwrap(),
    };
    let header = Header {
        history_root: Hash::ZERO,
        content_root: content.root(),
        version: 1,
        height: Height::new(height),
        prev_time: Timestamp::new(height),
        time: Timestamp::new(height + 1),
        bits: Bits::new(0x207f_ffff),
        nonce: salt,
    };
    Block { header, content, ticks: vec![sha256(b"tick"), sha256(&salt.to_le_bytes())], transactions }
}

pub(crate) fn meta(block: &Block, arrival: u64) -> BlockMeta {
    BlockMeta {
        height: block.header.height,
        parent: block.content.parent_id,
        work: Work::new(u128::from(block.header.height.get()) * 2),
        arrival,
        status: BlockStatus::Unexecuted,
        sampled: false,
        skip: Hash::ZERO,
        history_peaks: vec![[arrival as u8; 64]],
    }
}
