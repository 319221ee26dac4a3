//! What lies over a screen.

use crate::field::Field;
use crate::keymap::{Command, Context};
use crate::safe::SafeText;

/// Something that lies over the screen and has the keys.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// The keys of the screen below.
    Help {
        /// Lines scrolled down.
        scroll: usize,
    },
    /// Commands by name.
    Palette(Palette),
    /// A question with yes and no.
    Confirm(Question),
    /// A line of text asked for.
    Prompt(Prompt),
    /// The list below being narrowed.
    Find(Field),
    /// All of what is chosen on the servers' tab.
    Details {
        /// Lines scrolled down.
        scroll: usize,
    },
}

impl Overlay {
    /// What has the keys.
    #[must_use]
    pub const fn context(&self) -> Context {
        match self {
            Self::Help { .. } => Context::Help,
            Self::Palette(_) => Context::Palette,
            Self::Confirm(_) => Context::Confirm,
            Self::Prompt(_) => Context::Prompt,
            Self::Find(_) => Context::Find,
            Self::Details { .. } => Context::Details,
        }
    }
}

/// The palette.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// What was typed.
    pub field: Field,
    /// The commands that match, best first.
    pub matches: Vec<Command>,
    /// The chosen one.
    pub selected: usize,
}

/// A question before something that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Take a contact out.
    RemoveContact {
        /// Its name.
        name: SafeText,
        /// Its address, whole.
        address: SafeText,
    },
    /// Ban a node.
    BanPeer {
        /// Its id, whole.
        id: SafeText,
        /// Where it is.
        place: SafeText,
    },
    /// Ban everybody at an address.
    BanAddress {
        /// The address.
        ip: SafeText,
        /// How many connected peers are there.
        there: usize,
    },
    /// End a ban.
    Unban {
        /// Whose, whole.
        who: SafeText,
        /// Why it was.
        reason: SafeText,
    },
    /// Leave while a payment is being signed and sent.
    LeaveWhileSending,
    /// Give up words that have been shown.
    DropWords,
}

/// A line of text that something needs.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What for.
    pub purpose: Purpose,
    /// What was typed.
    pub field: Field,
    /// What is wrong with it.
    pub error: Option<SafeText>,
}

impl Prompt {
    /// An empty line for `purpose`.
    #[must_use]
    pub fn new(purpose: Purpose) -> Self {
        Self { purpose, field: Field::default(), error: None }
    }
}

/// What a line of text is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A new account's name.
    AccountName,
    /// A new contact's address.
    ContactAddress,
    /// The name of the contact at this address.
    ContactName {
        /// The address.
        address: String,
    },
    /// A note to a transaction.
    Label {
        /// The transaction.
        txid: SafeText,
    },
    /// An amount to ask for.
    RequestAmount,
    /// Where a peer is.
    PeerAddress,
    /// Something to look for in the chain.
    Search,
}

impl Purpose {
    /// The head of the box.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self {
            Self::AccountName => "New account",
            Self::ContactAddress => "New contact · address",
            Self::ContactName { .. } => "Contact · name",
            Self::Label { .. } => "Note",
            Self::RequestAmount => "Ask for an amount",
            Self::PeerAddress => "New peer · address",
            Self::Search => "Search the chain",
        }
    }

    /// What to type.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::AccountName => "A name for it. Its key comes from the same words.",
            Self::ContactAddress => "Their address, whole.",
            Self::ContactName { .. } => "The name you know them by.",
            Self::Label { .. } => "For yourself only; it stays on this computer. Empty takes it away.",
            Self::RequestAmount => "VIBE, such as 1.5. Empty asks for no amount.",
            Self::PeerAddress => "A multiaddr, such as /ip4/203.0.113.7/tcp/8423. It is dialled at once.",
            Self::Search => "A height, an id, an address, a name or a note.",
        }
    }
}
