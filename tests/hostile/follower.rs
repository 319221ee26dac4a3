//! An offender that follows the victim's chain as an honest node would, so that it can forge a block on each new tip
//! before others find the next one.

use vibecoin_consensus::pow;
use vibecoin_crypto::Hash;
use vibecoin_network::wire::{
    CompactBlock, HeaderRecord, Message, RawBlock, Refusal, RequestId, ShortIdKey, TipClaim,
};
use vibecoin_primitives::{Block, Timestamp, Work};

use super::peer::{Peer, modest};
use super::site::Site;
use super::stage::INTERVAL_MS;
use crate::support::forge::Forge;

/// Blocks that are asked for at once.
const BATCH: usize = 64;
/// Headers that are asked for at once.
const HEADERS: u32 = 1_024;

/// See the module.
pub struct Follower {
    pub peer: Peer,
    pub forge: Forge,
    /// The chain that the victim has shown, from the genesis on.
    pub chain: Vec<Hash>,
    request: u32,
}

impl Follower {
    /// Joins, and takes the whole chain. `None` if the victim does not give it.
    pub async fn join(site: Site) -> Option<Self> {
        let forge = Forge::new(site.spec.clone());
        let tip = modest(&site);
        let chain = vec![forge.genesis()];
        let peer = Peer::claiming(site, tip).await;
        let mut follower = Self { peer, forge, chain, request: 0 };
        follower.catch_up().await?;
        Some(follower)
    }

    /// The newest block of the victim's.
    pub fn tip(&self) -> Hash {
        *self.chain.last().expect("there is a genesis")
    }

    /// Asks for headers and blocks until nothing is missing.
    async fn catch_up(&mut self) -> Option<()> {
        loop {
            let request = self.next_request();
            let locator: Vec<Hash> = self.chain.iter().rev().take(16).copied().collect();
            self.peer.say(Message::GetHeaders { request, locator, limit: HEADERS }).await;
            let heads = self
                .peer
                .until(|message| match message {
                    Message::Headers { headers, .. } => Some(headers.clone()),
                    _ => None,
                })
                .await?;
            let Some(first) = heads.first() else { return Some(()) };
            // What the victim has left is left here, too.
            let fork = self.chain.iter().rposition(|id| *id == first.content.parent_id)?;
            self.chain.truncate(fork + 1);
            let ids: Vec<Hash> = heads.iter().map(HeaderRecord::id).collect();
            for batch in ids.chunks(BATCH) {
                self.fetch(batch).await?;
            }
        }
    }

    async fn fetch(&mut self, ids: &[Hash]) -> Option<()> {
        let request = self.next_request();
        self.peer.say(Message::GetBlocks { request, ids: ids.to_vec() }).await;
        for id in ids {
            let block = self
                .peer
                .until(|message| match message {
                    Message::Block { block, .. } if block.id() == *id => Some(block.decode().unwrap()),
                    _ => None,
                })
                .await?;
            self.forge.adopt(&block);
            self.chain.push(*id);
        }
        Some(())
    }

    const fn next_request(&mut self) -> RequestId {
        self.request += 1;
        RequestId(self.request)
    }

    /// A valid block on the newest one.
    pub fn child(&mut self) -> Block {
        let tip = self.tip();
        let time: Timestamp = self.forge.after(&tip, INTERVAL_MS);
        self.forge.child(&tip, Vec::new(), time)
    }

    /// The work of a chain up to this block, on a network where all blocks have the same.
    pub fn claim(&self, block: &Block) -> TipClaim {
        let each = pow::work(self.forge.spec().genesis_bits).unwrap().get();
        let height = block.header.height;
        TipClaim { id: block.id(), height, work: Work::new(each * u128::from(height.get() + 1)) }
    }

    /// The word that this block is the offender's tip.
    pub fn announcement(&self, block: &Block) -> Message {
        Message::Tip { head: Box::new(head(block)), work: self.claim(block).work }
    }

    /// Waits for the victim's next block, and takes it over. What the victim asks for is answered with `answer`.
    pub async fn next_tip(&mut self, mut answer: impl FnMut(&Self, &Message) -> Vec<Message>) -> Option<()> {
        loop {
            let message = self.peer.next().await?;
            if let Message::Tip { head, .. } = &message {
                if head.content.parent_id == self.tip() {
                    return self.fetch(&[head.id()]).await;
                }
                return self.catch_up().await;
            }
            for said in answer(self, &message) {
                self.peer.say(said).await;
            }
        }
    }

    /// The headers after a locator, this block's among them.
    fn headers(&self, request: RequestId, locator: &[Hash], block: &Block) -> Message {
        let known = locator.iter().find_map(|id| self.chain.iter().position(|own| own == id));
        let after = known.map_or(&[][..], |at| &self.chain[at + 1..]);
        let heads = after.iter().map(|id| head(self.forge.block(id))).chain([head(block)]);
        let asks_for_more = locator.first() != Some(&block.id());
        Message::Headers { request, headers: heads.filter(|_| asks_for_more).collect() }
    }

    /// Announces a block on every new tip, and answers questions for it so, until the connection is gone.
    pub async fn attack(
        mut self,
        make: fn(&mut Self) -> Block,
        mut answer: impl FnMut(&Block, &Message) -> Vec<Message>,
    ) {
        loop {
            let block = make(&mut self);
            self.peer.say(self.announcement(&block)).await;
            let answer = |follower: &Self, question: &Message| match question {
                Message::GetHeaders { request, locator, .. } => {
                    vec![follower.headers(*request, locator, &block)]
                }
                Message::GetBlocks { request, ids } if !ids.contains(&block.id()) => {
                    vec![Message::Refused { request: *request, refusal: Refusal::NotHere }]
                }
                question => answer(&block, question),
            };
            if self.next_tip(answer).await.is_none() {
                return;
            }
        }
    }
}

/// A chain of the offender's own, as it is told to whoever asks.
#[derive(Clone, Default)]
pub struct Path {
    /// Ids from the genesis on.
    pub ids: Vec<Hash>,
}

impl Path {
    /// What is asked for of it, as it is.
    pub fn answer(&self, forge: &Forge, question: &Message) -> Vec<Message> {
        match question {
            Message::GetHeaders { request, locator, limit } => {
                let known = locator.iter().find_map(|id| self.ids.iter().position(|own| own == id));
                let after = known.map_or(&[][..], |at| &self.ids[at + 1..]);
                let headers = after.iter().take(*limit as usize).map(|id| head(forge.block(id))).collect();
                vec![Message::Headers { request: *request, headers }]
            }
            Message::GetBlocks { request, ids } => self.blocks(forge, *request, ids),
            question => {
                let own = |id: &Hash| self.ids.contains(id);
                let asked = match question {
                    Message::GetCompact(id) | Message::GetBlockTransactions { block: id, .. } => Some(id),
                    _ => None,
                };
                let asked = asked.filter(|id| own(id));
                asked.map_or_else(Vec::new, |id| truly(forge.block(id), question))
            }
        }
    }
}

impl Path {
    /// The answer to a request for blocks, up to the first that is of another chain.
    fn blocks(&self, forge: &Forge, request: RequestId, ids: &[Hash]) -> Vec<Message> {
        let mut said = Vec::new();
        for id in ids {
            if !self.ids.contains(id) {
                said.push(Message::Refused { request, refusal: Refusal::NotHere });
                return said;
            }
            said.push(Message::Block { request, block: raw(forge.block(id)) });
        }
        said
    }
}

/// What is asked for of a block, as it is.
pub fn truly(block: &Block, question: &Message) -> Vec<Message> {
    match question {
        Message::GetCompact(id) if *id == block.id() => vec![Message::Compact(compact(block).into())],
        Message::GetBlocks { request, ids } if ids.contains(&block.id()) => {
            vec![Message::Block { request: *request, block: raw(block) }]
        }
        Message::GetBlockTransactions { request, indexes, .. } => {
            let transactions = indexes.iter().map(|at| block.transactions[*at as usize].clone()).collect();
            vec![Message::BlockTransactions { request: *request, transactions }]
        }
        _ => Vec::new(),
    }
}

/// A block's header with its content.
pub fn head(block: &Block) -> HeaderRecord {
    HeaderRecord { header: block.header, content: block.content }
}

/// A block as it travels.
pub fn raw(block: &Block) -> RawBlock {
    RawBlock::new(block.encode()).unwrap()
}

/// A block in its compact form, with nothing prefilled.
pub fn compact(block: &Block) -> CompactBlock {
    let key = ShortIdKey::new(&block.header, 7);
    CompactBlock {
        head: head(block),
        ticks: block.ticks.clone(),
        nonce: 7,
        short_ids: block.transactions.iter().map(|each| key.short_id(&each.leaf_hash())).collect(),
        prefilled: Vec::new(),
    }
}
