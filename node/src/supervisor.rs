//! Watches over the node's parts: none may end unnoticed, and all end when one is told to.
//!
//! A part is a task or a thread with a name. If one that must run ends early, panics, or fails, the reason is kept
//! (the first one counts) and the whole node is told to stop.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::Failure;

#[cfg(test)]
mod tests;

/// See the module. Clones are the same supervisor.
#[derive(Clone, Debug, Default)]
pub struct Supervisor {
    stop: CancellationToken,
    tasks: TaskTracker,
    failure: Arc<Mutex<Option<Failure>>>,
    alive: Arc<Mutex<Alive>>,
}

#[derive(Debug, Default)]
struct Alive {
    next: u64,
    names: BTreeMap<u64, &'static str>,
}

/// A part in the list of the living, until it is dropped.
struct Entry {
    alive: Arc<Mutex<Alive>>,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        lock(&self.alive).names.remove(&self.number);
    }
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept is whole after every statement, so a panic elsewhere leaves nothing broken.
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Supervisor {
    /// Cancelled when the node is to stop.
    #[must_use]
    pub const fn stopping(&self) -> &CancellationToken {
        &self.stop
    }

    /// Tells every part to stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Why the node went down by itself, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        lock(&self.failure).clone()
    }

    /// Keeps the reason, if it is the first, and stops the node.
    pub fn fail(&self, failure: Failure) {
        tracing::error!("the node stops: {failure}");
        let mut kept = lock(&self.failure);
        // A second failure follows from the first. But a part that ends without a reason of its own has lost one that
        // it leans on, and may be faster than that one with its word.
        if kept.is_none()
            || matches!(*kept, Some(Failure::Ended { .. })) && !matches!(failure, Failure::Ended { .. })
        {
            *kept = Some(failure);
        }
        drop(kept);
        self.stop.cancel();
    }

    /// Runs a task that must not end before the node is told to stop.
    pub fn task<F>(&self, part: &'static str, future: F)
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let (this, entry) = (self.clone(), self.enter(part));
        self.tasks.spawn(async move {
            let ended = AssertUnwindSafe(future).catch_unwind().await;
            this.judge(part, ended);
            drop(entry);
        });
    }

    /// Runs a thread that must not end before the node is told to stop.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn thread<F>(&self, part: &'static str, work: F) -> std::io::Result<()>
    where
        F: FnOnce() -> Result<(), Failure> + Send + 'static,
    {
        let (this, entry) = (self.clone(), self.enter(part));
        let (ended, wait) = oneshot::channel::<()>();
        thread::Builder::new().name(part.to_owned()).spawn(move || {
            let outcome = std::panic::catch_unwind(AssertUnwindSafe(work));
            this.judge(part, outcome);
            drop(entry);
            // Whoever waited may have given up.
            let _ = ended.send(());
        })?;
        self.tasks.spawn(async move {
            // An error means that the thread has ended, too.
            let _ = wait.await;
        });
        Ok(())
    }

    /// Waits until every part has ended.
    ///
    /// # Errors
    /// [`Failure::Stragglers`] with the names of those that did not, after `limit`.
    pub async fn wait(&self, limit: Duration) -> Result<(), Failure> {
        self.tasks.close();
        match tokio::time::timeout(limit, self.tasks.wait()).await {
            Ok(()) => Ok(()),
            Err(_) => {
                let parts = lock(&self.alive).names.values().copied().collect();
                Err(Failure::Stragglers { parts, after: limit })
            }
        }
    }

    fn enter(&self, part: &'static str) -> Entry {
        let mut alive = lock(&self.alive);
        let number = alive.next;
        alive.next += 1;
        alive.names.insert(number, part);
        Entry { alive: Arc::clone(&self.alive), number }
    }

    fn judge(&self, part: &'static str, outcome: Result<Result<(), Failure>, Box<dyn Any + Send>>) {
        match outcome {
            Ok(Ok(())) if self.stop.is_cancelled() => tracing::debug!("{part} has ended"),
            Ok(Ok(())) => self.fail(Failure::Ended { part }),
            Ok(Err(failure)) => self.fail(failure),
            Err(panic) => self.fail(Failure::Panicked { part, message: last_words(panic.as_ref()) }),
        }
    }
}

fn last_words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".to_owned())
}
