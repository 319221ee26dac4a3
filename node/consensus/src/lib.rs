//! What is valid: Proof of Work, Proof of History, difficulty, history, header and block rules, fork choice.
//!
//! Every rule has a number (`HDR-3`, `TX-7`) that the code, the errors and `docs/protocol.md` share.
//!
//! Deliberately absent: a clock and a source of randomness (both arrive as arguments), I/O, and state. What a
//! block does to the balances is `vibecoin-execution`; here are only the names of the rules it can break.

pub mod difficulty;
pub mod emission;
pub mod fork_choice;
pub mod genesis;
pub mod history;
pub mod light;
pub mod poh;
pub mod pow;
pub mod rules;
mod sha;
pub mod spec;

pub use genesis::genesis;
pub use history::{HistoryError, Inner, Node, Peaks};
pub use pow::{Target, TargetError};
pub use rules::{
    AccountError, Blame, BlockError, BodyError, ExecutionError, HeaderError, ShapeError, TransactionError,
};
pub use spec::SpecError;

#[cfg(test)]
pub(crate) mod testing;
