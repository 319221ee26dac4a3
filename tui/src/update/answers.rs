//! Answers, each to its place.

use super::{explorer, fail, first_start, home, network, notice, pool, send, unlock, wallet};
use crate::action::{Effect, Slot};
use crate::backend::{Reply, Request};
use crate::model::*;
use crate::state::*;

/// Takes an answer in that belongs to the newest question of its place.
pub(super) fn take(state: &mut State, slot: Slot, result: Result<Reply, Failure>, fx: &mut Vec<Effect>) {
    match (slot, result) {
        (Slot::Wallets, Ok(Reply::Wallets(wallets))) => unlock::take_wallets(state, wallets),
        // Without the list nothing can be opened, but a wallet can be made, or the failure met again with its words.
        (Slot::Wallets, Err(failure)) => {
            if matches!(state.session, Session::Starting) {
                first_start::begin(state, Vec::new());
            }
            fail(state, &failure);
        }
        (Slot::Words, Ok(Reply::Words(words))) => first_start::take_words(state, words),
        (Slot::Open, Ok(Reply::Overview(overview))) => unlock::opened(state, *overview, fx),
        (Slot::Open, Err(failure)) => unlock::refused(state, failure),
        (Slot::Overview, Ok(Reply::Overview(overview))) => take_overview(state, *overview, fx),
        (Slot::NewAccount, Ok(Reply::Overview(overview))) => {
            take_overview(state, *overview, fx);
            if let Some(wallet) = state.wallet_mut() {
                wallet.selected = wallet.overview.accounts.len().saturating_sub(1);
            }
            notice(state, "the account is open", false);
        }
        (Slot::Prices, Ok(Reply::Prices(prices))) => {
            if let Some(wallet) = state.wallet_mut() {
                wallet.prices = Some(prices);
            }
        }
        (Slot::Plan, Ok(Reply::Plan(plan))) => send::planned(state, *plan),
        (Slot::Plan, Err(failure)) => send::not_planned(state, failure),
        (Slot::Send, Ok(Reply::Sent(txid))) => send::sent(state, txid, fx),
        (Slot::Send, Err(failure)) => send::not_sent(state, failure),
        (Slot::Payment, Ok(Reply::Payment(status))) => send::take_payment(state, status),
        (Slot::History, Ok(Reply::History(page))) => wallet::take_history(state, page),
        (Slot::History, Err(failure)) => {
            let list = state.wallet_mut().and_then(|w| w.pages.last_mut());
            match list {
                Some(WalletPage::History(list)) => list.failure = Some(failure),
                _ => fail(state, &failure),
            }
        }
        (Slot::Label, Ok(_)) => {
            notice(state, "noted", false);
            wallet::refresh(state, fx);
        }
        (Slot::Contacts, Ok(Reply::Contacts(contacts))) => {
            if let Some(wallet) = state.wallet_mut() {
                wallet.contacts = contacts;
            }
        }
        (Slot::Message, result) => wallet::take_message(state, result),
        (Slot::Blocks, Ok(Reply::Blocks(rows))) => explorer::take_blocks(state, rows),
        (Slot::Page, result) => explorer::take_page(state, result),
        (Slot::Miner, Ok(Reply::Miner(miner))) => home::take_miner(state, *miner),
        (Slot::Pool, result) => pool::take(state, result),
        (Slot::Network | Slot::Peers, result) => network::take(state, slot, result),
        // Refreshing what is shown fails quietly: the title line says when there is no connection.
        (Slot::Overview | Slot::Prices | Slot::Payment | Slot::Blocks | Slot::Lock, _) => {}
        (_, Err(failure)) => fail(state, &failure),
        (_, Ok(_)) => {}
    }
}

fn take_overview(state: &mut State, overview: Overview, fx: &mut Vec<Effect>) {
    let Some(wallet) = state.wallet_mut() else { return };
    wallet.selected = wallet.selected.min(overview.accounts.len().saturating_sub(1));
    wallet.overview = overview;
    if std::mem::take(&mut wallet.stale) {
        fx.push(state.ask(Slot::Overview, Request::Overview));
    }
}
