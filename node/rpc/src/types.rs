//! What travels: the API's own values, one file per group of methods.
//!
//! Hashes and bytes are lower-case hex without prefix, addresses Bech32m, amounts decimal strings of beats, heights
//! and times (milliseconds since the Unix epoch) numbers. Nothing here is computed or checked; a value says what
//! somebody answered. Readers ignore fields they do not know, so that a newer node can say more.

pub mod chain;
pub mod dev;
pub mod light;
pub mod mempool;
pub mod miner;
pub mod network;
pub mod node;
pub mod scalar;
pub mod state;
pub mod storage;
pub mod tx;

#[cfg(test)]
mod tests;

pub use chain::*;
pub use dev::*;
pub use light::*;
pub use mempool::*;
pub use miner::*;
pub use network::*;
pub use node::*;
pub use scalar::{AddressText, BitsText, BlockRef, Described, HexBytes, WorkText};
pub use state::*;
pub use storage::*;
pub use tx::*;
