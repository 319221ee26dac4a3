//! What a node keeps and verifies, how much room it takes, and what had to be mended.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;

use super::scalar::schema;

/// What a node keeps and verifies, and the room that it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StorageInfo {
    /// Bytes on the disk; 0 for a node that keeps everything in memory.
    pub disk_bytes: u64,
    /// Those of them that are a log of the newest commits.
    pub log_bytes: u64,
    /// Bytes of rows in memory that are not in files yet.
    pub memory_bytes: u64,
    /// The same by kind of row, the largest first.
    pub kinds: Vec<StoredKind>,
    /// True if states are kept for good from now on.
    pub archive: bool,
    /// The block whose state was taken over with a proof, while older blocks are not all here and executed yet; none
    /// when nothing is missing.
    #[schemars(with = "Option<schema::Height>")]
    pub history_missing_below: Option<Height>,
    /// The lowest block whose state can be read and proven.
    #[schemars(with = "schema::Height")]
    pub states_from: Height,
    /// The lowest block that can be undone from a record; deeper ones after a replay.
    #[schemars(with = "schema::Height")]
    pub undo_from: Height,
    /// True if old ticks are dropped.
    pub prune_ticks: bool,
    /// The lowest block whose ticks are kept; those of lower ones are made again by hashing, whenever they are asked
    /// for.
    #[schemars(with = "schema::Height")]
    pub ticks_from: Height,
    /// Blocks below the best header whose segments are verified whole, while of older ones a sample is; none if all
    /// are verified whole.
    pub verify_poh_depth: Option<u64>,
    /// What had to be repaired in the chain when the node started.
    pub repair: Option<RepairInfo>,
    /// What was found in the database's files when the node started, such as a torn log; none if all was in order.
    pub recovered: Option<String>,
}

/// The room that one kind of row takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredKind {
    /// Which.
    pub kind: String,
    /// Bytes of its files, compressed as they are.
    pub disk_bytes: u64,
    /// Bytes of its rows that are in memory and in the log.
    pub memory_bytes: u64,
    /// About how many rows there are.
    pub rows: u64,
}

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RepairInfo {
    /// Why it was done.
    pub reason: String,
    /// The tip that the store named before, where it could be read.
    #[schemars(with = "Option<schema::Hash>")]
    pub tip_before: Option<Hash>,
    /// The height of the tip after it.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// Blocks by which the chain was shorter then.
    pub shortened_by: u64,
    /// Blocks whose bodies were damaged; their headers are kept.
    pub bodies_lost: u64,
    /// Headers that were damaged, or stood on damaged ones.
    pub headers_lost: u64,
}
