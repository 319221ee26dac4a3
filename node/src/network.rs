//! The node among others: it starts the driver and the machine, and wires them to chain, pool and operator.
//!
//! ```text
//!                     ┌───────── Owner (a task) ─────────┐
//!   peers ◄─► swarm ◄─┤ Machine: what peers say          ├─► Library: look-ups, on threads
//!                     │ NodeWorld: the quick answers     ├─► Court: import, pool, segments
//!   operator ─► Face ─┤                                  │◄── chain's changes, pool's events
//!                     └──────────────────────────────────┘
//! ```
//!
//! Deliberately absent: rules of the protocol (the machine of `vibecoin-network`), and sockets (`vibecoin-swarm`).

use std::time::Duration;

use tokio::sync::watch;
use vibecoin_chain::ChainHandle;
use vibecoin_network::bans::Bans;
use vibecoin_network::book::AddressBook;
use vibecoin_network::endpoint::{DnsName, NodeId};
use vibecoin_network::wire::TipClaim;
use vibecoin_network::{Config, Machine};
use vibecoin_primitives::{ChainSpec, Height, Network};
use vibecoin_storage::StoreError;
use vibecoin_swarm::{
    AddressError, Command, Driver, NodeKey, NodeKeyError, SwarmConfig, SwarmError, parse_contact,
};

use crate::clock::NodeClock;
use crate::config::{NetworkConfig, NodeConfig};
use crate::door::Door;
use crate::error::Failure;
use crate::miner::Company;
use crate::pool::PoolHandle;
use crate::supervisor::Supervisor;

mod court;
mod face;
mod files;
mod history;
mod library;
mod owner;
mod world;

pub use face::Face;
pub use files::FileError;

use court::Court;
use files::Files;
use library::Library;
use owner::{Clock, Ears, Owner};
use world::NodeWorld;

/// The file of the address book.
const BOOK: &str = "book";
/// How often names of the configuration are looked up.
const LOOK_UP_EVERY: Duration = Duration::from_secs(30 * 60);
/// The file of the bans.
const BANS: &str = "bans";

/// Why the network does not start.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The swarm: an address that is taken, for the most part.
    #[error(transparent)]
    Swarm(#[from] SwarmError),
    /// The node's key.
    #[error(transparent)]
    Key(#[from] NodeKeyError),
    /// A bootstrap address.
    #[error("{text}: {error}")]
    Address {
        /// As it was given.
        text: String,
        /// What is wrong.
        error: AddressError,
    },
    /// The network's folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the network leans on.
pub struct Ground<'a> {
    /// The node's configuration.
    pub config: &'a NodeConfig,
    /// The chain.
    pub chain: &'a ChainHandle,
    /// The door for blocks.
    pub door: &'a Door,
    /// The pool.
    pub pool: &'a PoolHandle,
    /// The node's clock.
    pub clock: &'a NodeClock,
    /// What the miner knows of the company.
    pub company: watch::Sender<Company>,
}

/// Starts the network, and gives its face.
///
/// # Errors
/// [`NetworkError`].
pub fn start(
    ground: Ground<'_>,
    config: &NetworkConfig,
    supervisor: &Supervisor,
) -> Result<Face, NetworkError> {
    let spec = &ground.config.spec;
    let reader = ground.chain.reader().clone();
    let files = Files::open(ground.config.directory.as_deref())?;
    let key = match files.key() {
        Some(path) => NodeKey::load_or_create(&path)?,
        None => NodeKey::generate(),
    };
    let secret = files.secret()?;
    let clock = Clock::start();
    let settings = machine_config(spec, config, key.node(), secret)?;
    let names = names_of(config);
    let swarm = swarm_config(&settings, config, key.clone());
    let machine = Machine::resume(
        settings.clone(),
        read_book(&files, &settings, clock)?,
        read_bans(&files, clock)?,
        u64::from_le_bytes(secret[..8].try_into().expect("a secret has 32 bytes")) ^ clock.now().unix_ms,
    );
    let (driver, events, running) = vibecoin_swarm::start(swarm, supervisor.stopping().clone())?;
    supervisor.task("the swarm", async move {
        running.await.map_err(|error| Failure::Network { reason: error.to_string() })
    });
    let (answer, answers) = owner::answers();
    let court = Court::open(
        ground.door.clone(),
        ground.pool.clone(),
        ground.chain.clone(),
        answer.clone(),
        supervisor,
    );
    let (ears, handle) = Ears::open(events, (answer, answers), ground.chain.changes(), ground.pool.events());
    let owner = Owner {
        world: NodeWorld::new(reader.clone(), ground.clock.clone())?,
        library: Library::new(ground.chain.clone(), ground.pool.clone(), config.sync),
        machine,
        driver: driver.clone(),
        court,
        chain: reader,
        pool: ground.pool.clone(),
        files,
        company: ground.company,
    };
    supervisor.task("the replay of history", history::replay(ground.chain.clone(), supervisor.clone()));
    supervisor.task("the network", owner.run(ears, supervisor.clone()));
    if !names.is_empty() {
        supervisor.task("the look-up of bootstrap names", look_up(driver, names, supervisor.clone()));
    }
    Ok(Face::new(handle, key.node(), config.clone()))
}

/// What the machine is told.
fn machine_config(
    spec: &ChainSpec,
    config: &NetworkConfig,
    node: NodeId,
    secret: [u8; 32],
) -> Result<Config, NetworkError> {
    let genesis = vibecoin_consensus::genesis(spec);
    let work = vibecoin_consensus::pow::work(genesis.header.bits).unwrap_or_default();
    let claim = TipClaim { id: genesis.id(), height: Height::GENESIS, work };
    let agent = concat!("vibecoin/", env!("CARGO_PKG_VERSION")).to_owned();
    let mut machine = Config::new(spec, claim, node, agent, secret);
    machine.sync = config.sync;
    machine.inbound_max = config.inbound_max as usize;
    machine.outbound_target = config.outbound_target as usize;
    machine.private_addresses = is_private(spec);
    for text in config.bootstrap.iter().filter(|text| name_of(text).is_none()) {
        let contact =
            parse_contact(text).map_err(|error| NetworkError::Address { text: text.clone(), error })?;
        machine.bootstrap.push(contact);
    }
    Ok(machine)
}

/// Networks of one's own, devnet among them, live on machines and at addresses of one's own. On the public ones such
/// addresses are noise at best.
fn is_private(spec: &ChainSpec) -> bool {
    ![Network::Mainnet, Network::Testnet].iter().any(|public| public.spec() == *spec)
}

fn swarm_config(machine: &Config, config: &NetworkConfig, identity: NodeKey) -> SwarmConfig {
    let proxied = config.proxy.is_some();
    SwarmConfig {
        identity,
        network: machine.genesis_id().to_string()[..16].to_owned(),
        listen: config.listen.clone(),
        external: config.external.clone(),
        limits: machine.limits,
        inbound_max: machine.inbound_max,
        // Feelers and the operator's wishes come on top.
        outbound_max: machine.outbound_target + 16,
        mdns: config.mdns,
        relay_server: config.relay_server,
        upnp: !proxied && !machine.private_addresses,
        autonat: !proxied,
        kad: true,
        proxy: config.proxy,
        private_addresses: machine.private_addresses,
        agent: machine.agent.clone(),
    }
}

/// The name in `/dnsaddr/name`.
fn name_of(text: &str) -> Option<DnsName> {
    text.strip_prefix("/dnsaddr/")?.parse().ok()
}

fn names_of(config: &NetworkConfig) -> Vec<DnsName> {
    config.bootstrap.iter().filter_map(|text| name_of(text)).collect()
}

/// Has the names of the configuration looked up, and again now and then: what they list changes.
async fn look_up(driver: Driver, names: Vec<DnsName>, supervisor: Supervisor) -> Result<(), Failure> {
    let mut due = tokio::time::interval(LOOK_UP_EVERY);
    loop {
        tokio::select! {
            () = supervisor.stopping().cancelled() => return Ok(()),
            _ = due.tick() => {}
        }
        for name in &names {
            if driver.give(Command::Resolve(name.clone())).await.is_err() {
                supervisor.stopping().cancelled().await;
                return Ok(());
            }
        }
    }
}

/// The address book of the last run, or an empty one if it cannot be read.
fn read_book(files: &Files, config: &Config, clock: Clock) -> Result<AddressBook, NetworkError> {
    let settings = config.book_settings();
    let empty = || AddressBook::new(&config.secret, settings);
    let Some(bytes) = files.read(BOOK)? else { return Ok(empty()) };
    match AddressBook::from_bytes(&bytes, &config.secret, settings, clock.now().unix_ms) {
        Ok(restored) => {
            tracing::info!("{} addresses of other nodes are known", restored.book.len());
            Ok(restored.book)
        }
        Err(error) => {
            tracing::warn!("{error}; it is set aside, and a new one begun");
            files.set_aside(BOOK);
            Ok(empty())
        }
    }
}

/// The bans of the last run.
fn read_bans(files: &Files, clock: Clock) -> Result<Bans, NetworkError> {
    let Some(bytes) = files.read(BANS)? else { return Ok(Bans::default()) };
    match Bans::from_bytes(&bytes, clock.now().unix_ms) {
        Ok(restored) => Ok(restored.bans),
        Err(error) => {
            tracing::warn!("{error}; they are set aside");
            files.set_aside(BANS);
            Ok(Bans::default())
        }
    }
}
