//! Fork choice: which of two valid branches is the chain, and what of the others is worth keeping.
//!
//! The most cumulative work wins, with one reserve: a branch that does not extend the active tip must be ahead
//! by more than half of that tip's own work. Without it a back-dated sibling, whose child is a little heavier,
//! would win every race of equal height.
//!
//! Deliberately absent: the blocks themselves. Everything here is arithmetic on work, heights and counts.

#[cfg(test)]
mod tests;

use vibecoin_primitives::{Height, Work};

/// Side branches that leave the active chain this deep or deeper are not kept, unless they would win.
pub const SIDE_BRANCH_DEPTH_MAX: u64 = 288;
/// A reorganisation that reverts this many blocks or more raises an alarm, and is followed.
pub const ALARM_DEPTH: u64 = 60;
/// Blocks whose undo data is kept at least; a deeper reorganisation replays.
pub const UNDO_DEPTH: u64 = 17_280;
/// Blocks whose segments are checked in full in an initial sync, and reorganisations up to which that holds.
pub const FULL_SEGMENT_DEPTH: u64 = 17_280;
/// Ticks that are checked of an older segment in an initial sync.
pub const SAMPLED_TICKS: usize = 4;
/// Blocks with a time too far ahead that are kept to be tried again.
pub const HELD_MAX: usize = 64;
/// Blocks without a known parent that are kept.
pub const ORPHANS_MAX: usize = 128;
/// Their bytes together.
pub const ORPHAN_BYTES_MAX: usize = 32_000_000;
/// Those of one peer.
pub const ORPHANS_PER_PEER_MAX: usize = 8;
/// How long one is kept, in ms.
pub const ORPHAN_AGE_MAX_MS: u64 = 120_000;
/// An orphan has at least the tip's own work divided by this.
pub const ORPHAN_WORK_DIVISOR: u128 = 16;

/// The active tip, as far as the choice needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveTip {
    /// Its height.
    pub height: Height,
    /// The cumulative work up to it.
    pub total_work: Work,
    /// Its own work.
    pub own_work: Work,
}

/// A branch that is not the active one, as far as the choice needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The height of the last block it shares with the active chain; the active tip's when it extends that.
    pub fork_height: Height,
    /// The cumulative work up to its last block.
    pub total_work: Work,
}

impl ActiveTip {
    /// True when the branch becomes the active one (FRK-1, FRK-2): it extends the tip, however light it is, or
    /// it has more work by more than half of the tip's own.
    #[must_use]
    pub fn yields_to(&self, branch: &Branch) -> bool {
        self.depth_below(branch) == 0 || self.is_outweighed_by(branch.total_work)
    }

    /// True when a branch with this work, which does not extend the tip, becomes the active one (FRK-2):
    /// `2 · (other − active) > own`.
    #[must_use]
    pub const fn is_outweighed_by(&self, other: Work) -> bool {
        match other.get().checked_sub(self.total_work.get()) {
            // For integers, 2·a > b is a > ⌊b/2⌋, which cannot overflow.
            Some(ahead) => ahead > self.own_work.get() / 2,
            None => false,
        }
    }

    /// True when the bodies of a branch are fetched, stored and executed (FRK-3): its checked headers would make
    /// it active, or it forks less than 288 deep and has at least the work of the active block at its height,
    /// less twice the tip's own. Execution still waits until it would become active.
    ///
    /// `active_work_at_height` is the cumulative work of the active block at the height of the branch's last
    /// block, or of the active tip when the branch is higher.
    #[must_use]
    pub fn keeps(&self, branch: &Branch, active_work_at_height: Work) -> bool {
        let allowance = self.own_work.get().saturating_mul(2);
        let least = active_work_at_height.get().saturating_sub(allowance);
        self.yields_to(branch)
            || (self.depth_below(branch) < SIDE_BRANCH_DEPTH_MAX && branch.total_work.get() >= least)
    }

    /// Active blocks that would be reverted for the branch.
    #[must_use]
    pub const fn depth_below(&self, branch: &Branch) -> u64 {
        self.height.saturating_since(branch.fork_height)
    }
}

/// True when a reorganisation that reverts this many blocks raises an alarm (FRK-4).
#[must_use]
pub const fn is_alarming(reverted: u64) -> bool {
    reverted >= ALARM_DEPTH
}
