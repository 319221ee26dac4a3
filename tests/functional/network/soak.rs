//! Four nodes under load for a while: memory, file handles and logs stay bounded, and nothing panics.
//!
//! `VIBECOIN_SOAK_S=3600` is the long form: then nothing but caches may grow in its second half either.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use super::{Senders, beneficiary, private_spec, setting};
use crate::support::{
    PATIENCE,
    cluster::{Cluster, Member},
};

const NODES: usize = 4;
/// The one that is restarted now and then.
const RESTARTED: usize = 3;
/// Below this a node must stay whatever happens.
const MEMORY_MAX_MIB: u64 = 256;
/// What may fill as a chain grows: 64 MiB of blocks of the database, 48 of rows that are not in files yet, 64 of nodes of
/// the state tree; and what a node has from the start.
const CACHES_MIB: u64 = 64 + 48 + 64 + 48;
/// Handles that a node may have: the database's tables, the log, a few connections.
const HANDLES_MAX: u64 = 400;
/// What a node may log an hour.
const LOG_MAX_MIB_AN_HOUR: f64 = 64.0;
/// From here on growth is judged: shorter runs only fill caches.
const LONG_S: u64 = 900;
/// By so much there may be more at the end of a long run than in its middle, of memory beyond the caches.
const GROWTH_MAX: f64 = 1.15;

/// One look at one process.
#[derive(Clone, Copy, Debug)]
struct Look {
    memory_kib: u64,
    handles: u64,
    log_bytes: u64,
}

impl Look {
    fn at(member: &Member) -> Self {
        let process = Path::new("/proc").join(member.process().id().to_string());
        let status = std::fs::read_to_string(process.join("status")).unwrap();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("memory");
        let memory_kib = memory.trim().trim_end_matches(" kB").trim().parse().unwrap();
        let handles = std::fs::read_dir(process.join("fd")).unwrap().count() as u64;
        Self { memory_kib, handles, log_bytes: bytes_of_logs(&member.home.data_dir()) }
    }
}

/// Bytes of all files in folders called `logs` below this one.
fn bytes_of_logs(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let is_log = folder.ends_with("logs");
    let of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes_of_logs(&entry.path()),
        Ok(about) if is_log => about.len(),
        _ => 0,
    };
    entries.flatten().map(of).sum()
}

#[test]
fn four_nodes_under_load_stay_bounded() {
    let length = Duration::from_secs(setting("VIBECOIN_SOAK_S", 30));
    let mut cluster = Cluster::new(private_spec(setting("VIBECOIN_INTERVAL_MS", 500)), NODES);
    cluster.start(0, &[], &["--mine", &beneficiary(0)]);
    for index in 1..NODES {
        let mining = ["--mine", &beneficiary(index)];
        cluster.start(index, &[0], if index == 1 { &mining } else { &[] });
    }
    cluster.wait_connected(2);
    let mut senders = Senders::new(&cluster);
    let (look_every, restart_every) = (length / 20, (length / 4).min(Duration::from_secs(120)));
    let began = Instant::now();
    let (mut looked, mut restarted, mut restarts) = (began, began, 0_u32);
    let mut looks: BTreeMap<usize, Vec<(Duration, Look)>> = BTreeMap::new();
    println!("| after | height | payments | memory (MiB) | handles | logs (KiB) |");
    println!("|---:|---:|---:|---:|---:|---:|");
    while began.elapsed() < length {
        // Some twenty payments a second in all, each node in turn; never more than a pool holds of one sender.
        let to = senders.sent.len() % NODES;
        let waiting = cluster.members[to].ask("mempool_info", &[])["transactions"].as_u64().unwrap();
        if waiting < 200 {
            senders.send(&cluster, to);
        }
        if restarted.elapsed() >= restart_every {
            restarted = Instant::now();
            restarts += 1;
            let answer = if restarts % 2 == 0 {
                cluster.members[RESTARTED].kill_9()
            } else {
                cluster.members[RESTARTED].terminate()
            };
            assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
            cluster.members[RESTARTED].start_again();
        }
        if looked.elapsed() >= look_every {
            looked = Instant::now();
            for (index, member) in cluster.running() {
                looks.entry(index).or_default().push((began.elapsed(), Look::at(member)));
            }
            print_row(&cluster, &senders, began.elapsed(), &looks);
        }
        std::thread::sleep(Duration::from_millis(45));
    }
    senders.wait_for_all(&cluster, false, PATIENCE);
    cluster.members[0].stop_mining();
    cluster.members[1].stop_mining();
    let tip = cluster.settle(0, &beneficiary(0));
    println!(
        "{restarts} restarts, {} payments, all of them mined; one tip at {}",
        senders.sent.len(),
        tip.height
    );
    for (index, looks) in &looks {
        judge(*index, looks, length);
    }
    for index in 0..NODES {
        let answer = cluster.members[index].terminate();
        assert_eq!(answer.code, Some(0), "node {index}");
        assert!(!answer.stderr.contains("panicked"), "node {index}: {}", answer.stderr);
    }
}

fn print_row(
    cluster: &Cluster,
    senders: &Senders,
    after: Duration,
    looks: &BTreeMap<usize, Vec<(Duration, Look)>>,
) {
    let list = |value: fn(&Look) -> u64| {
        let values = looks.values().map(|looks| value(&looks.last().expect("a look").1).to_string());
        values.collect::<Vec<_>>().join(" ")
    };
    println!(
        "| {} s | {} | {} | {} | {} | {} |",
        after.as_secs(),
        cluster.height(),
        senders.sent.len(),
        list(|look| look.memory_kib / 1024),
        list(|look| look.handles),
        list(|look| look.log_bytes / 1024),
    );
}

/// Nothing beyond its bound; and in a long run nothing that grows.
fn judge(index: usize, looks: &[(Duration, Look)], length: Duration) {
    for (after, look) in looks {
        assert!(look.memory_kib / 1024 < MEMORY_MAX_MIB, "node {index} after {after:?}: {look:?}");
        assert!(look.handles < HANDLES_MAX, "node {index} after {after:?}: {look:?}");
    }
    let log_mib = looks.last().expect("looks").1.log_bytes as f64 / f64::from(1 << 20);
    // What is said at a start has no part in the rate.
    let allowed = 1.0 + LOG_MAX_MIB_AN_HOUR * length.as_secs_f64() / 3_600.0;
    assert!(log_mib < allowed, "node {index} has logged {log_mib:.1} MiB");
    if length.as_secs() < LONG_S || index == RESTARTED {
        return;
    }
    let most = |part: &[(Duration, Look)], value: fn(&Look) -> u64| {
        part.iter().map(|(_, look)| value(look)).max().expect("looks") as f64
    };
    let (middle, end) = (&looks[looks.len() / 4..looks.len() / 2], &looks[looks.len() * 3 / 4..]);
    let beyond_caches = |look: &Look| look.memory_kib.max(CACHES_MIB * 1_024);
    for (what, value) in [("memory", beyond_caches as fn(&Look) -> u64), ("handles", |look| look.handles)] {
        let (before, after) = (most(middle, value), most(end, value));
        assert!(after <= before * GROWTH_MAX, "node {index}: {what} grew from {before} to {after}");
    }
}
