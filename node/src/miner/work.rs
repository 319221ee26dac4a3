//! The miner's task: hears words, waits, and has heavy work done by threads.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;
use vibecoin_chain::production::Template;
use vibecoin_chain::{Clock, TipChange, Verdict};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Amount};
use vibecoin_rpc::types::MinerState;

use super::pace::{Company, Pace};
use super::{Bench, Found, MinerError, MinerView, Word, threads_or_default};
use crate::door::Door;
use crate::error::Failure;

/// How often a search shows its rate and looks for something better to do.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The least time between two templates on one tip.
const RENEW_AFTER: Duration = Duration::from_secs(2);
/// The greatest age of a searched header's time.
const TIME_AGE_MAX_MS: u64 = 10_000;
/// How long to wait after a fault, lest it be repeated in a tight loop.
const FAULT_PAUSE: Duration = Duration::from_secs(1);
/// How often a miner looks whether the chain has caught up.
const CATCHING_UP_PAUSE: Duration = Duration::from_millis(250);
/// The weight of the newest measurement in the shown rate.
const RATE_WEIGHT: f64 = 0.3;

/// See the module.
pub(super) struct Miner {
    bench: Bench,
    door: Door,
    show: watch::Sender<MinerView>,
    company: watch::Receiver<Company>,
    pace: Pace,
    stopping: CancellationToken,
}

/// Why waiting or searching ended.
enum Interruption {
    /// What was waited for.
    Done,
    /// The tip moved.
    Tip,
    /// Somebody speaks.
    Word(Word),
    /// The node stops.
    Stop,
}

impl Miner {
    pub(super) fn new(
        bench: Bench,
        door: Door,
        show: watch::Sender<MinerView>,
        company: watch::Receiver<Company>,
        stopping: CancellationToken,
    ) -> Self {
        Self { bench, door, show, company, pace: Pace::default(), stopping }
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Word>) -> Result<(), Failure> {
        let mut changes = self.door.changes();
        loop {
            // What has happened so far is seen in the tip itself.
            changes = changes.resubscribe();
            let (running, beneficiary) = {
                let view = self.show.borrow();
                (view.running, view.beneficiary)
            };
            let interruption = match beneficiary.filter(|_| running) {
                None => {
                    self.set(MinerState::Stopped);
                    self.wait(None, &mut changes, &mut inbox, false).await
                }
                Some(_) if self.bench.starts_in_ms() > 0 => {
                    self.set(MinerState::WaitingForStart);
                    let pause = Duration::from_millis(self.bench.starts_in_ms());
                    self.wait(Some(pause), &mut changes, &mut inbox, false).await
                }
                Some(beneficiary) => match self.mine(beneficiary, &mut changes, &mut inbox).await {
                    Ok(interruption) => interruption,
                    Err(MinerError::Stopping) => Interruption::Stop,
                    Err(error) => {
                        tracing::error!("mining: {error}");
                        self.wait(Some(FAULT_PAUSE), &mut changes, &mut inbox, false).await
                    }
                },
            };
            match interruption {
                Interruption::Done | Interruption::Tip => {}
                Interruption::Word(word) => {
                    if self.obey(word).await.is_break() {
                        return Ok(());
                    }
                }
                Interruption::Stop => return Ok(()),
            }
        }
    }

    /// Waits for `pause` (for ever without), or for what comes first.
    async fn wait(
        &self,
        pause: Option<Duration>,
        changes: &mut broadcast::Receiver<TipChange>,
        inbox: &mut mpsc::Receiver<Word>,
        for_tip: bool,
    ) -> Interruption {
        let pause = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.stopping.cancelled() => Interruption::Stop,
            word = inbox.recv() => word.map_or(Interruption::Stop, Interruption::Word),
            _ = changes.recv(), if for_tip => Interruption::Tip,
            () = pause => Interruption::Done,
        }
    }

    /// Works on one block, until it is found or something interrupts.
    async fn mine(
        &mut self,
        beneficiary: Address,
        changes: &mut broadcast::Receiver<TipChange>,
        inbox: &mut mpsc::Receiver<Word>,
    ) -> Result<Interruption, MinerError> {
        let company = *self.company.borrow();
        if company.catching_up {
            self.set(MinerState::CatchingUp);
            return Ok(self.wait(Some(CATCHING_UP_PAUSE), changes, inbox, false).await);
        }
        let tip = self.bench.chain.tip();
        self.sequence(tip.id()).await?;
        let spec = self.bench.chain.spec();
        if !spec.retargets() {
            let due = self.pace.due(tip.id(), tip.time(), spec.interval_ms, company);
            let left_ms = due.saturating_since(self.bench.clock.now());
            if left_ms > 0 {
                self.set(MinerState::Pacing);
                // Not all at once: the clock may be moved meanwhile.
                let pause = Duration::from_millis(left_ms.min(200));
                return Ok(self.wait(Some(pause), changes, inbox, true).await);
            }
        }
        let template = self.bench.template(beneficiary).await?;
        self.search(template, beneficiary, changes, inbox).await
    }

    /// Waits for the segment that blocks on this tip carry: whoever makes it first, the chain or this.
    async fn sequence(&self, parent: Hash) -> Result<(), MinerError> {
        let segments = self.bench.chain.segments();
        if segments.get(&parent).is_some() {
            return Ok(());
        }
        self.set(MinerState::Sequencing);
        let (segments, spec) = (segments.clone(), Arc::clone(self.bench.chain.spec()));
        let make = move || drop(segments.make(&spec, &parent));
        tokio::task::spawn_blocking(make).await.map_err(|_| MinerError::Stopping)
    }

    async fn search(
        &self,
        mut template: Template,
        beneficiary: Address,
        changes: &mut broadcast::Receiver<TipChange>,
        inbox: &mut mpsc::Receiver<Word>,
    ) -> Result<Interruption, MinerError> {
        let mut revision = self.bench.pool.revision();
        revision.mark_unchanged();
        let mut built = Instant::now();
        self.show_work(&template);
        loop {
            let search = Search::start(template.clone(), self.show.borrow().threads);
            let interruption = tokio::select! {
                () = self.stopping.cancelled() => Interruption::Stop,
                word = inbox.recv() => word.map_or(Interruption::Stop, Interruption::Word),
                _ = changes.recv() => Interruption::Tip,
                () = self.watch(&search, &template, &revision, built) => Interruption::Done,
            };
            // Cancelled or not, the threads are joined before anything else happens.
            let found = search.end().await?;
            let handed_in = match found {
                Some(nonce) => Some(self.hand_in(template.clone(), nonce).await),
                None => None,
            };
            // A word that came meanwhile is heard, whatever else happened.
            match (interruption, handed_in) {
                (heard @ (Interruption::Word(_) | Interruption::Stop), outcome) => {
                    if let Some(Err(error)) = outcome {
                        tracing::error!("mining: {error}");
                    }
                    return Ok(heard);
                }
                (_, Some(outcome)) => return outcome.map(|_| Interruption::Done),
                (Interruption::Tip, None) => return Ok(Interruption::Tip),
                (Interruption::Done, None) => {}
            }
            if revision.has_changed().unwrap_or(false) && built.elapsed() >= RENEW_AFTER {
                revision.mark_unchanged();
                template = self.bench.template(beneficiary).await?;
                built = Instant::now();
                self.show_work(&template);
            } else {
                template.refresh_time(self.bench.clock.now());
            }
        }
    }

    /// Shows the rate of a search, until it has ended or there is a reason to end it.
    async fn watch(&self, search: &Search, template: &Template, pool: &watch::Receiver<u64>, built: Instant) {
        let mut before = (Instant::now(), 0);
        loop {
            tokio::select! {
                () = search.ended.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let now = (Instant::now(), search.tried.load(Ordering::Relaxed));
            let rate = (now.1 - before.1) as f64 / (now.0 - before.0).as_secs_f64();
            before = now;
            self.show.send_modify(|view| {
                let known = if view.hashes_per_s > 0.0 { view.hashes_per_s } else { rate };
                view.hashes_per_s = known + RATE_WEIGHT * (rate - known);
            });
            let aged = self.bench.clock.now().saturating_since(template.header.time) > TIME_AGE_MAX_MS;
            let better = pool.has_changed().unwrap_or(false) && built.elapsed() >= RENEW_AFTER;
            if aged || better {
                return;
            }
        }
    }

    /// Hands a found block in by the door for everybody's.
    async fn hand_in(&self, template: Template, nonce: u64) -> Result<Hash, MinerError> {
        let block = template.into_block(nonce);
        let found = Found { height: block.header.height, id: block.id(), time: block.header.time };
        let report = self.door.import(block).await?;
        match report.verdict {
            Verdict::Invalid(reason) => return Err(MinerError::Refused(reason)),
            Verdict::Held { .. } => {
                let ahead_ms = found.time.saturating_since(self.bench.clock.now());
                return Err(MinerError::AheadOfClock { ahead_ms });
            }
            Verdict::Extended
            | Verdict::Reorganised { .. }
            | Verdict::Side
            | Verdict::Header
            | Verdict::Known
            | Verdict::Orphan { .. } => {}
        }
        self.show.send_modify(|view| {
            view.blocks_found += 1;
            view.last_found = Some(found);
        });
        Ok(found.id)
    }

    async fn obey(&self, word: Word) -> ControlFlow<()> {
        match word {
            Word::Start { beneficiary, threads, answer } => {
                let paid = beneficiary.or(self.show.borrow().beneficiary);
                let result = paid.ok_or(MinerError::NoBeneficiary).map(|paid| {
                    self.show.send_modify(|view| {
                        view.running = true;
                        view.beneficiary = Some(paid);
                        view.threads = threads.map_or(view.threads, threads_or_default);
                    });
                });
                // Whoever asked may have gone; the same below.
                let _ = answer.send(result);
            }
            Word::Stop { answer } => {
                self.show.send_modify(|view| view.running = false);
                self.set(MinerState::Stopped);
                let _ = answer.send(());
            }
            Word::Now { beneficiary, blocks, answer } => {
                let paid = beneficiary.or(self.show.borrow().beneficiary);
                let result = self.mine_now(paid, blocks).await;
                let stopping = matches!(result, Err(MinerError::Stopping));
                let _ = answer.send(result);
                if stopping {
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    }

    async fn mine_now(&self, paid: Option<Address>, blocks: u32) -> Result<Vec<Hash>, MinerError> {
        let paid = paid.ok_or(MinerError::NoBeneficiary)?;
        self.bench.check_started()?;
        let mut ids = Vec::new();
        for _ in 0..blocks {
            self.sequence(self.bench.chain.tip().id()).await?;
            let template = self.bench.template(paid).await?;
            let search = Search::start(template.clone(), self.show.borrow().threads);
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = search.ended.cancelled() => {}
            }
            let nonce = search.end().await?.ok_or(MinerError::Stopping)?;
            ids.push(self.hand_in(template, nonce).await?);
        }
        Ok(ids)
    }

    fn set(&self, state: MinerState) {
        self.show.send_if_modified(|view| {
            let changed = view.state != state;
            view.state = state;
            if state == MinerState::Stopped || state == MinerState::WaitingForStart {
                (view.height, view.transactions, view.reward) = (None, 0, Amount::ZERO);
                view.hashes_per_s = 0.0;
            }
            changed
        });
    }

    fn show_work(&self, template: &Template) {
        self.show.send_modify(|view| {
            view.state = MinerState::Searching;
            view.height = Some(template.header.height);
            view.transactions = template.content.tx_count;
            view.reward = template.reward;
        });
    }
}

/// A search on threads of its own.
struct Search {
    stop: Arc<AtomicBool>,
    tried: Arc<AtomicU64>,
    ended: CancellationToken,
    threads: tokio::task::JoinHandle<Result<Option<u64>, vibecoin_consensus::TargetError>>,
}

impl Search {
    fn start(template: Template, threads: u32) -> Self {
        let (stop, tried, ended) =
            (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default(), CancellationToken::new());
        let search = {
            let (stop, tried, ended) = (Arc::clone(&stop), Arc::clone(&tried), ended.clone().drop_guard());
            move || {
                let found = template.search(threads as usize, &stop, &tried);
                drop(ended);
                found
            }
        };
        Self { stop, tried, ended, threads: tokio::task::spawn_blocking(search) }
    }

    /// Stops and joins the threads; what they found all the same is not lost.
    async fn end(self) -> Result<Option<u64>, MinerError> {
        self.stop.store(true, Ordering::Relaxed);
        let found = self.threads.await.map_err(|_| MinerError::Stopping)?;
        Ok(found.map_err(vibecoin_chain::production::ProductionError::from)?)
    }
}
