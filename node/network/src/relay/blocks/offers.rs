//! Offering blocks: pushing, announcing, and answering for what is passed on before it is stored.

use std::collections::VecDeque;
use std::sync::Arc;

use rand::RngExt;
use vibecoin_crypto::Hash;
use vibecoin_primitives::Block;

use super::{Blocks, Look, form};
use crate::endpoint::NodeId;
use crate::machine::UNSENT_SOFT_MAX;
use crate::requests::Room;
use crate::turn::Turn;
use crate::wire::{CompactBlock, Message, RawBlock};
use crate::world::Query;

/// Blocks that are kept at hand for whoever asks.
const OFFERS_MAX: usize = 4;

#[derive(Debug)]
struct Offer {
    id: Hash,
    block: Arc<Block>,
    /// Places of transactions that were not in the pool here.
    missed: Vec<u32>,
}

/// Blocks that were passed on a moment ago.
#[derive(Debug, Default)]
pub struct Offers {
    offers: VecDeque<Offer>,
}

impl Offers {
    /// Keeps a block at hand.
    pub fn insert(&mut self, id: Hash, block: &Arc<Block>, missed: &[u32]) {
        if self.get(&id).is_some() {
            return;
        }
        if self.offers.len() == OFFERS_MAX {
            self.offers.pop_front();
        }
        self.offers.push_back(Offer { id, block: block.clone(), missed: missed.to_vec() });
    }

    /// A block that proved invalid is offered no more.
    pub fn remove(&mut self, id: &Hash) {
        self.offers.retain(|offer| offer.id != *id);
    }

    fn get(&self, id: &Hash) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.id == *id)
    }

    /// Answers for a block that is at hand. False if it is not, or if the peer does not take what it is sent.
    pub fn serve(&self, turn: &mut Turn<'_>, node: NodeId, message: &Message) -> bool {
        if turn.peers.get(&node).is_none_or(|peer| peer.unsent_bytes >= UNSENT_SOFT_MAX) {
            return false;
        }
        let answer = match message {
            Message::GetCompact(id) => self.get(id).map(|offer| {
                let nonce = turn.rng.random();
                Message::Compact(Arc::new(form::compact(&offer.block, nonce, &offer.missed, true)))
            }),
            Message::GetBlockTransactions { request, block, indexes } => self.get(block).and_then(|offer| {
                let place = |index: &u32| offer.block.transactions.get(*index as usize).cloned();
                let transactions = indexes.iter().map(place).collect::<Option<Vec<_>>>()?;
                Some(Message::BlockTransactions { request: *request, transactions })
            }),
            Message::GetBlocks { request, ids } => match ids.as_slice() {
                [id] => self.get(id).and_then(|offer| {
                    let block = RawBlock::new(offer.block.encode()).ok()?;
                    Some(Message::Block { request: *request, block })
                }),
                _ => None,
            },
            _ => None,
        };
        let Some(answer) = answer else { return false };
        turn.send(node, answer);
        true
    }
}

impl Blocks {
    /// Sends a block in its compact form to everybody who wants it so and is not known to have it. The same form goes
    /// to all, in two kinds: whoever has the segment gets it without.
    pub(super) fn push(&mut self, turn: &mut Turn<'_>, block: &Block, missed: &[u32]) {
        let (id, parent) = (block.id(), block.content.parent_id);
        let nonce = turn.rng.random();
        let mut forms: [Option<Arc<CompactBlock>>; 2] = [None, None];
        for (node, standing) in &mut self.standings {
            // Who does not take what it is sent hears of the next block.
            let takes = turn.peers.get(node).is_some_and(|peer| peer.unsent_bytes < UNSENT_SOFT_MAX);
            if !standing.wants_push || !takes || !standing.has.insert(id) {
                continue;
            }
            let with_ticks = !standing.segments.contains(&parent);
            let form = forms[usize::from(with_ticks)]
                .get_or_insert_with(|| Arc::new(form::compact(block, nonce, missed, with_ticks)));
            turn.send(*node, Message::Compact(form.clone()));
        }
    }

    /// Tells everybody who is not known to have it of the tip.
    pub(super) fn announce(&mut self, turn: &mut Turn<'_>) {
        let tip = turn.world.tip();
        if turn.catching_up || self.told == Some(tip.id) {
            return;
        }
        self.told = Some(tip.id);
        let head = turn.world.tip_header();
        let mut push = false;
        for (node, standing) in &mut self.standings {
            if standing.has.contains(&tip.id) {
                if let Some(peer) = turn.peers.get_mut(node)
                    && peer.tip.work < tip.work
                {
                    peer.tip = tip;
                }
            } else if standing.wants_push {
                push = true;
            } else {
                standing.has.insert(tip.id);
                standing.told_of(tip.id, turn.now.ms);
                turn.send(*node, Message::Tip { head: Box::new(head), work: tip.work });
            }
        }
        if !push {
            return;
        }
        match self.offers.get(&tip.id).map(|offer| (offer.block.clone(), offer.missed.clone())) {
            Some((block, missed)) => self.push(turn, &block, &missed),
            None => {
                let ticket = turn.look(Room::Relay, Query::WholeBlock(tip.id));
                self.looks.insert(ticket, Look::Tip(tip.id));
            }
        }
    }

    /// Tells those that have our tip from elsewhere, or had it pushed, now and then that it is ours: whoever only ever
    /// listens would look to them as if it stood still.
    pub(super) fn remind(&mut self, turn: &mut Turn<'_>) {
        if turn.catching_up {
            return;
        }
        let (tip, now_ms) = (turn.world.tip(), turn.now.ms);
        let head = turn.world.tip_header();
        for (node, standing) in &mut self.standings {
            if standing.is_in_the_dark(&tip.id, now_ms) {
                standing.told_of(tip.id, now_ms);
                turn.send(*node, Message::Tip { head: Box::new(head), work: tip.work });
            }
        }
    }
}
