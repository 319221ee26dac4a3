//! Following: what the servers say came after the proven tip, at 52 bytes a block.
//!
//! Every header is rebuilt and its work checked, so nothing is taken on anybody's word. A branch replaces the newest
//! blocks only if it is heavier by more than half of the tip's own work, as with full nodes. One that leaves the chain
//! before what is kept is judged by a proof of its own, with its headers since the fork in full as far as a proof
//! shows any; and it is told to the user.

use vibecoin_consensus::fork_choice::is_alarming;
use vibecoin_consensus::light::ancestor::{self, Path};
use vibecoin_consensus::light::tail::{Change, Followed, LAST_MAX, Tail};
use vibecoin_consensus::light::{Claim, Params, Proven, Record};
use vibecoin_consensus::rules::HeaderError;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Timestamp};
use vibecoin_rpc::types::{BlockRef, LightAncestor, LightHeaders};

use super::ask::{self, Continuation};
use super::failure::Failure;
use super::gather::Gathering;
use super::journal::Evidence;
use super::opinion::{Opinion, Stand};
use super::servers::ServerId;
use super::sync::Turn;
use super::{Head, LightClient, head_of};

/// A tip further away than this is proven instead of followed: that is shorter.
const FOLLOWED_MAX: u64 = 5_000;
/// How far below the tip a server is asked for a block that it knows, too.
const STEPS_BACK: [u64; 6] = [0, 1, 4, 16, 64, u64::MAX];

impl LightClient {
    /// Asks one server what came after the proven tip.
    ///
    /// # Errors
    /// [`Failure`]; what was proven before stands.
    pub async fn follow(&self, id: ServerId) -> Result<Head, Failure> {
        let mut turn = self.turn.lock().await;
        self.hear(&mut turn, id).await?;
        self.head().ok_or(Failure::Unsynced)
    }

    /// Asks everybody what came after the proven tip. Answers those that failed.
    pub async fn follow_all(&self) -> Vec<(ServerId, Failure)> {
        let mut turn = self.turn.lock().await;
        self.hear_all(&mut turn).await
    }

    /// Takes what a server has said without being asked.
    ///
    /// # Errors
    /// As [`follow`](Self::follow).
    pub async fn told(&self, id: ServerId, answer: &LightHeaders) -> Result<Head, Failure> {
        let mut turn = self.turn.lock().await;
        let said = Continuation::read(answer)?;
        // What it leaves out, or what does not fit, is asked for.
        let known = self.header_of(&said.fork.1).is_some();
        let heard = match known {
            true => self.take(&mut turn, id, said).await,
            false => self.hear_from_tip(&mut turn, id).await,
        };
        self.remember(id, heard)?;
        self.head().ok_or(Failure::Unsynced)
    }

    /// Hears every server; the chain may change with each.
    pub(super) async fn hear_all(&self, turn: &mut Turn) -> Vec<(ServerId, Failure)> {
        self.hear_each(turn, self.servers.ids()).await
    }

    /// Asks these servers at the same time, and takes what they say one after the other.
    pub(super) async fn hear_each(
        &self,
        turn: &mut Turn,
        servers: impl Iterator<Item = ServerId>,
    ) -> Vec<(ServerId, Failure)> {
        let Some(from) = self.head().map(|head| head.id) else { return Vec::new() };
        let mut answers = Gathering::of(servers, |id| {
            self.ask_one(id, move |_, server| async move { ask::headers(&server, from).await })
        });
        let mut failures = Vec::new();
        while let Some((id, answer)) = answers.next().await {
            let heard = match answer {
                Ok(said) => self.take(turn, id, said).await,
                Err(Failure::NotThere) => self.hear_from_tip(turn, id).await,
                Err(failure) => Err(failure),
            };
            match self.remember(id, heard) {
                Ok(()) => answers.is_answered(),
                Err(failure) => failures.push((id, failure)),
            }
        }
        // Who was heard early may have been overtaken by what others said.
        self.recount();
        failures
    }

    async fn hear(&self, turn: &mut Turn, id: ServerId) -> Result<(), Failure> {
        let heard = self.hear_from_tip(turn, id).await;
        self.remember(id, heard)
    }

    fn remember(&self, id: ServerId, heard: Result<(), Failure>) -> Result<(), Failure> {
        if let Err(failure) = &heard {
            self.judge(id, failure);
        }
        heard
    }

    async fn hear_from_tip(&self, turn: &mut Turn, id: ServerId) -> Result<(), Failure> {
        for from in self.locator()? {
            match self.ask_one(id, |_, server| async move { ask::headers(&server, from).await }).await {
                // It has not got this block: it is behind, or on another branch.
                Err(Failure::NotThere) => {}
                Ok(said) => return self.take(turn, id, said).await,
                Err(failure) => return Err(failure),
            }
        }
        self.challenge(turn, id, None).await
    }

    /// Ids of the chain that a server may know, the newest first.
    fn locator(&self) -> Result<Vec<Hash>, Failure> {
        let tail = self.tail.lock();
        let tail = tail.as_ref().ok_or(Failure::Unsynced)?;
        let mut ids: Vec<Hash> = Vec::with_capacity(STEPS_BACK.len());
        for step in STEPS_BACK {
            let height = tail.tip().header.height.get().saturating_sub(step);
            let kept = tail.header_at(Height::new(height).max(tail.oldest()));
            ids.extend(kept.map(|kept| kept.id).filter(|id| !ids.contains(id)));
        }
        Ok(ids)
    }

    /// Takes a continuation, and asks for the rest of it as long as there is some.
    async fn take(&self, turn: &mut Turn, id: ServerId, mut said: Continuation) -> Result<(), Failure> {
        self.opine(id, Stand::Unheard, Some(&said));
        let mut taken = 0_u64;
        loop {
            let tip = self.head().ok_or(Failure::Unsynced)?.height();
            if said.tip.0.saturating_since(tip) > FOLLOWED_MAX {
                return self.challenge(turn, id, Some(&said)).await;
            }
            let end = end_of(&said);
            let whole = end >= said.tip.0;
            let Followed { change, held } = self.apply(&said)?;
            match change {
                Change::TooDeep { .. } => return self.challenge(turn, id, Some(&said)).await,
                // More of the branch may outweigh what stands.
                Change::Outweighed { .. } if !whole && held.is_none() => {}
                Change::Outweighed { fork_height, .. } => return self.forked(id, fork_height, &said, held),
                Change::Unchanged | Change::Extended { .. } | Change::Reorganised { .. } => {
                    if let Some(held) = held {
                        return self.held(id, &held, &said);
                    }
                    if whole {
                        return self.agree(id, &said);
                    }
                }
            }
            taken += said.records.len() as u64;
            if said.records.is_empty() || taken > FOLLOWED_MAX {
                return Err(Failure::Form("headers"));
            }
            said = self.next_page(id, said, change).await?;
        }
    }

    /// The next headers of a continuation: after the tip that it has become, or after the end of the branch so far.
    async fn next_page(
        &self,
        id: ServerId,
        said: Continuation,
        change: Change,
    ) -> Result<Continuation, Failure> {
        let from = match change {
            Change::Outweighed { id, .. } => id,
            Change::Unchanged
            | Change::Extended { .. }
            | Change::Reorganised { .. }
            | Change::TooDeep { .. } => self.head().ok_or(Failure::Unsynced)?.id,
        };
        let more = self.ask_one(id, |_, server| async move { ask::headers(&server, from).await }).await?;
        if !matches!(change, Change::Outweighed { .. }) {
            return Ok(more);
        }
        if more.fork.1 != from {
            return Err(Failure::Moved);
        }
        let records = [said.records, more.records].concat();
        Ok(Continuation { fork: said.fork, records, ..more })
    }

    /// Holds a continuation against the chain, and makes it the chain if it wins.
    fn apply(&self, said: &Continuation) -> Result<Followed, Failure> {
        let now = self.now();
        let mut tail = self.tail.lock();
        let tail = tail.as_mut().ok_or(Failure::Unsynced)?;
        let followed = tail.follow(&self.spec, (said.fork.0, &said.fork.1), &said.records, now)?;
        match followed.change {
            Change::Unchanged | Change::Outweighed { .. } | Change::TooDeep { .. } => {}
            Change::Extended { .. } => {
                self.keeper.store_soon(tail);
                self.heads.send_replace(Some(head_of(tail)));
            }
            Change::Reorganised { fork_height, from, reverted, .. } => {
                self.keeper.store(tail);
                let head = head_of(tail);
                self.heads.send_replace(Some(head));
                if is_alarming(reverted) || reverted > self.options.confirmations {
                    self.reorganised(Some(fork_height), from, head, reverted);
                }
            }
        }
        Ok(followed)
    }

    /// The whole of what was said has become, or is, part of the chain: what was announced must be it.
    fn agree(&self, id: ServerId, said: &Continuation) -> Result<(), Failure> {
        let tail = self.tail.lock();
        let tail = tail.as_ref().ok_or(Failure::Unsynced)?;
        let Some(kept) = tail.find(&said.tip.1) else {
            return Err(Failure::Announced { said: said.work, found: tail.work() });
        };
        let above = kept.header.height.next().and_then(|above| tail.peaks_at(above));
        let found = above.map(|peaks| peaks.work()).ok_or(Failure::Moved)?;
        if found != said.work || kept.header.height != said.tip.0 {
            return Err(Failure::Announced { said: said.work, found });
        }
        self.opine(id, stand_in(tail, said.tip), Some(said));
        Ok(())
    }

    fn forked(
        &self,
        id: ServerId,
        fork_height: Height,
        said: &Continuation,
        held: Option<HeaderError>,
    ) -> Result<(), Failure> {
        let head = self.head().ok_or(Failure::Unsynced)?;
        let work = said.work.to_string();
        self.note(Some(id), Evidence::Fork { fork_height, id: said.tip.1, work, ours: head.id });
        self.opine(id, Stand::Forked { fork_height }, Some(said));
        match held {
            Some(held) => self.held(id, &held, said),
            None => Ok(()),
        }
    }

    /// Part of what was said lies ahead of this machine's clock, and is left aside until its time.
    fn held(&self, id: ServerId, held: &HeaderError, said: &Continuation) -> Result<(), Failure> {
        if let HeaderError::FromTheFuture { time, now } = held {
            self.note(Some(id), Evidence::FutureTip { time: *time, now: *now });
            self.opine(id, Stand::Ahead { by_ms: time.saturating_since(*now) }, Some(said));
        }
        Ok(())
    }

    /// A server whose chain cannot be followed from here: its tip is claimed, and proven if it would win.
    async fn challenge(
        &self,
        turn: &mut Turn,
        id: ServerId,
        said: Option<&Continuation>,
    ) -> Result<(), Failure> {
        let claim = self.ask_one(id, |_, server| async move { self.claim(&server).await }).await?;
        let tip = (claim.header().height, claim.id());
        let fork_height = said.map_or(Height::GENESIS, |said| said.fork.0);
        let (active, ours) = {
            let tail = self.tail.lock();
            let tail = tail.as_ref().ok_or(Failure::Unsynced)?;
            (tail.active_tip(), *tail.tip())
        };
        // Far ahead on this very chain is no rival, and needs no reserve.
        let ahead = said.is_some_and(|said| said.fork.1 == ours.id) && claim.work() > active.total_work;
        if !ahead && !active.is_outweighed_by(claim.work()) {
            let stand = if self.is_ours(tip).await {
                Stand::Behind { blocks: active.height.saturating_since(tip.0) }
            } else {
                let work = claim.work().to_string();
                self.note(Some(id), Evidence::DeepFork { fork_height, id: tip.1, work });
                Stand::Forked { fork_height }
            };
            self.opine_tip(id, stand, &claim);
            return Ok(());
        }
        let proven = self.prove(turn, id, &claim, self.params_since(fork_height, tip.0)).await?;
        let extends =
            self.is_ancestor(id, &proven, Record::of(&ours.header), ours.header.height, ours.id).await;
        // Whether it extends the tip is proven; that a server says so would spare it the reserve.
        if !extends && !active.is_outweighed_by(proven.work()) {
            let work = proven.work().to_string();
            self.note(Some(id), Evidence::DeepFork { fork_height, id: tip.1, work });
            self.opine_tip(id, Stand::Forked { fork_height }, &claim);
            return Ok(());
        }
        self.install(Tail::of(&proven, self.options.params.last()));
        if !extends && let Some(head) = self.head() {
            self.reorganised(None, ours.id, head, active.height.saturating_since(fork_height));
        }
        self.opine_tip(id, Stand::Agrees, &claim);
        Ok(())
    }

    /// How much a proof must show of a chain that left this one at `fork`: everything since, as far as a proof can, and
    /// more draws in what is before.
    fn params_since(&self, fork: Height, tip: Height) -> Params {
        let wanted = self.options.params;
        let since = u32::try_from(tip.saturating_since(fork)).unwrap_or(u32::MAX).min(LAST_MAX);
        let draws = wanted.draws().max(Params::PARANOID.draws());
        Params::new(wanted.last().max(since), draws).unwrap_or(wanted)
    }

    /// True if a block is proven to stand below a proven tip.
    async fn is_ancestor(
        &self,
        id: ServerId,
        proven: &Proven,
        record: Record,
        height: Height,
        block: Hash,
    ) -> bool {
        if proven.recent().iter().any(|kept| kept.id == block) || proven.id() == block {
            return true;
        }
        let question = (proven.id(), height);
        let answer: Result<LightAncestor, Failure> = self
            .ask_one(id, |_, server| async move { ask::call(&server, "light_ancestor", &question).await })
            .await;
        answer.ok().and_then(|answer| Path::from_bytes(answer.path.as_bytes()).ok()).is_some_and(|path| {
            let found = ancestor::verify(&self.spec, proven.peaks(), height, &record, &path);
            found.is_ok_and(|found| found.linked.id == block)
        })
    }

    /// True if a tip is proven to be a block of this chain, far below its end.
    async fn is_ours(&self, (height, id): (Height, Hash)) -> bool {
        self.block(BlockRef::Height(height)).await.is_ok_and(|block| block.linked.id == id)
    }

    /// Tells that the chain changed its branch.
    fn reorganised(&self, fork_height: Option<Height>, from: Hash, head: Head, reverted: u64) {
        self.opinions.lock().reorganised_at = Some(head.height());
        self.note(None, Evidence::Reorganised { fork_height, from, to: head.id, reverted });
    }

    fn opine(&self, id: ServerId, stand: Stand, said: Option<&Continuation>) {
        let (tip, work) = (said.map(|said| said.tip), said.map(|said| said.work));
        self.opinions.lock().set(id, Opinion { stand, tip, work, at: Some(self.now()) });
    }

    fn opine_tip(&self, id: ServerId, stand: Stand, claim: &Claim) {
        let tip = Some((claim.header().height, claim.id()));
        let (work, at): (_, Option<Timestamp>) = (Some(claim.work()), Some(self.now()));
        self.opinions.lock().set(id, Opinion { stand, tip, work, at });
    }

    /// Says anew of everybody who was heard how their tips stand to the chain as it is now.
    fn recount(&self) {
        let tail = self.tail.lock();
        let Some(tail) = tail.as_ref() else { return };
        let mut opinions = self.opinions.lock();
        for id in self.servers.ids() {
            let mut opinion = opinions.of(id);
            if let (Stand::Agrees | Stand::Behind { .. }, Some(tip)) = (opinion.stand, opinion.tip) {
                opinion.stand = stand_in(tail, tip);
                opinions.set(id, opinion);
            }
        }
    }
}

/// The height of the last header of a continuation.
fn end_of(said: &Continuation) -> Height {
    Height::new(said.fork.0.get().saturating_add(said.records.len() as u64))
}

/// How a tip stands to the chain, of which it was a block when it was heard.
fn stand_in(tail: &Tail, (height, id): (Height, Hash)) -> Stand {
    let end = tail.tip().header.height;
    match tail.header_at(height) {
        Some(kept) if kept.id == id && height == end => Stand::Agrees,
        Some(kept) if kept.id == id => Stand::Behind { blocks: end.saturating_since(height) },
        None if height < tail.oldest() => Stand::Behind { blocks: end.saturating_since(height) },
        Some(_) | None => Stand::Forked { fork_height: tail.oldest() },
    }
}
