//! The task that owns the machine: it hears the driver, the chain, the pool and the operator, one thing at a time, and
//! sees that what the machine wants is done.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use vibecoin_chain::{ChainReader, TipChange};
use vibecoin_crypto::Hash;
use vibecoin_mempool::PoolEvent;
use vibecoin_network::endpoint::Endpoint;
use vibecoin_network::wire::Goodbye;
use vibecoin_network::world::Judgement;
use vibecoin_network::{Input, Machine, Now, Output};
use vibecoin_rpc::types::NodeIdText;
use vibecoin_storage::StoreError;
use vibecoin_swarm::{Command, Driver, Event, Events, NatState};

use super::court::Court;
use super::files::Files;
use super::library::Library;
use super::world::NodeWorld;
use crate::error::Failure;
use crate::miner::Company;
use crate::pool::PoolHandle;
use crate::supervisor::Supervisor;

/// How often time passes for the machine.
const TICK: Duration = Duration::from_millis(200);
/// How often book and bans are written.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// Words of the operator's that may wait.
const WORDS_MAX: usize = 64;
/// Answers of the court and the library that may wait.
const ANSWERS_MAX: usize = 1_024;

/// What the driver has told of this node's own place.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Where it listens.
    pub listening: Vec<Endpoint>,
    /// Where others can reach it, as they have shown.
    pub reachable: Vec<Endpoint>,
    /// What stands between it and the others.
    pub nat: NatState,
}

/// What the machine and the driver know, for a moment: a question to them, and the way for its answer.
type Look = Box<dyn FnOnce(&mut Machine, &Place, &Clock) -> Vec<Output> + Send>;

/// The owner, for whoever asks it. Cheap to clone.
#[derive(Clone)]
pub struct OwnerHandle {
    words: mpsc::Sender<Look>,
}

/// The owner has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network has stopped")]
pub struct OwnerGone;

impl OwnerHandle {
    /// Does something with the machine between two of its turns, and answers what came of it. What the machine wants
    /// done because of it is done.
    ///
    /// # Errors
    /// [`OwnerGone`] once the node stops.
    pub async fn with<T: Send + 'static>(
        &self,
        word: impl FnOnce(&mut Machine, &Place, &Clock, &mut Vec<Output>) -> T + Send + 'static,
    ) -> Result<T, OwnerGone> {
        let (answer, receiver) = oneshot::channel();
        let look: Look = Box::new(move |machine, place, clock| {
            let mut outputs = Vec::new();
            // Whoever asked may have gone.
            let _ = answer.send(word(machine, place, clock, &mut outputs));
            outputs
        });
        self.words.send(look).await.map_err(|_| OwnerGone)?;
        receiver.await.map_err(|_| OwnerGone)
    }
}

/// The machine's two clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// Begins now.
    pub fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// The time for an input.
    pub fn now(&self) -> Now {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Now {
            ms: ms(self.began.elapsed()),
            unix_ms: ms(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
        }
    }
}

/// All that the owner works with.
pub struct Owner {
    pub machine: Machine,
    pub world: NodeWorld,
    pub driver: Driver,
    pub court: Court,
    pub library: Library,
    pub chain: ChainReader,
    pub pool: PoolHandle,
    pub files: Files,
    pub company: watch::Sender<Company>,
}

/// Everything that the owner hears.
pub struct Ears {
    pub events: Events,
    pub answers: mpsc::Receiver<Input>,
    pub answer: mpsc::Sender<Input>,
    pub changes: broadcast::Receiver<TipChange>,
    pub pool: broadcast::Receiver<PoolEvent>,
    words: mpsc::Receiver<Look>,
}

impl Ears {
    /// The ears, and the handle whose words they hear.
    pub fn open(
        events: Events,
        (answer, answers): (mpsc::Sender<Input>, mpsc::Receiver<Input>),
        changes: broadcast::Receiver<TipChange>,
        pool: broadcast::Receiver<PoolEvent>,
    ) -> (Self, OwnerHandle) {
        let (speak, words) = mpsc::channel(WORDS_MAX);
        (Self { events, answers, answer, changes, pool, words }, OwnerHandle { words: speak })
    }
}

/// The way for answers, wide enough for whatever the machine has open.
pub fn answers() -> (mpsc::Sender<Input>, mpsc::Receiver<Input>) {
    mpsc::channel(ANSWERS_MAX)
}

impl Owner {
    /// Runs until the node stops.
    pub async fn run(mut self, mut ears: Ears, supervisor: Supervisor) -> Result<(), Failure> {
        let (clock, mut place) = (Clock::start(), Place::default());
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut saved = Instant::now();
        let mut bans = self.machine.connections().bans().len();
        let mut segment_of = None;
        self.learn_pool().await;
        loop {
            let inputs = tokio::select! {
                biased;
                () = supervisor.stopping().cancelled() => break,
                Some(look) = ears.words.recv() => {
                    let outputs = look(&mut self.machine, &place, &clock);
                    self.carry_out(outputs, &ears.answer).await;
                    continue;
                }
                change = ears.changes.recv() => match change {
                    Ok(_) | Err(RecvError::Lagged(_)) => {
                        self.refresh();
                        vec![Input::Moved]
                    }
                    Err(RecvError::Closed) => break,
                },
                Some(input) = ears.answers.recv() => {
                    if matches!(&input, Input::Judged { judgement: Judgement::Headers { .. }, .. }) {
                        self.refresh();
                    }
                    vec![input]
                }
                event = ears.pool.recv() => self.pool_event(event, &mut ears.pool).await,
                _ = tick.tick() => {
                    let banned = self.machine.connections().bans().len();
                    // A ban is kept at once: whoever earned it may be the reason for a crash.
                    if saved.elapsed() >= SAVE_EVERY || std::mem::replace(&mut bans, banned) != banned {
                        saved = Instant::now();
                        self.save();
                    }
                    let mut inputs = vec![Input::Tick];
                    inputs.extend(self.new_segment(&mut segment_of));
                    inputs
                }
                event = ears.events.recv() => match event {
                    Some(event) => {
                        if self.driver_event(event, &mut place, &clock, &ears.answer).await {
                            continue;
                        }
                        vec![Input::Own(own(&place))]
                    }
                    // The swarm tells its own reason.
                    None => break,
                },
            };
            for input in inputs {
                self.turn(input, &clock, &ears.answer).await;
            }
        }
        self.save();
        supervisor.stopping().cancelled().await;
        Ok(())
    }

    /// Gives the machine an input and sees to what it wants.
    async fn turn(&mut self, input: Input, clock: &Clock, answer: &mpsc::Sender<Input>) {
        let (now, mut outputs) = (clock.now(), Vec::new());
        self.machine.handle(now, &self.world, input, &mut outputs);
        self.tell_bans(now, &outputs);
        self.carry_out(outputs, answer).await;
        let company = Company {
            peers: self.machine.peers().ready().count(),
            catching_up: self.machine.sync().is_catching_up(),
        };
        self.company.send_if_modified(|known| std::mem::replace(known, company) != company);
    }

    /// Has the log say whom this turn has banned, by the name that the operator knows.
    fn tell_bans(&self, now: Now, outputs: &[Output]) {
        for output in outputs {
            let Output::Close { node, goodbye: Goodbye::Banned } = output else { continue };
            let bans = self.machine.connections().bans();
            let new = bans.against_node(*node, now.unix_ms).filter(|(_, ban)| ban.since_ms == now.unix_ms);
            if let Some((_, ban)) = new {
                let node = NodeIdText::new(*node.as_bytes());
                tracing::warn!(%node, "a peer is banned: it {}", ban.reason);
            }
        }
    }

    async fn carry_out(&self, outputs: Vec<Output>, answer: &mpsc::Sender<Input>) {
        for output in outputs {
            match Command::of_output(output) {
                // A swarm that has ended stops the node by itself.
                Ok(command) => drop(self.driver.give(command).await),
                Err(Output::Judge { ticket, from, claim }) => self.court.judge(ticket, from, claim),
                Err(Output::Look { ticket, query }) => {
                    let (library, answer) = (self.library.clone(), answer.clone());
                    tokio::spawn(async move {
                        let found = library.look(query).await;
                        // A machine that has gone needs no answer.
                        let _ = answer.send(Input::Found { ticket, found }).await;
                    });
                }
                Err(Output::Send { .. } | Output::Close { .. } | Output::Dial { .. }) => {}
            }
        }
    }

    /// Works on an event of the driver's. False if it changed where this node can be reached.
    async fn driver_event(
        &mut self,
        event: Event,
        place: &mut Place,
        clock: &Clock,
        answer: &mpsc::Sender<Input>,
    ) -> bool {
        match event {
            Event::Listening(endpoint) => {
                tracing::info!("listening for other nodes at {endpoint}");
                place.listening.push(endpoint);
            }
            Event::ListeningEnded(endpoint) => place.listening.retain(|known| *known != endpoint),
            Event::External { endpoint, reachable } => {
                place.reachable.retain(|known| *known != endpoint);
                if reachable {
                    place.reachable.push(endpoint);
                }
            }
            Event::Nat(nat) => {
                place.nat = nat;
                return true;
            }
            event => {
                if let Event::DialFailed { contact, error, .. } = &event {
                    tracing::debug!("{} was not reached: {error}", contact.endpoint);
                }
                // The room is held until the message has been worked on.
                if let Some((input, _room)) = event.into_input() {
                    self.turn(input, clock, answer).await;
                }
                return true;
            }
        }
        false
    }

    async fn pool_event(
        &mut self,
        event: Result<PoolEvent, RecvError>,
        more: &mut broadcast::Receiver<PoolEvent>,
    ) -> Vec<Input> {
        let mut added = Vec::new();
        let mut note = |world: &mut NodeWorld, event: PoolEvent| match event {
            PoolEvent::Added(tx) => {
                if world.added(tx.leaf_hash()) {
                    added.push(tx.leaf_hash());
                }
            }
            PoolEvent::Removed { tx, .. } => world.removed(&tx.leaf_hash()),
        };
        match event {
            Ok(event) => {
                note(&mut self.world, event);
                while let Ok(event) = more.try_recv() {
                    note(&mut self.world, event);
                }
            }
            Err(RecvError::Lagged(_)) => self.learn_pool().await,
            Err(RecvError::Closed) => {}
        }
        if added.is_empty() { Vec::new() } else { vec![Input::Added(added)] }
    }

    /// Learns what waits, after a start or when news of the pool were missed.
    async fn learn_pool(&mut self) {
        let all = |pool: &vibecoin_mempool::Mempool| -> Vec<Hash> {
            pool.iter().map(|tx| tx.leaf_hash()).collect()
        };
        if let Ok(waiting) = self.pool.read(all).await {
            self.world.set_waiting(waiting);
        }
    }

    /// The segment on the tip, once it is known here.
    fn new_segment(&self, told: &mut Option<Hash>) -> Option<Input> {
        let parent = self.chain.tip().id();
        if *told == Some(parent) {
            return None;
        }
        let ticks: Arc<[Hash]> = self.chain.segments().get(&parent)?;
        *told = Some(parent);
        Some(Input::SegmentMade { parent, ticks })
    }

    fn refresh(&mut self) {
        if let Err(error) = self.world.refresh() {
            report(&error);
        }
    }

    /// Keeps book and bans.
    fn save(&self) {
        let (book, bans) = self.machine.to_keep();
        let files = self.files.clone();
        let write = move || {
            for (name, bytes) in [(super::BOOK, book), (super::BANS, bans)] {
                if let Err(error) = files.write(name, &bytes) {
                    tracing::warn!("the network could not be kept: {error}");
                }
            }
        };
        tokio::task::spawn_blocking(write);
    }
}

/// Where this node can be reached: what others have shown, and where it listens.
fn own(place: &Place) -> Vec<Endpoint> {
    let mut own = place.reachable.clone();
    own.extend(place.listening.iter().filter(|endpoint| !place.reachable.contains(endpoint)).cloned());
    own
}

/// A row that the network could not read.
fn report(error: &StoreError) {
    tracing::error!("the network could not read the store: {error}");
}
