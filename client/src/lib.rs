//! Keys, keystore, wallet and the faces of a node that it trusts.
//!
//! What lies here is everything that a wallet is, without a screen: the words and the keys that come from them,
//! the files that keep them, and the payments that they sign. Screens and command line are built on it.
//!
//! Deliberately absent: a database (plain files are enough for one user's wallets), a terminal, and anything
//! that a node does.

pub mod files;
pub mod keystore;
pub mod message;
pub mod mnemonic;
pub mod password;
pub mod wallets;

pub use bip39::Language;
