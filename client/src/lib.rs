//! Keys, keystore, wallet and the faces of a node that it trusts.
//!
//! What lies here is everything that a wallet is, without a screen: the words and the keys that come from them
//! ([`mnemonic`], [`setup`]), the files that keep them ([`keystore`], [`wallets`], [`outbox`]), the owner of the
//! unlocked keys ([`vault`]), and the wallet at work over a node ([`service`]). Screens and command line are built
//! on it, and get the node's own types from here too ([`api`]).
//!
//! Deliberately absent: a database (plain files are enough for one user's wallets), a terminal, a clock, and
//! anything that a node does.

pub mod balance;
pub mod error;
pub mod files;
pub mod history;
pub mod keystore;
pub mod light;
pub mod lookalike;
pub mod message;
pub mod mnemonic;
pub mod network;
pub mod offline;
pub mod outbox;
pub mod password;
pub mod payment;
pub mod service;
pub mod setup;
pub mod trusted;
pub mod uri;
pub mod vault;
pub mod wallets;

pub use bip39::Language;
pub use error::WalletError;
pub use network::NetworkFacts;
pub use service::WalletService;
pub use trusted::{Trusted, TrustedBy};
pub use vault::Vault;
pub use vibecoin_crypto::{Hash, PublicKey};

/// The node's API, as far as whoever shows something needs it.
pub mod api {
    pub use vibecoin_rpc::types::*;
    pub use vibecoin_rpc::{
        ApiError, ApiStream, Cookie, Endpoint, EndpointError, NodeApi, OperatorApi, RpcClient, Subject,
    };
}
