//! What is thought of one server: how fast it is, how it fails, whether it lied.

use std::time::Duration;

use tokio::time::Instant;

/// Of a new measurement, one part in so many goes into the mean; of its deviation, one in half as many.
const MEAN_PARTS: u32 = 8;
const DEVIATION_PARTS: u32 = 4;
/// What a server is taken for before it was measured.
const LATENCY_UNKNOWN: Duration = Duration::from_millis(500);
/// The rest after a first failure, and the longest.
const REST_FIRST: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(60);
/// How many failures an answer that is none of a node's counts for.
const BROKEN_WEIGHT: u32 = 3;
/// Bounds of the time after which a hedge is sent.
const HEDGE_MIN: Duration = Duration::from_millis(50);
const HEDGE_MAX: Duration = Duration::from_secs(3);

/// How a server is, in a word for a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It was not asked yet.
    Unknown,
    /// It answered last.
    Well,
    /// It failed last, and is asked again after a rest.
    Failing,
    /// Its proof was false: it is not asked again in this session.
    Distrusted,
}

/// What is thought of one server.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    latency: Option<Latency>,
    answers: u64,
    failures: u64,
    failures_in_a_row: u32,
    rest_until: Option<Instant>,
    distrusted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Latency {
    mean: Duration,
    deviation: Duration,
}

impl Standing {
    /// How it is.
    #[must_use]
    pub const fn health(&self) -> Health {
        if self.distrusted {
            Health::Distrusted
        } else if self.failures_in_a_row > 0 {
            Health::Failing
        } else if self.answers > 0 {
            Health::Well
        } else {
            Health::Unknown
        }
    }

    /// The exponential mean of the time that its answers took; none before the first.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        self.latency.map(|latency| latency.mean)
    }

    /// Questions that it answered, refusals included.
    #[must_use]
    pub const fn answers(&self) -> u64 {
        self.answers
    }

    /// Questions that it failed to answer.
    #[must_use]
    pub const fn failures(&self) -> u64 {
        self.failures
    }

    /// True if it is not asked again.
    #[must_use]
    pub const fn is_distrusted(&self) -> bool {
        self.distrusted
    }

    pub(super) fn answered(&mut self, took: Duration) {
        self.answers += 1;
        self.failures_in_a_row = 0;
        self.rest_until = None;
        self.measure(took);
    }

    /// It was still silent when another had answered: at least that slow.
    pub(super) fn overtaken(&mut self, after: Duration) {
        if self.latency.is_none_or(|latency| after > latency.mean) {
            self.measure(after);
        }
    }

    pub(super) fn failed(&mut self, now: Instant) {
        self.fail(now, 1);
    }

    pub(super) fn broke(&mut self, now: Instant) {
        self.fail(now, BROKEN_WEIGHT);
    }

    /// True if it was trusted until now.
    pub(super) const fn distrust(&mut self) -> bool {
        !std::mem::replace(&mut self.distrusted, true)
    }

    /// How long it is still to be left alone.
    pub(super) fn resting(&self, now: Instant) -> Duration {
        self.rest_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// What servers are sorted by: those that rest last, the fast first.
    pub(super) fn rank(&self, now: Instant) -> (Duration, Duration) {
        (self.resting(now), self.latency.map_or(LATENCY_UNKNOWN, |latency| latency.mean))
    }

    /// When to lose patience: well above what its answers usually take.
    pub(super) fn hedge_after(&self) -> Duration {
        let usual = self.latency.map_or(LATENCY_UNKNOWN, |latency| latency.mean + 4 * latency.deviation);
        usual.clamp(HEDGE_MIN, HEDGE_MAX)
    }

    fn measure(&mut self, took: Duration) {
        self.latency = Some(match self.latency {
            None => Latency { mean: took, deviation: took / 2 },
            Some(Latency { mean, deviation }) => Latency {
                mean: blend(mean, took, MEAN_PARTS),
                deviation: blend(deviation, mean.abs_diff(took), DEVIATION_PARTS),
            },
        });
    }

    fn fail(&mut self, now: Instant, weight: u32) {
        self.failures += 1;
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(weight);
        let doublings = (self.failures_in_a_row - 1).min(16);
        self.rest_until = Some(now + REST_FIRST.saturating_mul(1 << doublings).min(REST_MAX));
    }
}

/// The mean moved towards a new value by one part in `parts`.
fn blend(mean: Duration, value: Duration, parts: u32) -> Duration {
    (mean * (parts - 1) + value) / parts
}
