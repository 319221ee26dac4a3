//! Blocks that are found in vain: counted, with the delays that were measured.
//!
//! Blocks are found at random times by random nodes, of which all are equally strong. Each stands on the highest block
//! that its finder knows, of several on the one that it knew first (FRK-1, FRK-2: all blocks have the same work here).
//! When a node knows a block follows from the delays of one of the measured runs. In the end one chain is the highest,
//! and what is not on it was in vain.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::network::Run;

/// Blocks whose rivals are still looked at.
const WINDOW: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Found {
    us: f64,
    by: usize,
    run: usize,
    height: u64,
}

/// The share of blocks in vain that follows from the delays by formula: while a block is on its way, those that do not
/// have it yet find others with their share of all power. `1 − exp(−mean delay / interval)`.
pub fn by_formula(runs: &[Run], interval_ms: u64) -> f64 {
    let delays = runs.iter().flat_map(|run| &run.delays_us);
    let sum: f64 = delays.clone().map(|us| *us as f64).sum();
    let mean_us = sum / delays.count().max(1) as f64;
    1.0 - (-mean_us / (interval_ms as f64 * 1_000.0)).exp()
}

/// The share of so many blocks that are found in vain.
pub fn by_count(runs: &[Run], interval_ms: u64, blocks: usize, seed: u64) -> f64 {
    let Some(nodes) = runs.first().map(|run| run.delays_us.len()) else { return 0.0 };
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut found = vec![Found { us: 0.0, by: 0, run: 0, height: 0 }];
    let mut us = 1e9;
    for _ in 0..blocks {
        let drawn: f64 = rng.random();
        us -= (1.0 - drawn).ln() * interval_ms as f64 * 1_000.0;
        let by = rng.random_range(0..nodes);
        let known_us = |block: &Found| {
            let delay_us = if block.by == by { 0 } else { runs[block.run].delays_us[by] };
            block.us + delay_us as f64
        };
        let window = found.len().saturating_sub(WINDOW)..found.len();
        let known = window.filter(|at| known_us(&found[*at]) <= us);
        // The highest, of those the one that was known first.
        let parent = known.reduce(|best, at| {
            let (a, b) = (&found[best], &found[at]);
            if b.height > a.height || (b.height == a.height && known_us(b) < known_us(a)) { at } else { best }
        });
        let parent = parent.unwrap_or(0);
        let run = rng.random_range(0..runs.len());
        found.push(Found { us, by, run, height: found[parent].height + 1 });
    }
    let height = found.iter().map(|block| block.height).max().unwrap_or(0);
    1.0 - height as f64 / blocks as f64
}
