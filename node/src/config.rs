//! What a node is told: a plain value. Where each part comes from (flag, environment, file, default) is the
//! binary's affair.

use std::net::SocketAddr;
use std::path::PathBuf;

use vibecoin_chain::{Policy, VerifyPoh};
use vibecoin_consensus::fork_choice::FULL_SEGMENT_DEPTH;
use vibecoin_mempool::PoolConfig;
use vibecoin_primitives::{Address, ChainSpec, Network};

use crate::logs::LogRing;

/// The configuration of a node.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The rules of the network.
    pub spec: ChainSpec,
    /// What the network is called.
    pub network: String,
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
    pub fn custom(network: String, spec: ChainSpec, directory: Option<PathBuf>) -> Self {
        Self {
            spec,
            network,
            directory,
            cache_bytes: 96 << 20,
            verify_poh: VerifyPoh::RECENT,
            archive: false,
            prune_ticks: false,
            rpc: None,
            metrics: None,
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
