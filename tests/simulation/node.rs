//! One simulated machine: a real chain over a memory store. Everything that the simulation asks of `vibecoin_chain`
//! stands in this file.
//!
//! Deliberately absent: any rule. What is valid, what is best and what a block must be are asked of the real code.

use std::sync::Arc;

use vibecoin_chain::production::Template;
use vibecoin_chain::{Chain, ChainReader, Policy, Report, Source, Verdict};
use vibecoin_consensus::difficulty::bits_of_child;
use vibecoin_consensus::pow;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Bits, Block, ChainSpec, Network, Timestamp};
use vibecoin_storage::{MemoryStore, blocks};

/// Hashes that a block of some scenario may need. With more a search would not end, with fewer there would be blocks
/// without end.
const WORK: std::ops::Range<u128> = 16..1 << 22;

/// More bodies than any scenario lacks at once.
const BODIES_MAX: usize = 10_000;

/// The rules of the simulated networks: mainnet's, but for work and a pace that cost a simulation too much. The
/// genesis has this work, and the difficulty may fall to next to nothing.
pub fn spec(genesis_bits: u32) -> ChainSpec {
    ChainSpec {
        genesis_bits: Bits::new(genesis_bits),
        easiest_bits: Bits::new(0x207f_ffff),
        poh_ticks: 1,
        poh_hashes_per_tick: 1,
        genesis_allocation: Vec::new(),
        ..Network::Mainnet.spec()
    }
}

/// What became of a block at a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is stored, on the active chain or beside it.
    Stored,
    /// Of it and its branch the headers are stored, and not all bodies.
    Header,
    /// It waits for its time, until this one.
    Held(Timestamp),
    /// Its parent is missing.
    Orphan,
    /// It breaks the rule with this number.
    Refused(String),
}

/// What one import did.
pub struct Taken {
    pub fate: Fate,
    /// Blocks that were reverted, for every move of the tip.
    pub reverted: Vec<u64>,
    /// Blocks that joined the active chain.
    pub connected: Vec<Hash>,
}

impl Taken {
    fn of(report: &Report) -> Self {
        let fate = match &report.verdict {
            Verdict::Held { until } => Fate::Held(*until),
            Verdict::Orphan { .. } => Fate::Orphan,
            Verdict::Header => Fate::Header,
            Verdict::Invalid(reason) => {
                Fate::Refused(reason.to_string().split(':').next().unwrap_or_default().to_owned())
            }
            Verdict::Extended | Verdict::Reorganised { .. } | Verdict::Side | Verdict::Known => Fate::Stored,
        };
        Self {
            fate,
            reverted: report.changes.iter().map(|change| change.reverted.len() as u64).collect(),
            connected: (report.changes.iter())
                .flat_map(|change| change.connected.iter().map(|block| block.id))
                .collect(),
        }
    }
}

/// A machine.
pub struct Node {
    chain: Chain,
    reader: ChainReader,
    beneficiary: Address,
}

impl Node {
    /// A machine whose miner is called `number`.
    pub fn new(spec: &ChainSpec, number: usize) -> Self {
        let policy = Policy { state_cache_bytes: 1 << 20, ..Policy::NODE };
        let chain = Chain::open(Arc::new(MemoryStore::default()), spec.clone(), policy).unwrap();
        let mut beneficiary = [0; 20];
        beneficiary[..8].copy_from_slice(&(number as u64).to_le_bytes());
        Self { reader: chain.reader(), chain, beneficiary: Address::new(beneficiary) }
    }

    /// Takes in a block of a peer with its clock at `now`.
    pub fn take(&mut self, from: usize, block: &Block, now: Timestamp) -> Taken {
        Taken::of(&self.chain.import_from(Source::Peer(from as u64), block.clone(), now).unwrap())
    }

    /// Takes in the header of a block ahead of its body.
    pub fn take_header(&mut self, block: &Block, now: Timestamp) -> Taken {
        Taken::of(&self.chain.import_header(&block.header, &block.content, now).unwrap())
    }

    /// The blocks whose headers it has and whose bodies it wants.
    pub fn wanted_bodies(&self) -> Vec<Hash> {
        self.reader.view().unwrap().wanted_bodies(BODIES_MAX).unwrap()
    }

    /// Tries the blocks again whose time has come.
    pub fn retry_held(&mut self, now: Timestamp) -> Vec<Taken> {
        self.chain.retry_held(now).unwrap().iter().map(Taken::of).collect()
    }

    /// Takes the highest blocks off the chain for good.
    pub fn rewind(&mut self, count: u64) {
        self.chain.rewind(count).unwrap();
    }

    /// Whether it has stored this block, or its header at least.
    pub fn has(&self, id: &Hash) -> bool {
        blocks::contains(&**self.reader.store(), id).unwrap()
    }

    /// The id of the tip.
    pub fn tip(&self) -> Hash {
        self.chain.tip().id()
    }

    /// The height of the tip.
    pub fn height(&self) -> u64 {
        self.chain.tip().height().get()
    }

    /// The time of the tip.
    pub fn tip_time(&self) -> Timestamp {
        self.chain.tip().time()
    }

    /// The cumulative work of the active chain, in hashes.
    pub fn total_work(&self) -> u128 {
        self.chain.tip().block.total_work().get()
    }

    /// The work of the next block on the tip, in hashes.
    pub fn next_work(&self) -> u128 {
        let tip = self.chain.tip();
        let bits = bits_of_child(self.reader.spec(), tip.height(), tip.time());
        pow::work(bits).unwrap().get()
    }

    /// Makes the next block on the tip, with this time and a nonce that was searched.
    pub fn produce(&self, time: Timestamp) -> Block {
        let view = self.reader.view().unwrap();
        let mut template = Template::build(&self.reader, &view, self.beneficiary, [], time).unwrap();
        // Those who lie do not let the template put their time right.
        template.header.time = time;
        assert!(WORK.contains(&self.next_work()), "the difficulty has run away: {} hashes", self.next_work());
        let nonce = pow::search(&template.header, 0..u64::MAX).unwrap().unwrap();
        template.into_block(nonce)
    }
}
