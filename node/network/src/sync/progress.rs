//! How far the synchronisation is, how fast, and when it may be done.

use std::collections::VecDeque;

use super::profile::Profile;

/// Time between two samples of the position, in ms, and how many are kept: the rate is that of the last minute.
const SAMPLE_MS: u64 = 1_000;
const SAMPLES: usize = 60;
/// The least time and the least part of the way from which anything is foretold.
const FORETELL_MS: u64 = 2_000;
const FORETELL_PART: u64 = 20;

/// What is being done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing: the node is where its peers are, or has none.
    #[default]
    Idle,
    /// Headers are read and proven.
    Headers,
    /// The state of a recent block is fetched.
    State,
    /// Blocks are fetched and executed.
    Blocks,
    /// Blocks from before the state that the node began with are fetched in the background.
    History,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Where it began: a height, or 0 while a state is fetched.
    pub from: u64,
    /// Where it stands: a height, or millionths of the keys of a state. While nothing is done, all three are the
    /// height of the tip.
    pub at: u64,
    /// Where it ends, as far as is known.
    pub target: u64,
    /// Steps per s over the last minute: headers, blocks, or millionths.
    pub rate_per_s: f64,
    /// Time until this phase is done, in ms; `None` as long as nothing honest can be said.
    pub eta_ms: Option<u64>,
}

/// Where a phase stands, for the meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) phase: Phase,
    pub(super) from: u64,
    pub(super) at: u64,
    pub(super) target: u64,
    /// Steps that are done before `at` is what it says: headers are read twice.
    pub(super) done_before: u64,
    /// Steps that are left after `target`.
    pub(super) left_after: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Meter {
    progress: Progress,
    /// Time and steps done, the oldest first.
    samples: VecDeque<(u64, u64)>,
}

impl Meter {
    pub(super) const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Takes note of where the synchronisation stands. Blocks are weighed by `profile` where it knows them.
    pub(super) fn measure(&mut self, now_ms: u64, position: Position, profile: &Profile) {
        if position.phase == Phase::Idle {
            let Position { phase, from, at, target, .. } = position;
            self.progress = Progress { phase, from, at, target, ..Progress::default() };
            self.samples.clear();
            return;
        }
        if position.phase != self.progress.phase || position.at < self.progress.from {
            self.progress = Progress { phase: position.phase, from: position.from, ..Progress::default() };
            self.samples.clear();
        }
        self.progress.at = position.at;
        self.progress.target = position.target;
        let done = position.done_before + position.at;
        match self.samples.back() {
            Some((ms, _)) if now_ms.saturating_sub(*ms) < SAMPLE_MS => {}
            _ => {
                if self.samples.len() == SAMPLES {
                    self.samples.pop_front();
                }
                self.samples.push_back((now_ms, done));
            }
        }
        let Some((first_ms, first)) = self.samples.front().copied() else { return };
        let took_ms = now_ms.saturating_sub(first_ms);
        let steps = done.saturating_sub(first);
        if took_ms == 0 {
            return;
        }
        self.progress.rate_per_s = steps as f64 * 1_000.0 / took_ms as f64;
        let whole = position.target.saturating_sub(self.progress.from) + position.left_after;
        let way = position.at.saturating_sub(self.progress.from) + position.done_before;
        let is_early = took_ms < FORETELL_MS || way.saturating_mul(FORETELL_PART) < whole;
        let left = position.target.saturating_sub(position.at) + position.left_after;
        self.progress.eta_ms = if is_early {
            None
        } else if position.phase == Phase::Blocks {
            foretell(profile, (first, position.at, position.target), took_ms)
        } else {
            scale(took_ms, left, steps)
        };
    }
}

/// The time that the blocks from `at` to `target` take, if those from `first` to `at` took so long.
fn foretell(profile: &Profile, (first, at, target): (u64, u64, u64), took_ms: u64) -> Option<u64> {
    match (profile.between(first, at), profile.between(at, target)) {
        (Some(done), Some(left)) => scale(took_ms, left, done),
        _ => scale(took_ms, target.saturating_sub(at), at.saturating_sub(first)),
    }
}

fn scale(took_ms: u64, left: u64, done: u64) -> Option<u64> {
    let time_ms = u128::from(took_ms) * u128::from(left) / u128::from(std::num::NonZeroU64::new(done)?.get());
    u64::try_from(time_ms).ok()
}
