//! The open wallet's screens.

use std::collections::BTreeMap;

use vibecoin_client::payment::VALID_FOR_BLOCKS;
use vibecoin_primitives::Amount;

use crate::field::Field;
use crate::keymap::Context;
use crate::model::*;
use crate::safe::SafeText;

/// The open wallet and where one is in it.
#[derive(Clone, Debug)]
pub struct Wallet {
    /// The wallet at the tip.
    pub overview: Overview,
    /// The chosen account, by its place in the list.
    pub selected: usize,
    /// The screens above the list of accounts; the last is shown.
    pub pages: Vec<WalletPage>,
    /// The address book.
    pub contacts: Vec<Contact>,
    /// What a transaction costs.
    pub prices: Option<Prices>,
    /// Whether something changed while the overview was being fetched.
    pub stale: bool,
    /// When it was last fetched because of a new block, Unix milliseconds; only counted behind servers.
    pub refreshed_ms: u64,
    /// Whether it is to be fetched again as soon as it may.
    pub due: bool,
}

impl Wallet {
    /// At the list of accounts.
    #[must_use]
    pub const fn new(overview: Overview) -> Self {
        Self {
            overview,
            selected: 0,
            pages: Vec::new(),
            contacts: Vec::new(),
            prices: None,
            stale: false,
            refreshed_ms: 0,
            due: false,
        }
    }

    /// The chosen account.
    #[must_use]
    pub fn account(&self) -> Option<&AccountRow> {
        self.overview.accounts.get(self.selected)
    }

    /// What has the keys.
    #[must_use]
    pub fn context(&self) -> Context {
        match self.pages.last() {
            None => Context::Wallet,
            Some(WalletPage::Send(_)) => Context::Send,
            Some(WalletPage::Review(_)) => Context::Review,
            Some(WalletPage::Progress(_)) => Context::Progress,
            Some(WalletPage::Receive(_)) => Context::Receive,
            Some(WalletPage::History(_)) => Context::History,
            Some(WalletPage::Contacts(_)) => Context::Contacts,
            Some(WalletPage::Sign(_)) => Context::Sign,
        }
    }
}

/// A screen above the list of accounts.
#[derive(Clone, Debug)]
pub enum WalletPage {
    /// The send form.
    Send(Box<SendForm>),
    /// What is about to be signed.
    Review(Box<Review>),
    /// A payment under way.
    Progress(Box<Progress>),
    /// An own address.
    Receive(Receive),
    /// The history.
    History(HistoryList),
    /// The address book.
    Contacts(ContactList),
    /// Messages.
    Sign(Box<SignForm>),
}

/// The fields of the send form, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SendField {
    /// The account that pays.
    From,
    /// The recipient.
    #[default]
    To,
    /// How much.
    Amount,
    /// At what price.
    Price,
    /// The own price.
    OwnPrice,
    /// The memo.
    Memo,
    /// For how many blocks it can be mined.
    ValidFor,
}

/// The send form.
#[derive(Clone, Debug)]
pub struct SendForm {
    /// The field that has the keys.
    pub focus: SendField,
    /// The recipient's address.
    pub to: Field,
    /// The amount, or `max`.
    pub amount: Field,
    /// The kind of price.
    pub price: PriceChoice,
    /// The own price.
    pub own_price: Field,
    /// The memo.
    pub memo: Field,
    /// Blocks; empty for no limit.
    pub valid_for: Field,
    /// What is wrong.
    pub errors: BTreeMap<SendField, SafeText>,
    /// What is wrong with no field in particular.
    pub failure: Option<Failure>,
}

/// The kind of price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriceChoice {
    /// Within ten blocks.
    Low,
    /// Within three.
    #[default]
    Normal,
    /// The next.
    High,
    /// What was typed.
    Own,
}

impl PriceChoice {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Own];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Own => "own",
        }
    }

    /// The one after it, or before.
    #[must_use]
    pub fn step(self, forward: bool) -> Self {
        let here = Self::ALL.iter().position(|p| *p == self).unwrap_or(0);
        Self::ALL[(here + if forward { 1 } else { 3 }) % 4]
    }
}

/// Gas of a transfer without a memo.
pub const TRANSFER_GAS: u64 = 21_000;
/// Gas of a byte of memo.
pub const MEMO_BYTE_GAS: u64 = 16;

impl SendForm {
    /// An empty form.
    #[must_use]
    pub fn new() -> Self {
        Self {
            focus: SendField::To,
            to: Field::default(),
            amount: Field::new(40),
            price: PriceChoice::Normal,
            own_price: Field::new(12),
            memo: Field::default(),
            valid_for: Field::with(&VALID_FOR_BLOCKS.to_string()),
            errors: BTreeMap::new(),
            failure: None,
        }
    }

    /// The fields that are there now, in order.
    #[must_use]
    pub fn fields(&self) -> Vec<SendField> {
        let mut fields = vec![SendField::From, SendField::To, SendField::Amount, SendField::Price];
        if self.price == PriceChoice::Own {
            fields.push(SendField::OwnPrice);
        }
        fields.extend([SendField::Memo, SendField::ValidFor]);
        fields
    }

    /// The text field that has the keys.
    #[must_use]
    pub const fn field_mut(&mut self) -> Option<&mut Field> {
        match self.focus {
            SendField::From | SendField::Price => None,
            SendField::To => Some(&mut self.to),
            SendField::Amount => Some(&mut self.amount),
            SendField::OwnPrice => Some(&mut self.own_price),
            SendField::Memo => Some(&mut self.memo),
            SendField::ValidFor => Some(&mut self.valid_for),
        }
    }

    /// Gas of this payment, when the recipient has no code.
    #[must_use]
    pub fn gas(&self) -> u64 {
        TRANSFER_GAS + MEMO_BYTE_GAS * self.memo.text().len() as u64
    }

    /// Beats for one gas, when they are known.
    #[must_use]
    pub fn gas_price(&self, prices: Option<Prices>) -> Option<u64> {
        match self.price {
            PriceChoice::Own => self.own_price.text().trim().parse().ok(),
            PriceChoice::Low => prices.map(|p| p.low),
            PriceChoice::Normal => prices.map(|p| p.normal),
            PriceChoice::High => prices.map(|p| p.high),
        }
    }

    /// The fee, when the price is known.
    #[must_use]
    pub fn fee(&self, prices: Option<Prices>) -> Option<Amount> {
        self.gas_price(prices)?.checked_mul(self.gas()).map(Amount::from_beats)
    }
}

impl Default for SendForm {
    fn default() -> Self {
        Self::new()
    }
}

/// What is about to be signed.
#[derive(Clone, Debug)]
pub struct Review {
    /// All of it.
    pub plan: SendPlan,
    /// Why signing or sending failed.
    pub failure: Option<Failure>,
    /// The first line of the memo that is shown, where it has more than there is room for.
    pub memo_line: usize,
}

/// A payment under way.
#[derive(Clone, Debug)]
pub struct Progress {
    /// What was signed.
    pub plan: SendPlan,
    /// Its id.
    pub txid: SafeText,
    /// When it was sent.
    pub sent_ms: u64,
    /// Where it stands.
    pub status: PaymentStatus,
    /// What that rests on.
    pub mark: Mark,
    /// To whom it was given, where that are remote servers.
    pub handed: Option<Handed>,
}

/// Confirmations after which a payment counts as settled on one's own node.
pub const SETTLED: u64 = 3;

/// An own address.
#[derive(Clone, Debug, Default)]
pub struct Receive {
    /// The amount asked for.
    pub amount: Option<Amount>,
}

/// Which entries of the history are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HistoryFilter {
    /// All.
    #[default]
    All,
    /// Paid to somebody.
    Sent,
    /// Paid by somebody.
    Received,
    /// Rewards.
    Mined,
    /// Waiting.
    Pending,
}

impl HistoryFilter {
    /// All, in order.
    pub const ALL: [Self; 5] = [Self::All, Self::Sent, Self::Received, Self::Mined, Self::Pending];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Mined => "mined",
            Self::Pending => "pending",
        }
    }

    /// Whether it shows `row`.
    #[must_use]
    pub const fn shows(self, row: &HistoryRow) -> bool {
        match self {
            Self::All => true,
            Self::Sent => {
                matches!(row.kind, HistoryKind::Sent | HistoryKind::Moved | HistoryKind::Failed)
            }
            Self::Received => matches!(row.kind, HistoryKind::Received),
            Self::Mined => matches!(row.kind, HistoryKind::Mined),
            Self::Pending => row.is_pending(),
        }
    }
}

/// The history.
#[derive(Clone, Debug, Default)]
pub struct HistoryList {
    /// The entries had so far, newest first.
    pub rows: Vec<HistoryRow>,
    /// Whether there are older ones.
    pub more: bool,
    /// What it rests on.
    pub mark: Mark,
    /// How many entries the page being fetched comes after.
    pub fetching_after: usize,
    /// Why there are none.
    pub failure: Option<Failure>,
    /// The kind shown.
    pub filter: HistoryFilter,
    /// What entries must hold.
    pub find: String,
    /// The chosen entry among those shown.
    pub selected: usize,
}

impl HistoryList {
    /// The entries shown.
    #[must_use]
    pub fn shown(&self) -> Vec<&HistoryRow> {
        let needle = self.find.to_lowercase();
        let holds = |text: &Option<SafeText>| {
            text.as_ref().is_some_and(|t| t.as_str().to_lowercase().contains(&needle))
        };
        self.rows
            .iter()
            .filter(|row| self.filter.shows(row))
            .filter(|row| {
                needle.is_empty()
                    || [&row.counterparty, &row.name, &row.txid, &row.memo, &row.label].into_iter().any(holds)
                    || crate::format::amount_brief(row.amount).as_str().contains(&needle)
            })
            .collect()
    }

    /// The chosen entry.
    #[must_use]
    pub fn chosen(&self) -> Option<&HistoryRow> {
        self.shown().get(self.selected).copied()
    }
}

/// The address book.
#[derive(Clone, Debug, Default)]
pub struct ContactList {
    /// What contacts must hold.
    pub find: String,
    /// The chosen one among those shown.
    pub selected: usize,
    /// Whether choosing one fills the send form below.
    pub picking: bool,
}

impl ContactList {
    /// The contacts shown.
    #[must_use]
    pub fn shown<'a>(&self, all: &'a [Contact]) -> Vec<&'a Contact> {
        let needle = self.find.to_lowercase();
        let holds = |c: &&Contact| {
            c.name.as_str().to_lowercase().contains(&needle) || c.address.as_str().contains(&needle)
        };
        all.iter().filter(holds).collect()
    }
}

/// Signing and verifying.
#[derive(Clone, Debug, Default)]
pub struct SignForm {
    /// Whether it verifies.
    pub verifying: bool,
    /// The field that has the keys.
    pub focus: usize,
    /// Whose signature.
    pub address: Field,
    /// The message.
    pub message: Field,
    /// The signature.
    pub signature: Field,
    /// What was signed last.
    pub signed: Option<SignedMessage>,
    /// What verifying found.
    pub verified: Option<bool>,
    /// What is wrong.
    pub error: Option<SafeText>,
}

impl SignForm {
    /// The field that has the keys.
    #[must_use]
    pub const fn field_mut(&mut self) -> &mut Field {
        match (self.verifying, self.focus) {
            (false, _) | (true, 1) => &mut self.message,
            (true, 0) => &mut self.address,
            (true, _) => &mut self.signature,
        }
    }
}
