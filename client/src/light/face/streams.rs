//! What is told without being asked: new tips, and what they change.

use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use vibecoin_rpc::ApiStream;
use vibecoin_rpc::types::{AccountInfo, AddressText, Tip};

use super::LightFace;
use crate::light::Head;

/// The heads of a client, each once, the present one first. What comes while a reader is busy is left out.
struct Heads(watch::Receiver<Option<Head>>);

impl Heads {
    async fn next(&mut self) -> Option<Head> {
        loop {
            let head = *self.0.borrow_and_update();
            self.0.mark_unchanged();
            match head {
                Some(head) => return Some(head),
                None => self.0.changed().await.ok()?,
            }
        }
    }
}

impl LightFace {
    /// Every new tip; the present one first.
    pub(super) fn tips(&self) -> ApiStream<Tip> {
        let face = self.clone();
        self.each_head(move |_| {
            let face = face.clone();
            async move { face.tip().await.ok() }
        })
    }

    /// An account, now and whenever the chain changes.
    pub(super) fn accounts(&self, address: AddressText) -> ApiStream<AccountInfo> {
        let face = self.clone();
        let changes = self.each_head(move |_| {
            let (face, address) = (face.clone(), address.clone());
            async move { face.account(&address, None).await.ok() }
        });
        let only_new = changes.scan(None, |last: &mut Option<AccountInfo>, now| {
            let is_new = last.as_ref() != Some(&now);
            *last = Some(now.clone());
            std::future::ready(Some(is_new.then_some(now)))
        });
        only_new.filter_map(std::future::ready).boxed()
    }

    /// What `make` makes of every head; what it could not make is left out, for the next head brings another.
    fn each_head<T, F, Fut>(&self, make: F) -> ApiStream<T>
    where
        T: Send + 'static,
        F: Fn(Head) -> Fut + Send + 'static,
        Fut: Future<Output = Option<T>> + Send + 'static,
    {
        let heads = Heads(self.client.heads());
        let items = stream::unfold((heads, make, true), |(mut heads, make, first)| async move {
            if !first {
                heads.0.changed().await.ok()?;
            }
            let head = heads.next().await?;
            let made = make(head).await;
            Some((made, (heads, make, false)))
        });
        items.filter_map(std::future::ready).boxed()
    }
}
