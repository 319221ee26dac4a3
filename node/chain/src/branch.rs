//! The active chain in the making: blocks taken off and put on over the committed rows, all or nothing.
//!
//! A branch is worked out in an overlay. Dropped, it has never been; committed, it is one batch, so that a crash
//! finds the chain before or after it and never in between.

use std::sync::Arc;
use std::time::Instant;

use vibecoin_consensus::rules::execution::{Outcome, check_outcome};
use vibecoin_consensus::{BlockError, Node, emission};
use vibecoin_crypto::Hash;
use vibecoin_execution::{BlockEnv, BlockExecutor, BlockOutcome, TxRef};
use vibecoin_primitives::block::receipts_root;
use vibecoin_primitives::{Address, Amount, Block, ChainSpec, Height, Transaction, encoding};
use vibecoin_storage::active::ActiveBlock;
use vibecoin_storage::blocks::{BlockMeta, BlockStatus};
use vibecoin_storage::meta::Supply;
use vibecoin_storage::state::{StateTree, TreeUpdate};
use vibecoin_storage::undo::Undo;
use vibecoin_storage::{
    Durability, KeyValueRead, KeyValueStore, Overlay, StoreError, active, activity, blocks, history, meta,
    transactions, undo,
};

use crate::error::{Failure, corrupt, state_failure};
use crate::outcome::{ConnectedBlock, TipChange};
use crate::stages::BodyChecked;
use crate::timing::{Stage, StageTimes};
use crate::tip::{Parent, Tip, peak_bytes};

/// States of this many blocks below the tip can be read and proven.
pub const STATE_WINDOW: u64 = 512;
/// Blocks between two prunings of the state.
const PRUNE_EVERY: u64 = 64;
/// Nodes dropped at once.
const PRUNE_NODES_MAX: usize = 100_000;

/// Blocks off and on, over a store that does not know of it yet.
pub(crate) struct Branch<'a> {
    rows: Overlay<'a>,
    spec: &'a ChainSpec,
    state: &'a StateTree,
    times: &'a StageTimes,
    tip: Tip,
    supply: Supply,
    updates: Vec<TreeUpdate>,
    reverted: Vec<ConnectedBlock>,
    connected: Vec<ConnectedBlock>,
}

impl<'a> Branch<'a> {
    pub(crate) fn new(
        store: &'a dyn KeyValueRead,
        spec: &'a ChainSpec,
        state: &'a StateTree,
        times: &'a StageTimes,
        tip: &Tip,
    ) -> Result<Self, StoreError> {
        let supply = meta::supply(store)?.ok_or_else(|| corrupt("the supply is missing"))?;
        Ok(Self {
            rows: Overlay::new(store),
            spec,
            state,
            times,
            tip: tip.clone(),
            supply,
            updates: Vec::new(),
            reverted: Vec::new(),
            connected: Vec::new(),
        })
    }

    /// Where it ends now.
    pub(crate) const fn tip(&self) -> &Tip {
        &self.tip
    }

    /// Takes the tip off.
    pub(crate) fn revert(&mut self) -> Result<(), StoreError> {
        let (id, height) = (self.tip.id(), self.tip.height());
        let block = blocks::block(&self.rows, &id)?.ok_or_else(|| corrupt("the tip is missing"))?;
        let record =
            undo::get(&self.rows, &id)?.ok_or_else(|| corrupt("the tip's undo record is missing"))?;
        let txids: Vec<_> = block.transactions.iter().map(Transaction::id).collect();

        let update = self
            .state
            .update(&self.rows, Some(self.tip.state_version), &record.state)
            .map_err(state_failure)?;
        update.write(&mut self.rows);
        transactions::disconnect(&mut self.rows, height, &block.transactions, &txids)?;
        for (address, from, to) in &record.activity {
            activity::remove(&mut self.rows, address, *from, *to);
        }
        active::disconnect(&mut self.rows, height);
        undo::remove(&mut self.rows, &id);

        let parent_id = block.content.parent_id;
        let parent_meta =
            blocks::meta(&self.rows, &parent_id)?.ok_or_else(|| corrupt("the tip's parent is missing"))?;
        let content = blocks::content(&self.rows, &parent_id)?
            .ok_or_else(|| corrupt("the parent's content is missing"))?;
        if update.root() != content.state_root {
            return Err(corrupt("undoing the tip does not give its parent's state"));
        }
        let parent = Parent::load(&self.rows, &parent_id, &parent_meta)?;
        let own_work =
            vibecoin_consensus::pow::work(parent.header.bits).map_err(|error| corrupt(&error.to_string()))?;
        self.tip = Tip { block: Arc::new(parent), content, own_work, state_version: update.version() };
        // The active row of the parent names the version that its state had; the same state has a new one now.
        let row = ActiveBlock { id: parent_id, state_version: update.version() };
        active::connect(&mut self.rows, self.tip.height(), &row);
        self.supply = record.supply;
        self.updates.push(update);
        self.reverted.push(ConnectedBlock { id, block: Arc::new(block) });
        Ok(())
    }

    /// Puts a block on the tip, which is its parent. Its header, body and transactions have been checked.
    pub(crate) fn connect(&mut self, checked: &BodyChecked, arrival: u64) -> Result<(), Failure> {
        let started = Instant::now();
        let (id, block, refs) = (checked.id(), checked.block(), checked.transactions());
        let outcome = self.execute(block, &refs)?;
        let executed = self.times.add(Stage::Execution, started);
        let update = self.state.update(&self.rows, Some(self.tip.state_version), &outcome.changes)?;
        let result = Outcome {
            gas_used: outcome.gas_used,
            receipts_root: receipts_root(&outcome.receipts),
            state_root: update.root(),
        };
        check_outcome(&block.content, &result).map_err(BlockError::from)?;
        let hashed = self.times.add(Stage::State, executed);
        self.write(id, block, &refs, &outcome, arrival)?;
        update.write(&mut self.rows);

        let leaf = Node::leaf(&block.header, id).map_err(|error| corrupt(&error.to_string()))?;
        let mut history = self.tip.block.history.clone();
        let completed = history.append(leaf).map_err(|error| corrupt(&error.to_string()))?;
        self.tip = Tip {
            block: Arc::new(Parent { id, header: block.header, history, completed }),
            content: block.content,
            own_work: leaf.work,
            state_version: update.version(),
        };
        let row = ActiveBlock { id, state_version: update.version() };
        active::connect(&mut self.rows, block.header.height, &row);
        self.updates.push(update);
        self.connected.push(ConnectedBlock { id, block: Arc::clone(block) });
        self.times.add(Stage::Index, hashed);
        Ok(())
    }

    fn execute(&self, block: &Block, refs: &[TxRef<'_>]) -> Result<BlockOutcome, Failure> {
        let height = block.header.height;
        let env =
            BlockEnv { height, beneficiary: block.content.beneficiary, subsidy: emission::subsidy(height) };
        let view = self.state.at(&self.rows, self.tip.state_version)?;
        let outer = |error| Failure::of_execution(0, error);
        let mut executor = BlockExecutor::new(&view, self.spec, env).map_err(outer)?;
        executor.prefetch(refs).map_err(outer)?;
        for (index, transaction) in refs.iter().enumerate() {
            executor.apply(*transaction).map_err(|error| Failure::of_execution(index, error))?;
        }
        executor.finish().map_err(outer)
    }

    /// The rows of a block that joins the active chain, but for the state and its place in the chain.
    fn write(
        &mut self,
        id: Hash,
        block: &Block,
        refs: &[TxRef<'_>],
        outcome: &BlockOutcome,
        arrival: u64,
    ) -> Result<(), StoreError> {
        put_block(&mut self.rows, id, block, &self.tip.block, BlockStatus::Valid, arrival)?;
        let txids: Vec<_> = refs.iter().map(|tx| tx.txid).collect();
        let height = block.header.height;
        transactions::connect(&mut self.rows, &id, height, &block.transactions, &txids, &outcome.receipts);
        let mut spans: Vec<(Address, u64, u64)> = Vec::new();
        let mut by_address: std::collections::HashMap<Address, usize> = std::collections::HashMap::new();
        for (address, entry) in &outcome.entries {
            activity::put(&mut self.rows, address, entry);
            let at = *by_address.entry(*address).or_insert_with(|| {
                spans.push((*address, entry.index, entry.index));
                spans.len() - 1
            });
            spans[at].2 = entry.index + 1;
        }
        let record = Undo { state: outcome.previous.clone(), activity: spans, supply: self.supply };
        undo::put(&mut self.rows, &id, &record);
        self.supply = supply_after(&self.supply, outcome, emission::subsidy(height))
            .ok_or_else(|| corrupt("the supply is above the range of its type"))?;
        Ok(())
    }

    /// Prunes what left the window, commits everything as one synced batch, and says what moved.
    pub(crate) fn commit(
        mut self,
        store: &dyn KeyValueStore,
        arrivals: u64,
    ) -> Result<TipChange, StoreError> {
        let started = Instant::now();
        meta::set_tip(&mut self.rows, &self.tip.id());
        meta::set_state_version(&mut self.rows, &self.tip.state_version);
        meta::set_supply(&mut self.rows, &self.supply);
        meta::set_arrivals(&mut self.rows, &arrivals);
        if self.tip.height().get().is_multiple_of(PRUNE_EVERY) {
            self.prune(store)?;
        }
        store.write(self.rows.into_batch(), Durability::Synced)?;
        self.updates.iter().for_each(|update| self.state.committed(update));
        self.times.add(Stage::Commit, started);
        Ok(TipChange { tip: Arc::new(self.tip), reverted: self.reverted, connected: self.connected })
    }

    fn prune(&mut self, store: &dyn KeyValueStore) -> Result<(), StoreError> {
        let Some(oldest) = self.tip.height().checked_sub(STATE_WINDOW) else { return Ok(()) };
        let Some(block) = active::at(&self.rows, oldest)? else { return Ok(()) };
        StateTree::prune(store, &mut self.rows, block.state_version, PRUNE_NODES_MAX)?;
        Ok(())
    }
}

/// The rows of a block wherever it stands: its parts, its record, and the history nodes that its parent completed.
pub(crate) fn put_block(
    rows: &mut Overlay<'_>,
    id: Hash,
    block: &Block,
    parent: &Parent,
    status: BlockStatus,
    arrival: u64,
) -> Result<(), StoreError> {
    let own =
        vibecoin_consensus::pow::work(block.header.bits).map_err(|error| corrupt(&error.to_string()))?;
    let record = BlockMeta {
        height: block.header.height,
        parent: block.content.parent_id,
        work: parent.total_work().checked_add(own).ok_or_else(|| corrupt("the work is above u128"))?,
        arrival,
        status,
        history_peaks: peak_bytes(&parent.history),
    };
    blocks::put(rows, &id, block, &record);
    let bytes = |node: &Node| encoding::encode(node).try_into().expect("a node has 64 bytes");
    for inner in &parent.completed {
        history::put(rows, &inner.node.hash, &bytes(&inner.left), &bytes(&inner.right));
    }
    Ok(())
}

/// The supply after a block.
fn supply_after(before: &Supply, outcome: &BlockOutcome, subsidy: Amount) -> Option<Supply> {
    let moved = |amount: Amount, delta: i128| {
        u64::try_from(i128::from(amount.beats()).checked_add(delta)?).ok().map(Amount::from_beats)
    };
    Some(Supply {
        allocation: before.allocation,
        subsidies: before.subsidies.checked_add(subsidy)?,
        balances: moved(before.balances, outcome.supply.balances)?,
        ring: moved(before.ring, outcome.supply.ring)?,
        burned: before.burned.checked_add(outcome.supply.burned)?,
    })
}

/// The supply of a network before its first block.
pub(crate) fn genesis_supply(spec: &ChainSpec) -> Option<Supply> {
    let allocation = Amount::checked_sum(spec.genesis_allocation.iter().map(|row| row.amount))?;
    Some(Supply { allocation, balances: allocation, ..Supply::default() })
}

/// The height where a stored branch leaves the active chain, and its blocks from there on, the lowest first.
pub(crate) fn path_from_active(
    rows: &dyn KeyValueRead,
    end: &Hash,
) -> Result<(Height, Vec<(Hash, BlockMeta)>), StoreError> {
    let mut path = Vec::new();
    for step in blocks::ancestors(rows, end) {
        let (id, record) = step?;
        if active::at(rows, record.height)?.is_some_and(|block| block.id == id) {
            path.reverse();
            return Ok((record.height, path));
        }
        path.push((id, record));
    }
    Err(corrupt("a stored branch does not reach the genesis"))
}
