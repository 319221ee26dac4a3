//! The miner: select → Proof of History record → template → nonce search, restarted on a new tip or a better
//! template. A block that was found goes through the same door as anybody's.
//!
//! Where the chain spec does not retarget, the search is too easy to take time, so the miner paces itself to the
//! interval T ([`pace`]); on demand it mines at once ([`MinerHandle::mine_now`]). Before the genesis time it waits.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use vibecoin_chain::production::{ProductionError, Template};
use vibecoin_chain::{ChainReader, Clock, Invalid, ServiceError};
use vibecoin_crypto::Hash;
use vibecoin_primitives::transaction::TRANSFER_GAS;
use vibecoin_primitives::{Address, Amount, Height, Timestamp};
use vibecoin_rpc::types::MinerState;

use crate::clock::NodeClock;
use crate::door::Door;
use crate::pool::PoolHandle;
use crate::supervisor::Supervisor;

pub mod pace;
mod templates;
mod work;

pub use pace::Company;
pub use templates::Templates;

/// Words that may wait for the miner.
const QUEUE: usize = 16;

/// A block that this node has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its height.
    pub height: Height,
    /// Its id.
    pub id: Hash,
    /// Its time.
    pub time: Timestamp,
}

/// What the miner does, as it shows it.
#[derive(Clone, Debug)]
pub struct MinerView {
    /// What it is doing.
    pub state: MinerState,
    /// True between start and stop.
    pub running: bool,
    /// Threads that search.
    pub threads: u32,
    /// Who is paid.
    pub beneficiary: Option<Address>,
    /// Hashes per second over the last seconds.
    pub hashes_per_s: f64,
    /// Blocks found since the node started.
    pub blocks_found: u64,
    /// The last of them.
    pub last_found: Option<Found>,
    /// Height of the block in work.
    pub height: Option<Height>,
    /// Transactions in it.
    pub transactions: u32,
    /// What it would earn.
    pub reward: Amount,
}

/// Why no block was mined, or no word was heard.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MinerError {
    /// Nobody to pay.
    #[error("say whom to pay: no beneficiary was given yet")]
    NoBeneficiary,
    /// The network has not begun.
    #[error("the network starts in {starts_in_ms} ms")]
    NotStarted {
        /// Milliseconds until then.
        starts_in_ms: u64,
    },
    /// The tip's own time lies so far ahead that a block on it would have to wait.
    #[error("the chain is {ahead_ms} ms ahead of this node's clock; dev_warp moves the clock")]
    AheadOfClock {
        /// How far.
        ahead_ms: u64,
    },
    /// No block can be put together.
    #[error(transparent)]
    Production(#[from] ProductionError),
    /// The chain's writer has gone.
    #[error(transparent)]
    Chain(#[from] ServiceError),
    /// The chain refused a block of our own: a fault of the program.
    #[error("our own block was refused: {0}")]
    Refused(Arc<Invalid>),
    /// The node is stopping.
    #[error("the node is stopping")]
    Stopping,
}

enum Word {
    Start {
        beneficiary: Option<Address>,
        threads: Option<u32>,
        answer: oneshot::Sender<Result<(), MinerError>>,
    },
    Stop {
        answer: oneshot::Sender<()>,
    },
    Now {
        beneficiary: Option<Address>,
        blocks: u32,
        answer: oneshot::Sender<Result<Vec<Hash>, MinerError>>,
    },
}

/// A handle to the miner. Cheap to clone.
#[derive(Clone)]
pub struct MinerHandle {
    words: mpsc::Sender<Word>,
    view: watch::Receiver<MinerView>,
}

/// Starts the miner, which waits for a word unless `beneficiary` is given.
#[must_use]
pub fn spawn(
    bench: Bench,
    door: Door,
    beneficiary: Option<Address>,
    threads: u32,
    company: watch::Receiver<Company>,
    supervisor: &Supervisor,
) -> MinerHandle {
    let (words, inbox) = mpsc::channel(QUEUE);
    let (show, view) = watch::channel(MinerView {
        state: MinerState::Stopped,
        running: beneficiary.is_some(),
        threads: threads_or_default(threads),
        beneficiary,
        hashes_per_s: 0.0,
        blocks_found: 0,
        last_found: None,
        height: None,
        transactions: 0,
        reward: Amount::ZERO,
    });
    let miner = work::Miner::new(bench, door, show, company, supervisor.stopping().clone());
    supervisor.task("the miner", miner.run(inbox));
    MinerHandle { words, view }
}

/// Threads of this machine.
#[must_use]
pub fn threads_max() -> u32 {
    std::thread::available_parallelism().map_or(1, |threads| u32::try_from(threads.get()).unwrap_or(u32::MAX))
}

fn threads_or_default(threads: u32) -> u32 {
    match threads {
        // One is left for everything else.
        0 => threads_max().saturating_sub(1).max(1),
        given => given.min(threads_max().saturating_mul(4)),
    }
}

/// What blocks are made of, and where.
#[derive(Clone)]
pub(crate) struct Bench {
    chain: ChainReader,
    pool: PoolHandle,
    clock: NodeClock,
}

impl Bench {
    /// What work the miner would be asked to do now, on the tip.
    pub(crate) fn new(chain: ChainReader, pool: PoolHandle, clock: NodeClock) -> Self {
        Self { chain, pool, clock }
    }

    /// Refuses work before the network's start.
    pub(crate) fn check_started(&self) -> Result<(), MinerError> {
        match self.starts_in_ms() {
            0 => Ok(()),
            starts_in_ms => Err(MinerError::NotStarted { starts_in_ms }),
        }
    }

    fn starts_in_ms(&self) -> u64 {
        self.chain.spec().genesis_time.saturating_since(self.clock.now())
    }

    /// A template for the best block on the present tip.
    pub(crate) async fn template(&self, beneficiary: Address) -> Result<Template, MinerError> {
        let spec = self.chain.spec();
        // Room for what may turn out not to fit after all.
        let (gas, bytes) = (spec.block_gas.saturating_add(8 * TRANSFER_GAS), spec.block_bytes);
        let chosen =
            self.pool.read(move |pool| pool.select(gas, bytes)).await.map_err(|_| MinerError::Stopping)?;
        let (chain, now) = (self.chain.clone(), self.clock.now());
        let build = move || -> Result<Template, ProductionError> {
            let view = chain.view()?;
            let candidates = chosen.iter().map(|tx| tx.transaction());
            Template::build(&chain, &view, beneficiary, candidates, now)
        };
        let built = tokio::task::spawn_blocking(build).await.map_err(|_| MinerError::Stopping)?;
        Ok(built?)
    }
}

impl MinerHandle {
    /// What it is doing.
    #[must_use]
    pub fn view(&self) -> MinerView {
        self.view.borrow().clone()
    }

    /// Starts mining, or goes on with another beneficiary or number of threads.
    ///
    /// # Errors
    /// [`MinerError::NoBeneficiary`], [`MinerError::Stopping`].
    pub async fn start(&self, beneficiary: Option<Address>, threads: Option<u32>) -> Result<(), MinerError> {
        self.say(|answer| Word::Start { beneficiary, threads, answer }).await?
    }

    /// Stops mining. When this returns no thread searches any more.
    ///
    /// # Errors
    /// [`MinerError::Stopping`].
    pub async fn stop(&self) -> Result<(), MinerError> {
        self.say(|answer| Word::Stop { answer }).await
    }

    /// Mines `blocks` blocks one after the other, without waiting for their time, and tells their ids.
    ///
    /// # Errors
    /// [`MinerError`]; the blocks before it stand.
    pub async fn mine_now(&self, beneficiary: Option<Address>, blocks: u32) -> Result<Vec<Hash>, MinerError> {
        self.say(|answer| Word::Now { beneficiary, blocks, answer }).await?
    }

    /// Resolves when the miner has ended, and with it whatever threads it had.
    pub async fn ended(&self) {
        self.words.closed().await;
    }

    async fn say<T>(&self, word: impl FnOnce(oneshot::Sender<T>) -> Word) -> Result<T, MinerError> {
        let (answer, receiver) = oneshot::channel();
        self.words.send(word(answer)).await.map_err(|_| MinerError::Stopping)?;
        receiver.await.map_err(|_| MinerError::Stopping)
    }
}
