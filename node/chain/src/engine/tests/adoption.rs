//! A state that is taken over: by pieces in any order, over crashes, with the chain going on above it.

use vibecoin_crypto::state_tree::VerifiedChunk;
use vibecoin_primitives::Account;
use vibecoin_storage::kv::{Fault, FaultyStore, RocksOptions, RocksStore};
use vibecoin_storage::staging::KeyRange;
use vibecoin_storage::{Column, Overlay, Scan, StateVersion};

use super::lab::{LATE, Maker, SMALL, bare_headers, deliver, flat_spec, open, pairs, relay, rich_spec};
use super::*;
use crate::StateReport;
use crate::policy::VerifyPoh;
use crate::verify::{VerifyError, verify};

/// States are taken over 20 blocks deep, and kept by those who serve them.
pub(super) const SHALLOW: Policy =
    Policy { pivot_depth: 20, pivot_age_max: 60, state_window: None, verify_poh: VerifyPoh::Full, ..SMALL };

/// A range of the state of `served` after the block of a height.
pub(super) fn serve(served: &Chain, height: Height, range: KeyRange, bytes_max: usize) -> VerifiedChunk {
    let state = served.reader().view().unwrap().state_at(height).unwrap().unwrap();
    let chunk = state.chunk(&range.start, &range.end, bytes_max).unwrap();
    chunk.verify(&state.root(), &range.start, &range.end).unwrap()
}

/// Fetches the wanted state from `served`, in an order that follows from the seed.
pub(super) fn fetch(
    chain: &mut Chain,
    served: &Chain,
    mut seed: u64,
) -> Result<Vec<StateReport>, StoreError> {
    let mut reports = Vec::new();
    while let Some(wanted) = chain.reader().view()?.state_wanted()? {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let range = wanted.missing[(seed >> 33) as usize % wanted.missing.len()];
        let chunk = serve(served, wanted.staged.height, range, 200 + (seed >> 40) as usize % 900);
        reports.push(chain.import_state_chunk(&chunk)?);
    }
    Ok(reports)
}

/// A chain that takes exactly these blocks.
pub(super) fn grown(spec: &ChainSpec, blocks: &[Block]) -> Chain {
    let mut chain = open(spec, SHALLOW);
    assert!(deliver(&mut chain, blocks).iter().all(|verdict| *verdict == "extended"));
    chain
}

pub(super) fn stores() -> Vec<(Arc<dyn KeyValueStore>, Option<tempfile::TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let rocks = RocksStore::open_with(folder.path(), RocksOptions::default()).unwrap();
    vec![(Arc::new(MemoryStore::default()), None), (Arc::new(rocks), Some(folder))]
}

#[test]
fn a_state_is_taken_over_and_the_chain_goes_on_above_it() {
    let spec = rich_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.trade(150, 7);
    let served = grown(&spec, &maker.blocks);
    let at_pivot = grown(&spec, &maker.blocks[..130]);
    for (store, _folder) in stores() {
        let mut chain = Chain::open(Arc::clone(&store), spec.clone(), SHALLOW).unwrap();
        chain.import_headers(&pairs(&maker.blocks), LATE).unwrap();
        let staged = chain.choose_pivot().unwrap().unwrap();
        assert_eq!((staged.height.get(), staged.pivot), (130, maker.blocks[129].id()));
        assert_eq!(chain.choose_pivot().unwrap(), Some(staged), "and stays with it");
        let reports = fetch(&mut chain, &served, 3).unwrap();
        assert!(reports.len() > 16, "{}", reports.len());
        let (last, before) = reports.split_last().unwrap();
        assert!(before.iter().all(|report| report.step == StateStep::Staged && report.changes.is_empty()));
        assert_eq!(last.step, StateStep::Adopted);
        let change = &last.changes[0];
        assert!(
            change.tip.height().get() == 130 && change.connected.is_empty() && change.reverted.is_empty()
        );

        assert_eq!((chain.tip().id(), chain.header_only_count()), (staged.pivot, 20));
        assert_eq!(meta::supply(&*store).unwrap(), meta::supply(&*at_pivot.ground.store).unwrap());
        assert_same_accounts(&chain, &at_pivot);
        assert_eq!(chain.choose_pivot().unwrap(), None, "once at a time");
        for column in [Column::StagedLeaves, Column::StagedRanges] {
            assert_eq!(store.iterate(column, Scan::all()).count(), 0);
        }
        assert_missing_history(&chain, &maker, 130);

        let ids: Vec<Hash> = maker.blocks[130..].iter().map(Block::id).collect();
        assert_eq!(chain.reader().view().unwrap().wanted_bodies(1_000).unwrap(), ids);
        assert_eq!(relay(&mut chain, &maker.blocks[130..]), vec!["extended"; 20]);
        assert_eq!(meta::supply(&*store).unwrap(), meta::supply(&*served.ground.store).unwrap());
        assert_same_accounts(&chain, &served);
        assert_eq!(chain.tip().block.history.root(), served.tip().block.history.root());
        assert_eq!(meta::state_garbage_below(&*store).unwrap(), None, "the old state is gone");
        let first = store.iterate(Column::StateNodes, Scan::all()).next().unwrap().unwrap().0;
        assert!(first[..8] > StateVersion::FIRST.get().to_be_bytes()[..]);
        assert_missing_history(&chain, &maker, 130);

        drop(chain);
        let chain = Chain::open(store, spec.clone(), SHALLOW).unwrap();
        assert!(chain.repair().is_none() && chain.tip().id() == maker.tip());
        assert_eq!((chain.header_only_count(), chain.assumed().unwrap().height.get()), (0, 130));
        assert_missing_history(&chain, &maker, 130);
    }
}

pub(super) fn assert_same_accounts(chain: &Chain, other: &Chain) {
    let all = |chain: &Chain| {
        let state = chain.reader().view().unwrap().state().unwrap();
        let (start, end) = (Hash::new([0; 32]), Hash::new([0xff; 32]));
        state.chunk(&start, &end, usize::MAX).unwrap().leaves().to_vec()
    };
    let leaves = all(chain);
    assert!(leaves == all(other) && leaves.len() > 100);
}

/// What readers are told of blocks whose bodies are not here.
fn assert_missing_history(chain: &Chain, maker: &Maker, pivot: usize) {
    let view = chain.reader().view().unwrap();
    for (at, block) in maker.blocks[..view.tip().height().get() as usize].iter().enumerate() {
        let height = Height::new(at as u64 + 1);
        let is_here = at >= pivot;
        assert_eq!(view.id_at(height).unwrap(), Some(block.id()));
        assert_eq!(view.block(&block.id()).unwrap().is_some(), is_here);
        assert_eq!(view.encoded_block(&block.id()).unwrap().is_some(), is_here);
        assert_eq!(view.header(&block.id()).unwrap(), Some((block.header, block.content)));
        assert_eq!(view.state_at(height).unwrap().is_some(), at + 1 >= pivot);
    }
    assert!(view.state_at(Height::GENESIS).unwrap().is_none());
    let genesis = [view.id_at(Height::GENESIS).unwrap().unwrap()];
    let told = view.headers_after(&genesis, 1_000).unwrap();
    assert_eq!(told, pairs(&maker.blocks[..view.tip().height().get() as usize]));
    let spec = (**chain.reader().spec()).clone();
    let store = Arc::clone(&chain.ground.store);
    let verified = verify(&*store, &spec, Arc::new(MemoryStore::default()), |_, _| {});
    let expected = Height::new(pivot as u64);
    assert!(
        matches!(verified, Err(VerifyError::History { height, pivot }) if height.get() == 1 && pivot == expected)
    );
    let refused = Chain::reindex(store, spec, SHALLOW, &mut |_, _| {});
    assert!(matches!(refused, Err(OpenError::HistoryMissing { below }) if below == expected));
}

#[test]
fn a_crash_at_any_write_is_followed_by_going_on() {
    let spec = rich_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.trade(60, 5);
    let served = grown(&spec, &maker.blocks);
    let headers = pairs(&maker.blocks);
    let run = |store: Arc<dyn KeyValueStore>| -> Result<Chain, OpenError> {
        let mut chain = Chain::open(store, spec.clone(), SHALLOW)?;
        chain.import_headers(&headers, LATE)?;
        chain.choose_pivot()?;
        fetch(&mut chain, &served, 11)?;
        let bodies = maker.blocks[40..].iter().map(|block| (Source::Peer(1), block.clone()));
        chain.import_run(bodies, LATE)?;
        Ok(chain)
    };
    let whole = FaultyStore::new(Arc::new(MemoryStore::default()));
    let right = run(Arc::new(whole.clone())).unwrap();
    assert_eq!((right.tip().id(), right.assumed().unwrap().height.get()), (maker.tip(), 40));
    for nth in 1..whole.writes() {
        for late in [false, true] {
            let error = StoreError::Io { detail: "pulled".into() };
            let fault = match late {
                false => Fault::WriteFails { nth, error },
                true => Fault::WriteFailsLate { nth, error },
            };
            let store = FaultyStore::with(Arc::new(MemoryStore::default()), fault);
            let ended = run(Arc::new(store.clone()));
            assert!(ended.is_err() && store.has_fired());
            let staged = meta::staged_state(&*store.inner()).unwrap();
            let again = run(store.inner()).unwrap();
            assert!(again.repair().is_none(), "{:?}", again.repair());
            assert_eq!((again.tip().id(), again.header_only_count()), (maker.tip(), 0), "write {nth}");
            assert_eq!(again.assumed(), right.assumed());
            assert_same_accounts(&again, &right);
            // What was there was not fetched again: the state was the same.
            assert!(staged.is_none_or(|staged| staged.pivot == maker.blocks[39].id()));
        }
    }
}

#[test]
fn reorganisations_go_down_to_the_state_and_no_deeper() {
    let spec = rich_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.trade(70, 5);
    let served = grown(&spec, &ours.blocks);
    for (fork, follows) in [(52, true), (50, true), (49, false), (20, false)] {
        let mut theirs = ours.fork(fork, 2);
        theirs.grow(80 - fork);
        let mut chain = open(&spec, SHALLOW);
        chain.import_headers(&pairs(&ours.blocks), LATE).unwrap();
        assert_eq!(chain.choose_pivot().unwrap().unwrap().height.get(), 50);
        // Bodies above may come before the state is there.
        assert_eq!(relay(&mut chain, &ours.blocks[50..53]), ["side"; 3]);
        let changes: Vec<_> = fetch(&mut chain, &served, 1).unwrap().pop().unwrap().changes;
        assert_eq!(changes.last().unwrap().tip.height().get(), 53, "and are connected at once");
        relay(&mut chain, &ours.blocks[53..]);
        assert_eq!(chain.tip().id(), ours.tip());

        relay(&mut chain, &theirs.blocks[fork..]);
        let expected = if follows { theirs.tip() } else { ours.tip() };
        assert_eq!(chain.tip().id(), expected, "fork at {fork}");
        let store = Arc::clone(&chain.ground.store);
        drop(chain);
        let mut chain = Chain::open(store, spec.clone(), SHALLOW).unwrap();
        assert!(chain.repair().is_none() && chain.tip().id() == expected);
        chain.rewind(1_000).unwrap().unwrap();
        // Where a whole branch is taken back, the one that was left for it comes back.
        assert_eq!(chain.tip().height().get(), if fork == 50 { 70 } else { 50 }, "nor is it taken back");
        let pivot = chain.reader().view().unwrap().id_at(Height::new(50)).unwrap();
        assert_eq!(pivot, Some(ours.blocks[49].id()));
    }
}

#[test]
fn the_block_is_chosen_deep_enough_and_anew_when_it_is_too_deep() {
    let spec = flat_spec();
    let headers = bare_headers(&spec, 200, |height| vibecoin_crypto::sha256(&height.get().to_le_bytes()));
    let mut chain = open(&spec, SHALLOW);
    for (count, expected) in
        [(20, None), (40, None), (41, Some(21)), (81, Some(21)), (82, Some(62)), (200, Some(180))]
    {
        chain.import_headers(&headers[..count], LATE).unwrap();
        let chosen = chain.choose_pivot().unwrap();
        assert_eq!(chosen.map(|staged| staged.height.get()), expected, "{count} headers");
        let wanted = chain.reader().view().unwrap().state_wanted().unwrap();
        assert_eq!(wanted.as_ref().map(|wanted| wanted.staged), chosen);
        assert_eq!(wanted.map_or(0, |wanted| wanted.missing.len()), if chosen.is_some() { 16 } else { 0 });
    }
    chain.forget_state().unwrap();
    assert!(chain.reader().view().unwrap().state_wanted().unwrap().is_none());
}

#[test]
fn a_state_is_given_up_when_whole_blocks_were_faster() {
    let spec = flat_spec();
    let mut maker = Maker::new(&spec, 1);
    maker.grow(60);
    let mut chain = open(&spec, SHALLOW);
    chain.import_headers(&pairs(&maker.blocks), LATE).unwrap();
    assert_eq!(chain.choose_pivot().unwrap().unwrap().height.get(), 40);
    relay(&mut chain, &maker.blocks[..39]);
    assert!(chain.choose_pivot().unwrap().is_some(), "it is still above the tip");
    relay(&mut chain, &maker.blocks[39..40]);
    assert!(chain.choose_pivot().unwrap().is_none());
    assert!(chain.reader().view().unwrap().state_wanted().unwrap().is_none());
}

#[test]
fn a_state_with_money_out_of_nothing_is_refused_with_all_the_work_on_it() {
    let spec = rich_spec();
    let account = |beats| {
        let account = Account { balance: Amount::from_beats(beats), ..Account::default() };
        Some(encoding::encode(&account))
    };
    for value in [account(u64::MAX), Some(b"no account".to_vec())] {
        let (remote, tree) = (MemoryStore::default(), StateTree::new(1 << 20, None));
        let update = tree.update(&remote, None, &[(Hash::new([7; 32]), value)]).unwrap();
        let mut rows = Overlay::new(&remote);
        update.write(&mut rows);
        let batch = rows.into_batch();
        remote.write(batch, Durability::Synced).unwrap();

        let mut maker = Maker::new(&spec, 1);
        maker.grow(3);
        let mut chain = open(&spec, SHALLOW);
        chain.import_headers(&bare_headers(&spec, 100, |_| update.root()), LATE).unwrap();
        assert!(chain.choose_pivot().unwrap().is_some() && chain.is_behind());
        let range = KeyRange { start: Hash::new([0; 32]), end: Hash::new([0xff; 32]) };
        let state = tree.at(&remote, update.version()).unwrap();
        let chunk = state.chunk(&range.start, &range.end, 1_000).unwrap();
        let chunk = chunk.verify(&update.root(), &range.start, &range.end).unwrap();
        let report = chain.import_state_chunk(&chunk).unwrap();
        assert_eq!(report.step, StateStep::Refused);
        assert_eq!(chain.tip().height().get(), 0);
        assert_eq!(chain.choose_pivot().unwrap().map(|staged| staged.height.get()), Some(59), "below it");
        chain.forget_state().unwrap();
        assert_eq!(deliver(&mut chain, &maker.blocks), ["extended"; 3]);
    }
}

#[test]
fn a_node_that_fell_behind_on_another_branch_takes_over_the_state_of_the_best() {
    let spec = rich_spec();
    let mut ours = Maker::new(&spec, 1);
    ours.trade(30, 5);
    let mut theirs = ours.fork(10, 2);
    theirs.trade(90, 6);
    let served = grown(&spec, &theirs.blocks);
    let mut chain = grown(&spec, &ours.blocks);
    chain.import_headers(&pairs(&theirs.blocks), LATE).unwrap();
    assert_eq!(chain.choose_pivot().unwrap().unwrap().height.get(), 80);
    fetch(&mut chain, &served, 8).unwrap();
    relay(&mut chain, &theirs.blocks[80..]);
    assert_eq!((chain.tip().id(), chain.header_only_count()), (theirs.tip(), 0));
    assert_same_accounts(&chain, &served);
    let store = Arc::clone(&chain.ground.store);
    // Nothing of the branch that was left is told of accounts and transactions.
    for block in &ours.blocks[10..] {
        for transaction in &block.transactions {
            assert!(transactions::find(&*store, &transaction.id()).unwrap().is_none());
        }
    }
}
