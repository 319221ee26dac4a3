//! The pool's tab: what it does with keys and answers.

use super::{copy, explorer, is_move, moved, page_rows};
use crate::action::{Effect, Slot};
use crate::backend::{Reply, Request};
use crate::keymap::Command;
use crate::model::Failure;
use crate::state::*;

/// Seconds between two looks while the tab is open.
const LOOK_S: u64 = 2;

pub(super) fn open(state: &mut State, fx: &mut Vec<Effect>) {
    state.tab = Tab::Mempool;
    fx.push(state.ask(Slot::Pool, Request::Pool));
}

/// Another second has come.
pub(super) fn second(state: &mut State, fx: &mut Vec<Effect>) {
    let due = (state.now_ms / 1_000).is_multiple_of(LOOK_S);
    if state.tab == Tab::Mempool && state.has_tabs() && due && !state.is_waiting(Slot::Pool) {
        fx.push(state.ask(Slot::Pool, Request::Pool));
    }
}

pub(super) fn run(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    match command {
        Command::Filter => {
            state.pool.own_only = !state.pool.own_only;
            state.pool.selected = 0;
        }
        Command::Accept => {
            if let Some(txid) = state.pool.chosen().map(|row| row.txid.clone()) {
                state.tab = Tab::Explorer;
                explorer::follow(state, Link::Transaction(txid), fx);
            }
        }
        Command::Copy => {
            if let Some(txid) = state.pool.chosen().map(|row| row.txid.to_string()) {
                copy(state, "transaction id", txid, fx);
            }
        }
        Command::Back => state.pool.own_only = false,
        command if is_move(command) => {
            let shown = state.pool.shown().count();
            state.pool.selected = moved(state.pool.selected, shown, page_rows(state) / 2, command);
        }
        _ => {}
    }
}

pub(super) fn take(state: &mut State, result: Result<Reply, Failure>) {
    match result {
        Ok(Reply::Pool(view)) => state.pool.take(*view),
        Ok(_) => {}
        Err(failure) => state.pool.failure = Some(failure),
    }
}
