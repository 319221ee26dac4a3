//! What can be said of a transaction without the state or the pool.

use vibecoin_consensus::TransactionError;
use vibecoin_consensus::rules::check_transaction;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Amount, ChainSpec, Height, Transaction};

/// A transaction that is valid alone, with what was worked out on the way. Making one is the expensive part of
/// taking a transaction (a signature), and needs no pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub(crate) transaction: Transaction,
    pub(crate) txid: Hash,
    pub(crate) leaf_hash: Hash,
    pub(crate) sender: Address,
    pub(crate) cost: Amount,
}

impl Checked {
    /// Checks a transaction for a block at `next_height`, signature included.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn new(
        transaction: Transaction,
        spec: &ChainSpec,
        next_height: Height,
    ) -> Result<Self, TransactionError> {
        let checked = check_transaction(spec, next_height, &transaction)?;
        Self::with(transaction, checked.id(), checked.sender())
    }

    /// A transaction that stood in a valid block, so that its signature need not be verified again.
    pub(crate) fn from_block(transaction: Transaction) -> Result<Self, TransactionError> {
        let (txid, sender) = (transaction.id(), transaction.body.sender());
        Self::with(transaction, txid, sender)
    }

    fn with(transaction: Transaction, txid: Hash, sender: Address) -> Result<Self, TransactionError> {
        let cost = transaction.body.max_cost().ok_or(TransactionError::Cost)?;
        let leaf_hash = transaction.leaf_hash();
        Ok(Self { transaction, txid, leaf_hash, sender, cost })
    }

    /// Its id.
    #[must_use]
    pub const fn txid(&self) -> Hash {
        self.txid
    }

    /// The hash of its whole encoding.
    #[must_use]
    pub const fn leaf_hash(&self) -> Hash {
        self.leaf_hash
    }
}
