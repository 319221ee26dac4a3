//! The state before the first block: the allocation of the chain spec.

use vibecoin_primitives::{Account, Address, ChainSpec, encoding, state_key};

use crate::outcome::StateChanges;

/// The accounts of the genesis, in the order of the spec: a balance and zeros. An allocation of nothing makes none.
///
/// The spec names each address once; that is a rule of its validation.
pub fn genesis_accounts(spec: &ChainSpec) -> impl Iterator<Item = (Address, Account)> + '_ {
    let account = |balance| Account { balance, ..Account::default() };
    let funded = spec.genesis_allocation.iter().filter(|row| !row.amount.is_zero());
    funded.map(move |row| (row.address, account(row.amount)))
}

/// The leaves of the genesis state, ascending by key. The genesis writes no reward.
#[must_use]
pub fn genesis_changes(spec: &ChainSpec) -> StateChanges {
    let leaf = |(address, account): (Address, Account)| {
        (state_key::account(&address), Some(encoding::encode(&account)))
    };
    let mut leaves: StateChanges = genesis_accounts(spec).map(leaf).collect();
    leaves.sort_unstable_by_key(|(key, _)| *key);
    leaves
}
