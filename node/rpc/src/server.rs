//! The server: HTTP and WebSocket on one port, with bounds on everything a stranger can make it hold.
//!
//! - loopback unless told otherwise; a request must name an allowed `Host`, and a browser an allowed `Origin`, so
//!   that no web page reaches the node by DNS rebinding;
//! - methods of the operator ask for the cookie, each call of a batch by itself, over a WebSocket by the header of
//!   its handshake;
//! - body ≤ 1 MiB, batch ≤ 50 calls, connections and subscriptions capped, a deadline for every HTTP request;
//! - answers in gzip for whoever asks for it, at the cheapest level and a few at a time; requests never;
//! - a subscriber that does not keep up loses its subscription instead of filling memory.
//!
//! Deliberately absent: TLS and accounts. Whoever serves strangers puts a proxy before it.

use std::net::SocketAddr;
use std::time::Duration;

use jsonrpsee::types::Params;
use jsonrpsee::{Extensions, PendingSubscriptionSink, SubscriptionCloseResponse, SubscriptionMessage};
use serde::Serialize;
use serde::de::DeserializeOwned;

use futures_util::StreamExt;

use crate::api::ApiStream;
use crate::endpoint::Cookie;
use crate::error::ApiError;
use crate::table::Access;
use gate::Credential;

mod gate;
mod gzip;
mod serve;
#[cfg(test)]
mod tests;

pub use serve::RpcServer;

/// The longest request body, and message of a WebSocket.
pub const BODY_BYTES_MAX: u32 = 1024 * 1024;
/// The most calls in a batch.
pub const BATCH_MAX: u32 = 50;
/// The longest answer. The fullest block of the built-in networks stays below it.
pub const RESPONSE_BYTES_MAX: u32 = 64 * 1024 * 1024;
/// How long a subscriber may leave its queue full.
const SLOW_AFTER: Duration = if cfg!(test) { Duration::from_millis(100) } else { Duration::from_secs(5) };

/// What a server needs to know.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The cookie that methods of the operator ask for.
    pub cookie: Cookie,
    /// Names, beside loopback, that a request's `Host` may carry (without port).
    pub allowed_hosts: Vec<String>,
    /// Origins (`https://wallet.example`) whose web pages may call, beside those this very server is.
    pub allowed_origins: Vec<String>,
    /// The most connections at a time.
    pub connections_max: usize,
    /// The most subscriptions of one connection.
    pub subscriptions_max: u32,
    /// The most messages waiting for one connection.
    pub queue_max: u32,
}

impl ServerConfig {
    /// The default bounds: 100 connections, 32 subscriptions each, 64 messages waiting.
    #[must_use]
    pub const fn new(listen: SocketAddr, cookie: Cookie) -> Self {
        Self {
            listen,
            cookie,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            connections_max: 100,
            subscriptions_max: 32,
            queue_max: 64,
        }
    }
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Somebody listens there already.
    #[error("port in use: another program listens on {address}")]
    PortInUse {
        /// Where.
        address: SocketAddr,
    },
    /// The system refuses the address.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// In the words of the system.
        error: std::io::Error,
    },
    /// Two methods of one name: a fault of the table.
    #[error(transparent)]
    Register(#[from] jsonrpsee::core::RegisterMethodError),
}

/// Whether the bearer of these extensions may call a method of this access.
pub(crate) fn permit(access: Access, extensions: &Extensions) -> Result<(), ApiError> {
    match access {
        Access::Public => Ok(()),
        Access::Cookie => match extensions.get::<Credential>() {
            Some(Credential::Operator) => Ok(()),
            Some(Credential::Wrong) => Err(ApiError::CookieRequired { presented: true }),
            Some(Credential::Nobody) | None => Err(ApiError::CookieRequired { presented: false }),
        },
    }
}

/// Reads the parameters of a call, by position or by name.
pub(crate) fn read<T: DeserializeOwned>(params: &Params<'_>) -> Result<T, ApiError> {
    serde_json::from_str(params.as_str().unwrap_or("[]"))
        .map_err(|error| ApiError::InvalidParams { reason: error.to_string() })
}

/// Hands the items of a stream to a subscriber, until one of the two ends.
pub(crate) async fn pump<T: Serialize>(
    pending: PendingSubscriptionSink,
    opened: Result<ApiStream<T>, ApiError>,
) -> SubscriptionCloseResponse {
    let mut items = match opened {
        Ok(items) => items,
        Err(error) => {
            pending.reject(error).await;
            return SubscriptionCloseResponse::None;
        }
    };
    let Ok(sink) = pending.accept().await else { return SubscriptionCloseResponse::None };
    loop {
        let item = tokio::select! {
            () = sink.closed() => return SubscriptionCloseResponse::None,
            item = items.next() => item,
        };
        let Some(item) = item else {
            return SubscriptionCloseResponse::NotifErr("the subscription has ended, ask again".into());
        };
        let Ok(text) = serde_json::value::to_raw_value(&item) else {
            return SubscriptionCloseResponse::NotifErr("an item could not be written".into());
        };
        if sink.send_timeout(SubscriptionMessage::from(text), SLOW_AFTER).await.is_err() {
            // Gone, or too slow: the end is told as soon as there is room for it.
            return SubscriptionCloseResponse::NotifErr("too slow: the subscription is dropped".into());
        }
    }
}
