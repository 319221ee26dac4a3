use super::*;

/// What was waited in `COUNT` draws, ascending, in means.
fn waits() -> Vec<f64> {
    const COUNT: usize = 100_000;
    let mut chance = Chance::new(5);
    let mut waits: Vec<f64> = (0..COUNT).map(|_| chance.waiting() as f64 / 2_f64.powi(32)).collect();
    waits.sort_by(f64::total_cmp);
    waits
}

#[test]
fn waiting_is_exponential() {
    let waits = waits();
    let count = waits.len() as f64;
    // Kolmogorov and Smirnov: above 1.95 once in a thousand seeds, and this one is fixed.
    let distance =
        waits.iter().enumerate().map(|(at, wait)| ((-wait).exp() - (1.0 - at as f64 / count)).abs());
    let farthest = distance.fold(0.0, f64::max) * count.sqrt();
    assert!(farthest < 1.95, "{farthest}");
    let mean = waits.iter().sum::<f64>() / count;
    assert!((0.99..1.01).contains(&mean), "{mean}");
    assert!(waits.last().is_some_and(|longest| *longest > 8.0), "whole means are added, too");
}

#[test]
fn the_same_seed_gives_the_same_waits() {
    let draw = |seed| {
        let mut chance = Chance::new(seed);
        [(); 4].map(|()| chance.waiting())
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}
