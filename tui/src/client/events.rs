//! What happens by itself: tips, the pool, the miner, the log.
//!
//! Each source is followed by a task of its own, which subscribes again when its stream ends. They end with the
//! screens, since then nobody takes their events.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;
use vibecoin_client::api::{self, Phase};

use super::{ClientBackend, chain, light_events, network};
use crate::backend::Event;
use crate::model::*;
use crate::safe::SafeText;

/// Wait before subscribing again.
const AGAIN: Duration = Duration::from_secs(1);
/// Between two looks at what has no subscription: peers, the miner.
const LOOK: Duration = Duration::from_secs(2);
/// Blocks caught up with after a gap; older ones are read when somebody looks at them.
const CATCH_UP: u64 = 256;
/// The same behind servers, where every block costs bytes.
const FEW: u64 = 32;
/// Lines of the log in one event.
const LINES: usize = 256;

/// All events of a backend. A second call gets an empty stream: there is one set of screens.
pub(super) fn all(backend: &ClientBackend) -> BoxStream<'static, Event> {
    let happened = backend.happened.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    let Some(happened) = happened else { return stream::empty().boxed() };
    tokio::spawn(follow_tips(backend.clone()));
    match backend.light() {
        Some(light) => drop(tokio::spawn(light_events::follow(backend.clone(), Arc::clone(light)))),
        None => {
            tokio::spawn(follow_pool(backend.clone()));
            tokio::spawn(look(backend.clone()));
        }
    }
    if backend.operator.is_some() {
        tokio::spawn(follow_log(backend.clone()));
    }
    stream::unfold(happened, |mut happened| async move { Some((happened.recv().await?, happened)) }).boxed()
}

/// Sends unless the screens have gone.
pub(super) async fn send(events: &mpsc::Sender<Event>, event: Event) -> Result<(), ()> {
    events.send(event).await.map_err(drop)
}

async fn follow_tips(backend: ClientBackend) {
    let mut last: Option<u64> = None;
    while !backend.events.is_closed() {
        if let Ok(mut tips) = backend.node().chain_subscribe_tip().await {
            while let Some(tip) = tips.next().await {
                // A reorganisation may reach below the tip that was shown: some blocks more than are new.
                let high = tip.height.get();
                let low = last
                    .map_or(high, |last| last.min(high).saturating_sub(8))
                    .max(high.saturating_sub(if backend.light().is_some() { FEW } else { CATCH_UP }));
                last = Some(high);
                if let Ok(mut rows) = chain::range(&backend, low, high).await {
                    rows.reverse();
                    if send(&backend.events, Event::Blocks(rows)).await.is_err() {
                        return;
                    }
                }
                if backend.light().is_none() {
                    let _ = status(&backend).await;
                }
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Tells the chain's status.
async fn status(backend: &ClientBackend) -> Result<(), ()> {
    let event = match backend.node().node_info().await {
        Ok(info) => {
            let poh = chain::poh(backend).await;
            let rate = if info.retargets { hash_rate(backend).await } else { None };
            let health = backend.node().node_health().await.ok();
            let net = backend.node().net_info().await.ok().filter(|net| net.enabled);
            Event::Status(Box::new(translate(&info, net.as_ref(), health, poh, rate)))
        }
        Err(error) if error.is_unreachable() || matches!(error, api::ApiError::Stopping) => {
            Event::Gone(SafeText::new(&error.to_string()))
        }
        Err(_) => return Ok(()),
    };
    send(&backend.events, event).await
}

async fn hash_rate(backend: &ClientBackend) -> Option<f64> {
    Some(backend.node().chain_stats(None).await.ok()?.hashes_per_s)
}

fn translate(
    info: &api::NodeInfo,
    net: Option<&api::NetInfo>,
    health: Option<api::NodeHealth>,
    poh: Option<Poh>,
    rate: Option<f64>,
) -> ChainStatus {
    // That it stops is told by the end of its answers.
    let health = health.filter(|_| info.phase != Phase::Stopping);
    let alarm = health.as_ref().and_then(|health| health.alarm.as_ref()).map(|event| event.reverted);
    let warnings = health.map(|health| [health.problems, health.warnings].concat()).unwrap_or_default();
    let sync = match info.phase {
        Phase::WaitingForStart { .. } => SyncState::Starting,
        Phase::Running | Phase::Stopping => match net.and_then(|net| network::catching_up(&net.sync)) {
            Some(state) => state,
            None if info.synced => SyncState::Synced,
            None => SyncState::Syncing { target: info.best_header.height.get(), done: None, eta_s: None },
        },
    };
    ChainStatus {
        network: SafeText::new(&info.network),
        height: info.tip.height.get(),
        tip_time_ms: info.tip.time.get(),
        sync,
        peers: net.map(|net| (net.peers.total(), net.peers.outbound)),
        pace: match rate {
            Some(rate) => Pace::HashRate(rate),
            None => Pace::Paced { interval_ms: info.interval_ms },
        },
        target_interval_ms: info.interval_ms,
        trust: Trust::FullNode,
        poh,
        kept: Some(Kept {
            disk_bytes: info.storage.disk_bytes,
            archive: info.storage.archive,
            states_from: info.storage.states_from.get(),
            ticks_from: info.storage.ticks_from.get(),
        }),
        warnings: warnings.iter().map(|words| SafeText::new(words)).collect(),
        alarm,
    }
}

/// A payment of ours, or to us, has come into the pool or left it.
async fn follow_pool(backend: ClientBackend) {
    while !backend.events.is_closed() {
        if let Ok(mut changes) = backend.node().mempool_subscribe().await {
            // Many at once are one reason to look.
            while let Some(_first) = changes.next().await {
                tokio::time::sleep(Duration::from_millis(100)).await;
                while let Some(Some(_)) = futures_util::FutureExt::now_or_never(changes.next()) {}
                if send(&backend.events, Event::WalletChanged).await.is_err() {
                    return;
                }
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// What can only be looked at: told when it differs.
async fn look(backend: ClientBackend) {
    let mut shown: Option<MinerStatus> = None;
    loop {
        if status(&backend).await.is_err() {
            return;
        }
        if let Ok(miner) = chain::miner(&backend, None).await
            && shown.as_ref() != Some(&miner)
        {
            shown = Some(miner.clone());
            if send(&backend.events, Event::Miner(Box::new(miner))).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn follow_log(backend: ClientBackend) {
    while !backend.events.is_closed() {
        let Some(operator) = &backend.operator else { return };
        if let Ok(lines) = operator.node_logs().await {
            let mut lines = lines.ready_chunks(LINES);
            while let Some(chunk) = lines.next().await {
                let translated = chunk.iter().map(line).collect();
                if send(&backend.events, Event::Log(translated)).await.is_err() {
                    return;
                }
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn line(line: &api::LogLine) -> LogLine {
    LogLine {
        time_ms: line.time.get(),
        level: match line.level {
            api::LogLevel::Error => LogLevel::Error,
            api::LogLevel::Warn => LogLevel::Warn,
            api::LogLevel::Info => LogLevel::Info,
            api::LogLevel::Debug => LogLevel::Debug,
            api::LogLevel::Trace => LogLevel::Trace,
        },
        target: SafeText::new(line.target.strip_prefix("vibecoin_").unwrap_or(&line.target)),
        message: SafeText::new(&line.message),
    }
}
