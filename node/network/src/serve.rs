//! Answers to peers that ask: headers, blocks, transactions and ranges of the state.
//!
//! A peer may have a few requests open; their answers are looked up one after the other, and only while the peer
//! takes what it is sent. So a peer that asks for much and reads nothing costs its requests, and no more.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::Block;

use crate::endpoint::NodeId;
use crate::machine::UNSENT_SOFT_MAX;
use crate::requests::Room;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{
    CompactBlock, HEADERS_MAX, HeaderRecord, Message, Refusal, RequestId, STATE_CHUNK_BYTES_MAX, ShortIdKey,
};
use crate::world::{Found, Query, Ticket};

/// Requests that one peer may have open here.
const OPEN_MAX: usize = 16;
/// Requests beyond that are refused as long as there are at most so many, and a fault from then on.
const REFUSED_MAX: usize = 64;
/// Look-ups for one peer at the same time.
const LOOKS_MAX: usize = 4;

/// Something to be looked up for a peer, with what its answer is to be.
#[derive(Clone, Debug)]
enum Job {
    Headers(RequestId),
    /// One of the blocks of a request; `last` ends it.
    Block(RequestId),
    Compact,
    BlockTransactions(RequestId),
    Transactions(RequestId),
    StateChunk(RequestId),
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<(Job, Query)>,
    /// What is being looked up, in the order of the answers, each with what was found if it came early.
    looking: VecDeque<(Ticket, Job, Option<Found>)>,
    /// Requests of which something waits or is looked up.
    open: usize,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Serve {
    queues: BTreeMap<NodeId, Queue>,
    /// Whom an open look-up is for.
    askers: BTreeMap<Ticket, NodeId>,
}

impl Serve {
    /// A peer asks.
    pub fn on_request(&mut self, turn: &mut Turn<'_>, node: NodeId, message: Message) {
        let queue = self.queues.entry(node).or_default();
        let open = queue.waiting.len() + queue.looking.len();
        let (request, jobs) = jobs_of(message);
        if queue.open >= OPEN_MAX {
            if open >= REFUSED_MAX {
                turn.fault(node, Fault::TooManyRequests);
            }
            if let Some(request) = request {
                turn.send(node, Message::Refused { request, refusal: Refusal::Busy });
            }
            return;
        }
        queue.open += jobs.len();
        queue.waiting.extend(jobs);
        self.go_on(turn, node);
    }

    /// The node has looked.
    pub fn on_found(&mut self, turn: &mut Turn<'_>, ticket: Ticket, found: Found) {
        let Some(node) = self.askers.remove(&ticket) else { return };
        let Some(queue) = self.queues.get_mut(&node) else { return };
        if let Some((_, _, slot)) = queue.looking.iter_mut().find(|(open, ..)| *open == ticket) {
            *slot = Some(found);
        }
        // Answers leave in the order of the questions.
        while let Some((_, _, Some(_))) = queue.looking.front() {
            let Some((_, job, Some(found))) = queue.looking.pop_front() else { break };
            queue.open -= 1;
            let refused = answer(turn, node, &job, found);
            if let (true, Job::Block(request)) = (refused, job) {
                // The first block that is missing ends the answer.
                drop_rest(queue, request);
            }
        }
        self.go_on(turn, node);
    }

    /// A peer has taken what it was sent.
    pub fn on_room(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        if self.queues.contains_key(&node) {
            self.go_on(turn, node);
        }
    }

    /// A peer is gone.
    pub fn on_gone(&mut self, node: NodeId) {
        self.queues.remove(&node);
        self.askers.retain(|_, asker| *asker != node);
    }

    fn go_on(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        let Some(queue) = self.queues.get_mut(&node) else { return };
        while queue.looking.len() < LOOKS_MAX
            && turn.peers.get(&node).is_some_and(|peer| peer.unsent_bytes < UNSENT_SOFT_MAX)
        {
            let Some((job, query)) = queue.waiting.pop_front() else { break };
            let ticket = turn.look(Room::Serve, query);
            self.askers.insert(ticket, node);
            queue.looking.push_back((ticket, job, None));
        }
    }
}

/// Takes what is left of a request out of the queue.
fn drop_rest(queue: &mut Queue, request: RequestId) {
    let of_request = |job: &Job| matches!(job, Job::Block(other) if *other == request);
    let before = queue.waiting.len();
    queue.waiting.retain(|(job, _)| !of_request(job));
    queue.open -= before - queue.waiting.len();
    let before = queue.looking.len();
    queue.looking.retain(|(_, job, _)| !of_request(job));
    queue.open -= before - queue.looking.len();
}

/// What a request asks to be looked up.
fn jobs_of(message: Message) -> (Option<RequestId>, Vec<(Job, Query)>) {
    match message {
        Message::GetHeaders { request, locator, limit } => {
            let limit = HEADERS_MAX.min(limit as usize);
            (Some(request), vec![(Job::Headers(request), Query::Headers { locator, limit })])
        }
        Message::GetBlocks { request, ids } => {
            let jobs = ids.into_iter().map(|id| (Job::Block(request), Query::Block(id))).collect();
            (Some(request), jobs)
        }
        Message::GetCompact(id) => (None, vec![(Job::Compact, Query::WholeBlock(id))]),
        Message::GetBlockTransactions { request, block, indexes } => {
            let query = Query::BlockTransactions { block, indexes };
            (Some(request), vec![(Job::BlockTransactions(request), query)])
        }
        Message::GetTransactions { request, ids } => {
            (Some(request), vec![(Job::Transactions(request), Query::Transactions(ids))])
        }
        Message::GetStateChunk { request, block, start, bytes_max } => {
            let bytes_max = STATE_CHUNK_BYTES_MAX.min(bytes_max as usize);
            let query = Query::StateChunk { block, start, bytes_max };
            (Some(request), vec![(Job::StateChunk(request), query)])
        }
        _ => (None, Vec::new()),
    }
}

/// Sends what was found. True if it is a refusal.
fn answer(turn: &mut Turn<'_>, node: NodeId, job: &Job, found: Found) -> bool {
    let not_here = |request: RequestId| Message::Refused { request, refusal: Refusal::NotHere };
    let message = match (job, found) {
        (Job::Headers(request), Found::Headers(headers)) => Message::Headers { request: *request, headers },
        (Job::Block(request), Found::Block(Some(block))) => Message::Block { request: *request, block },
        (Job::Compact, Found::WholeBlock(Some(block))) => {
            let nonce = rand::RngExt::random(turn.rng);
            Message::Compact(Arc::new(compact(&block, nonce)))
        }
        (Job::BlockTransactions(request), Found::BlockTransactions(Some(transactions))) => {
            Message::BlockTransactions { request: *request, transactions }
        }
        (Job::Transactions(request), Found::Transactions(transactions)) => {
            Message::Transactions { request: *request, transactions }
        }
        (Job::StateChunk(request), Found::StateChunk(Some(chunk))) => {
            Message::StateChunk { request: *request, chunk }
        }
        (
            Job::Headers(request)
            | Job::Block(request)
            | Job::BlockTransactions(request)
            | Job::Transactions(request)
            | Job::StateChunk(request),
            _,
        ) => not_here(*request),
        // Whoever asked for a compact block that is gone asks somebody else when its patience ends.
        (Job::Compact, _) => return true,
    };
    let refused = matches!(message, Message::Refused { .. });
    turn.send(node, message);
    refused
}

/// A block in its compact form, nothing prefilled.
pub fn compact(block: &Block, nonce: u64) -> CompactBlock {
    let key = ShortIdKey::new(&block.header, nonce);
    let leaf = |transaction: &vibecoin_primitives::Transaction| -> Hash { transaction.leaf_hash() };
    CompactBlock {
        head: HeaderRecord { header: block.header, content: block.content },
        ticks: block.ticks.clone(),
        nonce,
        short_ids: block.transactions.iter().map(|transaction| key.short_id(&leaf(transaction))).collect(),
        prefilled: Vec::new(),
    }
}
