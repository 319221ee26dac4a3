//! The driver of the network on libp2p: it carries out what the state machine of `vibecoin-network` wants done, and
//! tells it what happened.
//!
//! ```text
//!   node ── Command (Send, Close, Dial, Resolve) ──► swarm ── TCP, QUIC, relays ──► peers
//!   node ◄── Event (Connected, Received, Sent, …) ── swarm
//! ```
//!
//! [`start`] gives a [`Driver`] (a handle, cheap to clone), the [`Events`] and the future that is the running swarm.
//! Commands go in and events come out of bounded channels, and neither end ever waits for the other: the swarm goes on
//! taking commands while nobody takes its events, it only stops reading from its peers.
//!
//! Two nodes share one connection, however many were dialled, and on it two long-lived streams of framed messages, the
//! lanes. A frame's head is judged before its body gets memory, the body has a time limit, and a message that was read
//! holds its [`Room`] until it is worked on.
//!
//! Deliberately absent: what a message means, whom to dial and whom to ban (the state machine decides), kept addresses,
//! and anything of libp2p in the public interface.

mod address;
mod behaviour;
mod command;
mod config;
mod driver;
mod event;
mod key;
mod lanes;
mod session;
mod start;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod transport;

#[cfg(test)]
mod tests;

pub use address::{AddressError, format_contact, parse_contact};
pub use command::{Command, Driver, DriverGone};
pub use config::{SwarmConfig, SwarmError};
pub use event::{DialError, Event, Events, NatState, Reach, Room, Session};
pub use key::{NodeKey, NodeKeyError};
pub use start::start;
