//! Many blocks at once: those that extend the tip one after the other share a synced batch, whether their headers
//! were known before or not.
//!
//! A sync costs more than the work on a small block. Nothing is acknowledged before the sync that covers it.

use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Timestamp};
use vibecoin_storage::blocks::BlockStatus;
use vibecoin_storage::{StoreError, blocks};

use super::Chain;
use crate::branch::Branch;
use crate::error::Failure;
use crate::ground::Ground;
use crate::orphans::Source;
use crate::outcome::{Report, Verdict};
use crate::stages::Sealed;

impl Chain {
    /// Takes in blocks of one's own in their order, as [`Chain::import`] does one by one, with the same verdicts. When
    /// this returns, all of it is on the disk. The moves of the tip are told with the last block that each of them
    /// connects.
    ///
    /// # Errors
    /// [`StoreError`] when this machine fails. What was committed before stays; nothing of it was acknowledged.
    pub fn import_group(
        &mut self,
        blocks: impl IntoIterator<Item = Block>,
        now: Timestamp,
    ) -> Result<Vec<Report>, StoreError> {
        self.import_run(blocks.into_iter().map(|block| (Source::Local, block)), now)
    }

    /// Takes in blocks of anybody's in their order, as [`Chain::import_from`] does one by one, with the same verdicts.
    /// When this returns, all of it is on the disk. The moves of the tip are told with the last block that each of
    /// them connects.
    ///
    /// # Errors
    /// [`StoreError`] when this machine fails. What was committed before stays; nothing of it was acknowledged.
    pub fn import_run(
        &mut self,
        blocks: impl IntoIterator<Item = (Source, Block)>,
        now: Timestamp,
    ) -> Result<Vec<Report>, StoreError> {
        self.now = now;
        let ground = self.ground.clone();
        let mut reports: Vec<Report> = Vec::new();
        let mut open: Option<Branch<'_>> = None;
        for (source, block) in blocks {
            let (id, block) = (block.id(), Arc::new(block));
            let branch = match open.take() {
                Some(branch) => branch,
                None => Branch::new(&ground, &self.tip)?,
            };
            let mut branch = branch;
            if self.joins(&ground, &mut branch, id, &block, now)? {
                self.arrivals += 1;
                reports.push(Report {
                    id,
                    verdict: Verdict::Extended,
                    settled: Vec::new(),
                    changes: Vec::new(),
                });
                if branch.is_large() {
                    self.finish(branch, &mut reports)?;
                } else {
                    open = Some(branch);
                }
            } else {
                // Anything else goes the ordinary way, from what is committed.
                self.finish(branch, &mut reports)?;
                reports.push(self.import_shared(source, id, block, now)?);
            }
        }
        if let Some(branch) = open {
            self.finish(branch, &mut reports)?;
        }
        Ok(reports)
    }

    /// Connects a block to the branch, if it is the plain case: new, or of a known header; on the branch's tip, valid,
    /// with nobody who waits for it and no rival that could win by it.
    fn joins(
        &mut self,
        ground: &Ground,
        branch: &mut Branch<'_>,
        id: Hash,
        block: &Arc<Block>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let parent = Arc::clone(&branch.tip().block);
        let may_be_plain = block.content.parent_id == parent.id
            && !self.orphans.is_awaited(&id)
            && !self.sides.any_above(parent.total_work());
        if !may_be_plain {
            return Ok(false);
        }
        let has_header = match blocks::meta(branch.rows(), &id)?.map(|record| record.status) {
            None => false,
            Some(BlockStatus::HeaderOnly) => true,
            Some(_) => return Ok(false),
        };
        let height = parent.header.height;
        let checked = Sealed::new(id, &block.header, &block.content).and_then(|sealed| match has_header {
            true => Ok(sealed.checked_before(parent)),
            false => sealed.check_header(ground, parent, now),
        });
        let Ok(header) = checked else { return Ok(false) };
        let extent = self.extent(&id, block.header.height, height)?;
        let Ok(body) = header.check_body(Arc::clone(block), extent, ground) else { return Ok(false) };
        match branch.connect(&body, self.arrivals) {
            Ok(()) => {
                self.headers_only -= u64::from(has_header);
                Ok(true)
            }
            Err(Failure::Invalid(_)) => Ok(false),
            Err(Failure::Store(error)) => Err(error),
        }
    }

    /// Commits what was gathered; the move is told with the last report.
    fn finish(&mut self, branch: Branch<'_>, reports: &mut [Report]) -> Result<(), StoreError> {
        if branch.has_moved() {
            let mut changes = Vec::new();
            let connected: Vec<Hash> = branch.connected().iter().map(|joined| joined.id).collect();
            self.commit(branch, None, &mut changes)?;
            for id in &connected {
                // A body may have come before those below it.
                self.link_children(id)?;
            }
            self.choose(&mut changes)?;
            if let Some(last) = reports.last_mut() {
                last.changes.append(&mut changes);
            }
        }
        Ok(())
    }
}
