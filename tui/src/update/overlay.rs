//! What lies over a screen: palette, prompts, questions, help, find.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};
use vibecoin_primitives::Address;

use super::{explorer, is_move, leave, moved, network, notice, page_rows, remote, unavailable};
use crate::action::{Effect, Slot};
use crate::backend::Request;
use crate::keymap::Command;
use crate::safe::{SafeText, ink};
use crate::state::*;

pub(super) fn open_palette(state: &mut State) {
    let palette = Palette { matches: matching(""), ..Palette::default() };
    state.overlays.push(Overlay::Palette(palette));
}

/// The commands that match what was typed, best first; all of them in their order when nothing was.
#[must_use]
pub(crate) fn matching(typed: &str) -> Vec<Command> {
    let commands = Command::ALL.iter().copied().filter(|c| c.in_palette());
    if typed.trim().is_empty() {
        return commands.collect();
    }
    let pattern = Pattern::parse(typed.trim(), CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, Command)> = commands
        .filter_map(|command| {
            // A match of the name counts more than one of the sentence.
            let mut score =
                |text: &str| pattern.score(nucleo_matcher::Utf32Str::new(text, &mut buffer), &mut matcher);
            let name = score(command.name()).map(|s| s * 4);
            name.max(score(command.help())).map(|s| (s, command))
        })
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, command)| command).collect()
}

/// What follows from a changed text.
pub(super) fn typed(state: &mut State) {
    match state.overlays.last_mut() {
        Some(Overlay::Palette(palette)) => {
            palette.matches = matching(&palette.field.text());
            palette.selected = 0;
        }
        Some(Overlay::Prompt(prompt)) => prompt.error = None,
        Some(Overlay::Find(field)) => {
            let text = field.text();
            narrow(state, &text);
        }
        _ => {}
    }
}

/// Narrows the list below.
fn narrow(state: &mut State, text: &str) {
    if state.tab == Tab::Logs {
        state.logs.filter = text.to_owned();
        state.logs.back = 0;
        return;
    }
    match state.wallet_mut().and_then(|w| w.pages.last_mut()) {
        Some(WalletPage::History(list)) => {
            list.find = text.to_owned();
            list.selected = 0;
        }
        Some(WalletPage::Contacts(list)) => {
            list.find = text.to_owned();
            list.selected = 0;
        }
        _ => {}
    }
}

pub(super) fn run(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let rows = page_rows(state);
    let Some(overlay) = state.overlays.last_mut() else { return };
    match (overlay, command) {
        (Overlay::Find(_), Command::Back) => {
            state.overlays.pop();
            narrow(state, "");
        }
        (_, Command::Back) => {
            state.overlays.pop();
        }
        (Overlay::Help { scroll }, command) if is_move(command) => {
            *scroll = moved(*scroll, usize::MAX, rows, command).min(200);
        }
        (Overlay::Details { scroll }, command) if is_move(command) => {
            *scroll = moved(*scroll, usize::MAX, rows, command).min(200);
        }
        (Overlay::Details { .. }, Command::Copy) => remote::copy_chosen(state, fx),
        (Overlay::Palette(palette), Command::Up | Command::Down) => {
            palette.selected = moved(palette.selected, palette.matches.len(), rows, command);
        }
        (Overlay::Palette(palette), Command::Accept) => {
            let chosen = palette.matches.get(palette.selected).copied();
            state.overlays.pop();
            if let Some(command) = chosen {
                super::run(state, command, fx);
            }
        }
        (Overlay::Find(_), Command::Accept) => {
            state.overlays.pop();
        }
        // While a list is being narrowed, the arrows still move in it.
        (Overlay::Find(_), command) if is_move(command) => {
            let overlay = state.overlays.pop();
            super::run_here(state, command, fx);
            state.overlays.extend(overlay);
        }
        (Overlay::Confirm(question), Command::Confirm) => {
            let question = question.clone();
            state.overlays.pop();
            confirmed(state, question, fx);
        }
        (Overlay::Prompt(prompt), Command::Accept) => {
            let (purpose, text) = (prompt.purpose.clone(), prompt.field.text());
            match entered(state, purpose, text.trim(), fx) {
                Ok(()) => {}
                Err(error) => {
                    if let Some(Overlay::Prompt(prompt)) = state.overlays.last_mut() {
                        prompt.error = Some(error);
                    }
                }
            }
        }
        _ => {}
    }
}

fn confirmed(state: &mut State, question: Question, fx: &mut Vec<Effect>) {
    match question {
        Question::RemoveContact { address, .. } => {
            fx.push(state.ask(Slot::Contacts, Request::RemoveContact(address)));
        }
        Question::BanPeer { id: who, .. } | Question::BanAddress { ip: who, .. } => {
            network::change(state, Request::Ban { who, seconds: BAN_S }, fx);
        }
        Question::Unban { who, .. } => network::change(state, Request::Unban(who), fx),
        Question::LeaveWhileSending => leave(state, fx),
        Question::DropWords => super::first_start::drop_words(state),
    }
}

/// A line was entered. `Err` says what is wrong with it, and leaves the prompt where it is.
fn entered(state: &mut State, purpose: Purpose, text: &str, fx: &mut Vec<Effect>) -> Result<(), SafeText> {
    match purpose {
        Purpose::AccountName => {
            if text.is_empty() {
                return Err("give it a name".into());
            }
            state.overlays.pop();
            fx.push(state.ask(Slot::NewAccount, Request::NewAccount(text.to_owned())));
        }
        Purpose::ContactAddress => {
            Address::decode(text, state.settings.prefix).map_err(|e| SafeText::new(&e.to_string()))?;
            let address = text.to_lowercase();
            let known =
                state.wallet().and_then(|w| w.contacts.iter().find(|c| c.address.as_str() == address));
            if let Some(contact) = known {
                return Err(ink!("this is {}", contact.name));
            }
            state.overlays.pop();
            state.overlays.push(Overlay::Prompt(Prompt::new(Purpose::ContactName { address })));
        }
        Purpose::ContactName { address } => {
            if text.is_empty() {
                return Err("give it a name".into());
            }
            let taken = state.wallet().is_some_and(|w| w.contacts.iter().any(|c| c.name.as_str() == text));
            if taken {
                return Err("there is a contact of this name: two would be mistaken for each other".into());
            }
            state.overlays.pop();
            let request = Request::SaveContact { name: text.to_owned(), address };
            fx.push(state.ask(Slot::Contacts, request));
        }
        Purpose::Label { txid } => {
            state.overlays.pop();
            fx.push(state.ask(Slot::Label, Request::Label { txid, label: text.to_owned() }));
        }
        Purpose::RequestAmount => {
            let amount = if text.is_empty() {
                None
            } else {
                Some(crate::format::parse_amount(text).map_err(|e| SafeText::new(&e.to_string()))?)
            };
            state.overlays.pop();
            if let Some(WalletPage::Receive(receive)) = state.wallet_mut().and_then(|w| w.pages.last_mut()) {
                receive.amount = amount.filter(|a| !a.is_zero());
            }
        }
        Purpose::PeerAddress => {
            if text.is_empty() {
                return Err("type where the peer is".into());
            }
            state.overlays.pop();
            network::change(state, Request::AddPeer(text.to_owned()), fx);
        }
        Purpose::Search => {
            if text.is_empty() {
                return Err("type a height, an id or an address".into());
            }
            if let Some(why) = unavailable(state, Command::Search) {
                notice(state, why, true);
                return Ok(());
            }
            state.overlays.pop();
            explorer::search(state, text, fx);
        }
    }
    Ok(())
}
