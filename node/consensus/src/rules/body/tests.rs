#![allow(clippy::unwrap_used)]

use vibecoin_primitives::block::tx_root;

use super::*;
use crate::poh::generate;
use crate::testing::lab;

/// A body that keeps every rule, under whatever header.
fn block(spec: &ChainSpec) -> Block {
    let mut block = crate::genesis(spec);
    let parent = block.id();
    block.content.parent_id = parent;
    block.ticks = generate(Params::of(spec), &parent);
    block.content.poh_root = poh_root(&block.ticks);
    block.content.poh_hash = poh_record(block.ticks.last().unwrap(), &tx_root(&[]));
    block
}

#[test]
fn a_known_segment_replaces_the_hashes() {
    let spec = lab();
    let block = block(&spec);
    assert_eq!(check_body(&spec, &block, SegmentCheck::Full { order_seed: 7 }), Ok(()));
    assert_eq!(check_body(&spec, &block, SegmentCheck::Known(&block.ticks)), Ok(()));
    assert_eq!(check_body(&spec, &block, SegmentCheck::Sample(&[0, 3])), Ok(()));
    let mut other = block.ticks.clone();
    other[2] = Hash::ZERO;
    let refused = check_body(&spec, &block, SegmentCheck::Known(&other));
    assert_eq!(refused, Err(BodyError::Segment { tick: 2 }));
    assert_eq!(check_body(&spec, &block, SegmentCheck::Known(&[])), Err(BodyError::Segment { tick: 0 }));
}

#[test]
fn of_several_faults_the_first_in_order_is_told() {
    let spec = lab();
    let mut block = block(&spec);
    let rule =
        |block: &Block| check_body(&spec, block, SegmentCheck::Full { order_seed: 7 }).unwrap_err().rule();
    block.content.poh_hash = Hash::ZERO;
    assert_eq!(rule(&block), "POH-4");
    block.content.tx_count = 1;
    assert_eq!(rule(&block), "BLK-5");
    block.content.tx_root = Hash::ZERO;
    assert_eq!(rule(&block), "BLK-4");
    block.ticks[1] = Hash::ZERO;
    block.content.poh_root = poh_root(&block.ticks);
    assert_eq!(rule(&block), "POH-3");
    block.content.poh_root = Hash::ZERO;
    assert_eq!(rule(&block), "POH-2");
    block.ticks.pop();
    assert_eq!(rule(&block), "POH-1");
}

#[test]
fn a_record_without_a_tick_is_refused() {
    let spec = lab();
    let mut block = block(&spec);
    block.ticks.clear();
    assert!(matches!(check_record(&block), Err(BodyError::PohHash { .. })));
}
