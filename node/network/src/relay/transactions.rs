//! Waiting transactions: who announces what, whom to ask for it, and whom to tell.
//!
//! A transaction is named by its leaf hash, the hash of all its bytes: nobody can hand out another one under its name.
//! It is asked of one peer at a time, of those first that this node chose itself. It is passed on once the pool has
//! taken it in, wherever it came from.

use std::collections::{BTreeMap, BTreeSet};

use vibecoin_crypto::Hash;
use vibecoin_primitives::Transaction;

use super::recent::Recent;
use crate::endpoint::NodeId;
use crate::peers::Direction;
use crate::requests::Room;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{Kind, Message, RequestId, TRANSACTIONS_BYTES_MAX};
use crate::world::{Claim, Found, Judgement, Query, Ticket, TransactionFate};

mod early;
mod telling;
mod wanted;

use early::Early;
use telling::Telling;
use wanted::{Announcement, Wanted};

/// Transactions in one request.
const BATCH_MAX: usize = 256;
/// Requests that are open at one peer.
const BATCHES_MAX: usize = 4;
/// Transactions that are asked for in one turn.
const TURN_MAX: usize = 4_096;
/// What only peers announced that chose this node waits so long for one that this node chose, in ms.
const INBOUND_WAIT_MS: u64 = 300;
/// After this time the next announcer is asked, in ms.
const PATIENCE_MS: u64 = 2_000;
/// An answer that is later than this is a fault, in ms.
const ANSWER_MS: u64 = 20_000;
/// After this time a busy peer is asked again, in ms.
const BUSY_PEER_MS: u64 = 100;
/// After this time a busy node is asked again, in ms.
const BUSY_NODE_MS: u64 = 1_000;
/// Waiting transactions that a new peer is told of in one go.
const WAITING_MAX: usize = 8_192;
/// Refused ones that are remembered until the tip moves.
const REFUSED_MAX: usize = 16_384;
/// Of these, the ones that nobody is blamed for and that are asked for again when blocks are reverted.
const UNLUCKY_MAX: usize = 4_096;
/// Announced ones that a peer may then not have, before it counts as a flood.
const LEFT_OUT_MAX: usize = 1_024;
/// Announcements that mostly repeat older ones, before they count.
const REPEATS_MAX: u32 = 8;

#[derive(Debug)]
struct Batch {
    ids: Vec<Hash>,
    asked_ms: u64,
    /// Others are asked for what others have.
    late: bool,
}

/// What a peer's announcements were worth.
#[derive(Debug, Default)]
struct Record {
    left_out: usize,
    repeats: u32,
}

/// See the module.
#[derive(Debug)]
pub struct Transactions {
    telling: Telling,
    wanted: Wanted,
    refused: Recent<Hash>,
    /// Refused without blame, with who sent it.
    unlucky: BTreeMap<Hash, NodeId>,
    records: BTreeMap<NodeId, Record>,
    batches: BTreeMap<(NodeId, RequestId), Batch>,
    judging: BTreeMap<Ticket, (NodeId, Vec<Transaction>)>,
    early: Early,
    judged_now: BTreeSet<Hash>,
    looks: BTreeMap<Ticket, NodeId>,
    /// Peers that were not told all of the pool, for its size.
    told_in_part: BTreeSet<NodeId>,
    /// How often the tip has moved.
    moves: u64,
}

impl Default for Transactions {
    fn default() -> Self {
        Self {
            telling: Telling::default(),
            wanted: Wanted::default(),
            refused: Recent::new(REFUSED_MAX),
            unlucky: BTreeMap::new(),
            records: BTreeMap::new(),
            batches: BTreeMap::new(),
            judging: BTreeMap::new(),
            early: Early::default(),
            judged_now: BTreeSet::new(),
            looks: BTreeMap::new(),
            told_in_part: BTreeSet::new(),
            moves: 0,
        }
    }
}

impl Transactions {
    /// A new peer is told what waits here.
    pub fn on_peer(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        if turn.peers.get(&node).is_some_and(|peer| peer.talks_of_transactions()) {
            self.telling.add(node);
            self.look(turn, node);
        }
    }

    fn look(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        let ticket = turn.look(Room::Relay, Query::Waiting { limit: WAITING_MAX });
        self.looks.insert(ticket, node);
    }

    /// A peer is gone: others are asked.
    pub fn on_gone(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        self.telling.remove(node);
        self.records.remove(&node);
        self.told_in_part.remove(&node);
        self.unlucky.retain(|_, sender| *sender != node);
        self.early.forget(node);
        self.looks.retain(|_, asker| *asker != node);
        let of_peer = |(at, _): &(NodeId, RequestId)| *at == node;
        let keys: Vec<_> = self.batches.keys().copied().filter(of_peer).collect();
        for key in keys {
            if let Some(batch) = self.batches.remove(&key) {
                self.ask_others(turn, node, &batch);
            }
        }
        self.wanted.forget(node);
    }

    /// What a batch was to bring is asked of somebody else.
    fn ask_others(&mut self, turn: &Turn<'_>, node: NodeId, batch: &Batch) {
        for leaf_hash in &batch.ids {
            self.wanted.turn_from(*leaf_hash, node, turn.now.ms);
        }
    }

    /// A peer asks for what it was told.
    pub fn on_request(&mut self, turn: &Turn<'_>, node: NodeId, leaf_hashes: &[Hash]) {
        self.telling.on_request(turn, node, leaf_hashes);
    }

    /// A peer says what waits there.
    pub fn on_announcement(&mut self, turn: &mut Turn<'_>, node: NodeId, leaf_hashes: &[Hash]) {
        // An anchor cannot know that it is not listened to.
        let Some(peer) = turn.peers.get(&node).filter(|peer| peer.talks_of_transactions()) else { return };
        let direction = peer.link.direction;
        let repeated = self.telling.hear(node, leaf_hashes);
        let record = self.records.entry(node).or_default();
        if leaf_hashes.is_empty() || repeated * 2 > leaf_hashes.len() {
            record.repeats += 1;
            if record.repeats > REPEATS_MAX {
                turn.fault(node, Fault::Repeated(Kind::AnnounceTransactions));
            }
            return;
        }
        record.repeats = record.repeats.saturating_sub(1);
        let wait_ms = if direction == Direction::Outbound { 0 } else { INBOUND_WAIT_MS };
        let due_ms = turn.now.ms + wait_ms;
        let announcement = Announcement { node, direction, due_ms, moves: self.moves };
        for leaf_hash in leaf_hashes {
            if turn.world.transaction(leaf_hash)
                || self.refused.contains(leaf_hash)
                || self.early.contains(leaf_hash)
            {
                continue;
            }
            if !self.wanted.announce(*leaf_hash, announcement) {
                turn.fault(node, Fault::Flood(Kind::AnnounceTransactions));
                break;
            }
        }
        self.ask(turn);
    }

    /// Asks for what is due, unless the chain is far behind: what waits on the tip cannot be judged on an old block.
    fn ask(&mut self, turn: &mut Turn<'_>) {
        if turn.catching_up {
            return;
        }
        let mut load: BTreeMap<NodeId, usize> = BTreeMap::new();
        for (node, _) in self.batches.keys() {
            *load.entry(*node).or_default() += BATCH_MAX;
        }
        let mut asks: BTreeMap<NodeId, Vec<Hash>> = BTreeMap::new();
        for (leaf_hash, announcers) in self.wanted.take_due(turn.now.ms, TURN_MAX) {
            if turn.world.transaction(&leaf_hash) {
                self.wanted.resolve(&leaf_hash);
                continue;
            }
            let free = |node: &NodeId| load.get(node).is_none_or(|load| *load < BATCHES_MAX * BATCH_MAX);
            let best = announcers.into_iter().filter(free).min_by_key(|node| {
                let peer = turn.peers.get(node);
                let inbound = peer.is_none_or(|peer| peer.link.direction == Direction::Inbound);
                (inbound, load.get(node).copied().unwrap_or(0))
            });
            match best {
                Some(node) => {
                    *load.entry(node).or_default() += 1;
                    asks.entry(node).or_default().push(leaf_hash);
                }
                None => self.wanted.defer(leaf_hash, turn.now.ms + BUSY_PEER_MS),
            }
        }
        for (node, ids) in asks {
            for ids in ids.chunks(BATCH_MAX) {
                let ids = ids.to_vec();
                let request = turn.request(Room::Relay, node, ANSWER_MS, |request| {
                    Message::GetTransactions { request, ids: ids.clone() }
                });
                let batch = Batch { ids, asked_ms: turn.now.ms, late: false };
                self.batches.insert((node, request), batch);
            }
        }
    }

    /// An answer, or the word that none will come. False if another part of the relay asked.
    pub fn on_answer(
        &mut self,
        turn: &mut Turn<'_>,
        node: NodeId,
        request: RequestId,
        answer: &Message,
    ) -> bool {
        let Some(batch) = self.batches.remove(&(node, request)) else { return false };
        turn.requests.close(node, request);
        match answer {
            Message::Transactions { transactions, .. } => self.on_batch(turn, node, &batch, transactions),
            _ => self.ask_others(turn, node, &batch),
        }
        self.ask(turn);
        true
    }

    fn on_batch(&mut self, turn: &mut Turn<'_>, node: NodeId, batch: &Batch, transactions: &[Transaction]) {
        let mut missing: BTreeSet<Hash> = batch.ids.iter().copied().collect();
        let mut new = Vec::new();
        for transaction in transactions {
            let leaf_hash = transaction.leaf_hash();
            if !missing.remove(&leaf_hash) {
                turn.fault(node, Fault::WrongAnswer(Kind::GetTransactions));
                self.ask_others(turn, node, batch);
                break;
            }
            // Somebody else may have been quicker.
            if self.wanted.contains(&leaf_hash) && self.judged_now.insert(leaf_hash) {
                new.push(transaction.clone());
            }
        }
        self.on_left_out(turn, node, transactions, &missing);
        self.judge(turn, node, new);
    }

    fn judge(&mut self, turn: &mut Turn<'_>, node: NodeId, transactions: Vec<Transaction>) {
        if !transactions.is_empty() {
            let ticket = turn.judge(Room::Relay, node, Claim::Transactions(transactions.clone()));
            self.judging.insert(ticket, (node, transactions));
        }
    }

    /// Tries those again that came before their turn.
    fn retry_early(&mut self, turn: &mut Turn<'_>) {
        for (node, transactions) in self.early.take(turn.now.ms) {
            self.judge(turn, node, transactions);
        }
    }

    /// What a peer announced and did not send.
    fn on_left_out(
        &mut self,
        turn: &mut Turn<'_>,
        node: NodeId,
        transactions: &[Transaction],
        missing: &BTreeSet<Hash>,
    ) {
        let bytes: usize = transactions.iter().map(Transaction::encoded_len).sum();
        let no_room = bytes > TRANSACTIONS_BYTES_MAX / 2;
        let mut left_out = 0;
        for leaf_hash in missing {
            self.telling.on_left_out(node, leaf_hash);
            if no_room {
                self.wanted.defer(*leaf_hash, turn.now.ms);
            } else {
                // What was announced before the last block may be in that block.
                left_out += usize::from(self.wanted.is_fresh(leaf_hash, self.moves));
                self.wanted.turn_from(*leaf_hash, node, turn.now.ms);
            }
        }
        let record = self.records.entry(node).or_default();
        record.left_out = record.left_out.saturating_sub(transactions.len()) + left_out;
        if record.left_out >= LEFT_OUT_MAX {
            record.left_out = 0;
            turn.fault(node, Fault::Flood(Kind::AnnounceTransactions));
        }
    }

    /// A request came to nothing. False if another part of the relay asked.
    pub fn on_overdue(&mut self, turn: &mut Turn<'_>, node: NodeId, request: RequestId) -> bool {
        let Some(batch) = self.batches.remove(&(node, request)) else { return false };
        self.ask_others(turn, node, &batch);
        self.ask(turn);
        true
    }

    /// The pool has judged. False if another part of the relay asked.
    pub fn on_judged(&mut self, turn: &mut Turn<'_>, ticket: Ticket, judgement: &Judgement) -> bool {
        let Some((node, transactions)) = self.judging.remove(&ticket) else { return false };
        let ids: Vec<Hash> = transactions.iter().map(Transaction::leaf_hash).collect();
        for leaf_hash in &ids {
            self.judged_now.remove(leaf_hash);
        }
        let Judgement::Transactions(fates) = judgement else {
            for leaf_hash in ids {
                self.wanted.defer(leaf_hash, turn.now.ms + BUSY_NODE_MS);
            }
            return true;
        };
        for leaf_hash in &ids {
            self.wanted.resolve(leaf_hash);
        }
        let mut blamed = None;
        for (leaf_hash, fate) in fates {
            match fate {
                TransactionFate::New => {
                    if let Some(peer) = turn.peers.get_mut(&node) {
                        peer.useful_transaction_ms = turn.now.ms;
                    }
                }
                TransactionFate::Known => {}
                TransactionFate::Early => {
                    let transaction =
                        transactions.iter().find(|transaction| transaction.leaf_hash() == *leaf_hash);
                    if let Some(transaction) = transaction {
                        self.early.keep(turn.now.ms, node, *leaf_hash, transaction.clone());
                    }
                }
                TransactionFate::Refused(broken) => {
                    self.refused.insert(*leaf_hash);
                    if broken.blames_sender {
                        blamed = Some(broken.rule.clone());
                    } else if self.unlucky.len() < UNLUCKY_MAX {
                        self.unlucky.insert(*leaf_hash, node);
                    }
                }
            }
        }
        if let Some(rule) = blamed {
            turn.fault(node, Fault::BrokenTransaction { rule });
        }
        true
    }

    /// The pool was looked through for a peer. False if another part of the relay asked.
    pub fn on_found(&mut self, turn: &mut Turn<'_>, ticket: Ticket, found: &Found) -> bool {
        let Some(node) = self.looks.remove(&ticket) else { return false };
        if let Found::Waiting(leaf_hashes) = found {
            if leaf_hashes.len() >= WAITING_MAX {
                self.told_in_part.insert(node);
            }
            self.telling.tell(turn, node, leaf_hashes);
        }
        true
    }

    /// New in the pool.
    pub fn on_added(&mut self, turn: &mut Turn<'_>, leaf_hashes: &[Hash]) {
        self.telling.spread(turn, leaf_hashes);
        self.early.hurry(turn.now.ms);
    }

    /// The tip has moved: what was refused on the old one may be welcome on the new one. If blocks were reverted, what
    /// they held may wait again, unknown to others, and what did not fit to them is asked for once more.
    pub fn on_moved(&mut self, turn: &mut Turn<'_>, reverted: bool) {
        self.moves += 1;
        self.early.hurry(turn.now.ms);
        self.refused.clear();
        let unlucky = std::mem::take(&mut self.unlucky);
        let mut look_for = std::mem::take(&mut self.told_in_part);
        if reverted {
            look_for.extend(self.telling.nodes());
            for (leaf_hash, node) in unlucky {
                let Some(peer) = turn.peers.get(&node) else { continue };
                let (direction, due_ms) = (peer.link.direction, turn.now.ms);
                self.wanted.announce(leaf_hash, Announcement { node, direction, due_ms, moves: self.moves });
            }
        }
        for node in look_for {
            self.look(turn, node);
        }
    }

    /// Time passes.
    pub fn on_tick(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ms;
        let late = |batch: &Batch| !batch.late && now_ms.saturating_sub(batch.asked_ms) > PATIENCE_MS;
        for ((node, _), batch) in self.batches.iter_mut().filter(|(_, batch)| late(batch)) {
            batch.late = true;
            for leaf_hash in &batch.ids {
                // What nobody else has may still come.
                if self.wanted.has_others(leaf_hash, *node) {
                    self.wanted.turn_from(*leaf_hash, *node, now_ms);
                }
            }
        }
        self.retry_early(turn);
        self.ask(turn);
        for node in self.telling.flush(turn) {
            self.look(turn, node);
        }
    }
}
