//! Versions side by side: after later updates, after undoing, after pruning, and over a cold cache.

use super::*;

/// A state of the past, as it should still be found.
struct Kept {
    version: StateVersion,
    entries: Entries,
}

#[derive(Clone, Debug)]
enum Step {
    Apply(Vec<Change>),
    /// Undoes the newest of what is applied.
    Undo,
    /// Keeps this many of the newest versions.
    Prune {
        keep: usize,
        limit: usize,
    },
    /// Starts again with nothing in memory.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => changes(16).prop_map(Step::Apply),
        3 => Just(Step::Undo),
        2 => (1..5_usize, 1..4_usize).prop_map(|(keep, limit)| Step::Prune { keep, limit }),
        1 => Just(Step::Restart),
    ];
    collection::vec(step, 1..14)
}

fn prune_all(store: &dyn KeyValueStore, oldest: StateVersion, limit: usize) {
    loop {
        let mut batch = Batch::new();
        let pruned = StateTree::prune(store, &mut batch, oldest, limit).unwrap();
        store.write(batch, Durability::Buffered).unwrap();
        if pruned.is_done() {
            break;
        }
        assert!(pruned.nodes() > 0, "an unfinished call has done something");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_kept_version_reads_and_proves(steps in steps(), others in collection::vec(key(), 4)) {
        let store = MemoryStore::new();
        let mut tree = StateTree::new(CACHE_BYTES, None);
        let mut newest = commit(&tree, &store, None, &[]).version();
        let mut kept = vec![Kept { version: newest, entries: Entries::new() }];
        let mut undo: Vec<(Vec<Change>, Entries)> = Vec::new();
        for step in steps {
            match step {
                Step::Apply(changes) => {
                    let before = kept.last().unwrap().entries.clone();
                    let update = commit(&tree, &store, Some(newest), &changes);
                    let mut entries = before.clone();
                    apply_to(&mut entries, &changes);
                    undo.push((update.previous().to_vec(), before));
                    newest = update.version();
                    kept.push(Kept { version: newest, entries });
                }
                Step::Undo => {
                    let Some((previous, entries)) = undo.pop() else { continue };
                    newest = commit(&tree, &store, Some(newest), &previous).version();
                    kept.push(Kept { version: newest, entries });
                }
                Step::Prune { keep, limit } => {
                    let gone: Vec<_> = kept.drain(..kept.len().saturating_sub(keep)).collect();
                    prune_all(&store, kept[0].version, limit);
                    for old in gone {
                        let error = StateError::NotKept { version: old.version };
                        prop_assert_eq!(tree.at(&store, old.version).err(), Some(error));
                    }
                }
                Step::Restart => tree = StateTree::new(CACHE_BYTES, Some(newest)),
            }
            for Kept { version, entries } in &kept {
                check(&tree, &store, *version, entries, &others);
            }
        }
        // Pruned down to the newest version nothing is left but that version.
        prune_all(&store, newest, usize::MAX);
        let cold = StateTree::new(CACHE_BYTES, Some(newest));
        check(&cold, &store, newest, &kept.last().unwrap().entries, &others);
        let entries = &kept.last().unwrap().entries;
        let (fresh, alone) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
        let all: Vec<Change> = entries.iter().map(|(key, value)| (*key, Some(value.clone()))).collect();
        commit(&alone, &fresh, None, &all);
        prop_assert_eq!(store.count(Column::StateNodes), fresh.count(Column::StateNodes));
        prop_assert_eq!((store.count(Column::StateRoots), store.count(Column::StateStale)), (1, 0));
    }
}

#[test]
fn pruning_to_a_version_that_is_not_there_drops_nothing() {
    let (store, tree) = (MemoryStore::new(), StateTree::new(CACHE_BYTES, None));
    let version = commit(&tree, &store, None, &[(sha256(b"a"), Some(vec![1]))]).version();
    let newest = commit(&tree, &store, Some(version), &[(sha256(b"a"), Some(vec![2]))]).version();
    prune_all(&store, newest.next(), 100);
    assert!(tree.at(&store, version).is_ok() && tree.at(&store, newest).is_ok());
}

#[test]
fn a_snapshot_reads_on_while_its_version_is_pruned() {
    let store = MemoryStore::new();
    let tree = StateTree::new(0, None);
    let (a, b) = (sha256(b"a"), sha256(b"b"));
    let mut first = vec![(a, Some(vec![1])), (b, Some(vec![1]))];
    first.sort();
    let old = commit(&tree, &store, None, &first).version();
    let view = tree.at(store.snapshot(), old).unwrap();
    let newest = commit(&tree, &store, Some(old), &[(a, Some(vec![2]))]).version();
    prune_all(&store, newest, 100);
    assert_eq!(view.get(&a).unwrap(), Some(vec![1]));
    assert_eq!(view.prove(&b).unwrap().verify(&view.root(), &b), Ok(Some([1].as_slice())));
}
