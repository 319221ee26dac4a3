//! Which branch is the chain: walking to another one, choosing, and marking what turned out invalid.

use std::collections::VecDeque;
use std::sync::Arc;

use vibecoin_consensus::BlockError;
use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;
use vibecoin_storage::blocks::{BlockMeta, BlockStatus};
use vibecoin_storage::{Durability, Overlay, StoreError, active, blocks};

use super::Chain;
use crate::branch::{Branch, path_from_active};
use crate::error::{Failure, Invalid, corrupt};
use crate::outcome::{TipChange, Verdict};
use crate::stages::BodyChecked;

impl Chain {
    /// The state of a stored block of any branch, in an overlay that nobody will commit.
    pub(super) fn branch_at(&self, id: &Hash) -> Result<Branch<'_>, Failure> {
        let (fork, path) = path_from_active(&*self.store, id)?;
        let mut branch = self.branch()?;
        self.walk(&mut branch, fork, &path).map_err(|(_, failure)| failure)?;
        Ok(branch)
    }

    /// Reverts down to the fork and puts the path on. The error names the block that failed.
    fn walk(
        &self,
        branch: &mut Branch<'_>,
        fork: Height,
        path: &[(Hash, BlockMeta)],
    ) -> Result<(), (Option<Hash>, Failure)> {
        let ours = |error: StoreError| (None, Failure::Store(error));
        for _ in 0..self.tip.height().saturating_since(fork) {
            branch.revert().map_err(ours)?;
        }
        for (id, record) in path {
            let block =
                BodyChecked::stored(&*self.store, *id, Arc::clone(&branch.tip().block)).map_err(ours)?;
            branch.connect(&block, record.arrival).map_err(|failure| (Some(*id), failure))?;
        }
        Ok(())
    }

    /// Asks the fork-choice rule until the tip stands.
    pub(super) fn choose(&mut self, changes: &mut Vec<TipChange>) -> Result<(), StoreError> {
        while let Some(winner) = self.rivals.winner(&self.tip.for_choice()) {
            let (fork, path) = path_from_active(&*self.store, &winner)?;
            let mut branch = self.branch()?;
            match self.walk(&mut branch, fork, &path) {
                Ok(()) => {
                    let change = branch.commit(&*self.store, self.arrivals)?;
                    self.moved(change, changes)?;
                }
                Err((_, Failure::Store(error))) => return Err(error),
                Err((at, Failure::Invalid(reason))) => {
                    let at = at.ok_or_else(|| corrupt("a block without a name is invalid"))?;
                    drop(branch);
                    self.condemn(at, &reason)?;
                }
            }
        }
        Ok(())
    }

    /// Takes note of a committed move of the tip.
    pub(super) fn moved(
        &mut self,
        change: TipChange,
        changes: &mut Vec<TipChange>,
    ) -> Result<(), StoreError> {
        for joined in &change.connected {
            self.rivals.remove(&joined.id);
        }
        if !change.reverted.is_empty() {
            // The old tip's branch is a rival now, with the work it had.
            let old = self.tip.id();
            let record =
                blocks::meta(&*self.store, &old)?.ok_or_else(|| corrupt("the old tip is missing"))?;
            self.rivals.grow(old, &record.parent, record.work, record.arrival);
            tracing::info!(
                depth = change.reverted.len(),
                from = %old,
                to = %change.tip.id(),
                "the chain reorganised"
            );
        }
        self.tip = Arc::clone(&change.tip);
        self.published.store(Arc::clone(&self.tip));
        changes.push(change);
        Ok(())
    }

    /// Marks a stored block and everything on it, and gives the branch below it back to the choice.
    fn condemn(&mut self, id: Hash, reason: &Invalid) -> Result<(), StoreError> {
        let mut rows = Overlay::new(&*self.store);
        let mut condemned = VecDeque::from([(id, reason.to_reason())]);
        while let Some((id, reason)) = condemned.pop_front() {
            let Some(mut record) = blocks::meta(&*self.store, &id)? else { continue };
            record.status = BlockStatus::Invalid { reason };
            blocks::put_meta(&mut rows, &id, &record);
            self.rivals.remove(&id);
            let inherited = BlockError::InvalidParent { parent: id }.to_string();
            condemned.extend(
                blocks::children(&*self.store, &id)?.into_iter().map(|child| (child, inherited.clone())),
            );
        }
        self.store.write(rows.into_batch(), Durability::Synced)?;
        let below = blocks::meta(&*self.store, &id)?.map(|record| record.parent).unwrap_or_default();
        if let Some(record) = blocks::meta(&*self.store, &below)?
            && active::height_of(&*self.store, &below)?.is_none()
        {
            self.rivals.grow(below, &record.parent, record.work, record.arrival);
        }
        Ok(())
    }

    /// What became of a block of a side branch after the choice.
    pub(super) fn verdict_on_side(&self, id: &Hash, changes: &[TipChange]) -> Result<Verdict, Failure> {
        if let Some(change) =
            changes.iter().find(|change| change.connected.iter().any(|joined| joined.id == *id))
        {
            return Ok(Verdict::Reorganised { depth: change.reverted.len() as u64 });
        }
        match blocks::meta(&*self.store, id)?.map(|record| record.status) {
            Some(BlockStatus::Invalid { reason }) => {
                Ok(Verdict::Invalid(Arc::new(Invalid::Remembered { reason })))
            }
            _ => Ok(Verdict::Side),
        }
    }

    /// Takes the highest `count` blocks off the active chain and marks them, so that they do not come back: a
    /// development network's way to an earlier state. The genesis stays.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn rewind(&mut self, count: u64) -> Result<Option<TipChange>, StoreError> {
        let count = count.min(self.tip.height().get());
        if count == 0 {
            return Ok(None);
        }
        let mut branch = self.branch()?;
        for _ in 0..count {
            branch.revert()?;
        }
        let change = branch.commit(&*self.store, self.arrivals)?;
        let mut changes = Vec::new();
        self.moved(change, &mut changes)?;
        let lowest = changes.first().and_then(|change| change.reverted.last()).map(|block| block.id);
        if let Some(lowest) = lowest {
            self.condemn(lowest, &Invalid::Remembered { reason: "DEV: taken back by its owner".to_owned() })?;
        }
        self.choose(&mut changes)?;
        Ok(changes.pop())
    }
}
