//! Small networks, and makers of blocks on them, for the tests of the engine.

use std::sync::Arc;

use vibecoin_consensus::difficulty::{bits_of_child, version_at};
use vibecoin_consensus::pow::Search;
use vibecoin_consensus::{Node, Peaks};
use vibecoin_crypto::{Hash, SecretKey, sha256};
use vibecoin_primitives::{
    Address, Allocation, Amount, Bits, Block, ChainSpec, Content, Header, Height, Network, Timestamp,
    Transaction, TransactionBody,
};
use vibecoin_storage::{Column, KeyValueStore, MemoryStore, Scan, StateReader as _};

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

/// The same with money on eight accounts.
pub(crate) fn rich_spec() -> ChainSpec {
    let funded = |number| Allocation {
        address: Address::of(&key(number).public_key()),
        amount: Amount::from_beats(1_000_000_000_000),
    };
    ChainSpec { genesis_allocation: (1..=8).map(funded).collect(), ..flat_spec() }
}

fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32])
}

fn transfer(spec: &ChainSpec, from: &SecretKey, nonce: u64, to: Address, beats: u64) -> Transaction {
    let body = TransactionBody {
        version: 1,
        chain_id: spec.chain_id,
        nonce,
        valid_until: 0,
        gas_limit: 21_000,
        gas_price: 3,
        to: Some(to),
        value: Amount::from_beats(beats),
        data: Vec::new(),
        public_key: from.public_key(),
    };
    body.sign(from)
}

/// Headers that stand on each other, as a network's genesis allows them. What they commit to is made up.
pub(crate) fn bare_headers(
    spec: &ChainSpec,
    count: usize,
    state_root: impl Fn(Height) -> Hash,
) -> Vec<(Header, Content)> {
    let genesis = vibecoin_consensus::genesis(spec);
    let (mut id, mut above, mut history) = (genesis.id(), genesis.header, Peaks::new());
    let mut made = Vec::new();
    for _ in 0..count {
        history.append(Node::leaf(&above, id).unwrap()).unwrap();
        let height = above.height.next().unwrap();
        let content = Content { parent_id: id, state_root: state_root(height), ..genesis.content };
        let mut header = Header {
            history_root: history.root(),
            content_root: content.root(),
            version: version_at(height),
            height,
            prev_time: above.time,
            time: above.time.checked_add(spec.min_delta_ms).unwrap(),
            bits: bits_of_child(spec, above.height, above.time),
            nonce: 0,
        };
        header.nonce = Search::new(&header).unwrap().run(0..u64::MAX).unwrap();
        (id, above) = (header.id(), header);
        made.push((header, content));
    }
    made
}

/// Headers with contents, as they go over the wire.
pub(crate) fn pairs<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> Vec<(Header, Content)> {
    blocks.into_iter().map(|block| (block.header, block.content)).collect()
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
        self.make_of(delay_ms, &[])
    }

    /// The same with these transactions in it.
    fn make_of(&mut self, delay_ms: u64, transactions: &[Transaction]) -> Block {
        let reader = self.chain.reader();
        let time = self.chain.tip().time().checked_add(delay_ms).unwrap();
        let view = reader.view().unwrap();
        let template =
            Template::build(&reader, &view, Address::new([self.name; 20]), transactions, time).unwrap();
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

    /// Makes that many blocks of random transfers between the accounts of [`rich_spec`], and to many others.
    pub(crate) fn trade(&mut self, count: usize, seed: u64) -> &mut Self {
        let spec = Arc::clone(&self.chain.ground.spec);
        for number in 0..count as u64 {
            let draw = |what: u64| {
                let bytes = sha256(&[seed, number, what].map(u64::to_le_bytes).concat());
                u64::from_le_bytes(*bytes.as_bytes().first_chunk().unwrap())
            };
            let state = self.chain.reader().view().unwrap().state().unwrap();
            let transfers: Vec<_> = (0..draw(0) % 4)
                .map(|place| {
                    let from = key((place * 2 + draw(1) % 2) as u8 + 1);
                    let to = Address::new([(draw(place + 2) % 200) as u8; 20]);
                    let nonce = state.account(&Address::of(&from.public_key())).unwrap().nonce;
                    transfer(&spec, &from, nonce, to, 1 + draw(place + 9) % 1_000)
                })
                .collect();
            let block = self.make_of(1_000, &transfers);
            assert_eq!(block.transactions.len(), transfers.len());
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
