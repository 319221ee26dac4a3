//! What a node is told: a plain value. Where each part comes from (flag, environment, file, default) is the
//! binary's affair.

use std::net::SocketAddr;
use std::path::PathBuf;

use vibecoin_chain::{Policy, VerifyPoh};
use vibecoin_consensus::fork_choice::FULL_SEGMENT_DEPTH;
use vibecoin_mempool::PoolConfig;
use vibecoin_network::SyncMode;
use vibecoin_primitives::{Address, ChainSpec, Network};

use crate::logs::LogRing;

/// The configuration of a node.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The rules of the network.
    pub spec: ChainSpec,
    /// What the network is called.
    pub network_name: String,
    /// The node's own directory (`<data-dir>/<network>/node`); `None` keeps everything in memory.
    pub directory: Option<PathBuf>,
    /// Bytes of memory for the database's and the state tree's caches together.
    pub cache_bytes: usize,
    /// Which segments of Proof of History are verified whole.
    pub verify_poh: VerifyPoh,
    /// Keep the states of all blocks, not only of the newest.
    pub archive: bool,
    /// Drop the ticks of old blocks; they are made again by hashing where they are needed.
    pub prune_ticks: bool,
    /// The API's port; `None`: the node is asked in its own process only.
    pub rpc: Option<RpcConfig>,
    /// The port for health and metrics; `None`: there is none.
    pub metrics: Option<SocketAddr>,
    /// How it meets others; `None`: it has no peers.
    pub network: Option<NetworkConfig>,
    /// What the pool takes.
    pub pool: PoolConfig,
    /// Whom to mine to from the start; `None`: mining waits for a word.
    pub mine: Option<Address>,
    /// Threads that search for nonces; 0: one less than the machine has, at least one.
    pub threads: u32,
    /// Where the log's lines are found for `node_logs`.
    pub logs: LogRing,
}

impl NodeConfig {
    /// A node of a built-in network that keeps its data in `directory` and offers no port.
    #[must_use]
    pub fn new(network: Network, directory: Option<PathBuf>) -> Self {
        Self::custom(network.name().to_owned(), network.spec(), directory)
    }

    /// The same for any network.
    #[must_use]
    pub fn custom(network_name: String, spec: ChainSpec, directory: Option<PathBuf>) -> Self {
        Self {
            spec,
            network_name,
            directory,
            cache_bytes: 96 << 20,
            verify_poh: VerifyPoh::RECENT,
            archive: false,
            prune_ticks: false,
            rpc: None,
            metrics: None,
            network: None,
            pool: PoolConfig::default(),
            mine: None,
            threads: 0,
            logs: LogRing::default(),
        }
    }

    /// How the chain is run that this node is asked for.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            verify_poh: self.verify_poh,
            state_window: if self.archive { None } else { Policy::NODE.state_window },
            // What others sample only, nobody asks for often.
            ticks_window: self.prune_ticks.then_some(FULL_SEGMENT_DEPTH),
            state_cache_bytes: (self.cache_bytes / 2) as u64,
            ..Policy::NODE
        }
    }
}

/// The API's port.
#[derive(Clone, Debug)]
pub struct RpcConfig {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Names, beside loopback, by which requests may call this server.
    pub allowed_hosts: Vec<String>,
    /// Origins whose web pages may call.
    pub allowed_origins: Vec<String>,
    /// The most connections at a time.
    pub connections_max: usize,
}

impl RpcConfig {
    /// A port with the default bounds.
    #[must_use]
    pub const fn new(listen: SocketAddr) -> Self {
        Self { listen, allowed_hosts: Vec::new(), allowed_origins: Vec::new(), connections_max: 100 }
    }
}

/// How a node meets others. Addresses are multiaddrs in the forms of `PeerAddress` of the API, checked by whoever
/// made this value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkConfig {
    /// Where to listen, none with `/p2p`; port 0 picks a free one. Empty: nobody can come, the node goes to others.
    pub listen: Vec<String>,
    /// Where others reach this node, if its operator knows.
    pub external: Vec<String>,
    /// Whom to ask first, beside those that the book of addresses holds.
    pub bootstrap: Vec<String>,
    /// How to get what was missed.
    pub sync: SyncMode,
    /// Look for nodes in the local network, and be found there.
    pub mdns: bool,
    /// Take connections for others that cannot be reached.
    pub relay_server: bool,
    /// The SOCKS5 server through which to go to others; `None`: straight.
    pub proxy: Option<SocketAddr>,
    /// The most peers that may come to this node.
    pub inbound_max: u32,
    /// So many peers this node tries to have gone to.
    pub outbound_target: u32,
}

impl NetworkConfig {
    /// The most peers that may come, unless told otherwise.
    pub const INBOUND_MAX: u32 = 64;
    /// The peers to go to, unless told otherwise.
    pub const OUTBOUND_TARGET: u32 = 10;

    /// A network at a port, on all interfaces, over TCP and QUIC.
    #[must_use]
    pub fn at_port(port: u16) -> Self {
        let listen = ["/ip4/0.0.0.0", "/ip6/::"]
            .into_iter()
            .flat_map(|host| [format!("{host}/tcp/{port}"), format!("{host}/udp/{port}/quic-v1")])
            .collect();
        Self { listen, ..Self::outgoing() }
    }

    /// A network in which nobody comes: the node goes to others.
    #[must_use]
    pub const fn outgoing() -> Self {
        Self {
            listen: Vec::new(),
            external: Vec::new(),
            bootstrap: Vec::new(),
            sync: SyncMode::Full,
            mdns: false,
            relay_server: false,
            proxy: None,
            inbound_max: Self::INBOUND_MAX,
            outbound_target: Self::OUTBOUND_TARGET,
        }
    }
}
