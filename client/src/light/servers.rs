//! The user's remote nodes: whom to ask, whom next, and whom not again.
//!
//! The list is the user's and only the user's: nothing that a server says adds to it. [`Servers::ask`] puts a question
//! along a [`Route`] and goes on to the next server when one fails; what makes a failure, and whose fault it is, is
//! the caller's to say through [`Judged`], for only whoever verifies knows that a proof is false.
//!
//! - **Ranking.** Exponential means of latency and its deviation; failures push a server back for a while that doubles
//!   with every further one, up to a minute, so that one that was killed and came back is found again. Somebody whose
//!   proof was false is not asked again in this session, which is logged.
//! - **Hedging.** A question that tells nobody anything new about the user goes to a second server when the first takes
//!   longer than it usually does; the faster answer counts.
//! - **Privacy.** By default one server learns one address: a [`Route::Address`] orders the servers by a hash over a
//!   secret of this machine's, the server and the address, the same order every time. The next one is asked only if
//!   the one before fails, and there is no hedge. `spread` gives that up for speed.
//!
//! Deliberately absent: what is asked and what is believed; a disagreement between servers is the session's to settle.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use vibecoin_primitives::Address;

use super::server::{HttpServer, ServerError, ServerUrl, Traffic, Transport};

mod assign;
mod judge;
mod race;
mod standing;
#[cfg(test)]
mod tests;

pub use assign::AssignmentSecret;
pub use judge::{Judged, Verdict};
pub use standing::{Health, Standing};

/// The most servers of a list.
pub const SERVERS_MAX: usize = 16;

/// A server, by its place in the user's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(u8);

impl ServerId {
    /// Its place, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Why a list of servers cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServersError {
    /// It is empty.
    #[error("no remote node is named")]
    NoServer,
    /// It is too long.
    #[error("at most {SERVERS_MAX} remote nodes can be named")]
    TooMany,
    /// One comes twice.
    #[error("{0} is named twice")]
    Twice(ServerUrl),
    /// One cannot be reached from this machine in any case.
    #[error("{url}: {error}")]
    Server {
        /// Which.
        url: ServerUrl,
        /// Why.
        error: ServerError,
    },
}

/// Which servers a question goes to, in which order.
#[derive(Clone, Copy, Debug)]
pub enum Route<'a> {
    /// Tells nothing of the user: the fastest first, with a hedge.
    Any,
    /// Tells that the user cares for this address: always the same server first, without a hedge, unless the list
    /// is `spread`.
    Address(&'a Address),
    /// One server and no other.
    Only(ServerId),
}

/// An answer and who gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered<T> {
    /// The answer.
    pub value: T,
    /// Who gave it.
    pub by: ServerId,
}

/// Why nobody gave a usable answer: what each of those asked did, in the order in which they failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAnswer<E> {
    /// Empty if there was nobody to ask, for all are distrusted.
    pub failures: Vec<(ServerId, E)>,
}

impl<E> NoAnswer<E> {
    /// The failure that says most: a false proof before a refusal, before broken answers, before silence.
    #[must_use]
    pub fn gravest(&self) -> Option<&(ServerId, E)>
    where
        E: Judged,
    {
        self.failures.iter().max_by_key(|(_, error)| error.verdict())
    }
}

impl<E: std::fmt::Display> std::fmt::Display for NoAnswer<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.failures.last() {
            Some((_, error)) => {
                write!(f, "none of {} remote nodes answered; the last: {error}", self.failures.len())
            }
            None => f.write_str("no remote node is left to be asked"),
        }
    }
}

impl<E: std::fmt::Debug + std::fmt::Display> std::error::Error for NoAnswer<E> {}

/// One server of the list and what is thought of it.
struct Entry {
    server: Arc<HttpServer>,
    standing: Mutex<Standing>,
}

/// The user's servers. See the module.
pub struct Servers {
    entries: Vec<Entry>,
    secret: AssignmentSecret,
    spread: bool,
}

impl std::fmt::Debug for Servers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| entry.server.url())).finish()
    }
}

impl Servers {
    /// The servers of a list, without asking them anything.
    ///
    /// # Errors
    /// [`ServersError`].
    pub fn new(
        urls: &[ServerUrl],
        transport: &Transport,
        secret: AssignmentSecret,
        spread: bool,
    ) -> Result<Self, ServersError> {
        if urls.is_empty() {
            return Err(ServersError::NoServer);
        }
        if urls.len() > SERVERS_MAX {
            return Err(ServersError::TooMany);
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(urls.len());
        for url in urls {
            if entries.iter().any(|entry| entry.server.url() == url) {
                return Err(ServersError::Twice(url.clone()));
            }
            let server = HttpServer::new(url.clone(), transport)
                .map_err(|error| ServersError::Server { url: url.clone(), error })?;
            entries.push(Entry { server: Arc::new(server), standing: Mutex::default() });
        }
        Ok(Self { entries, secret, spread })
    }

    /// Every server of the list, in the user's order.
    pub fn ids(&self) -> impl Iterator<Item = ServerId> + use<> {
        (0..u8::try_from(self.entries.len()).expect("the length is bounded")).map(ServerId)
    }

    /// A server of the list.
    #[must_use]
    pub fn server(&self, id: ServerId) -> &Arc<HttpServer> {
        &self.entries[id.index()].server
    }

    /// What is thought of it.
    #[must_use]
    pub fn standing(&self, id: ServerId) -> Standing {
        self.entries[id.index()].standing.lock().clone()
    }

    /// What all of them cost so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.entries.iter().map(|entry| entry.server.traffic()).sum()
    }

    /// True if any server may be asked about any address.
    #[must_use]
    pub const fn is_spread(&self) -> bool {
        self.spread
    }

    /// The server that is told of an address first, as long as it can be asked.
    #[must_use]
    pub fn assigned(&self, address: &Address) -> Option<ServerId> {
        self.order(Route::Address(address)).into_iter().next()
    }

    /// Whom a question goes to, in this order: those that failed lately come last, and the distrusted not at all.
    #[must_use]
    pub fn order(&self, route: Route<'_>) -> Vec<ServerId> {
        let mut ids: Vec<ServerId> = match route {
            Route::Only(id) => vec![id],
            Route::Any | Route::Address(_) => self.ids().collect(),
        };
        ids.retain(|id| !self.entries[id.index()].standing.lock().is_distrusted());
        let now = Instant::now();
        match route {
            Route::Only(_) => {}
            Route::Address(address) if !self.spread => ids.sort_by_cached_key(|id| {
                let resting = self.entries[id.index()].standing.lock().resting(now);
                (resting, self.secret.weight(self.server(*id).url(), address))
            }),
            Route::Any | Route::Address(_) => {
                ids.sort_by_cached_key(|id| self.entries[id.index()].standing.lock().rank(now));
            }
        }
        ids
    }

    /// Asks along a route until somebody gives an answer that the question accepts.
    ///
    /// `question` is put to one server; it asks, verifies, and says with its error what went wrong. It is called once
    /// a server, and may be dropped half-way when another was faster.
    ///
    /// # Errors
    /// [`NoAnswer`] if everybody failed, or if one failure was this side's own.
    pub async fn ask<T, E, F, Fut>(&self, route: Route<'_>, question: F) -> Result<Answered<T>, NoAnswer<E>>
    where
        E: Judged,
        F: Fn(ServerId, Arc<HttpServer>) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let order = self.order(route);
        let hedge_after = match route {
            Route::Address(_) if !self.spread => None,
            Route::Only(_) => None,
            Route::Any | Route::Address(_) => order.first().map(|id| self.hedge_after(*id)),
        };
        race::run(self, order, hedge_after, question).await
    }

    /// Asks at most `count` servers at the same time, the best ones first, and waits for all of them: to hand in a
    /// payment, or to hear several on the same matter.
    pub async fn ask_several<T, E, F, Fut>(&self, count: usize, question: F) -> Vec<(ServerId, Result<T, E>)>
    where
        E: Judged,
        F: Fn(ServerId, Arc<HttpServer>) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let asked = self.order(Route::Any).into_iter().take(count).map(|id| {
            let question = question(id, Arc::clone(self.server(id)));
            async move { (id, self.judged(id, question).await) }
        });
        futures_util::future::join_all(asked).await
    }

    /// Ends all trust in a server for this session.
    pub fn distrust(&self, id: ServerId) {
        if self.entries[id.index()].standing.lock().distrust() {
            tracing::warn!(server = %self.server(id).url(), "its proof was false: it is not asked again");
        }
    }

    /// After so long without an answer of a server, another is asked too.
    fn hedge_after(&self, id: ServerId) -> Duration {
        self.entries[id.index()].standing.lock().hedge_after()
    }

    /// Puts a question and remembers how it went.
    async fn judged<T, E: Judged>(
        &self,
        id: ServerId,
        question: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let started = Instant::now();
        let result = question.await;
        let now = Instant::now();
        let verdict = result.as_ref().err().map(Judged::verdict);
        let mut standing = self.entries[id.index()].standing.lock();
        match verdict {
            None | Some(Verdict::Refused) => standing.answered(now.duration_since(started)),
            Some(Verdict::Absent) => standing.failed(now),
            Some(Verdict::Broken) => standing.broke(now),
            Some(Verdict::False) => {
                drop(standing);
                self.distrust(id);
            }
            Some(Verdict::Ours) => {}
        }
        result
    }

    /// Remembers that a server was overtaken after so long.
    fn overtaken(&self, id: ServerId, after: Duration) {
        self.entries[id.index()].standing.lock().overtaken(after);
    }
}
