//! The pool: `mempool_info`, `mempool_list`.

use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::*;

use super::{Core, convert};

/// Transactions of one list, unless told otherwise.
const LIST: u32 = 100;
/// The most transactions of one list.
const LIST_MAX: u32 = 1_000;

impl Core {
    pub(super) async fn mempool_info(&self) -> Result<MempoolInfo, ApiError> {
        let info = self.pool.read(|pool| pool.info()).await;
        let info = info.map_err(|error| convert::submit(error, self.tip_height()))?;
        Ok(MempoolInfo {
            transactions: info.transactions as u64,
            senders: info.senders as u64,
            bytes: info.bytes as u64,
            memory_bytes: info.memory_bytes as u64,
            memory_bytes_max: info.memory_bytes_max as u64,
            per_sender_max: info.per_sender_max as u64,
            price_min: info.price_min,
            age_max_ms: info.age_max_ms,
        })
    }

    pub(super) async fn mempool_list(&self, limit: Option<u32>) -> Result<Vec<MempoolTx>, ApiError> {
        let limit = limit.unwrap_or(LIST).min(LIST_MAX) as usize;
        let listed =
            self.pool.read(move |pool| pool.in_order().take(limit).cloned().collect::<Vec<_>>()).await;
        let listed = listed.map_err(|error| convert::submit(error, self.tip_height()))?;
        let item = |(place, tx): (u64, std::sync::Arc<vibecoin_mempool::PooledTx>)| MempoolTx {
            transaction: convert::transaction(tx.transaction(), self.prefix()),
            place,
            since: tx.arrival(),
        };
        Ok((1..).zip(listed).map(item).collect())
    }
}
