//! Home, the miner's tab and the log's: what they do with keys and news.

use super::{copy, explorer, is_move, moved, notice, page_rows};
use crate::action::{Effect, Slot};
use crate::backend::Request;
use crate::field::Field;
use crate::keymap::Command;
use crate::model::*;
use crate::safe::ink;
use crate::state::*;

pub(super) fn run(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    match command {
        Command::Accept => {
            if let Some(row) = state.blocks.get(state.home_selected) {
                let link = Link::Block(BlockRef::Id(row.id.clone()));
                state.tab = Tab::Explorer;
                explorer::follow(state, link, fx);
            }
        }
        Command::Copy => match state.wallet().and_then(Wallet::account) {
            Some(account) => {
                let text = account.address.to_string();
                copy(state, "address", text, fx);
            }
            None => {
                if let Some(id) = state.blocks.get(state.home_selected).map(|b| b.id.to_string()) {
                    copy(state, "block id", id, fx);
                }
            }
        },
        command if is_move(command) => {
            state.home_selected = moved(state.home_selected, state.blocks.len(), page_rows(state), command);
        }
        _ => {}
    }
}

pub(super) fn run_mining(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    match command {
        Command::Accept => toggle_mining(state, fx),
        Command::Copy => {
            if let Some(text) =
                state.miner.as_ref().and_then(|m| m.beneficiary.as_ref()).map(ToString::to_string)
            {
                copy(state, "address", text, fx);
            }
        }
        Command::Left => threads(state, false, fx),
        Command::Right => threads(state, true, fx),
        _ => {}
    }
}

pub(super) fn run_logs(state: &mut State, command: Command) {
    let shown = state.logs.shown().count();
    let page = page_rows(state);
    match command {
        Command::Follow => {
            state.logs.follow = !state.logs.follow;
            if state.logs.follow {
                state.logs.back = 0;
            }
        }
        Command::Level => {
            state.logs.level = match state.logs.level {
                LogLevel::Trace => LogLevel::Debug,
                LogLevel::Debug => LogLevel::Info,
                LogLevel::Info => LogLevel::Warn,
                LogLevel::Warn => LogLevel::Error,
                LogLevel::Error => LogLevel::Debug,
            };
            state.logs.back = 0;
        }
        Command::Find => state.overlays.push(Overlay::Find(Field::with(&state.logs.filter))),
        Command::Back => {
            state.logs.filter.clear();
            state.logs.back = 0;
        }
        command if is_move(command) => {
            // Lines are counted from the newest, so up is further back.
            let mirrored = match command {
                Command::Up => Command::Down,
                Command::Down => Command::Up,
                Command::PageUp => Command::PageDown,
                Command::PageDown => Command::PageUp,
                Command::Top => Command::Bottom,
                _ => Command::Top,
            };
            state.logs.back = moved(state.logs.back, shown, page, mirrored);
            state.logs.follow = state.logs.back == 0;
        }
        _ => {}
    }
}

pub(super) fn toggle_mining(state: &mut State, fx: &mut Vec<Effect>) {
    let Some(miner) = &state.miner else { return };
    let request = if miner.running {
        Request::StopMiner
    } else {
        let account = state.wallet().and_then(Wallet::account).map_or(0, |a| a.index);
        Request::StartMiner { threads: state.threads, account }
    };
    fx.push(state.ask(Slot::Miner, request));
}

pub(super) fn threads(state: &mut State, more: bool, fx: &mut Vec<Effect>) {
    let max = state.miner.as_ref().map_or(1, |m| m.threads_max.max(1));
    state.threads = if more { (state.threads + 1).min(max) } else { state.threads.saturating_sub(1).max(1) };
    if state.miner.as_ref().is_some_and(|m| m.running) {
        let account = state.wallet().and_then(Wallet::account).map_or(0, |a| a.index);
        let request = Request::StartMiner { threads: state.threads, account };
        fx.push(state.ask(Slot::Miner, request));
    }
}

/// Takes the miner's status in, and says so when it found a block on a network where that is news.
pub(super) fn take_miner(state: &mut State, miner: MinerStatus) {
    let found = miner.blocks_found.saturating_sub(state.miner.as_ref().map_or(u64::MAX, |m| m.blocks_found));
    let paced = matches!(state.status.as_ref().map(|s| s.pace), Some(Pace::Paced { .. }));
    if let (Some((height, _)), true) = (miner.last_found, found > 0 && !paced) {
        notice(state, ink!("block {} is yours", crate::format::count(height)), false);
    }
    if miner.running || state.miner.is_none() {
        state.threads = miner.threads.clamp(1, miner.threads_max.max(1));
    }
    state.miner = Some(miner);
}

/// Takes new blocks in. A height that was there before has been replaced, with all above it.
pub(super) fn take_blocks(state: &mut State, new: Vec<BlockRow>) {
    let chosen = state.blocks.get(state.home_selected).map(|b| b.height);
    for row in new {
        state.blocks.retain(|old| old.height < row.height);
        state.blocks.insert(0, row);
    }
    state.blocks.truncate(BLOCKS_KEPT);
    // The first line stays the newest block; any other choice stays with its block.
    if let Some(height) = chosen.filter(|_| state.home_selected > 0) {
        state.home_selected = state.blocks.iter().position(|b| b.height == height).unwrap_or(0);
    }
}

pub(super) fn take_logs(state: &mut State, lines: Vec<LogLine>) {
    let before = state.logs.shown().count();
    for line in lines {
        if state.logs.lines.len() == LOGS_KEPT {
            state.logs.lines.pop_front();
        }
        state.logs.lines.push_back(line);
    }
    if !state.logs.follow {
        // What is being read stays where it is.
        let after = state.logs.shown().count();
        state.logs.back = (state.logs.back + after.saturating_sub(before)).min(after.saturating_sub(1));
    }
}
