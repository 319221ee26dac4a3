//! What is best: the import of blocks through typed stages, branches and reorganisation, production of blocks.
//!
//! [`Chain`] is the single writer of a store. It is a plain value that a thread owns: [`spawn`] gives it one and
//! hands out [`ChainHandle`]s. Whoever only reads takes a [`ChainReader`], which never waits for the writer and
//! never sees half a block.
//!
//! Deliberately absent: rules (`vibecoin-consensus` has them), what a block does (`vibecoin-execution`), peers, and
//! the clock: time is an argument everywhere but in [`SystemClock`].

mod ahead;
mod branch;
mod engine;
mod error;
mod faults;
pub mod file;
mod ground;
mod orphans;
mod outcome;
mod policy;
pub mod production;
mod segments;
mod service;
mod sides;
mod stages;
mod timing;
mod tip;
pub mod verify;
mod view;

pub use engine::{Chain, Progress, Repair};
pub use error::{Invalid, OpenError};
pub use faults::Faults;
pub use orphans::{OrphanLimits, Source};
pub use outcome::{ConnectedBlock, HistoryReport, Report, StateReport, StateStep, TipChange, Verdict};
pub use policy::{PIVOT_DEPTH, Policy, STATE_WINDOW, SideBranches, VerifyPoh};
pub use segments::{Beat, Heartbeat, Segments};
pub use service::{ChainHandle, Clock, ServiceError, SystemClock, spawn};
pub use timing::{Stage, StageTimes};
pub use tip::{Parent, Tip};
pub use view::{
    ChainReader, Commitment, Continuation, Fork, HistoryWanted, Standing, StateWanted, StoredHistory, View,
};
