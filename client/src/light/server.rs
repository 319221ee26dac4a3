//! The way to one remote node: JSON-RPC 2.0 over HTTP, with a server at the other end that may be hostile.
//!
//! [`HttpServer`] asks and reads; it believes nothing and proves nothing. What it promises is that no server can hang
//! this machine, fill its memory, send it elsewhere or put words on its screen:
//!
//! - **Where.** A [`ServerUrl`] names scheme, host and port for good. Redirects are refused, so nobody is sent
//!   elsewhere; a URL of `https` is asked over TLS or not at all. Through a proxy, names are resolved at its end.
//! - **How long.** [`Deadlines`] bound the connection, the head and the whole answer, and a body that comes drop by
//!   drop is cut long before the last of them.
//! - **How much.** Every method has a cap ([`answer_bytes_max`]), which holds for what arrives and for what it is
//!   inflated to, while it streams. The length that a server announces can only refuse earlier.
//! - **What.** One answer to one question: with its id, of bounded depth, without duplicate fields, of the type that
//!   was asked for. Everything else is a variant of [`ServerError`].
//! - **Words.** What a server says in words is kept bounded and escaped in [`Said`], for a log. The `Display` of an
//!   error, and the [`ApiError`](vibecoin_rpc::ApiError) made of it, are in our words only.
//!
//! ```text
//! let server = HttpServer::new(ServerUrl::parse("https://node.example.org")?, &Transport::default())?;
//! let tip: LightTip = server.call("light_tip", &[(); 0]).await?;
//! let headers: LightHeaders = server.call("light_headers", &(tip.id, 2000)).await?;
//! ```
//!
//! Whom to ask, and whom next, is [`servers`](crate::light::servers)' to choose; [`watch`] hears of new tips.
//! Deliberately absent: HTTP/2 (a single question at a time needs no multiplexing, and its machinery would be a
//! target), cookies, redirects, proxies taken from the environment, and a retry of anything that was answered.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

mod answer;
mod body;
mod error;
mod limits;
mod said;
#[cfg(test)]
pub(crate) mod tests;
mod traffic;
mod url;
pub mod watch;

pub use error::{Absence, Encoding, Excess, Fault, ServerError, Stage};
pub use limits::{Deadlines, answer_bytes_max};
pub use said::Said;
pub use traffic::Traffic;
pub use url::{ServerUrl, UrlError};

use error::classify;
use traffic::Meter;

/// Connections kept open to one server: a question and its hedge, or what the screens ask beside.
const IDLE_CONNECTIONS_MAX: usize = 2;
/// The most header fields of an answer.
const HEADERS_MAX: usize = 64;
/// The longest question.
const REQUEST_BYTES_MAX: usize = 512 * 1024;

/// How servers are reached.
#[derive(Clone, Debug, Default)]
pub struct Transport {
    /// A SOCKS5 server, such as Tor's, which also resolves names.
    pub proxy: Option<SocketAddr>,
    /// How long things may take.
    pub deadlines: Deadlines,
}

/// A remote node that answers over HTTP. See the module.
pub struct HttpServer {
    url: ServerUrl,
    proxied: bool,
    deadlines: Deadlines,
    client: Client,
    next_id: AtomicU64,
    meter: Meter,
}

impl std::fmt::Debug for HttpServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpServer").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A question as it travels.
#[derive(Serialize)]
struct Question<'a> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<&'a RawValue>,
}

impl HttpServer {
    /// A server, without asking it anything.
    ///
    /// # Errors
    /// [`ServerError::OnionWithoutProxy`]; [`ServerError::NoTransport`] if TLS cannot be set up on this machine.
    pub fn new(url: ServerUrl, transport: &Transport) -> Result<Self, ServerError> {
        if url.is_onion() && transport.proxy.is_none() {
            return Err(ServerError::OnionWithoutProxy);
        }
        let mut builder = Client::builder()
            .default_headers(headers())
            .redirect(Policy::none())
            .referer(false)
            .https_only(url.is_https())
            .http1_only()
            .http1_max_headers(HEADERS_MAX)
            .tcp_nodelay(true)
            .connect_timeout(transport.deadlines.connect)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .pool_idle_timeout(transport.deadlines.idle)
            .no_proxy();
        if let Some(address) = transport.proxy {
            let proxy = Proxy::all(format!("socks5h://{address}")).map_err(|_| ServerError::NoTransport)?;
            builder = builder.proxy(proxy);
        }
        Ok(Self {
            url,
            proxied: transport.proxy.is_some(),
            deadlines: transport.deadlines,
            client: builder.build().map_err(|_| ServerError::NoTransport)?,
            next_id: AtomicU64::new(1),
            meter: Meter::default(),
        })
    }

    /// Where it is.
    #[must_use]
    pub const fn url(&self) -> &ServerUrl {
        &self.url
    }

    /// True if it is reached through a proxy.
    #[must_use]
    pub const fn is_proxied(&self) -> bool {
        self.proxied
    }

    /// What was said and heard so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.meter.read()
    }

    pub(crate) const fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(crate) const fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    /// Asks one question. `params` are serialized as a list or an object: a tuple, or `&[(); 0]` for none. The cap on
    /// the answer is the method's own.
    ///
    /// # Errors
    /// [`ServerError`]: one variant for everything that a server can do wrong, and [`ServerError::Refused`] for a
    /// refusal that it is entitled to.
    pub async fn call<P, T>(&self, method: &str, params: &P) -> Result<T, ServerError>
    where
        P: Serialize + ?Sized + Sync,
        T: DeserializeOwned,
    {
        self.call_within(method, params, answer_bytes_max(method)).await
    }

    /// As [`HttpServer::call`], with a cap on the answer's bytes of the caller's.
    ///
    /// # Errors
    /// As [`HttpServer::call`].
    pub async fn call_within<P, T>(
        &self,
        method: &str,
        params: &P,
        bytes_max: usize,
    ) -> Result<T, ServerError>
    where
        P: Serialize + ?Sized + Sync,
        T: DeserializeOwned,
    {
        let result = self.exchange(method, params, bytes_max).await;
        if let Err(error) = &result {
            self.meter.failed();
            match error.said() {
                Some(said) => tracing::debug!(server = %self.url, method, "{error}; it says: {said}"),
                None => tracing::debug!(server = %self.url, method, "{error}"),
            }
        }
        result
    }

    async fn exchange<P, T>(&self, method: &str, params: &P, bytes_max: usize) -> Result<T, ServerError>
    where
        P: Serialize + ?Sized + Sync,
        T: DeserializeOwned,
    {
        let (id, question) = self.question(method, params)?;
        let started = Instant::now();
        let answered = match self.send(&question, started).await {
            // A connection that was kept open may have been closed at the other end since, for instance by a restart.
            // Nothing was answered yet, and the same question asked twice is one question.
            Err(ServerError::Absent(Absence::Cut)) if limits::may_repeat(method) => {
                self.send(&question, started).await
            }
            other => other,
        };
        let bytes = body::read(answered?, bytes_max, started, &self.deadlines, &self.meter).await?;
        self.meter.answered();
        answer::read(&bytes, id)
    }

    fn question<P: Serialize + ?Sized>(
        &self,
        method: &str,
        params: &P,
    ) -> Result<(u64, Vec<u8>), ServerError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let params = serde_json::value::to_raw_value(params).map_err(|_| ServerError::Unwritable)?;
        // Without parameters, the field is left out.
        let params = Some(&*params).filter(|params| !matches!(params.get(), "null" | "[]"));
        let question = serde_json::to_vec(&Question { jsonrpc: "2.0", id, method, params })
            .map_err(|_| ServerError::Unwritable)?;
        if question.len() > REQUEST_BYTES_MAX {
            return Err(ServerError::Unwritable);
        }
        Ok((id, question))
    }

    /// Sends a question and waits for the head of the answer.
    async fn send(&self, question: &[u8], started: Instant) -> Result<Response, ServerError> {
        let request = self.client.post(self.url.as_str()).body(question.to_vec());
        self.meter.sent(traffic::request_bytes(self.url.as_str(), question.len()));
        let deadline = started + self.deadlines.head;
        match timeout_at(deadline, request.send()).await {
            Ok(Ok(response)) => {
                self.meter.received(traffic::head_bytes(response.headers()));
                Ok(response)
            }
            Ok(Err(error)) => Err(classify(&error, Stage::Head, &self.deadlines, self.proxied)),
            Err(_) => Err(self.deadlines.exceeded(Stage::Head)),
        }
    }
}

fn headers() -> HeaderMap {
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (ACCEPT, HeaderValue::from_static("application/json")),
        (ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
    ])
}
