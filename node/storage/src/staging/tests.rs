#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, sync::Arc};

use proptest::{collection, prelude::*};
use vibecoin_crypto::sha256;

use super::*;
use crate::{
    kv::{Durability, Fault, FaultyStore, MemoryStore},
    state::StateView,
};

/// A state to fetch from.
struct Remote {
    store: MemoryStore,
    tree: StateTree,
}

impl Remote {
    fn new(accounts: u32) -> Self {
        let mut leaves: Vec<_> =
            (0..accounts).map(|n| (sha256(&n.to_le_bytes()), Some(vec![n as u8; 40]))).collect();
        leaves.sort();
        let (store, tree) = (MemoryStore::new(), StateTree::new(1 << 20, None));
        let update = tree.update(&store, None, &leaves).unwrap();
        let mut rows = Overlay::new(&store);
        update.write(&mut rows);
        let batch = rows.into_batch();
        store.write(batch, Durability::Synced).unwrap();
        Self { store, tree }
    }

    fn view(&self) -> StateView<&MemoryStore> {
        self.tree.at(&self.store, StateVersion::FIRST).unwrap()
    }

    fn target(&self) -> StagedState {
        StagedState {
            pivot: sha256(b"pivot"),
            height: Default::default(),
            root: self.view().root(),
            leaves: 0,
            bytes: 0,
        }
    }

    fn chunk(&self, range: KeyRange, bytes_max: usize) -> VerifiedChunk {
        let chunk = self.view().chunk(&range.start, &range.end, bytes_max).unwrap();
        chunk.verify(&self.view().root(), &range.start, &range.end).unwrap()
    }
}

fn commit(store: &dyn KeyValueStore, change: impl FnOnce(&mut Overlay<'_>)) -> Result<(), StoreError> {
    let mut rows = Overlay::new(store);
    change(&mut rows);
    store.write(rows.into_batch(), Durability::Synced)
}

fn stage(store: &dyn KeyValueStore, chunk: &VerifiedChunk) -> Result<Staged, StoreError> {
    let mut rows = Overlay::new(store);
    let staged = add(&mut rows, chunk)?;
    store.write(rows.into_batch(), Durability::Synced)?;
    Ok(staged)
}

#[test]
fn the_parts_cover_all_keys_once() {
    let store = MemoryStore::new();
    assert_eq!(missing(&store).unwrap(), [], "nothing is fetched");
    let remote = Remote::new(3);
    commit(&store, |rows| begin(rows, &remote.target())).unwrap();
    let parts = missing(&store).unwrap();
    assert_eq!((parts.len(), parts[0].start, parts[15].end), (16, KEYS.start, KEYS.end));
    assert!(parts.windows(2).all(|pair| successor(&pair[0].end) == Some(pair[1].start)));
}

#[test]
fn chunks_in_any_order_make_the_state() {
    let remote = Remote::new(900);
    for seed in 0..6_u64 {
        let store = MemoryStore::new();
        commit(&store, |rows| begin(rows, &remote.target())).unwrap();
        let mut random = seed;
        loop {
            let gaps = missing(&store).unwrap();
            if gaps.is_empty() {
                break;
            }
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let gap = gaps[(random >> 33) as usize % gaps.len()];
            let chunk = remote.chunk(gap, 300 + (random >> 40) as usize % 3_000);
            assert_eq!(stage(&store, &chunk).unwrap(), Staged::Added);
            assert_eq!(stage(&store, &chunk).unwrap(), Staged::Known);
        }
        assert_eq!(ranges(&store).unwrap(), [KEYS], "joined to one");
        let state = meta::staged_state(&store).unwrap().unwrap();
        assert_eq!((state.leaves, state.bytes), (900, 900 * 76));
        let mut seen = 0;
        let built = build(&store, StateVersion::new(7), |_, value| {
            seen += value.len();
            Ok(())
        });
        assert_eq!((built.unwrap().root(), seen), (remote.view().root(), 900 * 40));
    }
}

#[test]
fn a_chunk_of_another_state_is_not_wanted() {
    let (remote, other) = (Remote::new(50), Remote::new(60));
    let store = MemoryStore::new();
    let chunk = remote.chunk(KEYS, 10_000);
    assert_eq!(stage(&store, &chunk).unwrap(), Staged::Unwanted);
    commit(&store, |rows| begin(rows, &other.target())).unwrap();
    assert_eq!(stage(&store, &chunk).unwrap(), Staged::Unwanted);
    assert_eq!(stage(&store, &other.chunk(KEYS, 500)).unwrap(), Staged::Added);
    commit(&store, |rows| begin(rows, &remote.target())).unwrap();
    assert_eq!(missing(&store).unwrap().len(), 16, "the other one's ranges are gone");
    assert_eq!(stage(&store, &chunk).unwrap(), Staged::Added);
    assert_eq!(build(&store, StateVersion::FIRST, |_, _| Ok(())).unwrap().root(), remote.view().root());
    commit(&store, forget_rows).unwrap();
    assert!(ranges(&store).unwrap().is_empty() && meta::staged_state(&store).unwrap().is_none());
}

fn forget_rows(rows: &mut Overlay<'_>) {
    forget(rows);
}

#[test]
fn a_crash_at_any_write_loses_nothing_that_was_committed() {
    let remote = Remote::new(300);
    let run = |store: &dyn KeyValueStore| -> Result<Hash, StoreError> {
        if meta::staged_state(store)?.is_none() {
            commit(store, |rows| begin(rows, &remote.target()))?;
        }
        while let Some(gap) = missing(store)?.first().copied() {
            stage(store, &remote.chunk(gap, 2_000))?;
        }
        match build(store, StateVersion::new(3), |_, _| Ok(())) {
            Ok(built) => Ok(built.root()),
            Err(StateError::Store(error)) => Err(error),
            Err(error) => panic!("{error}"),
        }
    };
    let whole = FaultyStore::new(Arc::new(MemoryStore::new()));
    assert_eq!(run(&whole).unwrap(), remote.view().root());
    assert!(whole.writes() > 20);
    for nth in 0..whole.writes() {
        for late in [false, true] {
            let error = StoreError::Io { detail: "pulled".into() };
            let fault = match late {
                false => Fault::WriteFails { nth, error },
                true => Fault::WriteFailsLate { nth, error },
            };
            let store = FaultyStore::with(Arc::new(MemoryStore::new()), fault);
            run(&store).unwrap_err();
            let again = store.inner();
            let before = meta::staged_state(&*again).unwrap().map_or(0, |state| state.leaves);
            assert!(nth < 2 || before > 0, "what was there is there");
            assert_eq!(run(&*again).unwrap(), remote.view().root());
            assert_eq!(meta::staged_state(&*again).unwrap().unwrap().leaves, 300);
        }
    }
}

proptest! {
    #[test]
    fn gaps_and_ranges_are_all_keys(cuts in collection::btree_map(any::<u16>(), 0..3_000_u16, 0..12)) {
        let key = |n: u32| {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&(n << 8).to_be_bytes());
            Hash::new(bytes)
        };
        let mut there: Vec<KeyRange> = Vec::new();
        for (start, width) in cuts {
            let (start, end) = (u32::from(start) << 8, ((u32::from(start) << 8) + u32::from(width)).min(0xff_ffff));
            if there.last().is_none_or(|last| last.end < key(start)) {
                there.push(KeyRange { start: key(start), end: key(end) });
            }
        }
        let found: Vec<KeyRange> = (0..PARTS).flat_map(|part| gaps(part_of(part), &there)).collect();
        let mut all: BTreeMap<Hash, Hash> = there.iter().map(|range| (range.start, range.end)).collect();
        for gap in &found {
            prop_assert!(gap.start <= gap.end);
            prop_assert!(all.insert(gap.start, gap.end).is_none());
        }
        let all: Vec<_> = all.into_iter().collect();
        prop_assert_eq!((all[0].0, all[all.len() - 1].1), (KEYS.start, KEYS.end));
        prop_assert!(all.windows(2).all(|pair| successor(&pair[0].1) == Some(pair[1].0)));
    }
}
