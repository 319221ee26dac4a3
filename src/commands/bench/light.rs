//! Light proofs: proving and verifying the work of a whole chain, against looking at every header of it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hint::black_box;

use vibecoin_consensus::difficulty::version_at;
use vibecoin_consensus::light::{Claim, Params, Place, Range, Record, Tip, prove, verify};
use vibecoin_consensus::{Node, Peaks, genesis, pow};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Bits, ChainSpec, Content, Header, Network, Timestamp, Work};

use super::Report;
use super::stopwatch::side_by_side;
use crate::failure::{Failure, Outcome};

/// Headers of the chain.
const HEADERS: u64 = 50_000;
/// The half-life of its difficulty, in blocks.
const HALF_LIFE_BLOCKS: u64 = 300;
/// Sixteen tries a header on average.
const GENESIS_BITS: Bits = Bits::new(0x200f_ffff);
/// A seed, as a client would draw it after it was told the tip.
const SEED: [u8; 32] = [7; 32];
/// After every header.
const NOW: Timestamp = Timestamp::new(u64::MAX);

/// A chain of headers in memory.
struct Made {
    spec: ChainSpec,
    genesis_id: Hash,
    /// Children of inner nodes, and headers, by hash.
    inner: HashMap<Hash, (Node, Node)>,
    headers: HashMap<Hash, Header>,
    /// What travels of all headers but the genesis.
    records: Vec<Record>,
    /// The history below the tip.
    peaks: Peaks,
    claim: Claim,
}

impl Range for Made {
    type Error = Infallible;

    fn children(&self, hash: &Hash) -> Result<Option<(Node, Node)>, Infallible> {
        Ok(self.inner.get(hash).copied())
    }

    fn header(&self, id: &Hash) -> Result<Option<Header>, Infallible> {
        Ok(self.headers.get(id).copied())
    }
}

impl Made {
    fn new(count: u64) -> Outcome<Self> {
        let mut spec = Network::Devnet.spec();
        (spec.half_life_ms, spec.genesis_bits) = (HALF_LIFE_BLOCKS * spec.interval_ms, GENESIS_BITS);
        let first = genesis(&spec);
        let (content, mut tip) = (first.content, (first.header, first.id()));
        let (mut inner, mut headers, mut records) = (HashMap::new(), HashMap::new(), Vec::new());
        let mut peaks = Peaks::new();
        for _ in 1..count {
            headers.insert(tip.1, tip.0);
            let leaf = Node::leaf(&tip.0, tip.1).map_err(Failure::unexpected)?;
            let completed = peaks.append(leaf).map_err(Failure::unexpected)?;
            inner.extend(completed.iter().map(|made| (made.node.hash, (made.left, made.right))));
            let record = next(&spec, &content, &Place::on(&peaks, &spec))?;
            let linked = record.link(&spec, &Place::on(&peaks, &spec), NOW).map_err(Failure::unexpected)?;
            records.push(record);
            tip = (linked.header, linked.id);
        }
        let own = pow::work(tip.0.bits).map_err(Failure::unexpected)?;
        let work = peaks.work().checked_add(own).unwrap_or(Work::ZERO);
        let said = Tip { id: tip.1, work, header: tip.0, content, peaks: peaks.nodes().to_vec() };
        let claim = Claim::check(&spec, &first.id(), said, NOW).map_err(Failure::unexpected)?;
        Ok(Self { genesis_id: first.id(), spec, inner, headers, records, peaks, claim })
    }

    fn prove(&self) -> Outcome<Vec<u8>> {
        prove(self, &self.peaks, &SEED, &Params::DEFAULT).map_err(Failure::unexpected)
    }

    fn verify(&self, proof: &[u8]) -> bool {
        verify(&self.spec, &self.genesis_id, &self.claim, &SEED, &Params::DEFAULT, NOW, proof).is_ok()
    }

    /// What a client does that is sent every header.
    fn verify_every_header(&self) -> bool {
        let first = genesis(&self.spec).header;
        let Ok(leaf) = Node::leaf(&first, self.genesis_id) else { return false };
        let mut peaks = Peaks::new();
        peaks.append(leaf).is_ok()
            && self.records.iter().all(|record| {
                let linked = record.link(&self.spec, &Place::on(&peaks, &self.spec), NOW);
                linked.is_ok_and(|linked| peaks.append(linked.leaf).is_ok())
            })
    }
}

/// The header at a place, on time and with its work.
fn next(spec: &ChainSpec, content: &Content, place: &Place) -> Outcome<Record> {
    let mut record = Record {
        version: version_at(place.height),
        time: Timestamp::new(place.prev_time.get() + spec.interval_ms),
        nonce: 0,
        content_root: content.root(),
    };
    let header = record.header(spec, place);
    let found = pow::search(&header, 0..u64::MAX).map_err(Failure::unexpected)?;
    record.nonce = found.ok_or_else(|| Failure::Wrong("no nonce is left".to_owned()))?;
    Ok(record)
}

pub(super) fn measure(quicker: u32) -> Outcome<Report> {
    let made = Made::new((HEADERS / u64::from(quicker)).max(2_000))?;
    let proof = made.prove()?;
    if !(made.verify(&proof) && made.verify_every_header()) {
        return Err(Failure::Wrong("the chain of the measurement proves nothing".to_owned()));
    }
    let rates = side_by_side(
        quicker,
        vec![
            Box::new(|| u64::from(black_box(made.prove()).is_ok())),
            Box::new(|| u64::from(black_box(made.verify(&proof)))),
            Box::new(|| u64::from(black_box(made.verify_every_header()))),
        ],
    );
    let [proving, verifying, every_header] = rates.try_into().unwrap_or_default();
    let count = made.records.len() + 1;
    let mut report = Report {
        subject: "light proofs",
        setting: format!(
            "a chain of {count} headers, a proof of {} bytes: the last {} and {} draws an octave",
            proof.len(),
            Params::DEFAULT.last(),
            Params::DEFAULT.draws()
        ),
        rates: Vec::new(),
        ratios: Vec::new(),
    };
    report.rate("proving", proving, "proofs");
    report.rate("verifying", verifying, "proofs");
    report.rate("verifying every header", every_header, "chains");
    report.ratio("a proof : every header", verifying / every_header);
    report.ratio("bytes of every header : of a proof", (count * Record::BYTES) as f64 / proof.len() as f64);
    Ok(report)
}
