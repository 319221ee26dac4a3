//! Locking and unlocking.

use super::{first_start, notice};
use crate::action::{Effect, Slot};
use crate::backend::Request;
use crate::keymap::Command;
use crate::model::*;
use crate::state::*;

pub(super) fn run(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let Session::Locked(unlock) = &mut state.session else { return };
    match command {
        Command::Up => unlock.selected = unlock.selected.saturating_sub(1),
        Command::Down => unlock.selected = (unlock.selected + 1).min(unlock.wallets.len().saturating_sub(1)),
        Command::Reveal => unlock.revealed = !unlock.revealed,
        Command::JustLook => {
            state.session = Session::Looking;
            state.tab = Tab::Home;
            state.forget(Slot::Open);
        }
        Command::Accept => open(state, fx),
        Command::Back => {
            unlock.password.clear();
            unlock.error = None;
        }
        _ => {}
    }
}

fn open(state: &mut State, fx: &mut Vec<Effect>) {
    if state.is_waiting(Slot::Open) {
        return;
    }
    let Session::Locked(unlock) = &mut state.session else { return };
    let Some(wallet) = unlock.chosen().cloned() else { return };
    if let Some(damage) = wallet.damaged.clone() {
        unlock.error = Some(Failure { words: damage, help: None, field: None });
        return;
    }
    if unlock.password.is_empty() && !wallet.watch_only {
        unlock.error = Some(Failure::new("enter the password"));
        return;
    }
    unlock.error = None;
    let request = Request::Unlock { name: wallet.name, password: unlock.password.to_secret() };
    unlock.password.clear();
    fx.push(state.ask(Slot::Open, request));
}

/// Locks: everything that the wallet showed is forgotten, and the backend forgets the keys.
pub(super) fn lock(state: &mut State, by_itself: bool, fx: &mut Vec<Effect>) {
    if matches!(state.session, Session::Looking) {
        // There is nothing to lock: the wallets are looked up, as at the start.
        state.session = Session::Starting;
        fx.push(state.ask(Slot::Wallets, Request::Wallets));
        return;
    }
    let Session::Open(wallet) = &state.session else { return };
    let name = wallet.overview.name.clone();
    let mut unlock = Unlock::new(
        vec![WalletInfo { name: name.clone(), watch_only: wallet.overview.watch_only, damaged: None }],
        Some(&name),
    );
    unlock.by_itself = by_itself;
    state.session = Session::Locked(Box::new(unlock));
    state.overlays.clear();
    state.tab = Tab::Home;
    for slot in [
        Slot::Overview,
        Slot::Plan,
        Slot::Payment,
        Slot::History,
        Slot::Contacts,
        Slot::Message,
        Slot::NewAccount,
    ] {
        state.forget(slot);
    }
    fx.push(state.ask(Slot::Lock, Request::Lock));
    fx.push(state.ask(Slot::Wallets, Request::Wallets));
    state.revision += 1;
}

/// The wallets of the directory are known: the screen that fits them.
pub(super) fn take_wallets(state: &mut State, wallets: Vec<WalletInfo>) {
    match &mut state.session {
        Session::Starting if wallets.is_empty() => first_start::begin(state, wallets),
        Session::Starting => state.session = Session::Locked(Box::new(Unlock::new(wallets, None))),
        Session::Locked(unlock) if !wallets.is_empty() => {
            let name = unlock.chosen().map(|w| w.name.clone());
            unlock.selected = name.and_then(|n| wallets.iter().position(|w| w.name == n)).unwrap_or(0);
            unlock.wallets = wallets;
        }
        Session::FirstStart(first) => first.wallets = wallets,
        Session::Locked(_) | Session::Open(_) | Session::Looking => {}
    }
}

/// A wallet was opened or made.
pub(super) fn opened(state: &mut State, overview: Overview, fx: &mut Vec<Effect>) {
    let height = overview.height;
    state.session = Session::Open(Box::new(Wallet::new(overview)));
    state.tab = Tab::Home;
    state.last_key_ms = state.now_ms;
    fx.push(state.ask(Slot::Contacts, Request::Contacts));
    fx.push(state.ask(Slot::Prices, Request::Prices));
    // Behind servers there is no miner to ask for.
    if !state.settings.remote {
        fx.push(state.ask(Slot::Miner, Request::Miner));
    }
    // Which blocks are one's own is known only now.
    let limit = state.blocks_wanted();
    fx.push(state.ask(Slot::Blocks, Request::Blocks { below: None, limit }));
    // The chain may have moved while the password was being checked.
    if height < state.height() {
        fx.push(state.ask(Slot::Overview, Request::Overview));
    }
}

/// A wallet could not be opened.
pub(super) fn refused(state: &mut State, failure: Failure) {
    match &mut state.session {
        Session::Locked(unlock) => unlock.error = Some(failure),
        Session::FirstStart(first) => first_start::refused(first, &failure),
        _ => notice(state, failure.words, true),
    }
}
