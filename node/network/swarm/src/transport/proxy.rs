//! Dialling through a SOCKS5 proxy. It resolves the names, too.
//!
//! Deliberately absent: listening, and authentication at the proxy.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use libp2p::core::transport::{DialOpts, ListenerId, TransportError, TransportEvent};
use libp2p::{Multiaddr, Transport};
use tokio::net::TcpStream;
use tokio_socks::TargetAddr;
use tokio_socks::tcp::Socks5Stream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};
use vibecoin_network::endpoint::{Endpoint, Transport as Carrier};

use crate::address::endpoint_of;

/// A transport whose every connection goes through the proxy.
pub(super) struct Socks5 {
    proxy: SocketAddr,
}

impl Socks5 {
    pub(super) const fn new(proxy: SocketAddr) -> Self {
        Self { proxy }
    }
}

async fn connect(
    proxy: SocketAddr,
    target: TargetAddr<'static>,
) -> Result<Compat<Socks5Stream<TcpStream>>, tokio_socks::Error> {
    let socket = TcpStream::connect(proxy).await.map_err(tokio_socks::Error::Io)?;
    socket.set_nodelay(true).map_err(tokio_socks::Error::Io)?;
    Ok(Socks5Stream::connect_with_socket(socket, target).await?.compat())
}

fn target_of(endpoint: &Endpoint) -> TargetAddr<'static> {
    match endpoint.socket() {
        Some(address) => TargetAddr::Ip(address),
        None => TargetAddr::Domain(endpoint.host().to_string().into(), endpoint.port()),
    }
}

impl Transport for Socks5 {
    type Output = Compat<Socks5Stream<TcpStream>>;
    type Error = tokio_socks::Error;
    type ListenerUpgrade = BoxFuture<'static, Result<Self::Output, Self::Error>>;
    type Dial = BoxFuture<'static, Result<Self::Output, Self::Error>>;

    fn listen_on(&mut self, _: ListenerId, address: Multiaddr) -> Result<(), TransportError<Self::Error>> {
        Err(TransportError::MultiaddrNotSupported(address))
    }

    fn remove_listener(&mut self, _: ListenerId) -> bool {
        false
    }

    fn dial(&mut self, address: Multiaddr, _: DialOpts) -> Result<Self::Dial, TransportError<Self::Error>> {
        match endpoint_of(&address) {
            Some(endpoint) if endpoint.transport() == Carrier::Tcp => {
                Ok(connect(self.proxy, target_of(&endpoint)).boxed())
            }
            _ => Err(TransportError::MultiaddrNotSupported(address)),
        }
    }

    fn poll(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, Self::Error>> {
        Poll::Pending
    }
}
