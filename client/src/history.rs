//! What has happened to a wallet: its accounts' activity chains, checked, with what is on its way in front.
//!
//! An account commits to every entry of its history by a hash chain. The entries that a node hands out are folded
//! from the beginning and must end at the head that the account has: none is missing, altered or out of place.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, AddressPrefix, Entry, EntryKind, Timestamp};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::{EntryInfo, TxStatus};

use crate::outbox::Sent;
use crate::wallets::Book;

pub mod chain;
pub mod csv;

#[cfg(test)]
mod tests;

/// Why a history is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The entries do not lead to the head.
    #[error(
        "the history that the node gives for {address} does not fit the account, at entry {index} or before"
    )]
    Mismatch {
        /// Whose history.
        address: String,
        /// The entry at which it was noticed.
        index: u64,
    },
    /// The chain changed again and again while it was read.
    #[error("the history of {address} changes faster than it can be read: try again")]
    Unsteady {
        /// Whose history.
        address: String,
    },
    /// The file or stream it is written to.
    #[error("the history cannot be written: {0}")]
    Write(String),
}

/// One entry of an account's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryItem {
    /// The number of the account.
    pub account: u32,
    /// The entry, as the activity chain hashes it.
    pub entry: Entry,
    /// The block's time, if the node has it.
    pub time: Option<Timestamp>,
    /// The transaction's data, if the node has it and there is any.
    pub memo: Option<Vec<u8>>,
}

impl HistoryItem {
    /// An entry as the API shows it.
    ///
    /// # Errors
    /// Those of [`EntryInfo::to_entry`].
    pub fn of(account: u32, info: &EntryInfo, prefix: AddressPrefix) -> Result<Self, ApiError> {
        let memo = info.memo.as_ref().map(|memo| memo.as_bytes().to_vec());
        Ok(Self { account, entry: info.to_entry(prefix)?, time: info.time, memo })
    }

    /// The other side; none for a reward.
    #[must_use]
    pub fn counterparty(&self) -> Option<&Address> {
        (self.entry.kind != EntryKind::MinedReward).then_some(&self.entry.counterparty)
    }

    /// The transaction; none for a reward.
    #[must_use]
    pub fn txid(&self) -> Option<&Hash> {
        Some(&self.entry.txid).filter(|txid| !txid.is_zero())
    }

    /// Which way money went.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        match self.entry.kind {
            EntryKind::Sent
            | EntryKind::ContractCall
            | EntryKind::ContractCreate
            | EntryKind::SentByContract => Direction::Out,
            EntryKind::Received | EntryKind::ReceivedFromContract => Direction::In,
            EntryKind::MinedReward => Direction::Mined,
            EntryKind::Failed => Direction::Failed,
        }
    }

    /// The memo as text, if it is some.
    #[must_use]
    pub fn memo_text(&self) -> Option<&str> {
        self.memo.as_deref().and_then(|memo| std::str::from_utf8(memo).ok()).filter(|text| !text.is_empty())
    }
}

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the account.
    Out,
    /// To the account.
    In,
    /// To the account, as a reward.
    Mined,
    /// Nowhere; the fee was paid.
    Failed,
}

/// Which entries are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Only this account.
    pub account: Option<u32>,
    /// Only this way.
    pub direction: Option<Direction>,
    /// Only what has this text in its address, contact, label, memo, amount or id; letter case does not matter.
    pub text: String,
    /// At most this many.
    pub limit: usize,
}

impl Default for HistoryFilter {
    fn default() -> Self {
        Self { account: None, direction: None, text: String::new(), limit: 100 }
    }
}

impl HistoryFilter {
    /// True if the entry is wanted.
    #[must_use]
    pub fn takes(&self, item: &HistoryItem, book: &Book, prefix: AddressPrefix) -> bool {
        self.account.is_none_or(|account| account == item.account)
            && self.direction.is_none_or(|direction| direction == item.direction())
            && (self.text.is_empty() || self.finds(item, book, prefix))
    }

    fn finds(&self, item: &HistoryItem, book: &Book, prefix: AddressPrefix) -> bool {
        let wanted = self.text.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        item.counterparty()
            .is_some_and(|other| has(&other.encode(prefix)) || book.name_of(other).is_some_and(has))
            || item.txid().is_some_and(|txid| has(&txid.to_string()) || book.label(txid).is_some_and(has))
            || item.memo_text().is_some_and(has)
            || item.entry.amount.to_string() == wanted
    }
}

/// A payment that is on its way, with what the node says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// The payment.
    pub sent: Sent,
    /// Where the node has it.
    pub status: TxStatus,
}

/// The history of a wallet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// What is in no block, newest first: on its way, or lately given up. Not filtered but by account.
    pub pending: Vec<Tracked>,
    /// What is in blocks, newest first.
    pub items: Vec<HistoryItem>,
    /// True if there are more that fit the filter.
    pub more: bool,
}

/// Puts the entries of several accounts into one order, newest first.
#[must_use]
pub fn merge(mut items: Vec<HistoryItem>) -> Vec<HistoryItem> {
    // A reward has the greatest `tx_index` and is credited before all transactions of its block; money leaves
    // before it arrives.
    let place = |item: &HistoryItem| {
        let arrives = item.direction() == Direction::In;
        (item.entry.height, item.entry.tx_index.wrapping_add(1), arrives, item.entry.index)
    };
    items.sort_by_key(|item| std::cmp::Reverse(place(item)));
    items
}
