//! The history under a state that was taken over: bodies that come later, in any order, and their execution from the
//! genesis on, beside the active chain.
//!
//! The replay has a chain and a state of its own in the same store ([`vibecoin_storage::replay`]); what follows from
//! the blocks it writes where it belongs. When it comes to the block of the state, that has been proven, and nothing
//! is left that tells this node from one that executed everything. A block that proves invalid says that the state was
//! a lie with the most work on it: then nothing here can be believed, and the node stops.

use std::sync::Arc;

use vibecoin_consensus::genesis;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Height};
use vibecoin_storage::blocks::{BlockMeta, BlockStatus};
use vibecoin_storage::meta::{Assumed, ForgedHistory};
use vibecoin_storage::replay::ReplayStore;
use vibecoin_storage::state::StateTree;
use vibecoin_storage::{Durability, KeyValueStore, Overlay, StoreError, active, blocks, meta, poh};

use super::{Chain, opening};
use crate::branch::{Branch, fork_height};
use crate::error::{Failure, Invalid, OpenError, corrupt};
use crate::ground::Ground;
use crate::outcome::{HistoryReport, TipChange, Verdict};
use crate::policy::{Policy, VerifyPoh};
use crate::stages::{BodyChecked, Extent, Sealed};
use crate::tip::Tip;

/// States that a replay keeps: more than stand in one batch are of no use to it.
const STATE_WINDOW: u64 = 64;
/// Memory for nodes of its state, in bytes: the chain above has the better use for more.
const STATE_CACHE_BYTES_MAX: u64 = 32 << 20;

/// The second chain.
pub(super) struct Replay {
    ground: Ground,
    tip: Arc<Tip>,
}

impl Replay {
    /// Begins, or goes on where the last one ended.
    fn open(ground: &Ground, assumed: &Assumed) -> Result<Self, StoreError> {
        let store: Arc<dyn KeyValueStore> =
            Arc::new(ReplayStore::new(Arc::clone(&ground.store), assumed.height));
        let policy = Policy {
            state_window: Some(STATE_WINDOW),
            ticks_window: None,
            state_cache_bytes: ground.policy.state_cache_bytes.min(STATE_CACHE_BYTES_MAX),
            ..ground.policy
        };
        let state = StateTree::new(policy.state_cache_bytes, meta::state_version(&*store)?);
        let tip = match Tip::load(&*store)? {
            Some(tip) => tip,
            None => opening::write_genesis(&*store, &ground.spec, &state, &genesis(&ground.spec)).map_err(
                |error| match error {
                    OpenError::Store(error) => error,
                    error => corrupt(&error.to_string()),
                },
            )?,
        };
        let ground = Ground { store, state, times: Arc::default(), policy, ..ground.clone() };
        Ok(Self { ground, tip: Arc::new(tip) })
    }
}

impl Chain {
    /// Takes in the body of a block of the active chain whose history is missing. It is checked alone now, and executed
    /// when all below it is there ([`Chain::replay_history`]).
    pub(super) fn take_history(
        &mut self,
        sealed: Sealed,
        mut record: BlockMeta,
        block: &Arc<Block>,
    ) -> Result<Verdict, Failure> {
        let (id, height) = (sealed.id(), record.height);
        let parent = self.parent(&sealed)?.ok_or_else(|| corrupt("a parent is missing"))?;
        let extent = self.history_extent(&id, height);
        let body = match sealed.checked_before(parent).check_body(Arc::clone(block), extent, &self.ground) {
            Ok(body) => body,
            Err(error) => {
                let reason = Invalid::from(error);
                if reason.marks_id_invalid() {
                    self.raise_forged(id, height, &reason)?;
                }
                return Err(Failure::Invalid(reason));
            }
        };
        let store = Arc::clone(&self.ground.store);
        let mut rows = Overlay::new(&*store);
        (record.status, record.sampled) = (BlockStatus::Unlinked, body.is_sampled());
        blocks::put_meta(&mut rows, &id, &record);
        blocks::put_body(&mut rows, &id, &block.ticks, &block.transactions);
        let keeps_ticks = |window| self.tip.height().saturating_since(height) <= window;
        if !self.ground.policy.ticks_window.is_none_or(keeps_ticks) {
            poh::prune(&mut rows, &id);
        }
        // A lost body is only asked for again.
        store.write(rows.into_batch(), Durability::Buffered)?;
        Ok(Verdict::Side)
    }

    /// How much of the segment of an old block is verified.
    fn history_extent(&self, id: &Hash, height: Height) -> Extent {
        let seed = self.draw(id);
        match self.ground.policy.verify_poh {
            VerifyPoh::Recent { full_depth } if self.tip.height().saturating_since(height) > full_depth => {
                Extent::Sample { seed }
            }
            VerifyPoh::Recent { .. } | VerifyPoh::Full => Extent::Full { seed },
        }
    }

    /// Executes at most `blocks_max` blocks of the missing history, as far as their bodies are there without a gap. With
    /// the last one the chain is one that executed everything. When this returns, what it says is on the disk.
    ///
    /// # Errors
    /// [`StoreError`] when this machine fails. A block that breaks a rule is told by [`Chain::forged`], and nothing goes
    /// on from there.
    pub fn replay_history(&mut self, blocks_max: usize) -> Result<HistoryReport, StoreError> {
        let Some(assumed) = self.assumed else { return Ok(HistoryReport::complete(self.tip.height())) };
        let mut replay = match self.replay.take() {
            Some(replay) => replay,
            None => Replay::open(&self.ground, &assumed)?,
        };
        if self.forged.is_none()
            && let Some((id, height, reason)) = self.replay_blocks(&mut replay, &assumed, blocks_max)?
        {
            self.raise_forged(id, height, &reason)?;
        }
        let replayed = replay.tip.height();
        let mut changes = Vec::new();
        if replay.tip.id() == assumed.pivot {
            self.finish_history(&replay, &assumed, &mut changes)?;
            return Ok(HistoryReport { replayed, missing_below: None, changes });
        }
        self.replay = Some(replay);
        Ok(HistoryReport { replayed, missing_below: Some(assumed.height), changes })
    }

    /// Connects blocks to the second chain, and gives the one that is invalid.
    fn replay_blocks(
        &self,
        replay: &mut Replay,
        assumed: &Assumed,
        blocks_max: usize,
    ) -> Result<Option<(Hash, Height, Invalid)>, StoreError> {
        let store = &*self.ground.store;
        let Some(from) = replay.tip.height().next() else { return Ok(None) };
        let way = active::range(store, from, blocks_max)?;
        let ground = replay.ground.clone();
        let mut branch = Branch::new(&ground, &replay.tip)?;
        let mut forged = None;
        for (height, block) in way.into_iter().filter(|(height, _)| *height <= assumed.height) {
            let record = blocks::meta(store, &block.id)?
                .ok_or_else(|| corrupt("a block of the active chain has no record"))?;
            if !record.status.has_body() {
                break;
            }
            let parent = Arc::clone(&branch.tip().block);
            let body = BodyChecked::stored(branch.rows(), block.id, &record, parent)?;
            match branch.connect(&body, record.arrival) {
                Ok(()) => {}
                Err(Failure::Store(error)) => return Err(error),
                Err(Failure::Invalid(reason)) => {
                    forged = Some((block.id, height, reason));
                    break;
                }
            }
            if branch.is_large() {
                replay.tip = branch.commit(0, |_, _, _| Ok(()))?.tip;
                branch = Branch::new(&ground, &replay.tip)?;
            }
        }
        if branch.has_moved() {
            replay.tip = branch.commit(0, |_, _, _| Ok(()))?.tip;
        }
        Ok(forged)
    }

    /// The replay has come to the block whose state was taken over, and found the same state.
    fn finish_history(
        &mut self,
        replay: &Replay,
        assumed: &Assumed,
        changes: &mut Vec<TipChange>,
    ) -> Result<(), StoreError> {
        let store = Arc::clone(&self.ground.store);
        if replay.ground.supply()? != assumed.supply {
            return Err(corrupt("the history gives another supply than its state"));
        }
        let undo_from = meta::undo_pruned_to(&*replay.ground.store)?.unwrap_or_default();
        let mut rows = Overlay::new(&*store);
        ReplayStore::forget(&mut rows);
        meta::clear_assumed(&mut rows);
        meta::set_undo_pruned_to(&mut rows, &undo_from);
        store.write(rows.into_batch(), Durability::Synced)?;
        self.assumed = None;
        self.refused = None;
        tracing::info!(height = %assumed.height, "the history is complete");
        self.link_old_branches(assumed.height)?;
        self.choose(changes)
    }

    /// Branches that leave the chain below a height, and had to wait for its history, may have all they need now.
    fn link_old_branches(&mut self, below: Height) -> Result<(), StoreError> {
        let store = Arc::clone(&self.ground.store);
        let ends: Vec<Hash> = self.sides.headers().map(|(id, _)| *id).collect();
        for end in ends {
            let fork_height = fork_height(&*store, &end)?;
            if fork_height <= below
                && let Some(fork) = active::at(&*store, fork_height)?
            {
                self.link_children(&fork.id)?;
            }
        }
        Ok(())
    }

    /// What was found wrong with the history under a state that was taken over. Nothing goes on from there: the store
    /// opens no more until it is reindexed, which takes the chain back to what it can prove.
    #[must_use]
    pub const fn forged(&self) -> Option<&ForgedHistory> {
        self.forged.as_ref()
    }

    fn raise_forged(&mut self, block: Hash, height: Height, reason: &Invalid) -> Result<(), StoreError> {
        tracing::error!(%block, %height, %reason, "the history under the state that was taken over is invalid");
        let forged = ForgedHistory { block, height, reason: reason.to_reason() };
        let mut rows = self.ground.rows();
        meta::set_forged_history(&mut rows, &forged);
        self.ground.store.write(rows.into_batch(), Durability::Synced)?;
        self.forged = Some(forged);
        Ok(())
    }
}
