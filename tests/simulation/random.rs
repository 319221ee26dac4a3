//! Chance that repeats: the same seed gives the same numbers on every machine.

/// `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). Good enough for draws that
/// nobody attacks, and a few lines long.
pub struct Random(u64);

impl Random {
    /// The numbers that belong to a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number above 0 and at most 1.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// How long a search lasts whose success comes at a constant rate, in the unit of `mean`.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -self.unit().ln() * mean
    }
}

/// The seed of run `number` of a series: far from those of its neighbours.
pub fn seed_of_run(seed: u64, number: u64) -> u64 {
    Random::new(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95)).next()
}

#[test]
fn exponential_draws_have_their_mean_and_their_tail() {
    let mut random = Random::new(7);
    let draws: Vec<f64> = (0..100_000).map(|_| random.exponential(5.0)).collect();
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    assert!((mean - 5.0).abs() < 0.05, "{mean}");
    let beyond = draws.iter().filter(|draw| **draw > 10.0).count() as f64 / draws.len() as f64;
    assert!((beyond - (-2.0_f64).exp()).abs() < 0.005, "{beyond}");
}
