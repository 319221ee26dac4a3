//! The light client as a node that tells of itself.

use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::{
    BestHeader, NodeHealth, NodeInfo, Phase, StorageInfo, SyncProgress, Tip, WaitingBlocks, WorkText,
};

use super::{LightFace, chain};
use crate::light::{Failure, Standing, Warning};

impl LightFace {
    /// The end of the proven chain.
    pub(super) async fn tip(&self) -> Result<Tip, ApiError> {
        let unsynced = || ApiError::NotAvailable { reason: Failure::Unsynced.to_string() };
        let head = self.client.head().ok_or_else(unsynced)?;
        let block = self.client.block(head.id.into()).await.map_err(|none| self.client.to_api(&none))?;
        Ok(chain::tip(&block, self.prefix()))
    }

    pub(super) async fn node(&self) -> Result<NodeInfo, ApiError> {
        let (spec, standing) = (self.client.spec(), self.client.standing());
        let tip = self.tip().await?;
        let starts_in_ms = spec.genesis_time.saturating_since(standing.now);
        let phase = if starts_in_ms > 0 { Phase::WaitingForStart { starts_in_ms } } else { Phase::Running };
        Ok(NodeInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            network: self.network.clone(),
            chain_id: spec.chain_id,
            genesis_id: self.client.genesis_id(),
            genesis_time: spec.genesis_time,
            address_prefix: spec.address_prefix.to_string(),
            interval_ms: spec.interval_ms,
            retargets: spec.retargets(),
            block_gas: spec.block_gas,
            block_bytes: spec.block_bytes,
            phase,
            synced: is_current(&standing),
            peers: 0,
            peers_outbound: 0,
            sync: SyncProgress::default(),
            best_header: BestHeader { id: tip.id, height: tip.height, work: WorkText(standing.work()) },
            tip,
            waiting: WaitingBlocks::default(),
            mining: false,
            time: standing.now,
            clock_offset_ms: 0,
            uptime_ms: 0,
            storage: StorageInfo::default(),
        })
    }

    pub(super) fn health(&self) -> NodeHealth {
        let standing = self.client.standing();
        let (grave, light): (Vec<Warning>, Vec<Warning>) =
            standing.warnings.iter().partition(|warning| warning.is_grave());
        let words = |warnings: Vec<Warning>| warnings.iter().map(ToString::to_string).collect();
        let tip_time = standing.head.map(|head| head.header.time);
        NodeHealth {
            healthy: grave.is_empty(),
            ready: is_current(&standing),
            problems: words(grave),
            warnings: words(light),
            alarm: None,
            tip_age_ms: tip_time.map_or(u64::MAX, |time| standing.now.saturating_since(time)),
        }
    }
}

/// True if a chain is proven and somebody stands by its end.
fn is_current(standing: &Standing) -> bool {
    standing.head.is_some() && standing.agreeing() > 0
}
