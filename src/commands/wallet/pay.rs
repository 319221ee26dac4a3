//! Payments: worked out, shown, signed, sent, and waited for.

use std::io::{self, IsTerminal};
use std::path::Path;

use serde_json::{Value, json};
use vibecoin_client::error::WalletError;
use vibecoin_client::offline;
use vibecoin_client::payment::{
    AmountChoice, FeeChoice, PaymentError, PaymentRequest, Review, VALID_FOR_BLOCKS,
};
use vibecoin_client::service::WalletService;
use vibecoin_client::uri::PaymentUri;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Amount};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::TxStatus;

use super::sign::transaction_text;
use super::{Desk, print};
use crate::cli::wallet::SendArgs;
use crate::context::{hash, interruptible, now};
use crate::failure::{Failure, Outcome};
use crate::output::Tint;
use crate::secrets;

/// The pool's rule for the price of any transaction.
const POOL_PRICE: &str = "POOL-5";
/// The pool's rule for the price of one that replaces another.
const POOL_REPLACEMENT: &str = "POOL-9";

/// What is done to a payment that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It is sent again for more.
    Price,
    /// Nothing takes its place.
    Nothing,
}

/// Sends an amount, or all that is spendable, to an address or a contact.
pub(super) async fn send(desk: &Desk<'_>, to: &str, amount: Option<Amount>, options: &SendArgs) -> Outcome {
    let to = recipient(desk, to)?;
    let amount = amount.map_or(AmountChoice::Max, AmountChoice::Exact);
    pay(desk, to, amount, options.memo.clone(), options).await
}

/// Pays what a payment URI asks for.
pub(super) async fn uri(desk: &Desk<'_>, text: &str, amount: Option<Amount>, options: &SendArgs) -> Outcome {
    let uri = PaymentUri::parse(text, desk.context.config.network().prefix())?;
    let amount = match (uri.amount, amount) {
        (Some(asked), Some(given)) if asked != given => {
            return Err(Failure::Usage(format!("the URI asks for {asked} VIBE, not {given}")));
        }
        (asked, given) => asked.or(given),
    };
    let amount =
        amount.ok_or_else(|| Failure::Usage("the URI names no amount: give it with --amount".to_owned()))?;
    if let Some(label) = &uri.label {
        desk.context.out.say(&format!("This is asked for by \"{label}\", in their own words."));
    }
    let memo = options.memo.clone().or(uri.memo);
    pay(desk, uri.address, AmountChoice::Exact(amount), memo, options).await
}

async fn pay(
    desk: &Desk<'_>,
    to: Address,
    amount: AmountChoice,
    memo: Option<String>,
    options: &SendArgs,
) -> Outcome {
    desk.open()?;
    let mut request = PaymentRequest::new(options.from, to, amount);
    request.fee = options.fee;
    request.memo = memo.unwrap_or_default().into_bytes();
    request.valid_for = options.valid_for.unwrap_or(VALID_FOR_BLOCKS);
    let service = desk.service().await?;
    let review = service.prepare(&request).await.map_err(|error| name_rule(error, POOL_PRICE))?;
    if options.dry_run || options.unsigned {
        return hand_out(desk, &review, options.unsigned);
    }
    carry_out(desk, &service, &review, options.wait).await
}

/// Takes the place of a payment that waits.
pub(super) async fn replace(desk: &Desk<'_>, txid: &str, fee: Option<FeeChoice>, change: Change) -> Outcome {
    let txid = hash(txid)?;
    desk.open()?;
    let service = desk.service().await?;
    let fee = fee.unwrap_or_default();
    let review = match change {
        Change::Price => service.speed_up(&txid, fee).await,
        Change::Nothing => service.cancel(&txid, fee).await,
    };
    let review = review.map_err(|error| name_rule(error, POOL_REPLACEMENT))?;
    carry_out(desk, &service, &review, None).await
}

/// Sends a transaction that was signed elsewhere.
pub(super) async fn broadcast(desk: &Desk<'_>, file: &Path, confirmations: Option<u64>) -> Outcome {
    let text = transaction_text(file)?;
    let signed = offline::decode_signed(&text, &desk.context.facts())?;
    // Without a wallet of its own, a machine may still send what another one has signed.
    let service = desk.service().await?;
    let txid = match desk.open() {
        Ok(_) => service.broadcast(&text, now()).await?,
        Err(_) => service.node().tx_submit(signed.encode().into()).await?.txid,
    };
    let mut answer = json!({ "txid": txid });
    wait(desk, &service, &txid, confirmations, &mut answer).await?;
    print_sent(desk, &txid, &answer)
}

/// A price that the pool would refuse, refused here in its words: a script goes by the rule's name.
fn name_rule(error: WalletError, rule: &str) -> WalletError {
    match error {
        WalletError::Payment(PaymentError::PriceTooLow { offered, minimum }) => {
            WalletError::Api(ApiError::FeeTooLow { rule: rule.to_owned(), offered, minimum })
        }
        other => other,
    }
}

/// An address, or the contact of that name.
fn recipient(desk: &Desk<'_>, text: &str) -> Outcome<Address> {
    let book = desk.vault.book()?;
    match (desk.context.address(text), book.contact(text)) {
        (Ok(address), _) => Ok(address),
        (Err(_), Some(address)) => Ok(*address),
        (Err(error), None) => Err(error),
    }
}

/// Prints what would be sent, and the transaction to sign if that is wanted.
fn hand_out(desk: &Desk<'_>, review: &Review, unsigned: bool) -> Outcome {
    let text = unsigned.then(|| offline::encode_unsigned(review.body()));
    let mut answer = print::review(desk.context, review);
    answer["unsigned"] = json!(text);
    warn(desk, review);
    if text.is_some() && !desk.context.out.is_json() {
        print::review_lines(desk.context, review).iter().for_each(|line| desk.context.out.say(line));
    }
    desk.context.out.answer(&answer, |paper| {
        match &text {
            Some(text) => {
                paper.line(text);
            }
            None => print::review_lines(desk.context, review).iter().for_each(|line| {
                paper.line(line);
            }),
        };
    })
}

/// Shows, asks, signs, sends, and waits if that is wanted.
async fn carry_out(
    desk: &Desk<'_>,
    service: &WalletService,
    review: &Review,
    confirmations: Option<u64>,
) -> Outcome {
    warn(desk, review);
    // A script has decided already; a person is shown all of it first.
    if !desk.context.yes && !desk.context.out.is_json() && io::stdin().is_terminal() {
        print::review_lines(desk.context, review).iter().for_each(|line| desk.context.out.say(line));
        secrets::confirm(false, "Sign and send this?")?;
    }
    desk.unlock().await?;
    let sent = service.send(review, now()).await?;
    let txid = sent.txid();
    let mut answer = print::review(desk.context, review);
    answer["txid"] = json!(txid);
    answer["nonce"] = json!(sent.nonce());
    wait(desk, service, &txid, confirmations, &mut answer).await?;
    print_sent(desk, &txid, &answer)
}

fn warn(desk: &Desk<'_>, review: &Review) {
    review.warnings.iter().for_each(|warning| desk.context.out.warn(&warning.to_string()));
}

/// Waits for confirmations, telling each; notes where the transaction is.
async fn wait(
    desk: &Desk<'_>,
    service: &WalletService,
    txid: &Hash,
    confirmations: Option<u64>,
    answer: &mut Value,
) -> Outcome {
    let status = match confirmations {
        None => service.node().tx_status(*txid).await?,
        Some(wanted) => {
            desk.context.out.say(&format!("{txid} is sent; waiting for {}.", count(wanted)));
            interruptible(watch(desk, service, txid, wanted)).await?
        }
    };
    if let TxStatus::Mined { confirmations, .. } = &status {
        answer["confirmations"] = json!(confirmations);
    }
    answer["status"] = serde_json::to_value(&status).map_err(Failure::unexpected)?;
    Ok(())
}

async fn watch(desk: &Desk<'_>, service: &WalletService, txid: &Hash, wanted: u64) -> Outcome<TxStatus> {
    let mut reached = 0;
    loop {
        let status = service.wait(txid, reached).await?;
        if let TxStatus::Mined { confirmations, height, .. } = &status {
            desk.context.out.say(&format!("{confirmations} of {}, in block {height}", count(wanted)));
            reached = *confirmations;
        }
        if reached >= wanted {
            return Ok(status);
        }
        reached += 1;
    }
}

fn print_sent(desk: &Desk<'_>, txid: &Hash, answer: &Value) -> Outcome {
    desk.context.out.answer(answer, |paper| {
        paper.tinted(Tint::Good, "sent").fact("txid", txid);
        paper.fact_if(
            "amount",
            answer["amount"].as_str().and_then(vibe).map(|amount| format!("{amount} VIBE")),
        );
        paper.fact_if("fee", answer["fee"].as_str().and_then(vibe).map(|fee| format!("{fee} VIBE")));
        paper.fact_if("confirmations", answer["confirmations"].as_u64());
    })
}

fn count(confirmations: u64) -> String {
    if confirmations == 1 { "1 confirmation".to_owned() } else { format!("{confirmations} confirmations") }
}

fn vibe(beats: &str) -> Option<Amount> {
    beats.parse().ok().map(Amount::from_beats)
}
