//! What is known about one place, and how promising that makes it.

use crate::endpoint::{Contact, Endpoint, Group, NodeId};

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// After this long without a word, a place is given up.
const HORIZON_MS: u64 = 30 * DAY_MS;
/// A place that never answered is given up after so many failures.
const FAILURES_NEW_MAX: u32 = 3;
/// A place that did answer once is given up after so many failures, if the last answer is [`PATIENCE_MS`] old.
const FAILURES_MAX: u32 = 10;
/// How long the last answer speaks for a place that fails.
const PATIENCE_MS: u64 = 7 * DAY_MS;
/// Whoever was dialled within this time is neither given up nor likely to be dialled again.
const JUST_DIALLED_MS: u64 = MINUTE_MS;
/// For so long after a dial, another one has little chance.
const REST_MS: u64 = 10 * MINUTE_MS;

/// The chance of certainty.
pub(super) const CHANCE_ONE: u32 = 1 << 16;

/// A place in the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The place.
    pub(super) endpoint: Endpoint,
    /// Who answered there, in a handshake with this node. What others say is not kept: a wrong word would make an
    /// honest place look dead.
    pub(super) node: Option<NodeId>,
    /// The range of whoever told of it first.
    pub(super) source: Group,
    /// When somebody last told of it, or it was last seen connected.
    pub(super) heard_ms: u64,
    /// When it was last dialled; 0 for never.
    pub(super) dialled_ms: u64,
    /// When a failure was last counted; 0 for never.
    pub(super) counted_ms: u64,
    /// When it last answered; 0 for never.
    pub(super) answered_ms: u64,
    /// When it came into the tried table; 0 while it is not there.
    pub(super) proven_ms: u64,
    /// Counted failures since the last answer.
    pub(super) failures: u32,
    /// Where it stands.
    pub(super) standing: Standing,
}

/// In which table an entry stands, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Told of: one place for each range of tellers that brought it there.
    New(Vec<u16>),
    /// Dialled with success.
    Tried(u16),
}

impl Entry {
    pub(super) fn contact(&self) -> Contact {
        Contact { node: self.node, endpoint: self.endpoint.clone() }
    }

    pub(super) const fn is_tried(&self) -> bool {
        matches!(self.standing, Standing::Tried(_))
    }

    /// Whether the place is given up: not told on, not dialled while there is another, the first to be replaced.
    pub(super) fn is_hopeless(&self, now_ms: u64) -> bool {
        if now_ms.saturating_sub(self.dialled_ms) < JUST_DIALLED_MS && self.dialled_ms != 0 {
            return false;
        }
        let silent = now_ms.saturating_sub(self.heard_ms.max(self.answered_ms)) > HORIZON_MS;
        let never = self.answered_ms == 0 && self.failures >= FAILURES_NEW_MAX;
        let no_more = self.failures >= FAILURES_MAX && now_ms.saturating_sub(self.answered_ms) > PATIENCE_MS;
        silent || never || no_more
    }

    /// Whether it was dialled a short while ago.
    pub(super) const fn rests(&self, now_ms: u64) -> bool {
        self.dialled_ms != 0 && now_ms.saturating_sub(self.dialled_ms) < REST_MS
    }

    /// How likely it is taken when its turn comes, of [`CHANCE_ONE`]: a third less for each failure, and hardly ever
    /// just after a dial.
    pub(super) fn chance(&self, now_ms: u64) -> u32 {
        let fresh = if self.rests(now_ms) { CHANCE_ONE / 100 } else { CHANCE_ONE };
        (0..self.failures.min(8)).fold(fresh, |chance, _| chance * 2 / 3).max(1)
    }
}
