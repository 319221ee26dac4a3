//! What the swarm is told once, and why it may not start.

use std::net::SocketAddr;

use vibecoin_network::wire::WireLimits;

use crate::address::AddressError;
use crate::key::NodeKey;

/// See the module.
#[derive(Clone, Debug)]
pub struct SwarmConfig {
    /// Who this node is.
    pub identity: NodeKey,
    /// A part of the name of every protocol, so that strangers have none in common: the first 8 bytes of the genesis
    /// id in hex.
    pub network: String,
    /// Where to listen, such as `/ip4/0.0.0.0/tcp/8423`.
    pub listen: Vec<String>,
    /// Where others reach this node, as its owner knows.
    pub external: Vec<String>,
    /// How long each kind of message may be.
    pub limits: WireLimits,
    /// Connections that others opened, at most.
    pub inbound_max: usize,
    /// Connections that this node opened, at most.
    pub outbound_max: usize,
    /// Look for nodes on the local network, and be found there.
    pub mdns: bool,
    /// Relay for nodes that cannot be reached.
    pub relay_server: bool,
    /// Ask the router to forward a port.
    pub upnp: bool,
    /// Ask peers whether this node can be reached, and answer the same question.
    pub autonat: bool,
    /// Take part in the distributed table of addresses.
    pub kad: bool,
    /// Dial through this SOCKS5 proxy and in no other way; then there is no QUIC, no name is looked up here, only this
    /// machine can come (an onion service hands its visitors over), and
    /// nothing that speaks to the local network or tells where this node is may be switched on.
    pub proxy: Option<SocketAddr>,
    /// Tell and dial addresses that only this machine or a private network can reach.
    pub private_addresses: bool,
    /// The name and version of this software.
    pub agent: String,
}

/// Why the swarm does not start, or has ended.
#[derive(Debug, thiserror::Error)]
pub enum SwarmError {
    /// The name of the network is not 16 lower-case hex digits.
    #[error("the name of a network is 16 lower-case hex digits, not {0:?}")]
    Network(String),
    /// An address of the configuration cannot be read.
    #[error("{text}: {error}")]
    Address {
        /// As it was given.
        text: String,
        /// What is wrong.
        error: AddressError,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Which.
        address: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// A proxy is set, and something that goes around it is switched on.
    #[error("with a proxy there is no {0}: it would show where this node is")]
    AroundProxy(&'static str),
    /// The identity cannot sign.
    #[error("the node's key cannot be used for the transport: {0}")]
    Identity(String),
    /// Nobody takes events or gives commands any more, and yet the swarm was not told to stop.
    #[error("the network was left running by itself")]
    Deserted,
    /// The system gives no resolver, no multicast socket and the like.
    #[error("cannot set up {what}: {error}")]
    Setup {
        /// What.
        what: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
}
