//! Peers that answer as the test says, and what the machine makes of it.

mod bodies;
mod endless;
mod headers;
mod helpers;
mod progress;
mod state;
