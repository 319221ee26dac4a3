//! Undo records that were dropped, made again: the chain is replayed in a scratch store up to where the kept ones
//! begin.
//!
//! A reorganisation that deep has not been seen on any network that deserves the name; it is slow, and right.

use std::sync::Arc;

use vibecoin_consensus::genesis;
use vibecoin_primitives::Height;
use vibecoin_storage::state::StateTree;
use vibecoin_storage::{Batch, Durability, Overlay, StoreError, active, blocks, meta, undo};

use super::{Chain, Progress, opening};
use crate::branch::Branch;
use crate::error::{Failure, OpenError, corrupt};
use crate::ground::Ground;
use crate::policy::Policy;
use crate::stages::BodyChecked;

impl Chain {
    /// Sees to it that every active block from above `fork_height` up to `top` can be undone.
    pub(super) fn make_undo_records(
        &self,
        fork_height: Height,
        top: Height,
        progress: Progress<'_>,
    ) -> Result<(), StoreError> {
        let store = &*self.ground.store;
        let pruned_to = meta::undo_pruned_to(store)?.unwrap_or_default().min(top);
        let first = Height::new(fork_height.get().saturating_add(1));
        if pruned_to <= first {
            return Ok(());
        }
        tracing::warn!(%fork_height, %pruned_to, "undo records are made again by a replay");
        let scratch = store.scratch()?;
        let policy = Policy { undo_window: u64::MAX, ticks_window: None, ..self.ground.policy };
        let state = StateTree::new(policy.state_cache_bytes, None);
        let spec = Arc::clone(&self.ground.spec);
        let tip =
            opening::write_genesis(&*scratch, &spec, &state, &genesis(&spec)).map_err(
                |error| match error {
                    OpenError::Store(error) => error,
                    error => corrupt(&error.to_string()),
                },
            )?;
        let ground = Ground { store: scratch, state, times: Arc::default(), policy, ..self.ground.clone() };
        let mut tip = Arc::new(tip);
        let mut branch = Branch::new(&ground, &tip)?;
        for number in 1..pruned_to.get() {
            let height = Height::new(number);
            let id = active::at(store, height)?
                .ok_or_else(|| corrupt("a height of the active chain is missing"))?
                .id;
            let record = blocks::meta(store, &id)?
                .ok_or_else(|| corrupt("a block of the active chain has no record"))?;
            let block = BodyChecked::stored(store, id, &record, Arc::clone(&branch.tip().block))?;
            let block = block.into_new();
            branch.connect(&block, record.arrival).map_err(|failure| match failure {
                Failure::Store(error) => error,
                Failure::Invalid(reason) => corrupt(&format!("active block {id}: {reason}")),
            })?;
            let last = height.next().is_none_or(|next| next >= pruned_to);
            if branch.is_large() || last {
                self.keep_undo_records(&branch, first)?;
                tip = branch.commit(0, |_, _, _| Ok(()))?.tip;
                branch = Branch::new(&ground, &tip)?;
                progress(height, pruned_to);
            }
        }
        let mut rows = Overlay::new(store);
        meta::set_undo_pruned_to(&mut rows, &first);
        store.write(rows.into_batch(), Durability::Synced)
    }

    /// Copies the undo records of what a replay has just connected, from a height on.
    fn keep_undo_records(&self, replayed: &Branch<'_>, from: Height) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        for joined in replayed.connected().iter().filter(|joined| joined.block.header.height >= from) {
            let record = undo::get(replayed.rows(), &joined.id)?
                .ok_or_else(|| corrupt("a replay left no undo record"))?;
            undo::put(&mut batch, &joined.id, &record);
        }
        self.ground.store.write(batch, Durability::Buffered)
    }
}
