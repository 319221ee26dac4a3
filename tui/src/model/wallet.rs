//! The wallet as the screens show it, and what they ask of it.

use vibecoin_client::Language;
use vibecoin_client::mnemonic::{self, Mnemonic, MnemonicError, UnknownWord};
use vibecoin_primitives::Amount;

pub use vibecoin_client::mnemonic::WordCount;

use super::{Mark, Maturing, PaymentStatus, Secret};
use crate::safe::SafeText;

/// A wallet that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletInfo {
    /// Its name.
    pub name: SafeText,
    /// Whether it only watches: it needs no password and cannot sign.
    pub watch_only: bool,
    /// What is wrong with its file, when something is.
    pub damaged: Option<SafeText>,
}

/// Recovery words, wiped when dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase(Vec<Secret>);

impl Phrase {
    /// Takes the words apart at white space.
    #[must_use]
    pub fn new(words: &str) -> Self {
        Self(words.split_whitespace().map(|w| Secret::new(w.to_lowercase())).collect())
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[Secret] {
        &self.0
    }

    /// The words with one space between them.
    #[must_use]
    pub fn joined(&self) -> Secret {
        let mut out = String::with_capacity(self.0.len() * 9);
        for (i, word) in self.0.iter().enumerate() {
            if i > 0 {
                out.push(' ');
            }
            out.push_str(word.expose());
        }
        Secret::new(out)
    }
}

/// What is wrong with typed recovery words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordsVerdict {
    /// A word is in no list.
    Unknown {
        /// Which one, from 1.
        place: usize,
        /// What was typed.
        word: SafeText,
        /// The words of the list that are nearest to it, the nearest first.
        suggestions: Vec<&'static str>,
    },
    /// Neither 12 nor 24.
    Count(usize),
    /// Every word exists, but together they do not fit: one is wrong or two have changed places.
    Checksum,
}

impl Phrase {
    /// Reads typed words as a whole.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(text: &str) -> Result<Self, WordsVerdict> {
        match Mnemonic::parse(text) {
            Ok(mnemonic) => Ok(Self::new(&mnemonic.phrase())),
            Err(MnemonicError::UnknownWord(unknown)) => Err(unknown.into()),
            Err(MnemonicError::WordCount(count)) => Err(WordsVerdict::Count(count)),
            Err(MnemonicError::Checksum | MnemonicError::Random(_)) => Err(WordsVerdict::Checksum),
        }
    }

    /// Looks at words while they are typed: the first finished one that is in no list.
    #[must_use]
    pub fn first_unknown(text: &str) -> Option<WordsVerdict> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let finished = words.len() - usize::from(!text.ends_with(char::is_whitespace) && !words.is_empty());
        let check = |(i, word): (usize, &&str)| mnemonic::check_word(i + 1, word, &words[..finished]).err();
        words[..finished].iter().enumerate().find_map(check).map(Into::into)
    }

    /// Words of the list that a half-typed one may become, or that are near it.
    #[must_use]
    pub fn suggest(typed: &str) -> Vec<&'static str> {
        if typed.is_empty() {
            return Vec::new();
        }
        let typed = typed.to_lowercase();
        let mut found: Vec<_> = Language::English.words_by_prefix_iter(&typed).take(6).collect();
        if found.is_empty() {
            found = mnemonic::check_word(1, &typed, &[]).err().map(|u| u.suggestions).unwrap_or_default();
        }
        found
    }
}

impl From<UnknownWord> for WordsVerdict {
    fn from(unknown: UnknownWord) -> Self {
        Self::Unknown {
            place: unknown.position,
            word: SafeText::new(&unknown.word),
            suggestions: unknown.suggestions,
        }
    }
}

/// What a new wallet is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWallet {
    /// Its name.
    pub name: String,
    /// Its words.
    pub words: Phrase,
    /// What BIP-39 calls the passphrase; empty for none.
    pub passphrase: Secret,
    /// What its file is encrypted with.
    pub password: Secret,
    /// Whether the words were restored rather than made here, so that there may be a history to look for.
    pub restored: bool,
}

/// An account of the open wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Its number in the derivation path.
    pub index: u32,
    /// Its name.
    pub name: SafeText,
    /// Its address, whole.
    pub address: SafeText,
    /// What can be spent now.
    pub spendable: Amount,
    /// Rewards not yet spendable.
    pub maturing: Amount,
    /// What unconfirmed payments bring.
    pub incoming: Amount,
    /// What unconfirmed payments take.
    pub outgoing: Amount,
}

/// The open wallet at one tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The wallet's name.
    pub name: SafeText,
    /// Whether it cannot sign.
    pub watch_only: bool,
    /// Its accounts; at least one.
    pub accounts: Vec<AccountRow>,
    /// The reward that becomes spendable next.
    pub next_maturity: Option<Maturing>,
    /// Its newest activity over all accounts, waiting payments first.
    pub recent: Vec<HistoryRow>,
    /// The height that all of this was read at.
    pub height: u64,
    /// What the balances rest on.
    pub mark: Mark,
    /// What the amounts on their way in rest on.
    pub pending_mark: Mark,
}

impl Overview {
    /// The sum of `part` over the accounts; the supply fits, so this saturates only on nonsense.
    #[must_use]
    pub fn total(&self, part: impl Fn(&AccountRow) -> Amount) -> Amount {
        let sum = self.accounts.iter().fold(0u64, |sum, a| sum.saturating_add(part(a).beats()));
        Amount::from_beats(sum)
    }
}

/// What an entry of a history is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryKind {
    /// Paid to somebody.
    Sent,
    /// Paid by somebody.
    Received,
    /// A reward credited.
    Mined,
    /// Moved between the wallet's own accounts.
    Moved,
    /// Something a contract did.
    Contract,
    /// A transaction that failed and cost its fee.
    Failed,
}

/// An entry of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// What it is.
    pub kind: HistoryKind,
    /// Number of the own account it belongs to.
    pub account: u32,
    /// What moved.
    pub amount: Amount,
    /// What it cost the account's owner.
    pub fee: Amount,
    /// The other side's address; `None` for a reward.
    pub counterparty: Option<SafeText>,
    /// The name of the other side, when it is a contact or an own account.
    pub name: Option<SafeText>,
    /// The transaction's id; `None` for a reward.
    pub txid: Option<SafeText>,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Time of its block, or when it was sent while it waits.
    pub time_ms: Option<u64>,
    /// Its memo.
    pub memo: Option<SafeText>,
    /// The user's own note.
    pub label: Option<SafeText>,
    /// What its place in the chain rests on.
    pub mark: Mark,
}

impl HistoryRow {
    /// Whether it still waits.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        matches!(self.status, PaymentStatus::Pending { .. })
    }
}

/// Prices for the next 1, 3 and 10 blocks, in beats for one gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// Within about ten blocks.
    pub low: u64,
    /// Within about three.
    pub normal: u64,
    /// The next one.
    pub high: u64,
    /// The least the pool takes.
    pub minimum: u64,
    /// What all of these rest on.
    pub mark: Mark,
}

/// How much to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendAmount {
    /// This much.
    Exact(Amount),
    /// All that is spendable, less the fee.
    Max,
}

/// What a transaction may cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeeChoice {
    /// The price for the next ten blocks.
    Low,
    /// The price for the next three.
    #[default]
    Normal,
    /// The price for the next one.
    High,
    /// Beats for one gas.
    Own(u64),
}

/// A payment to prepare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendRequest {
    /// The own account that pays.
    pub account: u32,
    /// The recipient's address.
    pub to: String,
    /// How much.
    pub amount: SendAmount,
    /// At what price.
    pub fee: FeeChoice,
    /// A memo; empty for none.
    pub memo: String,
    /// Blocks after which it can no longer be mined; `None`: no limit.
    pub valid_for: Option<u64>,
}

/// A prepared payment: everything that confirming it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendPlan {
    /// The backend's handle of it.
    pub id: u64,
    /// What it is.
    pub kind: PlanKind,
    /// The account that pays.
    pub account: u32,
    /// That account's name.
    pub account_name: SafeText,
    /// Its address, whole.
    pub from: SafeText,
    /// The recipient's address, whole.
    pub to: SafeText,
    /// Its name, when it is a contact or an own account.
    pub to_name: Option<SafeText>,
    /// What the recipient gets.
    pub amount: Amount,
    /// What it costs besides.
    pub fee: Amount,
    /// Beats for one gas.
    pub gas_price: u64,
    /// Gas.
    pub gas: u64,
    /// The memo, which everybody can read for ever.
    pub memo: Option<SafeText>,
    /// Last height that may hold it; 0: no limit.
    pub valid_until: u64,
    /// The sender's counter.
    pub nonce: u64,
    /// What the account can spend before.
    pub balance_before: Amount,
    /// What it can spend after.
    pub balance_after: Amount,
    /// What the balance rests on.
    pub mark: Mark,
    /// What should be looked at twice.
    pub warnings: Vec<SafeText>,
}

/// What a prepared payment is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanKind {
    /// A payment of its own.
    Payment,
    /// The same payment as a waiting one, at a higher price.
    SpeedUp {
        /// The waiting one.
        replaces: SafeText,
    },
    /// A payment of nothing to oneself in the place of a waiting one.
    Cancel {
        /// The waiting one.
        replaces: SafeText,
    },
}

/// Which entries of the history to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// One account's, or all.
    pub account: Option<u32>,
    /// Entries already had.
    pub skip: usize,
    /// How many more.
    pub limit: usize,
}

/// A part of the history, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// The entries.
    pub rows: Vec<HistoryRow>,
    /// Whether there are older ones.
    pub more: bool,
    /// What it rests on.
    pub mark: Mark,
}

/// Somebody one pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The name.
    pub name: SafeText,
    /// The address, whole.
    pub address: SafeText,
}

/// A signed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedMessage {
    /// Who signed.
    pub address: SafeText,
    /// What was signed.
    pub message: SafeText,
    /// Public key and signature in one line of text, as `verify` takes it.
    pub signature: SafeText,
}
