//! How often a chain whose work was not done gets past the draws.
//!
//! **The attacker** has half of the honest power, knows the parameters, and wants his branch taken for the chain. From the
//! fork to the tip the branch claims the work X of the honest one, but he could do only X/2 of it: the other half is in
//! headers without work. The last L headers are always shown, so their work is done; those without stand before them,
//! closed. The seed comes after he has committed himself, so he is found as soon as a draw falls on one of them.
//!
//! **His best play.** Of an octave of size a, of which the work v is done, a draw misses with the chance v/a, and s draws
//! with (v/a)^s. What is done in all octaves together is fixed, so he evens it out: the next unworked header always goes to
//! the octave in which most is done. Octaves that begin before the fork hold honest headers as well, which cost him nothing.
//! The worst fork for the client is in the middle of an octave: that octave keeps 1/2, the next one 1/2, and the ones after
//! it all of their work, so (1/2 · 1/2)^s = 4^−s. At a border it is 1/4 and 1/2: 8^−s.
//!
//! **What is measured** is how often the draws of a seed miss all unworked headers: in a chain of equal headers, for forks
//! at every border and between, with s = 3. Of N = 8,000 trials with the chance p = 4⁻³ at most `N·p + 5·√(N·p·(1−p))` =
//! 180 may be misses, which a binomial variable exceeds once in 790,000 times; the worst fork must not stay below
//! `N·p − 5·√…` either, or the model would not be attacked as well as it can be. That the verifier refuses exactly what the
//! model finds is tested beside it.

use vibecoin_primitives::Work;

use super::chain::{Chain, Dice, network};
use super::forge::lacks_work;
use crate::light::draws::draws;
use crate::light::{LightError, Params};

/// Draws of each octave.
const DRAWS: u32 = 3;
/// Trials of each fork.
const TRIALS: u64 = 8_000;
/// The work of every header: that of the bits `0x2003ffff`.
const OWN: u64 = 64;
const BITS: u32 = 0x2003_ffff;

/// A branch of `fork` headers on a chain of `count` in all, of which `last` are always shown.
#[derive(Clone, Copy, Debug)]
struct Fork {
    count: u64,
    last: u64,
    fork: u64,
}

impl Fork {
    /// Forks at every border of an octave, and at three places between, as far as the attacker can hide half of a branch.
    fn all(last: u64, octaves: u32) -> Vec<Self> {
        let count = last << octaves;
        let quarters = |octave: u32| (4..8).map(move |quarter| (last << octave) * quarter / 4);
        let forks = (1..octaves).flat_map(quarters).chain([count]);
        forks.map(|fork| Self { count, last, fork }).collect()
    }

    /// The heights of the headers whose work the attacker leaves undone: half of the branch, where they are found least.
    fn unworked(&self) -> Vec<u64> {
        // An octave's first height, its size, and how much of it is the branch's.
        let octaves: Vec<_> = std::iter::successors(Some(self.count), |border| Some(border / 2))
            .take_while(|border| *border > self.last)
            .map(|border| {
                (self.count - border, border / 2, (self.fork.saturating_sub(border / 2)).min(border / 2))
            })
            .collect();
        let mut hidden = vec![0; octaves.len()];
        for _ in 0..self.fork.div_ceil(2) {
            let free = (0..octaves.len()).filter(|at| hidden[*at] < octaves[*at].2);
            let most = free.max_by_key(|at| octaves[*at].1 - hidden[*at]);
            hidden[most.expect("a fork of two tails or more has room")] += 1;
        }
        // The end of an octave is the branch's wherever it begins.
        octaves
            .iter()
            .zip(hidden)
            .flat_map(|((start, size, _), hidden)| start + size - hidden..start + size)
            .collect()
    }

    /// True when no draw of a seed falls on one of them.
    fn missed(&self, unworked: &[u64], seed: &[u8; 32]) -> bool {
        let [all, last] = [self.count, self.last].map(|headers| Work::new(u128::from(headers * OWN)));
        let draws = draws(seed, all, last, DRAWS).unwrap();
        draws.iter().all(|draw| unworked.binary_search(&((draw / u128::from(OWN)) as u64)).is_err())
    }

    /// Misses of so many trials.
    fn misses(&self, dice: &mut Dice) -> u64 {
        let unworked = self.unworked();
        (0..TRIALS).filter(|_| self.missed(&unworked, &dice.seed())).count() as u64
    }
}

/// Five deviations below and above what is expected.
fn around(chance: f64) -> (f64, f64) {
    let expected = TRIALS as f64 * chance;
    let deviation = (expected * (1.0 - chance)).sqrt();
    (expected - 5.0 * deviation, expected + 5.0 * deviation)
}

#[test]
fn half_of_the_power_gets_past_the_draws_as_rarely_as_promised() {
    let mut dice = Dice(3);
    let (_, most) = around(0.25_f64.powi(DRAWS as i32));
    let mut worst = 0;
    for fork in Fork::all(256, 7) {
        let misses = fork.misses(&mut dice);
        println!("{} of {} headers: {misses} of {TRIALS} trials missed", fork.fork, fork.count);
        assert!((misses as f64) < most, "{fork:?}: {misses}");
        worst = worst.max(misses);
    }
    let (least, _) = around(0.25_f64.powi(DRAWS as i32));
    assert!(worst as f64 > least, "the attack could do better: {worst}");
}

#[test]
fn forks_at_a_border_and_in_the_middle_are_missed_as_computed() {
    let mut dice = Dice(4);
    let fork = |fork| Fork { count: 256 << 7, last: 256, fork };
    // 12.5 % and 25 % to the power of three.
    for (fork, chance) in [(fork(256 << 5), 0.125_f64), (fork(384 << 4), 0.25), (fork(256 << 7), 0.125)] {
        let misses = fork.misses(&mut dice) as f64;
        let (least, most) = around(chance.powi(DRAWS as i32));
        assert!(least < misses && misses < most, "{fork:?}: {misses}");
    }
}

#[test]
fn a_weaker_attacker_who_hides_more_is_found_more() {
    // Everything of a branch but its tail: one octave at least is without any work.
    let fork = Fork { count: 256 << 4, last: 256, fork: 256 << 3 };
    let hidden: Vec<u64> = (fork.count - fork.fork..fork.count - fork.last).collect();
    let mut dice = Dice(5);
    assert!((0..1_000).all(|_| !fork.missed(&hidden, &dice.seed())));
}

/// A chain in which these headers have no work, and one honest header on top.
fn chain(fork: &Fork, unworked: &[u64]) -> Chain {
    let spec = network(0, BITS, BITS);
    let mut chain = Chain::new(&spec);
    for height in 1..=fork.count {
        if unworked.binary_search(&height).is_ok() {
            chain.extend_unworked(spec.interval_ms);
        } else {
            chain.extend(spec.interval_ms);
        }
    }
    chain
}

#[test]
fn the_verifier_refuses_exactly_what_the_draws_fall_on() {
    let (mut dice, mut missed, mut found) = (Dice(6), 0, 0);
    for fork in Fork::all(8, 5) {
        let unworked = fork.unworked();
        // A branch from the genesis on: that one has its id instead of work.
        let unworked: Vec<u64> = unworked.into_iter().filter(|height| *height > 0).collect();
        let chain = chain(&fork, &unworked);
        let params = Params::new(fork.last as u32, DRAWS).unwrap();
        for _ in 0..60 {
            let seed = dice.seed();
            match chain.judged(&seed, &params) {
                Ok(proven) => {
                    assert_eq!(proven.id(), chain.tip.id());
                    assert!(fork.missed(&unworked, &seed), "{fork:?}");
                    missed += 1;
                }
                Err(error) => {
                    let LightError::Leaf { height, .. } = &error else { panic!("{error}") };
                    assert!(lacks_work(&error, height.get()), "{error}");
                    assert!(unworked.contains(&height.get()), "{error}");
                    assert!(!fork.missed(&unworked, &seed), "{fork:?}");
                    found += 1;
                }
            }
        }
    }
    assert!(missed > 3 && found > 500, "{missed} {found}");
}
