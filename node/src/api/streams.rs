//! Subscriptions: `chain_subscribe_tip`, `account_subscribe`, `mempool_subscribe`, `light_subscribe`.
//!
//! Each begins with what is so now, and ends when the node stops. Whoever is too slow for every single move of the
//! tip is given the latest; whoever misses changes of the pool loses the subscription, for a gap would not show.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use vibecoin_chain::TipChange;
use vibecoin_consensus::light::Record;
use vibecoin_crypto::Hash;
use vibecoin_mempool::{Departure as PoolDeparture, PoolEvent};
use vibecoin_primitives::{Address, Height};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, ApiStream};

use super::{Core, convert, light};

/// Headers of one message of `light_subscribe`.
const HEADERS_MAX: u32 = 100;

impl Core {
    pub(super) fn tips(self: &Arc<Self>) -> ApiStream<Tip> {
        // Subscribed before the tip is read: a move in between comes twice rather than not at all.
        let (changes, first) = (self.chain.changes(), self.tip());
        let last = first.id;
        let later =
            stream::unfold((Arc::clone(self), changes, last), |(core, mut changes, last)| async move {
                let tip = core.next_tip(&mut changes, last).await?;
                let last = tip.id;
                Some((tip, (core, changes, last)))
            });
        stream::iter([first]).chain(later).boxed()
    }

    /// The next tip that is not `last`; `None` when the node stops.
    async fn next_tip(&self, changes: &mut Receiver<TipChange>, last: Hash) -> Option<Tip> {
        loop {
            let change = tokio::select! {
                () = self.supervisor.stopping().cancelled() => return None,
                change = changes.recv() => change,
            };
            let tip = match change {
                Ok(change) => convert::tip(&change.tip, self.prefix()),
                Err(RecvError::Lagged(_)) => {
                    *changes = changes.resubscribe();
                    self.tip()
                }
                Err(RecvError::Closed) => return None,
            };
            if tip.id != last {
                return Some(tip);
            }
        }
    }

    pub(super) async fn account_changes(
        self: &Arc<Self>,
        address: AddressText,
    ) -> Result<ApiStream<AccountInfo>, ApiError> {
        let decoded = address.decode(self.prefix())?;
        let (changes, events) = (self.chain.changes(), self.pool.events());
        let first = self.account(address.clone(), None).await?;
        let state =
            Following { core: Arc::clone(self), changes, events, address, decoded, last: first.clone() };
        let later = stream::unfold(state, |mut state| async move {
            let next = state.next().await?;
            Some((next, state))
        });
        Ok(stream::iter([first]).chain(later).boxed())
    }

    pub(super) async fn headers_after(
        self: &Arc<Self>,
        from_id: Hash,
    ) -> Result<ApiStream<LightHeaders>, ApiError> {
        let changes = self.chain.changes();
        let (first, told) = self.headers_from(from_id).await?;
        let state = (Arc::clone(self), changes, told, first.tip_id);
        let later = stream::unfold(state, |(core, mut changes, told, tip_id)| async move {
            // What did not fit follows at once.
            if told == tip_id {
                core.next_tip(&mut changes, told).await?;
            }
            let (next, told) = core.headers_from(told).await.ok()?;
            let tip_id = next.tip_id;
            Some((next, (core, changes, told, tip_id)))
        });
        Ok(stream::iter([first]).chain(later).boxed())
    }

    /// Headers after a block, and the id of the last of them.
    async fn headers_from(self: &Arc<Self>, from_id: Hash) -> Result<(LightHeaders, Hash), ApiError> {
        self.read(move |_, view| {
            let headers = light::headers(view, from_id, Some(HEADERS_MAX))?;
            let count = (headers.records.as_bytes().len() / Record::BYTES) as u64;
            let last = headers.fork_height.get().checked_add(count).map(Height::new);
            let told = match last {
                Some(last) if last != headers.tip_height => view.id_at(last).map_err(convert::store)?,
                Some(_) | None => None,
            };
            let told = told.unwrap_or(headers.tip_id);
            Ok((headers, told))
        })
        .await
    }

    pub(super) fn mempool_changes(self: &Arc<Self>) -> ApiStream<MempoolEvent> {
        let state = (Arc::clone(self), self.pool.events());
        stream::unfold(state, |(core, mut events)| async move {
            let event = tokio::select! {
                () = core.supervisor.stopping().cancelled() => return None,
                event = events.recv() => event.ok()?,
            };
            let shown = match event {
                PoolEvent::Added(tx) => {
                    MempoolEvent::Added { transaction: convert::transaction(tx.transaction(), core.prefix()) }
                }
                PoolEvent::Removed { tx, departure } => {
                    MempoolEvent::Removed { txid: tx.txid(), reason: reason(departure) }
                }
            };
            Some((shown, (core, events)))
        })
        .boxed()
    }
}

/// An account that is followed.
struct Following {
    core: Arc<Core>,
    changes: Receiver<TipChange>,
    events: Receiver<PoolEvent>,
    address: AddressText,
    decoded: Address,
    last: AccountInfo,
}

impl Following {
    /// The account when it is next different from what was told last.
    async fn next(&mut self) -> Option<AccountInfo> {
        loop {
            let concerns = tokio::select! {
                () = self.core.supervisor.stopping().cancelled() => return None,
                change = self.changes.recv() => match change {
                    // A block may credit a reward, which is in no transaction: every block is looked at.
                    Ok(_) | Err(RecvError::Lagged(_)) => true,
                    Err(RecvError::Closed) => return None,
                },
                event = self.events.recv() => match event {
                    Ok(PoolEvent::Added(tx) | PoolEvent::Removed { tx, .. }) => {
                        tx.sender() == self.decoded || tx.transaction().body.to == Some(self.decoded)
                    }
                    Err(RecvError::Lagged(_)) => true,
                    Err(RecvError::Closed) => return None,
                },
            };
            if !concerns {
                continue;
            }
            let now = self.core.account(self.address.clone(), None).await.ok()?;
            // The height alone is no change of the account.
            let same = AccountInfo { height: self.last.height, block_id: self.last.block_id, ..now.clone() };
            if same != self.last {
                self.last = now.clone();
                return Some(now);
            }
        }
    }
}

const fn reason(departure: PoolDeparture) -> Departure {
    match departure {
        PoolDeparture::Mined => Departure::Mined,
        PoolDeparture::Expired | PoolDeparture::TooOld => Departure::Expired,
        PoolDeparture::Replaced { .. } => Departure::Replaced,
        PoolDeparture::Evicted => Departure::Evicted,
        PoolDeparture::Gap | PoolDeparture::Unfunded | PoolDeparture::Refused => Departure::Invalid,
    }
}
