//! Why a wallet could not do what was asked, in words for a screen.

use vibecoin_crypto::Hash;
use vibecoin_rpc::ApiError;

use crate::files::FileError;
use crate::history::HistoryError;
use crate::keystore::KeystoreError;
use crate::message::MessageError;
use crate::mnemonic::MnemonicError;
use crate::offline::OfflineError;
use crate::outbox::OutboxError;
use crate::payment::PaymentError;
use crate::uri::UriError;
use crate::wallets::{BookError, NameError, WalletsError};

/// Why a wallet could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// No wallet has been chosen.
    #[error("no wallet is open")]
    NotOpen,
    /// The keys are locked away.
    #[error("the wallet is locked: its password is needed")]
    Locked,
    /// The node is of another network than the wallet.
    #[error("the node is of the network with number {found}; this wallet is of {expected}")]
    AnotherNetwork {
        /// The node's.
        found: u32,
        /// The wallet's.
        expected: u32,
    },
    /// This wallet has not sent such a payment.
    #[error("this wallet has no payment {0} on its way")]
    NoPayment(Hash),
    /// The payment cannot be changed any more.
    #[error("payment {0} is not waiting any more: it cannot be changed")]
    NotWaiting(Hash),
    /// So many payments are on their way already.
    #[error("{0} payments of this account are on their way already: wait for one of them")]
    TooManyInFlight(usize),
    /// The node did not answer while it was given a payment: it may or may not have it.
    #[error("the node did not answer: payment {txid} is kept and sent again when it does ({source})")]
    Uncertain {
        /// The payment.
        txid: Hash,
        /// What the node's side answered.
        source: ApiError,
    },
    /// The payment that was waited for will not be mined.
    #[error("payment {txid} will not be mined: {reason}")]
    NotMined {
        /// The payment.
        txid: Hash,
        /// Why.
        reason: String,
    },
    /// The program is ending.
    #[error("the program is ending")]
    Stopping,
    /// The payment itself.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// The node, or the way to it.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The keystore.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
    /// The words.
    #[error(transparent)]
    Mnemonic(#[from] MnemonicError),
    /// The wallet directory.
    #[error(transparent)]
    Wallets(#[from] WalletsError),
    /// The address book.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The list of sent payments.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// A transaction from elsewhere.
    #[error(transparent)]
    Offline(#[from] OfflineError),
    /// A payment link.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// A signed message.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The history.
    #[error(transparent)]
    History(#[from] HistoryError),
}

impl WalletError {
    /// The rule that was broken, where there is one.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.rule(),
            _ => None,
        }
    }
}

impl From<FileError> for WalletError {
    fn from(error: FileError) -> Self {
        Self::Wallets(error.into())
    }
}

impl From<NameError> for WalletError {
    fn from(error: NameError) -> Self {
        Self::Wallets(error.into())
    }
}
