//! How parts of a wallet look, as JSON and on paper.

use serde_json::{Value, json};
use vibecoin_client::balance::AccountBalance;
use vibecoin_client::keystore::AccountInfo;
use vibecoin_client::payment::{Purpose, Review};

use crate::context::Context;
use crate::output::Paper;

/// An account without its money.
pub(super) fn account(context: &Context, account: &AccountInfo) -> Value {
    json!({
        "account": account.index,
        "address": context.show(&account.address),
        "label": account.label,
        "public_key": account.public_key.map(|key| key.to_string()),
    })
}

/// An account with its money. `balance` is what blocks have given it, with what is on its way out.
pub(super) fn balance(context: &Context, account: &AccountBalance) -> Value {
    json!({
        "account": account.account,
        "address": context.show(&account.address),
        "label": account.label,
        "balance": account.spendable.checked_add(account.outgoing),
        "spendable": account.spendable,
        "maturing": account.maturing,
        "next_maturing": account.next_maturing,
        "incoming": account.incoming,
        "outgoing": account.outgoing,
        "nonce": account.nonce,
        "next_nonce": account.next_nonce,
    })
}

/// Recovery words, numbered, four in a row.
pub(super) fn words(paper: &mut Paper, words: &[&str]) {
    for (row, chunk) in words.chunks(4).enumerate() {
        let line: Vec<String> = chunk
            .iter()
            .enumerate()
            .map(|(at, word)| format!("{:>2} {word:<10}", row * 4 + at + 1))
            .collect();
        paper.line(line.join(" ").trim_end());
    }
}

/// Everything that a payment will do.
pub(super) fn review(context: &Context, review: &Review) -> Value {
    json!({
        "purpose": purpose(&review.purpose),
        "replaces": review.purpose.replaces(),
        "account": review.account,
        "from": context.show(&review.from),
        "to": context.show(&review.to),
        "to_name": review.to_name,
        "amount": review.amount,
        "fee": review.fee,
        "gas_price": review.gas_price,
        "total": review.total,
        "memo": review.memo_text(),
        "nonce": review.nonce,
        "valid_until": review.valid_until,
        "spendable_before": review.spendable_before,
        "spendable_after": review.spendable_after,
        "warnings": review.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// The same as lines: each address in full, each amount exact.
pub(super) fn review_lines(context: &Context, review: &Review) -> Vec<String> {
    let mut lines = vec![
        format!("from         {} (account {})", context.show(&review.from), review.account),
        format!("to           {}", context.show(&review.to)),
    ];
    lines.extend(review.to_name.as_ref().map(|name| format!("             {name}")));
    lines.push(format!("amount       {} VIBE", review.amount));
    lines.push(format!("fee          {} VIBE ({} beats per gas)", review.fee, review.gas_price));
    lines.push(format!("total        {} VIBE", review.total));
    lines.extend(review.memo_text().map(|memo| format!("memo         {memo}")));
    lines.extend(review.valid_until.map(|height| format!("valid until  block {height}")));
    lines.extend(review.purpose.replaces().map(|txid| format!("replaces     {txid}")));
    lines.push(format!("left after   {} VIBE spendable", review.spendable_after));
    lines
}

const fn purpose(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Payment => "payment",
        Purpose::SpeedUp { .. } => "speed-up",
        Purpose::Cancel { .. } => "cancel",
    }
}
