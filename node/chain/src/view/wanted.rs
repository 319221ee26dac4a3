//! Where the chain is going: the best header, and the bodies on the way to it.

use std::cmp::Reverse;
use std::collections::HashSet;

use vibecoin_consensus::fork_choice;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Work};
use vibecoin_storage::blocks::BlockStatus;
use vibecoin_storage::branches::{self, EndKind};
use vibecoin_storage::{StoreError, blocks};

use super::{View, keeps};
use crate::branch::fork_height;
use crate::error::corrupt;
use crate::sides::best;

/// Records read between two steps of a search for missing bodies.
const STRIDE_MIN: usize = 64;
/// The most of them, so that a search holds little at once.
const STRIDE_MAX: usize = 2_048;

impl View {
    /// The best header that is known, with its height and the work of its chain: where the chain will stand when the
    /// bodies that are missing have come. The tip itself if nothing has more work.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn best_header(&self) -> Result<(Hash, Height, Work), StoreError> {
        let tip = (self.tip.id(), self.tip.height(), self.tip.block.total_work());
        let headers = branches::all(&*self.rows, EndKind::Headers)?;
        let best = best(headers.iter().map(|(id, end)| (id, end)).filter(|(_, end)| end.work > tip.2));
        Ok(best
            .and_then(|best| headers.into_iter().find(|(id, _)| *id == best))
            .map_or(tip, |(id, end)| (id, end.height, end.work)))
    }

    /// At most `limit` blocks whose headers are known and whose bodies are worth having (FRK-3), those of the
    /// heaviest branch first and the lowest of it first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn wanted_bodies(&self, limit: usize) -> Result<Vec<Hash>, StoreError> {
        self.wanted_bodies_above(Height::GENESIS, limit)
    }

    /// The same of the blocks above a height: whoever has asked for the bodies up to there goes on from there, at a
    /// cost that grows with `limit` and with the bodies that came out of order, not with the way to the best header.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn wanted_bodies_above(&self, above: Height, limit: usize) -> Result<Vec<Hash>, StoreError> {
        let mut ends = branches::all(&*self.rows, EndKind::Headers)?;
        ends.sort_by_key(|(_, end)| (Reverse(end.work), end.arrival));
        let tip = self.tip.for_choice();
        let mut wanted = Wanted { limit, ids: Vec::new(), seen: HashSet::new() };
        for (id, end) in ends {
            if wanted.is_full() {
                break;
            }
            if end.height <= above {
                continue;
            }
            let fork_height = self.fork_of(&id)?;
            let branch = fork_choice::Branch { fork_height, total_work: end.work };
            if keeps(&*self.rows, &tip, &branch, end.height)? {
                self.add_wanted(&id, end.height, fork_height.max(above), &mut wanted)?;
            }
        }
        Ok(wanted.ids)
    }

    /// What is missing of the chain of a block above a height, the lowest first.
    pub(super) fn missing_bodies(
        &self,
        end: &Hash,
        top: Height,
        above: Height,
        limit: usize,
    ) -> Result<Vec<Hash>, StoreError> {
        let mut wanted = Wanted { limit, ids: Vec::new(), seen: HashSet::new() };
        self.add_wanted(end, top, above, &mut wanted)?;
        Ok(wanted.ids)
    }

    /// The last height that a branch shares with the active chain: the tip's, most often.
    fn fork_of(&self, id: &Hash) -> Result<Height, StoreError> {
        let at_tip = blocks::ancestor(&*self.rows, id, self.tip.height())?;
        if at_tip.is_some_and(|(ancestor, _)| ancestor == self.tip.id()) {
            return Ok(self.tip.height());
        }
        fork_height(&*self.rows, id)
    }

    /// Adds what is missing of a branch above a height, the lowest first: stride by stride upwards, and within each
    /// downwards from parent to parent.
    fn add_wanted(
        &self,
        end: &Hash,
        top: Height,
        above: Height,
        wanted: &mut Wanted,
    ) -> Result<(), StoreError> {
        let mut below = above;
        while below < top && !wanted.is_full() {
            let stride = (wanted.limit - wanted.ids.len()).clamp(STRIDE_MIN, STRIDE_MAX) as u64;
            let high = Height::new(below.get().saturating_add(stride)).min(top);
            let (first, _) = blocks::ancestor(&*self.rows, end, high)?
                .ok_or_else(|| corrupt("a branch does not reach up to its own end"))?;
            let mut missing = Vec::new();
            for step in blocks::ancestors(&*self.rows, &first) {
                let (id, record) = step?;
                if record.height <= below {
                    break;
                }
                if record.status == BlockStatus::HeaderOnly {
                    missing.push(id);
                }
            }
            wanted.add(missing.into_iter().rev());
            below = high;
        }
        Ok(())
    }
}

/// Blocks, each once, up to a number.
struct Wanted {
    limit: usize,
    ids: Vec<Hash>,
    seen: HashSet<Hash>,
}

impl Wanted {
    const fn is_full(&self) -> bool {
        self.ids.len() >= self.limit
    }

    fn add(&mut self, ids: impl Iterator<Item = Hash>) {
        for id in ids {
            if !self.is_full() && self.seen.insert(id) {
                self.ids.push(id);
            }
        }
    }
}
