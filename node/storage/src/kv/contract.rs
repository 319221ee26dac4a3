//! What every store must do, run against each of them, and against a plain sorted map.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, sync::Arc};

use proptest::{collection, prelude::*};

use super::*;

/// The column of most tests.
pub(super) const A: Column = Column::Meta;
const B: Column = Column::Pool;

pub(super) fn put(store: &dyn KeyValueStore, rows: &[(&[u8], &[u8])]) {
    let mut batch = Batch::new();
    rows.iter().for_each(|(key, value)| batch.put(A, key.to_vec(), value.to_vec()));
    store.write(batch, Durability::Buffered).unwrap();
}

fn keys(reader: &dyn KeyValueRead, scan: Scan) -> Vec<Vec<u8>> {
    reader.scan(A, scan).unwrap().into_iter().map(|(key, _)| key).collect()
}

fn rows_come_back(store: &dyn KeyValueStore) {
    put(store, &[(b"k", b"1"), (b"", b"empty key"), (b"e", b"")]);
    assert_eq!(store.get(A, b"k").unwrap(), Some(b"1".to_vec()));
    assert_eq!(store.get(A, b"").unwrap(), Some(b"empty key".to_vec()));
    assert_eq!(store.get(A, b"e").unwrap(), Some(vec![]), "an empty value is a value");
    assert_eq!(store.get(A, b"kk").unwrap(), None);
    assert_eq!(store.get(B, b"k").unwrap(), None, "columns are apart");
    assert!(store.contains(A, b"e").unwrap() && !store.contains(A, b"f").unwrap());
}

fn the_last_write_of_a_batch_wins(store: &dyn KeyValueStore) {
    let mut batch = Batch::new();
    batch.put(A, b"x".to_vec(), b"1".to_vec());
    batch.delete(A, b"x".to_vec());
    batch.delete(A, b"y".to_vec());
    batch.put(A, b"y".to_vec(), b"2".to_vec());
    batch.put(B, b"y".to_vec(), b"3".to_vec());
    batch.put(A, b"y".to_vec(), b"4".to_vec());
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(store.get(A, b"x").unwrap(), None);
    assert_eq!(store.get(A, b"y").unwrap(), Some(b"4".to_vec()));
    assert_eq!(store.get(B, b"y").unwrap(), Some(b"3".to_vec()));
    store.write(Batch::new(), Durability::Synced).unwrap();
}

fn prefixes_end_where_they_end(store: &dyn KeyValueStore) {
    let all: [&[u8]; 9] =
        [b"", &[0], &[1], &[1, 0], &[1, 0xff], &[1, 0xff, 0xff], &[2], &[0xff], &[0xff, 0xff, 0xff]];
    put(store, &all.map(|key| (key, b"v".as_slice())));
    assert_eq!(keys(store, Scan::all()), all);
    let reversed: Vec<_> = all.iter().rev().copied().collect();
    assert_eq!(keys(store, Scan::all().reversed()), *reversed);
    assert_eq!(keys(store, Scan::prefix([1])), all[2..6]);
    assert_eq!(keys(store, Scan::prefix([1, 0xff])), all[4..6]);
    assert_eq!(keys(store, Scan::prefix([1, 0xff]).reversed()), [all[5], all[4]]);
    assert_eq!(keys(store, Scan::prefix([0xff])), all[7..]);
    assert_eq!(keys(store, Scan::prefix([0xff]).reversed()), [all[8], all[7]]);
    assert_eq!(keys(store, Scan::prefix([0xff, 0xff])), all[8..]);
    assert!(keys(store, Scan::prefix([3])).is_empty());
    assert!(keys(store, Scan::prefix([0xff, 0xff, 0xff, 0xff])).is_empty());
}

fn pages_fit_together(store: &dyn KeyValueStore) {
    let all: Vec<[u8; 2]> = (0..200).map(|n| [7, n]).collect();
    put(store, &all.iter().map(|key| (key.as_slice(), b"v".as_slice())).collect::<Vec<_>>());
    put(store, &[(&[6, 9], b"below"), (&[8, 0], b"above")]);
    for reversed in [false, true] {
        let mut expected = all.clone();
        let base = || if reversed { Scan::prefix([7]).reversed() } else { Scan::prefix([7]) };
        if reversed {
            expected.reverse();
        }
        let mut found: Vec<Vec<u8>> = Vec::new();
        loop {
            let scan = match found.last() {
                Some(last) => base().after(last.clone()),
                None => base(),
            };
            let page = keys(store, scan.limit(33));
            assert!(page.len() <= 33);
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found, expected);
        // Starting points outside of the prefix, on either side.
        let (behind, ahead) = if reversed { ([8, 0], [6, 9]) } else { ([6, 9], [8, 0]) };
        assert_eq!(keys(store, base().from(behind)), expected);
        assert_eq!(keys(store, base().after(behind)), expected);
        assert!(keys(store, base().from(ahead)).is_empty());
        assert!(keys(store, base().after(ahead)).is_empty());
        assert_eq!(keys(store, base().from([7, 100]).limit(1)), [[7, 100]]);
        assert!(keys(store, base().limit(0)).is_empty());
    }
}

fn snapshots_do_not_move(store: &dyn KeyValueStore) {
    put(store, &[(b"a", b"1"), (b"b", b"1")]);
    let first = store.snapshot();
    let mut batch = Batch::new();
    batch.put(A, b"a".to_vec(), b"2".to_vec());
    batch.delete(A, b"b".to_vec());
    batch.put(A, b"c".to_vec(), b"2".to_vec());
    store.write(batch, Durability::Buffered).unwrap();
    let second = store.snapshot();
    put(store, &[(b"a", b"3"), (b"b", b"3")]);

    let rows = |reader: &dyn KeyValueRead| -> Vec<String> {
        let rows = reader.scan(A, Scan::all()).unwrap();
        rows.into_iter().map(|(k, v)| String::from_utf8([k, v].concat()).unwrap()).collect()
    };
    assert_eq!(rows(&first), ["a1", "b1"]);
    assert_eq!(rows(&second), ["a2", "c2"]);
    assert_eq!(rows(store), ["a3", "b3", "c2"]);
    assert_eq!(first.get(A, b"b").unwrap(), Some(b"1".to_vec()));
    assert_eq!(second.get(A, b"b").unwrap(), None);
    drop(first);
    assert_eq!(rows(&second), ["a2", "c2"]);
    // An iterator is a snapshot, too.
    let mut running = store.iterate(A, Scan::all());
    running.next().unwrap().unwrap();
    put(store, &[(b"b", b"4"), (b"d", b"4")]);
    assert_eq!(running.map(|row| row.unwrap().1).collect::<Vec<_>>(), [b"3".to_vec(), b"2".to_vec()]);
}

fn big_values_and_keys(store: &dyn KeyValueStore) {
    let value: Vec<u8> = (0..9_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    put(store, &[(&[1; 1_000], &value), (b"small", b"v")]);
    store.flush().unwrap();
    assert_eq!(store.get(A, &[1; 1_000]).unwrap().unwrap(), value);
    let snapshot = store.snapshot();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert_eq!(snapshot.scan(A, Scan::all()).unwrap().len(), 2));
        }
    });
}

fn a_cleared_column_is_empty(store: &dyn KeyValueStore) {
    let all: Vec<[u8; 2]> = (0..300_u16).map(|n| [(n >> 4) as u8, n as u8]).collect();
    put(store, &all.iter().map(|key| (key.as_slice(), b"v".as_slice())).collect::<Vec<_>>());
    put(store, &[(b"", b"v"), (&[0xff; 40], b"v")]);
    let mut batch = Batch::new();
    batch.put(B, b"other".to_vec(), b"v".to_vec());
    store.write(batch, Durability::Buffered).unwrap();
    let before = store.snapshot();

    // One batch clears, keeps what is put after it, and forgets what was put before it.
    let mut batch = Batch::new();
    batch.put(A, vec![0xff; 41], b"early".to_vec());
    batch.clear(A);
    batch.put(A, all[7].to_vec(), b"late".to_vec());
    store.write(batch, Durability::Synced).unwrap();
    assert_eq!(store.scan(A, Scan::all()).unwrap(), [(all[7].to_vec(), b"late".to_vec())]);
    assert_eq!(store.scan(A, Scan::all().reversed()).unwrap().len(), 1);
    assert_eq!(store.get(A, &all[8]).unwrap(), None);
    assert_eq!(store.get(B, b"other").unwrap(), Some(b"v".to_vec()), "columns are apart");
    assert_eq!(before.scan(A, Scan::all()).unwrap().len(), 302, "snapshots do not move");
    assert_eq!(before.get(A, &[0xff; 41]).unwrap(), None);

    // Rows can come back, also after everything went to files, and an empty column can be cleared.
    put(store, &[(&all[8], b"again")]);
    store.flush().unwrap();
    assert_eq!(keys(store, Scan::all()), [all[7], all[8]]);
    for _ in 0..2 {
        let mut batch = Batch::new();
        batch.clear(A);
        store.write(batch, Durability::Synced).unwrap();
        assert!(keys(store, Scan::all()).is_empty());
    }
}

fn contract(fresh: impl Fn() -> Arc<dyn KeyValueStore>) {
    let tests: [fn(&dyn KeyValueStore); 7] = [
        rows_come_back,
        the_last_write_of_a_batch_wins,
        prefixes_end_where_they_end,
        pages_fit_together,
        snapshots_do_not_move,
        big_values_and_keys,
        a_cleared_column_is_empty,
    ];
    for test in tests {
        test(&*fresh());
    }
}

#[test]
fn memory_keeps_the_contract() {
    contract(|| Arc::new(MemoryStore::new()));
}

#[test]
fn memory_forgets_what_nobody_can_see() {
    let store = MemoryStore::new();
    put(&store, &[(b"a", b"1"), (b"b", b"1")]);
    let snapshot = store.snapshot();
    let mut batch = Batch::new();
    batch.delete(A, b"a".to_vec());
    batch.put(A, b"b".to_vec(), b"2".to_vec());
    store.write(batch, Durability::Buffered).unwrap();
    assert_eq!((store.count(A), store.values_held(A)), (1, 4));
    drop(snapshot);
    assert_eq!((store.count(A), store.values_held(A)), (1, 1));
}

#[cfg(feature = "rocksdb")]
mod rocks {
    use super::*;

    #[test]
    fn rocksdb_keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let number = std::cell::Cell::new(0);
        contract(|| {
            number.set(number.get() + 1);
            Arc::new(RocksStore::open(&folder.path().join(number.get().to_string())).unwrap())
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn memory_equals_rocksdb(steps in steps()) {
            let folder = tempfile::tempdir().unwrap();
            let rocks = RocksStore::open(folder.path()).unwrap();
            compare(&rocks, &steps)?;
        }
    }
}

/// One batch, which may clear the column on its way, and a scan to make after it.
#[derive(Clone, Debug)]
struct Step {
    clears: bool,
    writes: Vec<(Vec<u8>, Option<u8>)>,
    scan: Scan,
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    collection::vec(prop_oneof![Just(0_u8), Just(1), Just(0xff)], 0..4)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let scan = (key(), prop::option::of((key(), any::<bool>())), any::<bool>(), 0..12_usize);
    let scan = scan.prop_map(|(prefix, start, reversed, limit)| {
        let scan = Scan::prefix(prefix).limit(limit);
        let scan = match start {
            Some((key, true)) => scan.from(key),
            Some((key, false)) => scan.after(key),
            None => scan,
        };
        if reversed { scan.reversed() } else { scan }
    });
    let writes = collection::vec((key(), prop::option::weighted(0.7, any::<u8>())), 0..8);
    let step = (prop::bool::weighted(0.2), writes, scan);
    collection::vec(step.prop_map(|(clears, writes, scan)| Step { clears, writes, scan }), 1..8)
}

/// What a scan returns, said as plainly as possible.
fn model_scan(rows: &BTreeMap<Vec<u8>, Vec<u8>>, scan: &Scan) -> Vec<Row> {
    let mut found: Vec<Row> =
        rows.iter().filter(|(k, _)| scan.admits(k)).map(|(k, v)| (k.clone(), v.clone())).collect();
    if scan.is_reversed() {
        found.reverse();
    }
    found.truncate(scan.limit_rows());
    found
}

/// Runs the steps on a store, on overlays over it that are never committed, and on a sorted map.
fn compare(store: &dyn KeyValueStore, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut rows = BTreeMap::new();
    let mut snapshots = Vec::new();
    for step in steps {
        let mut overlay = Overlay::new(store);
        for (nth, (key, value)) in step.writes.iter().enumerate() {
            // In the middle, so that there are writes on both sides of it.
            if step.clears && nth == step.writes.len() / 2 {
                overlay.clear(A);
                rows.clear();
            }
            match value {
                Some(value) => {
                    overlay.put(A, key.clone(), vec![*value]);
                    rows.insert(key.clone(), vec![*value]);
                }
                None => {
                    overlay.delete(A, key.clone());
                    rows.remove(key);
                }
            }
        }
        let expected = model_scan(&rows, &step.scan);
        prop_assert_eq!(&overlay.scan(A, step.scan.clone()).unwrap(), &expected);
        for (key, _) in &step.writes {
            prop_assert_eq!(overlay.get(A, key).unwrap(), rows.get(key).cloned());
        }
        let batch = overlay.into_batch();
        store.write(batch, Durability::Buffered).unwrap();
        prop_assert_eq!(&store.scan(A, step.scan.clone()).unwrap(), &expected);
        snapshots.push((store.snapshot(), rows.clone()));
        for (snapshot, rows) in &snapshots {
            prop_assert_eq!(snapshot.scan(A, step.scan.clone()).unwrap(), model_scan(rows, &step.scan));
        }
        // Snapshots end in another order than they began.
        if snapshots.len() > 2 {
            snapshots.remove(1);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn memory_equals_a_sorted_map(steps in steps()) {
        compare(&MemoryStore::new(), &steps)?;
    }
}
