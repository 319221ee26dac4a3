//! What a block tells its transactions, and how they are handed over.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Amount, Height, Transaction, TransactionBody};

/// The block that transactions are executed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockEnv {
    /// Its height, at least 1: the genesis executes nothing.
    pub height: Height,
    /// Who earns its reward.
    pub beneficiary: Address,
    /// What it mints, which the emission schedule gives for its height.
    pub subsidy: Amount,
}

/// A transaction with what was already derived from it. The caller vouches for both.
#[derive(Clone, Copy, Debug)]
pub struct TxRef<'a> {
    /// What is asked for. Every rule that needs no state has been checked.
    pub body: &'a TransactionBody,
    /// Its transaction id.
    pub txid: Hash,
    /// The address of its key.
    pub sender: Address,
}

impl<'a> TxRef<'a> {
    /// Derives id and sender, which costs two hashes.
    #[must_use]
    pub fn new(transaction: &'a Transaction) -> Self {
        Self { body: &transaction.body, txid: transaction.id(), sender: transaction.body.sender() }
    }
}
