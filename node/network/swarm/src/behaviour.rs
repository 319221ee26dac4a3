//! What the swarm is made of: the lanes, and the protocols of libp2p that find nodes and lead through routers.
//!
//! Deliberately absent: gossip, request and response (both are messages of the lanes), and records in the table of
//! addresses, which are neither stored nor asked for.

mod observed;

use std::num::NonZeroUsize;
use std::time::Duration;

use libp2p::autonat::v2 as autonat;
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::identity::Keypair;
use libp2p::kad::{self, store::MemoryStore, store::MemoryStoreConfig};
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{PeerId, dcutr, identify, mdns, memory_connection_limits, ping, relay, upnp};

use crate::config::{SwarmConfig, SwarmError};
use crate::lanes::{self, LaneProtocols, protocol};
use crate::transport::Shared;

use observed::Observed;

/// Connections beyond the limits of the configuration: those that are told that there is no room, questions of the
/// table of addresses, dials back.
const SPARE_CONNECTIONS: u32 = 32;
/// Connections that have not proven who is there, of either direction.
const PENDING_MAX: u32 = 64;
/// Two that both sides have dialled at once, and one more while a relayed one is becoming direct.
const CONNECTIONS_PER_PEER_MAX: u32 = 3;
/// Of the machine's memory; above it nobody new gets in.
const MEMORY_SHARE: f64 = 0.6;
/// Between two pings.
const PING_INTERVAL: Duration = Duration::from_secs(15);
/// Time that a query of the table has.
const QUERY_TIMEOUT: Duration = Duration::from_secs(30);
/// Nodes that one answer of the table names.
const TABLE_ANSWER_MAX: NonZeroUsize = NonZeroUsize::new(20).expect("not zero");
/// A message of the table, in bytes: twenty nodes with a few addresses each.
const TABLE_MESSAGE_BYTES_MAX: usize = 16 << 10;
/// Candidates for this node's own address that are tried at once.
const CANDIDATES_AT_ONCE: usize = 4;
/// Between two such trials.
const PROBE_INTERVAL: Duration = Duration::from_secs(10);
/// Longest name of this software that is told, in bytes.
const AGENT_BYTES_MAX: usize = 64;

/// See the module.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    limits: connection_limits::Behaviour,
    memory: memory_connection_limits::Behaviour,
    pub lanes: lanes::behaviour::Behaviour,
    identify: Observed,
    ping: ping::Behaviour,
    pub kad: Toggle<kad::Behaviour<MemoryStore>>,
    mdns: Toggle<mdns::tokio::Behaviour>,
    autonat_client: Toggle<autonat::client::Behaviour>,
    autonat_server: Toggle<autonat::server::Behaviour>,
    relay_client: relay::client::Behaviour,
    relay_server: Toggle<relay::Behaviour>,
    dcutr: Toggle<dcutr::Behaviour>,
    upnp: Toggle<upnp::tokio::Behaviour>,
}

impl Behaviour {
    pub(crate) fn new(
        config: &SwarmConfig,
        key: &Keypair,
        shared: &Shared,
        relay_client: relay::client::Behaviour,
    ) -> Result<Self, SwarmError> {
        let me = key.public().to_peer_id();
        let setup = |what| move |error| SwarmError::Setup { what, error };
        let mdns = config
            .mdns
            .then(|| mdns::tokio::Behaviour::new(mdns::Config::default(), me))
            .transpose()
            .map_err(setup("the search on the local network"))?;
        let autonat = autonat::client::Config::default()
            .with_max_candidates(CANDIDATES_AT_ONCE)
            .with_probe_interval(PROBE_INTERVAL);
        Ok(Self {
            limits: connection_limits::Behaviour::new(connection_limits(config)),
            memory: memory_connection_limits::Behaviour::with_max_percentage(MEMORY_SHARE),
            lanes: lanes::behaviour::Behaviour::new(
                LaneProtocols::new(&config.network),
                shared.meters.clone(),
            ),
            identify: Observed::new(identify(config, key), shared.permits.clone()),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(PING_INTERVAL)),
            kad: config.kad.then(|| table(config, me)).into(),
            mdns: mdns.into(),
            autonat_client: config
                .autonat
                .then(|| autonat::client::Behaviour::new(rand::make_rng(), autonat))
                .into(),
            autonat_server: config.autonat.then(autonat::server::Behaviour::default).into(),
            relay_client,
            relay_server: config.relay_server.then(|| relay::Behaviour::new(me, relaying())).into(),
            dcutr: config.proxy.is_none().then(|| dcutr::Behaviour::new(me)).into(),
            upnp: config.upnp.then(upnp::tokio::Behaviour::default).into(),
        })
    }
}

fn connection_limits(config: &SwarmConfig) -> ConnectionLimits {
    let bound = |most: usize| Some(u32::try_from(most).unwrap_or(u32::MAX).saturating_add(SPARE_CONNECTIONS));
    ConnectionLimits::default()
        .with_max_pending_incoming(Some(PENDING_MAX))
        .with_max_pending_outgoing(Some(PENDING_MAX))
        .with_max_established_incoming(bound(config.inbound_max))
        .with_max_established_outgoing(bound(config.outbound_max))
        .with_max_established_per_peer(Some(CONNECTIONS_PER_PEER_MAX))
}

/// What nodes of one network say that they are.
pub(crate) fn family(network: &str) -> String {
    protocol(network, "node").to_string()
}

fn identify(config: &SwarmConfig, key: &Keypair) -> identify::Behaviour {
    let mut agent = config.agent.clone();
    while agent.len() > AGENT_BYTES_MAX {
        agent.pop();
    }
    identify::Behaviour::new(
        identify::Config::new(family(&config.network), key.public())
            .with_agent_version(agent)
            .with_push_listen_addr_updates(true)
            .with_hide_listen_addrs(config.proxy.is_some())
            .with_cache_size(0),
    )
}

fn table(config: &SwarmConfig, me: PeerId) -> kad::Behaviour<MemoryStore> {
    let mut settings = kad::Config::new(protocol(&config.network, "kad"));
    settings
        .set_query_timeout(QUERY_TIMEOUT)
        .set_replication_factor(TABLE_ANSWER_MAX)
        .set_max_packet_size(TABLE_MESSAGE_BYTES_MAX)
        .set_kbucket_inserts(kad::BucketInserts::Manual)
        .set_record_filtering(kad::StoreInserts::FilterBoth)
        .set_caching(kad::Caching::Disabled)
        .set_publication_interval(None)
        .set_replication_interval(None)
        .set_provider_publication_interval(None)
        .set_periodic_bootstrap_interval(None);
    let nothing = MemoryStoreConfig {
        max_records: 0,
        max_value_bytes: 0,
        max_providers_per_key: 0,
        max_provided_keys: 0,
    };
    let mut table = kad::Behaviour::with_config(me, MemoryStore::with_config(me, nothing), settings);
    // Where addresses are private nobody is told that one is external, and yet everybody can answer.
    table.set_mode(config.private_addresses.then_some(kad::Mode::Server));
    table
}

/// A circuit carries a handshake, a hole punched, and some blocks if that fails; it is not to live on.
fn relaying() -> relay::Config {
    relay::Config {
        max_reservations: 64,
        max_reservations_per_peer: 1,
        max_circuits: 32,
        max_circuits_per_peer: 4,
        max_circuit_duration: Duration::from_secs(10 * 60),
        max_circuit_bytes: 1 << 20,
        ..relay::Config::default()
    }
}
