//! The opening of a store: the genesis of a new one, and what must fit together in an old one.

use vibecoin_consensus::Peaks;
use vibecoin_crypto::Hash;
use vibecoin_execution::genesis_changes;
use vibecoin_primitives::{Block, ChainSpec, Height};
use vibecoin_storage::active::ActiveBlock;
use vibecoin_storage::blocks::BlockStatus;
use vibecoin_storage::state::StateTree;
use vibecoin_storage::{Durability, KeyValueStore, Overlay, active, meta};

use crate::branch::{genesis_supply, put_block};
use crate::error::{OpenError, state_failure};
use crate::tip::{Parent, Tip};

/// Stores the genesis with its state.
pub(super) fn write_genesis(
    store: &dyn KeyValueStore,
    spec: &ChainSpec,
    state: &StateTree,
    genesis: &Block,
) -> Result<Tip, OpenError> {
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
    let mut rows = Overlay::new(store);
    let nothing =
        Parent { id: Hash::ZERO, header: genesis.header, history: Peaks::new(), completed: Vec::new() };
    put_block(&mut rows, id, genesis, &nothing, BlockStatus::Valid, 0)?;
    update.write(&mut rows);
    active::connect(&mut rows, Height::GENESIS, &ActiveBlock { id, state_version: update.version() });
    meta::set_tip(&mut rows, &id);
    meta::set_state_version(&mut rows, &update.version());
    meta::set_supply(&mut rows, &supply);
    meta::set_arrivals(&mut rows, &1);
    store.write(rows.into_batch(), Durability::Synced)?;
    state.committed(&update);
    Tip::load(store)?
        .ok_or_else(|| OpenError::Inconsistent { what: "the genesis was not written".to_owned() })
}

/// What must fit together in a store before anything is built on it.
pub(super) fn check_store(store: &dyn KeyValueStore, genesis: &Block, tip: &Tip) -> Result<(), OpenError> {
    let expected = genesis.id();
    let found = active::at(store, Height::GENESIS)?.map(|block| block.id).unwrap_or_default();
    if found != expected {
        return Err(OpenError::AnotherNetwork { found, expected });
    }
    let inconsistent = |what: &str| OpenError::Inconsistent { what: what.to_owned() };
    if meta::tip(store)? != Some(tip.id()) {
        return Err(inconsistent("the tip marker names another block than the active chain ends in"));
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
    Ok(())
}
