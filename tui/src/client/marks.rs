//! What the figures of this moment rest on.

use crate::model::Mark;

/// How far the chain is proven, where it has to be: an own node's figures need no mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marks {
    /// This user's own node.
    Own,
    /// Servers, believed with proofs.
    Servers {
        /// The height that is proven; none before any is.
        tip: Option<u64>,
        /// Blocks that have to stand on one before it is believed.
        depth: u64,
    },
}

impl Marks {
    /// What was proven under the block at `height`.
    pub(super) const fn at(self, height: u64) -> Mark {
        match self {
            Self::Own => Mark::Own,
            Self::Servers { tip: Some(tip), depth } => Mark::at(height, tip, depth),
            Self::Servers { tip: None, .. } => Mark::Unknown,
        }
    }

    /// What is believed now.
    pub(super) const fn believed(self) -> Mark {
        match self {
            Self::Own => Mark::Own,
            Self::Servers { tip: Some(tip), depth } => Mark::Proven { at: tip.saturating_sub(depth) },
            Self::Servers { tip: None, .. } => Mark::Unknown,
        }
    }

    /// What the newest proven block shows: never more than unconfirmed.
    pub(super) const fn tip(self) -> Mark {
        match self {
            Self::Own => Mark::Own,
            Self::Servers { tip: Some(at), .. } => Mark::Unconfirmed { at },
            Self::Servers { tip: None, .. } => Mark::Unknown,
        }
    }

    /// What no proof is of.
    pub(super) const fn reported(self) -> Mark {
        match self {
            Self::Own => Mark::Own,
            Self::Servers { .. } => Mark::Reported,
        }
    }

    /// The height that confirmations are counted from, when it is another than the one that was answered for.
    pub(super) const fn tip_height(self) -> Option<u64> {
        match self {
            Self::Own => None,
            Self::Servers { tip, .. } => tip,
        }
    }
}
