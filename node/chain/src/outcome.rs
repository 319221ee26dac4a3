//! What became of a block.

use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Height, Timestamp};
use vibecoin_storage::reorganisations::Reorganisation;

use crate::error::Invalid;
use crate::tip::Tip;

/// The verdict on one block.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It extends the active chain and is its tip now.
    Extended,
    /// Its branch became the active one.
    Reorganised {
        /// How many blocks of the old branch were reverted.
        depth: u64,
    },
    /// It is stored on a branch that is not active, or below a state that was taken over, where it waits for its
    /// execution.
    Side,
    /// Its header is stored. The body has not come, or is not wanted: its branch is too light, or leaves the active
    /// one too deep, and would not win (FRK-3).
    Header,
    /// It was stored before.
    Known,
    /// Its time is too far ahead; it is tried again when the clock allows.
    Held {
        /// When that is.
        until: Timestamp,
    },
    /// Its parent is not known; it waits if there is room.
    Orphan {
        /// The missing parent.
        parent: Hash,
    },
    /// It breaks a rule.
    Invalid(Arc<Invalid>),
}

impl Verdict {
    /// One word for it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Extended => "extended",
            Self::Reorganised { .. } => "reorganised",
            Self::Side => "side",
            Self::Header => "header",
            Self::Known => "known",
            Self::Held { .. } => "held",
            Self::Orphan { .. } => "orphan",
            Self::Invalid(_) => "invalid",
        }
    }

    /// True while the block may still get another verdict.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Held { .. } | Self::Orphan { .. })
    }
}

/// A block with its id and its transactions' ids, shared between those who need it.
#[derive(Clone, Debug)]
pub struct ConnectedBlock {
    /// Its id.
    pub id: Hash,
    /// The block.
    pub block: Arc<Block>,
}

/// A move of the tip. When a state was taken over it jumps: no block is connected, and none reverted.
#[derive(Clone, Debug)]
pub struct TipChange {
    /// The tip now.
    pub tip: Arc<Tip>,
    /// Blocks that left the active chain, the highest first.
    pub reverted: Vec<ConnectedBlock>,
    /// Blocks that joined it, the lowest first.
    pub connected: Vec<ConnectedBlock>,
    /// The record of the reorganisation that this move completes. One too large for the memory takes several moves,
    /// and this speaks of all of them.
    pub reorganisation: Option<Reorganisation>,
}

impl TipChange {
    /// Whether a state was taken over: what lies between the tip before and the one now is not told.
    #[must_use]
    pub const fn is_jump(&self) -> bool {
        self.connected.is_empty() && self.reverted.is_empty()
    }
}

/// What became of a piece of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateStep {
    /// It is kept, and others are missing.
    Staged,
    /// It was there before.
    Known,
    /// It is of another state than the one that is fetched, or none is.
    Unwanted,
    /// It was the last one, and the state is one that no valid block leaves: the block and what stands on it is marked
    /// as invalid.
    Refused,
    /// It was the last one: the block of the state is the tip.
    Adopted,
}

/// What taking in a piece of a state did.
#[derive(Clone, Debug)]
pub struct StateReport {
    /// What became of the piece.
    pub step: StateStep,
    /// How the tip moved. The first move after a state was taken over connects no block: the tip jumps.
    pub changes: Vec<TipChange>,
}

/// How far the history under a state that was taken over has come.
#[derive(Clone, Debug)]
pub struct HistoryReport {
    /// The height that was executed last.
    pub replayed: Height,
    /// The height below which history is missing; `None` when all of it is there.
    pub missing_below: Option<Height>,
    /// How the tip moved: a branch that could not be followed before may have more work.
    pub changes: Vec<TipChange>,
}

impl HistoryReport {
    /// Of a chain that lacks nothing.
    pub(crate) const fn complete(tip: Height) -> Self {
        Self { replayed: tip, missing_below: None, changes: Vec::new() }
    }
}

/// Everything that one import did.
#[derive(Clone, Debug)]
pub struct Report {
    /// The id of the block that was handed in.
    pub id: Hash,
    /// What became of it.
    pub verdict: Verdict,
    /// Blocks that had waited and are settled now, in the order in which they were.
    pub settled: Vec<(Hash, Verdict)>,
    /// How the tip moved, step by step.
    pub changes: Vec<TipChange>,
}
