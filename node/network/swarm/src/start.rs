//! From the configuration to a running swarm.

use std::future::Future;
use std::io;
use std::time::Duration;

use libp2p::core::transport::TransportError;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, Swarm, relay, swarm};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use vibecoin_network::endpoint::Endpoint;

use crate::address::AddressError;
use crate::behaviour::{Behaviour, family};
use crate::command::Driver;
use crate::config::{SwarmConfig, SwarmError};
use crate::driver::{DriverTask, Parts};
use crate::event::{Events, Seen};
use crate::transport::gate::Permits;
use crate::transport::meter::Meters;
use crate::transport::{self, Shared};

/// Commands that may wait.
const COMMANDS_MAX: usize = 1_024;
/// Events that may wait.
const EVENTS_MAX: usize = 1_024;
/// Digits in the name of a network.
const NETWORK_DIGITS: usize = 16;
/// A connection that carries nothing is closed after so long.
const IDLE: Duration = Duration::from_secs(15);
/// Streams of one connection that have not said what they are for.
const NEGOTIATING_MAX: usize = 16;
/// Events of one connection that may wait for the swarm.
const CONNECTION_EVENTS_MAX: usize = 8;

/// Listens, and gives the handle, the events, and the future that is the swarm.
///
/// The future ends once `cancel` is cancelled and every peer has been told goodbye, in at most 3 s. It ends with
/// [`SwarmError::Deserted`] when nobody takes events or gives commands any more. To be called within a tokio runtime.
///
/// # Errors
/// [`SwarmError`].
pub fn start(
    config: SwarmConfig,
    cancel: CancellationToken,
) -> Result<(Driver, Events, impl Future<Output = Result<(), SwarmError>> + Send + 'static), SwarmError> {
    check(&config)?;
    let key = config.identity.keypair();
    let me = key.public().to_peer_id();
    let shared =
        Shared { meters: Meters::new(config.relay_server), permits: Permits::new(config.private_addresses) };
    let (relay_transport, relay_client) = relay::client::new(me);
    let transport = match config.proxy {
        Some(proxy) => transport::proxied(&key, &shared, relay_transport, proxy)?,
        None => transport::open(&key, &shared, relay_transport)?,
    };
    let behaviour = Behaviour::new(&config, &key, &shared, relay_client)?;
    let settings = swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(IDLE)
        .with_max_negotiating_inbound_streams(NEGOTIATING_MAX)
        .with_per_connection_event_buffer_size(CONNECTION_EVENTS_MAX);
    let mut swarm = Swarm::new(transport, behaviour, me, settings);
    for text in &config.listen {
        listen(&mut swarm, text)?;
    }
    let external = config.external.iter().map(|text| endpoint(text)).collect::<Result<Vec<_>, _>>()?;

    let seen = Seen::default();
    let (commands, commands_receiver) = mpsc::channel(COMMANDS_MAX);
    let (events, receiver) = mpsc::channel(EVENTS_MAX);
    let driver = Driver { commands, seen: Seen::clone(&seen) };
    let mut task = DriverTask::new(Parts {
        swarm,
        me: config.identity.node(),
        limits: config.limits,
        shared,
        proxied: config.proxy.is_some(),
        relaying: config.relay_server,
        family: family(&config.network),
        commands: commands_receiver,
        events,
    });
    for endpoint in &external {
        task.add_external(endpoint);
    }
    Ok((driver, Events { receiver, seen }, task.run(cancel)))
}

/// Refuses a configuration that contradicts itself.
fn check(config: &SwarmConfig) -> Result<(), SwarmError> {
    let digits = config.network.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if config.network.len() != NETWORK_DIGITS || !digits {
        return Err(SwarmError::Network(config.network.clone()));
    }
    if config.proxy.is_some() {
        for (on, what) in [
            // An onion service hands its visitors over on this machine; nobody else may come straight.
            (!config.listen.iter().all(|text| is_loopback(text)), "listening but on this machine"),
            (!config.external.is_empty(), "external address"),
            (config.mdns, "search on the local network"),
            (config.upnp, "forwarding of ports"),
            (config.autonat, "trial whether this node can be reached"),
            (config.relay_server, "relaying"),
        ] {
            if on {
                return Err(SwarmError::AroundProxy(what));
            }
        }
    }
    Ok(())
}

/// Whether only this machine can come to an address.
fn is_loopback(text: &str) -> bool {
    let Ok(address) = text.parse::<Multiaddr>() else { return false };
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => ip.is_loopback(),
        Some(Protocol::Ip6(ip)) => ip.is_loopback(),
        _ => false,
    }
}

fn listen(swarm: &mut Swarm<Behaviour>, text: &str) -> Result<(), SwarmError> {
    let refuse = |error| SwarmError::Listen { address: text.to_owned(), error };
    let address: Multiaddr = text
        .parse()
        .map_err(|_| refuse(io::Error::new(io::ErrorKind::InvalidInput, "this is not an address")))?;
    swarm.listen_on(address).map_err(|error| match error {
        TransportError::Other(error) => refuse(error),
        TransportError::MultiaddrNotSupported(_) => {
            refuse(io::Error::new(io::ErrorKind::Unsupported, "there is no such transport"))
        }
    })?;
    Ok(())
}

fn endpoint(text: &str) -> Result<Endpoint, SwarmError> {
    text.parse()
        .map_err(|error| SwarmError::Address { text: text.to_owned(), error: AddressError::Endpoint(error) })
}
