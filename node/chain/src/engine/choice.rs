//! Which branch is the chain: choosing, walking to another one, and marking what turned out invalid.

use std::collections::VecDeque;
use std::sync::Arc;

use vibecoin_consensus::BlockError;
use vibecoin_consensus::fork_choice::is_alarming;
use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;
use vibecoin_storage::blocks::BlockStatus;
use vibecoin_storage::branches::{BranchEnd, EndKind};
use vibecoin_storage::reorganisations::{self, Reorganisation};
use vibecoin_storage::{Durability, KeyValueRead, Overlay, StoreError, active, blocks, meta};

use super::{Chain, Progress};
use crate::branch::{Branch, fork_height, path_from_active};
use crate::error::{Failure, Invalid, corrupt};
use crate::outcome::{TipChange, Verdict};
use crate::policy::VerifyPoh;
use crate::sides::best;
use crate::stages::BodyChecked;

impl Chain {
    /// Asks the fork-choice rule until the tip stands.
    pub(super) fn choose(&mut self, changes: &mut Vec<TipChange>) -> Result<(), StoreError> {
        self.choose_watched(changes, &mut |_, _| {})
    }

    pub(super) fn choose_watched(
        &mut self,
        changes: &mut Vec<TipChange>,
        progress: Progress<'_>,
    ) -> Result<(), StoreError> {
        while let Some(winner) = self.winner()? {
            self.go_to(winner, changes, progress)?;
        }
        Ok(())
    }

    /// The end that replaces the tip, if there is one: what extends the tip always does (FRK-1), another branch when
    /// it is far enough ahead (FRK-2).
    fn winner(&mut self) -> Result<Option<Hash>, StoreError> {
        let (tip, height) = (self.tip.id(), self.tip.height());
        let mut extending = Vec::new();
        for (id, end) in self.sides.linked().filter(|(_, end)| end.height > height) {
            if blocks::ancestor(&*self.ground.store, id, height)?.is_some_and(|(below, _)| below == tip) {
                extending.push((id, end));
            }
        }
        match best(extending.into_iter()) {
            Some(extending) => Ok(Some(extending)),
            None if self.assumed.is_some() => self.rival_above_floor(),
            None => Ok(self.sides.heaviest_ahead(&self.tip.for_choice())),
        }
    }

    /// The branch that outweighs the tip and leaves the active chain no lower than where its history begins. One that
    /// leaves it lower cannot be followed before the history is there, and is cause for alarm: it is deeper than a
    /// state is taken over from.
    fn rival_above_floor(&mut self) -> Result<Option<Hash>, StoreError> {
        let (tip, floor) = (self.tip.for_choice(), self.floor()?);
        let mut ahead: Vec<_> = self
            .sides
            .linked()
            .filter(|(_, end)| tip.is_outweighed_by(end.work))
            .map(|(id, end)| (*id, *end))
            .collect();
        while let Some(rival) = best(ahead.iter().map(|(id, end)| (id, end))) {
            if fork_height(&*self.ground.store, &rival)? >= floor {
                return Ok(Some(rival));
            }
            if self.refused != Some(rival) {
                tracing::error!(%rival, %floor, "a heavier branch leaves the chain where its history is missing");
                self.refused = Some(rival);
            }
            ahead.retain(|(id, _)| *id != rival);
        }
        Ok(None)
    }

    /// Makes a stored block the tip: the tip's branch off down to the fork, and the other one on. When a block of it
    /// proves invalid, that is marked, and the tip is the one from before.
    fn go_to(
        &mut self,
        end: Hash,
        changes: &mut Vec<TipChange>,
        progress: Progress<'_>,
    ) -> Result<(), StoreError> {
        let before = Arc::clone(&self.tip);
        match self.walk(end, changes, progress) {
            Ok(()) => Ok(()),
            Err((_, Failure::Store(error))) => Err(error),
            Err((at, Failure::Invalid(reason))) => {
                let at = at.ok_or_else(|| corrupt("a block without a name is invalid"))?;
                self.condemn(at, &reason)?;
                // Of a very long way a part may be committed. What was the tip has been executed before.
                if self.tip.id() != before.id()
                    && active::height_of(&*self.ground.store, &before.id())?.is_none()
                {
                    self.walk(before.id(), changes, progress)
                        .map_err(|_| corrupt("the way back to the tip is gone"))?;
                }
                Ok(())
            }
        }
    }

    /// The way to a stored block. It is one batch, and thus all or nothing, unless it is so long that memory is at
    /// stake: then every batch ends at a block. The error names the block that failed.
    fn walk(
        &mut self,
        end: Hash,
        changes: &mut Vec<TipChange>,
        progress: Progress<'_>,
    ) -> Result<(), (Option<Hash>, Failure)> {
        let ours = |error: StoreError| (None, Failure::Store(error));
        let ground = self.ground.clone();
        let (from, start) = (self.tip.id(), self.tip.height());
        let (fork_height, path) = path_from_active(&*ground.store, &end).map_err(ours)?;
        let reverted = start.saturating_since(fork_height);
        self.make_undo_records(fork_height, start, progress).map_err(ours)?;
        let verify_all = match ground.policy.verify_poh {
            VerifyPoh::Full => true,
            VerifyPoh::Recent { full_depth } => reverted > full_depth,
        };
        let top = Height::new(fork_height.get().saturating_add(path.len() as u64));

        let mut branch = Branch::new(&ground, &self.tip).map_err(ours)?;
        while branch.tip().height() > fork_height {
            branch.revert().map_err(ours)?;
            if branch.is_large() {
                self.commit(branch, None, changes).map_err(ours)?;
                branch = Branch::new(&ground, &self.tip).map_err(ours)?;
            }
        }
        for id in &path {
            let parent = Arc::clone(&branch.tip().block);
            let record = blocks::meta(branch.rows(), id).map_err(ours)?;
            let record = record.ok_or_else(|| ours(corrupt("a block of a branch has no record")))?;
            let mut block = BodyChecked::stored(branch.rows(), *id, &record, parent).map_err(ours)?;
            let connected = match verify_all {
                true => block.verify_in_full(self.draw(id), &ground).map_err(Failure::from),
                false => Ok(()),
            }
            .and_then(|()| branch.connect(&block, record.arrival));
            connected.map_err(|failure| (Some(*id), failure))?;
            progress(branch.tip().height(), top);
            if branch.is_large() && id != &end {
                self.commit(branch, None, changes).map_err(ours)?;
                branch = Branch::new(&ground, &self.tip).map_err(ours)?;
            }
        }
        let reorganisation = (reverted > 0).then_some(Reorganisation {
            time: self.now,
            fork_height,
            from,
            to: end,
            reverted,
            connected: path.len() as u64,
        });
        self.commit(branch, reorganisation, changes).map_err(ours)
    }

    /// Executes a block beside the active chain, on the state of its own branch, in rows that nobody will commit.
    pub(super) fn execute_aside(&mut self, block: &BodyChecked) -> Result<(), Failure> {
        let ground = self.ground.clone();
        let (fork_height, path) = path_from_active(&*ground.store, &block.parent().id)?;
        self.make_undo_records(fork_height, self.tip.height(), &mut |_, _| {})?;
        let mut branch = Branch::new(&ground, &self.tip)?;
        while branch.tip().height() > fork_height {
            branch.revert()?;
        }
        for id in &path {
            let record = blocks::meta(branch.rows(), id)?
                .ok_or_else(|| corrupt("a block of a branch has no record"))?;
            let parent = Arc::clone(&branch.tip().block);
            let below = BodyChecked::stored(branch.rows(), *id, &record, parent)?;
            branch.connect(&below, record.arrival)?;
        }
        branch.connect(block, self.arrivals)
    }

    /// Executes a stored block beside the active chain, and keeps the verdict.
    pub(super) fn execute_stored(&mut self, id: &Hash) -> Result<(), StoreError> {
        let store = Arc::clone(&self.ground.store);
        let Some(mut record) = blocks::meta(&*store, id)? else { return Ok(()) };
        let parent_record =
            blocks::meta(&*store, &record.parent)?.ok_or_else(|| corrupt("a parent has no record"))?;
        let parent = crate::tip::Parent::load(&*store, &record.parent, &parent_record)?;
        let block = BodyChecked::stored(&*store, *id, &record, Arc::new(parent))?;
        if fork_height(&*store, id)? < self.floor()? {
            return Ok(());
        }
        match self.execute_aside(&block) {
            Ok(()) => {
                record.status = BlockStatus::Valid;
                let mut rows = Overlay::new(&*store);
                blocks::put_meta(&mut rows, id, &record);
                store.write(rows.into_batch(), Durability::Buffered)
            }
            Err(Failure::Invalid(reason)) => self.condemn(*id, &reason),
            Err(Failure::Store(error)) => Err(error),
        }
    }

    /// Commits a branch, keeps the list of ends in step with it, and tells of it.
    pub(super) fn commit(
        &mut self,
        branch: Branch<'_>,
        reorganisation: Option<Reorganisation>,
        changes: &mut Vec<TipChange>,
    ) -> Result<(), StoreError> {
        let (old, headers_only) = (self.tip.id(), self.headers_only);
        let sides = &mut self.sides;
        let mut change = branch.commit(self.arrivals, |rows, reverted, connected| {
            for joined in connected {
                sides.remove_both(rows, &joined.id);
            }
            if !reverted.is_empty() && !has_linked_child(rows, &old)? {
                // The old tip's branch is a rival now, with the work it had. (In the middle of a long way what was
                // the tip is only a block of that branch.)
                let record = blocks::meta(rows, &old)?.ok_or_else(|| corrupt("the old tip is missing"))?;
                let end = BranchEnd { height: record.height, work: record.work, arrival: record.arrival };
                sides.grow(rows, EndKind::Linked, old, &record.parent, end);
            }
            if let Some(record) = &reorganisation {
                reorganisations::append(rows, record)?;
            }
            meta::set_headers_only(rows, &headers_only);
            Ok(())
        })?;
        change.reorganisation = reorganisation;
        if let Some(Reorganisation { reverted, from, to, .. }) = &change.reorganisation {
            if is_alarming(*reverted) {
                tracing::error!(depth = reverted, %from, %to, "the chain reorganised very deeply");
            } else {
                tracing::info!(depth = reverted, %from, %to, "the chain reorganised");
            }
        }
        self.tip = Arc::clone(&change.tip);
        self.published.store(Arc::clone(&self.tip));
        changes.push(change);
        Ok(())
    }

    /// Marks a stored block and everything on it, and gives the branch below it back to the choice.
    pub(super) fn condemn(&mut self, id: Hash, reason: &Invalid) -> Result<(), StoreError> {
        let store = Arc::clone(&self.ground.store);
        let mut rows = Overlay::new(&*store);
        let mut condemned = VecDeque::from([(id, reason.to_reason())]);
        while let Some((id, reason)) = condemned.pop_front() {
            let Some(mut record) = blocks::meta(&*store, &id)? else { continue };
            self.headers_only -= u64::from(record.status == BlockStatus::HeaderOnly);
            record.status = BlockStatus::Invalid { reason };
            blocks::put_meta(&mut rows, &id, &record);
            self.sides.remove_both(&mut rows, &id);
            let inherited = BlockError::InvalidParent { parent: id }.to_string();
            condemned
                .extend(blocks::children(&*store, &id)?.into_iter().map(|child| (child, inherited.clone())));
        }
        let below = blocks::meta(&*store, &id)?.map(|record| record.parent).unwrap_or_default();
        if let Some(record) = blocks::meta(&*store, &below)?
            && active::height_of(&*store, &below)?.is_none()
        {
            self.note_side(&mut rows, below, &record, false);
        }
        meta::set_headers_only(&mut rows, &self.headers_only);
        store.write(rows.into_batch(), Durability::Synced)
    }

    /// What became of a block of a side branch after the choice.
    pub(super) fn verdict_on_side(&self, id: &Hash, changes: &[TipChange]) -> Result<Verdict, Failure> {
        let joins = |change: &TipChange| change.connected.iter().any(|joined| joined.id == *id);
        if let Some(at) = changes.iter().rposition(joins) {
            // A long way is told in several changes, of which the last has the record.
            let before = changes[..at].iter().rposition(|change| change.reorganisation.is_some());
            let of_this = &changes[before.map_or(0, |last| last + 1)..=at];
            let depth = of_this.iter().map(|change| change.reverted.len() as u64).sum();
            return Ok(if depth == 0 { Verdict::Extended } else { Verdict::Reorganised { depth } });
        }
        match blocks::meta(&*self.ground.store, id)?.map(|record| record.status) {
            Some(BlockStatus::Invalid { reason }) => {
                Ok(Verdict::Invalid(Arc::new(Invalid::Remembered { reason })))
            }
            _ => Ok(Verdict::Side),
        }
    }

    /// Takes the highest `count` blocks off the active chain and marks them, so that they do not come back: a
    /// development network's way to an earlier state. The genesis stays, and so does what has no history here.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn rewind(&mut self, count: u64) -> Result<Option<TipChange>, StoreError> {
        let count = count.min(self.tip.height().saturating_since(self.floor()?));
        if count == 0 {
            return Ok(None);
        }
        let ground = self.ground.clone();
        let start = self.tip.height();
        let fork_height = Height::new(start.get() - count);
        self.make_undo_records(fork_height, start, &mut |_, _| {})?;
        let mut branch = Branch::new(&ground, &self.tip)?;
        while branch.tip().height() > fork_height {
            branch.revert()?;
        }
        let mut changes = Vec::new();
        self.commit(branch, None, &mut changes)?;
        let lowest = changes.first().and_then(|change| change.reverted.last()).map(|block| block.id);
        if let Some(lowest) = lowest {
            self.condemn(lowest, &Invalid::Remembered { reason: "DEV: taken back by its owner".to_owned() })?;
        }
        self.choose(&mut changes)?;
        Ok(changes.pop())
    }
}

/// Whether a block stands on this one that could be executed.
fn has_linked_child(rows: &dyn KeyValueRead, id: &Hash) -> Result<bool, StoreError> {
    for child in blocks::children(rows, id)? {
        if blocks::meta(rows, &child)?.is_some_and(|record| record.status.is_linked()) {
            return Ok(true);
        }
    }
    Ok(false)
}
