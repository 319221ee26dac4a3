//! Why a command failed, and with which code the process ends: the one place that knows.
//!
//! What a user can do something about is a variant here and becomes one line, with a hint where one helps. What
//! nobody expects is a report of color-eyre.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use vibecoin_client::error::WalletError;
use vibecoin_client::files::FileError;
use vibecoin_client::keystore::KeystoreError;
use vibecoin_client::light::servers::{Judged, ServersError, Verdict};
use vibecoin_client::light::values::NoValue;
use vibecoin_client::light::{Failure as LightFailure, SyncError};
use vibecoin_client::message::MessageError;
use vibecoin_client::mnemonic::MnemonicError;
use vibecoin_client::offline::OfflineError;
use vibecoin_client::payment::PaymentError;
use vibecoin_client::uri::UriError;
use vibecoin_client::wallets::{BookError, LockError, NameError, WalletsError};
use vibecoin_node::StartError;
use vibecoin_primitives::AddressError;
use vibecoin_rpc::{ApiError, EndpointError, ServerError};
use vibecoin_tui::TuiError;

use crate::commands::{StoreFailure, directory_hint};
use crate::config::{ConfigError, NetworkError};

#[cfg(test)]
mod tests;

/// What a command answers.
pub type Outcome<T = ()> = Result<T, Failure>;

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Something failed.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// What was asked for is not there.
    NotFound = 3,
    /// Nobody answers.
    Unreachable = 4,
    /// A remote node's proof was false.
    FalseProof = 5,
    /// No password, or a wrong one.
    Locked = 6,
    /// Not enough money.
    Funds = 7,
    /// A rule of the network or of the pool says no.
    Refused = 8,
    /// Somebody pressed Ctrl-C.
    Interrupted = 130,
    /// Nobody reads the output any more: as if SIGPIPE had ended the process.
    Pipe = 141,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A chain spec.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// What a node answers.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// No remote node proved a chain.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// No remote node gave a value that can be believed.
    #[error(transparent)]
    Value(#[from] NoValue),
    /// The list of remote nodes.
    #[error(transparent)]
    Servers(#[from] ServersError),
    /// No remote node was named where one is needed.
    #[error("no remote node is named")]
    NoRemote,
    /// The directory of wallets.
    #[error(transparent)]
    Wallets(#[from] WalletsError),
    /// A wallet at work.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The chain's own files.
    #[error(transparent)]
    Chain(#[from] StoreFailure),
    /// A node that does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A node that went down by itself.
    #[error("the node has stopped: {0}")]
    Node(#[from] vibecoin_node::Failure),
    /// The screens.
    #[error(transparent)]
    Screens(#[from] TuiError),
    /// A transaction from elsewhere.
    #[error(transparent)]
    Offline(#[from] OfflineError),
    /// A keystore.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
    /// The address book.
    #[error(transparent)]
    Book(#[from] BookError),
    /// Recovery words.
    #[error(transparent)]
    Mnemonic(#[from] MnemonicError),
    /// A signed message.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A payment.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// A payment URI.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// A wallet's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A file of the wallet.
    #[error(transparent)]
    File(#[from] FileError),
    /// The files that a node leaves for other programs.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// An address.
    #[error("{text}: {source}")]
    Address {
        /// What was given.
        text: String,
        /// Why it is none.
        source: AddressError,
    },
    /// Nobody runs a node where this command looks for one.
    #[error("no node is running on {network} (in {})", directory.display())]
    NoNode {
        /// The network.
        network: String,
        /// The node's folder.
        directory: PathBuf,
    },
    /// The node at that place is of another network.
    #[error("the node at {url} is of another network: its genesis is {found}, this one's is {expected}")]
    OtherNetwork {
        /// Where it is.
        url: String,
        /// Its genesis id.
        found: String,
        /// Ours.
        expected: String,
    },
    /// A secret is needed and there is no terminal to ask on.
    #[error("{what} is needed, and there is no terminal to ask for it")]
    NoTerminal {
        /// Which secret.
        what: &'static str,
        /// The flag that gives it.
        flag: &'static str,
    },
    /// A question that only a person, or --yes, can answer.
    #[error("this needs a yes: {question}")]
    Unconfirmed {
        /// The question.
        question: String,
    },
    /// The arguments make no sense together, or one of them is unreadable.
    #[error("{0}")]
    Usage(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// What was to be checked is wrong.
    #[error("{0}")]
    Wrong(String),
    /// A file that this command reads or writes.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// In the words of the system.
        error: io::Error,
    },
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// Nobody reads the output any more.
    #[error("the output is closed")]
    Pipe,
    /// What nobody expected.
    #[error("{0:?}")]
    Unexpected(color_eyre::eyre::Report),
}

impl Failure {
    /// With which code the process ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Config(_)
            | Self::Network(_)
            | Self::Usage(_)
            | Self::Name(_)
            | Self::Servers(_)
            | Self::NoRemote
            | Self::Unconfirmed { .. } => Exit::Usage,
            Self::Sync(error) => of_light(error.failures.iter().map(|(_, failure)| failure)),
            Self::Value(none) => of_light(none.failures.iter().map(|(_, failure)| failure)),
            Self::Address { .. } | Self::Uri(_) | Self::Mnemonic(_) => Exit::Usage,
            Self::Api(error) => of_api(error),
            Self::Wallets(error) => of_wallets(error),
            Self::Wallet(error) => of_wallet(error),
            Self::Chain(error) => error.exit(),
            Self::Offline(error) => of_offline(error),
            Self::Keystore(error) => of_keystore(error),
            Self::Book(error) => of_book(error),
            Self::Payment(error) => of_payment(error),
            Self::File(error) => of_file(error),
            Self::Message(_) | Self::Wrong(_) => Exit::Failed,
            Self::Start(_) | Self::Node(_) | Self::Screens(_) => Exit::Failed,
            Self::Endpoint(_) | Self::Io { .. } | Self::Unexpected(_) => Exit::Failed,
            Self::NoNode { .. } => Exit::Unreachable,
            Self::OtherNetwork { .. } => Exit::Failed,
            Self::NoTerminal { .. } => Exit::Locked,
            Self::NotFound(_) => Exit::NotFound,
            Self::Interrupted => Exit::Interrupted,
            Self::Pipe => Exit::Pipe,
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoRemote => Some("name one with --remote URL, or in the configuration file".to_owned()),
            Self::NoNode { .. } => Some("start one with: vibecoin node --mine ADDRESS".to_owned()),
            Self::NoTerminal { flag, .. } => Some(format!("give it with {flag}")),
            Self::Unconfirmed { .. } => Some("answer it with --yes".to_owned()),
            Self::Wallets(WalletsError::None) => Some("vibecoin wallet new, or wallet restore".to_owned()),
            Self::Wallets(WalletsError::Several { .. }) => Some("--wallet NAME".to_owned()),
            Self::Wallet(WalletError::Wallets(WalletsError::None)) => {
                Some("vibecoin wallet new, or wallet restore".to_owned())
            }
            Self::Wallet(WalletError::Wallets(WalletsError::Several { .. })) => {
                Some("--wallet NAME".to_owned())
            }
            Self::Chain(error) => error.hint().map(ToOwned::to_owned),
            Self::Start(StartError::Directory(error)) => directory_hint(error).map(ToOwned::to_owned),
            Self::Start(StartError::Server(ServerError::PortInUse { .. })) => {
                Some("choose another with --rpc, or port 0 for a free one".to_owned())
            }
            Self::Screens(TuiError::NoTerminal) => {
                Some("every screen has a command: vibecoin --help".to_owned())
            }
            Self::Api(ApiError::CookieRequired { .. }) => {
                Some("run this as the user and with the --data-dir of the node".to_owned())
            }
            _ => None,
        }
    }

    /// The rule that was broken, where there is one.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.rule(),
            Self::Wallet(error) => error.rule(),
            _ => None,
        }
    }

    /// The failure of reading or writing a file.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| {
            if error.kind() == io::ErrorKind::BrokenPipe { Self::Pipe } else { Self::Io { path, error } }
        }
    }

    /// A fault of the program or of the machine.
    pub fn unexpected(error: impl Into<color_eyre::eyre::Report>) -> Self {
        Self::Unexpected(error.into())
    }
}

const fn of_api(error: &ApiError) -> Exit {
    match error {
        ApiError::BadRequest { .. }
        | ApiError::UnknownMethod { .. }
        | ApiError::InvalidParams { .. }
        | ApiError::OtherNetwork { .. } => Exit::Usage,
        ApiError::NotFound { .. } => Exit::NotFound,
        ApiError::InsufficientFunds { .. } => Exit::Funds,
        ApiError::TxRefused { .. }
        | ApiError::NonceUsed { .. }
        | ApiError::NonceGap { .. }
        | ApiError::Expired { .. }
        | ApiError::FeeTooLow { .. }
        | ApiError::PoolFull { .. }
        | ApiError::BlockRefused { .. }
        | ApiError::AddressRefused { .. } => Exit::Refused,
        ApiError::Unreachable { .. } | ApiError::TimedOut { .. } | ApiError::Rejected { .. } => {
            Exit::Unreachable
        }
        ApiError::OverLimit { .. }
        | ApiError::CookieRequired { .. }
        | ApiError::NotAvailable { .. }
        | ApiError::NotStarted { .. }
        | ApiError::Stopping
        | ApiError::Busy { .. }
        | ApiError::Storage { .. }
        | ApiError::NoNetwork { .. }
        | ApiError::Internal { .. }
        | ApiError::Malformed { .. } => Exit::Failed,
        ApiError::FalseProof { .. } => Exit::FalseProof,
    }
}

/// The gravest of what several remote nodes did.
fn of_light<'a>(failures: impl Iterator<Item = &'a LightFailure>) -> Exit {
    let exit = |failure: &LightFailure| match failure.verdict() {
        _ if *failure == LightFailure::NotThere => Exit::NotFound,
        Verdict::False => Exit::FalseProof,
        _ if matches!(failure, LightFailure::Unproven(_)) => Exit::FalseProof,
        Verdict::Absent => Exit::Unreachable,
        Verdict::Broken | Verdict::Refused | Verdict::Ours => Exit::Failed,
    };
    // A lie is told before silence, and silence before anything else.
    let rank = |exit: &Exit| match exit {
        Exit::FalseProof => 3,
        Exit::NotFound => 2,
        Exit::Failed => 1,
        _ => 0,
    };
    failures.map(exit).max_by_key(rank).unwrap_or(Exit::Unreachable)
}

const fn of_wallets(error: &WalletsError) -> Exit {
    match error {
        WalletsError::NoWallet(_) | WalletsError::None => Exit::NotFound,
        WalletsError::Several { .. } | WalletsError::Name(_) => Exit::Usage,
        WalletsError::Keystore { source, .. } | WalletsError::Backup(source) => of_keystore(source),
        WalletsError::File(error) | WalletsError::Lock(LockError::File(error)) => of_file(error),
        WalletsError::Taken(_) | WalletsError::Lock(LockError::Held { .. }) => Exit::Failed,
    }
}

fn of_wallet(error: &WalletError) -> Exit {
    match error {
        WalletError::Locked => Exit::Locked,
        WalletError::NotOpen | WalletError::NoPayment(_) => Exit::NotFound,
        WalletError::NotWaiting(_) | WalletError::TooManyInFlight(_) => Exit::Refused,
        WalletError::Api(error) | WalletError::Uncertain { source: error, .. } => of_api(error),
        WalletError::Payment(error) => of_payment(error),
        WalletError::Keystore(error) => of_keystore(error),
        WalletError::Wallets(error) => of_wallets(error),
        WalletError::Book(error) => of_book(error),
        WalletError::Offline(error) => of_offline(error),
        WalletError::Mnemonic(_) | WalletError::Uri(_) => Exit::Usage,
        WalletError::AnotherNetwork { .. }
        | WalletError::NotMined { .. }
        | WalletError::Stopping
        | WalletError::Outbox(_)
        | WalletError::Message(_)
        | WalletError::History(_) => Exit::Failed,
    }
}

const fn of_offline(error: &OfflineError) -> Exit {
    match error {
        OfflineError::NotHex
        | OfflineError::NotATransaction(_)
        | OfflineError::AnotherNetwork { .. }
        | OfflineError::NotAPayment => Exit::Usage,
        OfflineError::AnotherAccount => Exit::NotFound,
        OfflineError::Signature(_) | OfflineError::TooCostly => Exit::Refused,
    }
}

const fn of_keystore(error: &KeystoreError) -> Exit {
    match error {
        KeystoreError::WrongPassword | KeystoreError::WatchOnly => Exit::Locked,
        KeystoreError::NoAccount(_) => Exit::NotFound,
        KeystoreError::Label => Exit::Usage,
        KeystoreError::Damaged
        | KeystoreError::NotAKeystore
        | KeystoreError::Newer { .. }
        | KeystoreError::Malformed(_)
        | KeystoreError::Parameters { .. }
        | KeystoreError::ForeignAccount(_)
        | KeystoreError::AccountExists(_)
        | KeystoreError::TooManyAccounts
        | KeystoreError::OutOfMemory { .. }
        | KeystoreError::Random(_)
        | KeystoreError::Mnemonic(_) => Exit::Failed,
    }
}

const fn of_book(error: &BookError) -> Exit {
    match error {
        BookError::NoContact(_) => Exit::NotFound,
        BookError::Text => Exit::Usage,
        BookError::Wallets(error) => of_wallets(error),
        BookError::File(error) => of_file(error),
        BookError::Unreadable { .. } | BookError::Address { .. } | BookError::Taken(_) => Exit::Failed,
    }
}

const fn of_payment(error: &PaymentError) -> Exit {
    match error {
        PaymentError::InsufficientFunds { .. } => Exit::Funds,
        PaymentError::PriceTooLow { .. } => Exit::Refused,
        PaymentError::NothingToSend | PaymentError::PriceTooHigh(_) | PaymentError::MemoTooLong(_) => {
            Exit::Usage
        }
        PaymentError::NoPublicKey => Exit::Failed,
    }
}

const fn of_file(error: &FileError) -> Exit {
    match error {
        FileError::Missing { .. } => Exit::NotFound,
        FileError::DiskFull { .. }
        | FileError::Denied { .. }
        | FileError::Exists { .. }
        | FileError::TooLarge { .. }
        | FileError::Io { .. } => Exit::Failed,
    }
}
