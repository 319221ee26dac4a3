#![allow(clippy::unwrap_used)]

use vibecoin_consensus::light::poh_fault::PohFault;
use vibecoin_consensus::pow::Search;
use vibecoin_primitives::block::poh_root;

use super::*;
use crate::engine::lab::{Maker, SMALL, announce, deliver, fast_spec, open};

/// The block with a wrong tick that it commits to, and work that shows it.
fn forged(block: &Block, tick: usize) -> Block {
    let mut block = block.clone();
    block.ticks[tick] = Hash::ZERO;
    block.content.poh_root = poh_root(&block.ticks);
    block.header.content_root = block.content.root();
    block.header.nonce = Search::new(&block.header).unwrap().run(0..u64::MAX).unwrap();
    block
}

#[test]
fn a_false_segment_is_proven_to_whoever_asks() {
    let spec = fast_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(3);
    for tick in [0, 1] {
        let mut chain = open(&spec, SMALL);
        deliver(&mut chain, &maker.blocks[..2]);
        let forged = forged(&maker.blocks[2], tick);
        // A sibling shares the segment: known or not, the false one is found.
        if tick == 1 {
            deliver(&mut chain, &maker.blocks[2..]);
            announce(&mut chain, [&forged]);
        }
        let faults = chain.reader().faults().clone();
        assert_eq!(faults.get(&forged.id()), None);
        assert_eq!(deliver(&mut chain, [&forged]), ["invalid"]);
        let proof = PohFault::decode(&faults.get(&forged.id()).unwrap()).unwrap();
        // What follows a wrong tick does not follow from it either.
        assert!(proof.index() as usize >= tick);
        assert_eq!(proof.verify(&spec, &forged.header), Ok(()));
        assert!(
            proof.verify(&spec, &maker.blocks[2].header).is_err(),
            "nothing speaks against the honest one"
        );
    }
}

#[test]
fn other_ticks_than_the_committed_ones_prove_nothing() {
    let spec = fast_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(1);
    let mut spoiled = maker.blocks[0].clone();
    spoiled.ticks[0] = Hash::ZERO;
    let mut chain = open(&spec, SMALL);
    assert_eq!(deliver(&mut chain, [&spoiled]), ["invalid"]);
    assert_eq!(chain.reader().faults().get(&spoiled.id()), None);
}

#[test]
fn the_oldest_goes_first() {
    let spec = fast_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(1);
    let faults = Faults::default();
    let bad = forged(&maker.blocks[0], 1);
    let id = |number: usize| vibecoin_crypto::sha256(&number.to_le_bytes());
    for number in 0..KEPT + 3 {
        faults.note(&spec, &id(number), &bad);
    }
    let known: Vec<bool> = (0..KEPT + 3).map(|number| faults.get(&id(number)).is_some()).collect();
    assert_eq!(known, [vec![false; 3], vec![true; KEPT]].concat());
}
