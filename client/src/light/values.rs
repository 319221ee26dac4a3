//! Values out of the proven chain: accounts, histories, transactions, blocks, prices.
//!
//! A value is believed from the state of a block that lies [`Options::confirmations`](super::Options::confirmations)
//! below the proven tip, because work proves that a chain exists and not that its newest blocks were executed as the
//! rules say. Its header is known; its content is asked for and held against the header; everything else is held
//! against the content's roots. A server that gives something false is noted, not asked again, and another one is.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use vibecoin_consensus::light::Linked;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Content, Height};
use vibecoin_rpc::ApiError;

use super::LightClient;
use super::ask;
use super::failure::Failure;
use super::journal::Evidence;
use super::server::HttpServer;
use super::servers::{Answered, Judged, NoAnswer, Route, ServerId, Verdict};

pub mod account;
pub mod block;
pub mod fees;
pub mod history;
pub mod transaction;

/// Contents that are kept: those around the tip are asked for again and again.
const CONTENTS_MAX: usize = 128;

/// Nobody gave a value that could be believed.
pub type NoValue = NoAnswer<Failure>;

/// What was proven and may be needed again.
#[derive(Default)]
pub(super) struct Cache {
    contents: Mutex<VecDeque<(Hash, Content)>>,
    ladders: Mutex<history::Ladders>,
}

impl Cache {
    fn content(&self, id: &Hash) -> Option<Content> {
        let contents = self.contents.lock();
        contents.iter().find(|(known, _)| known == id).map(|(_, content)| *content)
    }

    fn keep_content(&self, id: Hash, content: Content) {
        let mut contents = self.contents.lock();
        if contents.iter().any(|(known, _)| *known == id) {
            return;
        }
        if contents.len() == CONTENTS_MAX {
            contents.pop_front();
        }
        contents.push_back((id, content));
    }
}

impl LightClient {
    /// What a proven header commits to.
    ///
    /// # Errors
    /// [`NoValue`].
    pub async fn content(&self, of: &Linked) -> Result<Content, NoValue> {
        if let Some(content) = self.values.content(&of.id) {
            return Ok(content);
        }
        let asked = self.value(Route::Any, of.header.height, |server| self.content_from(server, *of));
        Ok(asked.await?.value)
    }

    /// The content of a proven header from one server, or from memory.
    async fn content_from(&self, server: Arc<HttpServer>, of: Linked) -> Result<Content, Failure> {
        if let Some(content) = self.values.content(&of.id) {
            return Ok(content);
        }
        let content = ask::content(&server, &of.header, of.id).await?;
        self.values.keep_content(of.id, content);
        Ok(content)
    }

    /// Asks for a value that belongs to the block at `height`, and notes who gave a false one.
    pub(super) async fn value<T, F, Fut>(
        &self,
        route: Route<'_>,
        height: Height,
        question: F,
    ) -> Result<Answered<T>, NoValue>
    where
        F: Fn(Arc<HttpServer>) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let judged = |id: ServerId, server| {
            let asked = question(server);
            async move {
                let answer = asked.await;
                if let Err(failure) = &answer
                    && failure.verdict() == Verdict::False
                {
                    self.note(Some(id), Evidence::FalseValue { height, error: failure.to_string() });
                }
                answer
            }
        };
        self.servers.ask(route, judged).await
    }

    /// The block whose state is believed.
    ///
    /// # Errors
    /// [`Failure::Unsynced`] before the first proof.
    pub(super) fn believed_block(&self) -> Result<Linked, NoValue> {
        self.believed().ok_or_else(unsynced)
    }

    /// Why there is no value, as whoever asks a node knows it.
    #[must_use]
    pub fn to_api(&self, none: &NoValue) -> ApiError {
        match none.gravest() {
            Some((id, failure)) => failure.to_api(self.servers.server(*id).url()),
            None if self.head().is_none() => ApiError::NotAvailable { reason: Failure::Unsynced.to_string() },
            None => ApiError::NotAvailable { reason: none.to_string() },
        }
    }
}

/// Nothing is proven yet, so there is nothing to ask about.
const fn unsynced() -> NoValue {
    NoAnswer { failures: Vec::new() }
}
