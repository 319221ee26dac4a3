//! The handshake: who are you, and are we of the same chain?
//!
//! Both sides say [`Hello`] first, without waiting. A stranger is refused within that one message.

use crate::config::Config;
use crate::score::Fault;
use crate::wire::{Goodbye, Hello, Kind, PROTOCOL_VERSION, TipClaim};

/// Why a hello is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nothing is wrong with the peer; the two have nothing to say to each other.
    Parts(Goodbye),
    /// It breaks the protocol.
    Breaks(Fault),
}

/// What this node says of itself.
pub fn hello(config: &Config, tip: TipClaim) -> Hello {
    Hello {
        version: PROTOCOL_VERSION,
        genesis_id: config.genesis_id(),
        capabilities: config.capabilities,
        tip,
        agent: config.agent.clone(),
    }
}

/// Judges what a peer says of itself.
pub fn judge(config: &Config, hello: &Hello, introduced: bool) -> Result<(), Refused> {
    if introduced {
        Err(Refused::Breaks(Fault::OutOfTurn(Kind::Hello)))
    } else if hello.genesis_id != config.genesis_id() {
        Err(Refused::Parts(Goodbye::OtherNetwork))
    } else if hello.version != PROTOCOL_VERSION {
        Err(Refused::Parts(Goodbye::OtherVersion))
    } else {
        Ok(())
    }
}
