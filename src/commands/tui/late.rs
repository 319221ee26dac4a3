//! A node that is still starting: whoever asks it waits until it has. So the first frame waits for nothing.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;
use vibecoin_crypto::Hash;
use vibecoin_node::NodeHandle;
use vibecoin_primitives::{Amount, Height, Timestamp};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, ApiStream, NodeApi, OperatorApi};

/// The two faces of a node.
#[derive(Clone)]
struct Faces {
    api: Arc<dyn NodeApi>,
    operator: Arc<dyn OperatorApi>,
}

/// See the module.
#[derive(Clone)]
pub(super) struct LateNode(watch::Receiver<Option<Faces>>);

/// Says that the node is there. Dropped unused, it says that there will be none.
pub(super) struct Arrival(watch::Sender<Option<Faces>>);

/// A node that will come, and how to say that it has.
pub(super) fn node() -> (LateNode, Arrival) {
    let (arrival, late) = watch::channel(None);
    (LateNode(late), Arrival(arrival))
}

impl Arrival {
    /// Lets everybody who waits ask this node.
    pub(super) fn announce(&self, node: &NodeHandle) {
        self.0.send_replace(Some(Faces { api: node.api(), operator: node.operator() }));
    }
}

impl LateNode {
    async fn faces(&self) -> Result<Faces, ApiError> {
        let mut late = self.0.clone();
        let arrived = late.wait_for(Option::is_some).await.map_err(|_| ApiError::Stopping)?;
        arrived.clone().ok_or(ApiError::Stopping)
    }
}

/// Hands every method on to the node behind one of the faces.
macro_rules! hand_on {
    ($trait:ident by $face:ident: $($method:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl $trait for LateNode {
            $(async fn $method(&self, $($argument: $kind),*) -> Result<$answer, ApiError> {
                self.faces().await?.$face.$method($($argument),*).await
            })*
        }
    };
}

hand_on! { NodeApi by api:
    chain_tip() -> Tip;
    chain_header(block: BlockRef) -> HeaderInfo;
    chain_block(block: BlockRef) -> BlockInfo;
    chain_raw_block(block: BlockRef) -> HexBytes;
    chain_tx(txid: Hash) -> TxDetail;
    chain_search(text: String) -> Vec<SearchHit>;
    chain_stats(window: Option<u64>) -> ChainStats;
    chain_poh(block: BlockRef) -> PohSegment;
    chain_forks() -> ForksReport;
    chain_supply() -> Supply;
    state_account(address: AddressText, height: Option<Height>) -> AccountInfo;
    state_proof(address: AddressText, slots: Option<Vec<Hash>>, height: Option<Height>) -> StateProof;
    account_history(address: AddressText, before: Option<u64>, limit: Option<u32>) -> HistoryPage;
    tx_submit(transaction: HexBytes) -> TxAccepted;
    tx_status(txid: Hash) -> TxStatus;
    tx_fees() -> FeePrices;
    mempool_info() -> MempoolInfo;
    mempool_list(limit: Option<u32>) -> Vec<MempoolTx>;
    miner_status() -> MinerStatus;
    net_info() -> NetInfo;
    node_info() -> NodeInfo;
    node_health() -> NodeHealth;
    poh_status() -> PohStatus;
    light_tip(id: Option<Hash>) -> LightTip;
    light_prove(tip_id: Hash, seed: Hash, last: u32, draws: u32) -> LightProof;
    light_headers(from_id: Hash, limit: Option<u32>) -> LightHeaders;
    light_ancestor(tip_id: Hash, height: Height) -> LightAncestor;
    light_poh_fault(block: Hash) -> LightPohFault;
    chain_subscribe_tip() -> ApiStream<Tip>;
    account_subscribe(address: AddressText) -> ApiStream<AccountInfo>;
    mempool_subscribe() -> ApiStream<MempoolEvent>;
    light_subscribe(from_id: Hash) -> ApiStream<LightHeaders>;
}

hand_on! { OperatorApi by operator:
    chain_submit(block: HexBytes) -> Submitted;
    miner_template(beneficiary: Option<AddressText>) -> Template;
    miner_submit(template: Hash, nonce: u64, time: Option<Timestamp>) -> Submitted;
    miner_start(beneficiary: Option<AddressText>, threads: Option<u32>) -> MinerStatus;
    miner_stop() -> MinerStatus;
    net_peers() -> Vec<PeerInfo>;
    net_add(address: PeerAddress) -> NetAdded;
    net_ban(who: BanTarget, seconds: Option<u64>, reason: Option<String>) -> BanInfo;
    net_unban(who: BanTarget) -> BanInfo;
    net_bans() -> NetBans;
    node_stop() -> Stopping;
    dev_mine(blocks: u32, beneficiary: Option<AddressText>) -> DevMined;
    dev_faucet(address: AddressText, amount: Amount) -> TxAccepted;
    dev_warp(ms: u64) -> DevClock;
    dev_snapshot() -> DevSnapshot;
    dev_revert(snapshot: Option<u64>) -> Tip;
    node_logs() -> ApiStream<LogLine>;
}
