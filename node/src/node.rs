//! A node from its start to its end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use vibecoin_chain::{Chain, OpenError, Policy};
use vibecoin_consensus::{genesis, spec};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, ChainSpec, Height};
use vibecoin_rpc::types::Phase;
use vibecoin_rpc::{Cookie, Endpoint, NodeApi, OperatorApi, RpcServer, ServerConfig};
use vibecoin_storage::directory::{Directory, DirectoryError, Recovered};
use vibecoin_storage::kv::RocksOptions;
use vibecoin_storage::{KeyValueStore, MemoryStore, StoreError};

use crate::api::{Api, Core, NetworkFace, ProofDesk};
use crate::clock::NodeClock;
use crate::config::NodeConfig;
use crate::dev::Snapshots;
use crate::door::Door;
use crate::error::{Failure, StartError};
use crate::keeping::Keeping;
use crate::miner::{self, Company, MinerError, Templates};
use crate::monitor;
use crate::network;
use crate::pool;
use crate::supervisor::Supervisor;

#[cfg(test)]
mod tests;

/// How long all parts together have to end.
pub const STOP_LIMIT: Duration = Duration::from_secs(10);
/// How much of that the miner may take before the others are told, too.
const MINER_LIMIT: Duration = Duration::from_secs(4);
/// How often the log hears how far a repair is.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// What others are told who find the directory locked.
const PROGRAM: &str = "vibecoin node";

/// A running node. Keep it and [`Node::run`] it: dropped, it stops without order.
pub struct Node {
    core: Arc<Core>,
    server: Option<RpcServer>,
    monitor: Option<SocketAddr>,
    store: Arc<dyn KeyValueStore>,
    // Dropped after everything that uses the store.
    directory: Option<Directory>,
}

/// What others hold of a running node. Cheap to clone.
#[derive(Clone)]
pub struct NodeHandle {
    core: Arc<Core>,
    address: Option<SocketAddr>,
    monitor: Option<SocketAddr>,
}

impl Node {
    /// Opens the data, starts every service, and listens.
    ///
    /// # Errors
    /// [`StartError`]; whatever was started has been told to stop then.
    pub async fn start(config: NodeConfig) -> Result<Self, StartError> {
        spec::validate(&config.spec)?;
        let genesis_id = genesis(&config.spec).id();
        let Opened { store, directory, recovered } = open_store(&config, &genesis_id)?;
        let supervisor = Supervisor::default();
        let starting = start_services(&config, genesis_id, Arc::clone(&store), recovered, &supervisor);
        let core = match starting.await {
            Ok(core) => Arc::new(core),
            Err(error) => {
                supervisor.stop();
                return Err(error);
            }
        };
        let mut node = Self { core, server: None, monitor: None, store, directory };
        match node.listen(&config).await {
            Ok((server, monitor)) => {
                (node.server, node.monitor) = (server, monitor);
                tracing::info!(network = config.network_name, height = %node.core.tip_height(), "the node has started");
                if let Phase::WaitingForStart { starts_in_ms } = node.core.phase() {
                    let seconds = starts_in_ms / 1000;
                    tracing::info!(seconds, "the network has not started yet: the node waits");
                }
                Ok(node)
            }
            Err(error) => {
                // What led here is the better reason.
                let _ = node.shut_down().await;
                Err(error)
            }
        }
    }

    async fn listen(
        &self,
        config: &NodeConfig,
    ) -> Result<(Option<RpcServer>, Option<SocketAddr>), StartError> {
        let monitor = match config.metrics {
            Some(address) => Some(monitor::start(Arc::clone(&self.core), address).await?),
            None => None,
        };
        let Some(rpc) = &config.rpc else { return Ok((None, monitor)) };
        let cookie = Cookie::generate()?;
        let mut server = ServerConfig::new(rpc.listen, cookie.clone());
        server.allowed_hosts.clone_from(&rpc.allowed_hosts);
        server.allowed_origins.clone_from(&rpc.allowed_origins);
        server.connections_max = rpc.connections_max;
        let handle = self.handle();
        let server = RpcServer::start(server, handle.api(), handle.operator()).await?;
        if let Some(directory) = &self.directory {
            let url = format!("http://{}", reachable(server.address()));
            Endpoint { url, cookie }.write(directory.path())?;
        }
        tracing::info!("the API listens on {}", server.address());
        Ok((Some(server), monitor))
    }

    /// A handle.
    #[must_use]
    pub fn handle(&self) -> NodeHandle {
        let address = self.server.as_ref().map(RpcServer::address);
        NodeHandle { core: Arc::clone(&self.core), address, monitor: self.monitor }
    }

    /// Runs until somebody stops the node or a part of it fails, then stops the parts in their order.
    ///
    /// # Errors
    /// Why the node went down by itself, or which parts did not end in time.
    pub async fn run(self) -> Result<(), Failure> {
        self.core.supervisor.stopping().cancelled().await;
        self.shut_down().await
    }

    async fn shut_down(self) -> Result<(), Failure> {
        let Self { core, server, store, directory, .. } = self;
        let supervisor = core.supervisor.clone();
        let deadline = Instant::now() + STOP_LIMIT;
        tracing::info!("the node is stopping");
        if let Some(directory) = &directory {
            Endpoint::remove(directory.path());
        }
        if let Some(server) = server {
            server.stop().await;
        }
        // The miner and the timers end by this; the miner's last block still finds an open door. One that does not
        // end is named below.
        supervisor.stop();
        let _ = tokio::time::timeout(MINER_LIMIT, core.miner.ended()).await;
        // What the chain still takes, the pool still hears.
        core.chain.stop().await;
        core.pool.stop().await;
        let ended = supervisor.wait(deadline.saturating_duration_since(Instant::now())).await;
        drop(core);
        let flushed = flush(store, deadline).await;
        drop(directory);
        tracing::info!("the node has stopped");
        // The first reason counts.
        match supervisor.failure() {
            Some(failure) => Err(failure),
            None => ended.and(flushed),
        }
    }
}

impl NodeHandle {
    /// What anybody may ask.
    #[must_use]
    pub fn api(&self) -> Arc<dyn NodeApi> {
        Arc::new(Api(Arc::clone(&self.core)))
    }

    /// What only the operator may do.
    #[must_use]
    pub fn operator(&self) -> Arc<dyn OperatorApi> {
        Arc::new(Api(Arc::clone(&self.core)))
    }

    /// Where the API listens.
    #[must_use]
    pub const fn rpc_address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Where health and metrics are answered.
    #[must_use]
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.monitor
    }

    /// Mines `blocks` blocks to `beneficiary` at once, where the chain spec does not retarget: the good first
    /// minute of a new development network. The answer comes when the last of them is on the disk.
    ///
    /// # Errors
    /// [`MinerError`].
    pub async fn mine_now(&self, beneficiary: Address, blocks: u32) -> Result<Vec<Hash>, MinerError> {
        self.core.miner.mine_now(Some(beneficiary), blocks).await
    }

    /// True while the chain is nothing but its genesis.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.core.tip_height().get() == 0
    }

    /// Tells the node to stop. [`Node::run`] returns when it has.
    pub fn stop(&self) {
        self.core.supervisor.stop();
    }

    /// Resolves when the node has been told to stop, or stops by itself.
    pub async fn stopping(&self) {
        self.core.supervisor.stopping().cancelled().await;
    }
}

/// A store, the directory it lies in, and what was found in it.
struct Opened {
    store: Arc<dyn KeyValueStore>,
    directory: Option<Directory>,
    recovered: Option<Recovered>,
}

fn open_store(config: &NodeConfig, genesis_id: &Hash) -> Result<Opened, StartError> {
    let Some(path) = &config.directory else {
        return Ok(Opened { store: Arc::new(MemoryStore::new()), directory: None, recovered: None });
    };
    let directory = Directory::open(path, PROGRAM, genesis_id)?;
    let options = RocksOptions { cache_bytes: config.cache_bytes / 2, ..RocksOptions::default() };
    let store = directory.open_store(options)?;
    let recovered = Some(store.recovered().clone());
    Ok(Opened { store: Arc::new(store), directory: Some(directory), recovered })
}

/// Opens the chain, and tells the log now and then how far a repair is.
fn open_chain(store: Arc<dyn KeyValueStore>, spec: ChainSpec, policy: Policy) -> Result<Chain, OpenError> {
    let mut told = Instant::now();
    Chain::open_watched(store, spec, policy, &mut |reached: Height, end: Height| {
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            tracing::info!("the chain is being put in order: block {reached} of {end}");
        }
    })
}

async fn start_services(
    config: &NodeConfig,
    genesis_id: Hash,
    store: Arc<dyn KeyValueStore>,
    recovered: Option<Recovered>,
    supervisor: &Supervisor,
) -> Result<Core, StartError> {
    let kept = Arc::clone(&store);
    let (policy, spec, directory) = (config.policy(), config.spec.clone(), config.directory.clone());
    let opening = tokio::task::spawn_blocking(move || open_chain(store, spec, policy));
    let opened = opening.await.map_err(|error| StoreError::Corrupt { detail: error.to_string() })?;
    let chain = opened.map_err(|error| refused(error, directory))?;
    let keeping = Keeping::new(policy, chain.repair().cloned(), recovered, kept);
    let clock = NodeClock::default();
    let (chain, writer) = vibecoin_chain::spawn(chain, Arc::new(clock.clone()))?;
    // The writer has a thread of its own; this one only waits for its last word.
    supervisor.thread("the chain", move || match writer.join() {
        Ok(ended) => ended.map_err(Failure::Store),
        Err(panic) => std::panic::resume_unwind(panic),
    })?;
    let door = Door::open(chain.clone(), supervisor);
    let reader = chain.reader().clone();
    // The parts that run already hear of it before they miss what they lean on.
    let stop = || supervisor.stop();
    let pool = pool::spawn(config.pool, reader.clone(), chain.changes(), clock.clone(), supervisor)
        .inspect_err(|_| stop())?;
    let (company, accompanied) = watch::channel(Company::default());
    let bench = miner::Bench::new(reader, pool.clone(), clock.clone());
    let miner = miner::spawn(bench, door.clone(), config.mine, config.threads, accompanied, supervisor);
    let ground = network::Ground { config, chain: &chain, door: &door, pool: &pool, clock: &clock, company };
    let network = match &config.network {
        Some(network) => Some(network::start(ground, network, supervisor).inspect_err(|_| stop())?),
        None => None,
    };
    Ok(Core {
        network_name: config.network_name.clone(),
        genesis_id,
        chain,
        door,
        pool,
        miner,
        templates: Templates::default(),
        network: network.map(|face| Arc::new(face) as Arc<dyn NetworkFace>),
        clock,
        snapshots: Snapshots::default(),
        faucet: tokio::sync::Mutex::default(),
        proof_desk: ProofDesk::new(),
        logs: config.logs.clone(),
        started: Instant::now(),
        keeping,
        damage: OnceLock::new(),
        supervisor: supervisor.clone(),
    })
}

fn refused(error: OpenError, directory: Option<PathBuf>) -> StartError {
    match error {
        OpenError::Store(error) => StartError::Store(error),
        OpenError::AnotherNetwork { found, expected } => {
            let path = directory.unwrap_or_default();
            StartError::Directory(DirectoryError::OtherNetwork { path, found, expected })
        }
        OpenError::Inconsistent { what } => StartError::Store(StoreError::Corrupt { detail: what }),
        error @ (OpenError::HistoryMissing { .. } | OpenError::ForgedHistory(_)) => {
            StartError::Store(StoreError::Corrupt { detail: error.to_string() })
        }
    }
}

async fn flush(store: Arc<dyn KeyValueStore>, deadline: Instant) -> Result<(), Failure> {
    let flushing = tokio::task::spawn_blocking(move || store.flush());
    let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
    match tokio::time::timeout(left, flushing).await {
        Ok(Ok(flushed)) => flushed.map_err(Failure::Store),
        Ok(Err(_)) => Err(Failure::Ended { part: "the store's flush" }),
        Err(_) => Err(Failure::Stragglers { parts: vec!["the store's flush"], after: STOP_LIMIT }),
    }
}

/// An address by which this machine reaches a listener.
fn reachable(mut listening: SocketAddr) -> SocketAddr {
    if listening.ip().is_unspecified() {
        listening.set_ip(match listening {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    listening
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path: Option<&Path> = self.directory.as_ref().map(Directory::path);
        f.debug_struct("Node").field("directory", &path).finish_non_exhaustive()
    }
}
