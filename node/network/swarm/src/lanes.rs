//! The lanes: two long-lived streams on one connection, each carrying frames both ways.
//!
//! [`behaviour`] has them opened and accepted on a connection of the driver's choice, [`reader`] and [`writer`] carry
//! frames, [`purse`] bounds the memory of what is being read.
//!
//! Deliberately absent: which connection carries the lanes (the sessions decide), and what the messages mean.

pub(crate) mod behaviour;
pub(crate) mod handler;
pub(crate) mod purse;
pub(crate) mod reader;
pub(crate) mod writer;

use libp2p::StreamProtocol;
use vibecoin_network::wire::Lane;

/// The names of the two lanes of one network.
#[derive(Clone, Debug)]
pub(crate) struct LaneProtocols {
    talk: StreamProtocol,
    bulk: StreamProtocol,
}

impl LaneProtocols {
    /// Those of a network.
    pub(crate) fn new(network: &str) -> Self {
        Self { talk: protocol(network, "talk"), bulk: protocol(network, "bulk") }
    }

    pub(crate) fn of(&self, lane: Lane) -> StreamProtocol {
        match lane {
            Lane::Talk => self.talk.clone(),
            Lane::Bulk => self.bulk.clone(),
        }
    }
}

/// The name of a protocol of one network.
pub(crate) fn protocol(network: &str, name: &str) -> StreamProtocol {
    StreamProtocol::try_from_owned(format!("/vibe/{network}/{name}/1")).expect("it begins with a slash")
}
