//! Transports: TCP with noise and yamux, QUIC, relays; or a proxy and nothing else.
//!
//! Whatever carries a connection, three things hold: the windows that a peer may fill before anybody reads are bounded,
//! what it sends outside of the lanes is counted ([`meter`]), and an address that only some peer's word stands for is
//! dialled only if it is public ([`gate`]).
//!
//! Deliberately absent: TLS over TCP, WebSockets, and names that peers tell.

pub(crate) mod gate;
mod inward;
pub(crate) mod meter;
mod metered;
mod muxer;
mod proxy;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::Either;
use futures_util::{AsyncRead, AsyncWrite};
use libp2p::core::ConnectedPoint;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, OrTransport};
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::{PeerId, Transport, dns, noise, quic, relay, tcp};

use crate::address::{is_relayed, relay_of};
use crate::config::SwarmError;

use gate::{Gate, Permits};
use inward::Inward;
use meter::Meters;
use metered::Metered;
use muxer::Yamux;
use proxy::Socks5;

/// Streams of one connection, both sides' together.
pub(crate) const STREAMS_MAX: u32 = 32;
/// What a peer may send on one stream before anybody reads it, in bytes.
const STREAM_WINDOW_BYTES: u32 = 2 << 20;
/// The same on all streams of one connection over QUIC.
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
/// Time until both sides have proven who they are: less than the ten seconds in which whoever has asked to be dialled
/// back expects an answer.
const HANDSHAKE: Duration = Duration::from_secs(8);
/// The same through a proxy, which may have to build a circuit first.
const PROXIED_HANDSHAKE: Duration = Duration::from_secs(60);
/// A QUIC connection on which nothing comes for so long is dead, in ms.
const QUIC_SILENCE_MS: u32 = 30_000;

pub(crate) type BoxedTransport = Boxed<(PeerId, StreamMuxerBox)>;

/// What the transport shares with the rest of the swarm.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    /// What each peer sends outside of the lanes.
    pub meters: Meters,
    /// What may be dialled.
    pub permits: Permits,
}

/// The transport of a node in the open.
pub(crate) fn open(
    key: &Keypair,
    shared: &Shared,
    relay: relay::client::Transport,
) -> Result<BoxedTransport, SwarmError> {
    let streams = tcp::tokio::Transport::new(tcp::Config::new().nodelay(true));
    let streams = secured(streams, key, shared, HANDSHAKE)?;
    let meters = shared.meters.clone();
    let datagrams = quic::tokio::Transport::new(quic_config(key)).map(move |(peer, connection), _| {
        let metered = Metered::new(connection, meters.of(peer));
        (peer, StreamMuxerBox::new(metered))
    });
    let direct = either(datagrams.boxed(), streams);
    let named = dns::tokio::Transport::system(direct)
        .map_err(|error| SwarmError::Setup { what: "the resolver of names", error })?;
    let gated = Gate::new(named, shared.permits.clone());
    let relayed = secured(relay, key, shared, HANDSHAKE)?;
    Ok(either(relayed, gated.boxed()))
}

/// The transport of a node that dials through a proxy only. It listens on TCP, for whoever forwards connections to it.
pub(crate) fn proxied(
    key: &Keypair,
    shared: &Shared,
    relay: relay::client::Transport,
    proxy: SocketAddr,
) -> Result<BoxedTransport, SwarmError> {
    let dialled = secured(Socks5::new(proxy), key, shared, PROXIED_HANDSHAKE)?;
    let streams = tcp::tokio::Transport::new(tcp::Config::new().nodelay(true));
    let visitors = secured(Inward(streams), key, shared, PROXIED_HANDSHAKE)?;
    let gated = Gate::new(either(dialled, visitors), shared.permits.clone());
    let relayed = secured(relay, key, shared, PROXIED_HANDSHAKE)?;
    Ok(either(relayed, gated.boxed()))
}

/// Whichever of the two an address is for.
fn either(first: BoxedTransport, second: BoxedTransport) -> BoxedTransport {
    OrTransport::new(first, second)
        .map(|either, _| match either {
            Either::Left(connection) | Either::Right(connection) => connection,
        })
        .map_err(|either| either.into_inner())
        .boxed()
}

/// The error of a carrier. What libp2p wraps around errors leaves out the innermost one when it is asked for sources;
/// this is the one that may be left out.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Carried<E>(#[source] E);

/// Bytes in order, made into a connection with proven identities and bounded streams.
fn secured<T, C>(
    transport: T,
    key: &Keypair,
    shared: &Shared,
    patience: Duration,
) -> Result<BoxedTransport, SwarmError>
where
    T: Transport<Output = C> + Send + Unpin + 'static,
    T::Error: Send + Sync + 'static,
    T::Dial: Send,
    T::ListenerUpgrade: Send,
    C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let noise = noise::Config::new(key).map_err(|error| SwarmError::Identity(error.to_string()))?;
    let meters = shared.meters.clone();
    let upgraded = transport
        .map_err(Carried)
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex_ext(move |peer, point| Yamux::new(meters.of(*peer), carrier(&meters, point)))
        .timeout(patience)
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)));
    Ok(upgraded.boxed())
}

/// The meter of the relay that carries a connection: what it carries for others is not its own noise.
fn carrier(meters: &Meters, point: &ConnectedPoint) -> Option<meter::SharedMeter> {
    let address = match point {
        ConnectedPoint::Dialer { address, .. } => address,
        ConnectedPoint::Listener { local_addr, .. } => local_addr,
    };
    is_relayed(address).then(|| relay_of(address)).flatten().map(|relay| meters.of(relay))
}

fn quic_config(key: &Keypair) -> quic::Config {
    let mut config = quic::Config::new(key);
    config.handshake_timeout = HANDSHAKE;
    config.max_idle_timeout = QUIC_SILENCE_MS;
    config.max_concurrent_stream_limit = STREAMS_MAX;
    config.max_stream_data = STREAM_WINDOW_BYTES;
    config.max_connection_data = CONNECTION_WINDOW_BYTES;
    config
}
