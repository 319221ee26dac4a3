//! What of the branches beside the active one is kept, and how closely it is looked at (FRK-3).
//!
//! Blocks beside old heights are cheap to make where the difficulty was low; without bounds they would cost their
//! makers nothing and this node its disk.

use std::collections::VecDeque;
use std::sync::Arc;

use vibecoin_consensus::{fork_choice, pow};
use vibecoin_crypto::{Hash, sha256};
use vibecoin_primitives::Height;
use vibecoin_storage::blocks::{BlockMeta, BlockStatus};
use vibecoin_storage::branches::{BranchEnd, EndKind};
use vibecoin_storage::{Durability, KeyValueWrite, Overlay, StoreError, blocks, meta};

use super::Chain;
use crate::branch::fork_height;
use crate::error::corrupt;
use crate::orphans::Source;
use crate::policy::{SideBranches, VerifyPoh};
use crate::sides::best;
use crate::stages::{Extent, HeaderChecked};
use crate::view::keeps;

/// Where a block beside the active chain stands.
pub(super) struct Place {
    /// The last height that its branch shares with the active chain.
    pub(super) fork_height: Height,
    /// Whether its body is taken.
    pub(super) is_wanted: bool,
}

impl Chain {
    /// Where a header stands, and whether its body is wanted from this source. `is_stored` says that headers may stand
    /// on it.
    pub(super) fn place(
        &self,
        source: Source,
        header: &HeaderChecked,
        is_stored: bool,
    ) -> Result<Place, StoreError> {
        let (store, sealed) = (&*self.ground.store, header.sealed());
        let fork_height = fork_height(store, &header.parent().id)?;
        if source == Source::Local {
            return Ok(Place { fork_height, is_wanted: true });
        }
        let own = pow::work(sealed.header().bits).map_err(|error| corrupt(&error.to_string()))?;
        let total_work = header.parent().total_work().checked_add(own);
        let total_work = total_work.ok_or_else(|| corrupt("the work is above u128"))?;
        let (tip, height) = (self.tip.for_choice(), sealed.header().height);
        let branch = fork_choice::Branch { fork_height, total_work };
        let mut is_wanted = keeps(store, &tip, &branch, height)?;
        if !is_wanted && is_stored {
            is_wanted = self.is_below_a_wanted_end(&sealed.id(), height)?;
        }
        Ok(Place { fork_height, is_wanted })
    }

    /// Whether a stored header belongs to a branch whose end says that its bodies are wanted.
    fn is_below_a_wanted_end(&self, id: &Hash, height: Height) -> Result<bool, StoreError> {
        let (store, tip) = (&*self.ground.store, self.tip.for_choice());
        for (end, record) in self.sides.headers().filter(|(_, record)| record.height > height) {
            if blocks::ancestor(store, end, height)?.is_some_and(|(ancestor, _)| ancestor == *id) {
                let branch =
                    fork_choice::Branch { fork_height: fork_height(store, end)?, total_work: record.work };
                if keeps(store, &tip, &branch, record.height)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// How much of a block's segment is verified: a sample where the block lies deep below the best header, and its
    /// branch leaves the active chain near its tip.
    pub(super) fn extent(
        &self,
        id: &Hash,
        height: Height,
        fork_height: Height,
    ) -> Result<Extent, StoreError> {
        let seed = self.draw(id);
        let VerifyPoh::Recent { full_depth } = self.ground.policy.verify_poh else {
            return Ok(Extent::Full { seed });
        };
        if self.tip.height().saturating_since(fork_height) > full_depth {
            return Ok(Extent::Full { seed });
        }
        let tip_work = self.tip.block.total_work();
        let ahead = self.sides.headers().filter(|(_, end)| end.work > tip_work);
        let Some(end) = best(ahead) else { return Ok(Extent::Full { seed }) };
        let store = &*self.ground.store;
        let top = blocks::meta(store, &end)?.map(|record| record.height).unwrap_or_default();
        let is_buried = top.saturating_since(height) > full_depth
            && blocks::ancestor(store, &end, height)?.is_some_and(|(ancestor, _)| ancestor == *id);
        Ok(if is_buried { Extent::Sample { seed } } else { Extent::Full { seed } })
    }

    /// A number for this block that nobody else can foresee.
    pub(super) fn draw(&self, id: &Hash) -> u64 {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.secret);
        bytes[32..].copy_from_slice(id.as_bytes());
        let drawn = sha256(&bytes);
        u64::from_le_bytes(*drawn.as_bytes().first_chunk().expect("a hash has 32 bytes"))
    }

    /// Enters a stored block of a side branch among the ends. An unlinked one that was known as a header stands in
    /// its branch already.
    pub(super) fn note_side(
        &mut self,
        rows: &mut dyn KeyValueWrite,
        id: Hash,
        record: &BlockMeta,
        known: bool,
    ) {
        let end = BranchEnd { height: record.height, work: record.work, arrival: record.arrival };
        match record.status {
            BlockStatus::Unexecuted | BlockStatus::Valid => {
                self.sides.remove(rows, EndKind::Headers, &id);
                self.sides.grow(rows, EndKind::Linked, id, &record.parent, end);
            }
            BlockStatus::Unlinked if known => {}
            BlockStatus::HeaderOnly | BlockStatus::Unlinked => {
                self.sides.grow(rows, EndKind::Headers, id, &record.parent, end);
            }
            BlockStatus::Invalid { .. } => {}
        }
    }

    /// A block has all its ancestors' bodies now: so do those on it whose own bodies came before.
    pub(super) fn link_children(&mut self, id: &Hash) -> Result<(), StoreError> {
        let store = Arc::clone(&self.ground.store);
        let mut parents = VecDeque::from([*id]);
        while let Some(parent) = parents.pop_front() {
            for child in blocks::children(&*store, &parent)? {
                let Some(mut record) = blocks::meta(&*store, &child)? else { continue };
                if record.status != BlockStatus::Unlinked {
                    continue;
                }
                record.status = BlockStatus::Unexecuted;
                let mut rows = Overlay::new(&*store);
                blocks::put_meta(&mut rows, &child, &record);
                self.note_side(&mut rows, child, &record, true);
                store.write(rows.into_batch(), Durability::Buffered)?;
                if self.ground.policy.side_branches == SideBranches::Execute {
                    self.execute_stored(&child)?;
                }
                parents.push_back(child);
            }
        }
        Ok(())
    }

    /// Drops the lightest of what is beyond the bounds.
    pub(super) fn keep_to_bounds(&mut self) -> Result<(), StoreError> {
        while let Some(end) = self.sides.superfluous(EndKind::Linked) {
            let store = Arc::clone(&self.ground.store);
            let mut rows = Overlay::new(&*store);
            self.sides.remove(&mut rows, EndKind::Linked, &end);
            store.write(rows.into_batch(), Durability::Buffered)?;
        }
        while let Some(end) = self.sides.superfluous(EndKind::Headers) {
            self.drop_headers(&end)?;
        }
        while self.headers_only > self.ground.policy.headers_max
            && let Some(end) = self.sides.lightest_headers(self.tip.block.total_work())
        {
            self.drop_headers(&end)?;
        }
        Ok(())
    }

    /// Forgets a branch that lacks bodies, from its end down to where others stand on it, or to what lacks nothing.
    fn drop_headers(&mut self, end: &Hash) -> Result<(), StoreError> {
        let store = Arc::clone(&self.ground.store);
        let mut rows = Overlay::new(&*store);
        self.sides.remove(&mut rows, EndKind::Headers, end);
        let mut next = Some(*end);
        while let Some(id) = next.take() {
            let Some(record) = blocks::meta(&rows, &id)? else { break };
            let lacks = matches!(record.status, BlockStatus::HeaderOnly | BlockStatus::Unlinked);
            if !lacks || !blocks::children(&rows, &id)?.is_empty() {
                break;
            }
            blocks::remove(&mut rows, &id, &record);
            self.headers_only -= u64::from(record.status == BlockStatus::HeaderOnly);
            next = Some(record.parent);
        }
        meta::set_headers_only(&mut rows, &self.headers_only);
        store.write(rows.into_batch(), Durability::Buffered)
    }
}
