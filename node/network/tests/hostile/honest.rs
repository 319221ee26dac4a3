//! What the honest peers have in common: one chain, and true answers from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_network::testing::forge;
use vibecoin_network::wire::{CompactBlock, HeaderRecord, Message, RawBlock, Refusal, ShortIdKey, TipClaim};
use vibecoin_primitives::{Block, Height, Transaction, Work};

/// The work of each of their blocks: the cheap blocks of an offender weigh next to nothing beside it.
pub const WORK: u32 = 1 << 20;
/// Transactions of a block.
const TRANSACTIONS: u64 = 2;

/// See the module.
#[derive(Clone)]
pub struct Chain {
    blocks: Vec<Arc<Block>>,
    work: Work,
    places: BTreeMap<Hash, usize>,
    /// What waits for the next block.
    waiting: Vec<Transaction>,
    number: u64,
}

impl Chain {
    /// The genesis and so many blocks.
    pub fn new(length: usize) -> Self {
        let genesis = Arc::new(forge::genesis());
        let places = BTreeMap::from([(genesis.id(), 0)]);
        let work = Work::ZERO;
        let mut chain = Self { blocks: vec![genesis], work, places, waiting: Vec::new(), number: 0 };
        for _ in 0..length {
            chain.mine();
        }
        chain
    }

    /// Finds the next block, with what waited, and makes new transactions wait.
    pub fn mine(&mut self) {
        let transactions = std::mem::take(&mut self.waiting);
        self.push_block(forge::child_with_work(&self.tip(), 0, transactions, WORK));
        let numbers = self.number..self.number + TRANSACTIONS;
        self.number = numbers.end;
        self.waiting = numbers.map(forge::transaction).collect();
    }

    fn push_block(&mut self, block: Block) {
        let work = Work::new(u128::from(block.header.bits.get()));
        self.work = self.work.checked_add(work).expect("the work of a test is small");
        self.places.insert(block.id(), self.blocks.len());
        self.blocks.push(Arc::new(block));
    }

    /// Another chain: this one without its last `below` blocks, and then so many of twice the work each.
    pub fn rival(&self, below: usize, length: usize) -> Self {
        let mut rival = self.clone();
        for block in rival.blocks.split_off(self.blocks.len() - below) {
            rival.places.remove(&block.id());
            rival.work = Work::new(rival.work.get() - u128::from(block.header.bits.get()));
        }
        for _ in 0..length {
            rival.push_block(forge::child_with_work(&rival.tip(), 1, Vec::new(), WORK * 2));
        }
        rival
    }

    pub fn tip(&self) -> HeaderRecord {
        forge::head(&self.blocks[self.blocks.len() - 1])
    }

    pub fn genesis(&self) -> HeaderRecord {
        forge::head(&self.blocks[0])
    }

    pub fn blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }

    pub fn ids(&self) -> impl DoubleEndedIterator<Item = Hash> {
        self.blocks.iter().map(|block| block.id())
    }

    pub const fn work(&self) -> Work {
        self.work
    }

    pub fn claim(&self) -> TipClaim {
        let tip = self.tip();
        TipClaim { id: tip.id(), height: tip.header.height, work: self.work() }
    }

    /// The word that this is the tip.
    pub fn announcement(&self) -> Message {
        Message::Tip { head: Box::new(self.tip()), work: self.work() }
    }

    /// The newest block in its compact form.
    pub fn push(&self) -> Message {
        Message::Compact(Arc::new(compact(&self.blocks[self.blocks.len() - 1])))
    }

    pub fn waiting(&self) -> &[Transaction] {
        &self.waiting
    }

    /// The true answers to a question.
    pub fn answer(&self, question: &Message) -> Vec<Message> {
        match question {
            Message::GetHeaders { request, locator, limit } => {
                let headers = self.headers_after(locator, *limit as usize);
                vec![Message::Headers { request: *request, headers }]
            }
            Message::GetBlocks { request, ids } => {
                let answer = |id: &Hash| match self.block(id) {
                    Some(block) => Message::Block { request: *request, block: raw(block) },
                    None => Message::Refused { request: *request, refusal: Refusal::NotHere },
                };
                ids.iter().map(answer).collect()
            }
            Message::GetCompact(id) => {
                self.block(id).map(|block| Message::Compact(Arc::new(compact(block)))).into_iter().collect()
            }
            Message::GetBlockTransactions { request, block, indexes } => {
                let Some(block) = self.block(block) else { return Vec::new() };
                let transactions =
                    indexes.iter().map(|at| block.transactions[*at as usize].clone()).collect();
                vec![Message::BlockTransactions { request: *request, transactions }]
            }
            Message::GetTransactions { request, ids } => {
                let wanted = |transaction: &&Transaction| ids.contains(&transaction.leaf_hash());
                let transactions = self.waiting.iter().filter(wanted).cloned().collect();
                vec![Message::Transactions { request: *request, transactions }]
            }
            Message::GetStateChunk { request, .. } => {
                vec![Message::Refused { request: *request, refusal: Refusal::NotHere }]
            }
            _ => Vec::new(),
        }
    }

    fn block(&self, id: &Hash) -> Option<&Arc<Block>> {
        self.places.get(id).map(|at| &self.blocks[*at])
    }

    fn headers_after(&self, locator: &[Hash], limit: usize) -> Vec<HeaderRecord> {
        let first = locator.iter().find_map(|id| self.places.get(id)).map_or(1, |at| at + 1);
        self.blocks[first..].iter().take(limit).map(|block| forge::head(block)).collect()
    }
}

/// A block as it travels.
pub fn raw(block: &Block) -> RawBlock {
    RawBlock::new(block.encode()).expect("it has a header")
}

/// A block in its compact form, with nothing prefilled.
pub fn compact(block: &Block) -> CompactBlock {
    let (head, nonce) = (forge::head(block), 7);
    let key = ShortIdKey::new(&block.header, nonce);
    let short_ids =
        block.transactions.iter().map(|transaction| key.short_id(&transaction.leaf_hash())).collect();
    CompactBlock { head, ticks: block.ticks.clone(), nonce, short_ids, prefilled: Vec::new() }
}

/// A claim of so much more than anybody has.
pub fn boast(id: Hash, height: u64) -> TipClaim {
    TipClaim { id, height: Height::new(height), work: Work::new(1 << 100) }
}
