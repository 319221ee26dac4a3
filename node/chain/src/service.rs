//! The chain as a service: one thread that writes, one that makes the tip's segment, handles for everybody else.
//!
//! Import is CPU and disk, so it has a thread of its own and no place on an async worker. Questions reach it over
//! a bounded channel; when that is full, whoever asks waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{broadcast, mpsc, oneshot};
use vibecoin_crypto::state_tree::VerifiedChunk;
use vibecoin_primitives::{Block, Content, Header, Timestamp};
use vibecoin_storage::StoreError;
use vibecoin_storage::meta::StagedState;

use crate::ahead::Ahead;
use crate::engine::Chain;
use crate::error::OpenError;
use crate::orphans::Source;
use crate::outcome::{HistoryReport, Report, StateReport, TipChange};
use crate::view::ChainReader;

#[cfg(test)]
mod tests;

/// Blocks that may wait for the writer.
const QUEUE: usize = 64;
/// Moves of the tip that a slow listener may be behind before it misses some.
const CHANGES: usize = 1_024;

/// The clock of this node in ms since the Unix epoch; a test or `dev warp` may move it.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Why the chain did not answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ServiceError {
    /// The store failed; the writer has stopped, so that nothing more is acknowledged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The writer has stopped.
    #[error("the chain has stopped")]
    Stopped,
}

enum Question {
    Import(Source, Box<Block>, oneshot::Sender<Result<Report, ServiceError>>),
    ImportRun(Vec<(Source, Block)>, oneshot::Sender<Result<Vec<Report>, ServiceError>>),
    ImportHeaders(Vec<(Header, Content)>, oneshot::Sender<Result<Vec<Report>, ServiceError>>),
    ChoosePivot(oneshot::Sender<Result<Option<StagedState>, ServiceError>>),
    ImportStateChunk(Box<VerifiedChunk>, oneshot::Sender<Result<StateReport, ServiceError>>),
    ReplayHistory(usize, oneshot::Sender<Result<HistoryReport, ServiceError>>),
    ForgetState(oneshot::Sender<Result<(), ServiceError>>),
    RetryHeld(oneshot::Sender<Result<Vec<Report>, ServiceError>>),
    Rewind(u64, oneshot::Sender<Result<Option<TipChange>, ServiceError>>),
    Stop,
}

/// A handle to the writer. Cheap to clone.
#[derive(Clone)]
pub struct ChainHandle {
    questions: mpsc::Sender<Question>,
    changes: broadcast::Sender<TipChange>,
    reader: ChainReader,
    waiting: Arc<Waiting>,
}

/// Blocks that wait at the writer, for whoever asks without asking it.
#[derive(Default)]
struct Waiting {
    orphans: AtomicUsize,
    held: AtomicUsize,
}

/// Starts the writer's thread.
///
/// The thread ends when it is told to stop or when the store fails; what it returns says which.
///
/// # Errors
/// [`StoreError::Io`] when the system gives no thread.
pub fn spawn(
    chain: Chain,
    clock: Arc<dyn Clock>,
) -> Result<(ChainHandle, JoinHandle<Result<(), StoreError>>), StoreError> {
    let (questions, inbox) = mpsc::channel(QUEUE);
    let (changes, _) = broadcast::channel(CHANGES);
    let reader = chain.reader();
    let ahead = Ahead::start(reader.segments().clone(), Arc::clone(reader.spec()))?;
    let waiting = Arc::<Waiting>::default();
    let handle = ChainHandle { questions, changes: changes.clone(), reader, waiting: Arc::clone(&waiting) };
    let writer = Writer { chain, clock, changes, ahead, waiting };
    let thread = thread::Builder::new().name("chain".into()).spawn(move || writer.run(inbox))?;
    Ok((handle, thread))
}

struct Writer {
    chain: Chain,
    clock: Arc<dyn Clock>,
    changes: broadcast::Sender<TipChange>,
    ahead: Ahead,
    waiting: Arc<Waiting>,
}

impl Writer {
    fn run(mut self, mut inbox: mpsc::Receiver<Question>) -> Result<(), StoreError> {
        self.work_ahead();
        let result = self.serve(&mut inbox).and_then(|()| self.chain.flush());
        self.ahead.stop();
        result
    }

    fn serve(&mut self, inbox: &mut mpsc::Receiver<Question>) -> Result<(), StoreError> {
        while let Some(question) = inbox.blocking_recv() {
            match question {
                Question::Import(source, block, answer) => {
                    let result = self.chain.import_from(source, *block, self.clock.now());
                    self.finish(result, answer, |report| report.changes.iter().collect())?;
                }
                Question::ImportRun(run, answer) => {
                    let result = self.chain.import_run(run, self.clock.now());
                    self.finish(result, answer, |reports: &Vec<Report>| moves(reports))?;
                }
                Question::ImportHeaders(headers, answer) => {
                    let result = self.chain.import_headers(&headers, self.clock.now());
                    self.finish(result, answer, |reports: &Vec<Report>| moves(reports))?;
                }
                Question::ChoosePivot(answer) => {
                    let result = self.chain.choose_pivot();
                    self.finish(result, answer, |_| Vec::new())?;
                }
                Question::ImportStateChunk(chunk, answer) => {
                    let result = self.chain.import_state_chunk(&chunk);
                    self.finish(result, answer, |report| report.changes.iter().collect())?;
                }
                Question::ReplayHistory(blocks_max, answer) => {
                    let result = self.chain.replay_history(blocks_max);
                    self.finish(result, answer, |report| report.changes.iter().collect())?;
                }
                Question::ForgetState(answer) => {
                    let result = self.chain.forget_state();
                    self.finish(result, answer, |()| Vec::new())?;
                }
                Question::RetryHeld(answer) => {
                    let result = self.chain.retry_held(self.clock.now());
                    self.finish(result, answer, |reports: &Vec<Report>| moves(reports))?;
                }
                Question::Rewind(blocks, answer) => {
                    let result = self.chain.rewind(blocks);
                    self.finish(result, answer, |change| change.iter().collect())?;
                }
                Question::Stop => break,
            }
            if let Some(forged) = self.chain.forged() {
                return Err(StoreError::Corrupt {
                    detail: OpenError::ForgedHistory(forged.clone()).to_string(),
                });
            }
        }
        Ok(())
    }

    /// Tells the listeners what is committed, then whoever asked, and stops the writer when the store has failed.
    fn finish<T>(
        &self,
        result: Result<T, StoreError>,
        answer: oneshot::Sender<Result<T, ServiceError>>,
        changes: impl Fn(&T) -> Vec<&TipChange>,
    ) -> Result<(), StoreError> {
        self.waiting.orphans.store(self.chain.orphan_count(), Ordering::Relaxed);
        self.waiting.held.store(self.chain.held_count(), Ordering::Relaxed);
        if let Ok(done) = &result {
            let changes = changes(done);
            // Nobody listening is fine.
            changes.iter().for_each(|change| drop(self.changes.send(TipChange::clone(change))));
            if !changes.is_empty() {
                self.work_ahead();
            }
        }
        let failure = result.as_ref().err().cloned();
        if failure.as_ref().is_some_and(StoreError::is_damage) {
            // What can be made anew is made at the next opening; if not even this can be written, that one will see.
            self.chain.ask_for_repair();
        }
        // Whoever asked may have gone.
        let _ = answer.send(result.map_err(ServiceError::Store));
        failure.map_or(Ok(()), Err)
    }

    /// Has the tip's segment made, unless the tip is only a step on the way to headers that are known.
    fn work_ahead(&self) {
        if !self.chain.is_behind() {
            self.ahead.work_on(Arc::clone(self.chain.tip()));
        }
    }
}

fn moves(reports: &[Report]) -> Vec<&TipChange> {
    reports.iter().flat_map(|report| &report.changes).collect()
}

impl ChainHandle {
    /// Imports a block. What is answered is on the disk.
    ///
    /// # Errors
    /// [`ServiceError`]; a block that breaks a rule is no error but a verdict.
    pub async fn import(&self, block: Block) -> Result<Report, ServiceError> {
        self.import_from(Source::Local, block).await
    }

    /// Imports a block of anybody's. What is answered is on the disk.
    ///
    /// # Errors
    /// [`ServiceError`]; a block that breaks a rule is no error but a verdict.
    pub async fn import_from(&self, source: Source, block: Block) -> Result<Report, ServiceError> {
        self.ask(|answer| Question::Import(source, Box::new(block), answer)).await
    }

    /// Imports blocks in their order. Those that extend the tip one after the other share a batch, so a run costs much
    /// less than its blocks one by one; others wait for the writer as long as the run takes, so it should be short of a
    /// second's work.
    ///
    /// # Errors
    /// [`ServiceError`]; a block that breaks a rule is no error but a verdict.
    pub async fn import_run(&self, run: Vec<(Source, Block)>) -> Result<Vec<Report>, ServiceError> {
        self.ask(|answer| Question::ImportRun(run, answer)).await
    }

    /// Imports headers ahead of their bodies, in their order, each with the content that it commits to. Those that
    /// stand on each other share a batch. Which bodies are wanted then, [`crate::View::wanted_bodies`] says.
    ///
    /// # Errors
    /// [`ServiceError`]; a header that breaks a rule is no error but a verdict.
    pub async fn import_headers(&self, headers: Vec<(Header, Content)>) -> Result<Vec<Report>, ServiceError> {
        self.ask(|answer| Question::ImportHeaders(headers, answer)).await
    }

    /// Chooses the block whose state is to be fetched, if one lies far enough above the tip
    /// ([`Chain::choose_pivot`]). What is wanted of it then, [`crate::View::state_wanted`] says, and how far it is.
    ///
    /// # Errors
    /// [`ServiceError`]
    pub async fn choose_pivot(&self) -> Result<Option<StagedState>, ServiceError> {
        self.ask(Question::ChoosePivot).await
    }

    /// Takes in a piece of the state that is being fetched. What is answered is on the disk. The answer to the last one
    /// takes as long as the making of the whole state.
    ///
    /// # Errors
    /// [`ServiceError`]
    pub async fn import_state_chunk(&self, chunk: VerifiedChunk) -> Result<StateReport, ServiceError> {
        self.ask(|answer| Question::ImportStateChunk(Box::new(chunk), answer)).await
    }

    /// Executes at most `blocks_max` blocks of the history under a state that was taken over, as far as their bodies are
    /// there: to be called as they come, and until it is complete. Others wait for the writer as long.
    ///
    /// # Errors
    /// [`ServiceError::Stopped`] after a block of it proved invalid; the store says so when it is opened again.
    pub async fn replay_history(&self, blocks_max: usize) -> Result<HistoryReport, ServiceError> {
        self.ask(|answer| Question::ReplayHistory(blocks_max, answer)).await
    }

    /// Gives up the state that is being fetched.
    ///
    /// # Errors
    /// [`ServiceError`]
    pub async fn forget_state(&self) -> Result<(), ServiceError> {
        self.ask(Question::ForgetState).await
    }

    /// Tries the held blocks again whose time has come.
    ///
    /// # Errors
    /// [`ServiceError`]
    pub async fn retry_held(&self) -> Result<Vec<Report>, ServiceError> {
        self.ask(Question::RetryHeld).await
    }

    /// Takes the highest `blocks` blocks off the active chain and forgets them: for development networks only.
    ///
    /// # Errors
    /// [`ServiceError`]
    pub async fn rewind(&self, blocks: u64) -> Result<Option<TipChange>, ServiceError> {
        self.ask(|answer| Question::Rewind(blocks, answer)).await
    }

    /// Lets the writer finish what waits and end.
    pub async fn stop(&self) {
        // A writer that has ended needs no word.
        let _ = self.questions.send(Question::Stop).await;
    }

    /// Moves of the tip from now on.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<TipChange> {
        self.changes.subscribe()
    }

    /// Reads without asking the writer.
    #[must_use]
    pub const fn reader(&self) -> &ChainReader {
        &self.reader
    }

    /// How many blocks wait for their parents, and how many for their time.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        (self.waiting.orphans.load(Ordering::Relaxed), self.waiting.held.load(Ordering::Relaxed))
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, ServiceError>>) -> Question,
    ) -> Result<T, ServiceError> {
        let (answer, receiver) = oneshot::channel();
        self.questions.send(question(answer)).await.map_err(|_| ServiceError::Stopped)?;
        receiver.await.map_err(|_| ServiceError::Stopped)?
    }
}
