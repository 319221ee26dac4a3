//! A history as a table for other programs: CSV by RFC 4180, oldest first, times in UTC.

use std::borrow::Cow;

use vibecoin_primitives::{AddressPrefix, EntryKind, Timestamp};

use super::HistoryItem;
use crate::wallets::Book;

/// The first line.
pub const HEADER: &str =
    "time,height,account,kind,amount_vibe,fee_vibe,counterparty,contact,label,memo,txid\r\n";

/// One line of the table.
#[must_use]
pub fn row(item: &HistoryItem, book: &Book, prefix: AddressPrefix) -> String {
    let entry = &item.entry;
    let counterparty = item.counterparty();
    let txid = item.txid();
    let memo = match (item.memo_text(), &item.memo) {
        (Some(text), _) => Cow::Borrowed(text),
        (None, Some(bytes)) => Cow::Owned(hex::encode(bytes)),
        (None, None) => Cow::Borrowed(""),
    };
    let cells: [Cow<'_, str>; 11] = [
        item.time.map(utc).unwrap_or_default().into(),
        entry.height.to_string().into(),
        item.account.to_string().into(),
        kind(entry.kind).into(),
        entry.amount.to_string().into(),
        entry.fee.to_string().into(),
        counterparty.map(|address| address.encode(prefix)).unwrap_or_default().into(),
        counterparty.and_then(|address| book.name_of(address)).unwrap_or_default().into(),
        txid.and_then(|txid| book.label(txid)).unwrap_or_default().into(),
        memo,
        txid.map(ToString::to_string).unwrap_or_default().into(),
    ];
    let mut line = cells.iter().map(|cell| quote(cell)).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

/// The word for a kind of entry, as the API writes it.
const fn kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Sent => "sent",
        EntryKind::Received => "received",
        EntryKind::MinedReward => "mined_reward",
        EntryKind::ContractCall => "contract_call",
        EntryKind::ContractCreate => "contract_create",
        EntryKind::ReceivedFromContract => "received_from_contract",
        EntryKind::SentByContract => "sent_by_contract",
        EntryKind::Failed => "failed",
    }
}

/// A cell in quotes where it needs them. Text that a spreadsheet would take for a formula is disarmed: memos come
/// from strangers.
fn quote(cell: &str) -> Cow<'_, str> {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !cell.contains([',', '"', '\r', '\n']) {
        return Cow::Borrowed(cell);
    }
    let guard = if formula { "'" } else { "" };
    Cow::Owned(format!("\"{guard}{}\"", cell.replace('"', "\"\"")))
}

/// A time as `2026-01-31T23:59:59.999Z`.
#[must_use]
pub fn utc(time: Timestamp) -> String {
    let (seconds, ms) = (time.get() / 1_000, time.get() % 1_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days are counted from 0000-03-01, so that the leap day is the last of its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}
