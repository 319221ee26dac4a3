//! How a chain is run: what a node may choose without leaving the consensus.

use vibecoin_consensus::fork_choice::{FULL_SEGMENT_DEPTH, UNDO_DEPTH};

use crate::orphans::OrphanLimits;

/// States of this many blocks below the tip can be read and proven, unless all of them are kept. Whoever fetches one
/// chooses it [`PIVOT_DEPTH`] deep, and has the rest of the window to do so.
pub const STATE_WINDOW: u64 = 1_024;
/// A state is taken over from a block this deep below the best header; the blocks above it are executed.
pub const PIVOT_DEPTH: u64 = 512;
/// A state this deep will soon be dropped by whoever has it: windows are kept in steps of 64 blocks.
const PIVOT_AGE_MAX: u64 = STATE_WINDOW - 64;
/// Headers kept whose bodies are missing: two weeks of blocks at 5 s.
const HEADERS_MAX: u64 = 262_144;

/// When a block that does not stand on the tip is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideBranches {
    /// It is stored, and executed only when its branch would become the active one.
    Lazy,
    /// It is executed at once, on the state of its own branch, so that its verdict is final.
    Execute,
}

/// How segments of Proof of History are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyPoh {
    /// Every tick of every block.
    Full,
    /// Every tick of the newest blocks; of those further below the best header a few that are drawn at random here,
    /// since they are buried in work. A deeper reorganisation is verified in full all the same.
    Recent {
        /// How many blocks below the best header are verified in full.
        full_depth: u64,
    },
}

impl VerifyPoh {
    /// What a node does unless told otherwise.
    pub const RECENT: Self = Self::Recent { full_depth: FULL_SEGMENT_DEPTH };
}

/// How a chain is run.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// When side branches are executed.
    pub side_branches: SideBranches,
    /// How many blocks may wait for their parents.
    pub orphans: OrphanLimits,
    /// Headers that are kept without their bodies.
    pub headers_max: u64,
    /// How segments are verified.
    pub verify_poh: VerifyPoh,
    /// Blocks below the tip whose states are kept; `None` keeps all (an archive).
    pub state_window: Option<u64>,
    /// Blocks below the tip that can be undone from records; deeper ones after a replay.
    pub undo_window: u64,
    /// Blocks below the tip whose ticks are kept; `None` keeps all. Dropped ticks are made again by hashing.
    pub ticks_window: Option<u64>,
    /// Memory for nodes of the state tree, in bytes.
    pub state_cache_bytes: u64,
    /// How deep below the best header, and how much higher than the tip, the block must be whose state is taken over.
    pub pivot_depth: u64,
    /// How deep below the best header it may come to lie before another one is chosen.
    pub pivot_age_max: u64,
}

impl Policy {
    /// A node among others.
    pub const NODE: Self = Self {
        side_branches: SideBranches::Lazy,
        orphans: OrphanLimits::NODE,
        headers_max: HEADERS_MAX,
        verify_poh: VerifyPoh::RECENT,
        state_window: Some(STATE_WINDOW),
        undo_window: UNDO_DEPTH,
        ticks_window: None,
        state_cache_bytes: 64 << 20,
        pivot_depth: PIVOT_DEPTH,
        pivot_age_max: PIVOT_AGE_MAX,
    };
    /// The reading of a file by its owner.
    pub const FILE: Self = Self {
        orphans: OrphanLimits::FILE,
        headers_max: u64::MAX,
        verify_poh: VerifyPoh::Full,
        state_cache_bytes: 128 << 20,
        ..Self::NODE
    };
}
