//! The first minute on a network of one's own: something to spend, and then a block every T.
//!
//! Only where the difficulty stays, no peer is connected and the node is this program's: mining is then nobody's
//! business but this user's, and coins are worth nothing.

use vibecoin_client::api::{AddressText, OperatorApi};

use super::ClientBackend;
use crate::backend::Event;
use crate::format;
use crate::safe::ink;

/// Blocks for the first wallet that is opened on a new chain: the first ten rewards are spendable after them.
const FIRST_BLOCKS: u32 = 110;

/// Gives a wallet on a new chain its blocks, and has the miner go on.
pub(super) async fn begin(backend: &ClientBackend, operator: &dyn OperatorApi, to: AddressText) {
    let Ok(info) = backend.node().node_info().await else { return };
    if info.retargets || info.peers > 0 || info.mining {
        return;
    }
    if info.tip.height.get() == 0 {
        let every = format::millis(info.interval_ms);
        let words = ink!(
            "This {} is new and yours alone: {FIRST_BLOCKS} blocks are mined to your wallet now, then one every {every}.",
            crate::safe::SafeText::new(&info.network)
        );
        backend.notice(words).await;
        if let Err(error) = operator.dev_mine(FIRST_BLOCKS, Some(to.clone())).await {
            backend
                .notice(crate::safe::SafeText::new(&format!("mining the first blocks failed: {error}")))
                .await;
            return;
        }
        // The balance is worth reading again, whatever the tips that passed said.
        let _ = backend.events.send(Event::WalletChanged).await;
    }
    // One thread is plenty where blocks are paced.
    if let Ok(status) = operator.miner_start(Some(to), Some(1)).await
        && let Ok(miner) = super::chain::miner(backend, Some(status)).await
    {
        let _ = backend.events.send(Event::Miner(Box::new(miner))).await;
    }
}
