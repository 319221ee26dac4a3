//! Taking turns: several alternatives, round after round, and the best rate of each: whatever disturbs a round only
//! ever makes it slower.

use std::time::Instant;

/// Rounds, unless a shorter measurement is wanted.
const ROUNDS: u32 = 11;

/// Something to measure: does a piece of work and says of how many parts it was.
pub(super) type Work<'a> = Box<dyn FnMut() -> u64 + 'a>;

/// Runs every alternative in every round and gives the best rate of each, parts a second.
pub(super) fn side_by_side(quicker: u32, mut works: Vec<Work<'_>>) -> Vec<f64> {
    let rounds = (ROUNDS / quicker).max(3);
    // One round for the caches, the clock of the processor and the threads.
    works.iter_mut().for_each(|work| {
        std::hint::black_box(work());
    });
    let mut best = vec![0.0_f64; works.len()];
    for _ in 0..rounds {
        for (work, best) in works.iter_mut().zip(&mut best) {
            let started = Instant::now();
            let parts = work();
            *best = best.max(rate(parts, started));
        }
    }
    best
}

/// Parts a second since `started`.
pub(super) fn rate(parts: u64, started: Instant) -> f64 {
    parts as f64 / started.elapsed().as_secs_f64().max(1e-9)
}

/// A pool of so many threads, for work that spreads over the current one.
///
/// # Errors
/// [`Failure::Unexpected`](crate::failure::Failure::Unexpected) when the system gives no threads.
pub(super) fn pool(threads: usize) -> crate::failure::Outcome<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(crate::failure::Failure::unexpected)
}

/// Threads of this machine.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alternative_is_measured() {
        let rates = side_by_side(10, vec![Box::new(|| 1), Box::new(|| 1_000_000)]);
        assert_eq!(rates.len(), 2);
        assert!(rates.iter().all(|rate| *rate > 0.0));
    }
}
