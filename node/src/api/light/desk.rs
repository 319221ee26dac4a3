//! Where proofs are made: a few at a time, and a bounded number who wait for it.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vibecoin_rpc::ApiError;

#[cfg(test)]
mod tests;

/// Proofs in the making. Each keeps a core and the disk busy for some milliseconds.
const AT_ONCE: usize = 2;
/// Those, and who waits: what comes later is told to come again.
const SEATS: usize = 32;

/// See the module.
pub struct ProofDesk {
    seats: Arc<Semaphore>,
    hands: Arc<Semaphore>,
}

/// The right to make one proof, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    _seat: OwnedSemaphorePermit,
    _hand: OwnedSemaphorePermit,
}

impl ProofDesk {
    pub fn new() -> Self {
        Self { seats: Arc::new(Semaphore::new(SEATS)), hands: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Waits for its turn, if there is a seat to wait on.
    pub async fn turn(&self) -> Result<Turn, ApiError> {
        let full = |_| ApiError::Busy { reason: format!("{SEATS} proofs are asked for already") };
        let seat = Arc::clone(&self.seats).try_acquire_owned().map_err(full)?;
        let hand = Arc::clone(&self.hands).acquire_owned().await.map_err(|_| ApiError::Stopping)?;
        Ok(Turn { _seat: seat, _hand: hand })
    }
}
