//! The ends of the branches that are not active, in memory and in the store alike: who may win when work grows, and
//! which bodies are worth having.

use std::collections::HashMap;

use vibecoin_consensus::fork_choice::ActiveTip;
use vibecoin_crypto::Hash;
use vibecoin_primitives::Work;
use vibecoin_storage::branches::{self, BranchEnd, EndKind};
use vibecoin_storage::{KeyValueRead, KeyValueWrite, StoreError};

/// Ends kept of each kind; each has cost its maker the work of a block.
pub(crate) const ENDS_MAX: usize = 1_024;

/// Ends of side branches that are not known to be invalid. A branch of which some bodies are missing has up to two:
/// where its headers end, and where its bodies do.
#[derive(Default)]
pub(crate) struct Sides {
    linked: HashMap<Hash, BranchEnd>,
    headers: HashMap<Hash, BranchEnd>,
}

impl Sides {
    /// Reads what the store knows.
    pub(crate) fn load(rows: &dyn KeyValueRead) -> Result<Self, StoreError> {
        Ok(Self {
            linked: branches::all(rows, EndKind::Linked)?.into_iter().collect(),
            headers: branches::all(rows, EndKind::Headers)?.into_iter().collect(),
        })
    }

    const fn ends(&mut self, kind: EndKind) -> &mut HashMap<Hash, BranchEnd> {
        match kind {
            EndKind::Linked => &mut self.linked,
            EndKind::Headers => &mut self.headers,
        }
    }

    /// A side branch has a new end.
    pub(crate) fn grow(
        &mut self,
        rows: &mut dyn KeyValueWrite,
        kind: EndKind,
        id: Hash,
        parent: &Hash,
        end: BranchEnd,
    ) {
        self.remove(rows, kind, parent);
        branches::put(rows, kind, &id, &end);
        self.ends(kind).insert(id, end);
    }

    /// A block is no end of a side branch any more.
    pub(crate) fn remove(&mut self, rows: &mut dyn KeyValueWrite, kind: EndKind, id: &Hash) {
        if self.ends(kind).remove(id).is_some() {
            branches::remove(rows, kind, id);
        }
    }

    /// A block is no end of either kind any more.
    pub(crate) fn remove_both(&mut self, rows: &mut dyn KeyValueWrite, id: &Hash) {
        self.remove(rows, EndKind::Linked, id);
        self.remove(rows, EndKind::Headers, id);
    }

    /// The end of the least work, when there are more than may be kept.
    pub(crate) fn superfluous(&self, kind: EndKind) -> Option<Hash> {
        let ends = match kind {
            EndKind::Linked => &self.linked,
            EndKind::Headers => &self.headers,
        };
        (ends.len() > ENDS_MAX).then(|| lightest(ends.iter())).flatten()
    }

    /// The end of the least work among those that lack bodies, but for the best of all if it outweighs the tip: that
    /// one is where the chain is going, however far it is, and its work was done.
    pub(crate) fn lightest_headers(&self, tip_work: Work) -> Option<Hash> {
        let best = best(self.headers.iter()).filter(|best| self.headers[best].work > tip_work);
        lightest(self.headers.iter().filter(|(id, _)| Some(**id) != best))
    }

    /// The branches that lack nothing.
    pub(crate) fn linked(&self) -> impl Iterator<Item = (&Hash, &BranchEnd)> {
        self.linked.iter()
    }

    /// The branches that lack bodies.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&Hash, &BranchEnd)> {
        self.headers.iter()
    }

    /// Whether some branch that lacks nothing has more work than this.
    pub(crate) fn any_above(&self, work: Work) -> bool {
        self.linked.values().any(|end| end.work > work)
    }

    /// The end of the branch that outweighs this tip, if there is one: the most work, then the first to come.
    pub(crate) fn heaviest_ahead(&self, tip: &ActiveTip) -> Option<Hash> {
        best(self.linked.iter().filter(|(_, end)| tip.is_outweighed_by(end.work)))
    }
}

/// The end with the most work; of equals the one that came first.
pub(crate) fn best<'a>(ends: impl Iterator<Item = (&'a Hash, &'a BranchEnd)>) -> Option<Hash> {
    ends.max_by_key(|(_, end)| (end.work, std::cmp::Reverse(end.arrival))).map(|(id, _)| *id)
}

fn lightest<'a>(ends: impl Iterator<Item = (&'a Hash, &'a BranchEnd)>) -> Option<Hash> {
    ends.min_by_key(|(_, end)| (end.work, std::cmp::Reverse(end.arrival))).map(|(id, _)| *id)
}
