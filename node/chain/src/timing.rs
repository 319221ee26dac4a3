//! Where the time of an import goes, by stage.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A part of the work on a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Header and its parent.
    Header,
    /// Ticks, segment, lists.
    Body,
    /// Transactions alone, signatures included.
    Transactions,
    /// Execution, with the reading of accounts.
    Execution,
    /// The new state tree and its root.
    State,
    /// Gathering of rows.
    Index,
    /// The synced write.
    Commit,
}

impl Stage {
    /// All stages in their order.
    pub const ALL: [Self; 7] = [
        Self::Header,
        Self::Body,
        Self::Transactions,
        Self::Execution,
        Self::State,
        Self::Index,
        Self::Commit,
    ];

    /// One word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Body => "body",
            Self::Transactions => "transactions",
            Self::Execution => "execution",
            Self::State => "state",
            Self::Index => "index",
            Self::Commit => "commit",
        }
    }
}

/// Time spent since the chain was opened. Written by the chain's thread alone.
#[derive(Debug, Default)]
pub struct StageTimes([AtomicU64; Stage::ALL.len()]);

impl StageTimes {
    /// Adds what passed since `started`, and returns the moment now: the start of the next stage.
    pub(crate) fn add(&self, stage: Stage, started: Instant) -> Instant {
        let now = Instant::now();
        let nanos = u64::try_from((now - started).as_nanos()).unwrap_or(u64::MAX);
        self.0[stage as usize].fetch_add(nanos, Ordering::Relaxed);
        now
    }

    /// Time spent in a stage.
    #[must_use]
    pub fn of(&self, stage: Stage) -> Duration {
        Duration::from_nanos(self.0[stage as usize].load(Ordering::Relaxed))
    }
}
