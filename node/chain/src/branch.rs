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
use vibecoin_primitives::{
    Address, Amount, Block, ChainSpec, Content, Header, Height, Transaction, encoding,
};
use vibecoin_storage::active::ActiveBlock;
use vibecoin_storage::blocks::{BlockMeta, BlockStatus};
use vibecoin_storage::meta::Supply;
use vibecoin_storage::state::{StateTree, TreeUpdate};
use vibecoin_storage::undo::Undo;
use vibecoin_storage::{
    Durability, KeyValueRead, KeyValueWrite, Overlay, StoreError, active, activity, blocks, history, meta,
    poh, transactions, undo,
};

use crate::error::{Failure, corrupt, state_failure};
use crate::ground::Ground;
use crate::outcome::{ConnectedBlock, TipChange};
use crate::stages::BodyChecked;
use crate::timing::Stage;
use crate::tip::{Parent, Tip, peak_bytes};

/// Blocks between two prunings of the state.
const PRUNE_EVERY: u64 = 64;
/// Nodes dropped at once.
const PRUNE_NODES_MAX: usize = 100_000;
/// Nodes dropped at once of states that nothing belongs to any more.
const GARBAGE_NODES_MAX: usize = 5_000;
/// Undo records, or lists of ticks, dropped at once: more than come in, so that a backlog goes away.
const PRUNE_RECORDS_MAX: u64 = 256;
/// Blocks and transactions, together, that one batch may hold: some tens of megabytes of rows.
const WEIGHT_MAX: usize = if cfg!(test) { 150 } else { 20_000 };

/// Blocks off and on, over a store that does not know of it yet.
pub(crate) struct Branch<'a> {
    ground: &'a Ground,
    rows: Overlay<'a>,
    start: Height,
    tip: Tip,
    supply: Supply,
    updates: Vec<TreeUpdate>,
    reverted: Vec<ConnectedBlock>,
    connected: Vec<ConnectedBlock>,
    weight: usize,
}

impl<'a> Branch<'a> {
    pub(crate) fn new(ground: &'a Ground, tip: &Tip) -> Result<Self, StoreError> {
        Ok(Self {
            rows: ground.rows(),
            start: tip.height(),
            tip: tip.clone(),
            supply: ground.supply()?,
            updates: Vec::new(),
            reverted: Vec::new(),
            connected: Vec::new(),
            weight: 0,
            ground,
        })
    }

    /// Where it ends now.
    pub(crate) const fn tip(&self) -> &Tip {
        &self.tip
    }

    /// The rows, those included that are not committed yet.
    pub(crate) const fn rows(&self) -> &Overlay<'a> {
        &self.rows
    }

    /// The blocks that were put on, the lowest first.
    pub(crate) fn connected(&self) -> &[ConnectedBlock] {
        &self.connected
    }

    /// Whether it has moved away from the committed tip.
    pub(crate) const fn has_moved(&self) -> bool {
        self.weight > 0
    }

    /// Whether so much was gathered that it should be committed before it goes on.
    pub(crate) const fn is_large(&self) -> bool {
        self.weight >= WEIGHT_MAX
    }

    /// Takes the tip off.
    pub(crate) fn revert(&mut self) -> Result<(), StoreError> {
        let (id, height) = (self.tip.id(), self.tip.height());
        let block = blocks::kept(&self.rows, &id)?.ok_or_else(|| corrupt("the tip is missing"))?;
        let record =
            undo::get(&self.rows, &id)?.ok_or_else(|| corrupt("the tip's undo record is missing"))?;
        let txids: Vec<_> = block.transactions.iter().map(Transaction::id).collect();

        let update = self
            .ground
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
        self.weight += 1 + block.transactions.len();
        self.reverted.push(ConnectedBlock { id, block: Arc::new(block) });
        Ok(())
    }

    /// Puts a block on the tip, which is its parent. Its header, body and transactions have been checked.
    pub(crate) fn connect(&mut self, checked: &BodyChecked, arrival: u64) -> Result<(), Failure> {
        let started = Instant::now();
        let (id, block, refs) = (checked.id(), checked.block(), checked.transactions());
        let outcome = self.execute(block, &refs)?;
        let times = &self.ground.times;
        let executed = times.add(Stage::Execution, started);
        let update = self.ground.state.update(&self.rows, Some(self.tip.state_version), &outcome.changes)?;
        let result = Outcome {
            gas_used: outcome.gas_used,
            receipts_root: receipts_root(&outcome.receipts),
            state_root: update.root(),
        };
        check_outcome(&block.content, &result).map_err(BlockError::from)?;
        let hashed = times.add(Stage::State, executed);
        self.write(checked, &refs, &outcome, arrival)?;
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
        self.weight += 1 + block.transactions.len();
        self.connected.push(ConnectedBlock { id, block: Arc::clone(block) });
        times.add(Stage::Index, hashed);
        Ok(())
    }

    fn execute(&self, block: &Block, refs: &[TxRef<'_>]) -> Result<BlockOutcome, Failure> {
        let height = block.header.height;
        let env =
            BlockEnv { height, beneficiary: block.content.beneficiary, subsidy: emission::subsidy(height) };
        let view = self.ground.state.at(&self.rows, self.tip.state_version)?;
        let outer = |error| Failure::of_execution(0, error);
        let mut executor = BlockExecutor::new(&view, &self.ground.spec, env).map_err(outer)?;
        executor.prefetch(refs).map_err(outer)?;
        for (index, transaction) in refs.iter().enumerate() {
            executor.apply(*transaction).map_err(|error| Failure::of_execution(index, error))?;
        }
        executor.finish().map_err(outer)
    }

    /// The rows of a block that joins the active chain, but for the state and its place in the chain.
    fn write(
        &mut self,
        checked: &BodyChecked,
        refs: &[TxRef<'_>],
        outcome: &BlockOutcome,
        arrival: u64,
    ) -> Result<(), StoreError> {
        let (id, block) = (checked.id(), &**checked.block());
        let status = BlockStatus::Valid;
        if checked.is_stored() {
            let mut record =
                blocks::meta(&self.rows, &id)?.ok_or_else(|| corrupt("a stored block has no record"))?;
            record.status = status;
            record.sampled = checked.is_sampled();
            blocks::put_meta(&mut self.rows, &id, &record);
        } else {
            let skip = active::at(&self.rows, blocks::skip_height(block.header.height))?;
            let skip = skip.ok_or_else(|| corrupt("a height of the active chain is missing"))?.id;
            let record = BlockMeta {
                sampled: checked.is_sampled(),
                ..record_of(&block.header, &block.content, &self.tip.block, status, arrival, skip)?
            };
            blocks::put(&mut self.rows, &id, block, &record);
            put_history(&mut self.rows, &self.tip.block);
        }
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

    /// Prunes what left the windows, commits everything together with what `also` adds as one synced batch, and says
    /// what moved.
    pub(crate) fn commit(
        mut self,
        arrivals: u64,
        also: impl FnOnce(&mut Overlay<'a>, &[ConnectedBlock], &[ConnectedBlock]) -> Result<(), StoreError>,
    ) -> Result<TipChange, StoreError> {
        let started = Instant::now();
        meta::set_tip(&mut self.rows, &self.tip.id());
        meta::set_state_version(&mut self.rows, &self.tip.state_version);
        meta::set_supply(&mut self.rows, &self.supply);
        meta::set_arrivals(&mut self.rows, &arrivals);
        also(&mut self.rows, &self.reverted, &self.connected)?;
        self.prune()?;
        self.ground.store.write(self.rows.into_batch(), Durability::Synced)?;
        self.updates.iter().for_each(|update| self.ground.state.committed(update));
        self.ground.times.add(Stage::Commit, started);
        Ok(TipChange {
            tip: Arc::new(self.tip),
            reverted: self.reverted,
            connected: self.connected,
            reorganisation: None,
        })
    }

    fn prune(&mut self) -> Result<(), StoreError> {
        let (policy, tip) = (&self.ground.policy, self.tip.height());
        let below = |window: u64| tip.checked_sub(window).unwrap_or(Height::GENESIS);
        if let Some(window) = policy.state_window
            && tip.get() / PRUNE_EVERY > self.start.get() / PRUNE_EVERY
            && let Some(oldest) = active::at(&self.rows, below(window))?
        {
            let store = &*self.ground.store;
            StateTree::prune(store, &mut self.rows, oldest.state_version, PRUNE_NODES_MAX)?;
        }
        if let Some(version) = meta::state_garbage_below(&self.rows)?
            && StateTree::drop_below(self.ground.store.as_ref(), &mut self.rows, version, GARBAGE_NODES_MAX)?
        {
            meta::clear_state_garbage_below(&mut self.rows);
        }
        let from = meta::undo_pruned_to(&self.rows)?.unwrap_or_default();
        let to = self.drop_records(from, below(policy.undo_window), undo::remove)?;
        if to > from {
            meta::set_undo_pruned_to(&mut self.rows, &to);
        }
        if let Some(window) = policy.ticks_window {
            let from = meta::ticks_pruned_to(&self.rows)?.unwrap_or_default();
            let to = self.drop_records(from, below(window), poh::prune)?;
            if to > from {
                meta::set_ticks_pruned_to(&mut self.rows, &to);
            }
        }
        Ok(())
    }

    /// Drops the records of active blocks from a height (included) to another (excluded), or as many as may go at
    /// once, and says where it stopped.
    fn drop_records(
        &mut self,
        from: Height,
        to: Height,
        drop_record: impl Fn(&mut dyn KeyValueWrite, &Hash),
    ) -> Result<Height, StoreError> {
        let to = Height::new(to.get().min(from.get().saturating_add(PRUNE_RECORDS_MAX)));
        for height in from.get()..to.get() {
            if let Some(block) = active::at(&self.rows, Height::new(height))? {
                drop_record(&mut self.rows, &block.id);
            }
        }
        Ok(to.max(from))
    }
}

/// What this node knows of a block whose header has been checked against its parent. `skip` is its ancestor of
/// [`blocks::skip_height`].
pub(crate) fn record_of(
    header: &Header,
    content: &Content,
    parent: &Parent,
    status: BlockStatus,
    arrival: u64,
    skip: Hash,
) -> Result<BlockMeta, StoreError> {
    let own = vibecoin_consensus::pow::work(header.bits).map_err(|error| corrupt(&error.to_string()))?;
    Ok(BlockMeta {
        height: header.height,
        parent: content.parent_id,
        work: parent.total_work().checked_add(own).ok_or_else(|| corrupt("the work is above u128"))?,
        arrival,
        status,
        sampled: false,
        skip,
        history_peaks: peak_bytes(&parent.history),
    })
}

/// The history nodes that a parent completed.
pub(crate) fn put_history(rows: &mut dyn KeyValueWrite, parent: &Parent) {
    let bytes = |node: &Node| encoding::encode(node).try_into().expect("a node has 64 bytes");
    for inner in &parent.completed {
        history::put(rows, &inner.node.hash, &bytes(&inner.left), &bytes(&inner.right));
    }
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

/// The height of the last block that the chain of a stored block shares with the active one.
///
/// Found in a number of steps that grows with the logarithm of the distance.
pub(crate) fn fork_height(rows: &dyn KeyValueRead, id: &Hash) -> Result<Height, StoreError> {
    let record = blocks::meta(rows, id)?.ok_or_else(|| corrupt("a block of a branch has no record"))?;
    let is_shared = |height: Height| -> Result<bool, StoreError> {
        let Some(active) = active::at(rows, height)? else { return Ok(false) };
        Ok(blocks::ancestor(rows, id, height)?.is_some_and(|(ancestor, _)| ancestor == active.id))
    };
    let (mut apart, mut step) = (record.height, 1);
    if is_shared(apart)? {
        return Ok(apart);
    }
    // Down in growing steps to a shared block, then by halves to the last one.
    let mut shared = loop {
        let next = Height::new(apart.get().saturating_sub(step));
        if is_shared(next)? {
            break next;
        }
        if next == Height::GENESIS {
            return Err(corrupt("a stored branch does not reach the genesis"));
        }
        (apart, step) = (next, step * 2);
    };
    while apart.get() - shared.get() > 1 {
        let middle = Height::new(shared.get().midpoint(apart.get()));
        if is_shared(middle)? {
            shared = middle;
        } else {
            apart = middle;
        }
    }
    Ok(shared)
}

/// The height where a stored branch leaves the active chain, and its blocks from there on, the lowest first.
pub(crate) fn path_from_active(
    rows: &dyn KeyValueRead,
    end: &Hash,
) -> Result<(Height, Vec<Hash>), StoreError> {
    let mut path = Vec::new();
    for step in blocks::ancestors(rows, end) {
        let (id, record) = step?;
        if active::at(rows, record.height)?.is_some_and(|block| block.id == id) {
            path.reverse();
            return Ok((record.height, path));
        }
        path.push(id);
    }
    Err(corrupt("a stored branch does not reach the genesis"))
}
