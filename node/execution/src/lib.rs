//! What a block does to the state: transfers, fees, rewards, activity and receipts.
//!
//! The meaning is serial and in block order. [`BlockExecutor`] takes transactions one by one, which is what a
//! miner needs to find out what fits; [`execute_block`] is the same thing over a whole block. Both only read the
//! state, through a [`StateReader`](vibecoin_storage::StateReader), and hand back what to write ([`BlockOutcome`]).
//!
//! Deliberately absent: storage (nothing is written here), hashing of the state tree, clocks, randomness, and
//! every rule that a transaction breaks by itself: whoever calls has checked those before. Contracts do not run
//! yet; a transaction that needs one is refused by a rule of its own.

mod accounts;
mod env;
mod error;
mod executor;
mod genesis;
mod outcome;
#[cfg(test)]
mod tests;

pub use env::{BlockEnv, TxRef};
pub use error::{Blame, ExecutionError};
pub use executor::{BlockExecutor, execute_block};
pub use genesis::{genesis_accounts, genesis_changes};
pub use outcome::{BlockOutcome, StateChanges, SupplyDelta};
