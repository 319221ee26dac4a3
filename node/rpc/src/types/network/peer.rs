//! A peer, as the node sees it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Timestamp};

use super::name::{BoundedText, NodeIdText};
use crate::types::scalar::{WorkText, schema};

/// Who went to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The peer came to us.
    Inbound,
    /// We went to it.
    Outbound,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeerKind {
    /// Everything.
    Full,
    /// A short look whether somebody is there.
    Feeler,
}

/// What a peer says that its chain is. Nothing of it is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Claimed {
    /// Its height.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// Its work.
    pub work: WorkText,
    /// Its tip.
    #[schemars(with = "schema::Hash")]
    pub tip: Hash,
}

/// Bytes and messages of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageTraffic {
    /// Which, as one word in lower case with underlines.
    pub kind: String,
    /// Bytes received.
    pub in_bytes: u64,
    /// Bytes sent.
    pub out_bytes: u64,
    /// Messages received.
    pub in_messages: u64,
    /// Messages sent.
    pub out_messages: u64,
}

/// Something a peer has done wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaultInfo {
    /// When.
    #[schemars(with = "schema::Timestamp")]
    pub time: Timestamp,
    /// What, in words.
    pub reason: String,
    /// How much it counts.
    pub points: u32,
}

/// Something that was asked of a peer and has not come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InFlight {
    /// What.
    pub kind: String,
    /// How many.
    pub count: u32,
    /// How long ago the oldest was asked for.
    pub oldest_ms: u64,
}

/// The last thing a peer said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastMessage {
    /// Which kind.
    pub kind: String,
    /// When.
    #[schemars(with = "schema::Timestamp")]
    pub time: Timestamp,
}

/// A peer that the node is connected to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeerInfo {
    /// Who it is: proven by the handshake of the connection.
    pub node_id: NodeIdText,
    /// Where it is, as a multiaddr.
    pub address: BoundedText,
    /// Who went to whom.
    pub direction: Direction,
    /// What the connection is for.
    pub kind: PeerKind,
    /// The relay that the connection goes through, if it does.
    pub relay: Option<NodeIdText>,
    /// What it calls itself.
    pub agent: BoundedText,
    /// The version of the protocol that it speaks.
    pub protocol_version: u32,
    /// What it says it can do.
    pub capabilities: Vec<BoundedText>,
    /// What it says that its chain is; none before it has said so.
    pub claimed: Option<Claimed>,
    /// The time to it and back; none before it was measured.
    pub latency_ms: Option<f64>,
    /// Since when.
    #[schemars(with = "schema::Timestamp")]
    pub connected_since: Timestamp,
    /// Bytes received from it.
    pub in_bytes: u64,
    /// Bytes sent to it.
    pub out_bytes: u64,
    /// The same by kind of message.
    pub traffic: Vec<MessageTraffic>,
    /// Points against it; they fade with time.
    pub score: u32,
    /// At so many it is banned.
    pub score_max: u32,
    /// The newest of its faults, the newest first.
    pub faults: Vec<FaultInfo>,
    /// What was asked of it and has not come.
    pub in_flight: Vec<InFlight>,
    /// The last thing it said.
    pub last_message: Option<LastMessage>,
}

/// What became of an address that somebody added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NetAdded {
    /// The address, in its one form.
    pub address: BoundedText,
    /// True if the book had it already.
    pub known: bool,
    /// True if the node is connected to it already; else it is dialled now.
    pub connected: bool,
}
