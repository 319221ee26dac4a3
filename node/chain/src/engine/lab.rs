//! Small networks, and makers of blocks on them, for the tests of the engine.

use std::sync::Arc;

use vibecoin_crypto::{Hash, sha256};
use vibecoin_primitives::{Address, Bits, Block, ChainSpec, Network, Timestamp};
use vibecoin_storage::{Column, KeyValueStore, MemoryStore, Scan};

use super::Chain;
use crate::orphans::Source;
use crate::outcome::Verdict;
use crate::policy::{Policy, SideBranches};
use crate::production::Template;

/// No block is from the future.
pub(crate) const LATE: Timestamp = Timestamp::new(u64::MAX);

/// A network that retargets so fast that siblings of different times have children of quite different work.
pub(crate) fn fast_spec() -> ChainSpec {
    ChainSpec {
        half_life_ms: 3_000,
        genesis_bits: Bits::new(0x2003_ffff),
        poh_ticks: 2,
        poh_hashes_per_tick: 2,
        genesis_allocation: Vec::new(),
        ..Network::Devnet.spec()
    }
}

/// A network whose blocks all have the same work.
pub(crate) fn flat_spec() -> ChainSpec {
    ChainSpec { half_life_ms: 0, genesis_bits: Bits::new(0x207f_ffff), ..fast_spec() }
}

/// Like a node, with a small cache.
pub(crate) const SMALL: Policy = Policy { state_cache_bytes: 1 << 20, ..Policy::NODE };

pub(crate) fn open(spec: &ChainSpec, policy: Policy) -> Chain {
    Chain::open(Arc::new(MemoryStore::default()), spec.clone(), policy).unwrap()
}

pub(crate) fn open_lazy(spec: &ChainSpec, side_branches: SideBranches) -> Chain {
    open(spec, Policy { side_branches, ..SMALL })
}

/// Grows one branch.
pub(crate) struct Maker {
    chain: Chain,
    pub(crate) blocks: Vec<Block>,
    name: u8,
}

impl Maker {
    /// Of a branch from the genesis; makers of different names make different blocks.
    pub(crate) fn new(spec: &ChainSpec, name: u8) -> Self {
        Self { chain: open(spec, SMALL), blocks: Vec::new(), name }
    }

    /// Of a branch that leaves this one after `height` blocks.
    pub(crate) fn fork(&self, height: usize, name: u8) -> Self {
        let mut fork = Self::new(&self.chain.ground.spec, name);
        for block in &self.blocks[..height] {
            fork.take(block.clone());
        }
        fork
    }

    /// Makes a block `delay_ms` after the tip.
    pub(crate) fn make(&mut self, delay_ms: u64) -> Block {
        let reader = self.chain.reader();
        let time = self.chain.tip().time().checked_add(delay_ms).unwrap();
        let view = reader.view().unwrap();
        let template = Template::build(&reader, &view, Address::new([self.name; 20]), [], time).unwrap();
        let nonce = template.search(1, &false.into(), &0.into()).unwrap().unwrap();
        let block = template.into_block(nonce);
        self.take(block.clone());
        block
    }

    /// Makes that many blocks, a second apart.
    pub(crate) fn grow(&mut self, count: usize) -> &mut Self {
        for _ in 0..count {
            self.make(1_000);
        }
        self
    }

    fn take(&mut self, block: Block) {
        let verdict = self.chain.import(block.clone(), LATE).unwrap().verdict;
        assert!(matches!(verdict, Verdict::Extended), "{verdict:?}");
        self.blocks.push(block);
    }

    pub(crate) fn tip(&self) -> Hash {
        self.chain.tip().id()
    }

    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }
}

/// Hands blocks in as a peer does and gives the names of the verdicts.
pub(crate) fn relay<'a>(chain: &mut Chain, blocks: impl IntoIterator<Item = &'a Block>) -> Vec<&'static str> {
    let peer = Source::Peer(1);
    let import = |block: &Block| chain.import_from(peer, block.clone(), LATE).unwrap().verdict.name();
    blocks.into_iter().map(import).collect()
}

/// Hands blocks in as the owner and gives the names of the verdicts.
pub(crate) fn deliver<'a>(
    chain: &mut Chain,
    blocks: impl IntoIterator<Item = &'a Block>,
) -> Vec<&'static str> {
    let import = |block: &Block| chain.import(block.clone(), LATE).unwrap().verdict.name();
    blocks.into_iter().map(import).collect()
}

/// Hands headers in and gives the names of the verdicts.
pub(crate) fn announce<'a>(
    chain: &mut Chain,
    blocks: impl IntoIterator<Item = &'a Block>,
) -> Vec<&'static str> {
    let import =
        |block: &Block| chain.import_header(&block.header, &block.content, LATE).unwrap().verdict.name();
    blocks.into_iter().map(import).collect()
}

/// What follows from the active chain in a store, in one hash. Versions of the state differ with the way that led
/// there, so of those rows only the root counts.
pub(crate) fn fingerprint(store: &dyn KeyValueStore) -> Hash {
    let mut rows: Vec<u8> = Vec::new();
    for column in [
        Column::Transactions,
        Column::TransactionsBySender,
        Column::TransactionsByRecipient,
        Column::Activity,
    ] {
        for row in store.iterate(column, Scan::all()) {
            let (key, value) = row.unwrap();
            rows.extend([key, value].concat());
        }
    }
    for (height, block) in vibecoin_storage::active::range(store, Default::default(), usize::MAX).unwrap() {
        rows.extend(height.get().to_le_bytes());
        rows.extend(block.id.as_bytes());
    }
    let tip = crate::tip::Tip::load(store).unwrap().unwrap();
    let root = vibecoin_storage::StateTree::root(store, tip.state_version).unwrap().unwrap();
    rows.extend(root.as_bytes());
    rows.extend(format!("{:?}", vibecoin_storage::meta::supply(store).unwrap()).bytes());
    rows.extend(tip.block.history.root().as_bytes());
    sha256(&rows)
}

/// The same for a chain that takes exactly these blocks, in their order.
pub(crate) fn fingerprint_of(spec: &ChainSpec, blocks: &[Block]) -> Hash {
    let mut chain = open(spec, SMALL);
    for verdict in deliver(&mut chain, blocks) {
        assert_eq!(verdict, "extended");
    }
    fingerprint(&*chain.ground.store)
}
