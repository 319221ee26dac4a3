//! Chains, and peers that answer from them.

use std::collections::BTreeMap;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Work};

use crate::endpoint::NodeId;
use crate::machine::Input;
use crate::peers::{Direction, Link, Purpose};
use crate::testing::{Bench, FakeWorld, forge};
use crate::wire::{
    Capabilities, HeaderRecord, Hello, Message, PROTOCOL_VERSION, RawBlock, Refusal, TipClaim,
};
use crate::world::Have;

/// A chain from the genesis on, with the work of each block.
pub fn chain_with(salt: u64, length: usize, transactions: usize) -> Vec<Block> {
    let mut parent = forge::head(&forge::genesis());
    let mut blocks = Vec::with_capacity(length);
    for height in 0..length {
        let first = (height * transactions) as u64;
        let list = (first..first + transactions as u64).map(forge::transaction).collect();
        let block = forge::child(&parent, salt, list);
        parent = forge::head(&block);
        blocks.push(block);
    }
    blocks
}

/// The claim of a peer whose chain is this.
pub fn claim(blocks: &[Block]) -> TipClaim {
    let work = blocks.iter().map(|block| u128::from(block.header.bits.get())).sum();
    match blocks.last() {
        Some(last) => TipClaim { id: last.id(), height: last.header.height, work: Work::new(work) },
        None => FakeWorld::new().genesis(),
    }
}

/// A peer whose active chain is a list of blocks.
pub struct Honest {
    pub node: NodeId,
    pub blocks: Vec<Block>,
    by_id: BTreeMap<Hash, usize>,
    /// Answers per step; the rest waits.
    pub pace: usize,
    waiting: Vec<Message>,
    /// Blocks that it sent.
    pub sent_blocks: usize,
    /// Bodies that it says it does not have.
    pub lacks: Vec<Hash>,
    /// Bodies that it sends with the transactions of another block.
    pub mutates: Vec<Hash>,
    /// It leaves requests for blocks unanswered.
    pub is_silent: bool,
}

impl Honest {
    /// Connects such a peer.
    pub fn connect(bench: &mut Bench, number: u8, blocks: Vec<Block>) -> Self {
        let node = connect(bench, number, claim(&blocks));
        let by_id = blocks.iter().enumerate().map(|(at, block)| (block.id(), at)).collect();
        Self {
            node,
            blocks,
            by_id,
            pace: usize::MAX,
            waiting: Vec::new(),
            sent_blocks: 0,
            lacks: Vec::new(),
            mutates: Vec::new(),
            is_silent: false,
        }
    }

    /// It has another chain from now on.
    pub fn set_blocks(&mut self, blocks: Vec<Block>) {
        self.by_id = blocks.iter().enumerate().map(|(at, block)| (block.id(), at)).collect();
        self.blocks = blocks;
    }

    /// Answers what it was asked since the last step, at its pace.
    pub fn step(&mut self, bench: &mut Bench) {
        for message in bench.sent(self.node) {
            self.take(message);
        }
        self.speak(bench);
    }

    /// Says what it has to say, at its pace.
    pub fn speak(&mut self, bench: &mut Bench) {
        let many = self.pace.min(self.waiting.len());
        for message in self.waiting.drain(..many).collect::<Vec<_>>() {
            self.sent_blocks += usize::from(matches!(message, Message::Block { .. }));
            bench.receive(self.node, message);
        }
    }

    /// Takes note of a question.
    pub fn take(&mut self, message: Message) {
        match message {
            Message::GetHeaders { request, locator, limit } => {
                let headers = self.headers_after(&locator, limit as usize);
                self.waiting.push(Message::Headers { request, headers });
            }
            Message::GetBlocks { request, ids } if !self.is_silent => {
                for id in ids {
                    let found = self.by_id.get(&id).filter(|_| !self.lacks.contains(&id));
                    let Some(at) = found else {
                        self.waiting.push(Message::Refused { request, refusal: Refusal::NotHere });
                        break;
                    };
                    let mut block = self.blocks[*at].clone();
                    if self.mutates.contains(&id) {
                        block.transactions.push(forge::transaction(999_999));
                    }
                    let block = RawBlock::new(block.encode()).expect("it has a header");
                    self.waiting.push(Message::Block { request, block });
                }
            }
            _ => {}
        }
    }

    fn headers_after(&self, locator: &[Hash], limit: usize) -> Vec<HeaderRecord> {
        let first = locator.iter().find_map(|id| self.by_id.get(id)).map_or(0, |at| at + 1);
        self.blocks[first..].iter().take(limit).map(forge::head).collect()
    }
}

/// Connects a peer and lets it introduce itself with this tip.
pub fn connect(bench: &mut Bench, number: u8, tip: TipClaim) -> NodeId {
    let node = Bench::node(number);
    let link = Link { direction: Direction::Outbound, endpoint: None, purpose: Some(Purpose::Full) };
    bench.input(Input::Connected { node, link });
    let hello = Hello {
        version: PROTOCOL_VERSION,
        genesis_id: bench.world.genesis().id,
        capabilities: Capabilities(0b1111),
        tip,
        agent: "peer".to_owned(),
    };
    bench.receive(node, Message::Hello(Box::new(hello)));
    node
}

/// Lets time pass while peers and node answer, until the tip is this or the time is over. Answers whether it is.
pub fn run(bench: &mut Bench, peers: &mut [Honest], tip: &Hash, most_ms: u64) -> bool {
    let end_ms = bench.now.ms + most_ms;
    while bench.now.ms < end_ms && bench.world.tip().id != *tip {
        for peer in peers.iter_mut() {
            peer.step(bench);
        }
        bench.answer();
        bench.tick(50);
    }
    bench.world.tip().id == *tip
}
