//! For development, where the chain spec does not retarget.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::Timestamp;

use super::chain::Tip;
use super::scalar::schema;

/// Blocks mined on demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DevMined {
    /// Their ids, in order.
    #[schemars(with = "Vec<schema::Hash>")]
    pub blocks: Vec<Hash>,
    /// The tip after them.
    pub tip: Tip,
}

/// The clock of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DevClock {
    /// How far it is ahead of the machine's.
    pub offset_ms: u64,
    /// What it shows.
    #[schemars(with = "schema::Timestamp")]
    pub time: Timestamp,
}

/// A place to return to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DevSnapshot {
    /// Its number for `dev_revert`.
    pub snapshot: u64,
    /// The tip it remembers.
    pub tip: Tip,
}
