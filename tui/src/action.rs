//! What comes in, and what goes out.

use crossterm::event::{KeyEvent, MouseEvent};

use crate::backend::{Event, Reply, Request};
use crate::keymap::Command;
use crate::model::Failure;

/// Something that the state has to take notice of.
#[derive(Clone, Debug)]
pub enum Action {
    /// The time, Unix milliseconds. The only clock there is.
    Tick(u64),
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has another size.
    Resize(u16, u16),
    /// A command without a key: from the palette or a click.
    Run(Command),
    /// An answer.
    Answer {
        /// The question's place.
        slot: Slot,
        /// Which of the questions asked in that place.
        generation: u64,
        /// What was answered.
        result: Result<Reply, Failure>,
    },
    /// Something happened by itself.
    Event(Event),
    /// The process was told to end.
    Terminate,
}

/// Something to do outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the backend.
    Ask {
        /// Comes back with the answer.
        slot: Slot,
        /// Comes back with the answer.
        generation: u64,
        /// The question.
        request: Request,
    },
    /// Put this in the clipboard.
    Copy(String),
    /// Restore the terminal and return.
    Leave,
}

/// Places for questions. A new question in a place makes the answer to the one before it worthless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// The list of wallets.
    Wallets,
    /// Fresh words.
    Words,
    /// A wallet being created or opened.
    Open,
    /// Locking.
    Lock,
    /// The open wallet.
    Overview,
    /// A new account.
    NewAccount,
    /// Prices.
    Prices,
    /// A payment being prepared.
    Plan,
    /// A payment being signed and sent.
    Send,
    /// A payment's status.
    Payment,
    /// The history.
    History,
    /// A note.
    Label,
    /// The address book.
    Contacts,
    /// A message.
    Message,
    /// The list of blocks on Home.
    Blocks,
    /// The explorer's page.
    Page,
    /// The miner.
    Miner,
    /// The pool.
    Pool,
    /// The network, looked at.
    Network,
    /// A change of who may be connected.
    Peers,
}
