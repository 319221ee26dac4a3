//! The node: `node_info`, `node_health`, `poh_status`, `node_stop`.

use vibecoin_chain::{Clock, View};
use vibecoin_primitives::Height;
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::*;

use super::{Core, convert};
use crate::miner::Segment;
use crate::node::STOP_LIMIT;

impl Core {
    fn phase(&self) -> Phase {
        if self.supervisor.stopping().is_cancelled() {
            return Phase::Stopping;
        }
        match self.spec().genesis_time.saturating_since(self.clock.now()) {
            0 => Phase::Running,
            starts_in_ms => Phase::WaitingForStart { starts_in_ms },
        }
    }

    pub fn info(&self) -> NodeInfo {
        let spec = self.spec();
        NodeInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            network: self.network.clone(),
            chain_id: spec.chain_id,
            genesis_id: self.genesis_id,
            genesis_time: spec.genesis_time,
            address_prefix: spec.address_prefix.to_string(),
            interval_ms: spec.interval_ms,
            retargets: spec.retargets(),
            block_gas: spec.block_gas,
            block_bytes: spec.block_bytes,
            phase: self.phase(),
            // Without peers there is nothing to be behind of.
            synced: true,
            peers: 0,
            tip: self.tip(),
            mining: self.miner.view().running,
            time: self.clock.now(),
            clock_offset_ms: self.clock.offset_ms(),
            uptime_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    pub fn health(&self) -> NodeHealth {
        let mut problems = Vec::new();
        if let Some(failure) = self.supervisor.failure() {
            problems.push(failure.to_string());
        }
        let ready = match self.phase() {
            Phase::Running => problems.is_empty(),
            Phase::WaitingForStart { .. } => false,
            Phase::Stopping => {
                problems.push("the node is stopping".to_owned());
                false
            }
        };
        let tip_age_ms = self.clock.now().saturating_since(self.chain.reader().tip().time());
        NodeHealth { healthy: problems.is_empty(), ready, problems, tip_age_ms }
    }

    /// The last segment made here; while none is made, the one that the tip carries.
    pub(super) fn poh_status(&self, view: &View) -> Result<PohStatus, ApiError> {
        let spec = self.spec();
        let miner = self.miner.view();
        let made: Option<Segment> = miner.segment;
        let (mut parent_id, mut last_tick) = (made.map(|made| made.parent), made.map(|made| made.last_tick));
        let tip = view.tip();
        if !miner.running && tip.height() != Height::GENESIS {
            parent_id = Some(tip.content.parent_id);
            let ticks = vibecoin_storage::poh::ticks(view.rows(), &tip.id()).map_err(convert::store)?;
            last_tick = ticks.and_then(|ticks| ticks.last().copied());
        }
        let rate = |made: Segment| spec.poh_hashes() as f64 * 1_000.0 / made.took_ms;
        Ok(PohStatus {
            ticks: spec.poh_ticks,
            hashes_per_tick: spec.poh_hashes_per_tick,
            hashes_per_s: made.filter(|made| made.took_ms > 0.0).map(rate),
            segment_ms: made.map(|made| made.took_ms),
            segments: miner.segments,
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
