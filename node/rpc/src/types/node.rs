//! The node itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::Timestamp;

use super::chain::Tip;
use super::scalar::schema;

/// How far the node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// The network has not begun.
    WaitingForStart {
        /// Milliseconds until the genesis time.
        starts_in_ms: u64,
    },
    /// It works.
    Running,
    /// It is on its way down.
    Stopping,
}

/// The node and its network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeInfo {
    /// The program's version.
    pub version: String,
    /// The network's name.
    pub network: String,
    /// The network's number, in every transaction.
    pub chain_id: u32,
    /// The id of the genesis: two nodes of one network have the same.
    #[schemars(with = "schema::Hash")]
    pub genesis_id: Hash,
    /// When the network starts, or started.
    #[schemars(with = "schema::Timestamp")]
    pub genesis_time: Timestamp,
    /// The prefix of its addresses.
    pub address_prefix: String,
    /// The interval T between blocks.
    pub interval_ms: u64,
    /// False where the difficulty stays, blocks are paced and the dev methods work.
    pub retargets: bool,
    /// Gas of a block.
    pub block_gas: u64,
    /// Bytes of a block's transactions.
    pub block_bytes: u64,
    /// How far the node is.
    #[serde(flatten)]
    pub phase: Phase,
    /// True if the node has what its peers have.
    pub synced: bool,
    /// Nodes it is connected to.
    pub peers: u32,
    /// The end of its chain.
    pub tip: Tip,
    /// True if it mines.
    pub mining: bool,
    /// The node's clock.
    #[schemars(with = "schema::Timestamp")]
    pub time: Timestamp,
    /// What `dev_warp` has added to it.
    pub clock_offset_ms: u64,
    /// How long the node has been running.
    pub uptime_ms: u64,
}

/// Whether the node works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeHealth {
    /// No problem that needs somebody.
    pub healthy: bool,
    /// It answers from a chain that is as far as it knows of.
    pub ready: bool,
    /// What ails it, in words.
    pub problems: Vec<String>,
    /// Time since the tip's own time.
    pub tip_age_ms: u64,
}

/// The Proof of History generator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PohStatus {
    /// Ticks of a segment.
    pub ticks: u32,
    /// Hashes from one tick to the next.
    pub hashes_per_tick: u64,
    /// Hashes per second of the last segment made here.
    pub hashes_per_s: Option<f64>,
    /// Time it took.
    pub segment_ms: Option<f64>,
    /// Segments made since the node started.
    pub segments: u64,
    /// The block after which the last segment stands.
    #[schemars(with = "Option<schema::Hash>")]
    pub parent_id: Option<Hash>,
    /// Its last tick.
    #[schemars(with = "Option<schema::Hash>")]
    pub last_tick: Option<Hash>,
}

/// The node has begun to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stopping {
    /// It ends within this time.
    pub within_ms: u64,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Something failed that should not.
    Error,
    /// Something to look at.
    Warn,
    /// What happens.
    Info,
    /// How.
    Debug,
    /// In every detail.
    Trace,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// Counts the lines, so that a gap can be seen.
    pub sequence: u64,
    /// When.
    #[schemars(with = "schema::Timestamp")]
    pub time: Timestamp,
    /// How much it matters.
    pub level: LogLevel,
    /// The part of the program.
    pub target: String,
    /// The message, with its fields.
    pub message: String,
}
