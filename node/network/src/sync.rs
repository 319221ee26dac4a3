//! Catching up: headers first, then bodies from many peers at once, or a recent state.
//!
//! `headers` reads the chains of peers that claim more work than ours, and hands over what is proven. `bodies`
//! fetches the blocks that the node then wants. With [`SyncMode::State`] and a chain that is far behind, `state`
//! fetches the state of a recent block before that, and the older blocks come in the background.
//!
//! Nothing is kept here that matters: the node says what it has and what it wants, so that whatever interrupts a
//! synchronisation, it goes on where it stood.
//!
//! Deliberately absent: the disk, the rules of consensus, and the choice between chains.

mod bodies;
mod headers;
mod pieces;
mod profile;
mod progress;
mod proof;
mod server;
mod sources;
mod stale;
mod state;
mod window;

#[cfg(test)]
mod tests;

use crate::config::{Config, SyncMode};
use crate::endpoint::NodeId;
use crate::requests::Open;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{Capabilities, Kind, Message, Refusal, RequestId};
use crate::world::{Broken, Found, Judgement, Ticket};

use bodies::{Bodies, Outcome, Scope};
use headers::Headers;
use progress::{Meter, Position};
pub use progress::{Phase, Progress};
use stale::Stale;
use state::StateRoom;

/// Blocks behind the best proven header from which on the node is catching up, and down to which it still is.
const BEHIND_BLOCKS: u64 = 4;
const CAUGHT_UP_BLOCKS: u64 = 1;
/// Time without a block that came after which nobody seems to have what is missing, in ms: a chain of headers whose
/// bodies are withheld must not keep this node from the news of the day.
const STUCK_MS: u64 = 4_000;
/// A peer that has stalled so often lately is of no use.
const STALLS_MAX: u32 = 4;

/// See the module.
#[derive(Debug)]
pub struct Sync {
    mode: SyncMode,
    headers: Headers,
    state: StateRoom,
    bodies: Bodies,
    history: Bodies,
    meter: Meter,
    stale: Stale,
    is_catching_up: bool,
    /// When catching up began, or last got further, in ms.
    moved_ms: u64,
    is_stuck: bool,
    /// Where the tip stood when catching up began.
    from: u64,
    /// The first block and the last one that came of the history, and the block whose state this node began with.
    history_at: Option<(u64, u64)>,
    state_height: u64,
}

impl Sync {
    /// A synchronisation that has not begun.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            mode: config.sync,
            headers: Headers::default(),
            state: StateRoom::default(),
            bodies: Bodies::new(Scope::CHAIN),
            history: Bodies::new(Scope::HISTORY),
            meter: Meter::default(),
            stale: Stale::default(),
            is_catching_up: false,
            moved_ms: 0,
            is_stuck: false,
            from: 0,
            history_at: None,
            state_height: 0,
        }
    }

    /// Both sides know each other: its tip may be ahead of ours.
    pub fn on_peer(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        self.headers.on_peer(node);
        self.go_on(turn);
    }

    /// A peer is gone, with the requests that were open there.
    pub fn on_gone(&mut self, turn: &mut Turn<'_>, node: NodeId, _open: &[(RequestId, Open)]) {
        self.headers.on_gone(node);
        self.state.on_gone(node);
        self.bodies.on_gone(node);
        self.history.on_gone(node);
        self.go_on(turn);
    }

    /// A peer has shown a header whose parent is not known here.
    pub fn on_behind(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        self.headers.on_behind(node);
        self.go_on(turn);
    }

    /// A message that answers an open request of this room. The room closes the request.
    pub fn on_answer(&mut self, turn: &mut Turn<'_>, node: NodeId, request: RequestId, message: Message) {
        match message {
            Message::Headers { headers, .. } => self.headers.on_batch(turn, node, request, headers),
            Message::Block { block, .. } => {
                if let Some(block) = self.bodies.on_block(turn, node, request, block)
                    && self.history.on_block(turn, node, request, block).is_some()
                {
                    turn.requests.close(node, request);
                }
            }
            Message::StateChunk { chunk, .. } => self.state.on_chunk(turn, node, request, chunk),
            Message::Refused { refusal, .. } => self.refused(turn, node, request, refusal),
            _ => {
                turn.requests.close(node, request);
            }
        }
        self.go_on(turn);
    }

    fn refused(&mut self, turn: &mut Turn<'_>, node: NodeId, request: RequestId, refusal: Refusal) {
        turn.requests.close(node, request);
        let bodies = self.bodies.on_refused(turn, node, request, refusal);
        let lacking = bodies.or_else(|| self.history.on_refused(turn, node, request, refusal));
        if let Some(block) = lacking {
            // It handed this block's header over as part of its own chain, and it serves blocks of that age.
            let has_all = turn.peers.get(&node).is_some_and(|peer| peer.serves(Capabilities::HISTORY));
            let should_be_there = has_all || self.bodies.is_recent(&block, turn.world.best_header().height);
            let is_its_own = self.headers.sources().has_vouched(node, &block);
            if refusal == Refusal::NotHere && should_be_there && is_its_own {
                turn.fault(node, Fault::Withheld(Kind::GetBlocks));
            }
        } else if !self.headers.on_refused(turn, node, request) {
            self.state.on_refused(turn, node, request, Some(refusal));
        }
    }

    /// A request of this room was not answered in time; it is closed already.
    pub fn on_overdue(&mut self, turn: &mut Turn<'_>, node: NodeId, request: RequestId, _open: Open) {
        let is_known = self.bodies.on_overdue(turn, node, request)
            || self.history.on_overdue(turn, node, request)
            || self.headers.on_refused(turn, node, request)
            || self.state.on_refused(turn, node, request, None);
        if is_known {
            self.go_on(turn);
        }
    }

    /// The node has judged.
    pub fn on_judged(&mut self, turn: &mut Turn<'_>, ticket: Ticket, judgement: Judgement) {
        if let Some(outcome) = self.bodies.on_judged(turn, ticket, &judgement) {
            if matches!(outcome, Outcome::Taken(_)) {
                self.moved_ms = turn.now.ms;
            }
            self.settle(turn, outcome);
        } else if let Some(outcome) = self.history.on_judged(turn, ticket, &judgement) {
            if let Outcome::Taken(height) = outcome {
                let (first, _) = *self.history_at.get_or_insert((height.get(), height.get()));
                self.history_at = Some((first, height.get()));
            }
            self.settle(turn, outcome);
        } else if !self.state.on_judged(turn, ticket, &judgement) {
            self.headers.on_judged(turn, ticket, &judgement);
        }
        if self.headers.take_stored() {
            self.bodies.on_news();
        }
        self.go_on(turn);
    }

    fn settle(&mut self, turn: &mut Turn<'_>, outcome: Outcome) {
        match outcome {
            Outcome::Settled | Outcome::Taken(_) => {}
            Outcome::Condemned(Broken { rule, .. }) => {
                for node in self.headers.sources().take_condemned(turn) {
                    turn.fault(node, Fault::InvalidChain { rule: rule.clone() });
                }
            }
        }
    }

    /// The node has looked.
    pub fn on_found(&mut self, turn: &mut Turn<'_>, ticket: Ticket, found: Found) {
        match found {
            Found::Wanted(wanted) => {
                if !self.bodies.on_wanted(turn, ticket, Some(&wanted)) {
                    self.history.on_wanted(turn, ticket, Some(&wanted));
                }
            }
            Found::StatePlan(plan) => {
                self.state_height = plan.as_ref().map_or(self.state_height, |plan| plan.height.get());
                let was_active = self.state.is_active();
                self.state.on_plan(ticket, plan);
                if was_active && !self.state.is_active() {
                    self.bodies.on_news();
                    self.history.on_news();
                }
            }
            Found::Nothing => {
                let is_known = self.bodies.on_wanted(turn, ticket, None)
                    || self.history.on_wanted(turn, ticket, None)
                    || self.state.on_plan(ticket, None);
                if !is_known {
                    self.headers.on_found(turn, ticket, Found::Nothing);
                }
            }
            found => self.headers.on_found(turn, ticket, found),
        }
        self.go_on(turn);
    }

    /// The active tip has moved.
    pub fn on_moved(&mut self, turn: &mut Turn<'_>) {
        self.go_on(turn);
    }

    /// Time passes.
    pub fn on_tick(&mut self, turn: &mut Turn<'_>) {
        self.bodies.on_tick(turn);
        self.history.on_tick(turn);
        self.go_on(turn);
        let stalled: Vec<_> = self.bodies.stalled(STALLS_MAX).collect();
        self.stale.on_tick(turn, &stalled);
        let position = self.position(turn);
        self.meter.measure(turn.now.ms, position, self.headers.profile());
    }

    /// Does what can be done now.
    fn go_on(&mut self, turn: &mut Turn<'_>) {
        self.headers.go_on(turn, self.is_catching_up);
        let (tip, best) = (turn.world.tip(), turn.world.best_header());
        let behind = self.headers.proven(turn).saturating_since(tip.height);
        let least = if self.is_catching_up { CAUGHT_UP_BLOCKS } else { BEHIND_BLOCKS };
        if behind > least && !self.is_catching_up {
            self.from = tip.height.get();
            self.moved_ms = turn.now.ms;
        }
        self.is_catching_up = behind > least;
        if self.state.is_active() || self.headers.is_busy(turn.now.ms) {
            self.moved_ms = turn.now.ms;
        }
        self.is_stuck = turn.now.ms.saturating_sub(self.moved_ms) > STUCK_MS;
        if self.mode == SyncMode::State && !self.headers.is_busy(turn.now.ms) {
            self.state.go_on(turn, best.height.saturating_since(tip.height));
        }
        if self.state.is_active() || (self.mode == SyncMode::State && self.headers.is_busy(turn.now.ms)) {
            return;
        }
        self.bodies.go_on(turn, best.id != tip.id);
        if self.mode == SyncMode::State && !self.is_catching_up {
            self.history.go_on(turn, false);
        }
    }

    fn position(&self, turn: &Turn<'_>) -> Position {
        let tip = turn.world.tip().height.get();
        let plain =
            |phase, from, at, target| Position { phase, from, at, target, done_before: 0, left_after: 0 };
        if let Some(millionths) = self.state.millionths() {
            return plain(Phase::State, 0, millionths, 1_000_000);
        }
        if let Some((start, at, goal, again)) =
            self.headers.furthest().filter(|_| self.headers.is_busy(turn.now.ms))
        {
            let (from, at, target) = (start.get(), at.get(), goal.get());
            let way = target - from;
            let (done_before, left_after) = if again { (way, 0) } else { (0, way) };
            return Position { phase: Phase::Headers, from, at, target, done_before, left_after };
        }
        if self.is_catching_up {
            return plain(Phase::Blocks, self.from, tip, self.headers.proven(turn).get());
        }
        match self.history_at.filter(|_| self.history.is_busy()) {
            Some((first, at)) => plain(Phase::History, first, at, self.state_height.max(at)),
            None => plain(Phase::Idle, tip, tip, tip),
        }
    }

    /// True while the chain is far behind what peers have proven, and comes nearer. A node without peers, or whose peers
    /// have shown nothing, is not.
    #[must_use]
    pub const fn is_catching_up(&self) -> bool {
        self.is_catching_up && !self.is_stuck
    }

    /// How far it is.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        self.meter.progress()
    }

    /// Whom blocks were fetched from, each with its rate in bytes per s and whether it is left alone for having stalled.
    pub fn servers(&self, now_ms: u64) -> impl Iterator<Item = (NodeId, u64, bool)> {
        self.bodies.servers(now_ms)
    }

    /// Outbound peers whose place somebody else would fill better.
    #[must_use]
    pub fn stale_peers(&self) -> &[NodeId] {
        self.stale.peers()
    }

    /// Bytes that the reading of headers holds.
    #[cfg(test)]
    pub(crate) fn headers_bytes(&self) -> usize {
        self.headers.held_bytes()
    }

    /// Blocks in the window, bytes of blocks that wait here, and blocks at the node: all of them bounded.
    #[must_use]
    pub fn window(&self) -> (usize, usize, usize) {
        self.bodies.sizes()
    }
}
