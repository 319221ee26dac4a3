//! A server on loopback that answers whatever a test wants, byte by byte, and counts what passes.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::light::server::{Deadlines, HttpServer, ServerUrl, Transport};

/// A question as the server saw it.
pub(crate) struct Asked {
    pub(crate) id: u64,
    pub(crate) method: String,
    pub(crate) params: Value,
    pub(crate) head: String,
}

/// The server's end of a connection.
pub(crate) struct Wire {
    stream: TcpStream,
    seen: Arc<Seen>,
}

/// What passed through a server.
#[derive(Default)]
pub(crate) struct Seen {
    connections: AtomicU64,
    questions: AtomicU64,
    sent_bytes: AtomicU64,
    received_bytes: AtomicU64,
}

impl Seen {
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn questions(&self) -> u64 {
        self.questions.load(Ordering::SeqCst)
    }

    pub(crate) fn sent_bytes(&self) -> u64 {
        self.sent_bytes.load(Ordering::SeqCst)
    }

    pub(crate) fn received_bytes(&self) -> u64 {
        self.received_bytes.load(Ordering::SeqCst)
    }
}

impl Wire {
    /// Sends bytes; false if the client has gone.
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let bytes = bytes.as_ref();
        let said = self.stream.write_all(bytes).await.is_ok();
        if said {
            self.seen.sent_bytes.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        }
        said
    }

    /// Sends bytes one at a time, with a pause after each, until they or the client are gone.
    pub(crate) async fn drip(&mut self, bytes: impl AsRef<[u8]>, pause: Duration) {
        for byte in bytes.as_ref() {
            if !self.say([*byte]).await {
                return;
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Says nothing for as long as the client waits.
    pub(crate) async fn hold(&mut self) {
        let mut sink = [0; 256];
        while matches!(self.stream.read(&mut sink).await, Ok(1..)) {}
    }

    /// The next question; none when the client has gone or speaks no HTTP.
    async fn listen(&mut self) -> Option<Asked> {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.more(&mut bytes).await?;
        };
        let head = String::from_utf8(bytes[..head_end].to_vec()).ok()?;
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        })?;
        while bytes.len() < head_end + length {
            self.more(&mut bytes).await?;
        }
        let body: Value = serde_json::from_slice(&bytes[head_end..]).ok()?;
        self.seen.questions.fetch_add(1, Ordering::SeqCst);
        Some(Asked {
            id: body["id"].as_u64()?,
            method: body["method"].as_str()?.to_owned(),
            params: body["params"].clone(),
            head,
        })
    }

    async fn more(&mut self, bytes: &mut Vec<u8>) -> Option<()> {
        let read = self.stream.read_buf(bytes).await.ok().filter(|read| *read > 0)?;
        self.seen.received_bytes.fetch_add(read as u64, Ordering::SeqCst);
        Some(())
    }
}

type Script = Arc<dyn Fn(Asked, Wire) -> BoxFuture<'static, Option<Wire>> + Send + Sync>;
type RawScript = Arc<dyn Fn(Wire) -> BoxFuture<'static, ()> + Send + Sync>;

/// See the module. Dropping it closes everything that it has open.
pub(crate) struct Hostile {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Seen>,
    accepting: AbortHandle,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Hostile {
    /// A server that answers every question by a script. The connection lives on if the script gives it back.
    pub(crate) async fn start<F, Fut>(script: F) -> Self
    where
        F: Fn(Asked, Wire) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Option<Wire>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, script)
    }

    /// The same on a given listener.
    pub(crate) fn on<F, Fut>(listener: TcpListener, script: F) -> Self
    where
        F: Fn(Asked, Wire) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Option<Wire>> + Send + 'static,
    {
        let script: Script = Arc::new(move |asked: Asked, wire: Wire| script(asked, wire).boxed());
        Self::serve(
            listener,
            Arc::new(move |mut wire: Wire| {
                let script = Arc::clone(&script);
                async move {
                    while let Some(asked) = wire.listen().await {
                        match script(asked, wire).await {
                            Some(kept) => wire = kept,
                            None => return,
                        }
                    }
                }
                .boxed()
            }),
        )
    }

    /// A server that speaks as soon as somebody connects, whatever comes.
    pub(crate) async fn raw<F, Fut>(script: F) -> Self
    where
        F: Fn(Wire) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::serve(listener, Arc::new(move |wire: Wire| script(wire).boxed()))
    }

    /// A server that gives the same answer to everything, and keeps the connection.
    pub(crate) async fn saying(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start(move |asked, mut wire| {
            let answer = answer(&asked);
            async move { wire.say(answer).await.then_some(wire) }
        })
        .await
    }

    fn serve(listener: TcpListener, script: RawScript) -> Self {
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let counted = Arc::clone(&seen);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                counted.connections.fetch_add(1, Ordering::SeqCst);
                connections.spawn(script(Wire { stream, seen: Arc::clone(&counted) }));
            }
        });
        Self { address, seen, accepting: accepting.abort_handle() }
    }

    pub(crate) fn url(&self) -> ServerUrl {
        ServerUrl::parse(&format!("http://{}", self.address)).unwrap()
    }

    /// A client of it with short deadlines.
    pub(crate) fn client(&self) -> HttpServer {
        HttpServer::new(self.url(), &transport()).unwrap()
    }
}

/// Deadlines that a test can wait for.
pub(crate) fn transport() -> Transport {
    Transport {
        proxy: None,
        deadlines: Deadlines {
            connect: Duration::from_millis(400),
            head: Duration::from_millis(500),
            whole: Duration::from_millis(2_000),
            stretch: Duration::from_millis(300),
            stretch_bytes_min: 64,
            idle: Duration::from_secs(30),
        },
    }
}

/// An HTTP answer with these header fields and the length of the body.
pub(crate) fn http(status: &str, fields: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for field in fields {
        answer += field;
        answer += "\r\n";
    }
    answer += "\r\n";
    let mut answer = answer.into_bytes();
    answer.extend_from_slice(body);
    answer
}

pub(crate) const JSON: &str = "content-type: application/json; charset=utf-8";

/// The answer of a node: a result.
pub(crate) fn result(asked: &Asked, value: &Value) -> Vec<u8> {
    http("200 OK", &[JSON], json!({ "jsonrpc": "2.0", "id": asked.id, "result": value }).to_string())
}

/// The answer of a node: a refusal.
pub(crate) fn refusal(asked: &Asked, code: i32, message: &str, data: &Value) -> Vec<u8> {
    let error = json!({ "code": code, "message": message, "data": data });
    http("200 OK", &[JSON], json!({ "jsonrpc": "2.0", "id": asked.id, "error": error }).to_string())
}
