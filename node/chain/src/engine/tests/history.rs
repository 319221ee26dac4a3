//! The history under a state that was taken over: fetched in any order, executed beside the chain, over crashes.

use vibecoin_primitives::Content;
use vibecoin_storage::kv::{Fault, FaultyStore};
use vibecoin_storage::{Column, KeyValueRead, KeyValueWrite as _, Scan, replay};

use super::adoption::{SHALLOW, assert_same_accounts, fetch, grown, stores};
use super::damage::copy;
use super::lab::{LATE, Maker, deliver, fingerprint, open, pairs, relay, rich_spec};
use super::*;
use crate::outcome::HistoryReport;
use crate::verify::verify;

/// A chain that took over the state 20 blocks below the end of these, and stands on the last of them.
fn adopted(store: Arc<dyn KeyValueStore>, spec: &ChainSpec, served: &Chain, blocks: &[Block]) -> Chain {
    let mut chain = Chain::open(store, spec.clone(), SHALLOW).unwrap();
    chain.import_headers(&pairs(blocks), LATE).unwrap();
    chain.choose_pivot().unwrap().unwrap();
    fetch(&mut chain, served, 3).unwrap();
    let pivot = blocks.len() - 20;
    assert_eq!(relay(&mut chain, &blocks[pivot..]), vec!["extended"; 20]);
    chain
}

/// Takes the wanted bodies out of `blocks`, `step` at once and the highest of them first, and executes what can be.
fn backfill(chain: &mut Chain, blocks: &[Block], step: usize) -> Result<Vec<HistoryReport>, StoreError> {
    let mut reports = Vec::new();
    while let Some(wanted) = chain.reader().view()?.wanted_history(step)? {
        let of = |id: &Hash| blocks.iter().find(|block| block.id() == *id).unwrap().clone();
        let run = wanted.bodies.iter().rev().map(|id| (Source::Peer(1), of(id)));
        for report in chain.import_run(run, LATE)? {
            assert!(matches!(report.verdict, Verdict::Side), "{:?}", report.verdict);
        }
        reports.push(chain.replay_history(step)?);
    }
    Ok(reports)
}

/// That nothing tells this chain from one that executed all.
fn assert_ordinary(chain: &Chain, spec: &ChainSpec, full: &Chain) {
    let (store, other) = (&*chain.ground.store, &*full.ground.store);
    assert!(chain.assumed().is_none() && meta::assumed(store).unwrap().is_none());
    assert_eq!(fingerprint(store), fingerprint(other));
    assert_same_accounts(chain, full);
    // Of undo records and records of blocks all but the order of arrival.
    let rows = |store: &dyn KeyValueStore, column| store.scan(column, Scan::all()).unwrap();
    for column in [Column::Undo, Column::Bodies, Column::Ticks, Column::Headers, Column::HistoryNodes] {
        assert!(rows(store, column) == rows(other, column), "{column}");
    }
    for (key, _) in rows(other, Column::BlockMeta) {
        let id = Hash::new(key.try_into().unwrap());
        let record = |store| blocks::BlockMeta { arrival: 0, ..blocks::meta(store, &id).unwrap().unwrap() };
        assert_eq!(record(store), record(other));
    }
    for column in [
        Column::StagedLeaves,
        Column::StagedRanges,
        Column::ReplayMeta,
        Column::ReplayChain,
        Column::ReplayNodes,
        Column::ReplayRoots,
        Column::ReplayStale,
    ] {
        assert_eq!(store.iterate(column, Scan::all()).count(), 0, "{column}");
    }
    let verified = verify(store, spec, Arc::new(MemoryStore::default()), |_, _| {}).unwrap();
    assert_eq!(verified.tip, full.tip().id());
}

#[test]
fn a_chain_with_its_history_is_one_that_executed_everything() {
    let spec = rich_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.trade(1_500, 9);
    let served = grown(&spec, &maker.blocks[..150]);
    let long = grown(&spec, &maker.blocks);
    for (store, _folder) in stores() {
        let mut chain = adopted(store, &spec, &served, &maker.blocks[..150]);
        let reports = backfill(&mut chain, &maker.blocks, 40).unwrap();
        assert_eq!(reports[0].replayed.get(), 40);
        assert_eq!(reports[0].missing_below.map(Height::get), Some(130));
        assert!(reports.last().unwrap().missing_below.is_none());
        assert_ordinary(&chain, &spec, &served);
        // A reorganisation below the state is followed like any other now.
        let mut theirs = maker.fork(120, 2);
        theirs.grow(40);
        relay(&mut chain, &theirs.blocks[120..]);
        assert_eq!(chain.tip().id(), theirs.tip());
    }
    let mut chain = adopted(Arc::new(MemoryStore::default()), &spec, &long, &maker.blocks);
    backfill(&mut chain, &maker.blocks, 300).unwrap();
    assert_ordinary(&chain, &spec, &long);
    let store = Arc::clone(&chain.ground.store);
    drop(chain);
    let again = Chain::open(Arc::clone(&store), spec.clone(), SHALLOW).unwrap();
    assert!(again.repair().is_none());
    assert_ordinary(&again, &spec, &long);
    drop(again);
    let made_again = Chain::reindex(store, spec.clone(), SHALLOW, &mut |_, _| {}).unwrap();
    assert_eq!(fingerprint(&*made_again.ground.store), fingerprint(&*long.ground.store));
}

#[test]
fn the_chain_goes_on_while_its_history_is_executed() {
    let spec = rich_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.trade(100, 4);
    let served = grown(&spec, &maker.blocks[..80]);
    let mut chain = adopted(Arc::new(MemoryStore::default()), &spec, &served, &maker.blocks[..80]);
    // A fork below the state comes too early to be followed, and wins when the history is there.
    let mut theirs = maker.fork(30, 2);
    theirs.grow(90);
    relay(&mut chain, &theirs.blocks[30..100]);
    let mut above = maker.blocks[80..].iter();
    for step in 0..9 {
        let wanted = chain.reader().view().unwrap().wanted_history(7).unwrap().unwrap();
        assert_eq!(wanted.pivot.get(), 60);
        for id in &wanted.bodies {
            let block = maker.blocks.iter().find(|block| block.id() == *id).unwrap();
            relay(&mut chain, [block]);
            assert_eq!(relay(&mut chain, [block]), ["known"]);
        }
        chain.replay_history(1_000).unwrap();
        if step < 8 {
            let next = above.next().unwrap();
            assert_eq!(relay(&mut chain, [next]), ["extended"]);
            assert_eq!(chain.tip().id(), next.id());
            assert!(chain.reader().view().unwrap().block(&maker.blocks[step * 7].id()).unwrap().is_some());
        }
    }
    assert!(chain.assumed().is_none());
    assert_eq!(chain.tip().id(), theirs.blocks[99].id(), "it has more work");
    relay(&mut chain, &theirs.blocks[100..]);
    assert_eq!(fingerprint(&*chain.ground.store), fingerprint(&*grown(&spec, &theirs.blocks).ground.store));
}

#[test]
fn a_crash_at_any_write_of_the_history_is_followed_by_going_on() {
    let spec = rich_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.trade(62, 5);
    let served = grown(&spec, &maker.blocks);
    let start = Arc::new(MemoryStore::default());
    drop(adopted(start.clone(), &spec, &served, &maker.blocks));
    let copy = || -> Arc<dyn KeyValueStore> { copy(&*start) };
    let run = |store: Arc<dyn KeyValueStore>| -> Result<Chain, OpenError> {
        let mut chain = Chain::open(store, spec.clone(), SHALLOW)?;
        backfill(&mut chain, &maker.blocks, 9)?;
        Ok(chain)
    };
    let whole = FaultyStore::new(copy());
    assert_ordinary(&run(Arc::new(whole.clone())).unwrap(), &spec, &served);
    let mut resumed = 0;
    for nth in 0..whole.writes() {
        for late in [false, true] {
            let error = StoreError::Io { detail: "pulled".into() };
            let fault = match late {
                false => Fault::WriteFails { nth, error },
                true => Fault::WriteFailsLate { nth, error },
            };
            let store = FaultyStore::with(copy(), fault);
            assert!(run(Arc::new(store.clone())).is_err() && store.has_fired());
            resumed += u64::from(replay::height(&*store.inner()).unwrap().is_some_and(|at| at.get() > 0));
            let again = run(store.inner()).unwrap();
            assert!(again.repair().is_none(), "{:?}", again.repair());
            assert_ordinary(&again, &spec, &served);
        }
    }
    assert!(resumed > 20, "{resumed}");
}

/// Deletes or garbles every fifth row of a store whose history is half executed, one at a time. The chain opens,
/// repaired or not, and takes in what it lacks; or it says what is wrong.
#[test]
fn no_damaged_row_is_believed_while_history_is_missing() {
    let spec = rich_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.trade(50, 5);
    let served = grown(&spec, &maker.blocks);
    let store = Arc::new(MemoryStore::default());
    let mut chain = adopted(store.clone(), &spec, &served, &maker.blocks);
    deliver(&mut chain, &maker.blocks[..12]);
    chain.replay_history(8).unwrap();
    drop(chain);
    let (mut sound, mut repaired, mut refused) = (0, 0, 0);
    for column in Column::ALL {
        for (key, value) in store.iterate(*column, Scan::all()).map(Result::unwrap).step_by(5) {
            for garbled in [None, value.len().checked_sub(1).map(|end| value[..end].to_vec())] {
                let damaged = copy(&*store);
                let mut rows = vibecoin_storage::Batch::new();
                match garbled {
                    None => rows.delete(*column, key.clone()),
                    Some(value) => rows.put(*column, key.clone(), value),
                }
                damaged.write(rows, Durability::Synced).unwrap();
                let Ok(mut chain) = Chain::open(damaged, spec.clone(), SHALLOW) else {
                    refused += 1;
                    continue;
                };
                if chain.repair().is_some() {
                    repaired += 1;
                    // Back to what can be proven, from where it comes to the tip by the ordinary way.
                    assert!(chain.assumed().is_none());
                    chain
                        .import_run(maker.blocks.iter().map(|block| (Source::Local, block.clone())), LATE)
                        .unwrap();
                    assert_eq!(chain.tip().id(), maker.tip());
                } else {
                    sound += 1;
                    // Damage deeper down is met when it is read, and is an error then, not a lie.
                    let came = backfill(&mut chain, &maker.blocks, 50).is_ok() && chain.assumed().is_none();
                    let verified =
                        verify(&*chain.ground.store, &spec, Arc::new(MemoryStore::default()), |_, _| {});
                    assert!(verified.is_err() || (came && chain.tip().id() == maker.tip()));
                }
            }
        }
    }
    assert!(sound > 50 && repaired > 20, "{sound} sound, {repaired} repaired, {refused} refused");
}

#[test]
fn a_history_that_breaks_a_rule_ends_the_chain_and_a_reindex_goes_back_to_the_truth() {
    let spec = rich_spec();
    let mut honest = Maker::new(&spec, 1);
    honest.trade(40, 5);
    // Block 21 and all above it are of a chain whose maker gave himself a state that does not follow.
    let (mut lie, served) = lie_of(&spec, &honest.blocks[..20], 80);
    let mut chain = open(&spec, SHALLOW);
    chain.import_headers(&pairs(&lie), LATE).unwrap();
    let staged = chain.choose_pivot().unwrap().unwrap();
    assert_eq!(staged.height.get(), 80);
    let (start, end) = (Hash::new([0; 32]), Hash::new([0xff; 32]));
    let state = served.reader().view().unwrap().state_at(Height::new(20)).unwrap().unwrap();
    let chunk = state.chunk(&start, &end, usize::MAX).unwrap().verify(&staged.root, &start, &end).unwrap();
    assert_eq!(chain.import_state_chunk(&chunk).unwrap().step, StateStep::Adopted);
    assert_eq!(chain.tip().height().get(), 80);

    lie.truncate(80);
    for block in &lie {
        let verdict = chain.import(block.clone(), LATE).unwrap().verdict;
        assert!(matches!(verdict, Verdict::Side), "{verdict:?}");
    }
    let report = chain.replay_history(1_000).unwrap();
    assert_eq!((report.replayed.get(), report.missing_below.map(Height::get)), (20, Some(80)));
    let forged = chain.forged().unwrap().clone();
    assert_eq!((forged.height.get(), forged.block), (21, lie[20].id()));
    assert!(forged.reason.starts_with("EXE"), "{}", forged.reason);
    let store = Arc::clone(&chain.ground.store);
    drop(chain);
    let refused = Chain::open(Arc::clone(&store), spec.clone(), SHALLOW).err().unwrap();
    assert_eq!(refused, OpenError::ForgedHistory(forged));
    assert!(refused.to_string().contains("reindex"));

    let mut chain = Chain::reindex(store, spec.clone(), SHALLOW, &mut |_, _| {}).unwrap();
    assert_eq!(chain.tip().id(), honest.blocks[19].id());
    assert_eq!(deliver(&mut chain, &honest.blocks[20..]), vec!["extended"; 20]);
    assert_eq!(fingerprint(&*chain.ground.store), fingerprint(&*grown(&spec, &honest.blocks).ground.store));
}

/// Blocks on `base` without transactions that all claim the state which `base` left, as if nobody was rewarded; and
/// a chain that has that state.
fn lie_of(spec: &ChainSpec, base: &[Block], count: usize) -> (Vec<Block>, Chain) {
    let served = grown(spec, base);
    let mut blocks = base.to_vec();
    let mut parent = (**served.tip()).clone().block;
    while blocks.len() < count + base.len() {
        let above = parent.header;
        let ticks = served.ground.segments.make(spec, &parent.id).to_vec();
        let tx_root = vibecoin_primitives::block::tx_root(&[]);
        let content = Content {
            parent_id: parent.id,
            state_root: served.tip().content.state_root,
            tx_root,
            receipts_root: vibecoin_primitives::block::receipts_root(&[]),
            poh_root: vibecoin_primitives::block::poh_root(&ticks),
            poh_hash: vibecoin_primitives::block::poh_record(ticks.last().unwrap(), &tx_root),
            beneficiary: Address::new([3; 20]),
            gas_used: 0,
            tx_count: 0,
        };
        let height = above.height.next().unwrap();
        let mut header = Header {
            history_root: parent.history.root(),
            content_root: content.root(),
            version: vibecoin_consensus::difficulty::version_at(height),
            height,
            prev_time: above.time,
            time: above.time.checked_add(1_000).unwrap(),
            bits: vibecoin_consensus::difficulty::bits_of_child(spec, above.height, above.time),
            nonce: 0,
        };
        header.nonce = vibecoin_consensus::pow::Search::new(&header).unwrap().run(0..u64::MAX).unwrap();
        let mut history = parent.history.clone();
        let id = header.id();
        let completed = history.append(vibecoin_consensus::Node::leaf(&header, id).unwrap()).unwrap();
        parent = Arc::new(crate::Parent { id, header, history, completed });
        blocks.push(Block { header, content, ticks, transactions: Vec::new() });
    }
    (blocks, served)
}
