//! A node that is none, and a bench to try the machine on.
//!
//! [`FakeWorld`] answers what the machine asks, as a node would: it keeps cheap blocks (no work, no signatures, no
//! execution), a pool and segments, and moves its tip to the most work. [`forge`] makes such blocks and transactions,
//! sound and broken ones. [`Bench`] feeds a [`Machine`](crate::Machine) with inputs under a clock that only moves when
//! told, and collects what comes out.
//!
//! Deliberately absent: any rule of consensus. What is broken is marked as such by whoever forges it.

mod bench;
pub mod forge;
mod world;

#[cfg(test)]
mod tests;

pub use bench::Bench;
pub use world::FakeWorld;
