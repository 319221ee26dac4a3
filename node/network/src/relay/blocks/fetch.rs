//! A block on its way here: who has it, who was asked, and what has come of it so far.

use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Transaction, block};

use super::form::{self, Partial};
use super::{Blocks, Look};
use crate::endpoint::NodeId;
use crate::peers::Direction;
use crate::requests::Room;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{CompactBlock, HeaderRecord, Kind, Message, RawBlock, RequestId};
use crate::world::Query;

/// After this time the next peer is asked, in ms.
const PATIENCE_MS: u64 = 2_000;
/// An answer that is later than this is a fault, in ms.
const ANSWER_MS: u64 = 30_000;
/// Peers that are remembered to have one block.
const SOURCES_MAX: usize = 16;
/// Compact forms of one block that are kept while another one is tried.
const SPARES_MAX: usize = 2;

#[derive(Debug)]
struct Source {
    node: NodeId,
    /// It announced the block after its own execution.
    vouches: bool,
    tried: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    /// Somebody was asked for it, or for what is missing of it.
    Asked { node: NodeId, what: Kind, until_ms: u64 },
    /// The node looks into its pool.
    Looking,
    /// The node judges it.
    Judging,
}

/// See the module.
#[derive(Debug)]
pub struct Fetch {
    /// Its header and content.
    pub head: HeaderRecord,
    /// It stands on the tip, and its header is right, history included: it may be passed on before it is executed.
    pub early: bool,
    /// Who brought the news.
    pub first: NodeId,
    sources: Vec<Source>,
    stage: Stage,
    /// Short ids have failed.
    whole: bool,
    spares: Vec<(NodeId, Arc<CompactBlock>)>,
}

/// What a request is for.
#[derive(Debug)]
pub enum Asked {
    /// The whole block.
    Whole(Hash),
    /// What is missing of it.
    Missing(Hash, Box<Partial>),
}

impl Asked {
    const fn id(&self) -> Hash {
        match self {
            Self::Whole(id) | Self::Missing(id, _) => *id,
        }
    }
}

impl Fetch {
    /// A block that a peer has brought the news of.
    pub fn new(head: HeaderRecord, node: NodeId, early: bool) -> Self {
        Self {
            head,
            early,
            first: node,
            sources: Vec::new(),
            stage: Stage::Asked { node, what: Kind::Tip, until_ms: 0 },
            whole: false,
            spares: Vec::new(),
        }
    }

    /// A peer has it.
    pub fn add(&mut self, node: NodeId, vouches: bool) {
        let room = self.sources.len() < SOURCES_MAX;
        match self.sources.iter_mut().find(|source| source.node == node) {
            Some(source) => source.vouches |= vouches,
            None if room => self.sources.push(Source { node, vouches, tried: false }),
            None => {}
        }
    }

    /// A peer does not give it any more. True if it was the one that was asked.
    pub fn lose(&mut self, node: NodeId) -> bool {
        self.sources.retain(|source| source.node != node);
        self.spares.retain(|(sender, _)| *sender != node);
        matches!(self.stage, Stage::Asked { node: asked, .. } if asked == node)
    }

    /// Who has it, and whether each vouches for it.
    pub fn sources(&self) -> impl Iterator<Item = (NodeId, bool)> {
        self.sources.iter().map(|source| (source.node, source.vouches))
    }

    /// The node judges it now.
    pub fn judge(&mut self) {
        self.stage = Stage::Judging;
        self.spares.clear();
    }

    /// True while the node judges it.
    pub fn is_judged(&self) -> bool {
        self.stage == Stage::Judging
    }

    /// True if whoever was asked takes too long.
    pub const fn is_late(&self, now_ms: u64) -> bool {
        matches!(self.stage, Stage::Asked { until_ms, .. } if until_ms <= now_ms)
    }

    /// This node stood still.
    pub const fn postpone(&mut self, pause_ms: u64) {
        if let Stage::Asked { until_ms, .. } = &mut self.stage {
            *until_ms += pause_ms;
        }
    }

    /// The next peer to ask: of those first that this node chose, in the order in which they brought the news.
    fn next_source(&mut self, turn: &Turn<'_>) -> Option<NodeId> {
        // Whoever owes another answer is asked last, and whom this node has chosen comes before whoever came.
        let rank = |source: &Source| {
            turn.peers
                .get(&source.node)
                .map_or((true, true), |peer| (peer.owes(), peer.link.direction == Direction::Inbound))
        };
        let ready = |source: &Source| turn.peers.get(&source.node).is_some_and(|peer| peer.is_ready());
        let untried = self.sources.iter_mut().filter(|source| !source.tried && ready(source));
        let best = untried.min_by_key(|source| rank(source))?;
        best.tried = true;
        Some(best.node)
    }
}

impl Blocks {
    /// Asks the next one who has the block.
    pub(super) fn ask_next(&mut self, turn: &mut Turn<'_>, id: Hash) {
        let Some(fetch) = self.fetches.get_mut(&id) else { return };
        if let Some((node, compact)) = fetch.spares.pop() {
            self.put_together(turn, id, node, compact);
            return;
        }
        let until_ms = turn.now.ms + PATIENCE_MS;
        let Some(node) = fetch.next_source(turn) else {
            if self.is_open(id) {
                // A late answer is better than none.
                self.wait(id, until_ms);
            } else {
                self.give_up(turn, id);
            }
            return;
        };
        let what = if fetch.whole { Kind::GetBlocks } else { Kind::GetCompact };
        fetch.stage = Stage::Asked { node, what, until_ms };
        if fetch.whole {
            let ask = |request| Message::GetBlocks { request, ids: vec![id] };
            let request = turn.request(Room::Relay, node, ANSWER_MS, ask);
            self.requests.insert((node, request), Asked::Whole(id));
        } else {
            self.asked_compact.insert((node, id), turn.now.ms + ANSWER_MS);
            turn.send(node, Message::GetCompact(id));
        }
    }

    fn wait(&mut self, id: Hash, more_ms: u64) {
        if let Some(Stage::Asked { until_ms, .. }) = self.fetches.get_mut(&id).map(|fetch| &mut fetch.stage) {
            *until_ms = more_ms;
        }
    }

    /// True while somebody may still answer.
    fn is_open(&self, id: Hash) -> bool {
        self.requests.values().any(|asked| asked.id() == id)
            || self.asked_compact.keys().any(|(_, asked)| *asked == id)
    }

    /// Nobody gives the block. If it is worth anything, the synchronisation finds it among the headers.
    fn give_up(&mut self, turn: &mut Turn<'_>, id: Hash) {
        if let Some(fetch) = self.fetches.remove(&id) {
            for (node, _) in fetch.sources() {
                turn.behind(node);
            }
        }
    }

    /// Short ids do not lead to the block: everybody who has it can be asked for the whole.
    pub(super) fn want_whole(&mut self, turn: &mut Turn<'_>, id: Hash) {
        let Some(fetch) = self.fetches.get_mut(&id) else { return };
        fetch.whole = true;
        fetch.spares.clear();
        fetch.sources.iter_mut().for_each(|source| source.tried = false);
        self.ask_next(turn, id);
    }

    /// A compact form is here: what the pool has of it is looked up, unless that is going on with another one.
    pub(super) fn take_compact(
        &mut self,
        turn: &mut Turn<'_>,
        id: Hash,
        node: NodeId,
        compact: Arc<CompactBlock>,
    ) {
        let Some(fetch) = self.fetches.get_mut(&id) else { return };
        let busy = match &fetch.stage {
            Stage::Judging => return,
            Stage::Looking => true,
            Stage::Asked { what, .. } => *what == Kind::GetBlockTransactions,
        };
        if fetch.whole {
            return;
        }
        if busy {
            if fetch.spares.len() < SPARES_MAX {
                fetch.spares.push((node, compact));
            }
        } else {
            self.put_together(turn, id, node, compact);
        }
    }

    fn put_together(&mut self, turn: &mut Turn<'_>, id: Hash, node: NodeId, compact: Arc<CompactBlock>) {
        if form::has_twins(&compact) {
            self.want_whole(turn, id);
            return;
        }
        let Some(fetch) = self.fetches.get_mut(&id) else { return };
        fetch.stage = Stage::Looking;
        let query = Query::ShortIds { key: compact.key(), ids: compact.short_ids.clone() };
        let ticket = turn.look(Room::Relay, query);
        self.looks.insert(ticket, Look::Pool(id, node, compact));
    }

    /// The pool was looked through.
    pub(super) fn on_pool(
        &mut self,
        turn: &mut Turn<'_>,
        id: Hash,
        node: NodeId,
        compact: Arc<CompactBlock>,
        pool: Vec<Option<Transaction>>,
    ) {
        let Some(fetch) = self.fetches.get_mut(&id).filter(|fetch| fetch.stage == Stage::Looking) else {
            return;
        };
        let partial = Partial::new(compact, pool);
        if partial.missing.is_empty() {
            self.complete(turn, id, node, partial, &[]);
            return;
        }
        let (what, until_ms) = (Kind::GetBlockTransactions, turn.now.ms + PATIENCE_MS);
        fetch.stage = Stage::Asked { node, what, until_ms };
        if !turn.peers.get(&node).is_some_and(|peer| peer.is_ready()) {
            self.ask_next(turn, id);
            return;
        }
        let indexes = partial.missing.clone();
        let ask = |request| Message::GetBlockTransactions { request, block: id, indexes };
        let request = turn.request(Room::Relay, node, ANSWER_MS, ask);
        self.requests.insert((node, request), Asked::Missing(id, Box::new(partial)));
    }

    /// Nothing is missing any more. If the transactions are not the committed ones, two of them have the same short
    /// id: nobody's fault.
    fn complete(&mut self, turn: &mut Turn<'_>, id: Hash, node: NodeId, partial: Partial, missed: &[u32]) {
        let content = partial.compact.head.content;
        let ticks = if partial.compact.ticks.is_empty() {
            self.segments.ticks(turn, &content.parent_id, &content.poh_root).map(|ticks| ticks.to_vec())
        } else {
            Some(partial.compact.ticks.clone())
        };
        let block = ticks.and_then(|ticks| partial.into_block(ticks));
        match block.filter(|block| turn.world.tx_root(&block.transactions) == content.tx_root) {
            Some(block) => self.accept(turn, id, node, block, missed),
            None => self.want_whole(turn, id),
        }
    }

    /// An answer, or the word that none will come.
    pub fn on_answer(&mut self, turn: &mut Turn<'_>, node: NodeId, request: RequestId, answer: Message) {
        turn.requests.close(node, request);
        let Some(asked) = self.requests.remove(&(node, request)) else { return };
        let id = asked.id();
        // Somebody else may have been quicker.
        let Some(fetch) = self.fetches.get_mut(&id).filter(|fetch| !fetch.is_judged()) else { return };
        match (asked, answer) {
            (Asked::Whole(_), Message::Block { block, .. }) => self.on_whole(turn, id, node, &block),
            (Asked::Missing(_, mut partial), Message::BlockTransactions { transactions, .. }) => {
                let missed = partial.missing.clone();
                if partial.fill(transactions) {
                    self.complete(turn, id, node, *partial, &missed);
                } else {
                    fetch.lose(node);
                    turn.fault(node, Fault::WrongAnswer(Kind::GetBlockTransactions));
                    self.ask_next(turn, id);
                }
            }
            (Asked::Whole(_) | Asked::Missing(..), _) => {
                if fetch.lose(node) {
                    self.ask_next(turn, id);
                }
            }
        }
    }

    /// A whole block came. Whatever is wrong with it that its header does not commit to is the sender's fault, and says
    /// nothing about the block.
    fn on_whole(&mut self, turn: &mut Turn<'_>, id: Hash, node: NodeId, raw: &RawBlock) {
        if raw.id() != id {
            turn.fault(node, Fault::WrongAnswer(Kind::GetBlocks));
            self.turn_from(turn, id, node);
            return;
        }
        let rule = match raw.decode() {
            Err(_) => "BLK-1",
            Ok(block) if block.content.root() != block.header.content_root => "BLK-3",
            Ok(block) if turn.world.tx_root(&block.transactions) != block.content.tx_root => "BLK-4",
            Ok(block) if block.ticks.len() != turn.config.limits.ticks => "POH-1",
            Ok(block) if block::poh_root(&block.ticks) != block.content.poh_root => "POH-2",
            Ok(block) => {
                self.accept(turn, id, node, block, &[]);
                return;
            }
        };
        turn.fault(node, Fault::BrokenBlock { rule: rule.to_owned() });
        self.turn_from(turn, id, node);
    }

    /// A peer gave something else than the block: somebody else is asked.
    pub(super) fn turn_from(&mut self, turn: &mut Turn<'_>, id: Hash, node: NodeId) {
        if let Some(fetch) = self.fetches.get_mut(&id) {
            fetch.lose(node);
            self.ask_next(turn, id);
        }
    }

    /// A request came to nothing.
    pub fn on_overdue(&mut self, turn: &mut Turn<'_>, node: NodeId, request: RequestId) {
        let Some(asked) = self.requests.remove(&(node, request)) else { return };
        let id = asked.id();
        if self.fetches.get_mut(&id).is_some_and(|fetch| fetch.lose(node)) {
            self.ask_next(turn, id);
        }
    }

    /// Who left a compact block unsent for too long, though it had vouched for it, and when it was asked; the questions
    /// end by that. Who only pushed it may have found out that it is invalid.
    pub(super) fn overdue_compacts(&mut self, turn: &Turn<'_>) -> Vec<(NodeId, u64)> {
        let over = self.asked_compact.extract_if(.., |_, deadline_ms| *deadline_ms <= turn.now.ms);
        let vouched = |(node, id): &(NodeId, Hash)| {
            self.standings.get(node).is_some_and(|standing| standing.has_announced(id))
        };
        let asked_ms = |deadline_ms: u64| deadline_ms.saturating_sub(ANSWER_MS);
        over.filter(|(asked, _)| vouched(asked)).map(|((node, _), end)| (node, asked_ms(end))).collect()
    }
}
