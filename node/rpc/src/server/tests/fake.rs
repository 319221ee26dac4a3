//! A node that answers every method with a fixed example, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, Height, Timestamp};

use crate::api::{ApiStream, NodeApi, OperatorApi};
use crate::error::ApiError;
use crate::types::*;

pub const HASH: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
pub const ADDRESS: &str = "dvibe1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnyhs3kx";

pub const NODE: &str = "12D3KooW9pNAk8aiBuGVQtWRdbkLmo5qVL3e2h5UxbN2Nz9ttwiw";

/// See the module. `gone` fails every lookup, so that errors can be seen; `ticker` feeds `chain_subscribe_tip`.
pub struct Fake {
    pub asked: Mutex<Vec<String>>,
    pub ticker: broadcast::Sender<Tip>,
}

impl Fake {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { asked: Mutex::default(), ticker: broadcast::channel(4096).0 })
    }

    fn answer<T: DeserializeOwned>(&self, method: &str, asked: &str) -> Result<T, ApiError> {
        self.asked.lock().unwrap().push(format!("{method}({asked})"));
        Ok(serde_json::from_value(sample(method)).unwrap_or_else(|error| panic!("{method}: {error}")))
    }

    pub fn last(&self) -> String {
        self.asked.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

/// The JSON that a method answers with, or an item of its stream.
pub fn sample(method: &str) -> Value {
    let place = json!({ "height": 7, "id": HASH, "time": 1_767_225_607_000_u64 });
    let tip = json!({
        "height": 7, "id": HASH, "parent_id": HASH, "time": 1_767_225_607_000_u64,
        "work": "340282366920938463463374607431768211455", "bits": "0x207fffff", "tx_count": 1,
        "gas_used": 21_000, "beneficiary": ADDRESS,
    });
    let header = json!({
        "id": HASH, "height": 7, "version": 1, "parent_id": HASH, "prev_time": 6, "time": 7, "bits": "0x207fffff",
        "nonce": u64::MAX, "work": "14", "history_root": HASH, "content_root": HASH, "state_root": HASH,
        "tx_root": HASH, "receipts_root": HASH, "poh_root": HASH, "poh_hash": HASH, "beneficiary": ADDRESS,
        "gas_used": 21_000, "tx_count": 1, "header": "00ff", "content": "", "status": "valid", "active": true, "confirmations": 1,
    });
    let transaction = json!({
        "txid": HASH, "leaf_hash": HASH, "from": ADDRESS, "to": ADDRESS, "value": "18446744073709551615",
        "fee_max": "336000", "nonce": 0, "gas_limit": 21_000, "gas_price": 16, "valid_until": 0, "data": "6869",
        "bytes": 168,
    });
    let accepted = json!({ "txid": HASH, "leaf_hash": HASH, "known": false, "replaced": null });
    let submitted = json!({ "verdict": "extended", "id": HASH, "height": 7 });
    let account = json!({
        "address": ADDRESS, "height": 7, "block_id": HASH, "balance": "1500000000", "nonce": 3, "code_hash": null,
        "activity_count": 4, "activity_head": HASH, "activity_height": 6, "maturing": "2000000000",
        "next_maturing": { "height": 101, "amount": "2000000000" },
        "pending": { "count": 1, "outgoing": "5", "incoming": "0", "next_nonce": 4 },
    });
    let miner = json!({
        "state": "pacing", "running": true, "threads": 2, "threads_max": 8, "paced": true, "interval_ms": 1000,
        "beneficiary": ADDRESS, "hashes_per_s": 1.5, "expected_ms": null,
        "blocks_found": 3, "last_found": place, "height": 8, "transactions": 0, "reward": "2000000000",
        "poh_segment_ms": 0.25,
    });
    let reorganisation = json!({
        "number": 0, "time": 9, "fork_height": 4, "from": HASH, "to": HASH, "reverted": 1, "connected": 2,
        "alarming": false,
    });
    let sync = json!({
        "phase": "blocks", "from": 1, "at": 7, "to": 9, "done": 0.75, "rate_per_s": 2.5, "eta_s": 1,
    });
    let kind = json!({
        "kind": "blocks", "in_bytes": 5, "out_bytes": 6, "in_messages": 1, "out_messages": 2,
    });
    let ban = json!({
        "who": "203.0.113.0/24", "since": 5, "until": 9, "reason": "spam", "by_operator": true,
    });
    let storage = json!({
        "disk_bytes": 5, "log_bytes": 1, "memory_bytes": 2, "archive": false, "states_from": 0,
        "history_missing_below": null, "undo_from": 0, "prune_ticks": true, "ticks_from": 3, "verify_poh_depth": 17_280,
        "kinds": [{ "kind": "bodies", "disk_bytes": 4, "memory_bytes": 2, "rows": 7 }],
        "repair": { "reason": "a row was damaged", "tip_before": null, "height": 7, "shortened_by": 1,
            "bodies_lost": 1, "headers_lost": 0 },
        "recovered": null,
    });
    match method {
        "chain_tip" | "chain_subscribe_tip" | "dev_revert" => tip,
        "chain_header" => header,
        "chain_block" => json!({
            "header": header, "bytes": 600, "subsidy": "2000000000", "tips": "315000", "burned": "21000",
            "transactions": [transaction],
        }),
        "chain_raw_block" => json!("00ff10"),
        "chain_tx" => json!({
            "transaction": transaction, "raw": "0102", "block": place, "position": 0, "confirmations": 1,
            "receipt": { "succeeded": true, "gas_used": 21_000, "fee": "336000", "burned": "21000",
                "tip": "315000", "contract": null },
            "merkle_path": [HASH],
        }),
        "chain_search" => json!([
            { "kind": "block", "height": 7, "id": HASH }, { "kind": "transaction", "txid": HASH },
            { "kind": "account", "address": ADDRESS, "known": false },
        ]),
        "chain_stats" => json!({
            "from_height": 1, "to_height": 7, "blocks": 7, "transactions": 1, "interval_ms": 1000.5,
            "transactions_per_s": 0.125, "gas_used": 21_000, "fullness": 0.5, "work": "14", "hashes_per_s": 2.0,
            "bits": "0x207fffff", "miners": 1,
        }),
        "chain_poh" => json!({
            "height": 7, "id": HASH, "parent_id": HASH, "seed": HASH, "hashes_per_tick": 64, "ticks": [HASH, HASH],
            "poh_root": HASH, "tx_root": HASH, "poh_hash": HASH,
        }),
        "chain_forks" => json!({
            "branches": [{ "id": HASH, "height": 6, "work": "12", "fork_height": 4, "length": 2, "status": "header",
                "bodies_missing": 1, "missing_from": 6 }],
            "reorganisations": [reorganisation],
        }),
        "chain_supply" => json!({
            "height": 7, "id": HASH, "allocated": "100", "issued": "14", "balances": "100", "maturing": "13",
            "burned": "1", "balanced": true,
        }),
        "state_account" | "account_subscribe" => account,
        "state_proof" => json!({
            "height": 7, "block_id": HASH, "state_root": HASH, "address": ADDRESS, "account": "0102",
            "proof": "0304", "slots": [{ "slot": HASH, "value": null, "proof": "05" }],
        }),
        "account_history" => json!({
            "height": 7, "block_id": HASH, "count": 2, "head": HASH, "next_before": 0,
            "entries": [
                { "index": 1, "height": 6, "time": 6, "kind": "sent", "counterparty": ADDRESS, "amount": "5",
                    "fee": "336000", "txid": HASH, "position": 0, "memo": "6869" },
                { "index": 0, "height": 5, "time": null, "kind": "mined_reward", "counterparty": null,
                    "amount": "2000000000", "fee": "0", "txid": null, "position": null, "memo": null },
            ],
        }),
        "tx_submit" | "dev_faucet" => accepted,
        "tx_status" => json!({ "status": "pending", "place": 1, "of": 3, "since": 5, "valid_until": 0 }),
        "tx_fees" => json!({ "blocks_1": 32, "blocks_3": 20, "blocks_10": 16, "minimum": 16 }),
        "mempool_info" => json!({
            "transactions": 1, "senders": 1, "bytes": 168, "memory_bytes": 400, "memory_bytes_max": 1_000_000,
            "per_sender_max": 64, "price_min": 16, "age_max_ms": 1000,
        }),
        "mempool_list" => json!([{ "transaction": transaction, "place": 1, "since": 5 }]),
        "mempool_subscribe" => json!({ "event": "removed", "txid": HASH, "reason": "mined" }),
        "miner_status" | "miner_start" | "miner_stop" => miner,
        "miner_template" => json!({
            "id": HASH, "height": 8, "parent_id": HASH, "header": "00", "nonce_offset": 96, "bits": "0x207fffff",
            "target": HASH, "time_min": 8, "transactions": 0, "reward": "2000000000",
        }),
        "chain_submit" | "miner_submit" => submitted,
        "net_info" => json!({
            "enabled": true, "node_id": NODE, "agent": "vibecoin/0.1.0", "protocol_version": 1,
            "listening": ["/ip4/127.0.0.1/tcp/28423"],
            "external": [{ "address": "/ip4/203.0.113.7/tcp/28423", "known_by": "confirmed" }],
            "nat": { "reachability": "public", "upnp": "mapped", "relay_server": false },
            "peers": { "inbound": 1, "outbound": 2 }, "limits": { "inbound_max": 64, "outbound_target": 10 },
            "traffic": { "in_bytes": 5, "out_bytes": 6, "kinds": [kind] },
            "book": { "new": 7, "tried": 3, "anchors": ["/ip4/203.0.113.9/tcp/28423"] },
            "dials": { "started": 9, "connected": 4, "failed": 5 },
            "faults": [{ "reason": "bad_signature", "count": 2 }], "bans": 1, "paused": false, "sync": sync,
            "servers": [{ "node_id": NODE, "in_flight": 16, "served": 100, "bytes_per_s": 9, "stalling": false }],
        }),
        "net_peers" => json!([{
            "node_id": NODE, "address": "/ip4/203.0.113.9/tcp/28423", "direction": "outbound", "kind": "feeler",
            "relay": null, "agent": "vibecoin/0.1.0", "protocol_version": 1, "capabilities": ["full"],
            "claimed": { "height": 9, "work": "18", "tip": HASH }, "latency_ms": 12.5, "connected_since": 5,
            "in_bytes": 5, "out_bytes": 6, "traffic": [kind], "score": 20, "score_max": 100,
            "faults": [{ "time": 6, "reason": "a header with a wrong target", "points": 20 }],
            "in_flight": [{ "kind": "bodies", "count": 16, "oldest_ms": 40 }],
            "last_message": { "kind": "headers", "time": 8 },
        }]),
        "net_add" => json!({ "address": "/dns4/seed.example/tcp/28423", "known": false, "connected": false }),
        "net_ban" | "net_unban" => ban,
        "net_bans" => json!({
            "bans": [ban],
            "goodbyes": [{ "node_id": NODE, "address": "/ip4/203.0.113.9/tcp/28423", "time": 8,
                "reason": "too many requests", "banned": true }],
        }),
        "node_info" => json!({
            "version": "0.1.0", "network": "devnet", "chain_id": 84232, "genesis_id": HASH, "genesis_time": 1,
            "address_prefix": "dvibe", "interval_ms": 1000, "retargets": false, "block_gas": 600_000_000,
            "block_bytes": 8_388_608, "phase": "waiting_for_start", "starts_in_ms": 5, "synced": true, "peers": 3,
            "peers_outbound": 2, "sync": sync, "tip": tip, "mining": false, "time": 9, "clock_offset_ms": 0, "uptime_ms": 1,
            "best_header": { "id": HASH, "height": 8, "work": "16" },
            "waiting": { "headers_only": 1, "orphans": 0, "held": 0 },
            "storage": storage,
        }),
        "node_health" => {
            json!({
                "healthy": false, "ready": true, "problems": ["disk full"], "warnings": ["repaired"],
                "alarm": reorganisation, "tip_age_ms": 1,
            })
        }
        "poh_status" => json!({
            "ticks": 64, "hashes_per_tick": 64, "hashes_per_s": 1.5, "segment_ms": 0.5, "segments": 3,
            "parent_id": HASH, "last_tick": HASH,
        }),
        "light_tip" => json!({
            "id": HASH, "height": 7, "work": "14", "header": "00ff", "content": "01", "peaks": "",
        }),
        "light_prove" => json!({ "proof": "00000000" }),
        "light_headers" | "light_subscribe" => json!({
            "fork_id": HASH, "fork_height": 5, "records": "0102", "tip_id": HASH, "tip_height": 7, "tip_work": "14",
        }),
        "light_ancestor" => json!({ "record": "01", "id": HASH, "content": "02", "path": "03" }),
        "light_poh_fault" => json!({ "fault": null }),
        "node_stop" => json!({ "within_ms": 10_000 }),
        "node_logs" => json!({
            "sequence": 1, "time": 5, "level": "warn", "target": "vibecoin_node", "message": "hello",
        }),
        "dev_mine" => json!({ "blocks": [HASH], "tip": tip }),
        "dev_warp" => json!({ "offset_ms": 5, "time": 9 }),
        "dev_snapshot" => json!({ "snapshot": 1, "tip": tip }),
        other => panic!("no example for {other}"),
    }
}

fn once<T: Send + 'static>(item: T) -> ApiStream<T> {
    stream::iter([item]).chain(stream::pending()).boxed()
}

#[async_trait]
impl NodeApi for Fake {
    async fn chain_tip(&self) -> Result<Tip, ApiError> {
        self.answer("chain_tip", "")
    }
    async fn chain_header(&self, block: BlockRef) -> Result<HeaderInfo, ApiError> {
        if block == BlockRef::Height(Height::new(404)) {
            return Err(ApiError::not_found(crate::error::Subject::Block, block));
        }
        self.answer("chain_header", &block.to_string())
    }
    async fn chain_block(&self, block: BlockRef) -> Result<BlockInfo, ApiError> {
        self.answer("chain_block", &block.to_string())
    }
    async fn chain_raw_block(&self, block: BlockRef) -> Result<HexBytes, ApiError> {
        self.answer("chain_raw_block", &block.to_string())
    }
    async fn chain_tx(&self, txid: Hash) -> Result<TxDetail, ApiError> {
        self.answer("chain_tx", &txid.to_string())
    }
    async fn chain_search(&self, text: String) -> Result<Vec<SearchHit>, ApiError> {
        self.answer("chain_search", &text)
    }
    async fn chain_stats(&self, window: Option<u64>) -> Result<ChainStats, ApiError> {
        self.answer("chain_stats", &format!("{window:?}"))
    }
    async fn chain_poh(&self, block: BlockRef) -> Result<PohSegment, ApiError> {
        self.answer("chain_poh", &block.to_string())
    }
    async fn chain_forks(&self) -> Result<ForksReport, ApiError> {
        self.answer("chain_forks", "")
    }
    async fn chain_supply(&self) -> Result<Supply, ApiError> {
        self.answer("chain_supply", "")
    }
    async fn state_account(
        &self,
        address: AddressText,
        height: Option<Height>,
    ) -> Result<AccountInfo, ApiError> {
        self.answer("state_account", &format!("{address} {height:?}"))
    }
    async fn state_proof(
        &self,
        address: AddressText,
        slots: Option<Vec<Hash>>,
        height: Option<Height>,
    ) -> Result<StateProof, ApiError> {
        self.answer("state_proof", &format!("{address} {slots:?} {height:?}"))
    }
    async fn account_history(
        &self,
        address: AddressText,
        before: Option<u64>,
        limit: Option<u32>,
    ) -> Result<HistoryPage, ApiError> {
        self.answer("account_history", &format!("{address} {before:?} {limit:?}"))
    }
    async fn tx_submit(&self, transaction: HexBytes) -> Result<TxAccepted, ApiError> {
        self.answer("tx_submit", &transaction.to_string())
    }
    async fn tx_status(&self, txid: Hash) -> Result<TxStatus, ApiError> {
        self.answer("tx_status", &txid.to_string())
    }
    async fn tx_fees(&self) -> Result<FeePrices, ApiError> {
        self.answer("tx_fees", "")
    }
    async fn mempool_info(&self) -> Result<MempoolInfo, ApiError> {
        self.answer("mempool_info", "")
    }
    async fn mempool_list(&self, limit: Option<u32>) -> Result<Vec<MempoolTx>, ApiError> {
        self.answer("mempool_list", &format!("{limit:?}"))
    }
    async fn miner_status(&self) -> Result<MinerStatus, ApiError> {
        self.answer("miner_status", "")
    }
    async fn net_info(&self) -> Result<NetInfo, ApiError> {
        self.answer("net_info", "")
    }
    async fn node_info(&self) -> Result<NodeInfo, ApiError> {
        self.answer("node_info", "")
    }
    async fn node_health(&self) -> Result<NodeHealth, ApiError> {
        self.answer("node_health", "")
    }
    async fn poh_status(&self) -> Result<PohStatus, ApiError> {
        self.answer("poh_status", "")
    }
    async fn light_tip(&self, id: Option<Hash>) -> Result<LightTip, ApiError> {
        self.answer("light_tip", &format!("{id:?}"))
    }
    async fn light_prove(
        &self,
        tip_id: Hash,
        seed: Hash,
        last: u32,
        draws: u32,
    ) -> Result<LightProof, ApiError> {
        self.answer("light_prove", &format!("{tip_id} {seed} {last} {draws}"))
    }
    async fn light_headers(&self, from_id: Hash, limit: Option<u32>) -> Result<LightHeaders, ApiError> {
        self.answer("light_headers", &format!("{from_id} {limit:?}"))
    }
    async fn light_ancestor(&self, tip_id: Hash, height: Height) -> Result<LightAncestor, ApiError> {
        self.answer("light_ancestor", &format!("{tip_id} {height}"))
    }
    async fn light_poh_fault(&self, block: Hash) -> Result<LightPohFault, ApiError> {
        self.answer("light_poh_fault", &block.to_string())
    }
    async fn chain_subscribe_tip(&self) -> Result<ApiStream<Tip>, ApiError> {
        let first: Tip = self.answer("chain_subscribe_tip", "")?;
        let later = stream::unfold(self.ticker.subscribe(), |mut ticks| async move {
            ticks.recv().await.ok().map(|tip| (tip, ticks))
        });
        Ok(stream::iter([first]).chain(later).boxed())
    }
    async fn account_subscribe(&self, address: AddressText) -> Result<ApiStream<AccountInfo>, ApiError> {
        self.answer("account_subscribe", &address.to_string()).map(once)
    }
    async fn mempool_subscribe(&self) -> Result<ApiStream<MempoolEvent>, ApiError> {
        self.answer("mempool_subscribe", "").map(once)
    }
    async fn light_subscribe(&self, from_id: Hash) -> Result<ApiStream<LightHeaders>, ApiError> {
        self.answer("light_subscribe", &from_id.to_string()).map(once)
    }
}

#[async_trait]
impl OperatorApi for Fake {
    async fn chain_submit(&self, block: HexBytes) -> Result<Submitted, ApiError> {
        self.answer("chain_submit", &block.to_string())
    }
    async fn miner_template(&self, beneficiary: Option<AddressText>) -> Result<Template, ApiError> {
        self.answer("miner_template", &format!("{beneficiary:?}"))
    }
    async fn miner_submit(
        &self,
        template: Hash,
        nonce: u64,
        time: Option<Timestamp>,
    ) -> Result<Submitted, ApiError> {
        self.answer("miner_submit", &format!("{template} {nonce} {time:?}"))
    }
    async fn miner_start(
        &self,
        beneficiary: Option<AddressText>,
        threads: Option<u32>,
    ) -> Result<MinerStatus, ApiError> {
        self.answer("miner_start", &format!("{beneficiary:?} {threads:?}"))
    }
    async fn miner_stop(&self) -> Result<MinerStatus, ApiError> {
        self.answer("miner_stop", "")
    }
    async fn net_peers(&self) -> Result<Vec<PeerInfo>, ApiError> {
        self.answer("net_peers", "")
    }
    async fn net_add(&self, address: PeerAddress) -> Result<NetAdded, ApiError> {
        self.answer("net_add", &address.to_string())
    }
    async fn net_ban(
        &self,
        who: BanTarget,
        seconds: Option<u64>,
        reason: Option<String>,
    ) -> Result<BanInfo, ApiError> {
        self.answer("net_ban", &format!("{who} {seconds:?} {reason:?}"))
    }
    async fn net_unban(&self, who: BanTarget) -> Result<BanInfo, ApiError> {
        self.answer("net_unban", &who.to_string())
    }
    async fn net_bans(&self) -> Result<NetBans, ApiError> {
        self.answer("net_bans", "")
    }
    async fn node_stop(&self) -> Result<Stopping, ApiError> {
        self.answer("node_stop", "")
    }
    async fn dev_mine(&self, blocks: u32, beneficiary: Option<AddressText>) -> Result<DevMined, ApiError> {
        self.answer("dev_mine", &format!("{blocks} {beneficiary:?}"))
    }
    async fn dev_faucet(&self, address: AddressText, amount: Amount) -> Result<TxAccepted, ApiError> {
        self.answer("dev_faucet", &format!("{address} {}", amount.beats()))
    }
    async fn dev_warp(&self, ms: u64) -> Result<DevClock, ApiError> {
        self.answer("dev_warp", &ms.to_string())
    }
    async fn dev_snapshot(&self) -> Result<DevSnapshot, ApiError> {
        self.answer("dev_snapshot", "")
    }
    async fn dev_revert(&self, snapshot: Option<u64>) -> Result<Tip, ApiError> {
        self.answer("dev_revert", &format!("{snapshot:?}"))
    }
    async fn node_logs(&self) -> Result<ApiStream<LogLine>, ApiError> {
        self.answer("node_logs", "").map(once)
    }
}
