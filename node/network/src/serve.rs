//! Answers to peers that ask: headers, blocks, transactions and ranges of the state.
//!
//! A peer may have a few requests open; their answers are looked up one after the other, and only while the peer
//! takes what it is sent. So a peer that asks for much and reads nothing costs its requests, and no more.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Transaction};

use crate::endpoint::NodeId;
use crate::machine::UNSENT_SOFT_MAX;
use crate::requests::Room;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{
    CompactBlock, HEADERS_MAX, HeaderRecord, Message, Refusal, RequestId, STATE_CHUNK_BYTES_MAX, ShortIdKey,
    TRANSACTIONS_BYTES_MAX,
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
    /// One of the blocks of a request.
    Block(RequestId),
    Compact,
    BlockTransactions(RequestId),
    Transactions(RequestId),
    StateChunk(RequestId),
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<(u64, Job, Query)>,
    /// What is being looked up, in the order of the answers, each with what was found if it came early.
    looking: VecDeque<(Ticket, u64, Job, Option<Found>)>,
    /// Requests of which something waits or is looked up, with how much.
    open: BTreeMap<u64, usize>,
    /// The number of the last request, as counted here: peers may number theirs as they like.
    last: u64,
    /// Requests that were refused since something was answered.
    refused: usize,
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
        let (request, jobs) = jobs_of(message);
        if queue.open.len() >= OPEN_MAX {
            queue.refused += 1;
            if queue.refused > REFUSED_MAX {
                turn.fault(node, Fault::TooManyRequests);
            }
            if let Some(request) = request {
                turn.send(node, Message::Refused { request, refusal: Refusal::Busy });
            }
            return;
        }
        queue.last += 1;
        let number = queue.last;
        if !jobs.is_empty() {
            queue.open.insert(number, jobs.len());
        }
        queue.waiting.extend(jobs.into_iter().map(|(job, query)| (number, job, query)));
        self.go_on(turn, node);
    }

    /// The node has looked.
    pub fn on_found(&mut self, turn: &mut Turn<'_>, ticket: Ticket, found: Found) {
        let Some(node) = self.askers.remove(&ticket) else { return };
        let Some(queue) = self.queues.get_mut(&node) else { return };
        if let Some((.., slot)) = queue.looking.iter_mut().find(|(open, ..)| *open == ticket) {
            *slot = Some(found);
        }
        // Answers leave in the order of the questions.
        while let Some((.., Some(_))) = queue.looking.front() {
            let Some((_, number, job, Some(found))) = queue.looking.pop_front() else { break };
            queue.refused = 0;
            queue.end_one(number);
            if answer(turn, node, &job, found) {
                // The first block that is missing ends the answer.
                queue.drop_rest(number);
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
            let Some((number, job, query)) = queue.waiting.pop_front() else { break };
            let ticket = turn.look(Room::Serve, query);
            self.askers.insert(ticket, node);
            queue.looking.push_back((ticket, number, job, None));
        }
    }
}

impl Queue {
    /// A part of a request was answered.
    fn end_one(&mut self, number: u64) {
        if let Some(parts) = self.open.get_mut(&number) {
            *parts -= 1;
            if *parts == 0 {
                self.open.remove(&number);
            }
        }
    }

    /// Takes what is left of a request out of the queue.
    fn drop_rest(&mut self, number: u64) {
        self.waiting.retain(|(other, ..)| *other != number);
        self.looking.retain(|(_, other, ..)| *other != number);
        self.open.remove(&number);
    }
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
        Message::GetTransactions { request, mut ids } => {
            // Who asks for one thing a thousand times gets it once.
            ids.sort_unstable();
            ids.dedup();
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
            Message::Transactions { request: *request, transactions: as_many_as_fit(transactions) }
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

/// The first of these that one message holds. Who asked asks for the others again.
fn as_many_as_fit(mut transactions: Vec<Transaction>) -> Vec<Transaction> {
    let mut bytes = 0;
    let fit = transactions.iter().take_while(|transaction| {
        bytes += transaction.encoded_len();
        bytes <= TRANSACTIONS_BYTES_MAX
    });
    let count = fit.count();
    transactions.truncate(count);
    transactions
}

/// A block in its compact form, nothing prefilled.
pub fn compact(block: &Block, nonce: u64) -> CompactBlock {
    let key = ShortIdKey::new(&block.header, nonce);
    let leaf = |transaction: &Transaction| -> Hash { transaction.leaf_hash() };
    CompactBlock {
        head: HeaderRecord { header: block.header, content: block.content },
        ticks: block.ticks.clone(),
        nonce,
        short_ids: block.transactions.iter().map(|transaction| key.short_id(&leaf(transaction))).collect(),
        prefilled: Vec::new(),
    }
}
