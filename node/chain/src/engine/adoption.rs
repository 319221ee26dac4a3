//! A state that is taken over instead of being worked out: which, its pieces, and how its block becomes the tip.
//!
//! The block is an ancestor of the best header, so deep that a lie about its state would have to be buried in as much
//! work. Its header commits to the root of the state, against which every piece is verified before it comes here. When
//! all pieces are there, one batch makes the block the tip, without the bodies below it; the blocks above it are
//! executed as ever. What stands below is *assumed* ([`meta::Assumed`]) until its history has been replayed.

use std::collections::HashSet;
use std::sync::Arc;

use vibecoin_consensus::emission;
use vibecoin_crypto::Hash;
use vibecoin_crypto::state_tree::VerifiedChunk;
use vibecoin_primitives::state_key::{self, REWARD_RING};
use vibecoin_primitives::{Account, Amount, Height, Reward, encoding};
use vibecoin_storage::active::ActiveBlock;
use vibecoin_storage::blocks::BlockStatus;
use vibecoin_storage::branches::EndKind;
use vibecoin_storage::meta::{Assumed, StagedState, Supply};
use vibecoin_storage::staging::{self, Staged};
use vibecoin_storage::state::BuiltState;
use vibecoin_storage::{
    Column, Durability, KeyValueRead, KeyValueWrite as _, Overlay, StoreError, active, blocks, meta,
};

use super::Chain;
use crate::branch::genesis_supply;
use crate::error::{Invalid, corrupt, state_failure};
use crate::outcome::{StateReport, StateStep, TipChange};
use crate::sides::best;
use crate::tip::Tip;

/// Columns that speak of the active chain, or of states that it had.
const OF_THE_OLD_CHAIN: [Column; 8] = [
    Column::ActiveChain,
    Column::Undo,
    Column::Transactions,
    Column::TransactionsBySender,
    Column::TransactionsByRecipient,
    Column::Activity,
    Column::StateRoots,
    Column::StateStale,
];

impl Chain {
    /// Chooses the block whose state is to be fetched, or stays with the one that was chosen before: an ancestor of the
    /// best header [`crate::Policy::pivot_depth`] blocks below it, and more than that above the tip. `None` if there is
    /// none, or if the history of a state that was taken over before is still missing. Which pieces are wanted then,
    /// [`crate::View::state_wanted`] says.
    ///
    /// Another block is chosen when the old one lies so deep that peers have dropped its state, or left the best chain
    /// of headers; what was fetched for it is dropped.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn choose_pivot(&mut self) -> Result<Option<StagedState>, StoreError> {
        let chosen = self.pivot()?;
        if chosen.is_none() && meta::staged_state(&*self.ground.store)?.is_some() {
            // Whole blocks were faster.
            self.forget_state()?;
        }
        Ok(chosen)
    }

    fn pivot(&self) -> Result<Option<StagedState>, StoreError> {
        let store = Arc::clone(&self.ground.store);
        let Some((end, top)) = self.best_ahead() else { return Ok(None) };
        if self.assumed.is_some() {
            return Ok(None);
        }
        if let Some(staged) = meta::staged_state(&*store)? {
            let is_fresh = top.saturating_since(staged.height) <= self.ground.policy.pivot_age_max;
            let is_below = blocks::ancestor(&*store, &end, staged.height)?;
            if is_fresh
                && staged.height > self.tip.height()
                && is_below.is_some_and(|(id, _)| id == staged.pivot)
            {
                return Ok(Some(staged));
            }
        }
        let depth = self.ground.policy.pivot_depth;
        let Some(height) = top.checked_sub(depth) else { return Ok(None) };
        if height.saturating_since(self.tip.height()) <= depth {
            return Ok(None);
        }
        let (pivot, _) = blocks::ancestor(&*store, &end, height)?
            .ok_or_else(|| corrupt("a branch does not reach up to its own end"))?;
        let content =
            blocks::content(&*store, &pivot)?.ok_or_else(|| corrupt("a header without a content"))?;
        let staged = StagedState { pivot, height, root: content.state_root, leaves: 0, bytes: 0 };
        let mut rows = Overlay::new(&*store);
        staging::begin(&mut rows, &staged);
        store.write(rows.into_batch(), Durability::Synced)?;
        tracing::info!(%height, %pivot, "the state of this block is fetched");
        Ok(Some(staged))
    }

    /// The end of the heaviest branch of headers, if it outweighs the tip.
    fn best_ahead(&self) -> Option<(Hash, Height)> {
        let work = self.tip.block.total_work();
        let end = best(self.sides.headers().filter(|(_, end)| end.work > work))?;
        let (_, record) = self.sides.headers().find(|(id, _)| **id == end)?;
        Some((end, record.height))
    }

    /// Gives up the state that is being fetched.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn forget_state(&mut self) -> Result<(), StoreError> {
        let mut rows = self.ground.rows();
        staging::forget(&mut rows);
        self.ground.store.write(rows.into_batch(), Durability::Synced)
    }

    /// Takes in a piece of the state that is being fetched. With the last one the state is made, and its block becomes
    /// the tip. When this returns, what it says is on the disk.
    ///
    /// # Errors
    /// [`StoreError`] when this machine fails.
    pub fn import_state_chunk(&mut self, chunk: &VerifiedChunk) -> Result<StateReport, StoreError> {
        let store = Arc::clone(&self.ground.store);
        let mut rows = Overlay::new(&*store);
        let step = match staging::add(&mut rows, chunk)? {
            Staged::Unwanted => StateStep::Unwanted,
            Staged::Known => StateStep::Known,
            Staged::Added => {
                store.write(rows.into_batch(), Durability::Synced)?;
                StateStep::Staged
            }
        };
        match step {
            StateStep::Staged | StateStep::Known => self.finish_state(step),
            step => Ok(StateReport { step, changes: Vec::new() }),
        }
    }

    /// Makes the state if all of it is there; otherwise `step` is what happened.
    pub(super) fn finish_state(&mut self, step: StateStep) -> Result<StateReport, StoreError> {
        let store = Arc::clone(&self.ground.store);
        let report = |step| StateReport { step, changes: Vec::new() };
        let Some(staged) = meta::staged_state(&*store)? else { return Ok(report(step)) };
        if staged.height <= self.tip.height() || self.assumed.is_some() {
            self.forget_state()?;
            return Ok(report(StateStep::Unwanted));
        }
        if !staging::missing(&*store)?.is_empty() {
            return Ok(report(step));
        }
        let mut tally = Tally::new(staged.height);
        let version = self.tip.state_version.next();
        let built = staging::build(&*store, version, |key, value| {
            tally.add(key, value);
            Ok(())
        });
        let built = built.map_err(state_failure)?;
        if built.root() != staged.root {
            return Err(corrupt("the pieces of a state make another state"));
        }
        match tally.supply(genesis_supply(&self.ground.spec).map(|supply| supply.allocation)) {
            Some(supply) => {
                let mut changes = Vec::new();
                self.adopt(&staged, &built, supply, &mut changes)?;
                Ok(StateReport { step: StateStep::Adopted, changes })
            }
            // No valid block leaves such a state, whatever the work on it.
            None => {
                let reason = "SUP: the state does not hold what was minted".to_owned();
                tracing::error!(pivot = %staged.pivot, "a state that no valid chain has is committed to by work");
                self.forget_state()?;
                self.condemn(staged.pivot, &Invalid::Remembered { reason })?;
                Ok(report(StateStep::Refused))
            }
        }
    }

    /// Makes the block of a state the tip: one batch.
    fn adopt(
        &mut self,
        staged: &StagedState,
        built: &BuiltState,
        supply: Supply,
        changes: &mut Vec<TipChange>,
    ) -> Result<(), StoreError> {
        let store = Arc::clone(&self.ground.store);
        let bare = bodies_missing(&*store, &staged.pivot)?;
        let genesis = active::at(&*store, Height::GENESIS)?.ok_or_else(|| corrupt("there is no genesis"))?;
        let (pivot, version) = (staged.pivot, built.version());
        let assumed = Assumed { pivot, height: staged.height, supply };
        let mut rows = Overlay::new(&*store);
        OF_THE_OLD_CHAIN.into_iter().for_each(|column| rows.clear(column));
        built.write(&mut rows);
        active::connect(&mut rows, Height::GENESIS, &ActiveBlock::without_state(genesis.id));
        active::connect(&mut rows, staged.height, &ActiveBlock { id: pivot, state_version: version });
        meta::set_tip(&mut rows, &pivot);
        meta::set_state_version(&mut rows, &version);
        meta::set_state_pruned_to(&mut rows, &version);
        meta::set_state_garbage_below(&mut rows, &version);
        meta::set_supply(&mut rows, &supply);
        meta::set_assumed(&mut rows, &assumed);
        let undo_from = staged.height.next().ok_or_else(|| corrupt("no height is left"))?;
        meta::set_undo_pruned_to(&mut rows, &undo_from);
        if let Some(window) = self.ground.policy.ticks_window {
            let from = staged.height.checked_sub(window).unwrap_or(Height::GENESIS);
            meta::set_ticks_pruned_to(&mut rows, &from);
        }
        self.headers_only -= bare;
        meta::set_headers_only(&mut rows, &self.headers_only);
        // What could be executed stood on the old chain, and so leaves the new one below the block.
        let linked: Vec<Hash> = self.sides.linked().map(|(id, _)| *id).collect();
        linked.iter().for_each(|id| self.sides.remove(&mut rows, EndKind::Linked, id));
        staging::forget(&mut rows);
        store.write(rows.into_batch(), Durability::Synced)?;

        self.ground.state.adopted(built);
        self.assumed = Some(assumed);
        let tip = Tip::load(&*store)?.ok_or_else(|| corrupt("the chain has no tip"))?;
        self.tip = Arc::new(tip);
        self.published.store(Arc::clone(&self.tip));
        tracing::info!(height = %staged.height, leaves = staged.leaves, "the state of this block was taken over");
        changes.push(TipChange {
            tip: Arc::clone(&self.tip),
            reverted: Vec::new(),
            connected: Vec::new(),
            reorganisation: None,
        });
        self.link_children(&pivot)?;
        self.choose(changes)
    }

    /// The lowest height that the active chain can be taken back to: what stands below was not executed here, or its
    /// undo records were dropped and cannot be made again.
    pub(super) fn floor(&self) -> Result<Height, StoreError> {
        let Some(assumed) = self.assumed else { return Ok(Height::GENESIS) };
        let undo_from = meta::undo_pruned_to(&*self.ground.store)?.unwrap_or_default();
        Ok(undo_from.checked_sub(1).unwrap_or_default().max(assumed.height))
    }

    /// Whether a block is on the active chain, and its history is missing.
    pub(super) fn is_assumed(&self, id: &Hash, height: Height) -> Result<bool, StoreError> {
        let Some(assumed) = self.assumed.filter(|assumed| height <= assumed.height) else { return Ok(false) };
        let at = blocks::ancestor(&*self.ground.store, &assumed.pivot, height)?;
        Ok(at.is_some_and(|(active, _)| active == *id))
    }

    /// Whether a block's children can be executed once the chain comes to them.
    pub(super) fn is_linked(&self, id: &Hash) -> Result<bool, StoreError> {
        let is_pivot = self.assumed.is_some_and(|assumed| assumed.pivot == *id);
        Ok(is_pivot || blocks::meta(&*self.ground.store, id)?.is_some_and(|record| record.status.is_linked()))
    }
}

/// How many of a block and its ancestors beside the active chain are known as headers only.
fn bodies_missing(rows: &dyn KeyValueRead, id: &Hash) -> Result<u64, StoreError> {
    let mut missing = 0;
    for step in blocks::ancestors(rows, id) {
        let (id, record) = step?;
        if active::at(rows, record.height)?.is_some_and(|block| block.id == id) {
            break;
        }
        missing += u64::from(record.status == BlockStatus::HeaderOnly);
    }
    Ok(missing)
}

/// What a state holds, counted leaf by leaf. Its leaves are accounts, and the rewards of the ring, whose keys are
/// known.
struct Tally {
    height: Height,
    ring_keys: HashSet<Hash>,
    balances: u128,
    ring: u128,
    is_sound: bool,
}

impl Tally {
    fn new(height: Height) -> Self {
        let ring_keys = (0..REWARD_RING).map(|place| state_key::reward(Height::new(place))).collect();
        Self { height, ring_keys, balances: 0, ring: 0, is_sound: true }
    }

    fn add(&mut self, key: &Hash, value: &[u8]) {
        if self.ring_keys.contains(key) {
            match encoding::decode::<Reward>(value) {
                Ok(reward) => self.ring += u128::from(self.waiting(&reward).beats()),
                Err(_) => self.is_sound = false,
            }
        } else {
            match encoding::decode::<Account>(value) {
                Ok(account) => self.balances += u128::from(account.balance.beats()),
                Err(_) => self.is_sound = false,
            }
        }
    }

    /// What of a reward has not been credited after the block of this height.
    fn waiting(&self, reward: &Reward) -> Amount {
        let is_waiting = self.height.saturating_since(reward.height) < REWARD_RING;
        if is_waiting { reward.amount } else { Amount::ZERO }
    }

    /// The supply, where what is not in the state was burned. `None` for a state that cannot be.
    fn supply(&self, allocation: Option<Amount>) -> Option<Supply> {
        let amount = |beats: u128| u64::try_from(beats).ok().map(Amount::from_beats);
        let (allocation, minted) = (allocation?, emission::subsidies_beats(self.height));
        let total = u128::from(allocation.beats()).checked_add(minted)?;
        let burned = total.checked_sub(self.balances)?.checked_sub(self.ring)?;
        self.is_sound.then_some(())?;
        Some(Supply {
            allocation,
            subsidies: amount(minted)?,
            balances: amount(self.balances)?,
            ring: amount(self.ring)?,
            burned: amount(burned)?,
        })
    }
}
