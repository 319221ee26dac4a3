//! Transactions: where they are, as far as the chain shows it.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, EntryKind, Timestamp};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::{HexBytes, ReceiptInfo, TxDetail, TxStatus};

use super::{LightFace, chain};
use crate::light::ask;
use crate::light::failure::Failure;
use crate::light::servers::{Route, ServerId};
use crate::light::values::NoValue;
use crate::light::values::transaction::{Found, Included};

impl LightFace {
    pub(super) async fn transaction(&self, txid: &Hash) -> Result<TxDetail, ApiError> {
        let sender = self.client.handed(txid).map(|transaction| transaction.body.sender());
        let found = self.client.transaction(txid, sender.as_ref()).await;
        match found.map_err(|none| self.client.to_api(&none))?.0 {
            Found::Included(included) => {
                let Included { transaction, block, position, said } = *included;
                let price = transaction.body.gas_price;
                Ok(TxDetail {
                    transaction: chain::transaction(&transaction, self.prefix()),
                    raw: HexBytes::from(transaction.encode()),
                    receipt: said.receipt.map(|receipt| consistent(receipt, price)),
                    block: Some(chain::place(&block)),
                    position: Some(position),
                    confirmations: block.confirmations,
                    merkle_path: said.merkle_path,
                })
            }
            Found::Waiting { transaction, .. } => Ok(TxDetail {
                transaction: chain::transaction(&transaction, self.prefix()),
                raw: HexBytes::from(transaction.encode()),
                receipt: None,
                block: None,
                position: None,
                confirmations: 0,
                merkle_path: Vec::new(),
            }),
        }
    }

    /// Where a transaction is. That it is mined is proven. That it waits is reported. That another took its place, or
    /// that it is dead, is for the wallet to conclude from what is proven, so no server can say it.
    pub(super) async fn status(&self, txid: &Hash) -> Result<TxStatus, ApiError> {
        let sender = self.client.handed(txid).map(|transaction| transaction.body.sender());
        match self.client.transaction(txid, sender.as_ref()).await {
            Ok((Found::Included(included), _)) => Ok(TxStatus::Mined {
                height: included.block.linked.header.height,
                id: included.block.linked.id,
                position: included.position,
                confirmations: included.block.confirmations,
                succeeded: self.succeeded(txid, &included).await,
            }),
            Ok((Found::Waiting { transaction, .. }, by)) => {
                Ok(self.waiting(txid, by, transaction.body.valid_until).await)
            }
            Err(none) if is_unknown(&none) => Ok(TxStatus::Unknown),
            Err(none) => Err(self.client.to_api(&none)),
        }
    }

    /// The place in a server's pool, as it says.
    async fn waiting(&self, txid: &Hash, by: ServerId, valid_until: u64) -> TxStatus {
        let asked = self.client.servers.ask(Route::Only(by), |_, server| async move {
            ask::call::<TxStatus>(&server, "tx_status", &(txid,)).await
        });
        let (place, of, since) = match asked.await.map(|answered| answered.value) {
            Ok(TxStatus::Pending { place, of, since, .. }) => (place, of, since),
            Ok(_) | Err(_) => (0, 0, Timestamp::new(0)),
        };
        TxStatus::Pending { place, of, since, valid_until }
    }

    /// Whether a transaction of the chain did what it should. A server's word that it failed is not taken: somebody
    /// would pay twice. The sender's proven history tells, once the block is believed; before that it is taken for done.
    async fn succeeded(&self, txid: &Hash, included: &Included) -> bool {
        let says_done = included.said.receipt.as_ref().is_none_or(|receipt| receipt.succeeded);
        let may_fail = included.transaction.body.to.is_none() || !included.transaction.body.data.is_empty();
        if says_done && !may_fail {
            return true;
        }
        self.entry_kind(txid, included).await.is_none_or(|kind| kind != EntryKind::Failed)
    }

    /// What the sender's proven history calls a transaction; none if it does not reach so far.
    async fn entry_kind(&self, txid: &Hash, included: &Included) -> Option<EntryKind> {
        let sender = included.transaction.body.sender();
        let account = self.client.account(&sender).await.ok()?.value;
        let page = self.client.history(&sender, &account, None, super::PAGE_MAX).await.ok()?;
        page.entries.iter().find(|checked| checked.entry.txid == *txid).map(|checked| checked.entry.kind)
    }
}

/// A reported receipt whose sums at least are right.
fn consistent(receipt: ReceiptInfo, gas_price: u64) -> ReceiptInfo {
    let gas = Amount::from_beats(receipt.gas_used);
    let fee = gas.checked_mul(gas_price).unwrap_or(Amount::MAX);
    ReceiptInfo { fee, burned: gas, tip: fee.saturating_sub(gas), ..receipt }
}

/// True if everybody who answered does not know it.
fn is_unknown(none: &NoValue) -> bool {
    let unknown = |failure: &Failure| matches!(failure, Failure::NotThere);
    none.failures.iter().any(|(_, failure)| unknown(failure))
        && none.failures.iter().all(|(_, failure)| unknown(failure) || failure.is_absence())
}
