//! When the next block is due where the chain spec does not retarget.
//!
//! Alone, a miner keeps exactly to the interval T. Among others it waits an exponentially distributed time of mean T
//! after each tip, as real work would make it wait: with exactly T everybody would be ready at the same moment, and tie
//! for ever. This is policy; no rule asks for it.

use vibecoin_crypto::Hash;
use vibecoin_primitives::Timestamp;

/// What a node is among its peers, as far as its miner cares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Company {
    /// Connected peers.
    pub peers: usize,
    /// True while the chain is far behind what peers have shown: a block made now would be lost.
    pub catching_up: bool,
}

/// The wait after one tip, drawn once: a draw that is repeated until it fits would not be exponential.
#[derive(Debug, Default)]
pub struct Pace {
    drawn: Option<(Hash, f64)>,
}

impl Pace {
    /// When a block on `tip` is due.
    pub fn due(&mut self, tip: Hash, time: Timestamp, interval_ms: u64, company: Company) -> Timestamp {
        let wait_ms = if company.peers == 0 {
            interval_ms
        } else {
            // Saturates for a wait of centuries.
            (self.intervals(tip) * interval_ms as f64) as u64
        };
        time.checked_add(wait_ms).unwrap_or(time)
    }

    /// How many intervals to wait on this tip: of mean 1.
    fn intervals(&mut self, tip: Hash) -> f64 {
        match self.drawn {
            Some((for_tip, intervals)) if for_tip == tip => intervals,
            _ => {
                let intervals = exponential(draw());
                self.drawn = Some((tip, intervals));
                intervals
            }
        }
    }
}

/// A number of the exponential distribution of mean 1, from a uniform one in 0…1 (1 excluded).
fn exponential(uniform: f64) -> f64 {
    -(1.0 - uniform).ln()
}

/// A uniform number in 0…1, 1 excluded. Without chance every wait has the median, which is no worse than no wait.
fn draw() -> f64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => (u64::from_le_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64,
        Err(_) => 0.5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: u64 = 1_000;
    const AMONG: Company = Company { peers: 3, catching_up: false };

    fn tip(number: u64) -> Hash {
        vibecoin_crypto::sha256(&number.to_le_bytes())
    }

    #[test]
    fn alone_it_is_exactly_the_interval() {
        let due = Pace::default().due(tip(0), Timestamp::new(5), T, Company::default());
        assert_eq!(due, Timestamp::new(5 + T));
    }

    #[test]
    fn among_others_the_wait_has_the_mean_and_the_spread_of_an_exponential() {
        let mut pace = Pace::default();
        let waits: Vec<f64> =
            (0..20_000).map(|n| pace.due(tip(n), Timestamp::new(0), T, AMONG).get() as f64).collect();
        let mean = waits.iter().sum::<f64>() / waits.len() as f64;
        let variance = waits.iter().map(|wait| (wait - mean).powi(2)).sum::<f64>() / waits.len() as f64;
        // Six standard deviations of 20,000 draws.
        assert!((mean - 1_000.0).abs() < 45.0, "mean {mean}");
        assert!((variance.sqrt() - 1_000.0).abs() < 65.0, "deviation {}", variance.sqrt());
    }

    #[test]
    fn asked_again_on_the_same_tip_it_says_the_same() {
        let mut pace = Pace::default();
        let first = pace.due(tip(1), Timestamp::new(0), T, AMONG);
        assert!((0..100).all(|_| pace.due(tip(1), Timestamp::new(0), T, AMONG) == first));
    }
}
