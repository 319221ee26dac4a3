//! The light client as a node: the API that wallet, command line and screens use, answered out of proven values.
//!
//! Of every answer one can say what backs it ([`backing`]). Accounts, histories, blocks and inclusions are proven, or
//! there is an error in our words; nothing of the kind is passed on from a server. Pools, prices and statistics cannot
//! be proven: they are what a server reports, and the screens say so. What only a node of one's own has, such as peers
//! and a miner, is not there.
//!
//! The account that [`state_account`](NodeApi::state_account) shows is the one in the state that is believed. What
//! newer blocks changed stands beside it as pending, as a pool's transactions do with an own node.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Transaction};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, ApiStream, NodeApi, Subject};

use super::servers::Route;
use super::{LightClient, ask, deliver};

mod account;
mod chain;
mod history;
mod node;
mod search;
mod streams;
mod tx;

/// Entries of one page of a history, unless told otherwise.
const PAGE: u32 = 50;
/// The most entries of one page.
const PAGE_MAX: u32 = 1_000;

/// What stands behind the answers to a method of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// Proven, or not answered.
    Proven,
    /// Made here, of what is proven and of how the servers behave.
    Own,
    /// What a server says. Nothing backs it.
    Reported,
    /// Nobody answers it here.
    Absent,
}

/// What backs the answers to a method.
#[must_use]
pub fn backing(method: &str) -> Backing {
    match method {
        "chain_tip"
        | "chain_header"
        | "chain_block"
        | "chain_raw_block"
        | "chain_tx"
        | "chain_search"
        | "chain_poh"
        | "state_account"
        | "state_proof"
        | "account_history"
        | "chain_subscribe_tip"
        | "account_subscribe" => Backing::Proven,
        "node_info" | "node_health" | "net_info" => Backing::Own,
        "chain_stats" | "chain_forks" | "chain_supply" | "tx_submit" | "tx_status" | "tx_fees"
        | "mempool_info" | "mempool_list" | "miner_status" | "poh_status" => Backing::Reported,
        _ => Backing::Absent,
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct LightFace {
    client: Arc<LightClient>,
    network: String,
}

impl LightFace {
    /// The face of a client of the network with this name.
    #[must_use]
    pub fn new(client: Arc<LightClient>, network: &str) -> Self {
        Self { client, network: network.to_owned() }
    }

    /// The client.
    #[must_use]
    pub const fn client(&self) -> &Arc<LightClient> {
        &self.client
    }

    /// What a server reports; nothing of it is checked.
    async fn reported<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &(impl Serialize + Sync),
    ) -> Result<T, ApiError> {
        let client = &self.client;
        let asked = client
            .servers
            .ask(Route::Any, |_, server| async move { ask::call(&server, method, params).await });
        asked.await.map(|answered| answered.value).map_err(|none| client.to_api(&none))
    }
}

/// What a light client does not do.
fn absent<T>(what: &str) -> Result<T, ApiError> {
    Err(ApiError::NotAvailable { reason: format!("a light client has no {what}") })
}

#[async_trait]
impl NodeApi for LightFace {
    async fn chain_tip(&self) -> Result<Tip, ApiError> {
        self.tip().await
    }

    async fn chain_header(&self, block: BlockRef) -> Result<HeaderInfo, ApiError> {
        let proven = self.client.block(block).await.map_err(|none| self.client.to_api(&none))?;
        Ok(chain::header(&proven, self.prefix()))
    }

    async fn chain_block(&self, block: BlockRef) -> Result<BlockInfo, ApiError> {
        let whole = self.client.whole_block(block).await.map_err(|none| self.client.to_api(&none))?;
        Ok(chain::block(&whole.0, &whole.1, self.prefix()))
    }

    async fn chain_raw_block(&self, block: BlockRef) -> Result<HexBytes, ApiError> {
        let whole = self.client.whole_block(block).await.map_err(|none| self.client.to_api(&none))?;
        Ok(HexBytes::from(whole.1.encode()))
    }

    async fn chain_tx(&self, txid: Hash) -> Result<TxDetail, ApiError> {
        self.transaction(&txid).await
    }

    async fn chain_search(&self, text: String) -> Result<Vec<SearchHit>, ApiError> {
        self.search(&text).await
    }

    async fn chain_stats(&self, window: Option<u64>) -> Result<ChainStats, ApiError> {
        self.reported("chain_stats", &(window,)).await
    }

    async fn chain_poh(&self, block: BlockRef) -> Result<PohSegment, ApiError> {
        let segment = self.client.segment(block).await.map_err(|none| self.client.to_api(&none))?;
        Ok(segment.1)
    }

    async fn chain_forks(&self) -> Result<ForksReport, ApiError> {
        self.reported("chain_forks", &[(); 0]).await
    }

    async fn chain_supply(&self) -> Result<Supply, ApiError> {
        self.reported("chain_supply", &[(); 0]).await
    }

    async fn state_account(
        &self,
        address: AddressText,
        height: Option<Height>,
    ) -> Result<AccountInfo, ApiError> {
        self.account(&address, height).await
    }

    async fn state_proof(
        &self,
        address: AddressText,
        slots: Option<Vec<Hash>>,
        height: Option<Height>,
    ) -> Result<StateProof, ApiError> {
        self.proof(&address, &slots.unwrap_or_default(), height).await
    }

    async fn account_history(
        &self,
        address: AddressText,
        before: Option<u64>,
        limit: Option<u32>,
    ) -> Result<HistoryPage, ApiError> {
        self.history(&address, before, limit.unwrap_or(PAGE).clamp(1, PAGE_MAX)).await
    }

    async fn tx_submit(&self, transaction: HexBytes) -> Result<TxAccepted, ApiError> {
        let transaction = Transaction::decode(transaction.as_bytes())
            .map_err(|error| ApiError::InvalidParams { reason: error.to_string() })?;
        let client = &self.client;
        client.submit(&transaction).await.map_err(|none| match deliver::telling(&none) {
            Some((id, failure)) => failure.to_api(client.servers.server(*id).url()),
            None => client.to_api(&none),
        })
    }

    async fn tx_status(&self, txid: Hash) -> Result<TxStatus, ApiError> {
        self.status(&txid).await
    }

    async fn tx_fees(&self) -> Result<FeePrices, ApiError> {
        let fees = self.client.fees().await.map_err(|none| self.client.to_api(&none))?;
        Ok(fees.value)
    }

    async fn mempool_info(&self) -> Result<MempoolInfo, ApiError> {
        self.reported("mempool_info", &[(); 0]).await
    }

    async fn mempool_list(&self, limit: Option<u32>) -> Result<Vec<MempoolTx>, ApiError> {
        self.reported("mempool_list", &(limit,)).await
    }

    async fn miner_status(&self) -> Result<MinerStatus, ApiError> {
        self.reported("miner_status", &[(); 0]).await
    }

    async fn net_info(&self) -> Result<NetInfo, ApiError> {
        // This machine is no node among peers: its servers are told by the client's standing.
        Ok(NetInfo::default())
    }

    async fn node_info(&self) -> Result<NodeInfo, ApiError> {
        self.node().await
    }

    async fn node_health(&self) -> Result<NodeHealth, ApiError> {
        Ok(self.health())
    }

    async fn poh_status(&self) -> Result<PohStatus, ApiError> {
        self.reported("poh_status", &[(); 0]).await
    }

    async fn light_tip(&self, _: Option<Hash>) -> Result<LightTip, ApiError> {
        absent("chain to prove anything with")
    }

    async fn light_prove(&self, _: Hash, _: Hash, _: u32, _: u32) -> Result<LightProof, ApiError> {
        absent("chain to prove anything with")
    }

    async fn light_headers(&self, _: Hash, _: Option<u32>) -> Result<LightHeaders, ApiError> {
        absent("chain to prove anything with")
    }

    async fn light_ancestor(&self, _: Hash, _: Height) -> Result<LightAncestor, ApiError> {
        absent("chain to prove anything with")
    }

    async fn light_poh_fault(&self, _: Hash) -> Result<LightPohFault, ApiError> {
        absent("chain to prove anything with")
    }

    async fn chain_subscribe_tip(&self) -> Result<ApiStream<Tip>, ApiError> {
        Ok(self.tips())
    }

    async fn account_subscribe(&self, address: AddressText) -> Result<ApiStream<AccountInfo>, ApiError> {
        address.decode(self.prefix())?;
        Ok(self.accounts(address))
    }

    async fn light_subscribe(&self, _: Hash) -> Result<ApiStream<LightHeaders>, ApiError> {
        absent("chain to prove anything with")
    }

    async fn mempool_subscribe(&self) -> Result<ApiStream<MempoolEvent>, ApiError> {
        absent("pool of its own")
    }
}

/// The state after a block that cannot be shown: too old, too new, or not on the chain.
fn no_state(height: Height) -> ApiError {
    ApiError::not_found(
        Subject::State,
        format!("after height {height}, which is not among the proven blocks that are kept,"),
    )
}
