//! The node's answers to the API: one file per group of methods, and here what they share.
//!
//! Reads come from one snapshot each and never wait for the writer. They touch the disk, so they run on threads
//! for blocking work.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use async_trait::async_trait;
use vibecoin_chain::{ChainHandle, View};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, AddressPrefix, Amount, ChainSpec, Height, Timestamp};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, ApiStream, NodeApi, OperatorApi};

use crate::clock::NodeClock;
use crate::dev::Snapshots;
use crate::door::Door;
use crate::error::Failure;
use crate::keeping::Keeping;
use crate::logs::LogRing;
use crate::miner::{MinerHandle, Templates};
use crate::pool::PoolHandle;
use crate::supervisor::Supervisor;

mod account;
mod chain;
mod convert;
mod dev;
mod explore;
mod light;
mod mempool;
mod miner;
mod network;
mod node;
mod streams;
mod tx;

pub use light::ProofDesk;
pub use network::NetworkFace;
pub use node::Reorganised;

/// All that the answers are made of.
pub struct Core {
    pub network_name: String,
    pub genesis_id: Hash,
    pub chain: ChainHandle,
    pub door: Door,
    pub pool: PoolHandle,
    pub miner: MinerHandle,
    pub templates: Templates,
    /// The owner of the peers; none for a node without a network.
    pub network: Option<Arc<dyn NetworkFace>>,
    pub clock: NodeClock,
    pub snapshots: Snapshots,
    /// Held while the faucet looks for a nonce and uses it.
    pub faucet: tokio::sync::Mutex<()>,
    /// Where proofs for light clients are made.
    pub proof_desk: ProofDesk,
    pub logs: LogRing,
    pub started: Instant,
    pub keeping: Keeping,
    /// The first damage that a reader came upon.
    pub damage: OnceLock<String>,
    pub supervisor: Supervisor,
}

impl Core {
    /// The height of the tip.
    pub fn tip_height(&self) -> Height {
        self.chain.reader().tip().height()
    }

    fn spec(&self) -> &ChainSpec {
        self.chain.reader().spec()
    }

    fn prefix(&self) -> AddressPrefix {
        self.spec().address_prefix
    }

    fn text(&self, address: &Address) -> AddressText {
        AddressText::new(address, self.prefix())
    }

    /// Reads one snapshot of the chain on a thread that may wait for the disk.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        reading: impl FnOnce(&Self, &View) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let core = Arc::clone(self);
        let read = move || {
            let view = core.chain.reader().view().map_err(convert::store);
            let read = view.and_then(|view| reading(&core, &view));
            if let Err(ApiError::Storage { reason, damaged: true }) = &read {
                core.damage.get_or_init(|| {
                    tracing::error!("damage was found: {reason}");
                    reason.clone()
                });
            }
            read
        };
        tokio::task::spawn_blocking(read).await.map_err(|_| ApiError::internal("a reader panicked"))?
    }

    /// The answer to a write. When the node goes down because its store failed, this is the reason to tell, and not
    /// that it stops.
    fn or_cause<T>(&self, answer: Result<T, ApiError>) -> Result<T, ApiError> {
        answer.map_err(|error| match (error, self.supervisor.failure()) {
            (ApiError::Stopping, Some(Failure::Store(cause))) => convert::store(cause),
            (error, _) => error,
        })
    }

    /// Refuses what exists on development networks only.
    fn check_dev(&self) -> Result<(), ApiError> {
        if self.spec().retargets() {
            let reason = format!(
                "{} retargets, and the dev methods exist only where a chain does not",
                self.network_name
            );
            return Err(ApiError::NotAvailable { reason });
        }
        Ok(())
    }
}

/// The face of a node.
#[derive(Clone)]
pub struct Api(pub Arc<Core>);

#[async_trait]
impl NodeApi for Api {
    async fn chain_tip(&self) -> Result<Tip, ApiError> {
        Ok(self.0.tip())
    }
    async fn chain_header(&self, block: BlockRef) -> Result<HeaderInfo, ApiError> {
        self.0.read(move |core, view| core.header(view, block)).await
    }
    async fn chain_block(&self, block: BlockRef) -> Result<BlockInfo, ApiError> {
        self.0.read(move |core, view| core.block(view, block)).await
    }
    async fn chain_raw_block(&self, block: BlockRef) -> Result<HexBytes, ApiError> {
        self.0.read(move |core, view| core.raw_block(view, block)).await
    }
    async fn chain_tx(&self, txid: Hash) -> Result<TxDetail, ApiError> {
        self.0.tx(txid).await
    }
    async fn chain_search(&self, text: String) -> Result<Vec<SearchHit>, ApiError> {
        self.0.search(text).await
    }
    async fn chain_stats(&self, window: Option<u64>) -> Result<ChainStats, ApiError> {
        self.0.read(move |core, view| core.stats(view, window)).await
    }
    async fn chain_poh(&self, block: BlockRef) -> Result<PohSegment, ApiError> {
        self.0.read(move |core, view| core.segment(view, block)).await
    }
    async fn chain_forks(&self) -> Result<ForksReport, ApiError> {
        self.0.read(|_, view| explore::forks(view)).await
    }
    async fn chain_supply(&self) -> Result<Supply, ApiError> {
        self.0.read(|core, view| core.supply(view)).await
    }
    async fn state_account(
        &self,
        address: AddressText,
        height: Option<Height>,
    ) -> Result<AccountInfo, ApiError> {
        self.0.account(address, height).await
    }
    async fn state_proof(
        &self,
        address: AddressText,
        slots: Option<Vec<Hash>>,
        height: Option<Height>,
    ) -> Result<StateProof, ApiError> {
        self.0.read(move |core, view| core.proof(view, &address, &slots.unwrap_or_default(), height)).await
    }
    async fn account_history(
        &self,
        address: AddressText,
        before: Option<u64>,
        limit: Option<u32>,
    ) -> Result<HistoryPage, ApiError> {
        self.0.read(move |core, view| core.history(view, &address, before, limit)).await
    }
    async fn tx_submit(&self, transaction: HexBytes) -> Result<TxAccepted, ApiError> {
        self.0.or_cause(self.0.submit_bytes(transaction).await)
    }
    async fn tx_status(&self, txid: Hash) -> Result<TxStatus, ApiError> {
        self.0.tx_status(txid).await
    }
    async fn tx_fees(&self) -> Result<FeePrices, ApiError> {
        self.0.fees().await
    }
    async fn mempool_info(&self) -> Result<MempoolInfo, ApiError> {
        self.0.mempool_info().await
    }
    async fn mempool_list(&self, limit: Option<u32>) -> Result<Vec<MempoolTx>, ApiError> {
        self.0.mempool_list(limit).await
    }
    async fn miner_status(&self) -> Result<MinerStatus, ApiError> {
        Ok(self.0.miner_status())
    }
    async fn net_info(&self) -> Result<NetInfo, ApiError> {
        Ok(self.0.net_info().await)
    }
    async fn node_info(&self) -> Result<NodeInfo, ApiError> {
        self.0.node_info().await
    }
    async fn node_health(&self) -> Result<NodeHealth, ApiError> {
        Ok(self.0.health().await)
    }
    async fn poh_status(&self) -> Result<PohStatus, ApiError> {
        self.0.read(|core, view| core.poh_status(view)).await
    }
    async fn light_tip(&self, id: Option<Hash>) -> Result<LightTip, ApiError> {
        self.0.read(move |_, view| light::tip(view, id)).await
    }
    async fn light_prove(
        &self,
        tip_id: Hash,
        seed: Hash,
        last: u32,
        draws: u32,
    ) -> Result<LightProof, ApiError> {
        self.0.light_proof(tip_id, seed, last, draws).await
    }
    async fn light_headers(&self, from_id: Hash, limit: Option<u32>) -> Result<LightHeaders, ApiError> {
        self.0.read(move |_, view| light::headers(view, from_id, limit)).await
    }
    async fn light_ancestor(&self, tip_id: Hash, height: Height) -> Result<LightAncestor, ApiError> {
        self.0.read(move |_, view| light::ancestor(view, tip_id, height)).await
    }
    async fn light_poh_fault(&self, block: Hash) -> Result<LightPohFault, ApiError> {
        Ok(self.0.poh_fault(&block))
    }
    async fn chain_subscribe_tip(&self) -> Result<ApiStream<Tip>, ApiError> {
        Ok(self.0.tips())
    }
    async fn account_subscribe(&self, address: AddressText) -> Result<ApiStream<AccountInfo>, ApiError> {
        self.0.account_changes(address).await
    }
    async fn mempool_subscribe(&self) -> Result<ApiStream<MempoolEvent>, ApiError> {
        Ok(self.0.mempool_changes())
    }
    async fn light_subscribe(&self, from_id: Hash) -> Result<ApiStream<LightHeaders>, ApiError> {
        self.0.headers_after(from_id).await
    }
}

#[async_trait]
impl OperatorApi for Api {
    async fn chain_submit(&self, block: HexBytes) -> Result<Submitted, ApiError> {
        self.0.or_cause(self.0.submit_block(block).await)
    }
    async fn miner_template(&self, beneficiary: Option<AddressText>) -> Result<Template, ApiError> {
        self.0.or_cause(self.0.miner_template(beneficiary).await)
    }
    async fn miner_submit(
        &self,
        template: Hash,
        nonce: u64,
        time: Option<Timestamp>,
    ) -> Result<Submitted, ApiError> {
        self.0.or_cause(self.0.miner_submit(template, nonce, time).await)
    }
    async fn miner_start(
        &self,
        beneficiary: Option<AddressText>,
        threads: Option<u32>,
    ) -> Result<MinerStatus, ApiError> {
        self.0.or_cause(self.0.miner_start(beneficiary, threads).await)
    }
    async fn miner_stop(&self) -> Result<MinerStatus, ApiError> {
        self.0.miner_stop().await
    }
    async fn net_peers(&self) -> Result<Vec<PeerInfo>, ApiError> {
        self.0.net_peers().await
    }
    async fn net_add(&self, address: PeerAddress) -> Result<NetAdded, ApiError> {
        self.0.net_add(address).await
    }
    async fn net_ban(
        &self,
        who: BanTarget,
        seconds: Option<u64>,
        reason: Option<String>,
    ) -> Result<BanInfo, ApiError> {
        self.0.net_ban(who, seconds, reason).await
    }
    async fn net_unban(&self, who: BanTarget) -> Result<BanInfo, ApiError> {
        self.0.net_unban(who).await
    }
    async fn net_bans(&self) -> Result<NetBans, ApiError> {
        self.0.net_bans().await
    }
    async fn node_stop(&self) -> Result<Stopping, ApiError> {
        Ok(self.0.stop())
    }
    async fn dev_mine(&self, blocks: u32, beneficiary: Option<AddressText>) -> Result<DevMined, ApiError> {
        self.0.or_cause(self.0.dev_mine(blocks, beneficiary).await)
    }
    async fn dev_faucet(&self, address: AddressText, amount: Amount) -> Result<TxAccepted, ApiError> {
        self.0.or_cause(self.0.dev_faucet(address, amount).await)
    }
    async fn dev_warp(&self, ms: u64) -> Result<DevClock, ApiError> {
        self.0.dev_warp(ms)
    }
    async fn dev_snapshot(&self) -> Result<DevSnapshot, ApiError> {
        self.0.dev_snapshot()
    }
    async fn dev_revert(&self, snapshot: Option<u64>) -> Result<Tip, ApiError> {
        self.0.or_cause(self.0.dev_revert(snapshot).await)
    }
    async fn node_logs(&self) -> Result<ApiStream<LogLine>, ApiError> {
        Ok(self.0.logs.follow())
    }
}
