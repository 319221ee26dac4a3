//! What a view tells peers and those who ask peers.

use vibecoin_primitives::Block;

use crate::engine::lab::{LATE, Maker, SMALL, announce, deliver, fast_spec, flat_spec, open};
use crate::policy::Policy;

use super::*;

#[test]
fn bytes_of_a_block_are_its_encoding_with_and_without_ticks() {
    let spec = fast_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(30);
    for ticks_window in [None, Some(3)] {
        let mut chain = open(&spec, Policy { ticks_window, ..SMALL });
        deliver(&mut chain, &maker.blocks);
        let view = chain.reader().view().unwrap();
        let bare = |block: &&Block| !vibecoin_storage::poh::contains(view.rows(), &block.id()).unwrap();
        assert_eq!(maker.blocks.iter().filter(bare).count() > 0, ticks_window.is_some());
        for block in &maker.blocks {
            assert_eq!(view.encoded_block(&block.id()).unwrap().unwrap(), block.encode());
            assert_eq!(view.header(&block.id()).unwrap(), Some((block.header, block.content)));
        }
    }
    let mut chain = open(&spec, SMALL);
    announce(&mut chain, &maker.blocks);
    let view = chain.reader().view().unwrap();
    let last = &maker.blocks[29];
    assert_eq!(view.encoded_block(&last.id()).unwrap(), None, "there is no body");
    assert!(view.header(&last.id()).unwrap().is_some());
    assert_eq!(view.header(&Hash::ZERO).unwrap(), None);
}

#[test]
fn a_locator_finds_what_two_chains_share() {
    let spec = flat_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(200);
    for fork in [0, 1, 77, 195, 200] {
        let mut theirs = ours.fork(fork, 2);
        theirs.grow(210 - fork);
        let mut chain = open(&spec, SMALL);
        deliver(&mut chain, &theirs.blocks);
        // The locator is that of the best header, whose bodies are not here.
        let mut asking = open(&spec, SMALL);
        deliver(&mut asking, &ours.blocks[..20]);
        announce(&mut asking, &ours.blocks[20..]);
        let locator = asking.reader().view().unwrap().locator().unwrap();
        assert_eq!(locator[0], ours.tip());
        assert_eq!(locator[9], ours.blocks[190].id(), "dense at first");
        assert!(locator.len() < 20 && *locator.last().unwrap() == vibecoin_consensus::genesis(&spec).id());

        let view = chain.reader().view().unwrap();
        let found = view.headers_after(&locator, 7).unwrap();
        let first = found[0].0.height.get() as usize;
        assert!(first <= fork + 1, "nothing is left out");
        assert!(first * 2 > fork || fork == 0, "little is told twice: {first} for {fork}");
        let expected: Vec<_> =
            theirs.blocks[first - 1..].iter().take(7).map(|block| (block.header, block.content)).collect();
        assert_eq!(found, expected);
        for (header, content) in view.headers_after(&locator, 1_000).unwrap() {
            let verdict = asking.import_header(&header, &content, LATE).unwrap().verdict;
            assert!(["known", "header"].contains(&verdict.name()), "{verdict:?}");
        }
        assert_eq!(asking.reader().view().unwrap().best_header().unwrap().0, theirs.tip());
    }
}

#[test]
fn wanted_bodies_go_on_where_the_last_question_ended() {
    let spec = flat_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(300);
    let ids: Vec<Hash> = maker.blocks.iter().map(Block::id).collect();
    let mut chain = open(&spec, SMALL);
    announce(&mut chain, &maker.blocks);
    for at in [70, 71, 72, 200] {
        deliver(&mut chain, [&maker.blocks[at]]);
    }
    let missing = |from: usize| -> Vec<Hash> {
        ids.iter()
            .enumerate()
            .skip(from)
            .filter(|(at, _)| ![70, 71, 72, 200].contains(at))
            .map(|(_, id)| *id)
            .collect()
    };
    let view = chain.reader().view().unwrap();
    for above in [0, 1, 60, 70, 72, 73, 199, 250, 299, 300, 301] {
        for limit in [0, 1, 5, 64, 100, usize::MAX] {
            let expected: Vec<Hash> = missing(above).into_iter().take(limit).collect();
            assert_eq!(view.wanted_bodies_above(Height::new(above as u64), limit).unwrap(), expected);
        }
    }
}
