//! Transactions: `chain_tx`, `tx_submit`, `tx_status`, `tx_fees`.

use std::sync::Arc;

use vibecoin_chain::View;
use vibecoin_crypto::{Hash, merkle};
use vibecoin_mempool::{Departure, PoolError, PooledTx};
use vibecoin_primitives::{Height, Status, Transaction};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, Subject};
use vibecoin_storage::{blocks, transactions};

use super::chain::confirmations;
use super::{Core, convert};
use crate::pool::SubmitError;

impl Core {
    /// The transaction with this id in the pool.
    pub(super) async fn waiting(&self, txid: Hash) -> Result<Option<Arc<PooledTx>>, ApiError> {
        let found = self.pool.read(move |pool| pool.get(&txid).map(Arc::clone)).await;
        found.map_err(|error| convert::submit(error, self.next_height()))
    }

    fn next_height(&self) -> Height {
        self.tip_height().next().unwrap_or_default()
    }

    pub(super) async fn tx(self: &Arc<Self>, txid: Hash) -> Result<TxDetail, ApiError> {
        if let Some(mined) = self.read(move |core, view| core.mined_tx(view, txid)).await? {
            return Ok(mined);
        }
        let waiting =
            self.waiting(txid).await?.ok_or_else(|| ApiError::not_found(Subject::Transaction, txid))?;
        let transaction = waiting.transaction();
        Ok(TxDetail {
            transaction: convert::transaction(transaction, self.prefix()),
            raw: HexBytes::from(transaction.encode()),
            receipt: None,
            block: None,
            position: None,
            confirmations: 0,
            merkle_path: Vec::new(),
        })
    }

    fn mined_tx(&self, view: &View, txid: Hash) -> Result<Option<TxDetail>, ApiError> {
        let rows = view.rows();
        let Some(record) = transactions::find(rows, &txid).map_err(convert::store)? else { return Ok(None) };
        let broken = || ApiError::internal(format!("block {} is not whole", record.block));
        let all = blocks::transactions(rows, &record.block).map_err(convert::store)?.ok_or_else(broken)?;
        let header = blocks::header(rows, &record.block).map_err(convert::store)?.ok_or_else(broken)?;
        let index = record.index as usize;
        let transaction = all.get(index).ok_or_else(broken)?;
        let leaves: Vec<Hash> = all.iter().map(Transaction::leaf_hash).collect();
        Ok(Some(TxDetail {
            transaction: convert::transaction(transaction, self.prefix()),
            raw: HexBytes::from(transaction.encode()),
            receipt: Some(convert::receipt(&record.receipt, transaction.body.gas_price, self.prefix())),
            block: Some(BlockPlace { height: record.height, id: record.block, time: header.time }),
            position: Some(record.index),
            confirmations: confirmations(view, record.height),
            merkle_path: merkle::path(&leaves, index).unwrap_or_default(),
        }))
    }

    pub(super) async fn submit_bytes(self: &Arc<Self>, bytes: HexBytes) -> Result<TxAccepted, ApiError> {
        let transaction =
            vibecoin_consensus::rules::decode_transaction(bytes.as_bytes()).map_err(|error| {
                ApiError::TxRefused {
                    rule: error.rule().to_owned(),
                    reason: convert::without_rule(error.rule(), &error.to_string()),
                }
            })?;
        self.submit(transaction).await
    }

    /// Takes a transaction into the pool. One that waits already, or has been mined, was taken as well: whoever lost
    /// the answer may ask again.
    pub(super) async fn submit(self: &Arc<Self>, transaction: Transaction) -> Result<TxAccepted, ApiError> {
        let (txid, leaf_hash) = (transaction.id(), transaction.leaf_hash());
        match self.pool.submit(transaction).await {
            Ok(taken) => Ok(TxAccepted {
                txid: taken.txid,
                leaf_hash: taken.leaf_hash,
                known: taken.known,
                replaced: taken.replaced,
            }),
            Err(error @ SubmitError::Refused(PoolError::NonceUsed { .. })) => {
                let mined =
                    self.read(move |_, view| transactions::find(view.rows(), &txid).map_err(convert::store));
                match mined.await? {
                    Some(_) => Ok(TxAccepted { txid, leaf_hash, known: true, replaced: None }),
                    None => Err(convert::submit(error, self.next_height())),
                }
            }
            Err(error) => Err(convert::submit(error, self.next_height())),
        }
    }

    pub(super) async fn tx_status(self: &Arc<Self>, txid: Hash) -> Result<TxStatus, ApiError> {
        // The pool first, and the chain has the last word: a block is on the disk before the pool hears of it.
        let reading = move |pool: &vibecoin_mempool::Mempool| match pool.get(&txid) {
            Some(tx) => Some(TxStatus::Pending {
                place: pool.position(&txid).unwrap_or(1),
                of: pool.len() as u64,
                since: tx.arrival(),
                valid_until: tx.valid_until().get(),
            }),
            None => pool.departure(&txid).and_then(|departure| match departure {
                Departure::Expired => Some(TxStatus::Expired { dead: true }),
                Departure::TooOld => Some(TxStatus::Expired { dead: false }),
                Departure::Replaced { by } => Some(TxStatus::Replaced { by }),
                Departure::Mined
                | Departure::Evicted
                | Departure::Gap
                | Departure::Unfunded
                | Departure::Refused => None,
            }),
        };
        let waiting =
            self.pool.read(reading).await.map_err(|error| convert::submit(error, self.next_height()))?;
        let mined = self.read(move |_, view| {
            let record = transactions::find(view.rows(), &txid).map_err(convert::store)?;
            Ok(record.map(|record| TxStatus::Mined {
                height: record.height,
                id: record.block,
                position: record.index,
                confirmations: confirmations(view, record.height),
                succeeded: record.receipt.status == Status::Done,
            }))
        });
        Ok(mined.await?.or(waiting).unwrap_or(TxStatus::Unknown))
    }

    pub(super) async fn fees(&self) -> Result<FeePrices, ApiError> {
        let prices = self.pool.read(|pool| pool.fees()).await;
        let prices = prices.map_err(|error| convert::submit(error, self.next_height()))?;
        Ok(FeePrices {
            blocks_1: prices.blocks_1,
            blocks_3: prices.blocks_3,
            blocks_10: prices.blocks_10,
            minimum: prices.minimum,
        })
    }
}
