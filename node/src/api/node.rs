//! The node: `node_info`, `node_health`, `poh_status`, `node_stop`.

use std::sync::Arc;

use vibecoin_chain::{Clock, Heartbeat, View};
use vibecoin_primitives::Height;
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::*;
use vibecoin_storage::{meta, reorganisations};

use super::{Core, convert, explore};
use crate::node::STOP_LIMIT;

/// How long a deep reorganisation is told of, in ms: a day.
const ALARM_MS: u64 = 24 * 3_600 * 1_000;

/// Reorganisations in figures.
pub struct Reorganised {
    /// Of this data directory, ever.
    pub total: u64,
    /// The depth of the deepest of the last thousand.
    pub depth_max: u64,
    /// Whether there was an alarming one within a day.
    pub is_alarm: bool,
}

impl Core {
    pub fn phase(&self) -> Phase {
        if self.supervisor.stopping().is_cancelled() {
            return Phase::Stopping;
        }
        match self.spec().genesis_time.saturating_since(self.clock.now()) {
            0 => Phase::Running,
            starts_in_ms => Phase::WaitingForStart { starts_in_ms },
        }
    }

    /// The pace at which this machine makes segments.
    pub fn heartbeat(&self) -> Heartbeat {
        self.chain.reader().segments().heartbeat()
    }

    pub async fn node_info(self: &Arc<Self>) -> Result<NodeInfo, ApiError> {
        let net = self.net_info().await;
        self.read(move |core, view| core.info(view, &net)).await
    }

    /// The node, with what is known of its peers.
    pub fn info(&self, view: &View, net: &NetInfo) -> Result<NodeInfo, ApiError> {
        let (spec, tip) = (self.spec(), view.tip());
        let (id, height, work) = view.best_header().map_err(convert::store)?;
        let (orphans, held) = self.chain.waiting();
        let headers_only = meta::headers_only(view.rows()).map_err(convert::store)?.unwrap_or_default();
        Ok(NodeInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            network: self.network_name.clone(),
            chain_id: spec.chain_id,
            genesis_id: self.genesis_id,
            genesis_time: spec.genesis_time,
            address_prefix: spec.address_prefix.to_string(),
            interval_ms: spec.interval_ms,
            retargets: spec.retargets(),
            block_gas: spec.block_gas,
            block_bytes: spec.block_bytes,
            phase: self.phase(),
            synced: !self.is_behind(view)?,
            peers: net.peers.total(),
            peers_outbound: net.peers.outbound,
            sync: net.sync,
            tip: convert::tip(tip, self.prefix()),
            best_header: BestHeader { id, height, work: WorkText(work) },
            waiting: WaitingBlocks { headers_only, orphans: orphans as u64, held: held as u64 },
            mining: self.miner.view().running,
            time: self.clock.now(),
            clock_offset_ms: self.clock.offset_ms(),
            uptime_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            storage: self.keeping.describe(view).map_err(convert::store)?,
        })
    }

    pub async fn health(self: &Arc<Self>) -> NodeHealth {
        let mut problems = Vec::new();
        let mut warnings = self.keeping.warnings();
        if let Some(failure) = self.supervisor.failure() {
            problems.push(failure.to_string());
        }
        let alarm = self.read(|core, view| Ok((core.alarm(view)?, core.is_behind(view)?))).await;
        let (alarm, is_behind) = alarm.unwrap_or_else(|error| {
            problems.push(error.to_string());
            (None, false)
        });
        if let Some(damage) = self.damage.get() {
            problems.push(format!(
                "{damage}; with the node stopped, \"vibecoin chain verify\" says how much, and \"vibecoin chain \
                 reindex\" makes it anew from the blocks"
            ));
        }
        problems.dedup();
        warnings.extend(alarm.as_ref().map(|event| {
            format!(
                "the chain reorganised {} blocks deep (above {}, to {}): find out why before you rely on recent payments",
                event.reverted, event.fork_height, event.to
            )
        }));
        let ready = match self.phase() {
            Phase::Running => problems.is_empty() && !is_behind,
            Phase::WaitingForStart { .. } => false,
            Phase::Stopping => {
                problems.push("the node is stopping".to_owned());
                false
            }
        };
        let tip_age_ms = self.clock.now().saturating_since(self.chain.reader().tip().time());
        NodeHealth { healthy: problems.is_empty(), ready, problems, warnings, alarm, tip_age_ms }
    }

    /// The newest of the deep reorganisations of the last day.
    pub fn alarm(&self, view: &View) -> Result<Option<Reorganisation>, ApiError> {
        let now = self.clock.now();
        let events = explore::reorganisations(view, explore::REORGANISATIONS)?;
        let mut recent = events.into_iter().filter(|event| now.saturating_since(event.time) < ALARM_MS);
        Ok(recent.find(|event| event.alarming))
    }

    /// What there is to count of reorganisations.
    pub fn reorganised(&self, view: &View) -> Result<Reorganised, ApiError> {
        let list = reorganisations::list(view.rows(), usize::MAX).map_err(convert::store)?;
        Ok(Reorganised {
            total: list.first().map_or(0, |(number, _)| number.saturating_add(1)),
            depth_max: list.iter().map(|(_, event)| event.reverted).max().unwrap_or_default(),
            is_alarm: self.alarm(view)?.is_some(),
        })
    }

    fn is_behind(&self, view: &View) -> Result<bool, ApiError> {
        let (_, _, work) = view.best_header().map_err(convert::store)?;
        Ok(view.tip().for_choice().is_outweighed_by(work))
    }

    /// The pace of segments. Before the first is made here, the one that the tip carries is shown.
    pub(super) fn poh_status(&self, view: &View) -> Result<PohStatus, ApiError> {
        let (spec, heartbeat, tip) = (self.spec(), self.heartbeat(), view.tip());
        let (parent_id, last_tick) = match heartbeat.last {
            Some(beat) => (Some(beat.parent), Some(beat.last_tick)),
            None if tip.height() == Height::GENESIS => (None, None),
            None => {
                let ticks = vibecoin_storage::poh::ticks(view.rows(), &tip.id()).map_err(convert::store)?;
                (Some(tip.content.parent_id), ticks.and_then(|ticks| ticks.last().copied()))
            }
        };
        Ok(PohStatus {
            ticks: spec.poh_ticks,
            hashes_per_tick: spec.poh_hashes_per_tick,
            hashes_per_s: heartbeat.last.map(|_| heartbeat.hashes_per_s),
            segment_ms: heartbeat.last.map(|beat| beat.took.as_secs_f64() * 1_000.0),
            segments: heartbeat.segments,
            parent_id,
            last_tick,
        })
    }

    pub(super) fn stop(&self) -> Stopping {
        tracing::info!("asked to stop");
        let supervisor = self.supervisor.clone();
        // The answer should leave before its server goes down.
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            supervisor.stop();
        });
        Stopping { within_ms: u64::try_from(STOP_LIMIT.as_millis()).unwrap_or(u64::MAX) }
    }
}
