//! What has happened to a wallet, checked against its accounts' heads.

use std::path::Path;

use serde_json::{Value, json};
use vibecoin_client::files;
use vibecoin_client::history::{Direction, HistoryFilter, HistoryItem, Tracked};
use vibecoin_client::outbox::Delivery;
use vibecoin_client::wallets::Book;
use vibecoin_rpc::types::ActivityKind;

use super::Desk;
use crate::context::Context;
use crate::failure::Outcome;
use crate::output::{Side, Tint};

/// Prints the history, newest first, with what is on its way in front.
pub(super) async fn show(desk: &Desk<'_>, account: Option<u32>, limit: u32) -> Outcome {
    desk.open()?;
    let filter = HistoryFilter {
        account,
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        ..HistoryFilter::default()
    };
    let history = desk.service().await?.history(&filter).await?;
    let book = desk.vault.book()?;
    let by = history.by.to_string();
    let history = history.value;
    let answer = json!({
        "trusted_by": by,
        "pending": history.pending.iter().map(|tracked| pending(desk.context, tracked)).collect::<Vec<_>>(),
        "entries": history.items.iter().map(|item| entry(desk.context, item, &book)).collect::<Vec<_>>(),
        "more": history.more,
    });
    desk.context.out.answer(&answer, |paper| {
        let waiting: Vec<Vec<String>> = history
            .pending
            .iter()
            .map(|Tracked { sent, .. }| {
                let body = &sent.transaction.body;
                let to = body.to.map(|to| desk.context.show(&to)).unwrap_or_default();
                vec![
                    sent.account.to_string(),
                    state(&sent.delivery).to_owned(),
                    body.value.to_string(),
                    to,
                    sent.txid().to_string(),
                ]
            })
            .collect();
        let columns = [
            ("#", Side::Right),
            ("", Side::Left),
            ("VIBE", Side::Right),
            ("to", Side::Left),
            ("txid", Side::Left),
        ];
        if !waiting.is_empty() {
            paper.table(&columns, &waiting, "").gap();
        }
        let rows: Vec<Vec<String>> =
            history.items.iter().map(|item| row(desk.context, item, &book)).collect();
        let columns = [
            ("block", Side::Right),
            ("#", Side::Right),
            ("", Side::Left),
            ("VIBE", Side::Right),
            ("fee", Side::Right),
            ("with", Side::Left),
            ("memo", Side::Left),
        ];
        paper.table(&columns, &rows, "Nothing has happened yet.");
        if history.more {
            paper.tinted(Tint::Faint, "There is more: --limit.");
        }
    })
}

/// Writes the whole history as CSV.
pub(super) async fn export(desk: &Desk<'_>, file: &Path, account: Option<u32>) -> Outcome {
    desk.open()?;
    let service = desk.service().await?;
    let mut text = Vec::new();
    let count = service.export_history(account, &mut text).await?;
    if file == Path::new("-") {
        return desk.context.out.raw(&text);
    }
    files::create(file, &text)?;
    let answer = json!({ "file": file, "entries": count });
    desk.context.out.answer(&answer, |paper| {
        paper.line(format!("{count} entries are in {}.", file.display()));
    })
}

fn pending(context: &Context, tracked: &Tracked) -> Value {
    let Tracked { sent, status } = tracked;
    let body = &sent.transaction.body;
    json!({
        "account": sent.account,
        "txid": sent.txid(),
        "to": body.to.map(|to| context.show(&to)),
        "amount": body.value,
        "fee": body.max_fee(),
        "nonce": body.nonce,
        "time": sent.time,
        "purpose": sent.purpose,
        "delivery": sent.delivery,
        "status": status,
    })
}

fn entry(context: &Context, item: &HistoryItem, book: &Book) -> Value {
    json!({
        "account": item.account,
        "index": item.entry.index,
        "height": item.entry.height,
        "time": item.time,
        "kind": ActivityKind::from(item.entry.kind),
        "direction": direction(item),
        "counterparty": item.counterparty().map(|other| context.show(other)),
        "contact": item.counterparty().and_then(|other| book.name_of(other)),
        "amount": item.entry.amount,
        "fee": item.entry.fee,
        "txid": item.txid(),
        "memo": item.memo_text(),
        "memo_hex": item.memo.as_ref().map(hex::encode),
        "label": item.txid().and_then(|txid| book.label(txid)),
    })
}

fn row(context: &Context, item: &HistoryItem, book: &Book) -> Vec<String> {
    let other = item.counterparty();
    let name = other.and_then(|other| book.name_of(other)).map(ToOwned::to_owned);
    let fee = item.entry.fee;
    vec![
        item.entry.height.to_string(),
        item.account.to_string(),
        direction(item).to_owned(),
        item.entry.amount.to_string(),
        if fee.is_zero() { String::new() } else { fee.to_string() },
        name.or_else(|| other.map(|other| context.show(other))).unwrap_or_default(),
        item.memo_text().unwrap_or_default().to_owned(),
    ]
}

/// How far a payment is that is not settled.
const fn state(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Waiting => "waiting",
        Delivery::Mined { .. } => "mined",
        Delivery::Expired => "expired",
        Delivery::Replaced { .. } => "replaced",
        Delivery::Refused { .. } => "refused",
    }
}

fn direction(item: &HistoryItem) -> &'static str {
    match item.direction() {
        Direction::Out => "out",
        Direction::In => "in",
        Direction::Mined => "mined",
        Direction::Failed => "failed",
    }
}
