//! The pool, translated.

use vibecoin_client::WalletError;
use vibecoin_client::api::MempoolTx;
use vibecoin_primitives::Address;

use super::{ClientBackend, chain::Names};
use crate::model::*;
use crate::safe::SafeText;

/// As many as a node lists at once.
const ROWS_MAX: u32 = 1_000;

/// The pool as it is now.
pub(super) async fn view(backend: &ClientBackend) -> Result<PoolView, WalletError> {
    let info = backend.node().mempool_info().await?;
    let list = backend.node().mempool_list(Some(ROWS_MAX)).await?;
    let node = backend.node().node_info().await?;
    let names = backend.names();
    let mut view = PoolView {
        transactions: info.transactions,
        senders: info.senders,
        bytes: info.bytes,
        memory: (info.memory_bytes, info.memory_bytes_max),
        price_min: info.price_min,
        block_gas: node.block_gas,
        block_bytes: node.block_bytes,
        rows: list.iter().map(|waiting| row(waiting, &names, backend)).collect(),
        mark: backend.marks().reported(),
    };
    fill_blocks(&mut view);
    Ok(view)
}

fn row(waiting: &MempoolTx, names: &Names, backend: &ClientBackend) -> PoolRow {
    let tx = &waiting.transaction;
    let prefix = backend.facts().prefix;
    let is_own = |text: &str| Address::decode(text, prefix).is_ok_and(|address| names.is_own(&address));
    PoolRow {
        txid: SafeText::new(&tx.txid.to_string()),
        from: SafeText::new(tx.from.as_str()),
        to: tx.to.as_ref().map(|to| SafeText::new(to.as_str())),
        value: tx.value,
        price: tx.gas_price,
        gas: tx.gas_limit,
        size_bytes: tx.bytes,
        since_ms: waiting.since.get(),
        own: is_own(tx.from.as_str()) || tx.to.as_ref().is_some_and(|to| is_own(to.as_str())),
        block: 0,
    }
}

/// Lays the transactions into blocks, in their order, by the gas that they may use and their bytes. It is an estimate: they
/// may use less, and better ones may come.
fn fill_blocks(view: &mut PoolView) {
    let (mut block, mut gas, mut bytes) = (0_u32, 0_u64, 0_u64);
    for row in &mut view.rows {
        let over = gas.saturating_add(row.gas) > view.block_gas
            || bytes.saturating_add(row.size_bytes) > view.block_bytes;
        if over && gas > 0 {
            (block, gas, bytes) = (block.saturating_add(1), 0, 0);
        }
        gas = gas.saturating_add(row.gas);
        bytes = bytes.saturating_add(row.size_bytes);
        row.block = block;
    }
}
