//! The port: accepts connections within their cap and passes their requests through the gate.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Incoming;
use jsonrpsee::RpcModule;
use jsonrpsee::core::BoxError;
use jsonrpsee::server::{
    BatchRequestConfig, HttpBody, HttpRequest, HttpResponse, Methods, PingConfig, Server, ServerHandle,
    StopHandle, TowerServiceBuilder, serve_with_graceful_shutdown, stop_channel, ws,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::Service;
use tower::layer::util::Identity;

use super::gate::{Credential, Gate};
use super::gzip::{self, Packer};
use super::{BATCH_MAX, BODY_BYTES_MAX, RESPONSE_BYTES_MAX, ServerConfig, ServerError};
use crate::DISCOVER;
use crate::api::{NodeApi, OperatorApi, register_node, register_operator};

/// How long a stranger's HTTP request may take from its first byte to the answer.
const REQUEST_DEADLINE: Duration = Duration::from_secs(60);
/// How long the connections have to end after a stop.
const STOP_GRACE: Duration = Duration::from_secs(2);
/// Connections over the cap that are told so at a time; more are dropped without a word.
const TURNED_AWAY_MAX: usize = 16;

/// A running server. Dropping it stops it, without waiting.
#[derive(Debug)]
pub struct RpcServer {
    address: SocketAddr,
    stop: ServerHandle,
    accepting: tokio::task::JoinHandle<()>,
}

impl RpcServer {
    /// Listens, and answers from now on.
    ///
    /// # Errors
    /// [`ServerError::PortInUse`], or another reason not to listen there.
    pub async fn start(
        config: ServerConfig,
        node: Arc<dyn NodeApi>,
        operator: Arc<dyn OperatorApi>,
    ) -> Result<Self, ServerError> {
        let methods = all_methods(node, operator)?;
        let listen = config.listen;
        let listener = TcpListener::bind(listen).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ServerError::PortInUse { address: listen },
            _ => ServerError::Listen { address: listen, error },
        })?;
        let address =
            listener.local_addr().map_err(|error| ServerError::Listen { address: listen, error })?;
        let connections_max = u32::try_from(config.connections_max).unwrap_or(u32::MAX);
        let limits = jsonrpsee::server::ServerConfig::builder()
            .max_request_body_size(BODY_BYTES_MAX)
            .max_response_body_size(RESPONSE_BYTES_MAX)
            .max_connections(connections_max)
            .max_subscriptions_per_connection(config.subscriptions_max)
            .set_message_buffer_capacity(config.queue_max)
            .set_batch_request_config(BatchRequestConfig::Limit(BATCH_MAX))
            .enable_ws_ping(PingConfig::new())
            .build();
        let (stop_handle, stop) = stop_channel();
        let door = Door {
            gate: Arc::new(Gate::new(address, config.cookie, &config.allowed_hosts, &config.allowed_origins)),
            builder: Server::builder().set_config(limits).to_service_builder(),
            packer: Arc::new(Packer::new()),
            methods,
            stop: stop_handle,
        };
        let accepting = tokio::spawn(accept(listener, door, config.connections_max));
        Ok(Self { address, stop, accepting })
    }

    /// Where it listens; with the port that was picked.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses new connections, lets the calls under way end, and closes. At most about two seconds.
    pub async fn stop(self) {
        // Stopped already is as good.
        let _ = self.stop.stop();
        if let Err(error) = self.accepting.await
            && error.is_panic()
        {
            tracing::error!("the API's acceptor panicked");
        }
    }
}

/// Every method of the table and the one that describes them.
pub(super) fn all_methods(
    node: Arc<dyn NodeApi>,
    operator: Arc<dyn OperatorApi>,
) -> Result<Methods, jsonrpsee::core::RegisterMethodError> {
    let mut public = RpcModule::new(node);
    register_node(&mut public)?;
    let mut private = RpcModule::new(operator);
    register_operator(&mut private)?;
    let mut about = RpcModule::new(crate::discover::document(env!("CARGO_PKG_VERSION")));
    about.register_method(DISCOVER, |_, document, _| document.clone())?;
    let mut all = Methods::new();
    all.merge(public)?;
    all.merge(private)?;
    all.merge(about)?;
    Ok(all)
}

async fn accept(listener: TcpListener, door: Door, connections_max: usize) {
    let seats = Arc::new(Semaphore::new(connections_max));
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY_MAX));
    let mut connections = JoinSet::new();
    let mut stopped = std::pin::pin!(door.stop.clone().shutdown());
    loop {
        let socket = tokio::select! {
            () = &mut stopped => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                Err(error) => {
                    // Out of file descriptors, say: it passes, and a tight loop would not help.
                    tracing::debug!("cannot accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        match Arc::clone(&seats).try_acquire_owned() {
            Ok(seat) => {
                connections.spawn(converse(socket, door.clone(), Arc::new(seat)));
            }
            Err(_) => {
                if let Ok(permit) = Arc::clone(&turned_away).try_acquire_owned() {
                    connections.spawn(turn_away(socket, permit));
                }
            }
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_GRACE, all).await.is_err() {
        tracing::debug!("closing API connections that did not end in time");
    }
    connections.shutdown().await;
}

/// One connection, from its first request to its end.
async fn converse(socket: TcpStream, door: Door, seat: Arc<OwnedSemaphorePermit>) {
    let stopped = door.stop.clone().shutdown();
    // Small answers should not wait for one another.
    let _ = socket.set_nodelay(true);
    let seated = Seated { door, seat };
    if let Err(error) = serve_with_graceful_shutdown(socket, seated, stopped).await {
        tracing::trace!("API connection: {error}");
    }
}

/// Says that all seats are taken.
async fn turn_away(mut socket: TcpStream, _permit: OwnedSemaphorePermit) {
    const ANSWER: &[u8] =
        b"HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\ncontent-type: text/plain\r\n\
        content-length: 34\r\n\r\ntoo many connections, try it later";
    let say = async {
        // A client that is answered before it has asked takes that for a fault of the connection.
        let mut sink = [0; 1024];
        let mut length = socket.read(&mut sink).await?;
        socket.write_all(ANSWER).await?;
        socket.shutdown().await?;
        // The rest is read, lest the reset that closing causes overtakes the answer.
        while length > 0 {
            length = socket.read(&mut sink).await?;
        }
        io::Result::Ok(())
    };
    // Whether it was heard does not matter.
    let _ = tokio::time::timeout(Duration::from_secs(1), say).await;
}

/// What all connections share.
#[derive(Clone)]
struct Door {
    gate: Arc<Gate>,
    packer: Arc<Packer>,
    builder: TowerServiceBuilder<Identity, Identity>,
    methods: Methods,
    stop: StopHandle,
}

/// The service of one connection, which holds its seat until the last request, or the WebSocket, has ended.
#[derive(Clone)]
struct Seated {
    door: Door,
    seat: Arc<OwnedSemaphorePermit>,
}

impl Service<HttpRequest<Incoming>> for Seated {
    type Response = HttpResponse;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Incoming>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let credential = match self.door.gate.check(&parts) {
            Ok(credential) => credential,
            Err(refusal) => return Box::pin(async move { Ok(plain(refusal.status(), refusal.to_string())) }),
        };
        let mut request = HttpRequest::from_parts(parts, body);
        request.extensions_mut().insert(credential);
        let mut service = self.door.builder.clone().build(self.door.methods.clone(), self.door.stop.clone());
        let is_upgrade = ws::is_upgrade_request(&request);
        let packer =
            (!is_upgrade && gzip::is_wanted(request.headers())).then(|| Arc::clone(&self.door.packer));
        if is_upgrade {
            let (closed, seat) = (service.on_session_closed(), Arc::clone(&self.seat));
            tokio::spawn(async move {
                closed.await;
                drop(seat);
            });
        }
        Box::pin(async move {
            let answer = service.call(request);
            let answered: Result<HttpResponse, BoxError> = if credential == Credential::Operator {
                answer.await
            } else {
                match tokio::time::timeout(REQUEST_DEADLINE, answer).await {
                    Ok(answered) => answered,
                    Err(_) => {
                        return Ok(plain(
                            StatusCode::REQUEST_TIMEOUT,
                            "the request took too long".to_owned(),
                        ));
                    }
                }
            };
            let packed = match (answered, packer) {
                (Ok(answer), Some(packer)) => packer.pack(answer).await,
                (answered, _) => answered,
            };
            Ok(packed.unwrap_or_else(|error| {
                tracing::debug!("API request failed: {error}");
                plain(StatusCode::INTERNAL_SERVER_ERROR, "the request failed".to_owned())
            }))
        })
    }
}

fn plain(status: StatusCode, text: String) -> HttpResponse {
    let mut response = HttpResponse::new(HttpBody::from(text));
    *response.status_mut() = status;
    response
}
