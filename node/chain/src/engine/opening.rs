//! The opening of a store: the genesis of a new one, and what must fit together in an old one.

use vibecoin_consensus::Peaks;
use vibecoin_crypto::Hash;
use vibecoin_execution::genesis_changes;
use vibecoin_primitives::{Block, ChainSpec, Height};
use vibecoin_storage::active::ActiveBlock;
use vibecoin_storage::blocks::BlockStatus;
use vibecoin_storage::state::StateTree;
use vibecoin_storage::{Durability, KeyValueStore, Overlay, StoreError, active, blocks, meta, undo};

use crate::branch::{genesis_supply, record_of};
use crate::error::{OpenError, state_failure};
use crate::tip::{Parent, Tip};

/// Blocks below the tip whose headers are looked at when a store is opened.
const RECENT_BLOCKS: u64 = 32;
/// Those of them whose bodies are, too.
const NEWEST_BLOCKS: u64 = 4;

/// Stores the genesis with its state.
pub(super) fn write_genesis(
    store: &dyn KeyValueStore,
    spec: &ChainSpec,
    state: &StateTree,
    genesis: &Block,
) -> Result<Tip, OpenError> {
    let mut rows = Overlay::new(store);
    put_genesis(&mut rows, genesis)?;
    let update = connect_genesis(&mut rows, store, spec, state, genesis)?;
    meta::set_arrivals(&mut rows, &1);
    store.write(rows.into_batch(), Durability::Synced)?;
    state.committed(&update);
    Tip::load(store)?
        .ok_or_else(|| OpenError::Inconsistent { what: "the genesis was not written".to_owned() })
}

/// The rows of the genesis as a block.
pub(super) fn put_genesis(rows: &mut Overlay<'_>, genesis: &Block) -> Result<(), StoreError> {
    let nothing =
        Parent { id: Hash::ZERO, header: genesis.header, history: Peaks::new(), completed: Vec::new() };
    let record = record_of(&genesis.header, &genesis.content, &nothing, BlockStatus::Valid, 0, Hash::ZERO)?;
    blocks::put(rows, &genesis.id(), genesis, &record);
    Ok(())
}

/// The rows of the genesis as the active chain, over a store that has none. The update is to be noted once they are
/// committed.
pub(super) fn connect_genesis(
    rows: &mut Overlay<'_>,
    store: &dyn KeyValueStore,
    spec: &ChainSpec,
    state: &StateTree,
    genesis: &Block,
) -> Result<vibecoin_storage::TreeUpdate, OpenError> {
    let id = genesis.id();
    let update = state.update(store, None, &genesis_changes(spec)).map_err(state_failure)?;
    if update.root() != genesis.content.state_root {
        return Err(OpenError::Inconsistent {
            what: "the genesis state has another root than its block".to_owned(),
        });
    }
    let supply = genesis_supply(spec).ok_or_else(|| OpenError::Inconsistent {
        what: "the allocation is above the range of an amount".to_owned(),
    })?;
    update.write(rows);
    active::connect(rows, Height::GENESIS, &ActiveBlock { id, state_version: update.version() });
    meta::set_tip(rows, &id);
    meta::set_state_version(rows, &update.version());
    meta::set_supply(rows, &supply);
    Ok(update)
}

/// Refuses a store that begins with another genesis. A new store, or one whose beginning is damaged, passes.
pub(super) fn check_network(store: &dyn KeyValueStore, genesis: &Block) -> Result<(), OpenError> {
    let expected = genesis.id();
    match active::at(store, Height::GENESIS) {
        Ok(Some(block)) if block.id != expected => {
            Err(OpenError::AnotherNetwork { found: block.id, expected })
        }
        Ok(_) => Ok(()),
        Err(error) if error.is_damage() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The tip, if what hangs together in a store does; `None` in a new store.
pub(super) fn sound_tip(store: &dyn KeyValueStore) -> Result<Option<Tip>, OpenError> {
    let inconsistent = |what: &str| OpenError::Inconsistent { what: what.to_owned() };
    let Some(tip) = Tip::load(store)? else {
        return match meta::tip(store)? {
            None => Ok(None),
            Some(_) => Err(inconsistent("there is a tip marker and no active chain")),
        };
    };
    if meta::tip(store)? != Some(tip.id()) {
        return Err(inconsistent("the tip marker names another block than the active chain ends in"));
    }
    if tip.block.header.id() != tip.id() {
        return Err(inconsistent("the header of the tip has another id"));
    }
    if tip.block.header.content_root != tip.content.root() {
        return Err(inconsistent("the content of the tip is not the one its header commits to"));
    }
    if active::at(store, Height::GENESIS)?.is_none() {
        return Err(inconsistent("the active chain has no genesis"));
    }
    if meta::state_version(store)? != Some(tip.state_version) {
        return Err(inconsistent("the newest state is not that of the tip"));
    }
    if StateTree::root(store, tip.state_version)? != Some(tip.content.state_root) {
        return Err(inconsistent("the state of the tip has another root than the tip says"));
    }
    if !meta::supply(store)?.is_some_and(|supply| supply.is_balanced()) {
        return Err(inconsistent("the supply does not add up"));
    }
    check_recent(store, &tip)?;
    Ok(Some(tip))
}

/// That the newest active blocks are there and stand on each other, and that the very newest could be taken off: what
/// the first work after a start will need.
fn check_recent(store: &dyn KeyValueStore, tip: &Tip) -> Result<(), OpenError> {
    let undo_from = meta::undo_pruned_to(store)?.unwrap_or_default().get().max(1);
    let assumed = meta::assumed(store)?;
    let mut expected = tip.id();
    for depth in 0..RECENT_BLOCKS {
        let Some(height) = tip.height().checked_sub(depth) else { break };
        let wrong = |what: &str| OpenError::Inconsistent { what: format!("block {height}: {what}") };
        if active::at(store, height)?.map(|block| block.id) != Some(expected) {
            return Err(wrong("the active chain does not stand on itself"));
        }
        let record = blocks::meta(store, &expected)?.ok_or_else(|| wrong("its record is missing"))?;
        // Of a block whose state was taken over, and of those below it, the bodies may be missing.
        let is_assumed = assumed.is_some_and(|assumed| height <= assumed.height);
        if record.status != BlockStatus::Valid && !is_assumed || record.height != height {
            return Err(wrong("its record is not that of an active block"));
        }
        let header = blocks::header(store, &expected)?.ok_or_else(|| wrong("its header is missing"))?;
        let content = blocks::content(store, &expected)?.ok_or_else(|| wrong("its content is missing"))?;
        if header.id() != expected || header.content_root != content.root() {
            return Err(wrong("its header or its content is another block's"));
        }
        if depth < NEWEST_BLOCKS && !is_assumed {
            if blocks::transactions(store, &expected)?.is_none() {
                return Err(wrong("its transactions are missing"));
            }
            if height.get() >= undo_from && undo::get(store, &expected)?.is_none() {
                return Err(wrong("its undo record is missing"));
            }
        }
        expected = content.parent_id;
    }
    Ok(())
}

/// A row, or nothing where it is damaged.
pub(super) fn readable<T>(row: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match row {
        Err(error) if error.is_damage() => Ok(None),
        row => row,
    }
}
