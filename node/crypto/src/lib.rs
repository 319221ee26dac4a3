//! Hashes, keys, signatures, Merkle trees and state proofs, over bytes.
//!
//! This crate knows no ledger: it has no transaction, no block and no amount. It reads no clock, keeps no
//! state, performs no I/O, and its only randomness is the blinding of batch verification, which can never
//! change a verdict.

pub mod derivation;
pub mod hash;
pub mod keys;
pub mod merkle;
pub mod signature;
pub mod state_tree;

pub use hash::{Hash, HashParseError, Tag, sha256, sha256d};
pub use keys::{KeyError, PublicKey, SecretKey, Signature};
