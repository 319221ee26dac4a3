#![allow(clippy::unwrap_used)]

use vibecoin_primitives::{Allocation, Amount};

use super::*;
use crate::difficulty::bits_of_child;
use crate::history::{Node, Peaks};
use crate::poh;
use crate::testing::{bits, bytes, cases, hash, lab, spec_of, text, vectors};

#[test]
fn genesis_blocks_follow_the_vectors() {
    let file = vectors("genesis");
    for case in cases("genesis", "cases") {
        let spec = spec_of(&file, text(&case, "network"));
        let block = genesis(&spec);
        assert_eq!(block.header.to_bytes().to_vec(), bytes(&case, "header"), "{case}");
        assert_eq!(encoding::encode(&block.content), bytes(&case, "content"));
        assert_eq!(block.content.state_root, hash(&case, "state_root"));
        assert_eq!(block.id(), hash(&case, "id"));
        assert_eq!(block.encode().len(), 336);
        assert_eq!(poh::seed(&block.id()), hash(&case, "poh_seed_of_block_1"));
        let first_bits = bits_of_child(&spec, Height::GENESIS, block.header.time);
        assert_eq!(first_bits, bits(&case, "first_bits"));
        let mut peaks = Peaks::new();
        peaks.append(Node::leaf(&block.header, block.id()).unwrap()).unwrap();
        assert_eq!(peaks.root(), hash(&case, "history_root_1"));
    }
}

#[test]
fn an_allocation_of_nothing_makes_no_account() {
    let mut spec = lab();
    let empty = genesis(&spec).id();
    let row = |beats| Allocation { address: Address::new([1; 20]), amount: Amount::from_beats(beats) };
    spec.genesis_allocation = vec![row(0)];
    assert_eq!(genesis(&spec).id(), empty);
    spec.genesis_allocation = vec![row(1)];
    assert_ne!(genesis(&spec).id(), empty);
}

#[test]
fn the_order_of_the_allocation_does_not_matter() {
    let mut spec = vibecoin_primitives::Network::Devnet.spec();
    let id = genesis(&spec).id();
    spec.genesis_allocation.reverse();
    assert_eq!(genesis(&spec).id(), id);
}
