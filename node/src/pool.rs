//! The pool as a service: one thread owns the [`Mempool`] and its diary on disk, handles ask it.
//!
//! A transaction is acknowledged when it is in the pool *and* its row is synced to disk; submissions that wait
//! together share one sync. The pool follows the chain: what is mined leaves, what a reorganisation takes back
//! returns. After a restart it is made again from the diary, and from blocks that had just left the active chain.

use std::time::Duration;

use rayon::prelude::*;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use vibecoin_chain::{ChainReader, TipChange};
use vibecoin_crypto::Hash;
use vibecoin_mempool::{Checked, Mempool, PoolConfig, PoolError, PoolEvent};
use vibecoin_primitives::Transaction;
use vibecoin_storage::StoreError;

use crate::clock::NodeClock;
use crate::error::Failure;
use crate::supervisor::Supervisor;

mod keeper;

use keeper::{Keeper, News};

/// Questions that may wait for the pool.
const QUEUE: usize = 1_024;
/// How long a reader lets the pool catch up with the chain.
const PATIENCE: Duration = Duration::from_millis(100);
/// Changes that a slow listener may be behind before it misses some.
const EVENTS: usize = 4_096;

/// What was done with a transaction that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its id.
    pub txid: Hash,
    /// The hash of its whole encoding.
    pub leaf_hash: Hash,
    /// True if it was there before.
    pub known: bool,
    /// The id of the one that it replaced.
    pub replaced: Option<Hash>,
}

/// Why a transaction was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// A rule of consensus or of the pool.
    #[error(transparent)]
    Refused(#[from] PoolError),
    /// The pool has stopped.
    #[error("the pool has stopped")]
    Stopped,
}

type Reading = Box<dyn FnOnce(&Mempool) + Send>;

enum Question {
    Submit(Box<Checked>, oneshot::Sender<Result<Taken, PoolError>>),
    Read(Reading),
    Moved(Box<TipChange>),
    /// Moves of the tip were missed: everything is compared with the state.
    Resync,
    Time,
    Stop,
}

/// A handle to the pool. Cheap to clone.
#[derive(Clone)]
pub struct PoolHandle {
    questions: mpsc::Sender<Question>,
    events: broadcast::Sender<PoolEvent>,
    revision: watch::Receiver<u64>,
    stands_on: watch::Receiver<Hash>,
    chain: ChainReader,
}

/// Starts the pool: reads its diary, then follows the chain.
///
/// # Errors
/// [`StoreError`] when the diary or the state cannot be read.
pub fn spawn(
    config: PoolConfig,
    chain: ChainReader,
    changes: broadcast::Receiver<TipChange>,
    clock: NodeClock,
    supervisor: &Supervisor,
) -> Result<PoolHandle, StoreError> {
    let (questions, inbox) = mpsc::channel(QUEUE);
    let (events, _) = broadcast::channel(EVENTS);
    let (revise, revision) = watch::channel(0);
    let (stand, stands_on) = watch::channel(Hash::ZERO);
    let news = News { events: events.clone(), revision: revise, stands_on: stand };
    let keeper = Keeper::open(config, chain.clone(), clock, news)?;
    supervisor
        .thread("the pool", move || keeper.run(inbox).map_err(Failure::Store))
        .map_err(StoreError::from)?;
    supervisor.task("the pool's follower", follow(changes, questions.clone()));
    Ok(PoolHandle { questions, events, revision, stands_on, chain })
}

/// Tells the pool what the chain does, and now and then that time passes.
async fn follow(
    mut changes: broadcast::Receiver<TipChange>,
    pool: mpsc::Sender<Question>,
) -> Result<(), Failure> {
    use tokio::sync::broadcast::error::RecvError;
    let mut clock = tokio::time::interval(Duration::from_secs(10));
    loop {
        let question = tokio::select! {
            biased;
            change = changes.recv() => match change {
                Ok(change) => Question::Moved(Box::new(change)),
                Err(RecvError::Lagged(_)) => Question::Resync,
                Err(RecvError::Closed) => return Ok(()),
            },
            // What the chain still says while it drains is heard: it goes on until the pool itself has ended.
            () = pool.closed() => return Ok(()),
            _ = clock.tick() => Question::Time,
        };
        if pool.send(question).await.is_err() {
            return Ok(());
        }
    }
}

impl PoolHandle {
    /// Takes a transaction. What is answered is on the disk.
    ///
    /// # Errors
    /// [`SubmitError`]; one that the pool has already is no error.
    pub async fn submit(&self, transaction: Transaction) -> Result<Taken, SubmitError> {
        let checked = self.check(transaction).await?;
        self.ask(|answer| Question::Submit(Box::new(checked), answer)).await?.map_err(SubmitError::Refused)
    }

    /// Takes transactions in the order of their nonces, those that wait together with one sync. They are checked beside
    /// each other, and enter the pool one after the other.
    pub async fn submit_all(
        &self,
        transactions: Vec<Transaction>,
    ) -> Vec<(Hash, Result<Taken, SubmitError>)> {
        let mut transactions = transactions;
        transactions.sort_by_key(|transaction| transaction.body.nonce);
        let chain = self.chain.clone();
        let (answer, checked) = oneshot::channel();
        rayon::spawn(move || {
            let next = chain.tip().height().next().unwrap_or_default();
            let check = |transaction: Transaction| {
                (transaction.leaf_hash(), Checked::new(transaction, chain.spec(), next))
            };
            // Whoever asked may have gone.
            let _ = answer.send(transactions.into_par_iter().map(check).collect::<Vec<_>>());
        });
        let mut answers = Vec::new();
        for (leaf_hash, checked) in checked.await.unwrap_or_default() {
            let answer = match checked {
                Ok(checked) => {
                    let (answer, receiver) = oneshot::channel();
                    let sent = self.questions.send(Question::Submit(Box::new(checked), answer)).await;
                    sent.map(|()| receiver).map_err(|_| SubmitError::Stopped)
                }
                Err(error) => Err(SubmitError::Refused(error.into())),
            };
            answers.push((leaf_hash, answer));
        }
        let mut taken = Vec::with_capacity(answers.len());
        for (leaf_hash, answer) in answers {
            let result = match answer {
                Ok(receiver) => match receiver.await {
                    Ok(result) => result.map_err(SubmitError::Refused),
                    Err(_) => Err(SubmitError::Stopped),
                },
                Err(error) => Err(error),
            };
            taken.push((leaf_hash, result));
        }
        taken
    }

    /// Checks a transaction alone, its signature too, on the threads for heavy work.
    async fn check(&self, transaction: Transaction) -> Result<Checked, SubmitError> {
        let chain = self.chain.clone();
        let (answer, checked) = oneshot::channel();
        rayon::spawn(move || {
            let next = chain.tip().height().next().unwrap_or_default();
            // Whoever asked may have gone.
            let _ = answer.send(Checked::new(transaction, chain.spec(), next));
        });
        let checked = checked.await.map_err(|_| SubmitError::Stopped)?;
        checked.map_err(|error| SubmitError::Refused(error.into()))
    }

    /// What `reading` finds in the pool, at one moment. The pool hears of a block a moment after it is on the disk;
    /// it is given that moment, so that whoever has seen the block sees the pool after it.
    ///
    /// # Errors
    /// [`SubmitError::Stopped`].
    pub async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&Mempool) -> T + Send + 'static,
    ) -> Result<T, SubmitError> {
        let tip = self.chain.tip().id();
        // One that does not follow in time answers from where it stands.
        let mut stands_on = self.stands_on.clone();
        let _ = tokio::time::timeout(PATIENCE, stands_on.wait_for(|id| *id == tip)).await;
        self.ask(|answer| {
            Question::Read(Box::new(move |pool| {
                // Whoever asked may have gone.
                let _ = answer.send(reading(pool));
            }))
        })
        .await
    }

    /// Changes from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<PoolEvent> {
        self.events.subscribe()
    }

    /// A number that rises with every change.
    #[must_use]
    pub fn revision(&self) -> watch::Receiver<u64> {
        self.revision.clone()
    }

    /// Lets the pool answer what waits and end.
    pub async fn stop(&self) {
        // A pool that has ended needs no word.
        let _ = self.questions.send(Question::Stop).await;
    }

    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Question) -> Result<T, SubmitError> {
        let (answer, receiver) = oneshot::channel();
        self.questions.send(question(answer)).await.map_err(|_| SubmitError::Stopped)?;
        receiver.await.map_err(|_| SubmitError::Stopped)
    }
}
