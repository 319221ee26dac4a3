//! The servers' tab, and what is said when it stands differently with them.

use super::{NODE_NOTICE_S, copy, is_move, moved, page_rows, say, wallet};
use crate::action::{Effect, Slot};
use crate::backend::Request;
use crate::format::{blocks, count};
use crate::keymap::Command;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;

/// Why what a node does cannot be done here.
pub(super) const NO_NODE: &str = "these screens look through remote servers: that needs a node of one's own";
/// Why nothing can be mined here.
pub(super) const NO_MINER: &str =
    "mining needs the whole chain, and here only its proof is kept: start without --remote";

pub(super) fn run(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    match command {
        Command::ShowDisagreements | Command::Next | Command::Previous => {
            state.remote.list = match state.remote.list {
                ServerList::Servers => ServerList::Disagreements,
                ServerList::Disagreements => ServerList::Servers,
            };
        }
        Command::Back => state.remote.list = ServerList::Servers,
        Command::Accept if state.remote.has_choice() => {
            state.overlays.push(Overlay::Details { scroll: 0 });
        }
        Command::Copy => copy_chosen(state, fx),
        command if is_move(command) => {
            let rows = page_rows(state) / 2;
            let remote = &mut state.remote;
            let (servers, disagreements) =
                remote.view.as_ref().map_or((0, 0), |view| (view.servers.len(), view.disagreements.len()));
            match remote.list {
                ServerList::Servers => remote.server = moved(remote.server, servers, rows, command),
                ServerList::Disagreements => {
                    remote.disagreement = moved(remote.disagreement, disagreements, rows, command);
                }
            }
        }
        _ => {}
    }
}

/// A server's URL is this user's own text; a disagreement is copied in our words.
pub(super) fn copy_chosen(state: &mut State, fx: &mut Vec<Effect>) {
    let remote = &state.remote;
    let chosen = match remote.list {
        ServerList::Servers => {
            remote.chosen_server().map(|server| ("the server's URL", server.url.to_string()))
        }
        ServerList::Disagreements => {
            remote.chosen_disagreement().map(|row| ("the disagreement", report(row)))
        }
    };
    if let Some((what, text)) = chosen {
        copy(state, what, text, fx);
    }
}

/// A disagreement as lines of text, to be shown to somebody.
fn report(row: &DisagreementRow) -> String {
    let mut lines = vec![format!("{} UTC  {}", crate::format::moment(row.time_ms), row.about)];
    lines.extend(row.said.iter().map(|(who, what)| format!("{who}: {what}")));
    lines.push(row.outcome.to_string());
    lines.extend(row.evidence.iter().map(ToString::to_string));
    lines.join("\n")
}

/// Takes in how it stands, and says what is new. What depends on it is asked again once there is somebody to ask.
pub(super) fn take(state: &mut State, view: RemoteView, fx: &mut Vec<Effect>) {
    let before = state.remote.view.as_ref();
    let words = news(before, &view);
    let returned = view.standing == Standing::Following
        && before.is_none_or(|before| before.standing != Standing::Following);
    state.remote.take(view);
    if let Some((words, bad)) = words {
        say(state, words, bad, NODE_NOTICE_S);
    }
    if returned && state.has_tabs() {
        wallet::refresh(state, fx);
        if state.wallet().is_some() {
            fx.push(state.ask(Slot::Prices, Request::Prices));
        }
        let limit = state.blocks_wanted();
        fx.push(state.ask(Slot::Blocks, Request::Blocks { below: None, limit }));
    }
}

/// The gravest thing that is new, and whether it is bad.
fn news(before: Option<&RemoteView>, now: &RemoteView) -> Option<(SafeText, bool)> {
    let known = before.map(|before| before.cautions.as_slice()).unwrap_or_default();
    // What is merely less certain than it could be stands on the servers' tab.
    if let Some(caution) = now.cautions.iter().find(|caution| caution.grave && !known.contains(caution)) {
        return Some((caution.words.clone(), true));
    }
    // What is kept from earlier starts is no news.
    if let (Some(before), Some(row)) = (before, now.disagreements.first())
        && before.disagreements.first() != Some(row)
    {
        return Some((ink!("{}: {}", row.about, row.outcome), row.verdict != Verdict::Heavier));
    }
    let standing = before.map(|before| before.standing).unwrap_or_default();
    if standing == now.standing {
        return None;
    }
    let since = now.proven.as_ref().map_or_else(
        || "nothing is shown that could be wrong".into(),
        |tip| ink!("what is shown was proven up to block {}", count(tip.height)),
    );
    match now.standing {
        Standing::Asking | Standing::Proving => None,
        Standing::Following => followed(before, now).map(|words| (words, false)),
        Standing::Stale => Some((ink!("no new block has come for long: {since}"), true)),
        Standing::Unreachable => Some((ink!("no server answers; they are tried again: {since}"), true)),
        Standing::NoProof => Some((ink!("servers answer, but none proves what it claims: {since}"), true)),
        Standing::AllFalse => {
            Some((ink!("every server has said something false, and none is believed: {since}"), true))
        }
        Standing::ClockWrong => {
            Some((ink!("this computer's clock and the blocks' times do not fit: {since}"), true))
        }
    }
}

/// What is said when there is a proven tip to follow: how it was proven, once, or that somebody answers again.
fn followed(before: Option<&RemoteView>, now: &RemoteView) -> Option<SafeText> {
    let tip = now.proven.as_ref()?;
    let is_first = before.is_none_or(|before| before.proof.is_none());
    match (&now.proof, before.map(|before| before.standing)) {
        (Some(ProofRow { resumed_from: None, bytes, took_ms, .. }), _) if is_first => Some(ink!(
            "{} proven with {} in {}",
            blocks(tip.height.saturating_add(1)),
            crate::format::bytes(*bytes),
            crate::format::brief_millis(*took_ms)
        )),
        (_, Some(Standing::Unreachable | Standing::NoProof | Standing::AllFalse)) => {
            Some(ink!("a server answers again: proven up to block {}", count(tip.height)))
        }
        (_, Some(Standing::Stale)) => Some(ink!("a new block has come: {}", count(tip.height))),
        (Some(_), _) if is_first => Some(ink!("proven up to block {}", count(tip.height))),
        (
            _,
            None | Some(Standing::Asking | Standing::Proving | Standing::Following | Standing::ClockWrong),
        ) => None,
    }
}

/// Why a command of the servers' tab cannot be carried out now.
pub(super) fn unavailable(state: &State, command: Command) -> Option<SafeText> {
    if !state.settings.remote {
        return Some("there are no servers: these screens are on a node".into());
    }
    let empty = state.remote.view.as_ref().is_none_or(|view| view.disagreements.is_empty());
    (command == Command::ShowDisagreements && state.remote.list == ServerList::Servers && empty)
        .then(|| "no server has contradicted another, or said something false".into())
}
