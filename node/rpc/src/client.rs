//! The client: the same traits, answered over the wire.
//!
//! Calls go over HTTP, each on its own, so a node that was restarted is simply reached again. Subscriptions share
//! one WebSocket, opened with the first of them. Nothing here believes what it is told; that is the reader's task.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use jsonrpsee::core::client::{ClientT, Error as WireError, Subscription, SubscriptionClientT};
use jsonrpsee::core::params::ArrayParams;
use jsonrpsee::http_client::{HttpClient, HttpClientBuilder};
use jsonrpsee::ws_client::{WsClient, WsClientBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::DISCOVER;
use crate::api::{ApiStream, NodeApi, methods};
use crate::endpoint::{Cookie, Endpoint};
use crate::error::ApiError;
use crate::table::Kind;

#[cfg(test)]
mod tests;

/// How long an answer may take, unless told otherwise.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// How long the way to the server may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// Mining on demand takes its time.
const LONG_DEADLINE: Duration = Duration::from_secs(600);
/// The longest answer that is read.
const RESPONSE_BYTES_MAX: u32 = 64 * 1024 * 1024;
/// Items of one subscription that wait for their reader; a slower one loses it.
const QUEUE_MAX: usize = 1024;

/// A node behind a wire.
pub struct RpcClient {
    url: String,
    socket_url: String,
    headers: HeaderMap,
    http: HttpClient,
    socket: Mutex<Option<Arc<WsClient>>>,
    deadline: Duration,
    message_bytes_max: u32,
    queue_max: usize,
}

impl std::fmt::Debug for RpcClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RpcClient").field("url", &self.url).finish_non_exhaustive()
    }
}

impl RpcClient {
    /// A client of the server at `url` (`http://` or `ws://`, and `https` or `wss`), without asking it anything.
    ///
    /// # Errors
    /// [`ApiError::InvalidParams`] if that is no such URL.
    pub fn new(url: &str, cookie: Option<&Cookie>) -> Result<Self, ApiError> {
        let invalid = |reason: String| ApiError::InvalidParams {
            reason: format!("{url} is no server's URL: {reason}"),
        };
        let (scheme, rest) = url
            .trim_end_matches('/')
            .split_once("://")
            .ok_or_else(|| invalid("it has no scheme".to_owned()))?;
        let secure = match scheme {
            "http" | "ws" => "",
            "https" | "wss" => "s",
            _ => return Err(invalid(format!("{scheme} is neither http, https, ws nor wss"))),
        };
        let mut headers = HeaderMap::new();
        if let Some(cookie) = cookie {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", cookie.reveal()))
                .expect("hex digits are a header value");
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let (url, socket_url) = (format!("http{secure}://{rest}"), format!("ws{secure}://{rest}"));
        let http = HttpClientBuilder::new()
            .set_headers(headers.clone())
            .max_response_size(RESPONSE_BYTES_MAX)
            .connect_timeout(CONNECT_DEADLINE)
            .request_timeout(LONG_DEADLINE)
            .build(&url)
            .map_err(|error| invalid(error.to_string()))?;
        Ok(Self {
            url,
            socket_url,
            headers,
            http,
            socket: Mutex::new(None),
            deadline: DEADLINE,
            message_bytes_max: RESPONSE_BYTES_MAX,
            queue_max: QUEUE_MAX,
        })
    }

    /// A client of the server at `url`, once it has answered.
    ///
    /// # Errors
    /// [`ApiError::Unreachable`] if nobody answers there; what [`RpcClient::new`] and `node_info` say.
    pub async fn connect(url: &str, cookie: Option<&Cookie>) -> Result<Self, ApiError> {
        let client = Self::new(url, cookie)?;
        client.node_info().await?;
        Ok(client)
    }

    /// A client of a node of this machine, once it has answered.
    ///
    /// # Errors
    /// As [`RpcClient::connect`].
    pub async fn attach(endpoint: &Endpoint) -> Result<Self, ApiError> {
        Self::connect(&endpoint.url, Some(&endpoint.cookie)).await
    }

    /// The same client with another deadline for every answer.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The same client with other bounds for its subscriptions: the longest message, and how many may wait for their
    /// reader. For servers that are not this user's own.
    #[must_use]
    pub const fn with_socket_bounds(mut self, message_bytes_max: u32, queue_max: usize) -> Self {
        self.message_bytes_max = message_bytes_max;
        self.queue_max = queue_max;
        self
    }

    /// Where the server is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server's description of its methods (an OpenRPC document).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn discover(&self) -> Result<Value, ApiError> {
        self.call(DISCOVER, ArrayParams::new()).await
    }

    /// Any method, with parameters by position and the answer as it comes.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn request(&self, method: &str, params: &[Value]) -> Result<Value, ApiError> {
        self.call(method, positional(params)?).await
    }

    /// Any subscription, by the name of the method that begins it.
    ///
    /// # Errors
    /// [`ApiError::UnknownMethod`] if it is not one; else what the server says.
    pub async fn request_stream(&self, method: &str, params: &[Value]) -> Result<ApiStream<Value>, ApiError> {
        let known = methods().find(|known| known.name == method).map(|known| known.kind);
        let Some(Kind::Stream { unsubscribe }) = known else {
            return Err(ApiError::UnknownMethod { method: method.to_owned() });
        };
        self.stream(method, positional(params)?, unsubscribe).await
    }

    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: ArrayParams,
    ) -> Result<T, ApiError> {
        let deadline = if method == "dev_mine" { self.deadline.max(LONG_DEADLINE) } else { self.deadline };
        let answer = self.http.request::<T, _>(method, params);
        match tokio::time::timeout(deadline, answer).await {
            Ok(answered) => answered.map_err(|error| self.translate(method, error)),
            Err(_) => Err(self.timed_out(deadline)),
        }
    }

    pub(crate) async fn stream<T: DeserializeOwned + Send + 'static>(
        &self,
        method: &str,
        params: ArrayParams,
        unsubscribe: &str,
    ) -> Result<ApiStream<T>, ApiError> {
        let socket = self.socket().await?;
        let opening = socket.subscribe::<T, _>(method, params, unsubscribe);
        let opened: Subscription<T> = match tokio::time::timeout(self.deadline, opening).await {
            Ok(opened) => opened.map_err(|error| self.translate(method, error))?,
            Err(_) => return Err(self.timed_out(self.deadline)),
        };
        // The socket lives as long as one of its streams. An unreadable item ends the stream: a gap would not show.
        Ok(stream::unfold((opened, socket), |(mut items, socket)| async move {
            match items.next().await {
                Some(Ok(item)) => Some((item, (items, socket))),
                Some(Err(error)) => {
                    tracing::warn!("an item of a subscription is not understood: {error}");
                    None
                }
                None => None,
            }
        })
        .boxed())
    }

    /// The one WebSocket, opened anew if it broke.
    async fn socket(&self) -> Result<Arc<WsClient>, ApiError> {
        let mut held = self.socket.lock().await;
        if let Some(socket) = held.as_ref()
            && socket.is_connected()
        {
            return Ok(Arc::clone(socket));
        }
        let opened = WsClientBuilder::new()
            .set_headers(self.headers.clone())
            .max_response_size(self.message_bytes_max)
            .max_frame_size(self.message_bytes_max)
            .max_buffer_capacity_per_subscription(self.queue_max)
            // This is how often it is tried in all: nobody is led elsewhere.
            .max_redirections(1)
            .connection_timeout(CONNECT_DEADLINE)
            .request_timeout(self.deadline)
            .build(&self.socket_url)
            .await
            .map_err(|error| self.translate("", error))?;
        let opened = Arc::new(opened);
        *held = Some(Arc::clone(&opened));
        Ok(opened)
    }

    fn timed_out(&self, deadline: Duration) -> ApiError {
        let after_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
        ApiError::TimedOut { url: self.url.clone(), after_ms }
    }

    fn translate(&self, method: &str, error: WireError) -> ApiError {
        match error {
            WireError::Call(object) => match ApiError::from(object) {
                ApiError::UnknownMethod { .. } => ApiError::UnknownMethod { method: method.to_owned() },
                other => other,
            },
            WireError::RequestTimeout => self.timed_out(self.deadline),
            WireError::ParseError(error) => ApiError::Malformed { reason: error.to_string() },
            WireError::Transport(error) => match status_of(&error) {
                Some(413) => {
                    ApiError::OverLimit { reason: "the request is larger than the server takes".to_owned() }
                }
                Some(429) => ApiError::Busy { reason: "the server has no connection left".to_owned() },
                Some(status) => ApiError::Rejected { url: self.url.clone(), status },
                None => self.unreachable(innermost(&*error)),
            },
            WireError::RestartNeeded(error) => self.unreachable(error.to_string()),
            other => self.unreachable(other.to_string()),
        }
    }

    fn unreachable(&self, reason: String) -> ApiError {
        ApiError::Unreachable { url: self.url.clone(), reason }
    }
}

/// The HTTP status with which a server refused, if that is what happened.
fn status_of(error: &jsonrpsee::core::BoxError) -> Option<u16> {
    use jsonrpsee::http_client::transport::Error as HttpError;
    match error.downcast_ref::<HttpError>()? {
        HttpError::Rejected { status_code } => Some(*status_code),
        HttpError::RequestTooLarge => Some(413),
        HttpError::Url(_) | HttpError::Http(_) | HttpError::InvalidCertficateStore => None,
    }
}

/// The last cause: "connection refused" rather than "client error".
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// Appends a parameter.
pub(crate) fn add<T: Serialize>(params: &mut ArrayParams, value: &T) -> Result<(), ApiError> {
    params.insert(value).map_err(ApiError::internal)
}

fn positional(values: &[Value]) -> Result<ArrayParams, ApiError> {
    let mut params = ArrayParams::new();
    values.iter().try_for_each(|value| add(&mut params, value))?;
    Ok(params)
}
