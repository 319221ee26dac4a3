//! An activity chain as far as it has been checked, and how it grows.

use std::collections::VecDeque;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Height};
use vibecoin_rpc::NodeApi;
use vibecoin_rpc::types::HistoryPage;

use super::{HistoryError, HistoryItem};
use crate::error::WalletError;
use crate::network::NetworkFacts;

/// Entries that are asked for at once; the most that a node gives.
const PAGE: u64 = 1_000;

/// Checked entries that are kept in memory, per account.
pub const KEPT: usize = 20_000;

/// How often a chain that changes under the reader's eyes is begun anew.
const ATTEMPTS: usize = 3;

/// The checked beginning of an account's activity chain, of which the newest entries are kept.
#[derive(Clone, Debug, Default)]
pub struct CheckedChain {
    count: u64,
    head: Hash,
    /// The block after which its end was the account's.
    at: Option<(Height, Hash)>,
    /// Oldest first.
    recent: VecDeque<HistoryItem>,
}

/// Where a chain did not fit, and the head that it should have led to.
#[derive(Clone, Copy)]
struct Misfit {
    index: u64,
    head: Hash,
}

impl CheckedChain {
    /// How many entries were checked.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The newest of the checked entries, newest first.
    pub fn recent(&self) -> impl Iterator<Item = &HistoryItem> {
        self.recent.iter().rev()
    }

    /// The block after which its end was the account's, as the node says.
    #[must_use]
    pub const fn at(&self) -> Option<(Height, Hash)> {
        self.at
    }

    /// True if all checked entries are kept.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        u64::try_from(self.recent.len()).is_ok_and(|kept| kept == self.count)
    }

    /// Folds one entry onto the head. `Err` has the index that should have come.
    ///
    /// # Errors
    /// The index that was expected, when another one came.
    pub fn push(&mut self, item: HistoryItem) -> Result<(), u64> {
        if item.entry.index != self.count {
            return Err(self.count);
        }
        self.head = item.entry.fold(&self.head);
        self.count = self.count.checked_add(1).ok_or(self.count)?;
        if self.recent.len() == KEPT {
            self.recent.pop_front();
        }
        self.recent.push_back(item);
        Ok(())
    }

    /// True if this is where the account's chain ends.
    #[must_use]
    pub fn ends_at(&self, count: u64, head: &Hash) -> bool {
        self.count == count && self.head == *head
    }

    /// Reads on until the end of the chain and checks that it is the account's. `seen` gets every new entry, the
    /// oldest first, before the end has been checked; it is told to begin anew by `None`, when the chain was
    /// reorganised below what had been checked.
    ///
    /// # Errors
    /// [`HistoryError`] and what the node answers; the chain is then begun anew.
    pub async fn catch_up(
        &mut self,
        node: &dyn NodeApi,
        network: &NetworkFacts,
        (account, address): (u32, &Address),
        seen: &mut (dyn FnMut(Option<&HistoryItem>) + Send),
    ) -> Result<(), WalletError> {
        let mut before: Option<Misfit> = None;
        for _ in 0..ATTEMPTS {
            let Some(misfit) = self.try_to_end(node, network, (account, address), seen).await? else {
                return Ok(());
            };
            *self = Self::default();
            seen(None);
            // Either the chain was reorganised meanwhile, or the node is wrong. It is wrong if the entries from the
            // first one on do not lead to a head that it stands by.
            if before.is_some_and(|before| before.head == misfit.head) {
                return Err(
                    HistoryError::Mismatch { address: network.show(address), index: misfit.index }.into()
                );
            }
            before = Some(misfit);
        }
        Err(HistoryError::Unsteady { address: network.show(address) }.into())
    }

    /// `Some` tells where an entry did not fit, or the end.
    async fn try_to_end(
        &mut self,
        node: &dyn NodeApi,
        network: &NetworkFacts,
        (account, address): (u32, &Address),
        seen: &mut (dyn FnMut(Option<&HistoryItem>) + Send),
    ) -> Result<Option<Misfit>, WalletError> {
        let text = network.text(address);
        let mut end = node.account_history(text.clone(), None, Some(1)).await?;
        let misfit = |index: u64, end: &HistoryPage| Ok(Some(Misfit { index, head: end.head }));
        loop {
            if self.ends_at(end.count, &end.head) {
                self.at = Some((end.height, end.block_id));
                return Ok(None);
            }
            if end.count <= self.count {
                return misfit(end.count.saturating_sub(1), &end);
            }
            let until = end.count.min(self.count.saturating_add(PAGE));
            let wanted = u32::try_from(until.saturating_sub(self.count)).unwrap_or(u32::MAX);
            let page = node.account_history(text.clone(), Some(until), Some(wanted)).await?;
            if page.entries.is_empty() {
                return misfit(self.count, &page);
            }
            for item in read(account, &page, network)? {
                let shown = item.clone();
                if let Err(expected) = self.push(item) {
                    return misfit(expected, &page);
                }
                seen(Some(&shown));
            }
            end = page;
        }
    }
}

/// The entries of a page, oldest first.
fn read(account: u32, page: &HistoryPage, network: &NetworkFacts) -> Result<Vec<HistoryItem>, WalletError> {
    let oldest_first = page.entries.iter().rev();
    Ok(oldest_first.map(|info| HistoryItem::of(account, info, network.prefix)).collect::<Result<_, _>>()?)
}
