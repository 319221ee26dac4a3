//! What each peer has, what it said before, and whether it pushes.

use vibecoin_crypto::Hash;

use crate::relay::recent::Recent;
use crate::wire::Kind;

/// Blocks that a peer is remembered to have.
const BLOCKS_MAX: usize = 128;
/// Announcements of each kind that are remembered.
const SAID_MAX: usize = 64;
/// Segments that are remembered to have been exchanged.
const SEGMENTS_MAX: usize = 16;
/// Repetitions before they count.
const REPEATS_MAX: u32 = 4;
/// Time between two words about our own tip to a peer that has the block already, in ms.
const REMIND_MS: u64 = 10_000;
/// Time in which a peer may still push after it was told not to, in ms.
const QUIET_AFTER_MS: u64 = 10_000;

/// See the module.
#[derive(Debug)]
pub struct Standing {
    /// Blocks that it has, by its own word or by ours.
    pub has: Recent<Hash>,
    /// Segments that it sent or was sent, by the block they start from.
    pub segments: Recent<Hash>,
    /// It wants blocks pushed.
    pub wants_push: bool,
    /// The tip that it knows to be ours, and when it was told.
    told: (Hash, u64),
    /// Since when it is not to push; `None` while it may.
    quiet_since_ms: Option<u64>,
    tips: Recent<Hash>,
    compacts: Recent<Hash>,
    said_segments: Recent<Hash>,
    repeats: u32,
}

impl Standing {
    /// A new peer, which knows our tip by the handshake: nobody pushes unasked.
    pub const fn new(now_ms: u64, tip: Hash) -> Self {
        Self {
            has: Recent::new(BLOCKS_MAX),
            segments: Recent::new(SEGMENTS_MAX),
            wants_push: false,
            told: (tip, now_ms),
            quiet_since_ms: Some(now_ms),
            tips: Recent::new(SAID_MAX),
            compacts: Recent::new(SAID_MAX),
            said_segments: Recent::new(SAID_MAX),
            repeats: 0,
        }
    }

    /// It announces something for the block. False if it does so again, beyond what an accident explains.
    pub fn says(&mut self, kind: Kind, id: Hash) -> bool {
        let said = match kind {
            Kind::Tip => &mut self.tips,
            Kind::Segment => &mut self.said_segments,
            _ => &mut self.compacts,
        };
        if said.insert(id) {
            self.repeats = self.repeats.saturating_sub(1);
            return true;
        }
        self.repeats += 1;
        self.repeats <= REPEATS_MAX
    }

    /// It is told of our tip now.
    pub const fn told_of(&mut self, tip: Hash, now_ms: u64) {
        self.told = (tip, now_ms);
    }

    /// True if it should hear where we stand, though it has the block: it cannot know that we have executed it.
    pub fn is_in_the_dark(&self, tip: &Hash, now_ms: u64) -> bool {
        let (told, told_ms) = &self.told;
        told != tip && now_ms.saturating_sub(*told_ms) >= REMIND_MS
    }

    /// It has announced the block as its tip.
    pub fn has_announced(&self, id: &Hash) -> bool {
        self.tips.contains(id)
    }

    /// It was told whether to push.
    pub const fn told_to_push(&mut self, push: bool, now_ms: u64) {
        self.quiet_since_ms = if push { None } else { Some(now_ms) };
    }

    /// True unless it was told not to push, and has heard this node long after that.
    pub fn may_push(&self, hears_ms: u64) -> bool {
        self.quiet_since_ms.is_none_or(|since_ms| hears_ms.saturating_sub(since_ms) <= QUIET_AFTER_MS)
    }
}
