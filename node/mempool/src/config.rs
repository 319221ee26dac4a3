//! The policy of a pool. Nothing here is consensus.

use vibecoin_primitives::transaction::TRANSACTION_BYTES_MAX;

/// Beats per gas that a pool asks for unless told otherwise: a full block then costs about what it mints.
pub const DEFAULT_PRICE_MIN: u64 = 16;

/// By how much a transaction must outbid one of the same nonce, in percent of that one's price.
pub const REPLACEMENT_PERCENT: u64 = 10;

/// What a pool takes, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// The least price, in beats per gas.
    pub price_min: u64,
    /// Transactions of one sender.
    pub per_sender_max: usize,
    /// Memory of all transactions, indexes included, in bytes.
    pub memory_bytes_max: usize,
    /// How long a transaction is kept, in ms.
    pub age_max_ms: u64,
    /// The longest transaction, encoded, in bytes.
    pub tx_bytes_max: usize,
    /// How many of the next blocks must still be able to take a transaction; 1: the next one is enough.
    pub blocks_left_min: u64,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            price_min: DEFAULT_PRICE_MIN,
            per_sender_max: 256,
            memory_bytes_max: 64 << 20,
            age_max_ms: 24 * 60 * 60 * 1000,
            tx_bytes_max: TRANSACTION_BYTES_MAX,
            blocks_left_min: 1,
        }
    }
}
