//! The light client's rules: what a full node proves and what a reader that has no chain believes.
//!
//! Work is proven, not execution. Everything here is arithmetic on headers, the mountain range over them, and hashes;
//! the full node's prover and the light client's verifier share it.
//!
//! Deliberately absent: servers, a clock, a source of chance, and files. Times and seeds arrive as arguments.

pub mod ancestor;
mod claim;
mod draws;
mod params;
pub mod poh_fault;
mod prove;
mod proven;
mod range;
mod reader;
mod record;
pub mod tail;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

pub use claim::{Claim, ClaimError, Tip};
pub use draws::TooManyOctaves;
pub use params::{Params, ParamsError};
pub use prove::{ProveError, prove};
pub use proven::Proven;
pub use range::RangeError;
pub use reader::Range;
pub use record::{Linked, Place, Record};
pub use verify::{LightError, verify};
pub use wire::{PROOF_BYTES_MAX, WireError};
