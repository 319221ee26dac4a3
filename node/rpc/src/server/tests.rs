#![allow(clippy::unwrap_used)]

mod fake;
mod methods;
mod security;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use fake::Fake;

use super::{RpcServer, ServerConfig};
use crate::client::RpcClient;
use crate::endpoint::Cookie;

/// A server with the example node behind it.
struct Running {
    fake: Arc<Fake>,
    server: RpcServer,
    cookie: Cookie,
}

impl Running {
    async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    async fn start_with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let cookie = Cookie::generate().unwrap();
        let mut config = ServerConfig::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), cookie.clone());
        change(&mut config);
        let fake = Fake::new();
        let server = RpcServer::start(config, fake.clone(), fake.clone()).await.unwrap();
        Self { fake, server, cookie }
    }

    fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// A client with the cookie.
    fn operator(&self) -> RpcClient {
        RpcClient::new(&self.url(), Some(&self.cookie)).unwrap()
    }

    /// A client without it.
    fn stranger(&self) -> RpcClient {
        RpcClient::new(&self.url(), None).unwrap()
    }
}
