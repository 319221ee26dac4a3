//! Chains of headers with real work, honest or not, and what a server says of them.

use vibecoin_crypto::{Hash, sha256};
use vibecoin_primitives::{Bits, ChainSpec, Content, Header, Height, Timestamp};

use super::store::Store;
use crate::difficulty::{bits_at, bits_of_child};
use crate::history::{Node, Peaks};
use crate::light::{Claim, LightError, Params, Proven, Tip, prove, verify};
use crate::pow::{self, Search, Target};
use crate::{genesis, testing};

/// Numbers of a seed, the same on every run (SplitMix64).
#[derive(Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    /// A number of 0 up to 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The seed of a proof.
    pub(crate) fn seed(&mut self) -> [u8; 32] {
        sha256(&self.roll().to_le_bytes()).to_bytes()
    }
}

/// A private network like the lab, with another pace.
pub(crate) fn network(half_life_ms: u64, easiest: u32, genesis: u32) -> ChainSpec {
    ChainSpec {
        half_life_ms,
        easiest_bits: Bits::new(easiest),
        genesis_bits: Bits::new(genesis),
        ..testing::lab()
    }
}

/// A chain: its tip, and the history before it.
#[derive(Clone)]
pub(crate) struct Chain {
    pub(crate) spec: ChainSpec,
    pub(crate) genesis_id: Hash,
    pub(crate) store: Store,
    /// Over all headers before the tip.
    pub(crate) peaks: Peaks,
    pub(crate) tip: Header,
    pub(crate) content: Content,
}

impl Chain {
    pub(crate) fn new(spec: &ChainSpec) -> Self {
        let block = genesis(spec);
        let id = block.id();
        let mut store = Store::default();
        store.keep_header(id, block.header);
        Self {
            spec: spec.clone(),
            genesis_id: id,
            store,
            peaks: Peaks::new(),
            tip: block.header,
            content: block.content,
        }
    }

    /// A chain of this height, whose blocks come at the network's interval.
    pub(crate) fn steady(spec: &ChainSpec, height: u64) -> Self {
        let mut chain = Self::new(spec);
        (0..height).for_each(|_| chain.extend(spec.interval_ms));
        chain
    }

    /// The header that could come next, after so many ms, without its work.
    pub(crate) fn draft(&self, delta_ms: u64) -> (Header, Content, Peaks) {
        let mut peaks = self.peaks.clone();
        peaks.append(Node::leaf(&self.tip, self.tip.id()).unwrap()).unwrap();
        let content = Content { parent_id: self.tip.id(), gas_used: peaks.count(), ..self.content };
        let height = Height::new(peaks.count());
        let header = Header {
            history_root: peaks.root(),
            content_root: content.root(),
            version: 1,
            height,
            prev_time: self.tip.time,
            time: self.tip.time.checked_add(delta_ms).unwrap(),
            bits: self.next_bits(),
            nonce: 0,
        };
        (header, content, peaks)
    }

    /// The bits of the header that comes next.
    pub(crate) fn next_bits(&self) -> Bits {
        bits_of_child(&self.spec, self.tip.height, self.tip.time)
    }

    /// Makes the header the tip, whatever it says.
    pub(crate) fn push(&mut self, header: Header, content: Content) {
        let leaf = Node::leaf(&self.tip, self.tip.id()).unwrap();
        self.store.keep_inner(&self.peaks.append(leaf).unwrap());
        self.store.keep_header(header.id(), header);
        (self.tip, self.content) = (header, content);
    }

    /// One block more, with its work done.
    pub(crate) fn extend(&mut self, delta_ms: u64) {
        self.extend_as(delta_ms, |_| ());
    }

    /// One block more that is changed before its work is done.
    pub(crate) fn extend_as(&mut self, delta_ms: u64, change: impl FnOnce(&mut Header)) {
        let (mut header, content, _) = self.draft(delta_ms);
        change(&mut header);
        self.push(mined(header), content);
    }

    /// One block more without its work.
    pub(crate) fn extend_unworked(&mut self, delta_ms: u64) {
        let (header, content, _) = self.draft(delta_ms);
        self.push(unworked(header), content);
    }

    /// The header at a height of a chain whose every header is known.
    pub(crate) fn header_at(&self, height: u64) -> Header {
        self.store.headers().find(|header| header.height.get() == height).unwrap()
    }

    /// As if 2^`level` headers, the tip the first of them, were those of an invented node; then a real block on top of it,
    /// `delta_ms` later. The store knows nothing below the node.
    pub(crate) fn invent(&mut self, level: u8, node: Node, delta_ms: u64) {
        self.store.keep_inner(&self.peaks.append_tree(level, node).unwrap());
        let height = Height::new(self.peaks.count());
        let content = Content { parent_id: node.hash, gas_used: height.get(), ..self.content };
        let header = mined(Header {
            history_root: self.peaks.root(),
            content_root: content.root(),
            version: 1,
            height,
            prev_time: node.t1,
            time: node.t1.checked_add(delta_ms).unwrap(),
            bits: bits_at(&self.spec, height, node.t1),
            nonce: 0,
        });
        self.store.keep_header(header.id(), header);
        (self.tip, self.content) = (header, content);
    }

    /// What a server says of it.
    pub(crate) fn answer(&self) -> Tip {
        let own = pow::work(self.tip.bits).unwrap();
        Tip {
            id: self.tip.id(),
            work: self.peaks.work().checked_add(own).unwrap(),
            header: self.tip,
            content: self.content,
            peaks: self.peaks.nodes().to_vec(),
        }
    }

    pub(crate) fn claim(&self) -> Claim {
        Claim::check(&self.spec, &self.genesis_id, self.answer(), self.tip.time).unwrap()
    }

    pub(crate) fn prove(&self, seed: &[u8; 32], params: &Params) -> Vec<u8> {
        prove(&self.store, &self.peaks, seed, params).unwrap()
    }

    /// The verdict of a client whose clock shows the time of the tip.
    pub(crate) fn verify(
        &self,
        seed: &[u8; 32],
        params: &Params,
        proof: &[u8],
    ) -> Result<Proven, LightError> {
        verify(&self.spec, &self.genesis_id, &self.claim(), seed, params, self.tip.time, proof)
    }

    /// The verdict on what its own prover says.
    pub(crate) fn judged(&self, seed: &[u8; 32], params: &Params) -> Result<Proven, LightError> {
        self.verify(seed, params, &self.prove(seed, params))
    }
}

/// The header with the first nonce that has the work.
pub(crate) fn mined(header: Header) -> Header {
    let nonce = Search::new(&header).unwrap().run(0..1 << 32).unwrap();
    Header { nonce, ..header }
}

/// The header with a nonce that does not have the work.
pub(crate) fn unworked(header: Header) -> Header {
    let target = Target::from_bits(header.bits).unwrap();
    let headers = (0..).map(|nonce| Header { nonce, ..header });
    headers.into_iter().find(|header| !target.is_met_by(&header.id())).unwrap()
}

/// The time so many ms after.
pub(crate) fn after(time: Timestamp, delta_ms: u64) -> Timestamp {
    time.checked_add(delta_ms).unwrap()
}
