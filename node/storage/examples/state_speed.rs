//! How many state keys a second the tree takes in, on RocksDB: `cargo run --release -p vibecoin-storage
//! --features rocksdb --example state_speed -- [ACCOUNTS] [CHANGES] [ROUNDS]`.

use std::{error::Error, time::Instant};

use vibecoin_crypto::{Hash, sha256};
use vibecoin_storage::{
    Durability, KeyValueRead, KeyValueStore, Overlay, StateReader, StateTree, StateVersion,
    kv::{RocksOptions, RocksStore},
};

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u64> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let number = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
    let (accounts, changes, rounds) = (number(0, 100_000), number(1, 2_000), number(2, 50));

    let folder = tempfile::tempdir()?;
    let store = RocksStore::open_with(folder.path(), RocksOptions::default())?;
    let tree = StateTree::new(number(3, 64) << 20, None);
    let key = |n: u64| sha256(&n.to_le_bytes());
    let value = |n: u64, round: u64| {
        let mut value = vec![0_u8; 96];
        value[..8].copy_from_slice(&n.to_le_bytes());
        value[8..16].copy_from_slice(&round.to_le_bytes());
        Some(value)
    };

    let sorted = |mut set: Vec<(Hash, Option<Vec<u8>>)>| {
        set.sort();
        set.dedup_by_key(|(key, _)| *key);
        set
    };
    let start = Instant::now();
    let mut newest =
        commit(&store, &tree, None, &sorted((0..accounts).map(|n| (key(n), value(n, 0))).collect()))?;
    println!("{accounts} accounts at once: {:.0} keys/s", accounts as f64 / start.elapsed().as_secs_f64());

    let (mut random, mut done, mut times) = (1_u64, 0_usize, [0.0; 6]);
    for round in 1..=rounds {
        let set: Vec<_> = (0..changes)
            .map(|_| {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let n = (random >> 33) % accounts;
                (key(n), value(n, round))
            })
            .collect();
        let set = sorted(set);
        let start = Instant::now();
        let update = tree.update(&store, Some(newest), &set)?;
        let worked_out = start.elapsed();
        let mut overlay = Overlay::new(&store);
        update.write(&mut overlay);
        let written = start.elapsed();
        if newest.get() >= 20 {
            StateTree::prune(&store, &mut overlay, StateVersion::new(newest.get() - 20), 100_000)?;
        }
        let pruned = start.elapsed();
        store.write(overlay.into_batch(), Durability::Synced)?;
        let synced = start.elapsed();
        tree.committed(&update);
        let committed = start.elapsed();
        newest = update.version();
        done += set.len();
        for (time, part) in times.iter_mut().zip([
            committed,
            worked_out,
            written - worked_out,
            pruned - written,
            synced - pruned,
            committed - synced,
        ]) {
            *time += part.as_secs_f64();
        }
    }
    let speed = |time: f64| done as f64 / time;
    println!("{rounds} batches of {changes}: {:.0} keys/s, of which", speed(times[0]));
    for (part, time) in ["tree", "encode", "prune", "synced write", "cache"].iter().zip(&times[1..]) {
        println!("  {part}: {:.0} % ({:.0} keys/s)", 100.0 * time / times[0], speed(*time));
    }

    let view = tree.at(store.snapshot(), newest)?;
    let start = Instant::now();
    for n in 0..accounts.min(20_000) {
        view.get(&key(n))?;
    }
    println!("reads: {:.0}/s", accounts.min(20_000) as f64 / start.elapsed().as_secs_f64());
    let start = Instant::now();
    let mut bytes = 0;
    for n in 0..1_000 {
        bytes += borsh::to_vec(&view.prove(&key(n))?)?.len();
    }
    println!("proofs: {:.0}/s of {} bytes", 1_000.0 / start.elapsed().as_secs_f64(), bytes / 1_000);
    // What this machine does at this moment, to compare the figures above with.
    let start = Instant::now();
    std::hint::black_box((0..1_000_000).fold(key(0), |hash, _| sha256(hash.as_bytes())));
    println!("SHA-256, one after the other: {:.1} M/s", 1.0 / start.elapsed().as_secs_f64());
    println!("RocksDB: {} MiB of memory", store.memory_bytes() >> 20);
    Ok(())
}

fn commit(
    store: &RocksStore,
    tree: &StateTree,
    base: Option<StateVersion>,
    changes: &[(Hash, Option<Vec<u8>>)],
) -> Result<StateVersion, Box<dyn Error>> {
    let reader: &dyn KeyValueRead = store;
    let update = tree.update(reader, base, changes)?;
    let mut overlay = Overlay::new(reader);
    update.write(&mut overlay);
    store.write(overlay.into_batch(), Durability::Synced)?;
    tree.committed(&update);
    Ok(update.version())
}
