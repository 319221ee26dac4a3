//! Transactions: whether they are in the proven chain, where, and how deep.

use std::sync::Arc;

use vibecoin_crypto::{Hash, merkle};
use vibecoin_primitives::{Address, Height, Transaction};
use vibecoin_rpc::types::{BlockRef, TxDetail};

use super::block::{ProvenBlock, confirmations};
use super::{Failure, LightClient, NoValue, Route, unsynced};
use crate::light::ask;
use crate::light::failure::InclusionError;
use crate::light::server::HttpServer;
use crate::light::servers::ServerId;

/// A transaction of the proven chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// The transaction.
    pub transaction: Transaction,
    /// Its block.
    pub block: ProvenBlock,
    /// Its place in the block, from 0.
    pub position: u32,
    /// What the server said of it. The receipt in it is reported: nothing here proves what a transaction did.
    pub said: TxDetail,
}

/// Where a transaction is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the proven chain.
    Included(Box<Included>),
    /// In a pool, as a server says, or in a block that was not proven yet.
    Waiting {
        /// The transaction: its id fits.
        transaction: Box<Transaction>,
        /// What the server said of it.
        said: Box<TxDetail>,
    },
}

impl LightClient {
    /// Where a transaction is, and who said so. `sender` is whose it is, if the user cares for that account: then no
    /// other server learns of it than the one that knows already.
    ///
    /// # Errors
    /// [`NoValue`]; [`Failure::NotThere`] if no server that was asked knows it.
    pub async fn transaction(
        &self,
        txid: &Hash,
        sender: Option<&Address>,
    ) -> Result<(Found, ServerId), NoValue> {
        let head = self.head().ok_or_else(unsynced)?;
        let route = sender.map_or(Route::Any, Route::Address);
        let asked = self.value(route, head.height(), |server| self.find_transaction(server, *txid));
        let answered = asked.await?;
        Ok((answered.value, answered.by))
    }

    /// What one server shows of a transaction.
    pub(in crate::light) async fn find_transaction(
        &self,
        server: Arc<HttpServer>,
        txid: Hash,
    ) -> Result<Found, Failure> {
        let said: TxDetail = ask::call(&server, "chain_tx", &(txid,)).await?;
        let transaction =
            Transaction::decode(said.raw.as_bytes()).map_err(|_| Failure::Form("transaction"))?;
        if transaction.id() != txid {
            return Err(Failure::Inclusion(InclusionError::OtherTransaction));
        }
        let (place, position) = match (&said.block, said.position) {
            (Some(place), Some(position)) => (place, position),
            (None, None) => {
                return Ok(Found::Waiting { transaction: Box::new(transaction), said: Box::new(said) });
            }
            (Some(_), None) | (None, Some(_)) => {
                return Err(Failure::Inclusion(InclusionError::Incomplete));
            }
        };
        let Some(block) = self.block_of(Arc::clone(&server), place.height, place.id).await? else {
            return Ok(Found::Waiting { transaction: Box::new(transaction), said: Box::new(said) });
        };
        let count = u64::from(block.content.tx_count);
        let leaf = transaction.leaf_hash();
        let under = &block.content.tx_root;
        if !merkle::verify(under, count, u64::from(position), &leaf, &said.merkle_path) {
            return Err(Failure::Inclusion(InclusionError::Path));
        }
        Ok(Found::Included(Box::new(Included { transaction, block, position, said })))
    }

    /// The block that a transaction is said to be in; `None` if it lies above the proven tip.
    async fn block_of(
        &self,
        server: Arc<HttpServer>,
        height: Height,
        id: Hash,
    ) -> Result<Option<ProvenBlock>, Failure> {
        let tip = self.head().ok_or(Failure::Unsynced)?.height();
        if height > tip {
            return Ok(None);
        }
        let Some(linked) = self.header_of(&id) else {
            return self.old_block(server, BlockRef::Id(id)).await.map(Some);
        };
        let content = self.content_from(server, linked).await?;
        let confirmations = confirmations(linked.header.height, tip);
        let work = self.work_at(linked.header.height).ok_or(Failure::Moved)?;
        Ok(Some(ProvenBlock { linked, work, content, confirmations }))
    }
}
