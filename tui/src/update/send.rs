//! Sending: the form, its review, and the payment under way.

use vibecoin_client::uri::PaymentUri;
use vibecoin_primitives::{Address, AddressPrefix};

use super::{copy, explorer, notice, wallet};
use crate::action::{Effect, Slot};
use crate::backend::Request;
use crate::format;
use crate::keymap::Command;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;

/// Cells of a line of the review in the smallest terminal.
const REVIEW_CELLS: usize = 64;

/// Opens an empty form.
pub(super) fn open(state: &mut State, fx: &mut Vec<Effect>) {
    state.tab = Tab::Wallet;
    let Some(wallet) = state.wallet_mut() else { return };
    wallet.pages.clear();
    wallet.pages.push(WalletPage::Send(Box::default()));
    fx.push(state.ask(Slot::Prices, Request::Prices));
}

/// Keys of the form.
pub(super) fn run_form(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    if state.is_waiting(Slot::Plan) && command != Command::Back {
        return;
    }
    let Some(wallet) = state.wallet_mut() else { return };
    let accounts = wallet.overview.accounts.len().max(1);
    let Some(WalletPage::Send(form)) = wallet.pages.last_mut() else { return };
    let fields = form.fields();
    let here = fields.iter().position(|f| *f == form.focus).unwrap_or(0);
    match command {
        Command::Next => form.focus = fields[(here + 1) % fields.len()],
        Command::Previous => form.focus = fields[(here + fields.len() - 1) % fields.len()],
        Command::Fee => form.price = form.price.step(true),
        Command::Max => {
            form.amount.set("max");
            form.errors.remove(&SendField::Amount);
        }
        Command::Left | Command::Right => {
            let forward = command == Command::Right;
            match form.focus {
                SendField::Price => form.price = form.price.step(forward),
                SendField::From => {
                    wallet.selected = (wallet.selected + if forward { 1 } else { accounts - 1 }) % accounts;
                }
                _ => {}
            }
        }
        Command::Accept => submit(state, fx),
        Command::Back => {
            state.forget(Slot::Plan);
            wallet::pop(state);
        }
        _ => {}
    }
}

/// What follows from a changed text in the form.
pub(super) fn typed(state: &mut State, _fx: &mut Vec<Effect>) {
    let prefix = state.settings.prefix;
    let Some(wallet) = state.wallet_mut() else { return };
    match wallet.pages.last_mut() {
        Some(WalletPage::Send(form)) => {
            let focus = form.focus;
            form.failure = None;
            form.errors.remove(&focus);
            // A whole address that is wrong is said at once; half of one is not yet wrong.
            if focus == SendField::To
                && !form.to.text().contains(':')
                && form.to.len() >= prefix.as_str().len() + 39
                && let Err(words) = read_address(&form.to.text(), prefix)
            {
                form.errors.insert(SendField::To, words);
            }
        }
        Some(WalletPage::Sign(form)) => {
            form.verified = None;
            form.error = None;
        }
        _ => {}
    }
}

fn read_address(text: &str, prefix: AddressPrefix) -> Result<Address, SafeText> {
    Address::decode(text.trim(), prefix).map_err(|error| SafeText::new(&error.to_string()))
}

/// Checks what can be checked here. `Err` holds the first field that stops the payment, with words when it is wrong
/// rather than merely empty.
fn read_form(
    form: &SendForm,
    account: u32,
    prefix: AddressPrefix,
    prices: Option<Prices>,
) -> Result<SendRequest, (SendField, Option<SafeText>)> {
    let words = |error: &dyn std::fmt::Display| Some(SafeText::new(&error.to_string()));
    if form.to.is_empty() {
        return Err((SendField::To, None));
    }
    read_address(&form.to.text(), prefix).map_err(|error| (SendField::To, Some(error)))?;
    let typed = form.amount.text();
    let amount = match typed.trim() {
        "" => return Err((SendField::Amount, None)),
        max if max.eq_ignore_ascii_case("max") => SendAmount::Max,
        text => {
            let amount = format::parse_amount(text).map_err(|error| (SendField::Amount, words(&error)))?;
            if amount.is_zero() {
                return Err((SendField::Amount, Some("send at least 0.000 000 001 VIBE".into())));
            }
            SendAmount::Exact(amount)
        }
    };
    let fee = match form.price {
        PriceChoice::Low => FeeChoice::Low,
        PriceChoice::Normal => FeeChoice::Normal,
        PriceChoice::High => FeeChoice::High,
        PriceChoice::Own => {
            let text = form.own_price.text();
            if text.trim().is_empty() {
                return Err((SendField::OwnPrice, None));
            }
            let price: u64 = text.trim().parse().map_err(|_| {
                (SendField::OwnPrice, Some("a price is a whole number of beats for one gas".into()))
            })?;
            let minimum = prices.map_or(1, |p| p.minimum).max(1);
            if price < minimum {
                return Err((
                    SendField::OwnPrice,
                    Some(ink!("the pool takes nothing below {minimum} beats a gas")),
                ));
            }
            FeeChoice::Own(price)
        }
    };
    let valid_for = match form.valid_for.text().trim() {
        "" | "0" => None,
        text => Some(text.parse().map_err(|_| {
            (SendField::ValidFor, Some(SafeText::from("a number of blocks, or nothing for no limit")))
        })?),
    };
    let to = form.to.text().trim().to_lowercase();
    Ok(SendRequest { account, to, amount, fee, memo: form.memo.text(), valid_for })
}

fn submit(state: &mut State, fx: &mut Vec<Effect>) {
    let prefix = state.settings.prefix;
    let Some(wallet) = state.wallet_mut() else { return };
    let account = wallet.account().map_or(0, |a| a.index);
    let prices = wallet.prices;
    let Some(WalletPage::Send(form)) = wallet.pages.last_mut() else { return };
    form.errors.clear();
    form.failure = None;
    if form.to.text().contains(':') {
        // What the link asks for is shown before anything is made of it.
        form.focus = SendField::To;
        match take_link(form, prefix) {
            Ok(()) => form.focus = SendField::Amount,
            Err(words) => {
                form.errors.insert(SendField::To, words);
            }
        }
        return;
    }
    match read_form(form, account, prefix, prices) {
        Ok(request) => fx.push(state.ask(Slot::Plan, Request::Plan(Box::new(request)))),
        Err((field, error)) => {
            // Enter in a field goes on to the next empty one; only a field that one is in already is complained about.
            let stays = form.focus == field;
            form.focus = field;
            if let Some(error) = error {
                form.errors.insert(field, error);
            } else if stays {
                let words = match field {
                    SendField::To => "enter the recipient's address",
                    SendField::Amount => "enter an amount, or max",
                    _ => "enter a price in beats for one gas",
                };
                form.errors.insert(field, words.into());
            }
        }
    }
}

/// Fills the form with what the payment link in the place of the address asks for.
fn take_link(form: &mut SendForm, prefix: AddressPrefix) -> Result<(), SafeText> {
    let uri =
        PaymentUri::parse(&form.to.text(), prefix).map_err(|error| SafeText::new(&error.to_string()))?;
    form.to.set(&uri.address.encode(prefix));
    if let Some(amount) = uri.amount {
        form.amount.set(&amount.to_string());
    }
    if let Some(memo) = uri.memo {
        form.memo.set(&memo);
    }
    Ok(())
}

/// A payment has been prepared: its review.
pub(super) fn planned(state: &mut State, plan: SendPlan) {
    if let Some(wallet) = state.wallet_mut() {
        wallet.pages.push(WalletPage::Review(Box::new(Review { plan, failure: None, memo_line: 0 })));
        state.tab = Tab::Wallet;
    }
}

/// A payment could not be prepared.
pub(super) fn not_planned(state: &mut State, failure: Failure) {
    let field = failure.field.and_then(|field| match field {
        FormField::Address => Some(SendField::To),
        FormField::Amount => Some(SendField::Amount),
        FormField::Fee => Some(SendField::OwnPrice),
        FormField::Memo => Some(SendField::Memo),
        FormField::ValidFor => Some(SendField::ValidFor),
        FormField::Name | FormField::Words | FormField::Password => None,
    });
    match state.wallet_mut().and_then(|w| w.pages.last_mut()) {
        Some(WalletPage::Send(form)) => match field.filter(|f| form.fields().contains(f)) {
            Some(field) => {
                form.focus = field;
                form.errors.insert(field, failure.words);
            }
            None => form.failure = Some(failure),
        },
        _ => super::fail(state, &failure),
    }
}

/// Keys of the review.
pub(super) fn run_review(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let sending = state.is_waiting(Slot::Send);
    let Some(WalletPage::Review(review)) = state.wallet_mut().and_then(|w| w.pages.last_mut()) else {
        return;
    };
    match command {
        Command::ConfirmSend if !sending => {
            review.failure = None;
            let id = review.plan.id;
            fx.push(state.ask(Slot::Send, Request::Send(id)));
        }
        Command::Up => review.memo_line = review.memo_line.saturating_sub(1),
        Command::Down => {
            // The view stops where the memo's end is in sight; this only keeps the way back short.
            let lines = review.plan.memo.as_ref().map_or(0, |memo| memo.wrap(REVIEW_CELLS).len());
            review.memo_line = (review.memo_line + 1).min(lines.saturating_sub(1));
        }
        // Once it is being signed and sent, going back would only hide what happens.
        Command::Back if !sending => wallet::pop(state),
        _ => {}
    }
}

/// A payment was signed, sent and acknowledged.
pub(super) fn sent(state: &mut State, txid: SafeText, fx: &mut Vec<Effect>) {
    let sent_ms = state.now_ms;
    let Some(wallet) = state.wallet_mut() else { return };
    let Some(at) = wallet.pages.iter().position(|p| matches!(p, WalletPage::Review(_))) else { return };
    let Some(WalletPage::Review(review)) = wallet.pages.drain(at..).next() else { return };
    // What led here is done with: going back from the payment must not offer to send it again.
    wallet.pages.retain(|p| !matches!(p, WalletPage::Send(_) | WalletPage::Progress(_)));
    let progress = Progress {
        plan: review.plan,
        txid: txid.clone(),
        sent_ms,
        status: PaymentStatus::Pending { place: None },
        mark: Mark::Own,
        handed: None,
    };
    wallet.pages.push(WalletPage::Progress(Box::new(progress)));
    fx.push(state.ask(Slot::Payment, Request::Payment(txid)));
    wallet::refresh(state, fx);
}

/// A payment could not be signed or sent.
pub(super) fn not_sent(state: &mut State, failure: Failure) {
    match state.wallet_mut().and_then(|w| w.pages.last_mut()) {
        Some(WalletPage::Review(review)) => review.failure = Some(failure),
        _ => super::fail(state, &failure),
    }
}

/// Keys of a payment under way.
pub(super) fn run_progress(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let Some(WalletPage::Progress(progress)) = state.wallet().and_then(|w| w.pages.last()) else { return };
    let txid = progress.txid.clone();
    match command {
        Command::Accept | Command::OpenExplorer => {
            state.tab = Tab::Explorer;
            explorer::follow(state, Link::Transaction(txid), fx);
        }
        Command::Copy => copy(state, "transaction id", txid.to_string(), fx),
        Command::SpeedUp | Command::CancelPayment => {
            replace(state, txid, command == Command::CancelPayment, fx)
        }
        Command::Back => wallet::pop(state),
        _ => {}
    }
}

/// Prepares the replacement of a waiting payment.
pub(super) fn replace(state: &mut State, txid: SafeText, cancel: bool, fx: &mut Vec<Effect>) {
    fx.push(state.ask(Slot::Plan, Request::PlanReplacement { txid, cancel }));
}

/// The tip has moved: a payment under way may have been mined.
pub(super) fn tip_moved(state: &mut State, fx: &mut Vec<Effect>) {
    let Some(wallet) = state.wallet() else { return };
    let txid = wallet.pages.iter().rev().find_map(|page| match page {
        WalletPage::Progress(p) if !is_settled(p.status) => Some(p.txid.clone()),
        _ => None,
    });
    if let Some(txid) = txid.filter(|_| !state.is_waiting(Slot::Payment)) {
        fx.push(state.ask(Slot::Payment, Request::Payment(txid)));
    }
    wallet::tip_moved(state, fx);
}

/// Whether there is nothing more to wait for.
const fn is_settled(status: PaymentStatus) -> bool {
    match status {
        PaymentStatus::Mined { confirmations, .. } => confirmations >= 100,
        PaymentStatus::Expired | PaymentStatus::Replaced => true,
        PaymentStatus::Pending { .. } | PaymentStatus::Unknown => false,
    }
}

/// What became of a payment has come.
pub(super) fn take_payment(state: &mut State, payment: Payment) {
    let settled = state.settled();
    let Some(wallet) = state.wallet_mut() else { return };
    let page = wallet.pages.iter_mut().rev().find_map(|page| match page {
        WalletPage::Progress(progress) => Some(progress),
        _ => None,
    });
    let Some(progress) = page else { return };
    let before = (progress.status, progress.handed.is_some_and(|handed| handed.withheld));
    progress.status = payment.status;
    progress.mark = payment.mark;
    // Whom it was given to stays true when nobody asks any more.
    progress.handed = payment.handed.or(progress.handed);
    let handed = progress.handed;
    let reached = |s| matches!(s, PaymentStatus::Mined { confirmations, .. } if confirmations >= settled);
    if reached(payment.status) && !reached(before.0) {
        notice(state, ink!("the payment has {settled} confirmations"), false);
    } else if handed.is_some_and(|handed| handed.withheld) && !before.1 {
        notice(state, "a server has taken the payment, but no other has seen it", true);
    }
}
