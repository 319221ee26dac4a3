//! A transaction that waits, with what was derived from it once.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Amount, Height, Timestamp, Transaction};

use crate::checked::Checked;

/// Memory that a waiting transaction takes besides its encoding: the value itself, its place in the indexes, and a
/// queue of its own. These add up to about 960 bytes.
pub(crate) const OVERHEAD_BYTES: usize = 1024;

/// A transaction that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PooledTx {
    checked: Checked,
    arrival: Timestamp,
    sequence: u64,
}

impl PooledTx {
    pub(crate) fn new(checked: Checked, arrival: Timestamp, sequence: u64) -> Self {
        Self { checked, arrival, sequence }
    }

    /// The transaction.
    #[must_use]
    pub fn transaction(&self) -> &Transaction {
        &self.checked.transaction
    }

    /// Its id.
    #[must_use]
    pub const fn txid(&self) -> Hash {
        self.checked.txid
    }

    /// The hash of its whole encoding.
    #[must_use]
    pub const fn leaf_hash(&self) -> Hash {
        self.checked.leaf_hash
    }

    /// The account that pays.
    #[must_use]
    pub const fn sender(&self) -> Address {
        self.checked.sender
    }

    /// When it came.
    #[must_use]
    pub const fn arrival(&self) -> Timestamp {
        self.arrival
    }

    /// Its place among those that came, which settles equal arrival times.
    pub(crate) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Its nonce.
    #[must_use]
    pub fn nonce(&self) -> u64 {
        self.transaction().body.nonce
    }

    /// Beats per gas that it offers.
    #[must_use]
    pub fn price(&self) -> u64 {
        self.transaction().body.gas_price
    }

    /// The last height that can take it; 0: no limit.
    #[must_use]
    pub fn valid_until(&self) -> Height {
        Height::new(self.transaction().body.valid_until)
    }

    /// The most that may leave its sender's balance.
    #[must_use]
    pub const fn cost(&self) -> Amount {
        self.checked.cost
    }

    /// The length of its encoding, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.transaction().encoded_len()
    }

    /// The memory it takes, as the pool counts it.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.bytes() + OVERHEAD_BYTES
    }
}
