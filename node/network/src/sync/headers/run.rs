//! One chain that is read from one peer.

use std::collections::VecDeque;

use rand::RngExt;
use vibecoin_crypto::Hash;
use vibecoin_primitives::Work;

use super::super::profile::Profile;
use super::super::proof::{Commitments, Flaw, Reading};
use crate::endpoint::NodeId;
use crate::requests::Room;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{HEADERS_MAX, HeaderRecord, LOCATOR_MAX, Message, RequestId, TipClaim};
use crate::world::{Broken, Claim, Query, Ticket};

/// Time that a batch may take at all, in ms.
const PATIENCE_MS: u64 = 20_000;
/// Batches that the node may be judging for one reading.
const JUDGING_MAX: usize = 2;
/// How often a chain may change while it is read.
const CHANGES_MAX: u8 = 3;
/// Headers by whose work a claim may be too high: a block that was shown may have lost against another.
const SLACK_HEADERS: u64 = 8;
/// Time that a batch may take before another peer is asked besides, in ms.
const SLOW_MS: u64 = 2_000;

/// Time after which a reading that has shown little of the work it claims is not waited for, in ms.
const LONG_MS: u64 = 20_000;
/// Time that it may need for the rest, at its pace, in ms.
const REST_MS: u64 = 600_000;

/// What a reading waits for.
#[derive(Debug)]
pub(in super::super) enum Wait {
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
pub(in super::super) enum Pass {
    /// Nothing is kept of it yet.
    Proving(Commitments),
    /// It is read again, and stored.
    Storing(Option<Commitments>),
}

/// A chain that is being read from a peer.
#[derive(Debug)]
pub(in super::super) struct Run {
    pub(in super::super) node: NodeId,
    pub(in super::super) wait: Wait,
    /// What the peer claimed when the reading began: so much is to be proven before anything is stored.
    pub(in super::super) goal: TipClaim,
    /// What it claimed when it was asked last: so much it must have.
    pub(in super::super) claim: TipClaim,
    pub(in super::super) locator: Vec<Hash>,
    /// Where the chain leaves what is known here, and how far it was read.
    pub(in super::super) chain: Option<(Reading, Reading)>,
    pub(in super::super) pass: Pass,
    /// Batches at the node, by their ids.
    pub(in super::super) judging: VecDeque<(Ticket, Vec<Hash>)>,
    /// Whether the peer has nothing more.
    pub(in super::super) has_ended: bool,
    pub(in super::super) changes: u8,
    pub(in super::super) began_ms: u64,
    pub(in super::super) heard_ms: u64,
}

/// How a reading ended.
pub(in super::super) enum End {
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
pub(in super::super) struct Seen {
    /// The work of one header, as seen last.
    pub(in super::super) unit: Work,
    /// What the blocks under stored headers weigh.
    pub(in super::super) profile: Profile,
}

pub(super) fn blame(broken: &Broken) -> End {
    if broken.blames_sender {
        End::Fault(Fault::BrokenHeader { rule: broken.rule.clone() })
    } else {
        End::Later
    }
}

impl Run {
    pub(in super::super) fn new(turn: &mut Turn<'_>, node: NodeId, goal: TipClaim) -> Self {
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

    pub(in super::super) const fn waits_since(&self, now_ms: u64) -> u64 {
        match self.wait {
            Wait::Batch(_) => now_ms.saturating_sub(self.heard_ms),
            Wait::Locator(_) | Wait::Start(..) | Wait::Judgement => 0,
        }
    }

    pub(in super::super) fn is_slow(&self, now_ms: u64) -> bool {
        self.waits_since(now_ms) > SLOW_MS || self.is_endless(now_ms)
    }

    /// True if it would take far too long to show the claimed work at this pace: others are asked besides, or whoever
    /// claims most could keep this node busy with headers that cost nothing.
    pub(in super::super) fn is_endless(&self, now_ms: u64) -> bool {
        let took_ms = now_ms.saturating_sub(self.began_ms);
        let shown = self.shown();
        let at = self.chain.as_ref().map_or(0, |(_, at)| at.work.get());
        let left = self.goal.work.get().saturating_sub(at);
        matches!(self.pass, Pass::Proving(_))
            && took_ms > LONG_MS
            && left.saturating_mul(took_ms.into()) > shown.saturating_mul(REST_MS.into())
    }

    /// The work that it has shown so far.
    pub(in super::super) fn shown(&self) -> u128 {
        self.chain.as_ref().map_or(0, |(start, at)| at.work.get() - start.work.get())
    }

    /// True if all that it could show is known by now.
    pub(in super::super) fn is_passed_by(&self, best: Work) -> bool {
        best >= self.goal.work && self.chain.as_ref().is_some_and(|(_, at)| best >= at.work)
    }

    /// Asks for the next batch.
    pub(in super::super) fn ask(&mut self, turn: &mut Turn<'_>) {
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
    pub(in super::super) fn take(
        &mut self,
        turn: &mut Turn<'_>,
        mut headers: Vec<HeaderRecord>,
        seen: &mut Seen,
    ) -> Option<End> {
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
    pub(in super::super) fn believe(
        &mut self,
        turn: &mut Turn<'_>,
        headers: Vec<HeaderRecord>,
        profile: &mut Profile,
    ) {
        let Some((start, at)) = self.chain.as_mut() else { return };
        if let Pass::Proving(commitments) = &mut self.pass {
            let has_more = at.work > turn.world.best_header().work;
            let is_proven = self.has_ended || (has_more && at.work >= self.goal.work);
            if !is_proven {
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
            let ids = headers.iter().map(HeaderRecord::id).collect();
            let ticket = turn.judge(Room::Sync, self.node, Claim::Headers(headers));
            self.judging.push_back((ticket, ids));
        }
    }

    /// Asks for more, waits for the node, or ends.
    pub(in super::super) fn go_on(&mut self, turn: &mut Turn<'_>, unit: Work) -> Option<End> {
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
    pub(in super::super) fn end(&self, turn: &Turn<'_>, unit: Work) -> Option<End> {
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
    pub(in super::super) fn change(&mut self, turn: &mut Turn<'_>) -> Option<End> {
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
