//! The history under a state that was taken over, executed in the background as its blocks come.

use std::time::Duration;

use vibecoin_chain::{ChainHandle, ServiceError};

use crate::error::Failure;
use crate::supervisor::Supervisor;

/// Blocks between two words with the writer: news of the day wait that long at the most.
const BLOCKS: usize = 16;
/// Pause when nothing more can be executed for now.
const PAUSE: Duration = Duration::from_secs(1);

/// Executes what is there of a missing history, until nothing is missing or the node stops.
///
/// # Errors
/// [`Failure`] never by itself: a store that fails is told by the chain's writer.
pub async fn replay(chain: ChainHandle, supervisor: Supervisor) -> Result<(), Failure> {
    let mut reached = None;
    loop {
        let progress = match step(&chain).await {
            Ok(progress) => progress,
            Err(_) => {
                supervisor.stopping().cancelled().await;
                return Ok(());
            }
        };
        let went_on = progress.is_some() && progress != reached;
        reached = progress;
        tokio::select! {
            () = supervisor.stopping().cancelled() => return Ok(()),
            () = tokio::time::sleep(PAUSE), if !went_on => {}
            () = tokio::task::yield_now(), if went_on => {}
        }
    }
}

/// One step; the height that was reached, or `None` if no history is missing.
async fn step(chain: &ChainHandle) -> Result<Option<u64>, ServiceError> {
    if chain.reader().view()?.assumed()?.is_none() {
        return Ok(None);
    }
    let report = chain.replay_history(BLOCKS).await?;
    Ok(report.missing_below.map(|_| report.replayed.get()))
}
