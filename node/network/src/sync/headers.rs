//! Headers first: chains that claim more work than ours are read, proven, and only then handed to the node.
//!
//! One peer is asked at a time, the one that claims most; while it is slow another one is asked besides, and of several
//! that never come to an end one makes room for the next. What ends in a
//! single batch is handed over at once if it has more work than what is known. Longer chains are read twice, see
//! [`super::proof`]. A reading holds at most two batches and the commitments: with four readings at once that is less
//! than 4 MiB, however many headers come.

mod run;

use vibecoin_primitives::Height;

use super::profile::Profile;
use super::proof::Reading;
use super::sources::Sources;
use crate::endpoint::NodeId;
use crate::requests::Room;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{HeaderRecord, LOCATOR_MAX, RequestId, TipClaim};
use crate::world::{Found, Judgement, Query, Ticket};

use run::{End, Pass, Run, Seen, Wait, blame};

/// Peers that are asked at the same time at most.
const READINGS_MAX: usize = 4;
/// Time that a batch may take before the peer is left alone, if there is another, in ms.
const STALL_MS: u64 = 8_000;
/// Time for which a peer is left alone after it stalled, or when nobody could tell, in ms.
const PAUSE_MS: u64 = 20_000;
/// The same after its chain had no end in sight and others waited, in ms: each one more costs as long as it takes to see
/// that, and does not come back soon.
const ENDLESS_PAUSE_MS: u64 = 600_000;

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
        self.part_with_endless(turn, in_a_hurry);
        while self.runs.len() < READINGS_MAX && self.runs.iter().all(|run| run.is_slow(now_ms)) {
            let runs = &self.runs;
            let busy = |node: &NodeId| runs.iter().any(|run| run.node == *node);
            let Some(node) = self.sources.next(turn, in_a_hurry, busy) else { return };
            let Some(goal) = turn.peers.get(&node).map(|peer| peer.tip) else { return };
            let run = Run::new(turn, node, goal);
            self.runs.push(run);
        }
    }

    /// When nothing but endless chains is being read, the one that has shown least makes room for somebody else.
    fn part_with_endless(&mut self, turn: &Turn<'_>, in_a_hurry: bool) {
        let now_ms = turn.now.ms;
        if self.runs.len() < READINGS_MAX || !self.runs.iter().all(|run| run.is_endless(now_ms)) {
            return;
        }
        let runs = &self.runs;
        let busy = |node: &NodeId| runs.iter().any(|run| run.node == *node);
        if self.sources.next(turn, in_a_hurry, busy).is_none() {
            return;
        }
        let least = (0..runs.len()).min_by_key(|at| runs[*at].shown());
        if let Some(run) = least.map(|at| self.runs.remove(at)) {
            self.sources.pause(run.node, now_ms + ENDLESS_PAUSE_MS);
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
            (Wait::Start(_, headers), Found::Head(Some(head))) => {
                let (head, work) = *head;
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
        let Some((_, ids)) = place.and_then(|place| run.judging.remove(place)) else { return };
        let end = match judgement {
            Judgement::Headers { taken, broken } => {
                self.has_stored |= *taken > 0;
                if *taken == ids.len() {
                    self.sources.vouch(run.node, ids);
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
