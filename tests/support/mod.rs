//! What the tests of the real program share: a home of its own for each test, and ways to run the program in it.

pub mod cluster;
pub mod forge;
mod home;
pub mod namespaces;
mod process;

pub use home::{Answer, Home};
pub use process::Running;

use std::time::Duration;

/// How long anything may take before a test calls it stuck. Generous: machines that run tests are often busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The program that cargo built for this test run.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_vibecoin");
