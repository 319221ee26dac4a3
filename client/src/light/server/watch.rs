//! Hearing of new blocks from one server.
//!
//! Over a WebSocket the server pushes what [`LightHeaders`] holds for every new tip: some 500 bytes a block, and no
//! question. Where that cannot be had, be it that the way leads through a proxy, which WebSockets here do not use, or
//! that the server or something before it does not offer them, [`Watch`] gives a beat to ask at instead, and tries the
//! socket again from time to time. Whoever watches cannot tell the difference but by [`Watch::is_polling`].
//!
//! Nothing that comes here is believed. A server that floods is read at a bounded pace, one that falls silent is asked
//! after a while. Deliberately absent: the answer to [`Signal::Ask`], which is a call of `light_headers` like any other.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use vibecoin_crypto::Hash;
use vibecoin_rpc::types::LightHeaders;
use vibecoin_rpc::{ApiStream, NodeApi, RpcClient};

use super::HttpServer;

/// The longest message. A server sends at most a hundred headers in one.
const MESSAGE_BYTES_MAX: u32 = 32 * 1024;
/// Messages of the socket that wait to be read; a server that is faster loses it.
const QUEUE_MAX: usize = 128;
/// What a message costs beside the headers in it: the envelope of the subscription and the frame.
const ENVELOPE_BYTES: u64 = 110;

/// How a server is watched.
#[derive(Clone, Copy, Debug)]
pub struct Beat {
    /// How often to ask where there is no socket.
    pub poll: Duration,
    /// The shortest time between two signals, however many messages come.
    pub floor: Duration,
    /// After so long without a message the server is asked, though there is a socket.
    pub quiet_max: Duration,
    /// How long to do without a socket before trying it again.
    pub reopen: Duration,
}

impl Beat {
    /// A beat for a chain with so much time between blocks: asked at its pace, and at least every half minute.
    #[must_use]
    pub fn of_interval(interval: Duration) -> Self {
        let poll = interval.clamp(Duration::from_secs(1), Duration::from_secs(30));
        Self { poll, floor: poll / 20, quiet_max: poll * 12, reopen: Duration::from_secs(60) }
    }
}

/// Why whoever watches should look.
#[derive(Debug)]
pub enum Signal {
    /// The server says what follows the block it was last told of, or had last told of. Not verified.
    Headers(LightHeaders),
    /// It is time to ask.
    Ask,
}

/// The watch over one server.
pub struct Watch {
    server: Arc<HttpServer>,
    beat: Beat,
    from_id: Hash,
    socket: Option<ApiStream<LightHeaders>>,
    reopen_at: Instant,
    next_at: Instant,
    heard_at: Instant,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Watch {
    /// Begins to watch for what comes after the block `from_id`. It does not fail: without a socket it polls.
    pub async fn open(server: Arc<HttpServer>, from_id: Hash, beat: Beat) -> Self {
        let now = Instant::now();
        let mut watch =
            Self { server, beat, from_id, socket: None, reopen_at: now, next_at: now, heard_at: now };
        watch.reopen().await;
        watch
    }

    /// The server that is watched.
    #[must_use]
    pub fn server(&self) -> &Arc<HttpServer> {
        &self.server
    }

    /// True while there is no socket.
    #[must_use]
    pub const fn is_polling(&self) -> bool {
        self.socket.is_none()
    }

    /// Tells from where to go on if the socket has to be opened again: the tip that was verified last.
    pub const fn set_from(&mut self, from_id: Hash) {
        self.from_id = from_id;
    }

    /// Waits for the next signal. It may be dropped before and called again.
    pub async fn next(&mut self) -> Signal {
        sleep_until(self.next_at).await;
        if self.socket.is_none() && Instant::now() >= self.reopen_at {
            self.reopen().await;
        }
        let Some(socket) = &mut self.socket else {
            self.next_at = Instant::now() + self.beat.poll;
            return Signal::Ask;
        };
        let heard = timeout_at(self.heard_at + self.beat.quiet_max, socket.next()).await;
        self.heard_at = Instant::now();
        self.next_at = self.heard_at + self.beat.floor;
        match heard {
            Ok(Some(headers)) => {
                self.count(&headers);
                Signal::Headers(headers)
            }
            // It ended: what was missed is to be asked for, and then every beat.
            Ok(None) => {
                self.socket = None;
                self.reopen_at = self.heard_at + self.beat.reopen;
                self.next_at = self.heard_at + self.beat.poll;
                Signal::Ask
            }
            Err(_) => Signal::Ask,
        }
    }

    /// Tries to open the socket. Whatever comes of it, the next try is some time away.
    async fn reopen(&mut self) {
        self.socket = subscribe(&self.server, self.from_id).await;
        self.heard_at = Instant::now();
        self.reopen_at = self.heard_at + self.beat.reopen;
    }

    fn count(&self, headers: &LightHeaders) {
        let body = serde_json::to_string(headers).map_or(0, |text| text.len() as u64);
        self.server.meter().received(body + ENVELOPE_BYTES);
    }
}

/// Opens a socket over which a server tells what follows a block; none where it offers no such thing.
async fn subscribe(server: &HttpServer, from_id: Hash) -> Option<ApiStream<LightHeaders>> {
    if server.is_proxied() {
        return None;
    }
    let deadline = server.deadlines().head;
    let client = RpcClient::new(server.url().as_str(), None).ok()?;
    let client = client.with_deadline(deadline).with_socket_bounds(MESSAGE_BYTES_MAX, QUEUE_MAX);
    match timeout(deadline, client.light_subscribe(from_id)).await {
        Ok(Ok(stream)) => Some(stream),
        // Why is for the server to say, and its words are not ours.
        Ok(Err(_)) | Err(_) => {
            tracing::debug!(server = %server.url(), "no WebSocket: it is asked from time to time");
            None
        }
    }
}
