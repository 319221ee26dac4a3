//! What is best: the import of blocks through typed stages, branches and reorganisation, production of blocks.
//!
//! [`Chain`] is the single writer of a store. It is a plain value that a thread owns: [`spawn`] gives it one and
//! hands out [`ChainHandle`]s. Whoever only reads takes a [`ChainReader`], which never waits for the writer and
//! never sees half a block.
//!
//! Deliberately absent: rules (`vibecoin-consensus` has them), what a block does (`vibecoin-execution`), peers, and
//! the clock: time is an argument everywhere but in [`SystemClock`].

mod branch;
mod engine;
mod error;
pub mod file;
mod orphans;
mod outcome;
pub mod production;
mod rivals;
mod segments;
mod service;
mod stages;
mod timing;
mod tip;
pub mod verify;
mod view;

pub use branch::STATE_WINDOW;
pub use engine::{Chain, Policy, SideBranches};
pub use error::{Invalid, OpenError};
pub use orphans::OrphanLimits;
pub use outcome::{ConnectedBlock, Report, TipChange, Verdict};
pub use segments::Segments;
pub use service::{ChainHandle, Clock, ServiceError, SystemClock, spawn};
pub use timing::{Stage, StageTimes};
pub use tip::{Parent, Tip};
pub use view::{ChainReader, Fork, View};
