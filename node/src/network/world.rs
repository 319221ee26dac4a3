//! The quick answers: what the protocol may ask in the middle of a turn.

use std::collections::HashSet;
use std::sync::Arc;

use vibecoin_chain::{ChainReader, Clock};
use vibecoin_consensus::rules::{
    self, Blame, BlockError, HeaderError, ParentView, ShapeError, check_header, check_link, check_sealed,
};
use vibecoin_crypto::Hash;
use vibecoin_network::wire::{HeaderRecord, TipClaim};
use vibecoin_network::world::{Believe, Broken, Have, Holding};
use vibecoin_primitives::Work;
use vibecoin_storage::blocks::{self, BlockStatus};
use vibecoin_storage::{StoreError, active};

use crate::clock::NodeClock;

/// See the module. Owned by the task of the machine, which keeps what changes up to date.
pub struct NodeWorld {
    chain: ChainReader,
    clock: NodeClock,
    best_header: TipClaim,
    waiting: HashSet<Hash>,
}

impl NodeWorld {
    /// The world of a chain with an empty pool.
    pub fn new(chain: ChainReader, clock: NodeClock) -> Result<Self, StoreError> {
        let mut world = Self { best_header: claim(&chain), chain, clock, waiting: HashSet::new() };
        world.refresh()?;
        Ok(world)
    }

    /// Looks for the best header again: headers or blocks have come.
    pub fn refresh(&mut self) -> Result<(), StoreError> {
        let (id, height, work) = self.chain.view()?.best_header()?;
        self.best_header = TipClaim { id, height, work };
        Ok(())
    }

    /// A transaction waits. False if it was known to.
    pub fn added(&mut self, leaf_hash: Hash) -> bool {
        self.waiting.insert(leaf_hash)
    }

    /// A transaction waits no more.
    pub fn removed(&mut self, leaf_hash: &Hash) {
        self.waiting.remove(leaf_hash);
    }

    /// Exactly these wait.
    pub fn set_waiting(&mut self, leaf_hashes: Vec<Hash>) {
        self.waiting = leaf_hashes.into_iter().collect();
    }

    /// A row that cannot be read answers as one that is not there: the writer meets the damage and tells.
    fn read<T>(answer: Result<Option<T>, StoreError>) -> Option<T> {
        answer.unwrap_or_else(|error| {
            tracing::error!("the network could not read the store: {error}");
            None
        })
    }
}

fn claim(chain: &ChainReader) -> TipClaim {
    let tip = chain.tip();
    TipClaim { id: tip.id(), height: tip.height(), work: tip.block.total_work() }
}

/// A broken rule in the words of the network.
fn broken(error: &BlockError) -> Broken {
    Broken {
        rule: error.rule().to_owned(),
        blames_sender: error.blame() == Blame::Peer,
        condemns_block: error.marks_id_invalid(),
    }
}

fn shape(error: ShapeError) -> Broken {
    broken(&BlockError::Shape(error))
}

fn header(error: HeaderError) -> Broken {
    broken(&BlockError::Header(error))
}

impl Believe for NodeWorld {
    fn header(&self, parent: &HeaderRecord, child: &HeaderRecord) -> Result<Work, Broken> {
        rules::header::check_version(&child.header).map_err(header)?;
        check_sealed(&child.header, &child.content).map_err(shape)?;
        let now = self.clock.now();
        let (_, work) = check_link(self.chain.spec(), &child.header, &parent.header, now).map_err(header)?;
        Ok(work)
    }

    fn on_tip(&self, head: &HeaderRecord) -> Option<Result<(), Broken>> {
        let tip = self.chain.tip();
        if head.content.parent_id != tip.id() {
            return None;
        }
        let check = || {
            rules::header::check_version(&head.header).map_err(header)?;
            check_sealed(&head.header, &head.content).map_err(shape)?;
            let parent = ParentView { header: &tip.block.header, peaks: &tip.block.history };
            check_header(self.chain.spec(), &head.header, &parent, self.clock.now()).map_err(header)?;
            Ok(())
        };
        Some(check())
    }
}

impl Have for NodeWorld {
    fn tip(&self) -> TipClaim {
        claim(&self.chain)
    }

    fn tip_header(&self) -> HeaderRecord {
        let tip = self.chain.tip();
        HeaderRecord { header: tip.block.header, content: tip.content }
    }

    fn best_header(&self) -> TipClaim {
        let tip = claim(&self.chain);
        if tip.work >= self.best_header.work { tip } else { self.best_header }
    }

    fn block(&self, id: &Hash) -> Holding {
        match Self::read(blocks::meta(&**self.chain.store(), id)).map(|record| record.status) {
            None => Holding::Unknown,
            Some(BlockStatus::Invalid { .. }) => Holding::Invalid,
            Some(status) if status.has_body() => Holding::Body,
            Some(_) => Holding::Header,
        }
    }

    fn transaction(&self, leaf_hash: &Hash) -> bool {
        self.waiting.contains(leaf_hash)
    }

    fn segment(&self, parent: &Hash) -> Option<Arc<[Hash]>> {
        self.chain.segments().get(parent)
    }

    fn active_header(&self, id: &Hash) -> Option<HeaderRecord> {
        let store = &**self.chain.store();
        let header = Self::read(blocks::header(store, id))?;
        let beside = Self::read(active::at(store, header.height))?;
        if beside.id != *id {
            return None;
        }
        let content = Self::read(blocks::content(store, id))?;
        Some(HeaderRecord { header, content })
    }
}
