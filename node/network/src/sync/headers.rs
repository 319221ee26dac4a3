//! Headers first: chains that claim more work than ours are read, proven, and only then handed to the node.
//!
//! One peer is asked at a time, the one that claims most; while it is slow another one is asked besides. What ends in a
//! single batch is handed over at once if it has more work than what is known. Longer chains are read twice, see
//! [`super::proof`]. A reading holds at most two batches and the commitments: with four readings at once that is less
//! than 4 MiB, however many headers come.

use std::collections::VecDeque;

use rand::RngExt;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Work};

use super::profile::Profile;
use super::proof::{Commitments, Flaw, Reading};
use super::sources::Sources;
use crate::endpoint::NodeId;
use crate::requests::Room;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{HEADERS_MAX, HeaderRecord, LOCATOR_MAX, Message, RequestId, TipClaim};
use crate::world::{Broken, Claim, Found, Judgement, Query, Ticket};

/// Peers that are asked at the same time at most.
const READINGS_MAX: usize = 4;
/// Time that a batch may take before another peer is asked besides, in ms.
const SLOW_MS: u64 = 2_000;
/// Time after which a reading that has shown little of the work it claims is not waited for, in ms.
const LONG_MS: u64 = 20_000;
/// Time that it may need for the rest, at its pace, in ms.
const REST_MS: u64 = 600_000;
/// Time that a batch may take before the peer is left alone, if there is another, in ms.
const STALL_MS: u64 = 8_000;
/// Time that a batch may take at all, in ms.
const PATIENCE_MS: u64 = 20_000;
/// Time for which a peer is left alone after it stalled, or when nobody could tell, in ms.
const PAUSE_MS: u64 = 20_000;
/// Batches that the node may be judging for one reading.
const JUDGING_MAX: usize = 2;
/// How often a chain may change while it is read.
const CHANGES_MAX: u8 = 3;
/// Headers by whose work a claim may be too high: a block that was shown may have lost against another.
const SLACK_HEADERS: u64 = 8;

/// What a reading waits for.
#[derive(Debug)]
enum Wait {
    /// The ids to begin with.
    Locator(Ticket),
    /// A batch.
    Batch(RequestId),
    /// The header that the first batch stands on.
    Start(Ticket, Vec<HeaderRecord>),
    /// Only for judgements.
    Judgement,
}

/// How far a chain is believed.
#[derive(Debug)]
enum Pass {
    /// Nothing is kept of it yet.
    Proving(Commitments),
    /// It is read again, and stored.
    Storing(Option<Commitments>),
}

/// A chain that is being read from a peer.
#[derive(Debug)]
struct Run {
    node: NodeId,
    wait: Wait,
    /// What the peer claimed when the reading began: so much is to be proven before anything is stored.
    goal: TipClaim,
    /// What it claimed when it was asked last: so much it must have.
    claim: TipClaim,
    locator: Vec<Hash>,
    /// Where the chain leaves what is known here, and how far it was read.
    chain: Option<(Reading, Reading)>,
    pass: Pass,
    /// Batches at the node, with their lengths and last ids.
    judging: VecDeque<(Ticket, usize, Hash)>,
    /// Whether the peer has nothing more.
    has_ended: bool,
    changes: u8,
    began_ms: u64,
    heard_ms: u64,
}

/// How a reading ended.
enum End {
    /// Read to its end.
    Done,
    /// The peer does not have the work that it claims.
    Short,
    /// The peer broke something.
    Fault(Fault),
    /// Nobody is to blame; later again.
    Later,
}

/// What headers have shown by the way.
#[derive(Debug, Default)]
struct Seen {
    /// The work of one header, as seen last.
    unit: Work,
    /// What the blocks under stored headers weigh.
    profile: Profile,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Headers {
    runs: Vec<Run>,
    sources: Sources,
    seen: Seen,
    /// Set when the node has taken headers; taken by whoever fetches their bodies.
    has_stored: bool,
}

impl Headers {
    pub(super) fn on_peer(&mut self, node: NodeId) {
        self.sources.on_peer(node);
    }

    pub(super) fn on_gone(&mut self, node: NodeId) {
        self.sources.on_gone(node);
        self.runs.retain(|run| run.node != node);
    }

    pub(super) fn on_behind(&mut self, node: NodeId) {
        self.sources.on_behind(node);
    }

    /// Whom to blame for a chain.
    pub(super) const fn sources(&mut self) -> &mut Sources {
        &mut self.sources
    }

    /// What the blocks under stored headers weigh.
    pub(super) const fn profile(&self) -> &Profile {
        &self.seen.profile
    }

    /// True once after the node has taken headers.
    pub(super) fn take_stored(&mut self) -> bool {
        std::mem::take(&mut self.has_stored)
    }

    /// Whether a chain is being read that needs more than one batch, and is worth waiting for.
    pub(super) fn is_busy(&self, now_ms: u64) -> bool {
        self.runs.iter().any(|run| run.chain.is_some() && !run.has_ended && !run.is_endless(now_ms))
    }

    /// How far the chain that was read furthest is: its start, its height, the height that is to be reached, and
    /// whether it is read the second time.
    pub(super) fn furthest(&self) -> Option<(Height, Height, Height, bool)> {
        let chains = self.runs.iter().filter_map(|run| {
            let (start, at) = run.chain.as_ref()?;
            let again = matches!(&run.pass, Pass::Storing(Some(_)));
            Some((start.height(), at.height(), run.goal.height.max(at.height()), again))
        });
        chains.max_by_key(|(_, at, _, again)| (*again, *at))
    }

    /// The greatest height that has been proven to have more work than the tip, stored or not.
    pub(super) fn proven(&self, turn: &Turn<'_>) -> Height {
        let (tip, best) = (turn.world.tip(), turn.world.best_header());
        let read = self.runs.iter().filter_map(|run| run.chain.as_ref());
        let proven = read.filter(|(_, at)| at.work > tip.work).map(|(_, at)| at.height());
        proven.chain([best.height, tip.height]).max().unwrap_or_default()
    }

    /// Bytes that the readings hold, within a few hundred of each.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        let of = |run: &Run| {
            let batch = match &run.wait {
                Wait::Start(_, headers) => headers.capacity() * HeaderRecord::BYTES,
                _ => 0,
            };
            let bits = match &run.pass {
                Pass::Proving(commitments) | Pass::Storing(Some(commitments)) => commitments.bytes(),
                Pass::Storing(None) => 0,
            };
            size_of::<Run>() + batch + bits + run.locator.capacity() * 32
        };
        self.runs.iter().map(of).sum()
    }

    /// Begins to read where somebody claims more than is known, and ends what has become pointless.
    pub(super) fn go_on(&mut self, turn: &mut Turn<'_>, in_a_hurry: bool) {
        let (now_ms, best) = (turn.now.ms, turn.world.best_header().work);
        // Another peer was faster.
        self.runs.retain(|run| !matches!(run.pass, Pass::Proving(_)) || !run.is_passed_by(best));
        self.part_with_stalled(turn);
        while self.runs.len() < READINGS_MAX && self.runs.iter().all(|run| run.is_slow(now_ms)) {
            let runs = &self.runs;
            let busy = |node: &NodeId| runs.iter().any(|run| run.node == *node);
            let Some(node) = self.sources.next(turn, in_a_hurry, busy) else { return };
            let Some(goal) = turn.peers.get(&node).map(|peer| peer.tip) else { return };
            let run = Run::new(turn, node, goal);
            self.runs.push(run);
        }
    }

    fn part_with_stalled(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ms;
        let Some(at) = self.runs.iter().position(|run| run.waits_since(now_ms) > STALL_MS) else { return };
        let runs = &self.runs;
        let busy = |node: &NodeId| runs.iter().any(|run| run.node == *node);
        if self.runs.len() > 1 || self.sources.next(turn, true, busy).is_some() {
            let run = self.runs.remove(at);
            self.sources.pause(run.node, now_ms + PAUSE_MS);
        }
    }

    /// A batch came.
    pub(super) fn on_batch(
        &mut self,
        turn: &mut Turn<'_>,
        node: NodeId,
        request: RequestId,
        headers: Vec<HeaderRecord>,
    ) {
        turn.requests.close(node, request);
        let waits = |run: &Run| matches!(run.wait, Wait::Batch(id) if id == request) && run.node == node;
        let Some(at) = self.runs.iter().position(waits) else { return };
        let run = &mut self.runs[at];
        run.heard_ms = turn.now.ms;
        let end = if run.chain.is_some() {
            run.take(turn, headers, &mut self.seen)
        } else {
            match headers.first().map(|first| first.content.parent_id) {
                None => run.end(turn, self.seen.unit),
                Some(start) if run.locator.contains(&start) => {
                    run.wait = Wait::Start(turn.look(Room::Sync, Query::Head(start)), headers);
                    None
                }
                Some(_) => Some(End::Fault(Fault::DisconnectedHeaders)),
            }
        };
        self.finish(turn, at, end);
    }

    /// No batch will come.
    pub(super) fn on_refused(&mut self, turn: &mut Turn<'_>, node: NodeId, request: RequestId) -> bool {
        let waits = |run: &Run| matches!(run.wait, Wait::Batch(id) if id == request) && run.node == node;
        let Some(at) = self.runs.iter().position(waits) else { return false };
        self.finish(turn, at, Some(End::Later));
        true
    }

    pub(super) fn on_found(&mut self, turn: &mut Turn<'_>, ticket: Ticket, found: Found) {
        let waits = |run: &Run| match &run.wait {
            Wait::Locator(open) | Wait::Start(open, _) => *open == ticket,
            Wait::Batch(_) | Wait::Judgement => false,
        };
        let Some(at) = self.runs.iter().position(waits) else { return };
        let run = &mut self.runs[at];
        let wait = std::mem::replace(&mut run.wait, Wait::Judgement);
        let end = match (wait, found) {
            (Wait::Locator(_), Found::Locator(mut ids)) => {
                ids.truncate(LOCATOR_MAX);
                run.locator = ids;
                run.ask(turn);
                None
            }
            (Wait::Start(_, headers), Found::Head(Some((head, work)))) => {
                let start = Reading::new(head, work);
                run.chain = Some((start, start));
                run.take(turn, headers, &mut self.seen)
            }
            _ => Some(End::Later),
        };
        self.finish(turn, at, end);
    }

    pub(super) fn on_judged(&mut self, turn: &mut Turn<'_>, ticket: Ticket, judgement: &Judgement) {
        let judged = |run: &Run| run.judging.iter().any(|(open, ..)| *open == ticket);
        let Some(at) = self.runs.iter().position(judged) else {
            // The reading ended before; the headers may be stored all the same.
            self.has_stored |= matches!(judgement, Judgement::Headers { taken, .. } if *taken > 0);
            return;
        };
        let run = &mut self.runs[at];
        let place = run.judging.iter().position(|(open, ..)| *open == ticket);
        let Some((_, length, last)) = place.and_then(|place| run.judging.remove(place)) else { return };
        let end = match judgement {
            Judgement::Headers { taken, broken } => {
                self.has_stored |= *taken > 0;
                if *taken == length {
                    self.sources.vouch(run.node, last);
                    run.go_on(turn, self.seen.unit)
                } else {
                    Some(broken.as_ref().map_or(End::Later, blame))
                }
            }
            _ => Some(End::Later),
        };
        self.finish(turn, at, end);
    }

    /// Ends a reading, if it has come to an end.
    fn finish(&mut self, turn: &mut Turn<'_>, at: usize, end: Option<End>) {
        let Some(end) = end else { return };
        let run = self.runs.remove(at);
        if let (Some((_, read)), Some(peer)) = (&run.chain, turn.peers.get_mut(&run.node))
            && read.work > peer.tip.work
        {
            peer.tip = TipClaim { id: read.id, height: read.height(), work: read.work };
        }
        match end {
            End::Done => self.sources.settle(run.node, run.claim.work),
            End::Short => {
                self.sources.settle(run.node, run.claim.work);
                turn.fault(run.node, Fault::FalseWork);
            }
            End::Fault(fault) => {
                self.sources.settle(run.node, run.claim.work);
                turn.fault(run.node, fault);
            }
            End::Later => self.sources.pause(run.node, turn.now.ms + PAUSE_MS),
        }
    }
}

fn blame(broken: &Broken) -> End {
    if broken.blames_sender {
        End::Fault(Fault::BrokenHeader { rule: broken.rule.clone() })
    } else {
        End::Later
    }
}

impl Run {
    fn new(turn: &mut Turn<'_>, node: NodeId, goal: TipClaim) -> Self {
        Self {
            node,
            wait: Wait::Locator(turn.look(Room::Sync, Query::Locator)),
            goal,
            claim: goal,
            locator: Vec::new(),
            chain: None,
            pass: Pass::Proving(Commitments::new((turn.rng.random(), turn.rng.random()))),
            judging: VecDeque::new(),
            has_ended: false,
            changes: 0,
            began_ms: turn.now.ms,
            heard_ms: turn.now.ms,
        }
    }

    const fn waits_since(&self, now_ms: u64) -> u64 {
        match self.wait {
            Wait::Batch(_) => now_ms.saturating_sub(self.heard_ms),
            Wait::Locator(_) | Wait::Start(..) | Wait::Judgement => 0,
        }
    }

    fn is_slow(&self, now_ms: u64) -> bool {
        self.waits_since(now_ms) > SLOW_MS || self.is_endless(now_ms)
    }

    /// True if it would take far too long to show the claimed work at this pace: others are asked besides, or whoever
    /// claims most could keep this node busy with headers that cost nothing.
    fn is_endless(&self, now_ms: u64) -> bool {
        let took_ms = now_ms.saturating_sub(self.began_ms);
        let shown = self.chain.as_ref().map_or(0, |(start, at)| at.work.get() - start.work.get());
        let at = self.chain.as_ref().map_or(0, |(_, at)| at.work.get());
        let left = self.goal.work.get().saturating_sub(at);
        matches!(self.pass, Pass::Proving(_))
            && took_ms > LONG_MS
            && left.saturating_mul(took_ms.into()) > shown.saturating_mul(REST_MS.into())
    }

    /// True if all that it could show is known by now.
    fn is_passed_by(&self, best: Work) -> bool {
        best >= self.goal.work && self.chain.as_ref().is_some_and(|(_, at)| best >= at.work)
    }

    /// Asks for the next batch.
    fn ask(&mut self, turn: &mut Turn<'_>) {
        let Some(peer) = turn.peers.get(&self.node) else { return };
        self.claim = peer.tip;
        let last = self.chain.as_ref().map(|(_, at)| at.id);
        let locator: Vec<Hash> =
            last.into_iter().chain(self.locator.iter().copied()).take(LOCATOR_MAX).collect();
        let limit = u32::try_from(HEADERS_MAX).unwrap_or(u32::MAX);
        self.heard_ms = turn.now.ms;
        self.wait = Wait::Batch(turn.request(Room::Sync, self.node, PATIENCE_MS, |request| {
            Message::GetHeaders { request, locator, limit }
        }));
    }

    /// Takes a batch in. Its first header should stand on what was read before.
    fn take(&mut self, turn: &mut Turn<'_>, mut headers: Vec<HeaderRecord>, seen: &mut Seen) -> Option<End> {
        self.wait = Wait::Judgement;
        self.has_ended = headers.len() < HEADERS_MAX;
        let (_, at) = self.chain.as_mut()?;
        if let Some(first) = headers.first()
            && first.content.parent_id != at.id
        {
            let is_other_branch = self.locator.contains(&first.content.parent_id);
            return if is_other_branch {
                self.change(turn)
            } else {
                Some(End::Fault(Fault::DisconnectedHeaders))
            };
        }
        let (mut fits, mut too_many) = (true, false);
        let (good, flaw) = at.advance(turn.world, &headers, |height, id| match &mut self.pass {
            Pass::Proving(commitments) => too_many |= !commitments.add(height, id),
            Pass::Storing(Some(commitments)) => fits &= commitments.is_right(height, id),
            Pass::Storing(None) => {}
        });
        if good > 0 {
            seen.unit = at.own_work;
        }
        match flaw {
            Some(Flaw::Disconnected) => return Some(End::Fault(Fault::DisconnectedHeaders)),
            Some(Flaw::Broken(broken)) if broken.blames_sender => return Some(blame(&broken)),
            // Up to here it is good, and what comes after is nobody's fault.
            Some(Flaw::Broken(_)) => {
                self.has_ended = true;
                self.claim.work = self.claim.work.min(at.work);
            }
            None => {}
        }
        if !fits {
            return self.change(turn);
        }
        if too_many {
            return Some(End::Later);
        }
        headers.truncate(good);
        if self.has_ended && matches!(self.pass, Pass::Proving(_)) {
            // Nothing is stored for somebody who lies, and nothing that is lighter than what is here.
            let has_more = self.chain.as_ref().is_some_and(|(_, at)| at.work > turn.world.best_header().work);
            let end = self.end(turn, seen.unit);
            if !has_more || matches!(end, Some(End::Short)) {
                return end;
            }
        }
        self.believe(turn, headers, &mut seen.profile);
        self.go_on(turn, seen.unit)
    }

    /// Sees whether enough is proven, and hands the batch over if so.
    fn believe(&mut self, turn: &mut Turn<'_>, headers: Vec<HeaderRecord>, profile: &mut Profile) {
        let Some((start, at)) = self.chain.as_mut() else { return };
        if let Pass::Proving(commitments) = &mut self.pass {
            let has_more = at.work > turn.world.best_header().work;
            if !self.has_ended && !(has_more && at.work >= self.goal.work) {
                return;
            }
            if at.height().saturating_since(start.height()) > headers.len() as u64 {
                // All of it again: what was read before this batch was not kept.
                commitments.rewind();
                let salt = commitments_taken(commitments);
                self.pass = Pass::Storing(Some(salt));
                *at = *start;
                self.has_ended = false;
                return;
            }
            self.pass = Pass::Storing(None);
        }
        if !headers.is_empty() {
            for record in &headers {
                profile.add(record.header.height.get(), record.content.tx_count);
            }
            let (length, last) = (headers.len(), at.id);
            let ticket = turn.judge(Room::Sync, self.node, Claim::Headers(headers));
            self.judging.push_back((ticket, length, last));
        }
    }

    /// Asks for more, waits for the node, or ends.
    fn go_on(&mut self, turn: &mut Turn<'_>, unit: Work) -> Option<End> {
        if matches!(self.wait, Wait::Batch(_)) {
            return None;
        }
        if !self.has_ended {
            if self.judging.len() < JUDGING_MAX {
                self.ask(turn);
            }
            return None;
        }
        if self.judging.is_empty() { self.end(turn, unit) } else { None }
    }

    /// The peer has nothing more. Did it keep its word?
    fn end(&self, turn: &Turn<'_>, unit: Work) -> Option<End> {
        let best = turn.world.best_header();
        let shown = self.chain.as_ref().map_or(Work::ZERO, |(_, at)| at.work).max(best.work);
        let average = best.work.get() / u128::from(best.height.get().max(1));
        let slack = match unit.get().max(average) {
            // Nothing tells what a header is worth here.
            0 if self.claim.height.get() <= SLACK_HEADERS => u128::MAX,
            unit => unit.saturating_mul(SLACK_HEADERS.into()),
        };
        let is_short = self.claim.work.get().saturating_sub(shown.get()) > slack;
        Some(if is_short { End::Short } else { End::Done })
    }

    /// The peer's chain is another one than when it was read before: it is read anew.
    fn change(&mut self, turn: &mut Turn<'_>) -> Option<End> {
        self.changes += 1;
        if self.changes > CHANGES_MAX {
            return Some(End::Fault(Fault::DisconnectedHeaders));
        }
        self.chain = None;
        self.has_ended = false;
        self.pass = Pass::Proving(Commitments::new((turn.rng.random(), turn.rng.random())));
        self.wait = Wait::Locator(turn.look(Room::Sync, Query::Locator));
        None
    }
}

fn commitments_taken(commitments: &mut Commitments) -> Commitments {
    std::mem::replace(commitments, Commitments::new((0, 0)))
}
