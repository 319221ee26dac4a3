//! The wallet, translated.

use std::collections::HashMap;
use std::time::Duration;

use vibecoin_client::api::{self, FeePrices, TxStatus};
use vibecoin_client::balance::AccountBalance;
use vibecoin_client::history::{Direction, History, HistoryFilter, HistoryItem, Tracked};
use vibecoin_client::outbox::Delivery;
use vibecoin_client::payment::{self, AmountChoice, PaymentRequest, Purpose, Review, Warning};
use vibecoin_client::wallets::Book;
use vibecoin_client::{Hash, TrustedBy, WalletError};
use vibecoin_primitives::{Address, Amount, EntryKind};

use super::chain::{self, Names};
use super::marks::Marks;
use super::{ClientBackend, Recent, hash, now, words};
use crate::model::*;
use crate::safe::{SafeText, ink};

/// Entries of activity read for Home, where a miner's rewards in a row are one line: most of an hour of a devnet.
const RECENT: usize = 3_000;
/// How long balances wait for it behind servers.
const RECENT_WAIT: Duration = Duration::from_millis(800);

/// The wallets of the directory, each looked at: a damaged one is listed with what is wrong.
pub(super) async fn list(backend: &ClientBackend) -> Result<Vec<WalletInfo>, WalletError> {
    let wallets = backend.wallet.vault().wallets();
    let mut list = Vec::new();
    for name in wallets.names()? {
        let loaded = wallets.load(&name);
        list.push(WalletInfo {
            name: SafeText::new(name.as_str()),
            watch_only: loaded.as_ref().is_ok_and(vibecoin_client::keystore::Keystore::is_watch_only),
            damaged: loaded.err().map(|error| SafeText::new(&error.to_string())),
        });
    }
    Ok(list)
}

/// What an account is called.
pub(super) fn account_name(index: u32, label: &str) -> SafeText {
    match (label.is_empty(), index) {
        (true, 0) => "first account".into(),
        (true, n) => ink!("account {n}"),
        (false, _) => SafeText::new(label),
    }
}

pub(super) async fn overview(backend: &ClientBackend) -> Result<Overview, WalletError> {
    let opened = backend.wallet.vault().opened()?;
    let balances = backend.wallet.balances().await?.value;
    let marks = backend.marks();
    let height = balances.height.get();
    let tip = marks.tip_height().unwrap_or(height);
    let recent = recent(backend, tip).await?;
    let row = |account: &AccountBalance| AccountRow {
        index: account.account,
        name: account_name(account.account, &account.label),
        address: SafeText::new(&backend.facts().show(&account.address)),
        spendable: account.spendable,
        maturing: account.maturing,
        incoming: account.incoming,
        outgoing: account.outgoing,
    };
    let next_maturity = balances.next_maturing().map(|next| Maturing {
        mined_at: next.height.get().saturating_sub(chain::MATURITY_BLOCKS),
        spendable_at: next.height.get(),
        amount: next.amount,
    });
    Ok(Overview {
        name: SafeText::new(opened.name.as_str()),
        watch_only: opened.watch_only,
        accounts: balances.accounts.iter().map(row).collect(),
        next_maturity,
        recent,
        height: tip,
        mark: marks.at(height),
        pending_mark: marks.tip(),
    })
}

/// The newest activity. Balances do not wait for it where servers have to prove it: what was known before stays then.
async fn recent(backend: &ClientBackend, tip: u64) -> Result<Vec<HistoryRow>, WalletError> {
    let filter = HistoryFilter { limit: RECENT, ..HistoryFilter::default() };
    let history = backend.wallet.history(&filter);
    if backend.light().is_none() {
        return rows(backend, history.await?.value, tip);
    }
    let wallet = backend.wallet.vault().opened()?.name;
    match tokio::time::timeout(RECENT_WAIT, history).await {
        Ok(Ok(history)) => {
            let rows = rows(backend, history.value, tip)?;
            *backend.recent() = Some(Recent { wallet, rows: rows.clone() });
            Ok(rows)
        }
        Ok(Err(_)) | Err(_) => {
            let known = backend.recent().clone().filter(|known| known.wallet == wallet);
            Ok(known.map(|known| known.rows).unwrap_or_default())
        }
    }
}

pub(super) async fn history(
    backend: &ClientBackend,
    query: HistoryQuery,
) -> Result<HistoryPage, WalletError> {
    let limit = query.skip.saturating_add(query.limit);
    let filter = HistoryFilter { account: query.account, limit, ..HistoryFilter::default() };
    let history = backend.wallet.history(&filter).await?;
    let marks = backend.marks();
    let tip = match marks.tip_height() {
        Some(tip) => tip,
        None => backend.node().chain_tip().await?.height.get(),
    };
    let mark = match history.by {
        TrustedBy::Proven { height, .. } => marks.at(height.get()),
        _ => Mark::Own,
    };
    let more = history.value.more;
    let rows = rows(backend, history.value, tip)?.into_iter().skip(query.skip).collect();
    Ok(HistoryPage { rows, more, mark })
}

/// A history as rows: what waits, then what is in blocks.
fn rows(backend: &ClientBackend, history: History, height: u64) -> Result<Vec<HistoryRow>, WalletError> {
    let book = backend.wallet.vault().book()?;
    let (names, marks) = (backend.names(), backend.marks());
    // A move between own accounts makes an entry on both sides; the sender's tells all of it.
    let moved: HashMap<Hash, u32> = history
        .items
        .iter()
        .filter(|item| item.direction() == Direction::Out)
        .filter_map(|item| Some((*item.txid()?, item.account)))
        .collect();
    let mut rows: Vec<HistoryRow> =
        history.pending.iter().map(|tracked| pending_row(backend, tracked, &book, &names)).collect();
    let twice = |item: &HistoryItem| {
        item.direction() == Direction::In && item.txid().is_some_and(|txid| moved.contains_key(txid))
    };
    rows.extend(
        history
            .items
            .iter()
            .filter(|item| !twice(item))
            .map(|item| item_row(item, height, &book, &names, marks)),
    );
    Ok(rows)
}

fn item_row(item: &HistoryItem, height: u64, book: &Book, names: &Names, marks: Marks) -> HistoryRow {
    let other = item.counterparty();
    let own = other.is_some_and(|address| names.is_own(address));
    let kind = match item.direction() {
        Direction::Mined => HistoryKind::Mined,
        Direction::Failed => HistoryKind::Failed,
        Direction::Out if own => HistoryKind::Moved,
        Direction::In => HistoryKind::Received,
        Direction::Out if item.entry.kind == EntryKind::Sent => HistoryKind::Sent,
        Direction::Out => HistoryKind::Contract,
    };
    let confirmations = (height + 1).saturating_sub(item.entry.height.get());
    HistoryRow {
        kind,
        account: item.account,
        amount: item.entry.amount,
        fee: item.entry.fee,
        counterparty: other.map(|address| names.text(address)),
        name: other.and_then(|address| names.name(address)),
        txid: item.txid().map(|txid| SafeText::new(&txid.to_string())),
        status: PaymentStatus::Mined {
            height: item.entry.height.get(),
            confirmations,
            done: item.direction() != Direction::Failed,
        },
        time_ms: item.time.map(|time| time.get()),
        memo: item.memo_text().map(SafeText::new),
        label: item.txid().and_then(|txid| book.label(txid)).map(SafeText::new),
        mark: marks.at(item.entry.height.get()),
    }
}

fn pending_row(backend: &ClientBackend, tracked: &Tracked, book: &Book, names: &Names) -> HistoryRow {
    let body = &tracked.sent.transaction.body;
    let txid = tracked.sent.txid();
    let status = match (&tracked.sent.delivery, &tracked.status) {
        (_, TxStatus::Mined { .. } | TxStatus::Pending { .. }) => chain::status(&tracked.status),
        (Delivery::Expired | Delivery::Refused { .. }, _) => PaymentStatus::Expired,
        (Delivery::Replaced { .. }, _) => PaymentStatus::Replaced,
        (Delivery::Waiting | Delivery::Mined { .. }, _) => PaymentStatus::Pending { place: None },
    };
    let kind = match &body.to {
        Some(to) if names.is_own(to) => HistoryKind::Moved,
        _ => HistoryKind::Sent,
    };
    let refused = match &tracked.sent.delivery {
        Delivery::Refused { reason } => Some(SafeText::new(reason)),
        _ => None,
    };
    HistoryRow {
        kind,
        account: tracked.sent.account,
        amount: body.value,
        fee: body.max_fee().unwrap_or(Amount::ZERO),
        counterparty: body.to.as_ref().map(|to| SafeText::new(&backend.facts().show(to))),
        name: body.to.as_ref().and_then(|to| names.name(to)),
        txid: Some(SafeText::new(&txid.to_string())),
        status,
        time_ms: Some(tracked.sent.time.get()),
        memo: memo(&body.data),
        label: refused.or_else(|| book.label(&txid).map(SafeText::new)),
        mark: mark_of(status, backend.marks()),
    }
}

/// What is in a block is proven there; what is not is somebody's word.
fn mark_of(status: PaymentStatus, marks: Marks) -> Mark {
    match status {
        PaymentStatus::Mined { height, .. } => marks.at(height),
        PaymentStatus::Unknown
        | PaymentStatus::Pending { .. }
        | PaymentStatus::Expired
        | PaymentStatus::Replaced => marks.reported(),
    }
}

/// Where a payment stands, and whom it was given to.
pub(super) async fn payment(backend: &ClientBackend, txid: SafeText) -> Result<Payment, WalletError> {
    let txid = hash(&txid)?;
    let status = chain::status(&backend.node().tx_status(txid).await?);
    let handed = backend.light().and_then(|light| {
        let servers = light.takers(&txid)?;
        Some(Handed { servers, withheld: light.is_withheld(&txid) })
    });
    Ok(Payment { status, mark: mark_of(status, backend.marks()), handed })
}

fn memo(data: &[u8]) -> Option<SafeText> {
    std::str::from_utf8(data).ok().filter(|text| !text.is_empty()).map(SafeText::new)
}

pub(super) fn contacts(backend: &ClientBackend, book: &Book) -> Vec<Contact> {
    book.contacts()
        .map(|(name, address)| Contact {
            name: SafeText::new(name),
            address: SafeText::new(&backend.facts().show(address)),
        })
        .collect()
}

pub(super) async fn prices(backend: &ClientBackend) -> Result<Prices, WalletError> {
    let prices: FeePrices = backend.wallet.fees().await?;
    Ok(Prices {
        low: prices.blocks_10,
        normal: prices.blocks_3,
        high: prices.blocks_1,
        minimum: prices.minimum,
        mark: backend.marks().reported(),
    })
}

pub(super) async fn plan(backend: &ClientBackend, request: SendRequest) -> Result<SendPlan, WalletError> {
    let to = Address::decode(&request.to, backend.facts().prefix).map_err(words::address)?;
    let request = PaymentRequest {
        from: request.account,
        to,
        amount: match request.amount {
            SendAmount::Exact(amount) => AmountChoice::Exact(amount),
            SendAmount::Max => AmountChoice::Max,
        },
        fee: match request.fee {
            FeeChoice::Low => payment::FeeChoice::Low,
            FeeChoice::Normal => payment::FeeChoice::Normal,
            FeeChoice::High => payment::FeeChoice::High,
            FeeChoice::Own(price) => payment::FeeChoice::Price(price),
        },
        memo: request.memo.into_bytes(),
        valid_for: request.valid_for.unwrap_or(0),
    };
    let review = backend.wallet.prepare(&request).await?;
    keep(backend, review)
}

pub(super) async fn plan_replacement(
    backend: &ClientBackend,
    txid: SafeText,
    cancel: bool,
) -> Result<SendPlan, WalletError> {
    let txid = hash(&txid)?;
    let review = if cancel {
        backend.wallet.cancel(&txid, payment::FeeChoice::High).await?
    } else {
        backend.wallet.speed_up(&txid, payment::FeeChoice::High).await?
    };
    keep(backend, review)
}

/// Remembers what was reviewed, so that what is confirmed is that and nothing else.
fn keep(backend: &ClientBackend, review: Review) -> Result<SendPlan, WalletError> {
    let account = backend.wallet.vault().account(review.account)?;
    let names = backend.names();
    let to_name = names.name(&review.to).or_else(|| review.to_name.as_deref().map(SafeText::new));
    let id = {
        let mut prepared = backend.prepared();
        prepared.0 += 1;
        prepared.1 = Some(review.clone());
        prepared.0
    };
    let old = |txid: &Hash| SafeText::new(&txid.to_string());
    Ok(SendPlan {
        id,
        kind: match &review.purpose {
            Purpose::Payment => PlanKind::Payment,
            Purpose::SpeedUp { of } => PlanKind::SpeedUp { replaces: old(of) },
            Purpose::Cancel { of } => PlanKind::Cancel { replaces: old(of) },
        },
        account: review.account,
        account_name: account_name(account.index, &account.label),
        from: names.text(&review.from),
        to: names.text(&review.to),
        to_name,
        amount: review.amount,
        fee: review.fee,
        gas_price: review.gas_price,
        gas: review.body().gas_limit,
        memo: memo(&review.memo).or_else(|| bytes_memo(&review.memo)),
        valid_until: review.valid_until.map_or(0, |height| height.get()),
        nonce: review.nonce,
        balance_before: review.spendable_before,
        balance_after: review.spendable_after,
        mark: backend.marks().believed(),
        warnings: review
            .warnings
            .iter()
            .map(|warning: &Warning| SafeText::new(&warning.to_string()))
            .collect(),
    })
}

/// Data that is no text.
fn bytes_memo(data: &[u8]) -> Option<SafeText> {
    (!data.is_empty()).then(|| ink!("{} bytes that are no text", data.len()))
}

pub(super) async fn send(backend: &ClientBackend, plan: u64) -> Result<SafeText, WalletError> {
    let review = {
        let prepared = backend.prepared();
        prepared.1.clone().filter(|_| prepared.0 == plan)
    };
    // Locking in between forgets it, and so does preparing another one.
    let review = review.ok_or(WalletError::Locked)?;
    let sent = backend.wallet.send(&review, now()).await?;
    backend.prepared().1 = None;
    Ok(SafeText::new(&sent.txid().to_string()))
}

/// An account of anybody, for the explorer.
pub(super) fn entries(
    backend: &ClientBackend,
    page: &api::HistoryPage,
) -> Result<Vec<HistoryRow>, WalletError> {
    let book = backend.wallet.vault().book()?;
    let (names, marks) = (backend.names(), backend.marks());
    let prefix = backend.facts().prefix;
    let mut rows = Vec::with_capacity(page.entries.len());
    for info in &page.entries {
        let item = HistoryItem::of(0, info, prefix)?;
        rows.push(item_row(&item, page.height.get(), &book, &names, marks));
    }
    Ok(rows)
}
