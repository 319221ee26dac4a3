//! From nothing to a proven chain: claims, the heaviest first, each committed before it is questioned.
//!
//! A server says which tip it stands by; the claim is held against itself, and only then a fresh seed is drawn, so no
//! server can choose its chain to fit the questions. Whoever is silent, refuses or changes its mind after the seed has
//! failed to prove, and may fail only a few times: every try is another draw.

use vibecoin_consensus::light::tail::Tail;
use vibecoin_consensus::light::{self, Claim, ClaimError, Params, Proven};
use vibecoin_consensus::rules::HeaderError;
use vibecoin_crypto::Hash;

use super::ask;
use super::failure::Failure;
use super::gather::Gathering;
use super::journal::Evidence;
use super::opinion::{Opinion, Stand};
use super::server::ServerUrl;
use super::servers::{Judged, SERVERS_MAX, ServerId, Verdict};
use super::{Head, LightClient, head_of};

/// Proofs that a server may fail to give before it is not asked for one any more.
pub const UNPROVEN_MAX: u32 = 3;

/// What is remembered between the questions of one who changes the chain.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// How often each server has failed to prove, by its place in the list.
    unproven: [u32; SERVERS_MAX],
}

/// What the newest proof that was believed has cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofCost {
    /// Its length.
    pub bytes: usize,
    /// How long it took to verify, in µs.
    pub verified_us: u64,
}

/// Nobody proved a chain.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", self.words())]
pub struct SyncError {
    /// What each server did.
    pub failures: Vec<(ServerUrl, Failure)>,
}

impl SyncError {
    fn words(&self) -> String {
        match self.failures.as_slice() {
            [] => "no remote node is left to be asked".to_owned(),
            [(url, failure)] => format!("the remote node {url} proved no chain: {failure}"),
            [(url, failure), others @ ..] => {
                format!("none of {} remote nodes proved a chain; {url}: {failure}", others.len() + 1)
            }
        }
    }

    /// True if everybody was merely away.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        self.failures.iter().all(|(_, failure)| failure.is_absence())
    }
}

impl LightClient {
    /// Brings the proven chain up to date: from what was proven before, or else from the genesis.
    ///
    /// # Errors
    /// [`SyncError`] when nobody proved a chain, or nobody answered.
    pub async fn sync(&self) -> Result<Head, SyncError> {
        let mut turn = self.turn.lock().await;
        if self.head().is_some() {
            let failures = self.hear_all(&mut turn).await;
            let heard = self.servers.ids().count() > failures.len();
            return match self.head() {
                Some(head) if heard => Ok(head),
                Some(_) | None => Err(self.sync_error(failures)),
            };
        }
        self.prove_anew(&mut turn).await
    }

    /// Forgets what was proven before, and proves the chain from the genesis.
    ///
    /// # Errors
    /// As [`sync`](Self::sync); what was proven before then stands again.
    pub async fn sync_anew(&self) -> Result<Head, SyncError> {
        let mut turn = self.turn.lock().await;
        let before = self.tail.lock().take();
        let proven = self.prove_anew(&mut turn).await;
        if proven.is_err() {
            *self.tail.lock() = before;
        }
        proven
    }

    async fn prove_anew(&self, turn: &mut Turn) -> Result<Head, SyncError> {
        let mut failures = Vec::new();
        let claims = self.claims(&mut failures).await;
        let mut heaviest = None;
        for (id, claim) in claims {
            match self.prove(turn, id, &claim, self.options.params).await {
                Ok(proven) => {
                    heaviest = Some(proven);
                    break;
                }
                Err(failure) => failures.push((id, failure)),
            }
        }
        let Some(proven) = heaviest else { return Err(self.sync_error(failures)) };
        self.install(Tail::of(&proven, self.options.params.last()));
        // Who claimed this very tip agrees. What the others have is found by following them.
        let others = self.servers.ids().filter(|id| !self.agrees_on(*id, &proven.id()));
        self.hear_each(turn, others).await;
        self.head().ok_or_else(|| self.sync_error(failures))
    }

    /// What everybody claims, checked against itself, the heaviest first.
    async fn claims(&self, failures: &mut Vec<(ServerId, Failure)>) -> Vec<(ServerId, Claim)> {
        let mut answers = Gathering::of(self.servers.ids(), |id| {
            self.ask_one(id, |_, server| async move { self.claim(&server).await })
        });
        let mut claims = Vec::new();
        while let Some((id, answer)) = answers.next().await {
            match answer {
                Ok(claim) => {
                    answers.is_answered();
                    let tip = Some((claim.header().height, claim.id()));
                    let (work, at) = (Some(claim.work()), Some(self.now()));
                    self.opinions.lock().set(id, Opinion { stand: Stand::Unheard, tip, work, at });
                    claims.push((id, claim));
                }
                Err(failure) => {
                    self.judge(id, &failure);
                    failures.push((id, failure));
                }
            }
        }
        claims.sort_by_key(|(_, claim)| std::cmp::Reverse(claim.work()));
        claims
    }

    /// True, and remembered, if the last that a server said was this tip.
    fn agrees_on(&self, id: ServerId, tip: &Hash) -> bool {
        let mut opinions = self.opinions.lock();
        let opinion = opinions.of(id);
        let agrees = opinion.tip.is_some_and(|(_, said)| said == *tip);
        if agrees {
            opinions.set(id, Opinion { stand: Stand::Agrees, ..opinion });
        }
        agrees
    }

    /// The claim of one server.
    pub(super) async fn claim(&self, server: &super::server::HttpServer) -> Result<Claim, Failure> {
        let tip = ask::tip(server, None).await?;
        let claim = Claim::check(&self.spec, &self.genesis_id, tip, self.now()).map_err(Failure::Claim)?;
        let floor = self.options.min_chain_work;
        if claim.work() < floor {
            return Err(Failure::TooLittleWork { work: claim.work(), floor });
        }
        Ok(claim)
    }

    /// Has a claim proven: a fresh seed, one question, one answer.
    pub(super) async fn prove(
        &self,
        turn: &mut Turn,
        id: ServerId,
        claim: &Claim,
        params: Params,
    ) -> Result<Proven, Failure> {
        if turn.unproven.get(id.index()).is_none_or(|failed| *failed >= UNPROVEN_MAX) {
            return Err(Failure::Distrusted);
        }
        let proven = self.ask_one(id, |_, server| self.question(server, claim, params)).await;
        if let Err(failure) = &proven
            && let Some(failed) = turn.unproven.get_mut(id.index())
        {
            *failed += 1;
            let (tip, work, times) = (claim.id(), claim.work().to_string(), *failed);
            self.note(Some(id), Evidence::Unproven { id: tip, work, times });
            self.judge(id, failure);
            if times == UNPROVEN_MAX {
                self.servers.distrust(id);
            }
        }
        proven
    }

    async fn question(
        &self,
        server: std::sync::Arc<super::server::HttpServer>,
        claim: &Claim,
        params: Params,
    ) -> Result<Proven, Failure> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| Failure::NoChance)?;
        let proof = ask::proof(&server, claim.id(), &seed, &params).await?;
        let (spec, genesis_id, claim, now) = (self.spec.clone(), self.genesis_id, claim.clone(), self.now());
        let verified = tokio::task::spawn_blocking(move || {
            let began = std::time::Instant::now();
            let proven = light::verify(&spec, &genesis_id, &claim, &seed, &params, now, proof.as_bytes())?;
            let verified_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            Ok((proven, ProofCost { bytes: proof.as_bytes().len(), verified_us }))
        });
        match verified.await {
            Ok(Ok((proven, cost))) => {
                *self.last_proof.lock() = Some(cost);
                Ok(proven)
            }
            Ok(Err(error)) => Err(Failure::Proof(error)),
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Failure::Unsynced),
            },
        }
    }

    /// Takes a tail for the chain.
    pub(super) fn install(&self, tail: Tail) {
        self.keeper.store(&tail);
        let head = head_of(&tail);
        *self.tail.lock() = Some(tail);
        self.heads.send_replace(Some(head));
    }

    /// Remembers what a failure says of a server.
    pub(super) fn judge(&self, id: ServerId, failure: &Failure) {
        let now = self.now();
        let stand = match failure {
            Failure::Claim(ClaimError::Header(HeaderError::FromTheFuture { time, now })) => {
                self.note(Some(id), Evidence::FutureTip { time: *time, now: *now });
                Stand::Ahead { by_ms: time.saturating_since(*now) }
            }
            Failure::Unproven(_) | Failure::TooLittleWork { .. } | Failure::Distrusted => Stand::Refuted,
            other => match other.verdict() {
                Verdict::False => {
                    self.note(Some(id), Evidence::FalseChain { error: failure.to_string() });
                    Stand::Refuted
                }
                Verdict::Absent | Verdict::Broken | Verdict::Refused | Verdict::Ours => Stand::Silent,
            },
        };
        self.opinions.lock().stands(id, stand, now);
    }

    pub(super) fn sync_error(&self, failures: Vec<(ServerId, Failure)>) -> SyncError {
        let named = |(id, failure): (ServerId, Failure)| (self.servers.server(id).url().clone(), failure);
        SyncError { failures: failures.into_iter().map(named).collect() }
    }
}
