//! Which commands can be carried out now, and why the others cannot.

use crate::action::Slot;
use crate::keymap::{Command, Context};
use crate::model::*;
use crate::safe::SafeText;
use crate::state::*;

/// Why `command` cannot be carried out now; `None` when it can.
#[must_use]
pub fn unavailable(state: &State, command: Command) -> Option<SafeText> {
    let needs_wallet = || match &state.session {
        Session::Open(_) => None,
        Session::Looking => Some("there is no wallet open: ^L chooses or creates one"),
        _ => Some("no wallet is open yet"),
    };
    let needs_key = || {
        needs_wallet().or_else(|| {
            let watch = state.wallet().is_some_and(|w| w.overview.watch_only);
            watch.then_some("this wallet only watches: it has no key to sign with")
        })
    };
    let words = match command {
        Command::Home
        | Command::Wallet
        | Command::Explorer
        | Command::Mempool
        | Command::Mining
        | Command::Network
        | Command::Logs
        | Command::Forks
        | Command::Search
            if !state.has_tabs() =>
        {
            Some("first choose what to open")
        }
        Command::Send | Command::NewAccount | Command::ConfirmSend | Command::Sign => needs_key(),
        Command::Receive | Command::History | Command::Contacts | Command::AddContact | Command::Label => {
            needs_wallet()
        }
        Command::Lock if !state.has_tabs() => Some("nothing is open"),
        Command::SpeedUp | Command::CancelPayment => needs_key().or_else(|| not_pending(state)),
        Command::FirstStart if matches!(state.session, Session::FirstStart(_)) => Some("this is it"),
        Command::ToggleMining | Command::ThreadsMore | Command::ThreadsFewer => {
            return mining_unavailable(state, command);
        }
        Command::AddPeer | Command::BanPeer | Command::BanAddress | Command::Unban => {
            return super::network::unavailable(state, command);
        }
        Command::Accept if state.settings.remote && state.context() == Context::Mining => {
            return Some(super::remote::NO_MINER.into());
        }
        Command::ShowDisagreements => return super::remote::unavailable(state, command),
        Command::OpenExplorer => nothing_to_open(state),
        Command::Complete => nothing_to_complete(state),
        _ => None,
    };
    words.map(Into::into)
}

fn not_pending(state: &State) -> Option<&'static str> {
    let wallet = state.wallet()?;
    let pending = match wallet.pages.last() {
        Some(WalletPage::Progress(p)) => {
            matches!(p.status, PaymentStatus::Pending { .. } | PaymentStatus::Unknown)
        }
        Some(WalletPage::History(list)) => list.chosen().is_some_and(HistoryRow::is_pending),
        _ => false,
    };
    (!pending).then_some("only a payment that still waits can be replaced")
}

fn nothing_to_open(state: &State) -> Option<&'static str> {
    match state.wallet()?.pages.last() {
        Some(WalletPage::History(list)) if list.chosen().is_none() => Some("nothing is chosen"),
        _ => None,
    }
}

fn nothing_to_complete(state: &State) -> Option<&'static str> {
    let Session::FirstStart(first) = &state.session else { return None };
    // With a passphrase there is another field to go to.
    (first.passphrase.is_none() && Phrase::suggest(&first.typed.word_before()).is_empty())
        .then_some("no word begins like this")
}

fn mining_unavailable(state: &State, command: Command) -> Option<SafeText> {
    if state.settings.remote {
        return Some(super::remote::NO_MINER.into());
    }
    let Some(miner) = &state.miner else { return Some("the node has not answered yet".into()) };
    if let Some(why) = &miner.unavailable {
        return Some(why.clone());
    }
    if state.is_waiting(Slot::Miner) && command == Command::ToggleMining {
        return Some("one moment".into());
    }
    match command {
        Command::ToggleMining if !miner.running && state.wallet().is_none() => {
            Some("there is no wallet to mine for: ^L chooses or creates one".into())
        }
        Command::ThreadsMore if state.threads >= miner.threads_max => {
            Some("this machine has no more threads".into())
        }
        Command::ThreadsFewer if state.threads <= 1 => Some("one thread is the least".into()),
        _ => None,
    }
}
