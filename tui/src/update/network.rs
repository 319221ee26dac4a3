//! The network's tab: what it does with keys and answers.

use super::{copy, fail, is_move, moved, notice, page_rows};
use crate::action::{Effect, Slot};
use crate::backend::{Reply, Request};
use crate::keymap::Command;
use crate::model::{Failure, NetworkView};
use crate::safe::SafeText;
use crate::state::*;

/// Seconds between two looks while the tab is open.
const LOOK_S: u64 = 2;

pub(super) fn open(state: &mut State, fx: &mut Vec<Effect>) {
    state.tab = Tab::Network;
    // Servers tell of themselves when something changes.
    if state.settings.remote {
        return;
    }
    fx.push(state.ask(Slot::Network, Request::Network));
}

/// Another second has come: peers have no subscription, so they are looked at now and then.
pub(super) fn second(state: &mut State, fx: &mut Vec<Effect>) {
    let due = (state.now_ms / 1_000).is_multiple_of(LOOK_S);
    let busy = state.is_waiting(Slot::Network) || state.is_waiting(Slot::Peers);
    if state.tab == Tab::Network && !state.settings.remote && state.has_tabs() && due && !busy {
        fx.push(state.ask(Slot::Network, Request::Network));
    }
}

pub(super) fn run(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    match command {
        Command::ShowBans | Command::Next | Command::Previous => {
            state.network.list = match state.network.list {
                NetworkList::Peers => NetworkList::Bans,
                NetworkList::Bans => NetworkList::Peers,
            };
        }
        Command::Back => state.network.list = NetworkList::Peers,
        Command::AddPeer => state.overlays.push(Overlay::Prompt(Prompt::new(Purpose::PeerAddress))),
        Command::BanPeer => {
            if let Some(peer) = state.network.chosen_peer() {
                let question = Question::BanPeer { id: peer.id.clone(), place: peer.place.clone() };
                state.overlays.push(Overlay::Confirm(question));
            }
        }
        Command::BanAddress => {
            if let Some(ip) = state.network.chosen_peer().and_then(|peer| peer.ip.clone()) {
                let peers = state.network.view.iter().flat_map(|view| &view.peers);
                let there = peers.filter(|peer| peer.ip.as_ref() == Some(&ip)).count();
                state.overlays.push(Overlay::Confirm(Question::BanAddress { ip, there }));
            }
        }
        Command::Unban => {
            if let Some(ban) = state.network.chosen_ban() {
                let question = Question::Unban { who: ban.who.clone(), reason: ban.reason.clone() };
                state.overlays.push(Overlay::Confirm(question));
            }
        }
        Command::Copy => copy_chosen(state, fx),
        command if is_move(command) => {
            let (peers, bans) =
                state.network.view.as_ref().map_or((0, 0), |view| (view.peers.len(), view.bans.len()));
            let rows = page_rows(state) / 2;
            let network = &mut state.network;
            match network.list {
                NetworkList::Peers => network.peer = moved(network.peer, peers, rows, command),
                NetworkList::Bans => network.ban = moved(network.ban, bans, rows, command),
            }
        }
        _ => {}
    }
}

/// Ids are our own text: whoever holds the key has proven it. What a peer says of itself is never copied.
fn copy_chosen(state: &mut State, fx: &mut Vec<Effect>) {
    let network = &state.network;
    let chosen = match network.list {
        NetworkList::Peers => network.chosen_peer().map(|peer| ("the peer's id", peer.id.to_string())),
        NetworkList::Bans => network.chosen_ban().map(|ban| ("who is banned", ban.who.to_string())),
    };
    let own = || network.view.as_ref().map(|view| ("this node's id", view.own.id.to_string()));
    if let Some((what, text)) = chosen.or_else(own).filter(|(_, text)| !text.is_empty()) {
        copy(state, what, text, fx);
    }
}

/// Asks for something that changes who may be connected.
pub(super) fn change(state: &mut State, request: Request, fx: &mut Vec<Effect>) {
    // An older look would undo on the screen what is done now.
    state.forget(Slot::Network);
    fx.push(state.ask(Slot::Peers, request));
}

pub(super) fn take(state: &mut State, slot: Slot, result: Result<Reply, Failure>) {
    match (slot, result) {
        (_, Ok(Reply::Network(view))) => {
            if slot == Slot::Peers {
                notice(state, "done", false);
            }
            state.network.take(*view);
        }
        (Slot::Peers, Err(failure)) => fail(state, &failure),
        (_, Err(failure)) => state.network.failure = Some(failure),
        (_, Ok(_)) => {}
    }
}

/// Why a command of this tab cannot be carried out now.
pub(super) fn unavailable(state: &State, command: Command) -> Option<SafeText> {
    if state.settings.remote {
        return Some(super::remote::NO_NODE.into());
    }
    if state.tab != Tab::Network {
        return Some("this is done on the network's tab".into());
    }
    let Some(view) = &state.network.view else { return Some("the node has not answered yet".into()) };
    if let Some(why) = view.absent.as_ref().or(view.unavailable.as_ref()) {
        return Some(why.clone());
    }
    if state.is_waiting(Slot::Peers) {
        return Some("one moment".into());
    }
    nothing_chosen(state, view, command).map(Into::into)
}

fn nothing_chosen(state: &State, view: &NetworkView, command: Command) -> Option<&'static str> {
    let network = &state.network;
    match command {
        Command::BanPeer | Command::BanAddress if view.peers.is_empty() => Some("nobody is connected"),
        Command::BanPeer | Command::BanAddress if network.list != NetworkList::Peers => {
            Some("go to the peers, and choose one")
        }
        Command::BanAddress if network.chosen_peer().is_none_or(|peer| peer.ip.is_none()) => {
            Some("this peer is behind a relay, whose address it is")
        }
        Command::Unban if view.bans.is_empty() => Some("nobody is banned"),
        Command::Unban if network.list != NetworkList::Bans => Some("go to the bans, and choose one"),
        _ => None,
    }
}
