//! First start, step by step.

use vibecoin_primitives::{Address, AddressPrefix};

use super::notice;
use crate::action::{Effect, Slot};
use crate::backend::Request;
use crate::field::Field;
use crate::keymap::Command;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;

/// Shows the choice.
pub(super) fn begin(state: &mut State, wallets: Vec<WalletInfo>) {
    state.session = Session::FirstStart(Box::new(FirstStart::new(wallets)));
    state.tab = Tab::Home;
}

/// Opens the choice although there may be wallets.
pub(super) fn open(state: &mut State, fx: &mut Vec<Effect>) {
    let wallets = match &state.session {
        Session::Locked(unlock) => unlock.wallets.clone(),
        _ => Vec::new(),
    };
    if matches!(state.session, Session::Open(_)) {
        super::unlock::lock(state, false, fx);
    }
    begin(state, wallets);
    fx.push(state.ask(Slot::Wallets, Request::Wallets));
}

pub(super) fn run(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let (prefix, now_ms) = (state.settings.prefix, state.now_ms);
    if state.is_waiting(Slot::Open) {
        // The wallet is being written: there is no way back from here, and none is needed.
        return;
    }
    let Session::FirstStart(first) = &mut state.session else { return };
    match (first.step, command) {
        (Step::Choose, Command::Up) => first.choice = first.choice.saturating_sub(1),
        (Step::Choose, Command::Down) => first.choice = (first.choice + 1).min(CHOICES.len() - 1),
        (Step::Choose, _) => choose(state, command, fx),

        (Step::Words, Command::WordCount) => {
            first.count =
                if first.count == WordCount::Twelve { WordCount::TwentyFour } else { WordCount::Twelve };
            draw_words(state, fx);
        }
        (Step::Words, Command::NewWords) => draw_words(state, fx),
        (Step::Words, Command::WordsWritten) if !first.words.words().is_empty() => {
            first.asked = FirstStart::pick(now_ms, first.words.words().len());
            first.answers = std::array::from_fn(|_| Field::new(24));
            first.wrong = [false; 3];
            go(first, Step::Check);
        }
        (Step::Words, Command::Back) => state.overlays.push(Overlay::Confirm(Question::DropWords)),

        (Step::Check, Command::Accept) => check(first),
        (Step::Check, Command::ShowWordsAgain | Command::Back) => go(first, Step::Words),

        (Step::Restore, Command::Complete) => {
            let suggested = Phrase::suggest(&first.typed.word_before());
            match suggested.first().filter(|_| first.focus == 0) {
                Some(word) => {
                    first.typed.replace_word(&format!("{word} "));
                    typed(first);
                }
                None => first.focus = (first.focus + 1) % first.fields(),
            }
        }
        (Step::Restore, Command::Passphrase) => {
            first.passphrase = if first.passphrase.is_some() { None } else { Some(Field::secret()) };
            first.focus = usize::from(first.passphrase.is_some());
        }
        (Step::Restore, Command::Accept) => match Phrase::parse(&first.typed.text()) {
            Ok(words) => {
                first.words = words;
                first.restoring = true;
                go(first, Step::Password);
            }
            Err(verdict) => first.verdict = Some(verdict),
        },

        (Step::Watch, Command::Accept) => watch(state, prefix, fx),
        (Step::Password, Command::Accept) => finish(state, fx),
        (Step::Password, Command::Reveal) => first.revealed = !first.revealed,

        (_, Command::Next) => first.focus = (first.focus + 1) % first.fields().max(1),
        (_, Command::Previous) => {
            first.focus = (first.focus + first.fields().max(1) - 1) % first.fields().max(1)
        }
        (Step::Password, Command::Back) => {
            let back = if first.restoring { Step::Restore } else { Step::Check };
            go(first, back);
        }
        (_, Command::Back) => go(first, Step::Choose),
        _ => {}
    }
}

fn go(first: &mut FirstStart, step: Step) {
    first.step = step;
    first.focus = 0;
    first.error = None;
    first.verdict = None;
    if step == Step::Password && !first.name.is_empty() {
        first.focus = 1;
    }
}

fn choose(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let Session::FirstStart(first) = &mut state.session else { return };
    let chosen = match command {
        Command::CreateWallet => 0,
        Command::RestoreWallet => 1,
        Command::WatchAddress => 2,
        Command::JustLook => 3,
        Command::Accept => first.choice,
        Command::Back if !first.wallets.is_empty() => {
            let wallets = first.wallets.clone();
            state.session = Session::Locked(Box::new(Unlock::new(wallets, None)));
            return;
        }
        _ => return,
    };
    first.choice = chosen;
    match chosen {
        0 => {
            first.restoring = false;
            go(first, Step::Words);
            // Coming back here finds the same words: they may be half written down.
            if first.words.words().is_empty() || first.words.words().len() != first.count.words() {
                draw_words(state, fx);
            }
        }
        1 => go(first, Step::Restore),
        2 => go(first, Step::Watch),
        _ => state.session = Session::Looking,
    }
}

fn draw_words(state: &mut State, fx: &mut Vec<Effect>) {
    let Session::FirstStart(first) = &mut state.session else { return };
    first.words = Phrase::default();
    let count = first.count;
    fx.push(state.ask(Slot::Words, Request::FreshWords(count)));
}

/// Compares the three answers with the words.
fn check(first: &mut FirstStart) {
    if first.answers[first.focus.min(2)].is_empty() {
        first.error =
            Some((first.focus, ink!("look at your paper: word {}", first.asked[first.focus.min(2)] + 1)));
        return;
    }
    let right = |n: usize| {
        let typed = first.answers[n].text();
        first
            .words
            .words()
            .get(first.asked[n])
            .is_some_and(|word| word.expose() == typed.trim().to_lowercase())
    };
    let verdict = [right(0), right(1), right(2)];
    let empty = [0, 1, 2].map(|n| first.answers[n].is_empty());
    first.wrong = [0, 1, 2].map(|n| !verdict[n] && !empty[n]);
    match [0, 1, 2].into_iter().find(|n| !verdict[*n]) {
        None => go(first, Step::Password),
        Some(n) => {
            first.focus = n;
            first.error = first.wrong[n].then(|| (n, ink!("this is not word {}", first.asked[n] + 1)));
        }
    }
}

fn watch(state: &mut State, prefix: AddressPrefix, fx: &mut Vec<Effect>) {
    let Session::FirstStart(first) = &mut state.session else { return };
    if let Err(error) = Address::decode(first.address.text().trim(), prefix) {
        first.focus = 0;
        first.error = Some((0, SafeText::new(&error.to_string())));
        return;
    }
    if let Some(error) = name_error(first) {
        first.error = Some((1, error));
        first.focus = 1;
        return;
    }
    let request = Request::WatchWallet {
        name: first.name.text().trim().to_owned(),
        address: first.address.text().trim().to_lowercase(),
    };
    fx.push(state.ask(Slot::Open, request));
}

fn name_error(first: &FirstStart) -> Option<SafeText> {
    let name = first.name.text();
    let name = name.trim();
    if name.is_empty() {
        return Some("give it a name".into());
    }
    first.wallets.iter().any(|w| w.name.as_str() == name).then(|| "there is a wallet of this name".into())
}

/// Checks name and password, field by field, and has the wallet made.
fn finish(state: &mut State, fx: &mut Vec<Effect>) {
    let Session::FirstStart(first) = &mut state.session else { return };
    let error = if let Some(error) = name_error(first) {
        Some((0, error))
    } else if first.password.is_empty() {
        Some((1, "enter a password: without one, whoever has this file has the coins".into()))
    } else if first.repeat.is_empty() {
        // Going on to the next field, not a mistake.
        first.focus = 2;
        first.error = None;
        return;
    } else if first.password.to_secret() != first.repeat.to_secret() {
        Some((2, "this is not the same password".into()))
    } else {
        None
    };
    if let Some(error) = error {
        first.focus = error.0;
        first.error = Some(error);
        return;
    }
    first.error = None;
    let new = NewWallet {
        name: first.name.text().trim().to_owned(),
        words: first.words.clone(),
        passphrase: first
            .passphrase
            .as_ref()
            .filter(|_| first.restoring)
            .map(Field::to_secret)
            .unwrap_or_default(),
        password: first.password.to_secret(),
        restored: first.restoring,
    };
    fx.push(state.ask(Slot::Open, Request::CreateWallet(Box::new(new))));
}

/// What follows from a changed text.
pub(super) fn typed(first: &mut FirstStart) {
    first.error = None;
    match first.step {
        Step::Check => {
            if let Some(wrong) = first.wrong.get_mut(first.focus) {
                *wrong = false;
            }
        }
        Step::Restore => first.verdict = Phrase::first_unknown(&first.typed.text()),
        _ => {}
    }
}

/// Fresh words have come.
pub(super) fn take_words(state: &mut State, words: Phrase) {
    if let Session::FirstStart(first) = &mut state.session {
        first.words = words;
    }
}

/// The words are given up.
pub(super) fn drop_words(state: &mut State) {
    if let Session::FirstStart(first) = &mut state.session {
        first.words = Phrase::default();
        go(first, Step::Choose);
    }
    notice(state, "those words are forgotten: do not use them", false);
}

/// The wallet could not be made: the field that it is about.
pub(super) fn refused(first: &mut FirstStart, failure: &Failure) {
    let field = match (first.step, failure.field) {
        (Step::Password, Some(FormField::Name)) => 0,
        (Step::Password, _) => 1,
        (_, Some(FormField::Name)) => 1,
        _ => 0,
    };
    first.focus = field;
    first.error = Some((field, failure.words.clone()));
}
