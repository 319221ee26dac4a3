//! Accounts: their addresses and their money.

use serde_json::{Value, json};
use vibecoin_client::balance::{AccountBalance, Balances};
use vibecoin_client::uri::PaymentUri;
use vibecoin_primitives::Amount;

use super::{Desk, print};
use crate::cli::wallet::AccountsAction;
use crate::context::now;
use crate::failure::Outcome;
use crate::output::{Side, Tint};

/// Lists or changes the accounts.
pub(super) async fn run(desk: &Desk<'_>, action: Option<AccountsAction>) -> Outcome {
    let opened = desk.open()?;
    match action {
        None => list(desk).await,
        Some(AccountsAction::Add { label }) => {
            desk.unlock().await?;
            let added = desk.vault.add_account(None, &label, now()).await?;
            desk.context.out.answer(&print::account(desk.context, &added), |paper| {
                paper.fact("account", added.index).fact("address", desk.context.show(&added.address));
            })
        }
        Some(AccountsAction::Label { account, label }) => {
            if !opened.watch_only {
                desk.unlock().await?;
            }
            desk.vault.set_label(account, &label, now()).await?;
            let account = desk.vault.account(account)?;
            desk.context.out.answer(&print::account(desk.context, &account), |paper| {
                paper.fact("account", account.index).fact("label", &account.label);
            })
        }
    }
}

/// The accounts, with their money if a node runs that knows it.
async fn list(desk: &Desk<'_>) -> Outcome {
    let accounts = desk.vault.opened()?.accounts;
    let money = match desk.service_if_any().await? {
        Some(service) => Some(service.balances().await?.value),
        None => None,
    };
    let of = |index: u32| money.as_ref().and_then(|money| money.account(index));
    let entries: Vec<Value> = accounts
        .iter()
        .map(|account| {
            let mut entry = print::account(desk.context, account);
            if let (Some(entry), Some(Value::Object(money))) =
                (entry.as_object_mut(), of(account.index).map(|money| print::balance(desk.context, money)))
            {
                entry.extend(money);
            }
            entry
        })
        .collect();
    desk.context.out.answer(&entries, |paper| {
        let rows: Vec<Vec<String>> = accounts
            .iter()
            .map(|account| {
                vec![
                    account.index.to_string(),
                    desk.context.show(&account.address),
                    of(account.index).map(|money| money.spendable.to_string()).unwrap_or_default(),
                    account.label.clone(),
                ]
            })
            .collect();
        let spendable = if money.is_some() { "VIBE" } else { "" };
        let columns =
            [("#", Side::Right), ("address", Side::Left), (spendable, Side::Right), ("label", Side::Left)];
        paper.table(&columns, &rows, "");
    })
}

/// The address of an account, or a payment URI for it.
pub(super) fn address(
    desk: &Desk<'_>,
    account: u32,
    amount: Option<Amount>,
    memo: Option<String>,
) -> Outcome {
    desk.open()?;
    let info = desk.vault.account(account)?;
    let address = desk.context.show(&info.address);
    let uri = PaymentUri { address: info.address, amount, memo, label: None }
        .encode(desk.context.config.network().prefix());
    let answer = json!({
        "address": address,
        "account": account,
        "label": info.label,
        "public_key": info.public_key.map(|key| key.to_string()),
        "uri": uri,
    });
    desk.context.out.answer(&answer, |paper| {
        paper.line(if amount.is_some() { &uri } else { &address });
    })
}

/// What the wallet, or one account of it, has.
pub(super) async fn balance(desk: &Desk<'_>, account: Option<u32>) -> Outcome {
    desk.open()?;
    if let Some(index) = account {
        desk.vault.account(index)?;
    }
    let trusted = desk.service().await?.balances().await?;
    let mut money: Balances = trusted.value;
    money.accounts.retain(|of| account.is_none_or(|index| of.account == index));
    let total = money.spendable().checked_add(money.outgoing());
    let answer = json!({
        "height": money.height,
        "trusted_by": trusted.by.to_string(),
        "balance": total,
        "spendable": money.spendable(),
        "maturing": money.maturing(),
        "next_maturing": money.next_maturing(),
        "incoming": money.incoming(),
        "outgoing": money.outgoing(),
        "accounts": money.accounts.iter().map(|of| print::balance(desk.context, of)).collect::<Vec<_>>(),
    });
    desk.context.out.answer(&answer, |paper| {
        paper.fact("spendable", format!("{} VIBE", money.spendable()));
        let some = |amount: Amount| (!amount.is_zero()).then(|| format!("{amount} VIBE"));
        paper.fact_if("maturing", some(money.maturing()));
        paper.fact_if("on its way in", some(money.incoming()));
        paper.fact_if("on its way out", some(money.outgoing()));
        paper.fact("at height", format!("{}, by {}", money.height, trusted.by));
        if money.accounts.len() > 1 {
            let row = |of: &AccountBalance| {
                vec![
                    of.account.to_string(),
                    desk.context.show(&of.address),
                    of.spendable.to_string(),
                    of.label.clone(),
                ]
            };
            let rows: Vec<Vec<String>> = money.accounts.iter().map(row).collect();
            let columns =
                [("#", Side::Right), ("address", Side::Left), ("VIBE", Side::Right), ("label", Side::Left)];
            paper.gap().table(&columns, &rows, "");
        }
        if let Some(next) = money.next_maturing() {
            paper.tinted(Tint::Faint, format!("{} VIBE mature at height {}.", next.amount, next.height));
        }
    })
}
