//! Bodies from many peers at once: a window over the blocks that the node wants, shared by all who serve them.
//!
//! The window moves with what the node takes. Every peer has so many blocks to bring as it brings in a second or two;
//! what a peer leaves lying is asked of others at once, long before its time is over. Blocks go to the node in the
//! order of their heights, a bounded number at a time.

mod asking;

use std::collections::BTreeMap;

use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;

use super::server::{Ask, Server};
use super::window::{Place, Window};
use crate::endpoint::NodeId;
use crate::requests::Room;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{BLOCKS_MAX, Kind, RawBlock, Refusal, RequestId};
use crate::world::{BlockFate, Broken, Claim, Judgement, Query, Ticket};

/// Bytes of blocks that the node may be judging, besides the last one.
const JUDGING_BYTES_MAX: usize = 8 << 20;
/// Time between two looks for what is wanted while nothing is known to be, in ms.
const LOOK_PAUSE_MS: u64 = 1_000;
/// For how long a block is left alone that waits for its time or that nobody is to blame for, in ms.
const REST_MS: u64 = 10_000;
/// The same for one whose body is not wanted.
const UNWANTED_REST_MS: u64 = 60_000;
/// For how long nothing is asked for when the node cannot judge, in ms.
const UNDECIDED_PAUSE_MS: u64 = 1_000;
/// Time after which those who did not have a block may be asked again, in ms.
const FORGET_MS: u64 = 5_000;
/// A block's length before any has come, in bytes.
const GUESSED_BLOCK_BYTES: u64 = 16 << 10;

/// Which blocks are fetched, and how many at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    /// Blocks below the state that this node began with.
    pub(super) is_history: bool,
    /// Blocks from the first one that the node has not taken.
    pub(super) blocks_max: usize,
    /// Bytes that are here or were asked for.
    pub(super) bytes_max: usize,
    /// Blocks that the node may be judging.
    pub(super) judging_max: usize,
    /// Blocks asked of one peer at once.
    pub(super) ask_max: usize,
}

impl Scope {
    /// On the way to the best header.
    pub(super) const CHAIN: Self = Self {
        is_history: false,
        blocks_max: 1_024,
        bytes_max: 32 << 20,
        judging_max: 64,
        ask_max: BLOCKS_MAX,
    };
    /// In the background.
    pub(super) const HISTORY: Self =
        Self { is_history: true, blocks_max: 128, bytes_max: 4 << 20, judging_max: 8, ask_max: 16 };

    const fn query(self) -> Query {
        let limit = self.blocks_max;
        if self.is_history { Query::WantedHistory { limit } } else { Query::Wanted { limit } }
    }
}

/// What a judgement means beyond the block itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing.
    Settled,
    /// The node has it.
    Taken(Height),
    /// No body can make it valid.
    Condemned(Broken),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Bodies {
    scope: Scope,
    window: Window,
    asks: BTreeMap<(NodeId, RequestId), Ask>,
    servers: BTreeMap<NodeId, Server>,
    judging: BTreeMap<Ticket, (Hash, usize)>,
    judging_bytes: usize,
    looking: Option<Ticket>,
    looked_ms: Option<u64>,
    /// The window holds everything that is wanted.
    has_all: bool,
    /// There may be more since the node began to look.
    has_news: bool,
    held_until_ms: u64,
    forgot_ms: u64,
    ticked_ms: u64,
    /// Length of a block, on average.
    block_bytes: u64,
}

impl Bodies {
    pub(super) fn new(scope: Scope) -> Self {
        Self {
            scope,
            window: Window::default(),
            asks: BTreeMap::new(),
            servers: BTreeMap::new(),
            judging: BTreeMap::new(),
            judging_bytes: 0,
            looking: None,
            looked_ms: None,
            has_all: false,
            has_news: false,
            held_until_ms: 0,
            forgot_ms: 0,
            ticked_ms: 0,
            block_bytes: GUESSED_BLOCK_BYTES,
        }
    }

    /// The node may want others than before.
    pub(super) const fn on_news(&mut self) {
        self.has_all = false;
        self.has_news = true;
    }

    /// Whether everybody on this chain keeps a block's body, however little of the history they serve.
    pub(super) fn is_recent(&self, block: &Hash, best: Height) -> bool {
        let slot = self.window.iter().find(|slot| slot.id == *block);
        slot.is_some_and(|slot| best.saturating_since(slot.height) < asking::RECENT)
    }

    /// True if blocks are on their way.
    pub(super) fn is_busy(&self) -> bool {
        self.window.len() > 0
    }

    /// Whom bodies were fetched from, with their rates in bytes per s, and whether they are paused.
    pub(super) fn servers(&self, now_ms: u64) -> impl Iterator<Item = (NodeId, u64, bool)> {
        self.servers.iter().map(move |(node, server)| (*node, server.rate(), server.is_paused(now_ms)))
    }

    /// Peers that have stalled again and again.
    pub(super) fn stalled(&self, often: u32) -> impl Iterator<Item = NodeId> {
        self.servers.iter().filter(move |(_, server)| server.stalls() >= often).map(|(node, _)| *node)
    }

    /// Blocks in the window, bytes that wait here, and blocks at the node.
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        (self.window.len(), self.window.here_bytes(), self.judging.len())
    }

    pub(super) fn on_gone(&mut self, node: NodeId) {
        let open: Vec<_> = self.asks.keys().filter(|(of, _)| *of == node).copied().collect();
        for key in open {
            if let Some(ask) = self.asks.remove(&key) {
                self.window.give_back(node, &ask.ids);
            }
        }
        self.servers.remove(&node);
    }

    /// One block of an answer. False if the request is none of this room's.
    pub(super) fn on_block(
        &mut self,
        turn: &mut Turn<'_>,
        node: NodeId,
        request: RequestId,
        block: RawBlock,
    ) -> Option<RawBlock> {
        let now_ms = turn.now.ms;
        let Some(ask) = self.asks.get_mut(&(node, request)) else { return Some(block) };
        let id = block.id();
        if ask.ids.front() != Some(&id) {
            turn.fault(node, Fault::WrongAnswer(Kind::GetBlocks));
            self.end(turn, node, request);
            return None;
        }
        ask.ids.pop_front();
        let bytes = block.bytes().len();
        ask.add(bytes);
        self.block_bytes = (self.block_bytes * 15 + bytes as u64) / 16;
        let server = self.servers.entry(node).or_default();
        server.hear(now_ms);
        if ask.ids.is_empty() {
            server.on_done(ask, now_ms, self.block_bytes, self.scope.ask_max);
            turn.requests.close(node, request);
            self.asks.remove(&(node, request));
        } else {
            turn.requests.extend(node, request, now_ms + asking::patience_ms(self.block_bytes));
        }
        let place = self.window.find(&id).map(|slot| &slot.place);
        if matches!(place, Some(Place::Missing | Place::Asked { .. })) {
            let parent = block.head().content.parent_id;
            self.window.put(&id, Place::Here { from: node, parent, block });
        }
        None
    }

    /// A request will not be answered further. Names the block that the peer does not have, or nothing if the request is
    /// none of this room's.
    pub(super) fn on_refused(
        &mut self,
        turn: &mut Turn<'_>,
        node: NodeId,
        request: RequestId,
        refusal: Refusal,
    ) -> Option<Hash> {
        let lacking = *self.asks.get(&(node, request))?.ids.front()?;
        self.end(turn, node, request);
        if refusal == Refusal::NotHere {
            self.window.set_tried(&lacking, node);
        }
        self.servers.entry(node).or_default().on_refused(turn.now.ms);
        Some(lacking)
    }

    /// A request was not answered in time. False if it is none of this room's.
    pub(super) fn on_overdue(&mut self, turn: &mut Turn<'_>, node: NodeId, request: RequestId) -> bool {
        let Some(ask) = self.asks.get(&(node, request)) else { return false };
        if !ask.is_given_up {
            self.servers.entry(node).or_default().on_stall(turn.now.ms);
        }
        self.end(turn, node, request);
        true
    }

    /// Ends a request; what it was to bring is missing again.
    fn end(&mut self, turn: &mut Turn<'_>, node: NodeId, request: RequestId) {
        turn.requests.close(node, request);
        if let Some(ask) = self.asks.remove(&(node, request)) {
            self.window.give_back(node, &ask.ids);
        }
    }

    /// The node says what it wants. False if it was not asked for this here.
    pub(super) fn on_wanted(
        &mut self,
        turn: &Turn<'_>,
        ticket: Ticket,
        wanted: Option<&[(Hash, Height)]>,
    ) -> bool {
        if self.looking != Some(ticket) {
            return false;
        }
        self.looking = None;
        if let Some(wanted) = wanted {
            self.has_all = wanted.len() < self.scope.blocks_max && !self.has_news;
            self.window.arrange(wanted, turn.now.ms);
        }
        true
    }

    /// The node has judged a block. `None` if it is none of this room's.
    pub(super) fn on_judged(
        &mut self,
        turn: &mut Turn<'_>,
        ticket: Ticket,
        judgement: &Judgement,
    ) -> Option<Outcome> {
        let (id, bytes) = self.judging.remove(&ticket)?;
        self.judging_bytes -= bytes;
        let now_ms = turn.now.ms;
        let slot = self.window.find(&id)?;
        let (height, place) = (slot.height, &slot.place);
        let Place::Judging { from } = *place else { return Some(Outcome::Settled) };
        Some(match judgement {
            Judgement::Block { fate: BlockFate::Taken, .. } => {
                self.window.remove(&id, None);
                if let Some(peer) = turn.peers.get_mut(&from) {
                    peer.useful_block_ms = now_ms;
                }
                Outcome::Taken(height)
            }
            Judgement::Block { fate: BlockFate::Waiting, .. } => {
                self.window.remove(&id, Some(now_ms + REST_MS));
                Outcome::Settled
            }
            Judgement::Block { fate: BlockFate::Unwanted, .. } => {
                self.window.remove(&id, Some(now_ms + UNWANTED_REST_MS));
                Outcome::Settled
            }
            Judgement::Block { fate: BlockFate::Broken(broken), .. } if broken.condemns_block => {
                self.window.remove(&id, Some(now_ms + UNWANTED_REST_MS));
                self.on_news();
                Outcome::Condemned(broken.clone())
            }
            Judgement::Block { fate: BlockFate::Broken(broken), .. } if broken.blames_sender => {
                turn.fault(from, Fault::BrokenBlock { rule: broken.rule.clone() });
                self.window.put(&id, Place::Missing);
                self.window.set_tried(&id, from);
                Outcome::Settled
            }
            Judgement::Block { fate: BlockFate::Broken(_), .. } => {
                self.window.remove(&id, Some(now_ms + REST_MS));
                Outcome::Settled
            }
            _ => {
                self.window.put(&id, Place::Missing);
                self.held_until_ms = now_ms + UNDECIDED_PAUSE_MS;
                Outcome::Settled
            }
        })
    }

    /// Does what can be done now. `is_ahead` says that there must be something to fetch.
    pub(super) fn go_on(&mut self, turn: &mut Turn<'_>, is_ahead: bool) {
        if turn.now.ms < self.held_until_ms {
            return;
        }
        self.look(turn, is_ahead);
        self.judge(turn);
        self.ask(turn);
    }

    fn look(&mut self, turn: &mut Turn<'_>, is_ahead: bool) {
        let now_ms = turn.now.ms;
        let is_low = self.window.len() <= self.scope.blocks_max / 2;
        let has_waited = self.looked_ms.is_none_or(|ms| now_ms.saturating_sub(ms) >= LOOK_PAUSE_MS);
        let is_due = match self.looked_ms {
            None => true,
            Some(_) if self.has_news => is_low,
            Some(_) if self.has_all => self.window.len() == 0 && is_ahead && has_waited,
            Some(_) => is_low && (self.window.len() > 0 || has_waited),
        };
        if self.looking.is_none() && is_due {
            self.looking = Some(turn.look(Room::Sync, self.scope.query()));
            self.looked_ms = Some(now_ms);
            self.has_news = false;
            self.window.on_look();
        }
    }

    fn judge(&mut self, turn: &mut Turn<'_>) {
        let room = self.scope.judging_max.saturating_sub(self.judging.len());
        let bytes_room = JUDGING_BYTES_MAX.saturating_sub(self.judging_bytes);
        for (id, from, block) in self.window.take_ready(room, bytes_room) {
            let bytes = block.bytes().len();
            let ticket = turn.judge(Room::Sync, from, Claim::Block(block));
            self.judging.insert(ticket, (id, bytes));
            self.judging_bytes += bytes;
        }
    }
}
