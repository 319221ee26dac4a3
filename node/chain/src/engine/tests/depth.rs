//! Reorganisations deeper than what is kept for them, and the windows themselves.

use vibecoin_consensus::poh::{self, Params};
use vibecoin_storage::blocks::BlockStatus;
use vibecoin_storage::reorganisations;

use super::lab::{
    LATE, Maker, SMALL, announce, deliver, fast_spec, fingerprint, fingerprint_of, flat_spec, open,
};
use super::*;
use crate::policy::VerifyPoh;

#[test]
fn a_reorganisation_deeper_than_the_undo_records_replays() {
    let spec = flat_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(130);
    for (fork, window) in [(0, 10), (1, 0), (60, 10), (119, 10), (121, 10), (125, 0)] {
        let mut theirs = ours.fork(fork, 2);
        theirs.grow(131 - fork);
        let policy = Policy { undo_window: window, ..SMALL };
        let mut chain = open(&spec, policy);
        deliver(&mut chain, &ours.blocks);
        let pruned_to = meta::undo_pruned_to(&*chain.ground.store).unwrap().unwrap();
        assert_eq!(pruned_to.get(), 130 - window);
        let first = fingerprint(&*chain.ground.store);
        deliver(&mut chain, &theirs.blocks[fork..]);
        assert_eq!(chain.tip().id(), theirs.tip());
        assert_eq!(fingerprint(&*chain.ground.store), fingerprint_of(&spec, &theirs.blocks));
        // And back, by two blocks more.
        let mut back = ours.fork(130, 1);
        back.grow(2);
        deliver(&mut chain, &back.blocks[130..]);
        assert_eq!(chain.tip().id(), back.tip());
        assert_eq!(fingerprint(&*chain.ground.store), fingerprint_of(&spec, &back.blocks));
        assert_eq!(fingerprint(&*ours.chain().ground.store), first);
        let list = reorganisations::list(&*chain.ground.store, 10).unwrap();
        let depths: Vec<u64> = list.iter().map(|(_, record)| record.reverted).collect();
        assert_eq!(depths, [131 - fork as u64, 130 - fork as u64]);
    }
}

#[test]
fn every_move_is_told_once_and_the_list_survives_a_restart() {
    let spec = flat_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(70);
    let mut theirs = ours.fork(5, 2);
    theirs.grow(66);
    let mut chain = open(&spec, SMALL);
    deliver(&mut chain, &ours.blocks);
    deliver(&mut chain, &theirs.blocks[5..70]);
    let report = chain.import(theirs.blocks[70].clone(), LATE).unwrap();
    assert!(matches!(report.verdict, Verdict::Reorganised { depth: 65 }));
    let [change] = report.changes.as_slice() else { panic!("{:?}", report.changes.len()) };
    let told = change.reorganisation.unwrap();
    assert_eq!((change.reverted.len(), change.connected.len()), (65, 66));
    let store = Arc::clone(&chain.ground.store);
    drop(chain);
    let chain = Chain::open(store, spec, SMALL).unwrap();
    let list = reorganisations::list(&*chain.ground.store, 10).unwrap();
    assert_eq!(list.iter().map(|(_, record)| *record).collect::<Vec<_>>(), [told]);
    let forks = chain.reader().view().unwrap().forks(100).unwrap();
    assert_eq!(forks.len(), 1);
    assert_eq!((forks[0].id, forks[0].fork_height.get(), forks[0].height.get()), (ours.tip(), 5, 70));
}

#[test]
fn an_archive_keeps_every_state_and_a_node_the_window() {
    let spec = flat_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(700);
    for (state_window, kept) in [(Some(512), 512), (None, 700)] {
        let policy = Policy { state_window, ..SMALL };
        let mut chain = open(&spec, policy);
        deliver(&mut chain, &maker.blocks);
        let view = chain.reader().view().unwrap();
        let is_kept = |height: u64| view.state_at(Height::new(height)).unwrap().is_some();
        assert!(is_kept(700 - kept));
        assert_eq!(is_kept(100), kept == 700);
    }
}

#[test]
fn ticks_that_were_dropped_are_made_again() {
    let spec = flat_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(40);
    let mut chain = open(&spec, Policy { ticks_window: Some(10), ..SMALL });
    deliver(&mut chain, &maker.blocks);
    let store = Arc::clone(&chain.ground.store);
    assert_eq!(meta::ticks_pruned_to(&*store).unwrap().unwrap().get(), 30);
    let view = chain.reader().view().unwrap();
    for (at, block) in maker.blocks.iter().enumerate() {
        let kept = vibecoin_storage::poh::ticks(&*store, &block.id()).unwrap();
        assert_eq!(kept.is_some(), at + 1 >= 30);
        assert_eq!(view.block(&block.id()).unwrap().as_ref(), Some(block));
    }
    let scratch = Arc::new(MemoryStore::default());
    crate::verify::verify(&*store, &spec, scratch, |_, _| {}).unwrap();
    // A reorganisation over dropped ticks needs none of them.
    let mut theirs = maker.fork(3, 2);
    theirs.grow(38);
    deliver(&mut chain, &theirs.blocks[3..]);
    assert_eq!(chain.tip().id(), theirs.tip());
    let mut back = maker.fork(40, 1);
    back.grow(2);
    deliver(&mut chain, &back.blocks[40..]);
    assert_eq!(fingerprint(&*store), fingerprint_of(&spec, &back.blocks));
    let again = Chain::reindex(store, spec.clone(), SMALL, &mut |_, _| {}).unwrap();
    assert_eq!(again.tip().id(), back.tip());
}

/// A spec with so many ticks that a sample of four misses one wrong tick nearly always.
fn long_segments() -> ChainSpec {
    ChainSpec { poh_ticks: 1_024, poh_hashes_per_tick: 1, ..flat_spec() }
}

fn is_sampled(chain: &Chain, block: &Block) -> bool {
    blocks::meta(&*chain.ground.store, &block.id()).unwrap().unwrap().sampled
}

#[test]
fn only_what_is_buried_under_headers_is_sampled() {
    let spec = long_segments();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(30);
    let recent = Policy { verify_poh: VerifyPoh::Recent { full_depth: 10 }, ..SMALL };
    for (policy, sampled) in [(recent, 19), (Policy { verify_poh: VerifyPoh::Full, ..recent }, 0)] {
        let mut chain = open(&spec, policy);
        announce(&mut chain, &maker.blocks);
        deliver(&mut chain, &maker.blocks);
        assert_eq!(chain.tip().id(), maker.tip());
        let flags: Vec<bool> = maker.blocks.iter().map(|block| is_sampled(&chain, block)).collect();
        assert_eq!(flags, [vec![true; sampled], vec![false; 30 - sampled]].concat());
        // A sample is no knowledge of the segment.
        assert_eq!(chain.ground.segments.get(&genesis(&spec).id()).is_some(), sampled == 0);
    }
    let mut without_headers = open(&spec, recent);
    deliver(&mut without_headers, &maker.blocks);
    assert!(maker.blocks.iter().all(|block| !is_sampled(&without_headers, block)));
}

#[test]
fn a_wrong_tick_that_a_sample_missed_is_found_by_a_deep_reorganisation() {
    let spec = long_segments();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(20);
    // A branch whose first block has one wrong tick, properly committed to; the rest of it is honest.
    let mut forged = Maker::new(&spec, 2).make(1_000);
    forged.ticks[500] = Hash::ZERO;
    forged.content.poh_root = vibecoin_primitives::block::poh_root(&forged.ticks);
    forged.header.content_root = forged.content.root();
    let target = vibecoin_consensus::pow::Target::from_bits(forged.header.bits).unwrap();
    while !target.is_met_by(&forged.id()) {
        forged.header.nonce += 1;
    }
    assert!(poh::verify(Params::of(&spec), &genesis(&spec).id(), &forged.ticks).is_err());
    let mut chain = open(&spec, Policy { verify_poh: VerifyPoh::Recent { full_depth: 5 }, ..SMALL });
    assert_eq!(deliver(&mut chain, [&forged]), ["invalid"], "in full, as nothing buries it");

    // As if a sample had let it pass: a block that is marked so is verified when it would be connected that deep.
    let mut chain = open(&spec, Policy { verify_poh: VerifyPoh::Recent { full_depth: 5 }, ..SMALL });
    deliver(&mut chain, &ours.blocks);
    let mut theirs = Maker::new(&spec, 3);
    theirs.grow(21);
    deliver(&mut chain, &theirs.blocks[..20]);
    let first = &theirs.blocks[0];
    let mut record = blocks::meta(&*chain.ground.store, &first.id()).unwrap().unwrap();
    record.sampled = true;
    let mut rows = chain.ground.rows();
    blocks::put_meta(&mut rows, &first.id(), &record);
    let mut ticks = first.ticks.clone();
    ticks[77] = Hash::ZERO;
    vibecoin_storage::poh::put(&mut rows, &first.id(), &ticks);
    chain.ground.store.write(rows.into_batch(), Durability::Synced).unwrap();
    let report = chain.import(theirs.blocks[20].clone(), LATE).unwrap();
    assert!(matches!(report.verdict, Verdict::Invalid(_)), "{:?}", report.verdict);
    assert_eq!(chain.tip().id(), ours.tip());
    let status = blocks::meta(&*chain.ground.store, &first.id()).unwrap().unwrap().status;
    assert!(matches!(status, BlockStatus::Invalid { reason } if reason.starts_with("POH-3")));
}

#[test]
fn a_group_of_blocks_gives_the_verdicts_of_one_by_one() {
    let spec = fast_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(30);
    let mut theirs = ours.fork(10, 2);
    theirs.grow(40);
    let mut broken = ours.blocks[5].clone();
    broken.ticks[0] = Hash::ZERO;
    let mut all: Vec<Block> = Vec::new();
    all.extend_from_slice(&ours.blocks[..20]);
    all.push(broken);
    all.extend_from_slice(&theirs.blocks[10..25]);
    all.extend(ours.blocks[20..].iter().rev().cloned());
    all.extend_from_slice(&theirs.blocks[30..]);
    all.extend_from_slice(&theirs.blocks[20..30]);
    let mut single = open(&spec, SMALL);
    let mut one_by_one = Vec::new();
    for block in &all {
        let report = single.import(block.clone(), LATE).unwrap();
        one_by_one.push((report.id, report.verdict.name(), report.settled.len()));
    }
    for size in [1, 7, all.len()] {
        let mut chain = open(&spec, SMALL);
        let (mut verdicts, mut moves) = (Vec::new(), 0);
        for group in all.chunks(size) {
            for report in chain.import_group(group.to_vec(), LATE).unwrap() {
                verdicts.push((report.id, report.verdict.name(), report.settled.len()));
                moves += report.changes.iter().map(|change| change.connected.len()).sum::<usize>();
            }
        }
        assert_eq!(verdicts, one_by_one);
        assert_eq!(chain.tip().id(), single.tip().id());
        assert_eq!(fingerprint(&*chain.ground.store), fingerprint(&*single.ground.store));
        assert!(moves >= chain.tip().height().get() as usize);
    }
}

#[test]
fn the_depth_that_is_told_is_that_of_the_own_reorganisation() {
    let spec = flat_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(1);
    let mut theirs = Maker::new(&spec, 2);
    theirs.grow(1);
    let mut low = theirs.fork(1, 3);
    low.grow(1);
    let mut high = theirs.fork(1, 4);
    high.grow(2);
    let mut chain = open(&spec, SMALL);
    deliver(&mut chain, &ours.blocks);
    assert_eq!(deliver(&mut chain, [&low.blocks[1], &high.blocks[1], &high.blocks[2]]), ["orphan"; 3]);
    let report = chain.import(theirs.blocks[0].clone(), LATE).unwrap();
    let told: Vec<String> = report.settled.iter().map(|(_, verdict)| format!("{verdict:?}")).collect();
    assert_eq!(told, ["Reorganised { depth: 1 }", "Side", "Reorganised { depth: 1 }"]);
}

#[test]
fn a_long_way_that_ends_at_an_invalid_block_is_gone_back() {
    let spec = flat_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(300);
    let mut theirs = ours.fork(1, 2);
    theirs.grow(300);
    let mut liar = theirs.blocks[300].clone();
    liar.content.state_root = Hash::ZERO;
    liar.header.content_root = liar.content.root();
    let target = vibecoin_consensus::pow::Target::from_bits(liar.header.bits).unwrap();
    while !target.is_met_by(&liar.id()) {
        liar.header.nonce += 1;
    }
    let mut chain = open(&spec, SMALL);
    deliver(&mut chain, &ours.blocks);
    deliver(&mut chain, &theirs.blocks[1..300]);
    let before = fingerprint(&*chain.ground.store);
    // The way there and back takes several batches, and every one of them ends at a block.
    let report = chain.import(liar.clone(), LATE).unwrap();
    assert!(matches!(&report.verdict, Verdict::Invalid(reason) if reason.rule() == "EXE-8"));
    assert!(report.changes.len() > 2, "{}", report.changes.len());
    assert_eq!(chain.tip().id(), ours.tip());
    assert_eq!(fingerprint(&*chain.ground.store), before);
    // The honest block in the liar's place wins, and each branch has one end.
    let verdict = chain.import(theirs.blocks[300].clone(), LATE).unwrap().verdict;
    assert!(matches!(verdict, Verdict::Reorganised { depth: 299 }), "{verdict:?}");
    assert_eq!(fingerprint(&*chain.ground.store), fingerprint_of(&spec, &theirs.blocks));
    let ends: Vec<Hash> =
        chain.reader().view().unwrap().forks(1_000).unwrap().iter().map(|fork| fork.id).collect();
    assert_eq!(ends, [ours.tip()]);
}
