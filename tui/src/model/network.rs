//! The network as the screens show it.

use crate::safe::SafeText;

/// Everything on the network's tab, as it was at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkView {
    /// Why there is nothing to see, when there is not.
    pub absent: Option<SafeText>,
    /// Why nothing can be done from here, when it cannot. Peers and bans are the operator's then, too.
    pub unavailable: Option<SafeText>,
    /// The node itself.
    pub own: OwnNode,
    /// How far synchronisation is.
    pub sync: SyncRow,
    /// Connected peers.
    pub peers: Vec<PeerRow>,
    /// Bans in force.
    pub bans: Vec<BanRow>,
    /// Peers that wanted nothing more of this node, the newest first.
    pub goodbyes: Vec<GoodbyeRow>,
}

/// The node among its peers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnNode {
    /// Its id.
    pub id: SafeText,
    /// Whether others reach it, in words.
    pub reach: SafeText,
    /// How good that is.
    pub reachable: Reach,
    /// What the router says, in words; empty if it is not asked.
    pub router: SafeText,
    /// Where others reach it, and how that is known; where it listens, when nothing better is known.
    pub addresses: Vec<(SafeText, SafeText)>,
    /// Peers that it has gone to, and how many it wants.
    pub outbound: (u32, u32),
    /// Peers that have come, and how many may.
    pub inbound: (u32, u32),
    /// Addresses that have proved good, and those only heard of.
    pub known: (u64, u64),
    /// Bytes received and sent.
    pub bytes: (u64, u64),
    /// True if it neither dials nor accepts.
    pub paused: bool,
}

/// Whether others reach a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Nobody knows.
    #[default]
    Unknown,
    /// They do.
    Good,
    /// Not directly.
    Poor,
}

/// How far synchronisation is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncRow {
    /// What is fetched, in a word; none if nothing is.
    pub what: Option<SafeText>,
    /// How far it is.
    pub at: u64,
    /// Where it goes.
    pub to: u64,
    /// The part that is done, 0 to 1.
    pub done: f64,
    /// How much a second, in words; none before it is known.
    pub rate: Option<SafeText>,
    /// Seconds that are left; none before that is honest.
    pub eta_s: Option<u64>,
    /// Peers that serve it.
    pub servers: usize,
    /// Those of them that let one wait.
    pub stalling: usize,
}

/// A connected peer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PeerRow {
    /// Its id, whole.
    pub id: SafeText,
    /// Host and port, in short.
    pub place: SafeText,
    /// Its address, whole, as a multiaddr.
    pub address: SafeText,
    /// Its IP address, when it is at one directly.
    pub ip: Option<SafeText>,
    /// True if this node went to it.
    pub outbound: bool,
    /// What the connection is for, in words.
    pub kind: SafeText,
    /// The relay between, by id.
    pub relay: Option<SafeText>,
    /// What it calls itself.
    pub agent: SafeText,
    /// What it says it can do.
    pub capabilities: SafeText,
    /// The height that it claims.
    pub height: Option<u64>,
    /// The time to it and back, in milliseconds.
    pub latency_ms: Option<f64>,
    /// Since when it is connected, Unix milliseconds.
    pub since_ms: u64,
    /// Bytes received and sent.
    pub bytes: (u64, u64),
    /// The same by kind of message, the most first.
    pub kinds: Vec<(SafeText, u64, u64)>,
    /// Points against it, and how many make a ban.
    pub score: (u32, u32),
    /// What they are for, the newest first.
    pub faults: Vec<FaultRow>,
    /// What was asked of it and has not come, in words.
    pub in_flight: SafeText,
    /// The last thing it said, and when.
    pub last: Option<(SafeText, u64)>,
}

/// Something a peer has done wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRow {
    /// When, Unix milliseconds.
    pub time_ms: u64,
    /// What.
    pub reason: SafeText,
    /// How much it counts.
    pub points: u32,
}

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BanRow {
    /// Who: a node's id, an address, or a range.
    pub who: SafeText,
    /// Until when, Unix milliseconds.
    pub until_ms: u64,
    /// Why.
    pub reason: SafeText,
    /// True if a person did it.
    pub by_operator: bool,
}

/// A peer's last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoodbyeRow {
    /// Who, by id.
    pub id: SafeText,
    /// Where it was.
    pub place: SafeText,
    /// When, Unix milliseconds.
    pub time_ms: u64,
    /// Why.
    pub reason: SafeText,
    /// True if it has banned this node.
    pub banned: bool,
}
