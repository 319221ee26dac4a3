//! Histories that are provably complete: entries folded up to the head that an account is proven to have.
//!
//! Every entry is hashed into the head, so a list that leads to the proven (count, head) is whole, in order and
//! unaltered. The fold begins where the last one ended, so what was checked once is not asked for again; and the head
//! is remembered at every thousandth entry, so that a page from the middle of a long history is checked by the one or
//! two thousand entries around it.
//!
//! What is not hashed is a memo and a time. The memo is taken from the transaction, whose id is; the time from the
//! block's header, where that is proven, else there is none.

use std::collections::VecDeque;
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Account, Address, Entry};
use vibecoin_rpc::types::{AddressText, HistoryPage};

use super::{Failure, LightClient, NoValue, Route};
use crate::light::ask;
use crate::light::server::HttpServer;

/// Entries between two remembered heads, and of one question: the most that a node gives.
const RUNG: u64 = if cfg!(test) { 16 } else { 1_000 };
/// The newest entries that are kept.
const RECENT_MAX: usize = 2 * RUNG as usize;
/// Histories that are kept.
const LADDERS_MAX: usize = 16;

/// An entry, and whether a server says that its transaction has a memo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The entry, as it was hashed.
    pub entry: Entry,
    /// Whether to look for a memo.
    pub has_memo: bool,
}

/// A history as far as it was checked.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    count: u64,
    head: Hash,
    /// The head before entry 0, 1,000, 2,000 and so on.
    rungs: Vec<Hash>,
    /// The newest entries, the oldest of them first.
    recent: VecDeque<Checked>,
}

/// The histories that were checked lately, the latest at the end.
#[derive(Debug, Default)]
pub(in crate::light) struct Ladders(VecDeque<(Address, Ladder)>);

impl Ladders {
    fn get(&self, address: &Address) -> Ladder {
        let known = self.0.iter().find(|(known, _)| known == address);
        known.map(|(_, ladder)| ladder.clone()).unwrap_or_default()
    }

    fn put(&mut self, address: Address, ladder: Ladder) {
        self.0.retain(|(known, _)| *known != address);
        if self.0.len() == LADDERS_MAX {
            self.0.pop_front();
        }
        self.0.push_back((address, ladder));
    }
}

/// Entries of a proven history, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenHistory {
    /// Entries of the whole history.
    pub count: u64,
    /// Its head.
    pub head: Hash,
    /// The entries of this page.
    pub entries: Vec<Checked>,
}

impl ProvenHistory {
    /// What to ask for to get the next page; none: this was the last.
    #[must_use]
    pub fn next_before(&self) -> Option<u64> {
        self.entries.last().map(|last| last.entry.index).filter(|index| *index > 0)
    }
}

impl Ladder {
    /// Entries that were checked.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Folds the next entry.
    fn step(&mut self, checked: Checked) -> Result<(), Failure> {
        if checked.entry.index != self.count {
            return Err(Failure::History { index: self.count });
        }
        if self.count.is_multiple_of(RUNG) {
            self.rungs.push(self.head);
        }
        self.head = checked.entry.fold(&self.head);
        self.count = self.count.saturating_add(1);
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(checked);
        Ok(())
    }

    /// The kept entries with indexes from `from` to before `until`, if all of them are kept.
    fn kept(&self, from: u64, until: u64) -> Option<Vec<Checked>> {
        let first = self.count.checked_sub(self.recent.len() as u64)?;
        let skip = usize::try_from(from.checked_sub(first)?).ok()?;
        let take = usize::try_from(until.checked_sub(from)?).ok()?;
        Some(self.recent.iter().skip(skip).take(take).copied().collect())
    }

    /// The head before an entry that is a rung, or the head of all.
    fn head_before(&self, index: u64) -> Option<Hash> {
        if index == self.count {
            return Some(self.head);
        }
        if !index.is_multiple_of(RUNG) {
            return None;
        }
        self.rungs.get(usize::try_from(index / RUNG).ok()?).copied()
    }
}

impl LightClient {
    /// Entries of a history that leads to the account that is believed, newest first: those with an index below
    /// `before` (by default all), at most `limit` of them.
    ///
    /// # Errors
    /// [`NoValue`].
    pub async fn history(
        &self,
        address: &Address,
        account: &Account,
        before: Option<u64>,
        limit: u32,
    ) -> Result<ProvenHistory, NoValue> {
        let height = account.activity_height;
        let start = self.values.ladders.lock().get(address);
        let climbed = self.value(Route::Address(address), height, |server| {
            self.climb(server, start.clone(), *address, account)
        });
        let ladder = climbed.await?.value;
        let until = before.unwrap_or(u64::MAX).min(ladder.count);
        let from = until.saturating_sub(u64::from(limit));
        let page = match ladder.kept(from, until) {
            Some(page) => Ok(page),
            None => {
                let asked = self.value(Route::Address(address), height, |server| {
                    self.middle(server, &ladder, *address, (from, until))
                });
                asked.await.map(|answered| answered.value)
            }
        };
        let (count, head) = (ladder.count, ladder.head);
        self.values.ladders.lock().put(*address, ladder);
        let mut entries = page?;
        entries.reverse();
        Ok(ProvenHistory { count, head, entries })
    }

    /// Goes on from what was checked to the account's head; from the beginning, if that does not lead there.
    async fn climb(
        &self,
        server: Arc<HttpServer>,
        from: Ladder,
        address: Address,
        account: &Account,
    ) -> Result<Ladder, Failure> {
        let began = from.count;
        match self.climb_from(&server, from, address, account).await {
            // The chain may have been reorganised below what was checked before.
            Err(Failure::History { .. }) if began > 0 => {
                self.climb_from(&server, Ladder::default(), address, account).await
            }
            climbed => climbed,
        }
    }

    async fn climb_from(
        &self,
        server: &HttpServer,
        mut ladder: Ladder,
        address: Address,
        account: &Account,
    ) -> Result<Ladder, Failure> {
        let (count, head) = (account.activity_count, account.activity_head);
        while ladder.count < count {
            let until = count.min(ladder.count.saturating_add(RUNG));
            for checked in self.entries(server, &address, (ladder.count, until)).await? {
                ladder.step(checked)?;
            }
        }
        if (ladder.count, ladder.head) == (count, head) {
            Ok(ladder)
        } else {
            Err(Failure::History { index: count.saturating_sub(1) })
        }
    }

    /// A page that is not kept any more, checked between the remembered heads around it.
    async fn middle(
        &self,
        server: Arc<HttpServer>,
        ladder: &Ladder,
        address: Address,
        (from, until): (u64, u64),
    ) -> Result<Vec<Checked>, Failure> {
        let lower = from / RUNG * RUNG;
        let upper = until.div_ceil(RUNG).saturating_mul(RUNG).min(ladder.count);
        let history = Failure::History { index: upper.saturating_sub(1) };
        let (Some(mut head), Some(end)) = (ladder.head_before(lower), ladder.head_before(upper)) else {
            return Err(history);
        };
        let mut page = Vec::new();
        let mut next = lower;
        while next < upper {
            let stop = upper.min(next.saturating_add(RUNG));
            for checked in self.entries(&server, &address, (next, stop)).await? {
                head = checked.entry.fold(&head);
                if (from..until).contains(&checked.entry.index) {
                    page.push(checked);
                }
            }
            next = stop;
        }
        if head == end { Ok(page) } else { Err(history) }
    }

    /// The entries with indexes from `from` to before `until`, oldest first, as a server says. They are counted, and
    /// not checked.
    async fn entries(
        &self,
        server: &HttpServer,
        address: &Address,
        (from, until): (u64, u64),
    ) -> Result<Vec<Checked>, Failure> {
        let prefix = self.spec.address_prefix;
        let wanted = until.saturating_sub(from);
        let question = (AddressText::new(address, prefix), until, wanted);
        let page: HistoryPage = ask::call(server, "account_history", &question).await?;
        if page.entries.len() as u64 != wanted {
            // Its chain ends earlier than the proven one, or it keeps something back.
            return Err(if page.count < until {
                Failure::NotThere
            } else {
                Failure::History { index: from }
            });
        }
        let oldest_first = (from..).zip(page.entries.iter().rev());
        let checked = oldest_first.map(|(index, info)| {
            let entry = info.to_entry(prefix).map_err(|_| Failure::Form("counterparty"))?;
            if entry.index != index {
                return Err(Failure::History { index });
            }
            Ok(Checked { entry, has_memo: info.memo.is_some() })
        });
        checked.collect()
    }
}
