//! The prover over a store that lacks something, and over a history so long that nobody could keep it.

use std::cell::Cell;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Header, Timestamp, Work};

use super::chain::Chain;
use super::forge::Forge;
use crate::history::{Node, Peaks};
use crate::light::{PROOF_BYTES_MAX, Params, ParamsError, ProveError, Range, prove};
use crate::testing;

/// 2^`height` headers that nobody made, each of work 1: a node's hash is its level.
struct Endless {
    reads: Cell<usize>,
    /// The level whose nodes are not there, and the one that cannot be read.
    missing: Option<u8>,
    broken: Option<u8>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("broken")]
struct Broken;

fn node(level: u8) -> Node {
    let time = Timestamp::new(0);
    Node { hash: Hash::new([level; 32]), work: Work::new(1 << level), t0: time, t1: time }
}

impl Endless {
    fn new() -> Self {
        Self { reads: Cell::new(0), missing: None, broken: None }
    }

    fn read<T>(&self, hash: &Hash, found: impl FnOnce(u8) -> T) -> Result<Option<T>, Broken> {
        self.reads.set(self.reads.get() + 1);
        let level = hash.as_bytes()[0];
        if self.broken == Some(level) {
            return Err(Broken);
        }
        Ok((self.missing != Some(level)).then(|| found(level)))
    }

    fn prove(&self, height: u8, last: u32, draws: u32) -> Result<Vec<u8>, ProveError<Broken>> {
        let peaks = Peaks::from_nodes(1 << height, vec![node(height)]).unwrap();
        prove(self, &peaks, &[0; 32], &Params::new(last, draws).unwrap())
    }
}

impl Range for Endless {
    type Error = Broken;

    fn children(&self, hash: &Hash) -> Result<Option<(Node, Node)>, Broken> {
        self.read(hash, |level| (node(level - 1), node(level - 1)))
    }

    fn header(&self, id: &Hash) -> Result<Option<Header>, Broken> {
        self.read(id, |_| testing::header(0x207f_ffff))
    }
}

#[test]
fn a_proof_of_any_length_of_chain_is_bounded() {
    for height in [20_u8, 30, 40] {
        let store = Endless::new();
        let bytes = store.prove(height, 256, 25).unwrap().len();
        // Each octave above the last 256 headers has 25 draws, and each of them at most a way of its own.
        let ways = 25 * (usize::from(height) - 8);
        let most = 64 * (256 + 64) + ways * (52 + 57 * usize::from(height));
        assert!(bytes > 100_000 && bytes < most, "2^{height} headers: {bytes} of {most}");
        let reads = store.reads.get();
        assert!(reads < bytes / 40, "2^{height} headers: {reads} reads for {bytes} bytes");
    }
}

#[test]
fn a_proof_longer_than_proofs_may_be_is_not_finished() {
    let store = Endless::new();
    assert_eq!(store.prove(63, 2_048, 64), Err(ProveError::TooLong));
    assert!(store.reads.get() < PROOF_BYTES_MAX / 52, "{}", store.reads.get());
    assert_eq!(Endless::new().prove(63, 1, 64), Err(ProveError::TooLong));
}

#[test]
fn a_hole_in_the_store_is_named() {
    for level in 0..20 {
        let store = Endless { missing: Some(level), ..Endless::new() };
        assert_eq!(store.prove(20, 8, 3), Err(ProveError::Missing(Hash::new([level; 32]))));
        let store = Endless { broken: Some(level), ..Endless::new() };
        assert_eq!(store.prove(20, 8, 3), Err(ProveError::Read(Broken)));
    }
}

#[test]
fn every_draw_of_a_long_chain_is_answered() {
    let proof = Endless::new().prove(30, 8, 3).unwrap();
    let shown = Forge::of(1 << 30, &proof).shown();
    let draws = crate::light::draws::draws(&[0; 32], Work::new(1 << 30), Work::new(8), 3).unwrap();
    let mut expected: Vec<u64> = draws.into_iter().map(|draw| draw as u64).collect();
    expected.extend((1 << 30) - 8..1 << 30);
    expected.push(0);
    expected.sort_unstable();
    expected.dedup();
    assert_eq!(shown, expected);
}

#[test]
fn forks_are_proven_from_one_store() {
    // Two branches that share their first half, and every tip on the way.
    let mut ours = Chain::steady(&testing::lab(), 30);
    let mut theirs = ours.clone();
    let mut tips = Vec::new();
    for _ in 0..30 {
        ours.extend(1_000);
        theirs.extend(1_500);
        tips.extend([ours.clone(), theirs.clone()]);
    }
    let mut store = ours.store.clone();
    store.merge(theirs.store);
    for chain in tips {
        let proof = prove(&store, &chain.peaks, &[1; 32], &Params::new(4, 3).unwrap()).unwrap();
        let verdict = chain.verify(&[1; 32], &Params::new(4, 3).unwrap(), &proof);
        assert_eq!(verdict.map(|proven| proven.id()), Ok(chain.tip.id()));
    }
}

#[test]
fn parameters_have_bounds() {
    let new = |last, draws| Params::new(last, draws).map(|params| (params.last(), params.draws()));
    assert_eq!(new(1, 1), Ok((1, 1)));
    assert_eq!(new(2_048, 64), Ok((2_048, 64)));
    for last in [0, 2_049, u32::MAX] {
        assert_eq!(new(last, 1), Err(ParamsError::Last { found: last }));
    }
    for draws in [0, 65, u32::MAX] {
        assert_eq!(new(1, draws), Err(ParamsError::Draws { found: draws }));
    }
    assert_eq!(Params::default(), Params::new(256, 25).unwrap());
    assert_eq!(Params::PARANOID, Params::new(512, 32).unwrap());
}
