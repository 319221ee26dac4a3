//! Damaged stores, failing stores, interrupted rebuilds.

use std::collections::BTreeSet;

use vibecoin_storage::kv::{Fault, FaultyStore};
use vibecoin_storage::{Column, KeyValueRead as _, KeyValueWrite as _, Overlay, Scan};

use super::lab::{LATE, Maker, SMALL, announce, deliver, fingerprint, flat_spec};
use super::*;

/// A store with a chain, side branches, headers without bodies and a reorganisation behind it.
fn lived_in(spec: &ChainSpec) -> (Arc<MemoryStore>, Maker) {
    let mut ours = Maker::new(spec, 1);
    ours.grow(12);
    let mut theirs = ours.fork(6, 2);
    theirs.grow(9);
    let mut third = ours.fork(9, 3);
    third.grow(2);
    let store = Arc::new(MemoryStore::default());
    let mut chain = Chain::open(store.clone(), spec.clone(), SMALL).unwrap();
    deliver(&mut chain, &ours.blocks);
    deliver(&mut chain, &theirs.blocks[6..]);
    deliver(&mut chain, &third.blocks[9..10]);
    announce(&mut chain, &third.blocks[10..]);
    assert_eq!(chain.tip().id(), theirs.tip());
    (store, theirs)
}

pub(super) fn copy(store: &dyn KeyValueStore) -> Arc<MemoryStore> {
    let copy = Arc::new(MemoryStore::default());
    let mut rows = Overlay::new(&*copy);
    for column in Column::ALL {
        for row in store.iterate(*column, Scan::all()) {
            let (key, value) = row.unwrap();
            rows.put(*column, key, value);
        }
    }
    let batch = rows.into_batch();
    copy.write(batch, Durability::Synced).unwrap();
    copy
}

#[test]
fn a_rebuilt_store_is_the_same_store() {
    let spec = flat_spec();
    let (store, maker) = lived_in(&spec);
    let before = fingerprint(&*store);
    let ids = blocks::ids(&*store).unwrap();
    let forks = |chain: &Chain| chain.reader().view().unwrap().forks(100).unwrap();
    let forks_before = forks(&Chain::open(copy(&*store), spec.clone(), SMALL).unwrap());
    let chain = Chain::reindex(store.clone(), spec.clone(), SMALL, &mut |_, _| {}).unwrap();
    let repair = chain.repair().unwrap();
    assert_eq!(
        (repair.before, repair.shortened_by()),
        (Some((maker.tip(), maker.chain().tip().height())), 0)
    );
    assert_eq!((repair.bodies_lost, repair.headers_lost), (0, 0));
    assert_eq!(fingerprint(&*store), before);
    assert_eq!(blocks::ids(&*store).unwrap(), ids);
    let ends =
        |forks: Vec<crate::Fork>| forks.into_iter().map(|fork| (fork.id, fork.work)).collect::<Vec<_>>();
    assert_eq!(ends(forks(&chain)), ends(forks_before));
    assert_eq!(meta::rebuilding(&*store).unwrap(), None);
    drop(chain);
    let again = Chain::open(store, spec, SMALL).unwrap();
    assert!(again.repair().is_none() && again.tip().id() == maker.tip());
}

#[test]
fn a_rewound_block_stays_away_after_a_rebuild() {
    let spec = flat_spec();
    let (store, _) = lived_in(&spec);
    let mut chain = Chain::open(store.clone(), spec.clone(), SMALL).unwrap();
    chain.rewind(4).unwrap();
    let tip = chain.tip().id();
    drop(chain);
    let chain = Chain::reindex(store, spec, SMALL, &mut |_, _| {}).unwrap();
    assert_eq!(chain.tip().id(), tip);
}

/// Deletes or garbles every single row, one at a time. The chain opens, repaired or not, or says what is wrong; and
/// what it then holds proves itself.
#[test]
fn no_damaged_row_is_believed() {
    let spec = flat_spec();
    let (store, maker) = lived_in(&spec);
    let right = fingerprint(&*store);
    let (mut repaired, mut refused, mut rows_tried) = (0, 0, 0);
    for column in Column::ALL.iter().filter(|column| **column != Column::Pool) {
        for row in store.iterate(*column, Scan::all()) {
            let (key, value) = row.unwrap();
            for garbled in [None, value.len().checked_sub(1).map(|end| value[..end].to_vec())] {
                rows_tried += 1;
                let damaged = copy(&*store);
                let mut rows = Overlay::new(&*damaged);
                match &garbled {
                    None => rows.delete(*column, key.clone()),
                    Some(value) => rows.put(*column, key.clone(), value.clone()),
                }
                let batch = rows.into_batch();
                damaged.write(batch, Durability::Synced).unwrap();
                let mut chain = match Chain::open(damaged.clone(), spec.clone(), SMALL) {
                    Ok(chain) => chain,
                    Err(error) => {
                        // Words, and a rebuild helps.
                        assert!(!error.to_string().is_empty());
                        refused += 1;
                        Chain::reindex(damaged.clone(), spec.clone(), SMALL, &mut |_, _| {}).unwrap()
                    }
                };
                repaired += u64::from(chain.repair().is_some());
                let place = format!("{column} {}", hex::encode(&key));
                if chain.repair().is_none() {
                    // What was not needed at the start fails where it is needed, or a rebuild puts it right.
                    drop(chain);
                    chain = Chain::reindex(damaged.clone(), spec.clone(), SMALL, &mut |_, _| {}).unwrap();
                }
                // The honest blocks lead back to the right state, whatever was lost.
                deliver(&mut chain, &maker.blocks);
                assert_eq!(chain.tip().id(), maker.tip(), "{place}");
                assert_eq!(fingerprint(&*damaged), right, "{place}");
            }
        }
    }
    assert!(rows_tried > 400 && repaired > 10, "{rows_tried} {repaired} {refused}");
}

/// A life of a chain, as far as its store lets it.
fn live(store: Arc<dyn KeyValueStore>, spec: &ChainSpec, blocks: &[Block]) -> Result<Vec<Hash>, ()> {
    let mut acknowledged = Vec::new();
    let Ok(mut chain) = Chain::open(store, spec.clone(), SMALL) else { return Ok(acknowledged) };
    for block in blocks {
        match chain.import(block.clone(), LATE) {
            Ok(report) => {
                assert!(!matches!(report.verdict, Verdict::Invalid(_)), "{:?}", report.verdict);
                acknowledged.push(chain.tip().id());
            }
            Err(_) => break,
        }
    }
    let _ = chain.flush();
    Ok(acknowledged)
}

/// The same life once for every write and many reads that could fail: nothing acknowledged is lost, no block is
/// called invalid, and the chain goes on afterwards.
#[test]
fn every_write_and_every_read_may_fail() {
    let spec = flat_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.grow(6);
    let mut theirs = ours.fork(2, 2);
    theirs.grow(6);
    let all: Vec<Block> = ours.blocks.iter().chain(&theirs.blocks[2..]).cloned().collect();
    let counting = FaultyStore::new(Arc::new(MemoryStore::default()));
    live(Arc::new(counting.clone()), &spec, &all).unwrap();
    let right = fingerprint(&*counting.inner());
    let error = StoreError::DiskFull { detail: "test".to_owned() };
    let mut faults: Vec<Fault> = Vec::new();
    for nth in 0..counting.writes() {
        faults.push(Fault::WriteFails { nth, error: error.clone() });
        faults.push(Fault::WriteFailsLate { nth, error: error.clone() });
    }
    for nth in (0..counting.reads()).step_by(3) {
        faults.push(Fault::ReadFails { nth, error: error.clone() });
    }
    let mut fired = BTreeSet::new();
    for (at, fault) in faults.into_iter().enumerate() {
        let store = FaultyStore::with(Arc::new(MemoryStore::default()), fault.clone());
        let acknowledged = live(Arc::new(store.clone()), &spec, &all).unwrap();
        if store.has_fired() {
            fired.insert(at);
        }
        let mut chain = Chain::open(store.inner(), spec.clone(), SMALL).unwrap();
        if let Some(last) = acknowledged.last() {
            let height = blocks::meta(&*store.inner(), last).unwrap().unwrap().height;
            assert!(chain.tip().height() >= height, "{fault:?}");
        }
        deliver(&mut chain, &all);
        assert_eq!(chain.tip().id(), theirs.tip(), "{fault:?}");
        assert_eq!(fingerprint(&*store.inner()), right, "{fault:?}");
    }
    assert!(fired.len() > 100, "{}", fired.len());
}

#[test]
fn an_interrupted_rebuild_is_begun_again() {
    let spec = flat_spec();
    let (store, maker) = lived_in(&spec);
    let right = fingerprint(&*store);
    let counting = FaultyStore::new(copy(&*store));
    Chain::reindex(Arc::new(counting.clone()), spec.clone(), SMALL, &mut |_, _| {}).unwrap();
    let error = StoreError::Io { detail: "test".to_owned() };
    for nth in 0..counting.writes() {
        let damaged = FaultyStore::with(copy(&*store), Fault::WriteFails { nth, error: error.clone() });
        assert!(Chain::reindex(Arc::new(damaged.clone()), spec.clone(), SMALL, &mut |_, _| {}).is_err());
        let chain = Chain::open(damaged.inner(), spec.clone(), SMALL).unwrap();
        assert_eq!(chain.tip().id(), maker.tip(), "write {nth}");
        assert_eq!(fingerprint(&*damaged.inner()), right, "write {nth}");
    }
}
