//! How a miner behaves: the time that it writes into its blocks, what it publishes and when, what it takes in.
//!
//! Times are in ms since the genesis, and signed, for who lies may do so beyond every bound.

use std::sync::Arc;

use vibecoin_primitives::Block;

/// What a miner does after a block was found or heard: takes blocks in, in this order, then sends blocks out.
#[derive(Default)]
pub struct Step {
    pub take: Vec<Arc<Block>>,
    pub publish: Vec<Arc<Block>>,
}

/// A way to mine.
pub trait Strategy {
    /// The time of a block that is found now on a parent of this time; the least that the rule allows is `earliest`.
    fn stamp(&mut self, now: i64, earliest: i64) -> i64 {
        now.max(earliest)
    }

    /// It found a block, which its own machine has taken in.
    fn found(&mut self, block: &Arc<Block>) -> Step {
        Step { take: Vec::new(), publish: vec![Arc::clone(block)] }
    }

    /// It heard of a block.
    fn heard(&mut self, block: &Arc<Block>) -> Step {
        Step { take: vec![Arc::clone(block)], publish: Vec::new() }
    }
}

/// The true time, everything published at once.
pub struct Honest;

impl Strategy for Honest {}

/// A time that is off the true one by so much, as far as the parent allows.
pub struct Shifted {
    pub by_ms: i64,
}

impl Strategy for Shifted {
    fn stamp(&mut self, now: i64, earliest: i64) -> i64 {
        (now + self.by_ms).max(earliest)
    }
}

/// Always the earliest time that the rule allows.
pub struct Backdated;

impl Strategy for Backdated {
    fn stamp(&mut self, _now: i64, earliest: i64) -> i64 {
        earliest
    }
}

/// Earlier than the rule allows.
pub struct TooEarly {
    pub by_ms: i64,
}

impl Strategy for TooEarly {
    fn stamp(&mut self, _now: i64, earliest: i64) -> i64 {
        earliest - self.by_ms
    }
}

/// The earliest time for most blocks, and once in a while the latest: the pattern by which windows of blocks are
/// cheated elsewhere (the "time warp").
pub struct Sawtooth {
    pub every: u32,
    pub ahead_ms: i64,
    count: u32,
}

impl Sawtooth {
    pub fn new(every: u32, ahead_ms: i64) -> Self {
        Self { every, ahead_ms, count: 0 }
    }
}

impl Strategy for Sawtooth {
    fn stamp(&mut self, now: i64, earliest: i64) -> i64 {
        self.count += 1;
        if self.count.is_multiple_of(self.every) { (now + self.ahead_ms).max(earliest) } else { earliest }
    }
}
