//! The only place that changes the state. No I/O, no clock: what it wants done comes out as effects, and the time
//! comes in as an action.

use crossterm::event::{KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};

use crate::action::{Action, Effect, Slot};
use crate::backend::{Event, Request};
use crate::keymap::{Command, Key};
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;

mod answers;
mod available;
mod explorer;
mod first_start;
mod home;
mod network;
mod overlay;
mod pool;
mod remote;
mod send;
mod unlock;
mod wallet;

pub use available::unavailable;
pub(crate) use wallet::payment_uri;

/// Seconds that a notice stays.
const NOTICE_S: u64 = 8;
/// Seconds that a notice from the node stays: there is more to read.
const NODE_NOTICE_S: u64 = 20;

/// Changes the state by one action and says what is to be done outside.
#[must_use]
pub fn update(state: &mut State, action: Action) -> Vec<Effect> {
    let mut fx = Vec::new();
    match action {
        Action::Tick(now_ms) => tick(state, now_ms, &mut fx),
        Action::Key(key) => press(state, key, &mut fx),
        Action::Paste(text) => paste(state, &text, &mut fx),
        Action::Mouse(event) => mouse(state, event, &mut fx),
        Action::Resize(columns, rows) => {
            state.size = (columns, rows);
            state.revision += 1;
        }
        Action::Run(command) => {
            touch(state);
            run(state, command, &mut fx);
        }
        Action::Answer { slot, generation, result } => {
            if state.answered(slot, generation) {
                state.revision += 1;
                answers::take(state, slot, result, &mut fx);
            }
        }
        Action::Event(event) => happened(state, event, &mut fx),
        Action::Terminate => leave(state, &mut fx),
    }
    fx
}

/// Somebody is here: the lock waits again.
const fn touch(state: &mut State) {
    state.last_key_ms = state.now_ms;
    state.revision += 1;
}

fn tick(state: &mut State, now_ms: u64, fx: &mut Vec<Effect>) {
    let second_passed = state.now_ms / 1_000 != now_ms / 1_000;
    state.now_ms = now_ms;
    if state.notice.as_ref().is_some_and(|n| n.until_ms <= now_ms) {
        state.notice = None;
        state.revision += 1;
    }
    if state.locks_in_s() == Some(0) {
        unlock::lock(state, true, fx);
    }
    if second_passed && state.needs_ticks() {
        state.revision += 1;
    }
    if second_passed {
        pool::second(state, fx);
        wallet::second(state, fx);
        network::second(state, fx);
    }
}

fn press(state: &mut State, event: KeyEvent, fx: &mut Vec<Effect>) {
    if event.kind == KeyEventKind::Release {
        return;
    }
    touch(state);
    let key = Key::of(event);
    match state.keymap.resolve(state.context(), key) {
        // In a terminal that is too small nothing can be decided, so nothing but leaving works.
        Some(command) if !state.too_small() || matches!(command, Command::Leave | Command::Quit) => {
            run(state, command, fx);
        }
        Some(_) => {}
        None => {
            if typed_field(state).is_some_and(|field| field.key(event)) {
                after_typing(state, fx);
            }
        }
    }
}

fn paste(state: &mut State, text: &str, fx: &mut Vec<Effect>) {
    touch(state);
    if let Some(field) = typed_field(state) {
        // Surrounding white space comes along with most selections.
        field.insert(text.trim());
        after_typing(state, fx);
    }
}

fn mouse(state: &mut State, event: MouseEvent, fx: &mut Vec<Effect>) {
    match event.kind {
        MouseEventKind::ScrollUp => run(state, Command::Up, fx),
        MouseEventKind::ScrollDown => run(state, Command::Down, fx),
        MouseEventKind::Down(MouseButton::Left) => {
            if let Some(command) = crate::view::clicked(state, event.column, event.row) {
                run(state, command, fx);
            }
        }
        _ => return,
    }
    touch(state);
}

/// The text field that has the keys.
fn typed_field(state: &mut State) -> Option<&mut crate::field::Field> {
    if let Some(overlay) = state.overlays.last_mut() {
        return match overlay {
            Overlay::Palette(palette) => Some(&mut palette.field),
            Overlay::Prompt(prompt) => Some(&mut prompt.field),
            Overlay::Find(field) => Some(field),
            Overlay::Help { .. } | Overlay::Confirm(_) | Overlay::Details { .. } => None,
        };
    }
    match &mut state.session {
        Session::FirstStart(first) => first.field_mut(),
        Session::Locked(unlock) => Some(&mut unlock.password),
        Session::Open(wallet) if state.tab == Tab::Wallet => match wallet.pages.last_mut()? {
            WalletPage::Send(form) => form.field_mut(),
            WalletPage::Sign(form) => Some(form.field_mut()),
            _ => None,
        },
        Session::Open(_) | Session::Looking | Session::Starting => None,
    }
}

/// What follows from a changed text.
fn after_typing(state: &mut State, fx: &mut Vec<Effect>) {
    if !state.overlays.is_empty() {
        overlay::typed(state);
        return;
    }
    match &mut state.session {
        Session::FirstStart(first) => first_start::typed(first),
        Session::Locked(unlock) => unlock.error = None,
        Session::Open(_) => send::typed(state, fx),
        Session::Looking | Session::Starting => {}
    }
}

/// Carries a command out, or says why not.
fn run(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    if command == Command::Leave {
        return leave(state, fx);
    }
    if let Some(why) = unavailable(state, command) {
        notice(state, why, true);
        return;
    }
    if !state.overlays.is_empty() {
        return overlay::run(state, command, fx);
    }
    match command {
        Command::Help => state.overlays.push(Overlay::Help { scroll: 0 }),
        Command::Palette => overlay::open_palette(state),
        Command::Quit => quit(state, fx),
        Command::Lock => unlock::lock(state, false, fx),
        Command::Search => state.overlays.push(Overlay::Prompt(Prompt::new(Purpose::Search))),
        Command::FirstStart => first_start::open(state, fx),
        Command::Home => state.tab = Tab::Home,
        Command::Wallet => {
            // The tab's key, pressed on the tab, goes back to where it begins.
            let begin = state.tab == Tab::Wallet && !state.is_waiting(Slot::Send);
            state.tab = Tab::Wallet;
            if let Some(wallet) = state.wallet_mut().filter(|_| begin) {
                wallet.pages.clear();
            }
        }
        Command::Explorer => explorer::open_tab(state, fx),
        Command::Mining => {
            state.tab = Tab::Mining;
            if !state.settings.remote {
                fx.push(state.ask(Slot::Miner, Request::Miner));
            }
        }
        Command::Mempool => pool::open(state, fx),
        Command::Network => network::open(state, fx),
        Command::Logs => state.tab = Tab::Logs,
        Command::Send => send::open(state, fx),
        Command::Receive => wallet::open_receive(state),
        Command::History => wallet::open_history(state, fx),
        // In the send form the address book is there to pick from.
        Command::Contacts if state.context() == crate::keymap::Context::Send => {
            wallet::open_contacts(state, true, fx)
        }
        Command::Contacts => wallet::open_contacts(state, false, fx),
        Command::Sign => wallet::open_sign(state),
        Command::NewAccount => {
            state.overlays.push(Overlay::Prompt(Prompt::new(Purpose::AccountName)));
        }
        Command::AddContact => {
            state.overlays.push(Overlay::Prompt(Prompt::new(Purpose::ContactAddress)));
        }
        Command::Forks => explorer::open_forks(state, fx),
        Command::ToggleMining => home::toggle_mining(state, fx),
        Command::ThreadsMore => home::threads(state, true, fx),
        Command::ThreadsFewer => home::threads(state, false, fx),
        _ => run_here(state, command, fx),
    }
}

/// Carries out a command that means something else on every screen.
fn run_here(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    match &state.session {
        Session::Starting => {}
        Session::FirstStart(_) => first_start::run(state, command, fx),
        Session::Locked(_) => unlock::run(state, command, fx),
        Session::Open(_) | Session::Looking => match state.tab {
            Tab::Home => home::run(state, command, fx),
            Tab::Wallet => wallet::run(state, command, fx),
            Tab::Explorer => explorer::run(state, command, fx),
            Tab::Mempool => pool::run(state, command, fx),
            Tab::Mining => home::run_mining(state, command, fx),
            Tab::Network if state.settings.remote => remote::run(state, command, fx),
            Tab::Network => network::run(state, command, fx),
            Tab::Logs => home::run_logs(state, command),
        },
    }
}

fn happened(state: &mut State, event: Event, fx: &mut Vec<Effect>) {
    // What is known already changes nothing, and is not drawn again.
    let known = match &event {
        Event::Status(status) => state.status.as_ref() == Some(&**status),
        Event::Miner(miner) => state.miner.as_ref() == Some(&**miner),
        Event::Remote(view) => state.remote.view.as_ref() == Some(&**view),
        _ => false,
    };
    if known {
        return;
    }
    state.revision += 1;
    match event {
        Event::Status(status) => {
            let known = state.status.as_ref().map(|status| status.warnings.clone()).unwrap_or_default();
            if let Some(words) = status.warnings.iter().find(|words| !known.contains(words)) {
                say(state, words.clone(), true, NODE_NOTICE_S);
            }
            state.status = Some(*status);
        }
        Event::Blocks(blocks) => {
            home::take_blocks(state, blocks);
            explorer::tip_moved(state);
            send::tip_moved(state, fx);
        }
        Event::Remote(view) => remote::take(state, *view, fx),
        Event::WalletChanged => wallet::refresh(state, fx),
        Event::Miner(miner) => home::take_miner(state, *miner),
        Event::Log(lines) => home::take_logs(state, lines),
        Event::Notice(words) => say(state, words, false, NODE_NOTICE_S),
        Event::Gone(why) => {
            let words = ink!("the node has stopped: {why}");
            if let Some(status) = &mut state.status {
                status.sync = SyncState::Offline(why);
            }
            say(state, words, true, 86_400);
        }
    }
}

/// Shows a sentence for some seconds.
fn notice(state: &mut State, words: impl Into<SafeText>, bad: bool) {
    say(state, words.into(), bad, NOTICE_S);
}

fn say(state: &mut State, words: SafeText, bad: bool, seconds: u64) {
    state.notice = Some(Notice { words, bad, until_ms: state.now_ms + seconds * 1_000 });
    state.revision += 1;
}

/// Shows why something failed.
fn fail(state: &mut State, failure: &Failure) {
    let words = match &failure.help {
        Some(help) => ink!("{} · {help}", failure.words),
        None => failure.words.clone(),
    };
    notice(state, words, true);
}

fn copy(state: &mut State, what: &'static str, text: String, fx: &mut Vec<Effect>) {
    fx.push(Effect::Copy(text));
    notice(state, ink!("{what} copied"), false);
}

fn quit(state: &mut State, fx: &mut Vec<Effect>) {
    if state.is_waiting(Slot::Send) {
        state.overlays.push(Overlay::Confirm(Question::LeaveWhileSending));
    } else {
        leave(state, fx);
    }
}

fn leave(state: &mut State, fx: &mut Vec<Effect>) {
    // Whatever was secret goes before the terminal does.
    state.overlays.clear();
    state.session = Session::Starting;
    fx.push(Effect::Leave);
}

/// A chosen place in a list of `len` after `command`; `page` rows are a page.
fn moved(selected: usize, len: usize, page: usize, command: Command) -> usize {
    let last = len.saturating_sub(1);
    match command {
        Command::Up => selected.saturating_sub(1),
        Command::Down => selected.saturating_add(1).min(last),
        Command::PageUp => selected.saturating_sub(page),
        Command::PageDown => selected.saturating_add(page).min(last),
        Command::Top => 0,
        Command::Bottom => last,
        _ => selected.min(last),
    }
}

/// Whether a command moves in a list.
const fn is_move(command: Command) -> bool {
    matches!(
        command,
        Command::Up | Command::Down | Command::PageUp | Command::PageDown | Command::Top | Command::Bottom
    )
}

/// Rows of a page in the body.
const fn page_rows(state: &State) -> usize {
    (state.size.1 as usize).saturating_sub(8)
}
