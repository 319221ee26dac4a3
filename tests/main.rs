//! Tests of the whole: the arrows between the crates, the real binary from a shell, and the real screens in a
//! pseudo-terminal. What a single crate promises is tested inside that crate.

#![allow(clippy::unwrap_used, missing_docs)]

mod architecture;
mod conformance;
mod functional;
mod history;
mod hostile;
mod model;
mod reorganisations;
mod simulation;
mod support;
mod terminal;
