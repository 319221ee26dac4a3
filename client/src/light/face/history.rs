//! Histories, with the times and memos that can be backed.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Height, Timestamp};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::{AddressText, BlockRef, EntryInfo, HistoryPage};

use super::LightFace;
use crate::light::servers::Route;
use crate::light::values::history::Checked;
use crate::light::values::transaction::Found;

/// Pages up to this length get the times and memos that have to be asked for.
const ASKED_MAX: usize = 128;
/// Questions at a time.
const AT_ONCE: usize = 8;

impl LightFace {
    pub(super) async fn history(
        &self,
        text: &AddressText,
        before: Option<u64>,
        limit: u32,
    ) -> Result<HistoryPage, ApiError> {
        let client = &self.client;
        let address = text.decode(self.prefix())?;
        let api = |none| client.to_api(&none);
        let block = client.believed_block().map_err(api)?;
        let account = client.account_at(&block, &address, &[]).await.map_err(api)?.account;
        let proven = client.history(&address, &account, before, limit).await.map_err(api)?;
        let times = self.times(&address, &proven.entries).await;
        let memos = self.memos(&address, &proven.entries).await;
        let entry = |checked: &Checked| {
            let entry = &checked.entry;
            let time = times.get(&entry.height).copied();
            EntryInfo::new(entry, self.prefix(), time, memos.get(&entry.txid).cloned())
        };
        Ok(HistoryPage {
            height: block.header.height,
            block_id: block.id,
            count: proven.count,
            head: proven.head,
            entries: proven.entries.iter().map(entry).collect(),
            next_before: proven.next_before(),
        })
    }

    /// The times of the entries' blocks, from their headers.
    async fn times(&self, address: &Address, entries: &[Checked]) -> HashMap<Height, Timestamp> {
        let mut times = HashMap::new();
        let mut old = Vec::new();
        for height in entries.iter().map(|checked| checked.entry.height) {
            match self.client.header_at(height) {
                Some(kept) => drop(times.insert(height, kept.header.time)),
                None if !old.contains(&height) => old.push(height),
                None => {}
            }
        }
        if old.len() <= ASKED_MAX {
            let found = stream::iter(old).map(|height| async move {
                let block = BlockRef::Height(height);
                let block = self.client.block_by(block, Route::Address(address)).await.ok()?;
                Some((height, block.linked.header.time))
            });
            times.extend(found.buffered(AT_ONCE).filter_map(std::future::ready).collect::<Vec<_>>().await);
        }
        times
    }

    /// The memos, from the transactions whose ids the history has.
    async fn memos(&self, address: &Address, entries: &[Checked]) -> HashMap<Hash, Vec<u8>> {
        let with_memo: Vec<Hash> =
            entries.iter().filter(|checked| checked.has_memo).map(|checked| checked.entry.txid).collect();
        if with_memo.len() > ASKED_MAX {
            return HashMap::new();
        }
        let found = stream::iter(with_memo).map(|txid| async move {
            let (found, _) = self.client.transaction(&txid, Some(address)).await.ok()?;
            let transaction = match found {
                Found::Included(included) => included.transaction,
                Found::Waiting { transaction, .. } => *transaction,
            };
            Some((txid, transaction.body.data)).filter(|(_, data)| !data.is_empty())
        });
        found.buffered(AT_ONCE).filter_map(std::future::ready).collect().await
    }
}
