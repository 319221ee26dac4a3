//! New blocks: who has one, whom to ask for it, and how it is passed on before it has been executed.
//!
//! ```text
//!   Tip ──► GetCompact ──► Compact ──► pool ──► GetBlockTransactions ──► whole ──► passed on ──► judged ──► Tip
//!                             ▲                                            ▲
//!   pushed unasked ───────────┘             GetBlocks ─────────────────────┘
//! ```
//!
//! A block goes on to peers that asked for it once its header is judged on the tip, work and history included, and its
//! transactions and ticks are the committed ones. What its execution shows, nobody knows yet; so whoever pushes vouches
//! for nothing and is at worst asked to push no more. A [`Message::Tip`] is sent after execution, and vouches.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::Block;

use super::segments::{self, Segments};
use crate::endpoint::NodeId;
use crate::peers::Direction;
use crate::requests::Room;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{CompactBlock, HeaderRecord, Kind, Message, RequestId};
use crate::world::{Claim, Found, Judgement, Ticket};

mod fetch;
mod form;
mod news;
mod offers;
mod pushers;
mod standing;
mod verdict;

#[cfg(test)]
pub(super) use form::compact;

use fetch::{Asked, Fetch};
use news::Later;
use offers::Offers;
use pushers::{Choice, Pushers};
use standing::Standing;

/// A pause between two ticks that shows that this node itself stood still, in ms.
const STANDSTILL_MS: u64 = 2_000;

/// Headers that are remembered.
const HEADS_MAX: usize = 64;

/// Why the node was asked for something.
#[derive(Debug)]
enum Look {
    /// To put a compact block together.
    Pool(Hash, NodeId, Arc<CompactBlock>),
    /// To push the tip.
    Tip(Hash),
}

/// See the module.
#[derive(Debug, Default)]
pub struct Blocks {
    standings: BTreeMap<NodeId, Standing>,
    pushers: Pushers,
    segments: Segments,
    fetches: BTreeMap<Hash, Fetch>,
    offers: Offers,
    /// Headers of blocks that are here, active or not, the oldest first: a branch that grows is fetched like the tip.
    heads: VecDeque<(Hash, HeaderRecord)>,
    /// Compact blocks that were asked for, with the end of patience in ms.
    asked_compact: BTreeMap<(NodeId, Hash), u64>,
    requests: BTreeMap<(NodeId, RequestId), Asked>,
    looks: BTreeMap<Ticket, Look>,
    /// Blocks that the node judges, and who delivered each.
    judging: BTreeMap<Ticket, (Hash, NodeId)>,
    later: Vec<Later>,
    /// The tip that peers were told of last.
    told: Option<Hash>,
    ticked_ms: u64,
}

impl Blocks {
    /// A new peer. The first that this node chose are asked to push.
    pub fn on_peer(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        let Some(peer) = turn.peers.get(&node) else { return };
        // Both have told their tips in the handshake.
        let tip = turn.world.tip().id;
        let mut standing = Standing::new(turn.now.ms, tip);
        standing.has.insert(peer.tip.id);
        standing.has.insert(tip);
        let outbound = peer.link.direction == Direction::Outbound;
        self.standings.insert(node, standing);
        if outbound && self.pushers.has_room() {
            self.prefer(turn, node);
        }
    }

    /// A peer is gone: others are asked.
    pub fn on_gone(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        self.standings.remove(&node);
        self.pushers.remove(node);
        self.asked_compact.retain(|(asked, _), _| *asked != node);
        self.later.retain(|later| later.node != node);
        let of_peer = |(asked, _): &(NodeId, RequestId)| *asked == node;
        let keys: Vec<_> = self.requests.keys().copied().filter(of_peer).collect();
        for key in keys {
            self.requests.remove(&key);
        }
        let ids: Vec<Hash> = self.fetches.keys().copied().collect();
        for id in ids {
            if self.fetches.get_mut(&id).is_some_and(|fetch| fetch.lose(node)) {
                self.ask_next(turn, id);
            }
        }
    }

    /// A peer was first with a block: it is to push the next ones.
    fn prefer(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        let Some(peer) = turn.peers.get(&node).filter(|peer| peer.is_ready()) else { return };
        let Choice::Starts(stops) = self.pushers.prefer(node, peer.link.direction) else { return };
        self.tell_to_push(turn, node, true);
        if let Some(stops) = stops {
            self.tell_to_push(turn, stops, false);
        }
    }

    /// A peer pushed a block that proved invalid. It could not know; but it pushes no more.
    fn mute(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        if self.pushers.remove(node) {
            self.tell_to_push(turn, node, false);
        }
    }

    fn tell_to_push(&mut self, turn: &mut Turn<'_>, node: NodeId, push: bool) {
        if let Some(standing) = self.standings.get_mut(&node) {
            standing.told_to_push(push, turn.now.ms);
            turn.send(node, Message::PushCompact(push));
        }
    }

    /// A peer says whether it wants blocks pushed.
    pub fn on_push(&mut self, node: NodeId, push: bool) {
        if let Some(standing) = self.standings.get_mut(&node) {
            standing.wants_push = push;
        }
    }

    /// A peer sends a segment.
    pub fn on_segment(&mut self, turn: &mut Turn<'_>, node: NodeId, parent: Hash, ticks: Arc<[Hash]>) {
        let Some(standing) = self.standings.get_mut(&node) else { return };
        if !standing.says(Kind::Segment, parent) {
            turn.fault(node, Fault::Repeated(Kind::Segment));
            return;
        }
        standing.segments.insert(parent);
        let tip = turn.world.tip().id;
        let expected = self.fetches.get(&parent).is_some_and(|fetch| fetch.head.content.parent_id == tip);
        self.segments.on_segment(turn, node, parent, ticks, expected);
    }

    /// This node has made a segment, or has found one right: everybody who does not have it gets it, once.
    pub fn share_segment(&mut self, turn: &mut Turn<'_>, parent: Hash, ticks: &Arc<[Hash]>) {
        if parent != turn.world.tip().id || turn.catching_up {
            return;
        }
        for (node, standing) in &mut self.standings {
            if standing.segments.insert(parent) {
                turn.send(*node, segments::message(parent, ticks));
            }
        }
    }

    /// The node has judged. False if another part of the relay asked.
    pub fn on_judged(&mut self, turn: &mut Turn<'_>, ticket: Ticket, judgement: Judgement) -> bool {
        if self.segments.asked(ticket) {
            let verdict = if let Judgement::Segment(verdict) = judgement { Some(verdict) } else { None };
            if let Some((parent, ticks)) = self.segments.on_judged(turn, ticket, verdict) {
                self.share_segment(turn, parent, &ticks);
            }
            return true;
        }
        let Some((id, node)) = self.judging.remove(&ticket) else { return false };
        self.on_verdict(turn, id, node, judgement);
        true
    }

    /// The node has looked.
    pub fn on_found(&mut self, turn: &mut Turn<'_>, ticket: Ticket, found: Found) {
        match (self.looks.remove(&ticket), found) {
            (Some(Look::Pool(id, node, compact)), Found::ShortIds(pool)) => {
                self.on_pool(turn, id, node, compact, pool);
            }
            (Some(Look::Pool(id, ..)), _) => self.want_whole(turn, id),
            (Some(Look::Tip(id)), Found::WholeBlock(Some(block))) if id == turn.world.tip().id => {
                self.push(turn, &block, &[]);
            }
            (Some(Look::Tip(_)) | None, _) => {}
        }
    }

    /// The active tip has moved.
    pub fn on_moved(&mut self, turn: &mut Turn<'_>) {
        self.remember(turn.world.tip_header());
        self.announce(turn);
        self.segments.on_moved(turn);
    }

    /// A peer asks for a part of a block that this node has passed on and not yet stored. True if it was answered.
    pub fn serve(&mut self, turn: &mut Turn<'_>, node: NodeId, message: &Message) -> bool {
        self.offers.serve(turn, node, message)
    }

    /// Time passes.
    pub fn on_tick(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ms;
        let pause_ms = now_ms.saturating_sub(std::mem::replace(&mut self.ticked_ms, now_ms));
        if pause_ms > STANDSTILL_MS {
            // Whoever seems late may have answered long ago.
            self.asked_compact.values_mut().for_each(|deadline_ms| *deadline_ms += pause_ms);
            self.fetches.values_mut().for_each(|fetch| fetch.postpone(pause_ms));
        }
        for (node, asked_ms) in self.overdue_compacts(turn) {
            turn.unanswered(node, Kind::GetCompact, asked_ms);
        }
        let late = self.fetches.iter().filter(|(_, fetch)| fetch.is_late(now_ms));
        for id in late.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.ask_next(turn, id);
        }
        self.hear_again(turn);
        self.announce(turn);
        self.remind(turn);
        self.segments.go_on(turn);
    }

    /// A block is here.
    fn remember(&mut self, head: HeaderRecord) {
        let id = head.id();
        if self.heads.iter().any(|(known, _)| *known == id) {
            return;
        }
        if self.heads.len() == HEADS_MAX {
            self.heads.pop_front();
        }
        self.heads.push_back((id, head));
    }

    /// The block passes for good: nothing is known against it. It is judged, and passed on if it stands on the tip.
    fn accept(&mut self, turn: &mut Turn<'_>, id: Hash, node: NodeId, block: Block, missed: &[u32]) {
        let Some(fetch) = self.fetches.get_mut(&id) else { return };
        fetch.judge();
        let block = Arc::new(block);
        if fetch.early {
            self.offers.insert(id, &block, missed);
            self.push(turn, &block, missed);
        }
        let claim = Claim::Assembled(block);
        let ticket = turn.judge(Room::Relay, node, claim);
        self.judging.insert(ticket, (id, node));
    }
}
