//! What peers say: the protocol of the network as a state machine without sockets.
//!
//! ```text
//!   driver ── Connected, Received, … ──►┌─────────┐── Send, Close, Dial ──► driver
//!   node ── Judged, Found, Moved, … ───►│ Machine │── Judge, Look ────────► node
//!   clock ── Tick ─────────────────────►└─────────┘
//! ```
//!
//! A [`Machine`] takes an [`Input`] with the time, and says what is to be done as [`Output`]s. The libp2p driver of
//! `vibecoin-swarm` carries them out in a node, a seeded simulator does in the tests; neither can tell.
//!
//! The parts: [`wire`] (messages and their bounds), [`endpoint`], [`peers`] (who is connected), [`score`] (what a peer
//! can do wrong), [`requests`] (what waits for an answer), the rooms that a message is routed to by its kind —
//! handshake, [`sync`], [`relay`], serving — and the connections that keep the node in the network.
//!
//! Deliberately absent: sockets, threads, a clock and chance (both are arguments), the rules of consensus (the node
//! is asked: [`world`]), and libp2p.

pub mod bans;
pub mod book;
pub mod config;
pub mod connections;
pub mod endpoint;
mod handshake;
pub mod limits;
pub mod machine;
pub mod peers;
pub mod rates;
pub mod relay;
pub mod requests;
pub mod score;
mod sealed;
mod serve;
pub mod sync;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod turn;
pub mod wire;
pub mod world;

pub use config::{Config, SyncMode};
pub use machine::{Input, Machine};
pub use turn::{Now, Output, Turn};
