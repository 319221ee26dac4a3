//! What happens to a pool, as its watchers hear it.

use std::sync::Arc;

use vibecoin_crypto::Hash;

use crate::tx::PooledTx;

/// Why a transaction left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// A block has it.
    Mined,
    /// Its last height has passed: no block can take it any more.
    Expired,
    /// It waited too long. It is not dead and may be sent again.
    TooOld,
    /// Another transaction of the same nonce took its place, in the pool or in a block.
    Replaced {
        /// The txid of that one.
        by: Hash,
    },
    /// Better paying ones needed the room.
    Evicted,
    /// One that it stands behind left without being mined, so that its nonce does not follow any more.
    Gap,
    /// The balance does not cover it any more.
    Unfunded,
    /// Execution refused it.
    Refused,
}

/// A change of the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolEvent {
    /// A transaction came.
    Added(Arc<PooledTx>),
    /// A transaction left.
    Removed {
        /// It.
        tx: Arc<PooledTx>,
        /// Why.
        departure: Departure,
    },
}
