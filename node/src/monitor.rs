//! The port for whoever watches over a node: `/health` and `/ready` for supervisors of processes, `/metrics` in the
//! text form of Prometheus.
//!
//! It answers three fixed questions and reads nothing but the first line of a request, so a few dozen lines of
//! HTTP/1.1 are all there is: one request a connection, a deadline for each, few connections at a time.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use vibecoin_chain::Stage;
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::NodeInfo;

use crate::api::{Core, Reorganised};
use crate::error::{Failure, StartError};

mod peers;
#[cfg(test)]
mod tests;

/// Connections at a time.
const CONNECTIONS_MAX: usize = 16;
/// The longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 8_192;
/// How long a request and its answer may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Listens on `address` and answers until the node stops. Returns where it listens.
///
/// # Errors
/// [`StartError::Monitor`].
pub async fn start(core: Arc<Core>, address: SocketAddr) -> Result<SocketAddr, StartError> {
    let failed = |error| StartError::Monitor { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let supervisor = core.supervisor.clone();
    supervisor.task("the monitoring port", listen(core, listener));
    Ok(bound)
}

async fn listen(core: Arc<Core>, listener: TcpListener) -> Result<(), Failure> {
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let stopping = core.supervisor.stopping().clone();
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else {
            // Out of file descriptors, say: it passes.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Who finds no seat is let go without a word.
        let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else { continue };
        let core = Arc::clone(&core);
        tokio::spawn(async move {
            // Whether the other side heard it does not matter.
            let _ = tokio::time::timeout(DEADLINE, converse(&core, socket)).await;
            drop(seat);
        });
    }
}

async fn converse(core: &Arc<Core>, mut socket: TcpStream) -> io::Result<()> {
    let mut head = Vec::with_capacity(1_024);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > HEAD_BYTES_MAX || socket.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let (status, text) = answer(core, &String::from_utf8_lossy(line)).await;
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        text.len()
    );
    socket.write_all(head.as_bytes()).await?;
    socket.write_all(text.as_bytes()).await?;
    socket.shutdown().await
}

async fn answer(core: &Arc<Core>, line: &str) -> (&'static str, String) {
    let mut words = line.split(' ');
    if words.next() != Some("GET") {
        return ("405 Method Not Allowed", "only GET\n".to_owned());
    }
    let path = words.next().and_then(|target| target.split('?').next());
    let verdict = |good: bool, mut problems: Vec<String>, warnings: Vec<String>| {
        let status = if good { "200 OK" } else { "503 Service Unavailable" };
        if problems.is_empty() {
            problems.push(if good { "ok" } else { "not ready" }.to_owned());
        }
        problems.extend(warnings.into_iter().map(|warning| format!("warning: {warning}")));
        (status, problems.join("\n") + "\n")
    };
    match path {
        Some("/health") => {
            let health = core.health().await;
            verdict(health.healthy, health.problems, health.warnings)
        }
        Some("/ready") => {
            let health = core.health().await;
            verdict(health.ready, health.problems, health.warnings)
        }
        Some("/metrics") => match metrics(core).await {
            Ok(page) => ("200 OK", page),
            Err(error) => ("503 Service Unavailable", format!("{error}\n")),
        },
        _ => ("404 Not Found", "there are /health, /ready and /metrics\n".to_owned()),
    }
}

/// Every figure with its kind and its meaning.
async fn metrics(core: &Arc<Core>) -> Result<String, ApiError> {
    let net = core.net_info().await;
    let (net, info, reorganisations) = core
        .read(move |core, view| {
            let info = core.info(view, &net)?;
            Ok((net, info, core.reorganised(view)?))
        })
        .await?;
    let heartbeat = core.heartbeat();
    let miner = core.miner.view();
    // A pool that has stopped is an empty one.
    let pool = core.pool.read(|pool| pool.info()).await.ok();
    let mut page = Page::default();
    page.one("vibecoin_tip_height", "gauge", "Height of the active tip.", info.tip.height.get() as f64);
    page.one(
        "vibecoin_tip_time_seconds",
        "gauge",
        "Time of the active tip.",
        info.tip.time.get() as f64 / 1_000.0,
    );
    page.one("vibecoin_peers", "gauge", "Connected nodes.", f64::from(info.peers));
    page.one("vibecoin_uptime_seconds", "gauge", "Time since the start.", info.uptime_ms as f64 / 1_000.0);
    page.one("vibecoin_mining", "gauge", "1 while the miner runs.", f64::from(u8::from(miner.running)));
    page.one("vibecoin_hashes_per_second", "gauge", "Nonces tried.", miner.hashes_per_s);
    page.one(
        "vibecoin_blocks_found_total",
        "counter",
        "Blocks this node has found.",
        miner.blocks_found as f64,
    );
    page.one(
        "vibecoin_poh_segments_total",
        "counter",
        "Proof of History segments made.",
        heartbeat.segments as f64,
    );
    page.one("vibecoin_poh_hashes_per_second", "gauge", "Sequential hashes.", heartbeat.hashes_per_s);
    if let Some(beat) = heartbeat.last {
        let took = beat.took.as_secs_f64();
        page.one("vibecoin_poh_segment_seconds", "gauge", "Time of the last segment.", took);
    }
    peers::peers(&mut page, &net);
    reorganised(&mut page, &reorganisations);
    stored(&mut page, &info);
    if let Some(pool) = pool {
        page.one("vibecoin_mempool_transactions", "gauge", "Waiting transactions.", pool.transactions as f64);
        page.one("vibecoin_mempool_bytes", "gauge", "Their encodings.", pool.bytes as f64);
        page.one(
            "vibecoin_mempool_price_min",
            "gauge",
            "Least price taken, beats per gas.",
            pool.price_min as f64,
        );
    }
    page.head("vibecoin_import_seconds_total", "counter", "Time spent importing blocks, by stage.");
    for stage in Stage::ALL {
        let spent = core.chain.reader().times().of(stage).as_secs_f64();
        page.row(&format!("vibecoin_import_seconds_total{{stage=\"{}\"}}", stage.name()), spent);
    }
    Ok(page.0)
}

fn reorganised(page: &mut Page, events: &Reorganised) {
    page.one(
        "vibecoin_reorganisations_total",
        "counter",
        "Reorganisations in the life of this data directory.",
        events.total as f64,
    );
    page.one(
        "vibecoin_reorganisation_depth_max",
        "gauge",
        "Blocks that the deepest of the last thousand of them took back.",
        events.depth_max as f64,
    );
    page.one(
        "vibecoin_reorganisation_alarm",
        "gauge",
        "1 for a day after one that took back 60 blocks or more.",
        f64::from(u8::from(events.is_alarm)),
    );
}

fn stored(page: &mut Page, info: &NodeInfo) {
    let (waiting, storage) = (&info.waiting, &info.storage);
    let best = info.best_header.height.get() as f64;
    page.one("vibecoin_best_header_height", "gauge", "Height of the header with the most work.", best);
    page.head("vibecoin_waiting_blocks", "gauge", "Blocks that wait, by what for.");
    for (what, count) in [("body", waiting.headers_only), ("parent", waiting.orphans), ("time", waiting.held)]
    {
        page.row(&format!("vibecoin_waiting_blocks{{for=\"{what}\"}}"), count as f64);
    }
    page.one("vibecoin_states_from_height", "gauge", "Lowest state kept.", storage.states_from.get() as f64);
    page.one(
        "vibecoin_history_missing",
        "gauge",
        "1 while blocks below a state that was taken over are missing.",
        f64::from(u8::from(storage.history_missing_below.is_some())),
    );
    page.one("vibecoin_ticks_from_height", "gauge", "Lowest ticks kept.", storage.ticks_from.get() as f64);
    page.one(
        "vibecoin_repaired",
        "gauge",
        "1 if the chain had to be repaired at the start.",
        f64::from(u8::from(storage.repair.is_some())),
    );
    page.one("vibecoin_store_log_bytes", "gauge", "Log of the newest commits.", storage.log_bytes as f64);
    page.head("vibecoin_store_disk_bytes", "gauge", "Files of the store, by kind of row.");
    for kind in &storage.kinds {
        page.row(&format!("vibecoin_store_disk_bytes{{kind=\"{}\"}}", kind.kind), kind.disk_bytes as f64);
    }
    page.head("vibecoin_store_memory_bytes", "gauge", "Rows that are not in files yet, by kind.");
    for kind in &storage.kinds {
        page.row(&format!("vibecoin_store_memory_bytes{{kind=\"{}\"}}", kind.kind), kind.memory_bytes as f64);
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to memory cannot fail; the same below.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn row(&mut self, name: &str, value: f64) {
        let _ = writeln!(self.0, "{name} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.head(name, kind, help);
        self.row(name, value);
    }
}
