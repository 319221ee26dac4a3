//! Taking turns: several alternatives, round after round, and the median rate of each.

use std::time::Instant;

/// Rounds, unless a shorter measurement is wanted.
const ROUNDS: u32 = 11;

/// Something to measure: does a piece of work and says of how many parts it was.
pub(super) type Work<'a> = Box<dyn FnMut() -> u64 + 'a>;

/// Runs every alternative in every round and gives the median rate of each, parts a second.
pub(super) fn side_by_side(quicker: u32, mut works: Vec<Work<'_>>) -> Vec<f64> {
    let rounds = (ROUNDS / quicker).max(3);
    // One round for the caches, the clock of the processor and the threads.
    works.iter_mut().for_each(|work| {
        std::hint::black_box(work());
    });
    let mut rates = vec![Vec::new(); works.len()];
    for _ in 0..rounds {
        for (work, rates) in works.iter_mut().zip(&mut rates) {
            let started = Instant::now();
            let parts = work();
            rates.push(rate(parts, started));
        }
    }
    rates.iter_mut().map(|rates| median(rates)).collect()
}

/// Parts a second since `started`.
pub(super) fn rate(parts: u64, started: Instant) -> f64 {
    parts as f64 / started.elapsed().as_secs_f64().max(1e-9)
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
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
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&mut [9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median(&mut []), 0.0);
    }

    #[test]
    fn every_alternative_is_measured() {
        let rates = side_by_side(10, vec![Box::new(|| 1), Box::new(|| 1_000_000)]);
        assert_eq!(rates.len(), 2);
        assert!(rates.iter().all(|rate| *rate > 0.0));
    }
}
