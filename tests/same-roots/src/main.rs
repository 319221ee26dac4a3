//! Carries out series of blocks with one thread, two and eight, and prints a fingerprint of what came out for each.
//!
//! The blocks are made here, too: a build that signs, hashes or mines differently shows as well as one that executes
//! differently. What is compared is in the hands of `scripts/same-roots`.

// The files are those of the tests, which use more of them than this program.
#![allow(dead_code, clippy::unwrap_used)]

#[path = "../../reorganisations/branches.rs"]
mod branches;
#[path = "../../reorganisations/fingerprint.rs"]
mod fingerprint;
#[path = "../../reorganisations/follower.rs"]
mod follower;
#[path = "../../support/forge.rs"]
mod forge;
#[path = "../../reorganisations/series.rs"]
mod series;

/// Where the files look for the forge.
mod support {
    pub(crate) use crate::forge;
}

use fingerprint::Fingerprint;
use follower::Follower;
use series::Series;

/// Carries out every series on this many threads.
fn fingerprints(series: &[Series], threads: usize) -> Vec<Fingerprint> {
    let carry_out = |series: &Series| {
        let mut follower = Follower::new(&series.spec);
        series.blocks.iter().for_each(|block| drop(follower.deliver(block)));
        let found = Fingerprint::of(&*follower.store);
        assert_eq!(found.tip, series.tip, "{}", series.name);
        found
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| series.iter().map(carry_out).collect())
}

fn main() {
    let series = Series::all();
    let expected = fingerprints(&series, 1);
    for threads in [2, 8] {
        assert_eq!(fingerprints(&series, threads), expected, "with {threads} threads");
    }
    for (Series { name, .. }, found) in series.iter().zip(expected) {
        println!("{name:20} height {:3}  state {}  all {}", found.height, found.state, found.hash());
    }
}
