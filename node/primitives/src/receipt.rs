//! Receipts: what a transaction did, committed by the block.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;

use crate::address::Address;

#[cfg(test)]
mod tests;

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Status {
    /// It failed: its fee is paid and nothing else happened.
    Failed = 0,
    /// It did what it asked for.
    Done = 1,
}

/// A message that a contract left.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Log {
    /// The contract.
    pub address: Address,
    /// What it can be found by.
    pub topics: Vec<Hash>,
    /// The rest.
    pub data: Vec<u8>,
}

/// What one transaction did.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Receipt {
    /// How it ended.
    pub status: Status,
    /// Gas this transaction used.
    pub gas_used: u64,
    /// The contract it created, if it did.
    pub contract: Option<Address>,
    /// What its contracts said.
    pub logs: Vec<Log>,
}

impl Receipt {
    /// The receipt of a plain transfer.
    #[must_use]
    pub const fn transfer(gas_used: u64) -> Self {
        Self { status: Status::Done, gas_used, contract: None, logs: Vec::new() }
    }
}
