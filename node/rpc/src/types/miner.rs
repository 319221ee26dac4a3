//! Mining.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, Height, Timestamp};

use super::chain::BlockPlace;
use super::scalar::{AddressText, BitsText, HexBytes, schema};

/// What the miner is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MinerState {
    /// Nothing.
    Stopped,
    /// The network has not begun.
    WaitingForStart,
    /// The chain is behind what peers have shown: a block made now would be lost.
    CatchingUp,
    /// It computes the Proof of History segment of the next block.
    Sequencing,
    /// It waits for the next block's time, since this network does not retarget.
    Pacing,
    /// It searches a nonce.
    Searching,
}

/// What the miner does, and has done since the node started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MinerStatus {
    /// What it is doing.
    pub state: MinerState,
    /// True between start and stop.
    pub running: bool,
    /// Threads that search.
    pub threads: u32,
    /// Threads of this machine.
    pub threads_max: u32,
    /// True if blocks are paced to the interval, so that a hash rate means nothing.
    pub paced: bool,
    /// The interval T.
    pub interval_ms: u64,
    /// Who is paid.
    pub beneficiary: Option<AddressText>,
    /// Hashes per second of all threads, over the last seconds.
    pub hashes_per_s: f64,
    /// Expected time to a block at this rate; none while the rate is unknown.
    pub expected_ms: Option<f64>,
    /// Blocks found since the node started.
    pub blocks_found: u64,
    /// The last of them.
    pub last_found: Option<BlockPlace>,
    /// Height of the block in work.
    #[schemars(with = "Option<schema::Height>")]
    pub height: Option<Height>,
    /// Transactions in it.
    pub transactions: u32,
    /// What it would earn.
    #[schemars(with = "schema::Amount")]
    pub reward: Amount,
    /// How long the last Proof of History segment took.
    pub poh_segment_ms: Option<f64>,
}

/// Work for a miner outside the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Template {
    /// Its name for `miner_submit`: the content root.
    #[schemars(with = "schema::Hash")]
    pub id: Hash,
    /// The block's height.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// The block it stands on.
    #[schemars(with = "schema::Hash")]
    pub parent_id: Hash,
    /// The 104 bytes, nonce zero.
    pub header: HexBytes,
    /// Where the eight bytes of the nonce stand, little-endian.
    pub nonce_offset: u32,
    /// The block's target.
    pub bits: BitsText,
    /// The same as a number: the double hash of the header must not exceed it.
    #[schemars(with = "schema::Hash")]
    pub target: Hash,
    /// The earliest time that the block may carry.
    #[schemars(with = "schema::Timestamp")]
    pub time_min: Timestamp,
    /// Transactions in it.
    pub transactions: u32,
    /// Subsidy and tips.
    #[schemars(with = "schema::Amount")]
    pub reward: Amount,
}
