//! The memory that messages may take from the moment their length is known until the node has worked on them.
//!
//! Short messages have room of their own, a few for each peer. Long ones draw on a purse that all peers share, and
//! there are two of those: whoever connects to this node by the hundred can empty one, and what this node asks of the
//! peers that it chose itself still finds room in the other.

use std::sync::Arc;

use tokio::sync::Semaphore;
use vibecoin_network::peers::Direction;
use vibecoin_network::wire::{Kind, WireLimits};

use crate::event::Room;

#[cfg(test)]
mod tests;

/// Messages of one peer that have been read and not been worked on.
const PLACES_MAX: usize = 32;
/// A body that is longer draws on a purse, in bytes.
const SHORT_BYTES_MAX: usize = 64 << 10;
/// Each purse, in bytes, if no message is longer than a quarter of it.
const PURSE_BYTES: usize = 32 << 20;

/// The purses of a node.
#[derive(Clone, Debug)]
pub(crate) struct Purses {
    inbound: Arc<Semaphore>,
    outbound: Arc<Semaphore>,
}

impl Purses {
    /// Purses in which four of the longest messages have room, whatever the network.
    pub(crate) fn new(limits: &WireLimits) -> Self {
        let longest = Kind::ALL.iter().map(|kind| kind.bytes_max(limits)).max().unwrap_or(0);
        let bytes = PURSE_BYTES.max(4 * longest).min(Semaphore::MAX_PERMITS >> 1);
        Self { inbound: Arc::new(Semaphore::new(bytes)), outbound: Arc::new(Semaphore::new(bytes)) }
    }

    /// The part of a peer.
    pub(crate) fn of_peer(&self, direction: Direction) -> PeerPurse {
        let shared = match direction {
            Direction::Inbound => &self.inbound,
            Direction::Outbound => &self.outbound,
        };
        PeerPurse { places: Arc::new(Semaphore::new(PLACES_MAX)), shared: Arc::clone(shared) }
    }
}

/// What one peer may fill.
#[derive(Clone, Debug)]
pub(crate) struct PeerPurse {
    places: Arc<Semaphore>,
    shared: Arc<Semaphore>,
}

impl PeerPurse {
    /// Room for a body of this length, as soon as there is.
    pub(crate) async fn room(&self, body_bytes: usize) -> Room {
        // The semaphores are never closed.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let bytes = match u32::try_from(body_bytes) {
            Ok(bytes) if body_bytes > SHORT_BYTES_MAX => {
                Arc::clone(&self.shared).acquire_many_owned(bytes).await.ok()
            }
            _ => None,
        };
        Room { _place: place, _bytes: bytes }
    }
}
