//! The wallet's tab: accounts, receiving, history, contacts, messages.

use vibecoin_client::uri::SCHEME;

use super::{copy, explorer, is_move, moved, page_rows, send};
use crate::action::{Effect, Slot};
use crate::backend::Request;
use crate::field::Field;
use crate::keymap::Command;
use crate::model::*;
use crate::state::*;

/// Milliseconds between two looks at servers because of new blocks.
const REMOTE_LOOK_MS: u64 = 5_000;
/// Entries fetched at a time.
const HISTORY_PAGE: usize = 100;

pub(super) fn run(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let Some(wallet) = state.wallet() else {
        if command == Command::Back {
            state.tab = Tab::Home;
        }
        return;
    };
    match wallet.pages.last() {
        None => run_accounts(state, command, fx),
        Some(WalletPage::Send(_)) => send::run_form(state, command, fx),
        Some(WalletPage::Review(_)) => send::run_review(state, command, fx),
        Some(WalletPage::Progress(_)) => send::run_progress(state, command, fx),
        Some(WalletPage::Receive(_)) => run_receive(state, command, fx),
        Some(WalletPage::History(_)) => run_history(state, command, fx),
        Some(WalletPage::Contacts(_)) => run_contacts(state, command, fx),
        Some(WalletPage::Sign(_)) => run_sign(state, command, fx),
    }
}

/// Takes the uppermost screen off.
pub(super) fn pop(state: &mut State) {
    if let Some(wallet) = state.wallet_mut() {
        wallet.pages.pop();
    }
}

/// Fetches the open wallet again, and its history when that is on the screen. While an answer is under way another
/// question would only make that answer worthless, so it is asked afterwards.
pub(super) fn refresh(state: &mut State, fx: &mut Vec<Effect>) {
    let (overview, history) = (state.is_waiting(Slot::Overview), state.is_waiting(Slot::History));
    let Some(wallet) = state.wallet_mut() else { return };
    let list = wallet.pages.iter_mut().find_map(|p| match p {
        WalletPage::History(list) => Some(list),
        _ => None,
    });
    let query = list.filter(|_| !history).map(|list| {
        list.fetching_after = 0;
        HistoryQuery { account: None, skip: 0, limit: list.rows.len().max(HISTORY_PAGE) }
    });
    wallet.stale = overview;
    if !overview {
        fx.push(state.ask(Slot::Overview, Request::Overview));
    }
    if let Some(query) = query {
        fx.push(state.ask(Slot::History, Request::History(query)));
    }
}

/// The tip has moved. An own node is asked at once; servers, to whom every look costs bytes, every few seconds.
pub(super) fn tip_moved(state: &mut State, fx: &mut Vec<Effect>) {
    if !state.settings.remote {
        return refresh(state, fx);
    }
    if let Some(wallet) = state.wallet_mut() {
        wallet.due = true;
    }
    second(state, fx);
}

/// Another second has come: what is due behind servers may be fetched now.
pub(super) fn second(state: &mut State, fx: &mut Vec<Effect>) {
    let now_ms = state.now_ms;
    let Some(wallet) = state.wallet_mut() else { return };
    if wallet.due && now_ms.saturating_sub(wallet.refreshed_ms) >= REMOTE_LOOK_MS {
        (wallet.due, wallet.refreshed_ms) = (false, now_ms);
        refresh(state, fx);
    }
}

fn run_accounts(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let page = page_rows(state);
    let Some(wallet) = state.wallet_mut() else { return };
    match command {
        Command::Copy => {
            if let Some(address) = wallet.account().map(|a| a.address.to_string()) {
                copy(state, "address", address, fx);
            }
        }
        Command::Accept => open_receive(state),
        Command::Back => state.tab = Tab::Home,
        command if is_move(command) => {
            wallet.selected = moved(wallet.selected, wallet.overview.accounts.len(), page, command);
        }
        _ => {}
    }
}

pub(super) fn open_receive(state: &mut State) {
    state.tab = Tab::Wallet;
    if let Some(wallet) = state.wallet_mut() {
        wallet.pages = vec![WalletPage::Receive(Receive::default())];
    }
}

/// The URI that asks for a payment to `address`.
#[must_use]
pub(crate) fn payment_uri(address: &str, receive: &Receive) -> String {
    match receive.amount {
        Some(amount) => format!("{SCHEME}:{address}?amount={amount}"),
        None => format!("{SCHEME}:{address}"),
    }
}

fn run_receive(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let Some(wallet) = state.wallet_mut() else { return };
    let Some(WalletPage::Receive(receive)) = wallet.pages.last() else { return };
    let Some(address) = wallet.account().map(|a| a.address.to_string()) else { return };
    let accounts = wallet.overview.accounts.len();
    match command {
        Command::Copy => copy(state, "address", address, fx),
        Command::CopyUri => {
            let uri = payment_uri(&address, receive);
            copy(state, "payment URI", uri, fx);
        }
        Command::Next | Command::Down => wallet.selected = (wallet.selected + 1) % accounts,
        Command::Previous | Command::Up => wallet.selected = (wallet.selected + accounts - 1) % accounts,
        Command::RequestAmount => {
            state.overlays.push(Overlay::Prompt(Prompt::new(Purpose::RequestAmount)));
        }
        Command::Back => pop(state),
        _ => {}
    }
}

pub(super) fn open_history(state: &mut State, fx: &mut Vec<Effect>) {
    state.tab = Tab::Wallet;
    let Some(wallet) = state.wallet_mut() else { return };
    wallet.pages = vec![WalletPage::History(HistoryList::default())];
    let query = HistoryQuery { account: None, skip: 0, limit: HISTORY_PAGE };
    fx.push(state.ask(Slot::History, Request::History(query)));
}

fn run_history(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let page = page_rows(state);
    let waiting = state.is_waiting(Slot::History);
    let Some(WalletPage::History(list)) = state.wallet_mut().and_then(|w| w.pages.last_mut()) else { return };
    let chosen = list.chosen().cloned();
    match (command, chosen) {
        (Command::Accept | Command::OpenExplorer, Some(row)) => {
            let link = match (row.txid, row.status) {
                (Some(txid), _) => Link::Transaction(txid),
                (None, PaymentStatus::Mined { height, .. }) => Link::Block(BlockRef::Height(height)),
                (None, _) => return,
            };
            state.tab = Tab::Explorer;
            explorer::follow(state, link, fx);
        }
        (Command::Copy, Some(HistoryRow { txid: Some(txid), .. })) => {
            copy(state, "transaction id", txid.to_string(), fx);
        }
        (Command::Label, Some(HistoryRow { txid: Some(txid), label, .. })) => {
            let mut prompt = Prompt::new(Purpose::Label { txid });
            if let Some(label) = label {
                prompt.field.set(label.as_str());
            }
            state.overlays.push(Overlay::Prompt(prompt));
        }
        (Command::Label, Some(_)) => {
            super::notice(state, "a reward has no transaction to note something to", true)
        }
        (Command::SpeedUp | Command::CancelPayment, Some(HistoryRow { txid: Some(txid), .. })) => {
            send::replace(state, txid, command == Command::CancelPayment, fx);
        }
        (Command::Filter, _) => {
            let here = HistoryFilter::ALL.iter().position(|f| *f == list.filter).unwrap_or(0);
            list.filter = HistoryFilter::ALL[(here + 1) % HistoryFilter::ALL.len()];
            list.selected = 0;
        }
        (Command::Find, _) => {
            let field = Field::with(&list.find);
            state.overlays.push(Overlay::Find(field));
        }
        // The first Esc takes a filter off, the next leaves.
        (Command::Back, _) if !list.find.is_empty() => {
            list.find.clear();
            list.selected = 0;
        }
        (Command::Back, _) => pop(state),
        (command, _) if is_move(command) => {
            let len = list.shown().len();
            list.selected = moved(list.selected, len, page, command);
            let near_end = list.selected + page >= len;
            if near_end && list.more && !waiting {
                list.fetching_after = list.rows.len();
                let query = HistoryQuery { account: None, skip: list.rows.len(), limit: HISTORY_PAGE };
                fx.push(state.ask(Slot::History, Request::History(query)));
            }
        }
        _ => {}
    }
}

/// A part of the history has come.
pub(super) fn take_history(state: &mut State, page: HistoryPage) {
    let Some(wallet) = state.wallet_mut() else { return };
    let list = wallet.pages.iter_mut().find_map(|p| match p {
        WalletPage::History(list) => Some(list),
        _ => None,
    });
    let Some(list) = list else { return };
    let key = |row: &HistoryRow| (row.txid.clone(), row.account, row.kind as u8, row.time_ms);
    let chosen = list.chosen().map(key);
    list.rows.truncate(list.fetching_after);
    let known: std::collections::HashSet<_> = list.rows.iter().map(key).collect();
    // Entries that came on top meanwhile have moved some of the known ones into this page.
    list.rows.extend(page.rows.into_iter().filter(|r| !known.contains(&key(r))));
    list.more = page.more;
    list.mark = page.mark;
    list.failure = None;
    if let Some(place) = chosen.and_then(|chosen| list.shown().iter().position(|r| key(r) == chosen)) {
        list.selected = place;
    }
    list.selected = list.selected.min(list.shown().len().saturating_sub(1));
}

pub(super) fn open_contacts(state: &mut State, picking: bool, fx: &mut Vec<Effect>) {
    state.tab = Tab::Wallet;
    let Some(wallet) = state.wallet_mut() else { return };
    let page = WalletPage::Contacts(ContactList { picking, ..ContactList::default() });
    if picking {
        wallet.pages.push(page);
    } else {
        wallet.pages = vec![page];
    }
    fx.push(state.ask(Slot::Contacts, Request::Contacts));
}

fn run_contacts(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let rows = page_rows(state);
    let Some(wallet) = state.wallet_mut() else { return };
    let Some(WalletPage::Contacts(list)) = wallet.pages.last_mut() else { return };
    let shown = list.shown(&wallet.contacts);
    let chosen = shown.get(list.selected).map(|c| (*c).clone());
    let len = shown.len();
    match (command, chosen) {
        (Command::Accept, Some(contact)) => {
            let picking = list.picking;
            pop(state);
            if !picking {
                send::open(state, fx);
            }
            if let Some(WalletPage::Send(form)) = state.wallet_mut().and_then(|w| w.pages.last_mut()) {
                form.to.set(contact.address.as_str());
                form.errors.remove(&SendField::To);
                form.focus = SendField::Amount;
            }
        }
        (Command::Copy, Some(contact)) => copy(state, "address", contact.address.to_string(), fx),
        (Command::RemoveContact, Some(Contact { name, address })) => {
            state.overlays.push(Overlay::Confirm(Question::RemoveContact { name, address }));
        }
        (Command::Find, _) => {
            let field = Field::with(&list.find);
            state.overlays.push(Overlay::Find(field));
        }
        (Command::Back, _) if !list.find.is_empty() => list.find.clear(),
        (Command::Back, _) => pop(state),
        (command, _) if is_move(command) => list.selected = moved(list.selected, len, rows, command),
        _ => {}
    }
}

pub(super) fn open_sign(state: &mut State) {
    state.tab = Tab::Wallet;
    if let Some(wallet) = state.wallet_mut() {
        wallet.pages = vec![WalletPage::Sign(Box::default())];
    }
}

fn run_sign(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let Some(wallet) = state.wallet_mut() else { return };
    let account = wallet.account().map_or(0, |a| a.index);
    let Some(WalletPage::Sign(form)) = wallet.pages.last_mut() else { return };
    let fields = if form.verifying { 3 } else { 1 };
    match command {
        Command::Next => form.focus = (form.focus + 1) % fields,
        Command::Previous => form.focus = (form.focus + fields - 1) % fields,
        Command::SignOrVerify => {
            form.verifying = !form.verifying;
            form.focus = 0;
            form.error = None;
            form.verified = None;
        }
        Command::Copy => match form.signed.as_ref().map(|s| s.signature.to_string()) {
            Some(signature) => copy(state, "signature", signature, fx),
            None => super::notice(state, "nothing is signed yet", true),
        },
        Command::Accept => {
            let (address, message) = (form.address.text().trim().to_owned(), form.message.text());
            if message.is_empty() {
                form.error = Some("enter the message".into());
                return;
            }
            let request = if form.verifying {
                let signature = form.signature.text().trim().to_owned();
                Request::VerifyMessage { address, message, signature }
            } else {
                Request::SignMessage { account, message }
            };
            fx.push(state.ask(Slot::Message, request));
        }
        Command::Back => pop(state),
        _ => {}
    }
}

/// A message was signed, checked, or could not be.
pub(super) fn take_message(state: &mut State, result: Result<crate::backend::Reply, Failure>) {
    use crate::backend::Reply;
    let Some(WalletPage::Sign(form)) = state.wallet_mut().and_then(|w| w.pages.last_mut()) else { return };
    match result {
        Ok(Reply::Signed(signed)) => form.signed = Some(*signed),
        Ok(Reply::Verified(good)) => form.verified = Some(good),
        Ok(_) => {}
        Err(failure) => form.error = Some(failure.words),
    }
}
