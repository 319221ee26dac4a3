//! Headers in runs: those that stand on each other share a synced batch.
//!
//! A chain of headers is long before its first body comes. In a run the parent is at hand, and nothing is read back
//! that was just written.

use std::collections::HashMap;
use std::sync::Arc;

use vibecoin_consensus::Node;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Content, Header, Height, Timestamp};
use vibecoin_storage::blocks::{BlockMeta, BlockStatus};
use vibecoin_storage::branches::{BranchEnd, EndKind};
use vibecoin_storage::{Durability, Overlay, StoreError, blocks, meta};

use super::Chain;
use crate::branch::{put_history, record_of};
use crate::error::{Failure, corrupt};
use crate::outcome::{Report, Verdict};
use crate::stages::{HeaderChecked, Sealed};
use crate::tip::Parent;

/// Headers that one batch may hold: some megabytes of rows.
const RUN_MAX: usize = if cfg!(test) { 50 } else { 2_048 };

/// Headers that stand on each other and are not written yet.
struct Run<'a> {
    rows: Overlay<'a>,
    /// What the next header of the run has to stand on; `None` before the first.
    last: Option<Arc<Parent>>,
    /// What the first one stands on.
    below: Hash,
    /// The record of the last one.
    record: Option<BlockMeta>,
    /// The ids by height, for the far ancestors of those above.
    ids: HashMap<Height, Hash>,
}

impl<'a> Run<'a> {
    fn new(rows: Overlay<'a>) -> Self {
        Self { rows, last: None, below: Hash::ZERO, record: None, ids: HashMap::new() }
    }

    fn len(&self) -> usize {
        self.ids.len()
    }
}

impl Chain {
    /// Takes in headers in their order, as [`Chain::import_header`] does one by one, with the same verdicts; those
    /// that stand on each other are written together. When this returns, all of it is on the disk.
    ///
    /// # Errors
    /// [`StoreError`] when this machine fails; a header that breaks a rule is a verdict.
    pub fn import_headers(
        &mut self,
        headers: &[(Header, Content)],
        now: Timestamp,
    ) -> Result<Vec<Report>, StoreError> {
        self.now = now;
        let ground = self.ground.clone();
        let mut run = Run::new(ground.rows());
        let mut reports = Vec::with_capacity(headers.len());
        for (header, content) in headers {
            let id = header.id();
            if let Some(checked) = self.next_of_run(&run, id, header, content, now)? {
                self.add_to_run(&mut run, &checked)?;
                reports.push(Report {
                    id,
                    verdict: Verdict::Header,
                    settled: Vec::new(),
                    changes: Vec::new(),
                });
                if run.len() >= RUN_MAX {
                    self.write_run(std::mem::replace(&mut run, Run::new(ground.rows())))?;
                }
            } else {
                // Anything else goes the ordinary way, from what is written.
                self.write_run(std::mem::replace(&mut run, Run::new(ground.rows())))?;
                reports.push(self.import_header(header, content, now)?);
            }
        }
        self.write_run(run)?;
        Ok(reports)
    }

    /// The header, checked, if it is the plain case: new, on the last one of the run (or, as the first, on a stored
    /// block), valid, with nobody who waits for it.
    fn next_of_run(
        &self,
        run: &Run<'_>,
        id: Hash,
        header: &Header,
        content: &Content,
        now: Timestamp,
    ) -> Result<Option<HeaderChecked>, StoreError> {
        if self.orphans.is_awaited(&id) || blocks::contains(&*self.ground.store, &id)? {
            return Ok(None);
        }
        let Ok(sealed) = Sealed::new(id, header, content) else { return Ok(None) };
        let parent = match &run.last {
            Some(last) if last.id == sealed.parent_id() => Arc::clone(last),
            Some(_) => return Ok(None),
            None => match self.parent(&sealed) {
                Ok(Some(parent)) => parent,
                Ok(None) | Err(Failure::Invalid(_)) => return Ok(None),
                Err(Failure::Store(error)) => return Err(error),
            },
        };
        Ok(sealed.check_header(&self.ground, parent, now).ok())
    }

    /// Adds a header to the run, whose next one may stand on it.
    fn add_to_run(&mut self, run: &mut Run<'_>, checked: &HeaderChecked) -> Result<(), StoreError> {
        let (sealed, parent) = (checked.sealed(), checked.parent());
        let (id, header) = (sealed.id(), sealed.header());
        let skip = match run.ids.get(&blocks::skip_height(header.height)) {
            Some(skip) => *skip,
            // The way down leads over rows of the run, which only it can read.
            None => self.skip_of_run(run, &parent.id, header.height)?,
        };
        let status = BlockStatus::HeaderOnly;
        let record = record_of(header, sealed.content(), parent, status, self.arrivals, skip)?;
        blocks::put_header(&mut run.rows, &id, header, sealed.content(), &record);
        put_history(&mut run.rows, parent);
        self.arrivals += 1;
        self.headers_only += 1;
        if run.last.is_none() {
            run.below = parent.id;
        }
        let leaf = Node::leaf(header, id).map_err(|error| corrupt(&error.to_string()))?;
        let mut history = parent.history.clone();
        let completed = history.append(leaf).map_err(|error| corrupt(&error.to_string()))?;
        run.last = Some(Arc::new(Parent { id, header: *header, history, completed }));
        run.record = Some(record);
        run.ids.insert(header.height, id);
        Ok(())
    }

    fn skip_of_run(&self, run: &Run<'_>, parent: &Hash, height: Height) -> Result<Hash, StoreError> {
        let to = blocks::skip_height(height);
        let (id, _) = blocks::ancestor(&run.rows, parent, to)?
            .ok_or_else(|| corrupt("a parent stands higher than its child"))?;
        Ok(id)
    }

    /// Writes a run as one batch. Its last header is the new end of its branch.
    fn write_run(&mut self, mut run: Run<'_>) -> Result<(), StoreError> {
        let (Some(last), Some(record)) = (run.last, run.record) else { return Ok(()) };
        meta::set_arrivals(&mut run.rows, &self.arrivals);
        meta::set_headers_only(&mut run.rows, &self.headers_only);
        let end = BranchEnd { height: record.height, work: record.work, arrival: record.arrival };
        self.sides.grow(&mut run.rows, EndKind::Headers, last.id, &run.below, end);
        self.ground.store.write(run.rows.into_batch(), Durability::Synced)?;
        self.keep_to_bounds()
    }
}
