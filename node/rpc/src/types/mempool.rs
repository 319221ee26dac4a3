//! What waits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::Timestamp;

use super::chain::TxInfo;
use super::scalar::schema;

/// How full the pool is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MempoolInfo {
    /// Transactions in it.
    pub transactions: u64,
    /// Their senders.
    pub senders: u64,
    /// Their encodings together.
    pub bytes: u64,
    /// The memory they take, as the pool counts it.
    pub memory_bytes: u64,
    /// The memory it may take.
    pub memory_bytes_max: u64,
    /// Transactions it holds of one sender.
    pub per_sender_max: u64,
    /// The least price it takes, beats per gas.
    pub price_min: u64,
    /// How long it keeps a transaction.
    pub age_max_ms: u64,
}

/// A waiting transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MempoolTx {
    /// The transaction.
    pub transaction: TxInfo,
    /// Its place in the order in which the pool would be mined, from 1.
    pub place: u64,
    /// When it came.
    #[schemars(with = "schema::Timestamp")]
    pub since: Timestamp,
}

/// Why a transaction left the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// A block has it.
    Mined,
    /// No block can take it any more, or it waited too long.
    Expired,
    /// A better one of the same nonce took its place.
    Replaced,
    /// Better ones needed the room.
    Evicted,
    /// The state changed so that it is not valid any more.
    Invalid,
}

/// A change of the pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum MempoolEvent {
    /// A transaction came.
    Added {
        /// It.
        transaction: TxInfo,
    },
    /// A transaction left.
    Removed {
        /// Its id.
        #[schemars(with = "schema::Hash")]
        txid: Hash,
        /// Why.
        reason: Departure,
    },
}
