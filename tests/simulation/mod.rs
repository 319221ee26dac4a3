//! The consensus as a whole, over thousands of blocks: a seeded network under a virtual clock whose every machine is a
//! real chain over a memory store, fed with real blocks that were really searched, at easy bits.
//!
//! Each file of scenarios prints a table beside what theory says, and claims what must be so. `scripts/simulation`
//! prints all of them in the size that `docs/simulation.md` keeps; the tests run them smaller. `VIBECOIN_SEED` gives
//! another world.
//!
//! Deliberately absent: a model of the rules. Floating point and formulas appear only to judge what the real code did.
//! Nothing of the workspace is used but the chain and what it stands on, so that this folder can be built against a
//! copy of them with a planted fault.

mod audit;
mod closed_form;
mod counterfactual;
mod latency;
mod liars;
mod network;
mod node;
mod onoff;
mod partition;
mod random;
mod report;
mod rivals;
mod selfish;
mod steps;
mod strategy;
mod withholding;
