//! The network: what a node is in it, and what it knows of others.
//!
//! Everything a peer says of itself is [`BoundedText`]: short, and never trusted. Deliberately absent: what the
//! messages look like; this is what an operator sees of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_primitives::Height;

use super::scalar::schema;

mod address;
mod ban;
mod name;
mod peer;
#[cfg(test)]
mod tests;

pub use address::{Host, PeerAddress, PeerAddressError, Transport};
pub use ban::{BanInfo, GoodbyeInfo, NetBans};
pub use name::{AddressRange, BanTarget, BanTargetError, BoundedText, NodeIdText, NodeIdTextError};
pub use peer::{
    Claimed, Direction, FaultInfo, InFlight, LastMessage, MessageTraffic, NetAdded, PeerInfo, PeerKind,
};

/// A node in its network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NetInfo {
    /// False for a node without a network: one inside of a wallet, or one that was told so. All else is empty then.
    pub enabled: bool,
    /// Who the node is to others.
    pub node_id: Option<NodeIdText>,
    /// What it calls itself to its peers.
    pub agent: BoundedText,
    /// The version of the protocol that it speaks.
    pub protocol_version: u32,
    /// Where it listens.
    pub listening: Vec<BoundedText>,
    /// Where others reach it, as far as it knows.
    pub external: Vec<ExternalAddress>,
    /// Whether others reach it.
    pub nat: NatInfo,
    /// Whom it is connected to.
    pub peers: PeerCounts,
    /// What it may be connected to.
    pub limits: NetLimits,
    /// Bytes and messages since the node started.
    pub traffic: Traffic,
    /// The addresses that it knows.
    pub book: BookInfo,
    /// Attempts to reach others since the node started.
    pub dials: DialCounts,
    /// What peers have done wrong since the node started.
    pub faults: Vec<FaultCount>,
    /// Bans in force.
    pub bans: u64,
    /// True if it neither dials nor accepts for now.
    pub paused: bool,
    /// How far it is behind, and how fast it comes nearer.
    pub sync: SyncProgress,
    /// Who serves what it is missing.
    pub servers: Vec<SyncServer>,
}

/// An address at which others may reach the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExternalAddress {
    /// As a multiaddr.
    pub address: BoundedText,
    /// How it is known.
    pub known_by: KnownBy,
}

/// How an address of the node's own is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// The configuration says so.
    Configured,
    /// The router opened a port for it.
    Upnp,
    /// A peer has dialled it and got through.
    Confirmed,
    /// Peers see the node there; nobody has tried.
    Observed,
    /// A relay takes connections for the node.
    Relay,
}

/// Whether others can reach the node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reachability {
    /// Nobody has tried yet.
    #[default]
    Unknown,
    /// Directly.
    Public,
    /// Not from outside.
    Private,
    /// Through a relay only.
    Relayed,
}

/// What the router says when asked to open a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpnpState {
    /// It is not asked.
    #[default]
    Off,
    /// It has not answered yet.
    Searching,
    /// No router here understands the question.
    NotFound,
    /// The router has no public address itself.
    NotRoutable,
    /// A port is open.
    Mapped,
}

/// How the node stands behind its router.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NatInfo {
    /// Whether others can reach it.
    pub reachability: Reachability,
    /// What the router says.
    pub upnp: UpnpState,
    /// True if it takes connections for others that cannot be reached.
    pub relay_server: bool,
}

/// Connected peers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PeerCounts {
    /// They came to us.
    pub inbound: u32,
    /// We went to them.
    pub outbound: u32,
}

impl PeerCounts {
    /// Both.
    #[must_use]
    pub const fn total(self) -> u32 {
        self.inbound.saturating_add(self.outbound)
    }
}

/// How many peers there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NetLimits {
    /// The most that may come to us.
    pub inbound_max: u32,
    /// So many the node tries to have gone to.
    pub outbound_target: u32,
}

/// What has been sent and received.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Traffic {
    /// Bytes received, of all kinds.
    pub in_bytes: u64,
    /// Bytes sent, of all kinds.
    pub out_bytes: u64,
    /// The same by kind of message.
    pub kinds: Vec<MessageTraffic>,
}

/// The book of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BookInfo {
    /// Addresses that others have told of.
    pub new: u64,
    /// Addresses at which the node has met a peer of its network.
    pub tried: u64,
    /// Peers that it goes back to first after a restart.
    pub anchors: Vec<BoundedText>,
}

/// Attempts to reach others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DialCounts {
    /// All of them.
    pub started: u64,
    /// Those that ended in a connection.
    pub connected: u64,
    /// Those that did not.
    pub failed: u64,
}

/// How often something was done wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaultCount {
    /// What, as one word in lower case with underlines.
    pub reason: String,
    /// How often, by all peers.
    pub count: u64,
}

/// What the node is catching up with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SyncPhase {
    /// Nothing: it is as far as its peers, or has none.
    #[default]
    Idle,
    /// Headers.
    Headers,
    /// Bodies.
    Blocks,
    /// The state of a recent block.
    State,
    /// The blocks before that state, in the background.
    History,
}

/// How far synchronisation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SyncProgress {
    /// With what.
    pub phase: SyncPhase,
    /// The height at which this phase began; in the phase `state`, that of the state.
    #[schemars(with = "schema::Height")]
    pub from: Height,
    /// How far it is.
    #[schemars(with = "schema::Height")]
    pub at: Height,
    /// Where it goes.
    #[schemars(with = "schema::Height")]
    pub to: Height,
    /// The part of this phase that is done, 0 to 1.
    pub done: f64,
    /// Headers, blocks or entries of the state a second; none before there is something to average.
    pub rate_per_s: Option<f64>,
    /// Seconds that are left; none before that is honest.
    pub eta_s: Option<u64>,
}

/// A peer that serves what is missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SyncServer {
    /// Who.
    pub node_id: NodeIdText,
    /// What was asked of it and has not come.
    pub in_flight: u32,
    /// Headers, blocks or chunks of the state that it has given in this phase.
    pub served: u64,
    /// Bytes a second that it gives.
    pub bytes_per_s: u64,
    /// True if it has let a deadline pass lately.
    pub stalling: bool,
}
