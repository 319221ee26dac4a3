//! One question to every server at once, the answers as they come.
//!
//! Whoever is slow is waited for as long as nobody has given a good answer. Once somebody has, the others get a while;
//! who is later still is heard the next time.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::failure::Failure;
use super::server::{Absence, ServerError, Stage};
use super::servers::ServerId;

/// How long the others are waited for once somebody has answered well.
pub(super) const GRACE: Duration = Duration::from_secs(5);

type Answer<T> = (ServerId, Result<T, Failure>);

/// Answers under way. See the module.
pub(super) struct Gathering<'a, T> {
    asked: FuturesUnordered<BoxFuture<'a, Answer<T>>>,
    waiting: Vec<ServerId>,
    until: Option<Instant>,
}

impl<'a, T> Gathering<'a, T> {
    /// Puts the question to all of them.
    pub(super) fn of<Fut>(servers: impl Iterator<Item = ServerId>, question: impl Fn(ServerId) -> Fut) -> Self
    where
        Fut: Future<Output = Result<T, Failure>> + Send + 'a,
    {
        let waiting: Vec<ServerId> = servers.collect();
        let ask = |id: &ServerId| {
            let (id, asked) = (*id, question(*id));
            async move { (id, asked.await) }.boxed()
        };
        Self { asked: waiting.iter().map(ask).collect(), waiting, until: None }
    }

    /// Somebody has answered well: from now on the others have a while.
    pub(super) fn is_answered(&mut self) {
        self.until.get_or_insert_with(|| Instant::now() + GRACE);
    }

    /// The next answer; those that did not come in time last, as silence.
    pub(super) async fn next(&mut self) -> Option<Answer<T>> {
        let answer = match self.until {
            None => self.asked.next().await,
            Some(until) => timeout_at(until, self.asked.next()).await.ok().flatten(),
        };
        match answer {
            Some((id, answer)) => {
                self.waiting.retain(|waiting| *waiting != id);
                Some((id, answer))
            }
            None => {
                let after_ms = u64::try_from(GRACE.as_millis()).unwrap_or(u64::MAX);
                let late = Absence::TimedOut { stage: Stage::Head, after_ms };
                Some((self.waiting.pop()?, Err(Failure::Server(ServerError::Absent(late)))))
            }
        }
    }
}
