//! `vibecoin light`: the chain by proofs alone, from the remote nodes that the user named.
//!
//! Every figure says what it stands on. What no proof backs is not printed.

use std::sync::Arc;

use serde_json::{Value, json};
use vibecoin_client::light::values::transaction::Found;
use vibecoin_client::light::{Head, LightClient};
use vibecoin_consensus::light::Params;
use vibecoin_primitives::{Account, Address, Amount};
use vibecoin_rpc::types::WorkText;

use crate::cli::light::{LightArgs, LightCommand};
use crate::context::{Context, hash, interruptible, now};
use crate::failure::Outcome;
use crate::output::{Paper, Tint};
use crate::remote;

mod history;
mod servers;
mod watch;

/// Runs a command of `vibecoin light`.
///
/// # Errors
/// [`Failure::NoRemote`](crate::failure::Failure::NoRemote); what the remote nodes did instead of proving something.
pub fn run(context: &Context, args: &LightArgs) -> Outcome {
    context.wait(interruptible(async {
        match &args.command {
            LightCommand::Sync { fresh, paranoid } => sync(context, *fresh, *paranoid).await,
            LightCommand::Status => servers::status(context).await,
            LightCommand::Balance { address } => balance(context, address).await,
            LightCommand::History { address, limit } => {
                history::show(context, address.as_deref(), *limit).await
            }
            LightCommand::Tx { txid } => transaction(context, txid).await,
            LightCommand::Watch { address } => watch::run(context, address).await,
            LightCommand::Servers => servers::show(context).await,
        }
    }))
}

/// A client that has proven the chain as far as somebody has it.
async fn synced(context: &Context) -> Outcome<Arc<LightClient>> {
    let client = remote::open(context, |_| {})?;
    client.sync().await?;
    warn(context, &client);
    Ok(client)
}

/// Says what the user should know beside the answer.
fn warn(context: &Context, client: &LightClient) {
    for warning in client.standing().warnings {
        context.out.warn(&warning.to_string());
    }
}

/// The end of the proven chain, as JSON.
fn head(head: &Head) -> Value {
    json!({
        "id": head.id,
        "height": head.height(),
        "time": head.header.time,
        "work": WorkText(head.work),
    })
}

/// What the questions have cost so far, as JSON.
fn cost(client: &LightClient) -> Value {
    let traffic = client.servers().traffic();
    json!({
        "received_bytes": traffic.received_bytes,
        "sent_bytes": traffic.sent_bytes,
        "inflated_bytes": traffic.inflated_bytes,
        "round_trips": traffic.round_trips,
        "failures": traffic.failures,
    })
}

fn print_head(paper: &mut Paper, head: &Head) {
    paper
        .fact("proven tip", format!("{} at height {}", head.id, head.height()))
        .fact("work", head.work.get());
}

async fn sync(context: &Context, fresh: bool, paranoid: bool) -> Outcome {
    let client = remote::open(context, |options| {
        if paranoid {
            options.params = Params::PARANOID;
        }
    })?;
    let began = now();
    let before = client.head().filter(|_| !fresh);
    let tip = if fresh { client.sync_anew().await? } else { client.sync().await? };
    client.close();
    warn(context, &client);
    let took_ms = now().saturating_since(began);
    let (standing, traffic) = (client.standing(), client.servers().traffic());
    let answer = json!({
        "tip": head(&tip),
        "believed_height": standing.believed,
        "from_height": before.map(|head| head.height()),
        "agreeing": standing.agreeing(),
        "servers": standing.opinions.len(),
        "took_ms": took_ms,
        "proof": client.last_proof().map(|proof| json!({
            "bytes": proof.bytes,
            "verified_ms": proof.verified_us as f64 / 1_000.0,
        })),
        "traffic": cost(&client),
        "warnings": standing.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    context.out.answer(&answer, |paper| {
        print_head(paper, &tip);
        let from = match before {
            Some(head) => format!("from block {}, proven before", head.height()),
            None => "from the genesis".to_owned(),
        };
        paper
            .fact("proven", format!("{from}, in {took_ms} ms"))
            .fact("remote nodes", format!("{} of {} agree", standing.agreeing(), standing.opinions.len()))
            .fact(
                "received",
                format!("{} bytes, {} round trips", traffic.received_bytes, traffic.round_trips),
            );
        if let Some(proof) = client.last_proof() {
            let verified_ms = proof.verified_us as f64 / 1_000.0;
            paper.fact("proof", format!("{} bytes, verified in {verified_ms:.1} ms", proof.bytes));
        }
    })
}

/// The addresses that were named, or else the wallet's.
fn addresses(context: &Context, named: &[String]) -> Outcome<Vec<Address>> {
    if !named.is_empty() {
        return named.iter().map(|text| context.address(text)).collect();
    }
    let opened = context.vault().open(context.wallet_name()?.as_ref())?;
    Ok(opened.accounts.iter().map(|account| account.address).collect())
}

/// An account in the state that is believed, and what newer blocks changed, as JSON.
fn account(context: &Context, address: &Address, by: &str, believed: &Account, newer: &Account) -> Value {
    json!({
        "address": context.show(address),
        "balance": believed.balance,
        "nonce": believed.nonce,
        "activity_count": believed.activity_count,
        "unconfirmed_balance": newer.balance,
        "trusted_by": by,
    })
}

async fn balance(context: &Context, named: &[String]) -> Outcome {
    let wanted = addresses(context, named)?;
    let client = synced(context).await?;
    let mut accounts = Vec::with_capacity(wanted.len());
    for address in wanted {
        let believed = client.account(&address).await?;
        let (_, newer) = client.account_unconfirmed(&address).await?;
        accounts.push((address, believed, newer));
    }
    let standing = client.standing();
    let answer = json!({
        "height": standing.believed,
        "tip": standing.head.as_ref().map(head),
        "accounts": accounts.iter().map(|(address, believed, newer)| {
            account(context, address, &believed.by.to_string(), &believed.value, newer)
        }).collect::<Vec<_>>(),
        "traffic": cost(&client),
    });
    context.out.answer(&answer, |paper| {
        for (address, believed, newer) in &accounts {
            paper.fact(&context.show(address), format!("{} VIBE, {}", believed.value.balance, believed.by));
            let change = unconfirmed(believed.value.balance, newer.balance);
            if let Some(change) = change {
                paper.tinted(Tint::Caution, change);
            }
        }
    })
}

/// What blocks that are too new to be believed have changed.
fn unconfirmed(believed: Amount, newer: Amount) -> Option<String> {
    let words = |amount: Amount, way| format!("{amount} VIBE {way} in blocks that are not confirmed yet");
    match newer.checked_sub(believed) {
        Some(Amount::ZERO) => None,
        Some(more) => Some(words(more, "came")),
        None => Some(words(believed.saturating_sub(newer), "went")),
    }
}

async fn transaction(context: &Context, txid: &str) -> Outcome {
    let txid = hash(txid)?;
    let client = synced(context).await?;
    let (found, by) = client.transaction(&txid, None).await?;
    let url = client.servers().server(by).url().to_string();
    let confirmations_min = client.options().confirmations;
    let answer = match &found {
        Found::Included(included) => {
            let confirmed = included.block.confirmations > confirmations_min;
            json!({
                "txid": txid,
                "status": if confirmed { "confirmed" } else { "unconfirmed" },
                "block_id": included.block.linked.id,
                "height": included.block.linked.header.height,
                "position": included.position,
                "confirmations": included.block.confirmations,
                "from": context.show(&included.transaction.body.sender()),
                "to": included.transaction.body.to.map(|to| context.show(&to)),
                "value": included.transaction.body.value,
                "trusted_by": format!("proven at {}", included.block.linked.header.height),
            })
        }
        Found::Waiting { transaction, .. } => json!({
            "txid": txid,
            "status": "waiting",
            "from": context.show(&transaction.body.sender()),
            "to": transaction.body.to.map(|to| context.show(&to)),
            "value": transaction.body.value,
            "trusted_by": format!("reported by {url}"),
        }),
    };
    context.out.answer(&answer, |paper| match &found {
        Found::Included(included) => {
            let header = &included.block.linked.header;
            paper
                .fact("block", format!("{} at height {}", included.block.linked.id, header.height))
                .fact("position", included.position)
                .fact("confirmations", included.block.confirmations)
                .fact("value", format!("{} VIBE", included.transaction.body.value));
            if included.block.confirmations <= confirmations_min {
                let words =
                    format!("Its block is proven; wait for {confirmations_min} more before you rely on it.");
                paper.tinted(Tint::Caution, words);
            }
        }
        Found::Waiting { .. } => {
            paper
                .fact("in a block", "no")
                .tinted(Tint::Caution, format!("It waits, as {url} says: no proof backs that."));
        }
    })
}
