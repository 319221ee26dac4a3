//! What a verified proof leaves in the hands of the client.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Header, Work};

use super::record::Linked;
use crate::history::Peaks;

/// A chain whose work is proven. Only [`super::verify`](super::verify()) makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    pub(super) tip: Linked,
    pub(super) work: Work,
    pub(super) peaks: Peaks,
    pub(super) before: Peaks,
    pub(super) recent: Vec<Linked>,
}

impl Proven {
    /// The tip: its header, its id and its leaf.
    #[must_use]
    pub const fn tip(&self) -> &Linked {
        &self.tip
    }

    /// The header of the tip.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.tip.header
    }

    /// The id of the tip.
    #[must_use]
    pub const fn id(&self) -> Hash {
        self.tip.id
    }

    /// The cumulative work, the tip's own included.
    #[must_use]
    pub const fn work(&self) -> Work {
        self.work
    }

    /// The peaks over all headers before the tip.
    #[must_use]
    pub const fn peaks(&self) -> &Peaks {
        &self.peaks
    }

    /// The last headers before the tip, oldest first, as many as were asked for or as there are.
    #[must_use]
    pub fn recent(&self) -> &[Linked] {
        &self.recent
    }

    /// The peaks over all headers before the oldest of [`Self::recent`].
    #[must_use]
    pub const fn before_recent(&self) -> &Peaks {
        &self.before
    }
}
