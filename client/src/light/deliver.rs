//! Handing in payments: to several servers, and again to others when nobody else has seen them.
//!
//! A server that takes a payment and keeps it back cannot be told from a slow network at once. So a payment that is
//! in no proven block after some blocks is asked about at servers that were not given it; if none of them has it, that
//! is noted against those that took it, and it is given to the others.
//!
//! Deliberately absent: the list of payments that survives a restart; that is the wallet's
//! [`outbox`](crate::outbox).

use std::collections::BTreeMap;

use parking_lot::Mutex;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Transaction};
use vibecoin_rpc::types::{HexBytes, TxAccepted};

use super::failure::Failure;
use super::journal::Evidence;
use super::servers::{Judged, NoAnswer, Route, SERVERS_MAX, ServerId, Verdict};
use super::values::transaction::Found;
use super::{LightClient, ask};

/// Servers that a payment is handed to at first.
const SERVERS_FIRST: usize = 2;
/// After so many blocks others are asked whether they have seen it.
pub const RELAY_BLOCKS: u64 = 3;
/// Payments that are remembered; the oldest are forgotten first.
const HANDED_MAX: usize = 256;

/// A payment that was handed in.
#[derive(Clone, Debug)]
struct Handed {
    transaction: Transaction,
    /// The proven tip at that time.
    since: Height,
    /// Who took it.
    by: Vec<ServerId>,
    /// Nobody else had it when that was asked.
    withheld: bool,
}

/// What was handed in, by id.
#[derive(Debug, Default)]
pub(super) struct Deliveries(Mutex<BTreeMap<Hash, Handed>>);

impl LightClient {
    /// Hands a signed transaction to several servers.
    ///
    /// # Errors
    /// What they say: silence before a refusal, for a silent server may have it.
    pub async fn submit(&self, transaction: &Transaction) -> Result<TxAccepted, NoAnswer<Failure>> {
        let first: Vec<ServerId> = self.servers.order(Route::Any).into_iter().take(SERVERS_FIRST).collect();
        let mut answers = self.hand_to(&first, transaction).await;
        if !answers.iter().any(|(_, answer)| answer.is_ok()) {
            let mut others = self.servers.order(Route::Any);
            others.retain(|id| !first.contains(id));
            answers.extend(self.hand_to(&others, transaction).await);
        }
        let took = |(id, answer): &(ServerId, Result<TxAccepted, Failure>)| answer.is_ok().then_some(*id);
        let by: Vec<ServerId> = answers.iter().filter_map(took).collect();
        if by.is_empty() {
            let failures = answers.into_iter().filter_map(|(id, answer)| Some((id, answer.err()?)));
            return Err(NoAnswer { failures: failures.collect() });
        }
        let known = answers.iter().all(|(_, answer)| answer.as_ref().is_ok_and(|accepted| accepted.known));
        self.remember_handed(transaction, by);
        // What it replaces is for the wallet to know: a server could name any of its payments.
        let (txid, leaf_hash) = (transaction.id(), transaction.leaf_hash());
        Ok(TxAccepted { txid, leaf_hash, known, replaced: None })
    }

    /// A transaction that was handed in here.
    pub(super) fn handed(&self, txid: &Hash) -> Option<Transaction> {
        self.deliveries.0.lock().get(txid).map(|handed| handed.transaction.clone())
    }

    /// True if a payment was taken by servers that have not passed it on, as far as that can be told.
    #[must_use]
    pub fn is_withheld(&self, txid: &Hash) -> bool {
        self.deliveries.0.lock().get(txid).is_some_and(|handed| handed.withheld)
    }

    /// How many servers have taken a payment; none if it was not handed in here, or needs no more looking after.
    #[must_use]
    pub fn takers(&self, txid: &Hash) -> Option<usize> {
        Some(self.deliveries.0.lock().get(txid)?.by.len())
    }

    /// Looks after what was handed in and is in no proven block yet.
    pub async fn look_after(&self) {
        let Some(head) = self.head() else { return };
        let due: Vec<(Hash, Handed)> = {
            let handed = self.deliveries.0.lock();
            let is_due = |handed: &Handed| head.height().saturating_since(handed.since) >= RELAY_BLOCKS;
            handed.iter().filter(|(_, handed)| is_due(handed)).map(|(id, h)| (*id, h.clone())).collect()
        };
        for (txid, handed) in due {
            self.look_after_one(txid, handed, head.height()).await;
        }
    }

    async fn look_after_one(&self, txid: Hash, handed: Handed, tip: Height) {
        let is_dead = tip.next().is_some_and(|next| handed.transaction.body.is_expired_at(next));
        let found = self.is_anywhere_else(&txid, &handed.by).await;
        if is_dead || found == Seen::InTheChain {
            self.deliveries.0.lock().remove(&txid);
            return;
        }
        let mut by = handed.by.clone();
        if found == Seen::Nowhere {
            let blocks = tip.saturating_since(handed.since);
            for id in &handed.by {
                self.note(Some(*id), Evidence::NotRelayed { txid, blocks });
            }
            let mut others = self.servers.order(Route::Any);
            others.retain(|id| !handed.by.contains(id));
            let answers = self.hand_to(&others, &handed.transaction).await;
            by.extend(answers.into_iter().filter_map(|(id, answer)| answer.is_ok().then_some(id)));
        }
        if let Some(kept) = self.deliveries.0.lock().get_mut(&txid) {
            kept.withheld = found == Seen::Nowhere;
            kept.since = tip;
            kept.by = by;
        }
    }

    /// Whether servers that were not given a payment have it.
    async fn is_anywhere_else(&self, txid: &Hash, by: &[ServerId]) -> Seen {
        let mut seen = Seen::NobodyToAsk;
        for id in self.servers.order(Route::Any) {
            let found = self.ask_one(id, |_, server| self.find_transaction(server, *txid)).await;
            match found {
                Ok(Found::Included(_)) => return Seen::InTheChain,
                Ok(Found::Waiting { .. }) if !by.contains(&id) => seen = Seen::Elsewhere,
                Err(Failure::NotThere) if !by.contains(&id) && seen == Seen::NobodyToAsk => {
                    seen = Seen::Nowhere
                }
                Ok(Found::Waiting { .. }) | Err(_) => {}
            }
        }
        seen
    }

    async fn hand_to(
        &self,
        servers: &[ServerId],
        transaction: &Transaction,
    ) -> Vec<(ServerId, Result<TxAccepted, Failure>)> {
        let txid = transaction.id();
        let bytes = HexBytes::from(transaction.encode());
        let handing = servers.iter().take(SERVERS_MAX).map(|id| {
            let bytes = &bytes;
            async move {
                let answer = self.ask_one(*id, |_, server| async move {
                    let accepted: TxAccepted = ask::call(&server, "tx_submit", &(bytes,)).await?;
                    if accepted.txid == txid { Ok(accepted) } else { Err(Failure::Contradiction) }
                });
                (*id, answer.await)
            }
        });
        futures_util::future::join_all(handing).await
    }

    fn remember_handed(&self, transaction: &Transaction, by: Vec<ServerId>) {
        let since = self.head().map_or(Height::GENESIS, |head| head.height());
        let mut all = self.deliveries.0.lock();
        while all.len() >= HANDED_MAX {
            let oldest = all.iter().min_by_key(|(_, handed)| handed.since).map(|(txid, _)| *txid);
            let Some(oldest) = oldest else { break };
            all.remove(&oldest);
        }
        let handed = Handed { transaction: transaction.clone(), since, by, withheld: false };
        all.insert(transaction.id(), handed);
    }
}

/// Where a payment was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// In a proven block.
    InTheChain,
    /// With a server that was not given it.
    Elsewhere,
    /// With none of those that were not given it and answered.
    Nowhere,
    /// Every server was given it, or nobody answered.
    NobodyToAsk,
}

/// The failure that the wallet should hear of: one that leaves open whether a server has the payment comes first.
pub(super) fn telling(none: &NoAnswer<Failure>) -> Option<&(ServerId, Failure)> {
    let open = none.failures.iter().find(|(_, failure)| match failure.verdict() {
        Verdict::Absent | Verdict::Broken | Verdict::False => true,
        Verdict::Refused | Verdict::Ours => false,
    });
    open.or_else(|| none.gravest())
}
