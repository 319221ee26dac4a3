//! The one door for blocks, whoever made them: peers, the miner, the operator.
//!
//! Behind it is the chain's writer. Here is only what surrounds an import: held blocks are tried again when their
//! time has come, and moves of the tip are told to the log. The record of reorganisations is the chain's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};
use vibecoin_chain::{ChainHandle, Report, ServiceError, Source, TipChange, Verdict};
use vibecoin_primitives::{Block, Content, Header};

use crate::error::Failure;
use crate::supervisor::Supervisor;

/// How often held blocks are looked after, while there are any.
const RETRY_EVERY: Duration = Duration::from_millis(500);

/// See the module. Clones are the same door.
#[derive(Clone)]
pub struct Door {
    chain: ChainHandle,
    held: Arc<AtomicBool>,
}

impl Door {
    /// A door to `chain`, with the two tasks that belong to it.
    #[must_use]
    pub fn open(chain: ChainHandle, supervisor: &Supervisor) -> Self {
        let door = Self { chain, held: Arc::default() };
        supervisor.task("the retry of held blocks", door.clone().retry(supervisor.clone()));
        supervisor.task("the diary of the tip", door.clone().diary(supervisor.clone()));
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

    /// Hands in blocks of anybody's, in their order; see [`ChainHandle::import_run`].
    ///
    /// # Errors
    /// [`ServiceError`]; a block that breaks a rule is no error but a verdict.
    pub async fn import_run(&self, run: Vec<(Source, Block)>) -> Result<Vec<Report>, ServiceError> {
        let reports = self.chain.import_run(run).await?;
        reports.iter().for_each(|report| self.note(report));
        Ok(reports)
    }

    /// Hands in headers ahead of their bodies; see [`ChainHandle::import_headers`].
    ///
    /// # Errors
    /// [`ServiceError`]; a header that breaks a rule is no error but a verdict.
    pub async fn import_headers(&self, headers: Vec<(Header, Content)>) -> Result<Vec<Report>, ServiceError> {
        let reports = self.chain.import_headers(headers).await?;
        reports.iter().for_each(|report| self.note(report));
        Ok(reports)
    }

    /// Moves of the tip from now on.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<TipChange> {
        self.chain.changes()
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

    async fn diary(self, supervisor: Supervisor) -> Result<(), Failure> {
        let mut changes = self.chain.changes();
        loop {
            let change = tokio::select! {
                () = supervisor.stopping().cancelled() => return Ok(()),
                change = changes.recv() => change,
            };
            match change {
                Ok(change) => tell(&change),
                Err(RecvError::Lagged(missed)) => tracing::warn!("{missed} moves of the tip went untold"),
                Err(RecvError::Closed) => {
                    supervisor.stopping().cancelled().await;
                    return Ok(());
                }
            }
        }
    }
}

/// A reorganisation is told by the chain itself, with its depth.
fn tell(change: &TipChange) {
    let tip = &change.tip;
    let (height, id, txs) = (tip.height(), tip.id(), tip.content.tx_count);
    match (&change.reorganisation, change.reverted.len()) {
        (None, 0) => tracing::info!(%height, %id, txs, "new tip"),
        (None, reverted) => tracing::warn!(%height, %id, reverted, "blocks were taken back"),
        (Some(record), _) => {
            let (fork_height, connected) = (record.fork_height, record.connected);
            tracing::info!(%height, %id, %fork_height, connected, "new tip on another branch");
        }
    }
}
