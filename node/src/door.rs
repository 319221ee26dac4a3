//! The one door for blocks, whoever made them: peers, the miner, the operator.
//!
//! Behind it is the chain's writer. Here is only what surrounds an import: held blocks are tried again when their
//! time has come, and changes of the active branch are written down for whoever asks later.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};
use vibecoin_chain::{ChainHandle, Clock, Report, ServiceError, TipChange, Verdict};
use vibecoin_consensus::fork_choice::is_alarming;
use vibecoin_primitives::{Block, Height};
use vibecoin_rpc::types::Reorganisation;

use crate::clock::NodeClock;
use crate::error::Failure;
use crate::supervisor::Supervisor;

/// Reorganisations that are remembered.
const REMEMBERED: usize = 100;
/// How often held blocks are looked after, while there are any.
const RETRY_EVERY: Duration = Duration::from_millis(500);

/// See the module. Clones are the same door.
#[derive(Clone)]
pub struct Door {
    chain: ChainHandle,
    clock: NodeClock,
    held: Arc<AtomicBool>,
    reorganisations: Arc<Mutex<VecDeque<Reorganisation>>>,
}

impl Door {
    /// A door to `chain`, with the two tasks that belong to it.
    #[must_use]
    pub fn open(chain: ChainHandle, clock: NodeClock, supervisor: &Supervisor) -> Self {
        let door = Self { chain, clock, held: Arc::default(), reorganisations: Arc::default() };
        supervisor.task("the retry of held blocks", door.clone().retry(supervisor.clone()));
        supervisor.task("the record of reorganisations", door.clone().record(supervisor.clone()));
        door
    }

    /// Hands a block in. What is answered is on the disk.
    ///
    /// # Errors
    /// [`ServiceError`]; a block that breaks a rule is no error but a verdict.
    pub async fn import(&self, block: Block) -> Result<Report, ServiceError> {
        let report = self.chain.import(block).await?;
        self.note(&report);
        Ok(report)
    }

    /// Moves of the tip from now on.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<TipChange> {
        self.chain.changes()
    }

    /// The last reorganisations, newest first.
    #[must_use]
    pub fn reorganisations(&self) -> Vec<Reorganisation> {
        self.lock().iter().cloned().collect()
    }

    fn note(&self, report: &Report) {
        if matches!(report.verdict, Verdict::Held { .. }) {
            self.held.store(true, Ordering::Relaxed);
        }
        if let Verdict::Invalid(reason) = &report.verdict {
            tracing::warn!(id = %report.id, "a block is refused: {reason}");
        } else {
            tracing::debug!(id = %report.id, "block {}", report.verdict.name());
        }
    }

    async fn retry(self, supervisor: Supervisor) -> Result<(), Failure> {
        loop {
            tokio::select! {
                () = supervisor.stopping().cancelled() => return Ok(()),
                () = tokio::time::sleep(RETRY_EVERY) => {}
            }
            // Once a block was held, the question is asked for good: whether another one waits is not told, and
            // asking costs next to nothing.
            if !self.held.load(Ordering::Relaxed) {
                continue;
            }
            match self.chain.retry_held().await {
                Ok(reports) => reports.iter().for_each(|report| self.note(report)),
                // The writer tells its own reason.
                Err(_) => {
                    supervisor.stopping().cancelled().await;
                    return Ok(());
                }
            }
        }
    }

    async fn record(self, supervisor: Supervisor) -> Result<(), Failure> {
        let mut changes = self.chain.changes();
        loop {
            let change = tokio::select! {
                () = supervisor.stopping().cancelled() => return Ok(()),
                change = changes.recv() => change,
            };
            match change {
                Ok(change) => self.tell(&change),
                Err(RecvError::Lagged(missed)) => tracing::warn!("{missed} moves of the tip went unrecorded"),
                Err(RecvError::Closed) => {
                    supervisor.stopping().cancelled().await;
                    return Ok(());
                }
            }
        }
    }

    fn tell(&self, change: &TipChange) {
        let tip = &change.tip;
        let (Some(old), Some(lowest)) = (change.reverted.first(), change.reverted.last()) else {
            tracing::info!(height = %tip.height(), id = %tip.id(), txs = tip.content.tx_count, "new tip");
            return;
        };
        let fork_height = lowest.block.header.height.checked_sub(1).unwrap_or(Height::GENESIS);
        let (reverted, connected) = (change.reverted.len(), change.connected.len());
        if is_alarming(reverted as u64) {
            tracing::error!(%fork_height, reverted, connected, "very deep reorganisation");
        } else {
            tracing::warn!(%fork_height, reverted, connected, "reorganisation");
        }
        let mut list = self.lock();
        list.truncate(REMEMBERED - 1);
        list.push_front(Reorganisation {
            time: self.clock.now(),
            fork_height,
            from: old.id,
            to: tip.id(),
            reverted: reverted as u64,
            connected: connected as u64,
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Reorganisation>> {
        // The list is whole after every statement.
        self.reorganisations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
