//! `vibecoin node`: a full node until it is told to stop; and what can be asked of one that runs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use vibecoin_node::{
    LogRing, NetworkConfig, Node, NodeConfig, NodeHandle, RpcConfig, STOP_LIMIT, SyncMode, VerifyPoh,
};
use vibecoin_primitives::Timestamp;
use vibecoin_rpc::types::Phase;
use vibecoin_rpc::{NodeApi, OperatorApi};
use vibecoin_tui::format;

use super::chain::is_free;
use super::peers;
use crate::attach;
use crate::cli::node::{NodeAction, NodeArgs};
use crate::config::{Key, OFF};
use crate::context::{Context, now};
use crate::failure::{Failure, Outcome};
use crate::logging::Places;
use crate::output::Tint;

/// Runs a node, or asks the one that runs.
///
/// # Errors
/// Why it did not start, why it went down by itself, or what the running one answers.
pub fn run(context: &Context, args: &NodeArgs) -> Outcome {
    match args.action {
        None => serve(context),
        Some(NodeAction::Status) => context.wait(status(context)),
        Some(NodeAction::Stop) => context.wait(stop(context)),
    }
}

/// What a node of this configuration is told. It does not listen yet.
///
/// # Errors
/// [`Failure::Address`] if the address to mine for is none of this network.
pub fn config(context: &Context, logs: LogRing) -> Outcome<NodeConfig> {
    let network = context.config.network();
    let spec = (**network.spec()).clone();
    let mut config = NodeConfig::custom(network.name().to_owned(), spec, Some(context.config.node_dir()));
    config.mine = context.config.text(Key::Mine).map(|text| context.address(text)).transpose()?;
    config.threads = context.config.number(Key::Threads).unwrap_or_default();
    config.verify_poh = match context.config.text(Key::VerifyPoh) {
        Some("full") => VerifyPoh::Full,
        _ => VerifyPoh::RECENT,
    };
    config.archive = context.config.switch(Key::Archive);
    config.prune_ticks = context.config.switch(Key::PruneTicks);
    config.metrics = context.config.text(Key::Metrics).map(socket_address).transpose()?;
    config.logs = logs;
    Ok(config)
}

/// Where the API is to listen.
///
/// # Errors
/// [`Failure::Usage`] if that is no address; the configuration has checked it.
pub fn listen(context: &Context) -> Outcome<SocketAddr> {
    socket_address(context.config.text(Key::Rpc).unwrap_or_default())
}

fn socket_address(text: &str) -> Outcome<SocketAddr> {
    text.parse().map_err(|_| Failure::Usage(format!("{text:?} is not an address and a port")))
}

/// How the node is to meet others; none if it is told not to.
fn network(context: &Context) -> Option<NetworkConfig> {
    let config = &context.config;
    if config.text(Key::P2p) == Some(OFF) {
        return None;
    }
    let list = |key| config.list(key).map(ToOwned::to_owned).collect();
    let sync = if config.text(Key::Sync) == Some("state") { SyncMode::State } else { SyncMode::Full };
    Some(NetworkConfig {
        listen: list(Key::P2p),
        external: list(Key::External),
        bootstrap: list(Key::Bootstrap),
        sync,
        mdns: config.switch(Key::Mdns),
        relay_server: config.switch(Key::RelayServer),
        proxy: config.proxy(),
        inbound_max: config.number(Key::InboundMax).unwrap_or(NetworkConfig::INBOUND_MAX),
        outbound_target: config.number(Key::OutboundTarget).unwrap_or(NetworkConfig::OUTBOUND_TARGET),
    })
}

fn serve(context: &Context) -> Outcome {
    let logs = LogRing::default();
    let _log = context.start_log(Places::Both, Some(Box::new(logs.layer())))?;
    let mut config = config(context, logs)?;
    config.rpc = Some(RpcConfig::new(listen(context)?));
    config.network = network(context);
    context.wait(async {
        // Heard from here on, so that no signal finds a half-started node without an answer.
        let mut terminate = signal(SignalKind::terminate()).map_err(Failure::unexpected)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::unexpected)?;
        let node = Node::start(config).await?;
        let handle = node.handle();
        announce(context, &handle).await?;
        let signals = tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            handle.stop();
            // Whoever asks twice does not want to wait.
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(i32::from(crate::failure::Exit::Interrupted as u8));
        });
        let ended = node.run().await;
        signals.abort();
        Ok(ended?)
    })
}

/// Says where the API is. A reader that has gone does not stop a node.
async fn announce(context: &Context, handle: &NodeHandle) -> Outcome {
    let Some(address) = handle.rpc_address() else { return Ok(()) };
    let meeting = handle.api().net_info().await?;
    let network = context.config.network();
    let url = format!("http://{address}");
    let answer = json!({
        "network": network.name(),
        "genesis_id": network.genesis_id(),
        "rpc": url,
        "metrics": handle.metrics_address().map(|address| format!("http://{address}")),
        "node_id": meeting.node_id,
        "p2p": meeting.listening,
        "pid": std::process::id(),
        "directory": context.config.node_dir(),
    });
    let genesis = network.spec().genesis_time;
    let starts_in_ms = genesis.saturating_since(now());
    let _ = context.out.answer(&answer, |paper| {
        paper.line(format!("A node of {} runs here. Its API is at {url}", network.name()));
        if let Some(address) = handle.metrics_address() {
            paper.line(format!("Health and metrics are at http://{address}/health and /metrics"));
        }
        for place in &meeting.listening {
            paper.line(format!("It listens for other nodes at {place}"));
        }
        if starts_in_ms > 0 {
            paper.tinted(Tint::Caution, before_start(genesis, starts_in_ms));
        }
    });
    Ok(())
}

/// What there is to say while a network has not started.
pub fn before_start(genesis: Timestamp, starts_in_ms: u64) -> String {
    let (left, moment) = (format::span(starts_in_ms.div_ceil(1000)), format::moment(genesis.get()));
    format!("The network starts in {left}, at {moment} UTC. Until then the node waits.")
}

async fn status(context: &Context) -> Outcome {
    let node = attach::node(context).await?;
    let (info, health, miner) =
        (node.node_info().await?, node.node_health().await?, node.miner_status().await?);
    let pool = node.mempool_info().await?;
    let mut answer = serde_json::to_value(&info).map_err(Failure::unexpected)?;
    answer["url"] = json!(node.url());
    answer["health"] = json!(health);
    answer["miner"] = json!(miner);
    answer["mempool"] = json!(pool);
    context.out.answer(&answer, |paper| {
        paper
            .fact("node", node.url())
            .fact("version", &info.version)
            .fact("network", &info.network)
            .fact("height", info.tip.height)
            .fact("tip", info.tip.id)
            .fact("peers", format!("{}, {} of them gone to", info.peers, info.peers_outbound))
            .fact("synchronisation", peers::progress(&info.sync))
            .fact("mining", if info.mining { "yes" } else { "no" })
            .fact("blocks found", miner.blocks_found)
            .fact("waiting", format!("{} transactions", pool.transactions))
            .fact("running for", format!("{} s", info.uptime_ms / 1000));
        if let Phase::WaitingForStart { starts_in_ms } = info.phase {
            paper.tinted(Tint::Caution, before_start(info.genesis_time, starts_in_ms));
        }
        if health.problems.is_empty() {
            paper.tinted(Tint::Good, "It is well.");
        }
        for problem in &health.problems {
            paper.tinted(Tint::Bad, problem);
        }
        for warning in &health.warnings {
            paper.tinted(Tint::Caution, warning);
        }
    })
}

/// Tells the node to stop, and waits until it has given its directory back.
async fn stop(context: &Context) -> Outcome {
    let node = attach::node(context).await?;
    let told = node.node_stop().await?;
    let directory = context.config.node_dir();
    let deadline = Instant::now() + STOP_LIMIT + Duration::from_secs(2);
    while !is_free(&directory)? {
        if Instant::now() > deadline {
            return Err(Failure::Wrong(format!("the node has not ended within {} ms", told.within_ms)));
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    context.out.answer(&json!({ "stopped": true }), |paper| {
        paper.line("The node has stopped.");
    })
}
