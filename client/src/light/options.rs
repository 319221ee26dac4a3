//! What the user of a light client may choose.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use vibecoin_consensus::light::Params;
use vibecoin_primitives::{ChainSpec, Network, Timestamp, Work};

/// Blocks between the proven tip and the block whose state is believed, unless told otherwise.
pub const CONFIRMATIONS: u64 = 6;

/// The clock of this machine, or of a test.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a light client is told.
#[derive(Clone)]
pub struct Options {
    /// How much a proof must show.
    pub params: Params,
    /// The state is believed so many blocks below the proven tip. At most the last headers that are kept.
    pub confirmations: u64,
    /// Less work than this is no chain of this network.
    pub min_chain_work: Work,
    /// The folder of what is kept; none: nothing is.
    pub directory: Option<PathBuf>,
    /// How often servers other than the one that is followed are asked what they think.
    pub cross_check: Duration,
    /// The clock.
    pub clock: Clock,
}

impl Options {
    /// The defaults for a network.
    #[must_use]
    pub fn new(spec: &ChainSpec, clock: Clock) -> Self {
        Self {
            params: Params::DEFAULT,
            confirmations: CONFIRMATIONS,
            min_chain_work: min_chain_work(spec),
            directory: None,
            cross_check: Duration::from_secs(60),
            clock,
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("params", &self.params)
            .field("confirmations", &self.confirmations)
            .field("min_chain_work", &self.min_chain_work)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// The work that the chain of a built-in network is known to have had when this version was made. None of them has a
/// chain yet.
#[must_use]
pub fn min_chain_work(spec: &ChainSpec) -> Work {
    let network = Network::ALL.into_iter().find(|network| network.spec() == *spec);
    match network {
        Some(Network::Mainnet | Network::Testnet | Network::Devnet) | None => Work::ZERO,
    }
}
