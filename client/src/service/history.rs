//! What has happened, checked against the accounts' heads.

use std::io::Write;

use super::WalletService;
use crate::error::WalletError;
use crate::history::chain::CheckedChain;
use crate::history::{History, HistoryError, HistoryFilter, HistoryItem, csv, merge};
use crate::keystore::AccountInfo;
use crate::outbox::Delivery;
use crate::trusted::Trusted;

impl WalletService {
    /// The history of the open wallet, newest first, with what is on its way in front. Every entry has been
    /// folded up to the head that its account has.
    ///
    /// # Errors
    /// [`WalletError::History`] when the node's entries do not fit, and what the node answers.
    pub async fn history(&self, filter: &HistoryFilter) -> Result<Trusted<History>, WalletError> {
        let accounts = self.chosen(filter.account)?;
        let book = self.vault.book()?;
        let prefix = self.vault.network().prefix;
        let mut pending = self.track().await?;
        pending.retain(|tracked| {
            let shown = !tracked.sent.settled && !matches!(tracked.sent.delivery, Delivery::Mined { .. });
            shown && accounts.iter().any(|account| account.index == tracked.sent.account)
        });
        let mut chains = self.chains.lock().await;
        let mut items = Vec::new();
        let mut more = false;
        let mut at = None;
        for account in &accounts {
            let chain = chains.entry(account.address).or_default();
            let whose = (account.index, &account.address);
            chain.catch_up(self.node.as_ref(), self.vault.network(), whose, &mut |_| {}).await?;
            more |= !chain.is_whole();
            at = at.into_iter().chain(chain.at()).min();
            let wanted = chain.recent().filter(|item| filter.takes(item, &book, prefix));
            // One more than wanted tells whether there are more.
            items.extend(wanted.take(filter.limit.saturating_add(1)).cloned().map(|item| own(item, account)));
        }
        let mut items = merge(items);
        more |= items.len() > filter.limit;
        items.truncate(filter.limit);
        let (height, id) = at.unwrap_or_default();
        Ok(self.marked(History { pending, items, more }, height, id))
    }

    /// Writes the whole history of an account, or of all, as CSV: account by account, oldest first. Answers the
    /// number of entries.
    ///
    /// # Errors
    /// As [`history`](Self::history); [`HistoryError::Write`]. What was written is whole only if this succeeds.
    pub async fn export_history(
        &self,
        account: Option<u32>,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, WalletError> {
        let book = self.vault.book()?;
        let prefix = self.vault.network().prefix;
        let write = |out: &mut (dyn Write + Send), text: &str| {
            out.write_all(text.as_bytes()).map_err(|error| HistoryError::Write(error.to_string()))
        };
        write(out, csv::HEADER)?;
        let mut count = 0_u64;
        for account in self.chosen(account)? {
            // Lines are gathered before they are written: a reorganisation begins the account anew.
            let mut lines = String::new();
            let mut chain = CheckedChain::default();
            let whose = (account.index, &account.address);
            let mut gather = |item: Option<&HistoryItem>| match item {
                Some(item) => lines.push_str(&csv::row(item, &book, prefix)),
                None => lines.clear(),
            };
            chain.catch_up(self.node.as_ref(), self.vault.network(), whose, &mut gather).await?;
            write(out, &lines)?;
            count = count.saturating_add(chain.count());
        }
        out.flush().map_err(|error| HistoryError::Write(error.to_string()))?;
        Ok(count)
    }

    fn chosen(&self, account: Option<u32>) -> Result<Vec<AccountInfo>, WalletError> {
        match account {
            Some(index) => Ok(vec![self.vault.account(index)?]),
            None => Ok(self.vault.opened()?.accounts),
        }
    }
}

/// The same address may be in several wallets under different numbers.
fn own(mut item: HistoryItem, account: &AccountInfo) -> HistoryItem {
    item.account = account.index;
    item
}
