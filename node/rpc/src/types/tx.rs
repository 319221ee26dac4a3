//! Transactions on their way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Timestamp};

use super::scalar::schema;

/// The pool has the transaction, on disk too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TxAccepted {
    /// Its id.
    #[schemars(with = "schema::Hash")]
    pub txid: Hash,
    /// The hash of its whole encoding.
    #[schemars(with = "schema::Hash")]
    pub leaf_hash: Hash,
    /// True if the pool had it before.
    pub known: bool,
    /// The transaction that it replaced.
    #[schemars(with = "Option<schema::Hash>")]
    pub replaced: Option<Hash>,
}

/// Where a transaction is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum TxStatus {
    /// This node has not heard of it.
    Unknown,
    /// It waits.
    Pending {
        /// Its place in the order in which the pool would be mined, from 1.
        place: u64,
        /// Transactions in the pool.
        of: u64,
        /// When it came.
        #[schemars(with = "schema::Timestamp")]
        since: Timestamp,
        /// The last height it may be mined at; 0: no limit.
        valid_until: u64,
    },
    /// It is in a block of the active chain.
    Mined {
        /// The block's height.
        #[schemars(with = "schema::Height")]
        height: Height,
        /// The block's id.
        #[schemars(with = "schema::Hash")]
        id: Hash,
        /// Its place in the block, from 0.
        position: u32,
        /// 1 in the tip, one more for every block on top.
        confirmations: u64,
        /// False if it failed.
        succeeded: bool,
    },
    /// It left the pool unmined, by `valid_until` or by age.
    Expired {
        /// True if no block can take it any more; false: it was only dropped for its age, and may be sent again.
        dead: bool,
    },
    /// Another one of the same nonce took its place.
    Replaced {
        /// That one.
        #[schemars(with = "schema::Hash")]
        by: Hash,
    },
}

/// Prices of gas, beats per gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeePrices {
    /// For the next block.
    pub blocks_1: u64,
    /// For one of the next three.
    pub blocks_3: u64,
    /// For one of the next ten.
    pub blocks_10: u64,
    /// The least that this pool takes.
    pub minimum: u64,
}
