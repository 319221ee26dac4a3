//! Proof of History: the sequential SHA-256 segment that every block carries, a function of its parent's id.
//!
//! Making it is serial by nature; checking it is not, for every tick starts from the one before. It adds no
//! throughput: it paces blocks, gives timestamps a floor, and fixes an order that can be checked in parallel.
//!
//! Deliberately absent: a source of chance (the order of a check and the draw of a sample follow from a number
//! that arrives as an argument), which segments of an initial sync are checked in full and which by samples, and the
//! cache of segments by parent. Both are the policy of the importer.

mod order;
#[cfg(test)]
mod tests;
mod verify;

use vibecoin_crypto::{Hash, Tag};
use vibecoin_primitives::ChainSpec;

pub use order::{order, sample};
pub use verify::{verify, verify_known, verify_sample, verify_serial, verify_shuffled};

use crate::sha::{self, HashBlock};

static SEED: Tag = Tag::new("vibe/poh/v1");

/// The size of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    ticks: u32,
    hashes_per_tick: u64,
}

impl Params {
    /// A segment of `ticks` waypoints, `hashes_per_tick` hashes apart.
    #[must_use]
    pub const fn new(ticks: u32, hashes_per_tick: u64) -> Self {
        Self { ticks, hashes_per_tick }
    }

    /// The segments of a network.
    #[must_use]
    pub const fn of(spec: &ChainSpec) -> Self {
        Self::new(spec.poh_ticks, spec.poh_hashes_per_tick)
    }

    /// Waypoints of one segment.
    #[must_use]
    pub const fn ticks(&self) -> u32 {
        self.ticks
    }

    /// Hashes from one waypoint to the next.
    #[must_use]
    pub const fn hashes_per_tick(&self) -> u64 {
        self.hashes_per_tick
    }
}

/// Why ticks are not the segment of a parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// More or fewer than the spec says.
    #[error("POH-1: {found} ticks where the spec says {expected}")]
    TickCount {
        /// Ticks there are.
        found: usize,
        /// Ticks there should be.
        expected: u32,
    },
    /// A tick does not follow from the one before it; the first one from the parent's id.
    #[error("POH-3: tick {tick} does not follow from the one before it")]
    Tick {
        /// Its index, from 0.
        tick: usize,
    },
}

/// Where the segment of this parent's children starts.
#[must_use]
pub fn seed(parent_id: &Hash) -> Hash {
    SEED.hash(&[parent_id.as_bytes()])
}

/// Makes the ticks of this parent's children, one hash after the other on one core.
#[must_use]
pub fn generate(params: Params, parent_id: &Hash) -> Vec<Hash> {
    let mut block = HashBlock::new();
    let mut state = sha::to_words(&seed(parent_id));
    (0..params.ticks)
        .map(|_| {
            state = advance(&mut block, state, params.hashes_per_tick);
            sha::to_hash(&state)
        })
        .collect()
}

/// `count` hashes further.
fn advance(block: &mut HashBlock, mut state: [u32; 8], count: u64) -> [u32; 8] {
    for _ in 0..count {
        block.set(&state);
        state = block.digest();
    }
    state
}

/// The hash that follows `from` after `count` steps of the chain.
#[must_use]
pub fn chain(from: &Hash, count: u64) -> Hash {
    sha::to_hash(&advance(&mut HashBlock::new(), sha::to_words(from), count))
}
