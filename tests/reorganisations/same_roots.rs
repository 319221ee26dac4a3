//! The same blocks, whatever carries them out: one thread or eight, memory or disk.
//!
//! The blocks are those of the series that `scripts/same-roots` gives to a debug and to a release build, so that all
//! of these can be compared by the fingerprints that are printed.

use std::sync::Arc;

use vibecoin_chain::Policy;
use vibecoin_storage::kv::RocksStore;
use vibecoin_storage::{KeyValueStore, MemoryStore};

use super::fingerprint::Fingerprint;
use super::follower::Follower;
use super::series::Series;

fn in_pool_of(threads: usize, work: impl FnOnce() -> Fingerprint + Send) -> Fingerprint {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

fn through(series: &Series, store: Arc<dyn KeyValueStore>) -> Fingerprint {
    let mut follower = Follower::open(Arc::clone(&store), &series.spec, Policy::NODE);
    series.blocks.iter().for_each(|block| drop(follower.deliver(block)));
    Fingerprint::of(&*store)
}

#[test]
fn threads_and_stores_make_no_difference() {
    for series in Series::all() {
        let expected = in_pool_of(1, || through(&series, Arc::new(MemoryStore::default())));
        assert_eq!(expected.tip, series.tip, "{}", series.name);
        println!("{} {}", series.name, expected.hash());
        for threads in [1, 2, 8] {
            let memory = in_pool_of(threads, || through(&series, Arc::new(MemoryStore::default())));
            assert_eq!(memory, expected, "{}: {threads} threads, memory", series.name);
            let folder = tempfile::tempdir().unwrap();
            let store = Arc::new(RocksStore::open(folder.path()).unwrap());
            let disk = in_pool_of(threads, || through(&series, store));
            assert_eq!(disk, expected, "{}: {threads} threads, disk", series.name);
        }
    }
}

#[test]
fn a_series_is_made_the_same_by_any_number_of_threads() {
    let tips = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Series::all().iter().map(|series| series.tip).collect::<Vec<_>>())
    };
    assert_eq!(tips(1), tips(8));
}
