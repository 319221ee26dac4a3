//! The ends of the branches that are not active: who may win when work grows.

use std::collections::HashMap;

use vibecoin_consensus::fork_choice::{ActiveTip, SIDE_BRANCH_DEPTH_MAX};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Work};
use vibecoin_storage::blocks::{self, BlockStatus};
use vibecoin_storage::{KeyValueRead, StoreError, active};

/// Ends kept in mind; each has cost its maker the work of a block.
const RIVALS_MAX: usize = 1_024;

#[derive(Clone, Copy, Debug)]
struct Rival {
    work: Work,
    arrival: u64,
}

/// Ends of side branches that are not known to be invalid.
#[derive(Default)]
pub(crate) struct Rivals(HashMap<Hash, Rival>);

impl Rivals {
    /// Finds the ends of the stored side branches that reach up to within reach of the tip.
    pub(crate) fn load(rows: &dyn KeyValueRead, tip: Height) -> Result<Self, StoreError> {
        let mut rivals = Self::default();
        let Some(top) = blocks::greatest_height(rows)? else { return Ok(rivals) };
        for number in tip.get().saturating_sub(SIDE_BRANCH_DEPTH_MAX)..=top.get() {
            let height = Height::new(number);
            let active = active::at(rows, height)?.map(|block| block.id);
            for id in blocks::at_height(rows, height)?.into_iter().filter(|id| Some(*id) != active) {
                let Some(meta) = blocks::meta(rows, &id)? else { continue };
                if !matches!(meta.status, BlockStatus::Invalid { .. }) {
                    rivals.grow(id, &meta.parent, meta.work, meta.arrival);
                }
            }
        }
        Ok(rivals)
    }

    /// A side branch has a new end.
    pub(crate) fn grow(&mut self, id: Hash, parent: &Hash, work: Work, arrival: u64) {
        self.0.remove(parent);
        self.0.insert(id, Rival { work, arrival });
        if self.0.len() > RIVALS_MAX
            && let Some(lightest) = self.0.iter().min_by_key(|(_, rival)| rival.work).map(|(id, _)| *id)
        {
            self.0.remove(&lightest);
        }
    }

    /// A block is no end of a side branch any more.
    pub(crate) fn remove(&mut self, id: &Hash) {
        self.0.remove(id);
    }

    /// The end of the branch that replaces this tip, if there is one: the most work, then the first to come.
    pub(crate) fn winner(&self, tip: &ActiveTip) -> Option<Hash> {
        let ahead = self.0.iter().filter(|(_, rival)| tip.is_outweighed_by(rival.work));
        ahead.max_by_key(|(_, rival)| (rival.work, std::cmp::Reverse(rival.arrival))).map(|(id, _)| *id)
    }
}
