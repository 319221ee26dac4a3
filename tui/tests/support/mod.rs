//! A made-up wallet and chain, and a hand on the keyboard: for tests and for pictures of the screens.
#![allow(clippy::unwrap_used, dead_code, unused_imports)]

mod fake;
mod gallery;
mod remote;
mod sample;
mod seat;

pub use fake::*;
pub use gallery::*;
pub use remote::*;
pub use sample::*;
pub use seat::*;
