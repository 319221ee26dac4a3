//! The light client: a wallet's view of the chain out of proofs alone.
//!
//! A [`LightClient`] knows the genesis from its chain spec and some servers that its user named. It lets them claim a
//! tip, has the heaviest claim proven from the genesis ([`sync`]), follows it at 52 bytes a block ([`follow`]), and
//! believes values from the state some blocks below ([`values`]). [`face`] makes a node's API of all this, so that
//! wallet, command line and screens work over it as over an own node.
//!
//! What is believed, and what is not: work is proven, so whoever wants to show another chain needs more of it than the
//! honest one has. That the blocks were executed as the rules say is believed of every block that has been buried
//! [`Options::confirmations`] deep; so nothing nearer to the tip is called proven. When servers disagree, the heavier
//! proven chain counts, with the reserve of full nodes; the others are noted in the [`journal`].
//!
//! Deliberately absent: execution, a database, and a clock of its own (it comes with [`Options`]).

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use vibecoin_consensus::light::Linked;
use vibecoin_consensus::light::tail::Tail;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{ChainSpec, Height, Timestamp, Work};

pub mod ask;
pub mod deliver;
pub mod face;
pub mod failure;
pub mod follow;
mod gather;
pub mod journal;
pub mod keep;
mod opinion;
pub mod options;
pub mod poh;
mod run;
pub mod server;
pub mod servers;
pub mod standing;
pub mod sync;
pub mod values;

#[cfg(test)]
mod tests;

pub use failure::Failure;
pub use journal::{Evidence, Journal};
pub use options::{CONFIRMATIONS, Clock, Options};
pub use standing::{Standing, Warning};
pub use sync::{ProofCost, SyncError};

use crate::files::FileError;
use journal::Entry;
use keep::Keeper;
use opinion::Opinions;
use servers::{NoAnswer, Route, ServerId, Servers};

/// The end of the proven chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its header.
    pub header: vibecoin_primitives::Header,
    /// Its id.
    pub id: Hash,
    /// Cumulative work, its own included.
    pub work: Work,
}

impl Head {
    /// Its height.
    #[must_use]
    pub const fn height(&self) -> Height {
        self.header.height
    }
}

/// See the module. Shared by reference: every method takes `&self`.
pub struct LightClient {
    spec: ChainSpec,
    genesis_id: Hash,
    servers: Arc<Servers>,
    options: Options,
    /// The proven chain; none before the first proof.
    tail: Mutex<Option<Tail>>,
    last_proof: Mutex<Option<ProofCost>>,
    opinions: Mutex<Opinions>,
    journal: Mutex<Journal>,
    keeper: Keeper,
    heads: watch::Sender<Option<Head>>,
    /// Held by whoever changes the chain, over all of its questions.
    turn: tokio::sync::Mutex<sync::Turn>,
    values: values::Cache,
    deliveries: deliver::Deliveries,
}

impl std::fmt::Debug for LightClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LightClient").field("servers", &self.servers).finish_non_exhaustive()
    }
}

impl LightClient {
    /// A light client over these servers, with what was kept in its folder. Nobody is asked anything.
    ///
    /// # Errors
    /// [`FileError`] when the folder cannot be made or read. What is damaged in it is left aside, which
    /// [`Standing::warnings`] says.
    pub fn open(spec: ChainSpec, servers: Arc<Servers>, options: Options) -> Result<Self, FileError> {
        let genesis_id = vibecoin_consensus::genesis(&spec).id();
        let keeper = Keeper::open(options.directory.as_deref())?;
        let (journal, journal_damaged) = match &options.directory {
            Some(directory) => Journal::open(directory)?,
            None => (Journal::default(), false),
        };
        let journal = if keeper.writes() { journal } else { journal.unkept() };
        let (tail, tail_damaged) = keeper.load(&spec, &genesis_id, options.params.last())?;
        // A newer version may know that there is more.
        let tail = tail.filter(|tail| tail.work() >= options.min_chain_work);
        let mut opinions = Opinions::new(servers.ids().count());
        opinions.damaged = tail_damaged || journal_damaged;
        let head = tail.as_ref().map(head_of);
        Ok(Self {
            spec,
            genesis_id,
            servers,
            options,
            tail: Mutex::new(tail),
            last_proof: Mutex::default(),
            opinions: Mutex::new(opinions),
            journal: Mutex::new(journal),
            keeper,
            heads: watch::Sender::new(head),
            turn: tokio::sync::Mutex::default(),
            values: values::Cache::default(),
            deliveries: deliver::Deliveries::default(),
        })
    }

    /// The rules of the network.
    #[must_use]
    pub const fn spec(&self) -> &ChainSpec {
        &self.spec
    }

    /// The id of the genesis: from the chain spec, never from a server.
    #[must_use]
    pub const fn genesis_id(&self) -> Hash {
        self.genesis_id
    }

    /// The servers.
    #[must_use]
    pub const fn servers(&self) -> &Arc<Servers> {
        &self.servers
    }

    /// What its user chose.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// The end of the proven chain; none before the first proof.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        *self.heads.borrow()
    }

    /// The end of the proven chain, now and whenever it changes.
    #[must_use]
    pub fn heads(&self) -> watch::Receiver<Option<Head>> {
        self.heads.subscribe()
    }

    /// The block whose state is believed: so many below the tip as was chosen, or the genesis of a shorter chain.
    #[must_use]
    pub fn believed(&self) -> Option<Linked> {
        let tail = self.tail.lock();
        let tail = tail.as_ref()?;
        let depth = self.options.confirmations.min(u64::from(tail.last()));
        let height = Height::new(tail.tip().header.height.get().saturating_sub(depth));
        tail.header_at(height.max(tail.oldest())).copied()
    }

    /// What the last proof from the genesis cost; none if this run needed none.
    #[must_use]
    pub fn last_proof(&self) -> Option<ProofCost> {
        *self.last_proof.lock()
    }

    /// The newest of the disagreements, at most `limit`.
    #[must_use]
    pub fn disagreements(&self, limit: usize) -> Vec<Entry> {
        self.journal.lock().newest().take(limit).cloned().collect()
    }

    /// How things stand, for a screen.
    #[must_use]
    pub fn standing(&self) -> Standing {
        standing::of(self)
    }

    /// Writes down what is not kept yet.
    pub fn close(&self) {
        if let Some(tail) = &*self.tail.lock() {
            self.keeper.store(tail);
        }
    }

    fn now(&self) -> Timestamp {
        (self.options.clock)()
    }

    /// A proven header that is still kept.
    fn header_at(&self, height: Height) -> Option<Linked> {
        self.tail.lock().as_ref()?.header_at(height).copied()
    }

    /// A proven header that is still kept.
    fn header_of(&self, id: &Hash) -> Option<Linked> {
        self.tail.lock().as_ref()?.find(id).copied()
    }

    /// Asks one server and no other.
    async fn ask_one<T, F, Fut>(&self, id: ServerId, question: F) -> Result<T, Failure>
    where
        F: Fn(ServerId, Arc<server::HttpServer>) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let answer = self.servers.ask(Route::Only(id), question).await;
        answer.map(|answered| answered.value).map_err(|none: NoAnswer<Failure>| {
            none.failures.into_iter().next().map_or(Failure::Distrusted, |(_, failure)| failure)
        })
    }

    /// Notes what a server did.
    fn note(&self, server: Option<ServerId>, evidence: Evidence) {
        let server = server.map(|id| self.servers.server(id).url().as_str().to_owned());
        match &server {
            Some(url) => tracing::warn!(server = %url, "{evidence}"),
            None => tracing::warn!("{evidence}"),
        }
        self.journal.lock().note(Entry { time: self.now(), server, evidence });
    }
}

/// The end of a tail.
fn head_of(tail: &Tail) -> Head {
    let tip = tail.tip();
    Head { header: tip.header, id: tip.id, work: tail.work() }
}
