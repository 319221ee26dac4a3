//! What each server was last heard to think of the chain.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Timestamp, Work};

use super::servers::ServerId;

/// How a server's chain stands to the proven one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It was not heard yet.
    Unheard,
    /// It has the same tip.
    Agrees,
    /// Its tip is one of the chain's, so many blocks below the end.
    Behind {
        /// Blocks.
        blocks: u64,
    },
    /// It is on another branch, which is not heavier by enough.
    Forked {
        /// The last shared height.
        fork_height: Height,
    },
    /// Its tip lies too far ahead of this machine's clock.
    Ahead {
        /// By so much, in ms.
        by_ms: u64,
    },
    /// What it said is false, or it did not prove it.
    Refuted,
    /// It did not answer last.
    Silent,
}

/// What one server was last heard to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// How that stands to the proven chain.
    pub stand: Stand,
    /// Its tip, as it says.
    pub tip: Option<(Height, Hash)>,
    /// Its work, as it says.
    pub work: Option<Work>,
    /// When, by this machine's clock.
    pub at: Option<Timestamp>,
}

impl Opinion {
    const UNHEARD: Self = Self { stand: Stand::Unheard, tip: None, work: None, at: None };
}

/// What all of them were last heard to say, and what a screen should tell beside.
#[derive(Debug)]
pub(super) struct Opinions {
    all: Vec<Opinion>,
    /// What was kept is damaged and was left aside.
    pub(super) damaged: bool,
    /// The height of the tip at the newest reorganisation that is told.
    pub(super) reorganised_at: Option<Height>,
    /// The lowest block whose Proof of History was proven false.
    pub(super) false_segment: Option<Height>,
}

impl Opinions {
    pub(super) fn new(servers: usize) -> Self {
        Self {
            all: vec![Opinion::UNHEARD; servers],
            damaged: false,
            reorganised_at: None,
            false_segment: None,
        }
    }

    pub(super) fn of(&self, id: ServerId) -> Opinion {
        self.all.get(id.index()).copied().unwrap_or(Opinion::UNHEARD)
    }

    pub(super) fn all(&self) -> &[Opinion] {
        &self.all
    }

    pub(super) fn set(&mut self, id: ServerId, opinion: Opinion) {
        if let Some(known) = self.all.get_mut(id.index()) {
            *known = opinion;
        }
    }

    /// Changes how a server stands, and leaves what it last said.
    pub(super) fn stands(&mut self, id: ServerId, stand: Stand, now: Timestamp) {
        if let Some(known) = self.all.get_mut(id.index()) {
            known.stand = stand;
            known.at = Some(now);
        }
    }
}
