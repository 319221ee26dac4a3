//! Headers and bodies in runs: the same verdicts and the same rows as one by one.

use vibecoin_storage::branches::{self, EndKind};

use super::lab::{
    LATE, Maker, SMALL, announce, deliver, fast_spec, fingerprint, fingerprint_of, flat_spec, open, pairs,
};
use super::*;

/// Every row of a store.
fn rows(chain: &Chain) -> Vec<(vibecoin_storage::Column, Vec<u8>, Vec<u8>)> {
    let store = &*chain.ground.store;
    let of = |column: vibecoin_storage::Column| {
        store.iterate(column, vibecoin_storage::Scan::all()).map(move |row| {
            let (key, value) = row.unwrap();
            (column, key, value)
        })
    };
    vibecoin_storage::Column::ALL.iter().flat_map(|column| of(*column)).collect()
}

#[test]
fn headers_in_runs_are_judged_and_kept_as_one_by_one() {
    let spec = flat_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(170);
    let mut theirs = ours.fork(60, 2);
    theirs.grow(30);
    let mut forged = ours.blocks[100].clone();
    forged.content.gas_used += 1;
    let mut all: Vec<Block> = ours.blocks[..100].to_vec();
    all.push(forged);
    all.extend_from_slice(&ours.blocks[100..110]);
    all.extend_from_slice(&ours.blocks[112..114]); // orphans
    all.extend_from_slice(&theirs.blocks[60..]);
    all.extend_from_slice(&ours.blocks[90..]);
    let headers = pairs(&all);
    for start in [0, 5] {
        let mut single = open(&spec, SMALL);
        deliver(&mut single, &ours.blocks[..start]);
        let expected = announce(&mut single, &all);
        assert!(["header", "known", "invalid", "orphan"].iter().any(|name| expected.contains(name)));
        for size in [1, 7, all.len()] {
            let mut chain = open(&spec, SMALL);
            deliver(&mut chain, &ours.blocks[..start]);
            let mut verdicts = Vec::new();
            for run in headers.chunks(size) {
                let reports = chain.import_headers(run, LATE).unwrap();
                verdicts.extend(reports.iter().map(|report| report.verdict.name()));
            }
            assert_eq!(verdicts, expected);
            assert_eq!(rows(&chain), rows(&single));
            assert_eq!(chain.header_only_count(), single.header_only_count());
        }
    }
}

#[test]
fn a_run_of_headers_brings_in_the_blocks_that_waited_for_them() {
    let spec = flat_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(6);
    let mut chain = open(&spec, SMALL);
    assert_eq!(deliver(&mut chain, &maker.blocks[2..4]), ["orphan"; 2]);
    let reports = chain.import_headers(&pairs(&maker.blocks[..2]), LATE).unwrap();
    assert_eq!(reports.iter().map(|report| report.settled.len()).sum::<usize>(), 2);
    assert_eq!(
        deliver(&mut chain, &maker.blocks),
        ["extended", "extended", "known", "known", "extended", "extended"]
    );
}

#[test]
fn bodies_in_runs_under_known_headers_are_judged_as_one_by_one() {
    let spec = fast_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(60);
    let peer = Source::Peer(4);
    let order: Vec<usize> = (0..10).chain(30..40).chain(10..30).chain(45..60).chain(40..45).collect();
    let mut wrong = maker.blocks[44].clone();
    wrong.ticks[0] = Hash::ZERO;
    let mut all: Vec<Block> = order.iter().map(|at| maker.blocks[*at].clone()).collect();
    all.insert(57, wrong);
    let mut single = open(&spec, SMALL);
    announce(&mut single, &maker.blocks);
    let import = |block: &Block| single.import_from(peer, block.clone(), LATE).unwrap().verdict.name();
    let expected: Vec<_> = all.iter().map(import).collect();
    for size in [1, 8, all.len()] {
        let mut chain = open(&spec, SMALL);
        chain.import_headers(&pairs(&maker.blocks), LATE).unwrap();
        let mut verdicts = Vec::new();
        for run in all.chunks(size) {
            let run = run.iter().map(|block| (peer, block.clone()));
            let reports = chain.import_run(run, LATE).unwrap();
            verdicts.extend(reports.iter().map(|report| report.verdict.name()));
        }
        assert_eq!(verdicts, expected);
        assert_eq!((chain.tip().id(), chain.header_only_count()), (maker.tip(), 0));
        assert_eq!(fingerprint(&*chain.ground.store), fingerprint_of(&spec, &maker.blocks));
        assert_eq!(chain.sides.headers().count() + chain.sides.linked().count(), 0);
        let store = Arc::clone(&chain.ground.store);
        drop(chain);
        assert_eq!(Chain::open(store, spec.clone(), SMALL).unwrap().header_only_count(), 0);
    }
}

#[test]
fn the_way_to_the_best_header_is_kept_however_long_it_is() {
    let spec = flat_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(120);
    let mut light = Maker::new(&spec, 2);
    light.grow(40);
    let mut chain = open(&spec, Policy { headers_max: 50, ..SMALL });
    chain.import_headers(&pairs(&light.blocks), LATE).unwrap();
    chain.import_headers(&pairs(&maker.blocks), LATE).unwrap();
    assert_eq!(chain.header_only_count(), 120, "the lighter one went");
    assert_eq!(branches::all(&*chain.ground.store, EndKind::Headers).unwrap().len(), 1);
    assert_eq!(deliver(&mut chain, &maker.blocks), vec!["extended"; 120]);
}
