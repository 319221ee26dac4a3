//! Floods: what strangers can make this node keep.

use vibecoin_consensus::fork_choice::HELD_MAX;
use vibecoin_storage::branches::{self, EndKind};

use super::lab::{LATE, Maker, SMALL, announce, deliver, fast_spec, flat_spec, open};
use super::*;
use crate::sides::ENDS_MAX;

/// A block beside the first one, of which there are as many as one likes.
fn sibling(chain: &Chain, number: u64) -> Block {
    let reader = chain.reader();
    let view = reader.view().unwrap();
    let mut beneficiary = [9; 20];
    beneficiary[..8].copy_from_slice(&number.to_le_bytes());
    let time = chain.tip().time().checked_add(1_000).unwrap();
    let template =
        crate::production::Template::build(&reader, &view, Address::new(beneficiary), [], time).unwrap();
    let nonce = template.search(1, &false.into(), &0.into()).unwrap().unwrap();
    template.into_block(nonce)
}

#[test]
fn headers_without_bodies_are_bounded_and_the_heaviest_stay() {
    let spec = flat_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(60);
    let mut chain = open(&spec, Policy { headers_max: 50, ..SMALL });
    announce(&mut chain, &maker.blocks[..40]);
    let at_genesis = open(&spec, SMALL);
    for number in 0..200 {
        announce(&mut chain, [&sibling(&at_genesis, number)]);
        assert!(chain.header_only_count() <= 50);
        assert_eq!(chain.header_only_count(), blocks::ids(&*chain.ground.store).unwrap().len() as u64 - 1);
    }
    // Of what was announced first nothing is lost, for it has the most work.
    assert_eq!(chain.reader().view().unwrap().wanted_bodies(1_000).unwrap().len(), 50);
    assert_eq!(chain.reader().view().unwrap().best_header().unwrap().1.get(), 40);
    deliver(&mut chain, &maker.blocks);
    assert_eq!(chain.tip().id(), maker.tip());
    let store = Arc::clone(&chain.ground.store);
    let kept = chain.header_only_count();
    drop(chain);
    assert_eq!(Chain::open(store, spec, SMALL).unwrap().header_only_count(), kept);
}

#[test]
fn ends_of_branches_are_bounded_in_memory_and_in_the_store() {
    let spec = flat_spec();
    let at_genesis = open(&spec, SMALL);
    for source in [Source::Local, Source::Peer(1)] {
        let mut chain = open(&spec, SMALL);
        let mut maker = Maker::new(&spec, 1);
        maker.grow(3);
        deliver(&mut chain, &maker.blocks);
        for number in 0..ENDS_MAX as u64 + 30 {
            let block = sibling(&at_genesis, number);
            if number % 2 == 0 {
                announce(&mut chain, [&block]);
            } else {
                chain.import_from(source, block, LATE).unwrap();
            }
        }
        for kind in [EndKind::Linked, EndKind::Headers] {
            let stored = branches::all(&*chain.ground.store, kind).unwrap().len();
            assert!(stored <= ENDS_MAX, "{kind:?}: {stored}");
        }
        assert!(chain.sides.linked().count() <= ENDS_MAX && chain.sides.headers().count() <= ENDS_MAX);
        maker.grow(1);
        assert_eq!(deliver(&mut chain, &maker.blocks[3..]), ["extended"]);
    }
}

#[test]
fn blocks_from_the_future_are_bounded_and_come_in_when_their_time_has_come() {
    let spec = flat_spec();
    let at_genesis = open(&spec, SMALL);
    let mut chain = open(&spec, SMALL);
    let now = spec.genesis_time.checked_sub(60_000).unwrap();
    for number in 0..2 * HELD_MAX as u64 {
        let report = chain.import(sibling(&at_genesis, number), now).unwrap();
        assert!(matches!(report.verdict, Verdict::Held { .. }), "{:?}", report.verdict);
        assert!(chain.held_count() <= HELD_MAX);
        assert!(
            blocks::meta(&*chain.ground.store, &report.id).unwrap().is_none(),
            "neither stored nor marked"
        );
    }
    assert!(chain.retry_held(now).unwrap().is_empty());
    let reports = chain.retry_held(LATE).unwrap();
    assert_eq!((reports.len(), chain.held_count()), (HELD_MAX, 0));
    assert!(reports.iter().all(|report| matches!(report.verdict, Verdict::Extended | Verdict::Side)));
    assert_eq!(chain.tip().height().get(), 1);
}

#[test]
fn orphans_are_bounded_by_peer_and_in_all() {
    let spec = flat_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(400);
    let mut chain = open(&spec, SMALL);
    for (at, block) in maker.blocks.iter().enumerate().skip(1).rev() {
        let source = Source::Peer(at as u64 % 20);
        let report = chain.import_from(source, block.clone(), Timestamp::new(1 << 50)).unwrap();
        assert!(matches!(report.verdict, Verdict::Orphan { .. }));
        assert!(chain.orphan_count() <= 128);
    }
    assert_eq!(chain.orphan_count(), 128);
    // All that wait came from the low end, so the first block brings them in.
    let report =
        chain.import_from(Source::Peer(3), maker.blocks[0].clone(), Timestamp::new(1 << 50)).unwrap();
    assert_eq!((report.settled.len(), chain.orphan_count()), (128, 0));
    assert_eq!(chain.tip().height().get(), 129);
}

#[test]
fn bad_work_never_costs_a_sequential_hash() {
    // One tick of this network would take minutes: a test that makes one does not end.
    let spec = ChainSpec { poh_hashes_per_tick: u64::from(u32::MAX), ..fast_spec() };
    let mut chain = open(&spec, SMALL);
    let easy = fast_spec();
    let honest = Maker::new(&easy, 1).make(1_000);
    let base = {
        // The same block under this network's genesis; its ticks are made up.
        let genesis = genesis(&spec);
        let mut block = honest;
        block.content.parent_id = genesis.id();
        block.header.history_root = chain.tip().block.history.root();
        block.content.poh_root = vibecoin_primitives::block::poh_root(&block.ticks);
        block.header.content_root = block.content.root();
        block
    };
    let target = vibecoin_consensus::pow::Target::from_bits(base.header.bits).unwrap();
    let with_work = |mut block: Block, wanted: bool| {
        while target.is_met_by(&block.id()) != wanted {
            block.header.nonce += 1;
        }
        block
    };
    let change = |change: &dyn Fn(&mut Block)| {
        let mut block = base.clone();
        change(&mut block);
        block.header.content_root = block.content.root();
        block
    };
    let bad = [
        with_work(base.clone(), false),
        with_work(change(&|block| block.header.bits = vibecoin_primitives::Bits::new(0x207f_ffff)), true),
        with_work(change(&|block| block.header.history_root = Hash::ZERO), true),
        with_work(change(&|block| block.header.time = block.header.prev_time), true),
        with_work(change(&|block| block.header.prev_time = Timestamp::new(5)), true),
        with_work(change(&|block| block.ticks.truncate(1)), true),
        with_work(change(&|block| block.ticks[0] = Hash::ZERO), true),
    ];
    for (at, block) in bad.into_iter().enumerate() {
        let verdict = chain.import(block.clone(), LATE).unwrap().verdict;
        assert!(matches!(verdict, Verdict::Invalid(_)), "case {at}: {verdict:?}");
        let orphan = Block { content: Content { parent_id: Hash::new([7; 32]), ..block.content }, ..block };
        chain.import(orphan, LATE).unwrap();
    }
    assert_eq!(chain.tip().height().get(), 0);
}

#[test]
fn a_wrong_body_does_not_cost_its_segment_twice() {
    let spec = flat_spec();
    let honest = Maker::new(&spec, 1).make(1_000);
    let mut wrong = honest.clone();
    wrong.content.tx_root = Hash::ZERO;
    wrong.header.content_root = wrong.content.root();
    let target = vibecoin_consensus::pow::Target::from_bits(wrong.header.bits).unwrap();
    while !target.is_met_by(&wrong.id()) {
        wrong.header.nonce += 1;
    }
    let mut chain = open(&spec, SMALL);
    let genesis = chain.tip().id();
    let verdict = chain.import(wrong, LATE).unwrap().verdict;
    assert!(matches!(verdict, Verdict::Invalid(reason) if reason.rule() == "BLK-4"));
    assert_eq!(*chain.ground.segments.get(&genesis).unwrap(), *honest.ticks);
}
