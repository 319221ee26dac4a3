//! The node itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Timestamp};

use super::chain::{Reorganisation, Tip};
use super::network::SyncProgress;
use super::scalar::{WorkText, schema};
use super::storage::StorageInfo;

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
    /// True if no headers are known that would be the chain if their bodies were here.
    pub synced: bool,
    /// Nodes it is connected to.
    pub peers: u32,
    /// Those of them that it has gone to itself.
    pub peers_outbound: u32,
    /// How far it is behind its peers, and how fast it comes nearer.
    pub sync: SyncProgress,
    /// The end of its chain.
    pub tip: Tip,
    /// The header with the most work that is known: the tip's, unless bodies are missing.
    pub best_header: BestHeader,
    /// Blocks that are not on the chain yet.
    pub waiting: WaitingBlocks,
    /// True if it mines.
    pub mining: bool,
    /// The node's clock.
    #[schemars(with = "schema::Timestamp")]
    pub time: Timestamp,
    /// What `dev_warp` has added to it.
    pub clock_offset_ms: u64,
    /// How long the node has been running.
    pub uptime_ms: u64,
    /// What it keeps and verifies, and the room that it takes.
    pub storage: StorageInfo,
}

/// The header with the most work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BestHeader {
    /// Its id.
    #[schemars(with = "schema::Hash")]
    pub id: Hash,
    /// Its height.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// Work of the chain up to it.
    pub work: WorkText,
}

/// Blocks that wait for something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingBlocks {
    /// Stored headers whose bodies are missing.
    pub headers_only: u64,
    /// Blocks whose parents are unknown.
    pub orphans: u64,
    /// Blocks whose time lies ahead.
    pub held: u64,
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
    /// What somebody should look at though the node works, in words: a deep reorganisation, a repair at the start.
    pub warnings: Vec<String>,
    /// The newest reorganisation so deep that it is an alarm, for a day.
    pub alarm: Option<Reorganisation>,
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
    /// Sequential hashes per second, averaged over the last few segments made here; none before the first.
    pub hashes_per_s: Option<f64>,
    /// Time that the last of them took.
    pub segment_ms: Option<f64>,
    /// Segments made since the node started, whether it mines or not.
    pub segments: u64,
    /// The block from which the last of them starts; before the first, the one from which the tip's own starts.
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
