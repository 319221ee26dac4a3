//! The whole history of an address, folded back from the proven head.

use serde_json::{Value, json};
use vibecoin_client::light::values::history::Checked;
use vibecoin_primitives::Entry;
use vibecoin_primitives::activity::REWARD_INDEX;
use vibecoin_rpc::types::ActivityKind;

use crate::context::Context;
use crate::failure::Outcome;
use crate::output::{Side, Tint};

/// Prints the newest entries.
pub(super) async fn show(context: &Context, named: Option<&str>, limit: u32) -> Outcome {
    let named: Vec<String> = named.into_iter().map(ToOwned::to_owned).collect();
    let address = super::addresses(context, &named)?.into_iter().next();
    let client = super::synced(context).await?;
    let Some(address) = address else {
        return context.out.answer(&json!({ "entries": [] }), |paper| {
            paper.line("The wallet has no account.");
        });
    };
    let account = client.account(&address).await?;
    let history = client.history(&address, &account.value, None, limit).await?;
    let more = history.next_before().is_some();
    let by = account.by.to_string();
    let answer = json!({
        "address": context.show(&address),
        "trusted_by": by,
        "count": history.count,
        "head": history.head,
        "entries": history.entries.iter().map(|checked| entry(context, checked)).collect::<Vec<_>>(),
        "more": more,
        "traffic": super::cost(&client),
    });
    context.out.answer(&answer, |paper| {
        let rows: Vec<Vec<String>> = history.entries.iter().map(|checked| row(context, checked)).collect();
        let columns = [
            ("#", Side::Right),
            ("block", Side::Right),
            ("", Side::Left),
            ("VIBE", Side::Right),
            ("with", Side::Left),
        ];
        paper.table(&columns, &rows, "Nothing has happened yet.");
        paper.tinted(
            Tint::Faint,
            format!("{} of {} entries, {by}: none is missing between them.", rows.len(), history.count),
        );
        if more {
            paper.tinted(Tint::Faint, "Older ones: --limit.");
        }
    })
}

/// True if no transaction and nobody else stands behind it.
fn is_reward(entry: &Entry) -> bool {
    entry.tx_index == REWARD_INDEX
}

/// What an entry records, in the words of the API.
fn kind(checked: &Checked) -> Value {
    json!(ActivityKind::from(checked.entry.kind))
}

fn entry(context: &Context, checked: &Checked) -> Value {
    let entry = &checked.entry;
    json!({
        "index": entry.index,
        "height": entry.height,
        "kind": kind(checked),
        "counterparty": (!is_reward(entry)).then(|| context.show(&entry.counterparty)),
        "amount": entry.amount,
        "fee": entry.fee,
        "txid": (!is_reward(entry)).then_some(entry.txid),
    })
}

fn row(context: &Context, checked: &Checked) -> Vec<String> {
    let entry = &checked.entry;
    let kind = kind(checked).as_str().unwrap_or_default().replace('_', " ");
    let with = if is_reward(entry) { String::new() } else { context.show(&entry.counterparty) };
    vec![entry.index.to_string(), entry.height.to_string(), kind, entry.amount.to_string(), with]
}
