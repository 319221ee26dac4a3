//! What the machine is told once.

use vibecoin_crypto::Hash;
use vibecoin_primitives::ChainSpec;

use crate::book::BookSettings;
use crate::endpoint::{Contact, NodeId};
use crate::wire::{Capabilities, TipClaim, WireLimits};

/// How a new node catches up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncMode {
    /// Every block from the genesis on is executed before anything else is done.
    Full,
    /// The state of a recent block that work proves, then the blocks after it; the older history in the background.
    State,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Config {
    /// The genesis: it tells one network from another.
    pub genesis: TipClaim,
    /// Who this node is.
    pub node: NodeId,
    /// Lengths that follow from the chain spec.
    pub limits: WireLimits,
    /// The time between blocks that the network aims at, in ms.
    pub interval_ms: u64,
    /// What this node serves.
    pub capabilities: Capabilities,
    /// The name and version of this software.
    pub agent: String,
    /// How to catch up.
    pub sync: SyncMode,
    /// Outbound connections to hold.
    pub outbound_target: usize,
    /// Inbound connections at most.
    pub inbound_max: usize,
    /// Nodes to begin with.
    pub bootstrap: Vec<Contact>,
    /// Whether addresses that only this machine or a private network can reach are told and dialled.
    pub private_addresses: bool,
    /// A secret of this node's: no other can foresee where the address book puts what.
    pub secret: [u8; 32],
}

impl Config {
    /// The wire's limits and the interval of a network, with this node's choices at their defaults.
    #[must_use]
    pub fn new(spec: &ChainSpec, genesis: TipClaim, node: NodeId, agent: String, secret: [u8; 32]) -> Self {
        Self {
            genesis,
            node,
            limits: WireLimits::of(spec),
            interval_ms: spec.interval_ms,
            capabilities: Capabilities::BLOCKS
                .with(Capabilities::HISTORY)
                .with(Capabilities::STATE)
                .with(Capabilities::TRANSACTIONS),
            agent,
            sync: SyncMode::Full,
            outbound_target: 8,
            inbound_max: 64,
            bootstrap: Vec::new(),
            private_addresses: false,
            secret,
        }
    }

    /// How the address book is kept.
    #[must_use]
    pub const fn book_settings(&self) -> BookSettings {
        if self.private_addresses { BookSettings::LOCAL } else { BookSettings::PUBLIC }
    }

    /// The id that every chain of this network begins with.
    #[must_use]
    pub const fn genesis_id(&self) -> Hash {
        self.genesis.id
    }
}
