//! Single values: what this store is of, where its chain stands, and how much money there is.

#[cfg(test)]
mod tests;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, Height};

use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite},
    row,
    state::StateVersion,
};

/// The format of everything in the data directory. It rises when a program can no longer read what an older
/// one wrote, or the other way round. Format 2 seals every row with a checksum and numbers the commits.
pub const FORMAT_VERSION: u32 = 2;

/// Defines the getter and the setter of a field.
macro_rules! fields {
    ($($(#[$doc:meta])* $get:ident, $set:ident: $type:ty = $name:literal;)*) => {$(
        $(#[$doc])*
        pub fn $get(reader: &dyn KeyValueRead) -> Result<Option<$type>, StoreError> {
            row::read(reader, Column::Meta, $name)
        }

        #[doc = concat!("Sets what [`", stringify!($get), "`] returns.")]
        pub fn $set(writer: &mut dyn KeyValueWrite, value: &$type) {
            row::write(writer, Column::Meta, *$name, value);
        }
    )*};
}

fields! {
    /// The format the store was written in; `None` in a new store.
    format_version, set_format_version: u32 = b"format_version";
    /// The genesis id of the network that the store is of; `None` in a new store.
    genesis_id, set_genesis_id: Hash = b"genesis_id";
    /// The id of the active tip; `None` before the genesis is stored.
    tip, set_tip: Hash = b"tip";
    /// The newest version of the state tree, which is the state of the tip; `None` before the genesis.
    state_version, set_state_version: StateVersion = b"state_version";
    /// The version below which everything was dropped that could be; `None` before the first pruning.
    state_pruned_to, set_state_pruned_to: StateVersion = b"state_pruned_to";
    /// How many blocks were received so far: the next block's place in the order of arrival.
    arrivals, set_arrivals: u64 = b"arrivals";
    /// The supply after the tip; `None` before the genesis.
    supply, set_supply: Supply = b"supply";
    /// How many blocks are stored of which only the header is known.
    headers_only, set_headers_only: u64 = b"headers_only";
    /// The block that a rebuild is on its way to; `None` while none is under way.
    rebuilding, set_rebuilding: Hash = b"rebuilding";
    /// The height below which undo records were dropped; `None` before the first pruning of them.
    undo_pruned_to, set_undo_pruned_to: Height = b"undo_pruned_to";
    /// The version below which nodes of the state stand that belong to no state any more; `None` if there are none.
    state_garbage_below, set_state_garbage_below: StateVersion = b"state_garbage_below";
    /// The state that is being fetched; `None` while none is. See [`crate::staging`].
    staged_state, set_staged_state: StagedState = b"staged_state";
    /// What of the chain was taken without its history; `None` in a store that has all of it.
    assumed, set_assumed: Assumed = b"assumed";
    /// What is wrong with the history under a state that was taken over; `None` while nothing is known to be.
    forged_history, set_forged_history: ForgedHistory = b"forged_history";
    /// The height below which ticks were dropped; `None` in a store that keeps them.
    ticks_pruned_to, set_ticks_pruned_to: Height = b"ticks_pruned_to";
}

/// Forgets what follows from the blocks, for a rebuild that makes it anew.
pub fn forget_derived(writer: &mut dyn KeyValueWrite) {
    let names = [
        &b"tip"[..],
        b"state_version",
        b"state_pruned_to",
        b"state_garbage_below",
        b"staged_state",
        b"assumed",
        b"forged_history",
        b"supply",
        b"undo_pruned_to",
    ];
    names.into_iter().for_each(|name| writer.delete(Column::Meta, name.to_vec()));
}

/// Takes note that no state is being fetched.
pub fn clear_staged_state(writer: &mut dyn KeyValueWrite) {
    writer.delete(Column::Meta, b"staged_state".to_vec());
}

/// Takes note that no nodes of the state are left over.
pub fn clear_state_garbage_below(writer: &mut dyn KeyValueWrite) {
    writer.delete(Column::Meta, b"state_garbage_below".to_vec());
}

/// Takes note that all of the chain's history is there.
pub fn clear_assumed(writer: &mut dyn KeyValueWrite) {
    writer.delete(Column::Meta, b"assumed".to_vec());
}

/// A state that is being fetched: the one after a block, known by its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StagedState {
    /// The block.
    pub pivot: Hash,
    /// Its height.
    pub height: Height,
    /// The root of the state.
    pub root: Hash,
    /// Leaves that are there.
    pub leaves: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
}

/// A block below a state that was taken over, which breaks a rule: so that state is a lie, however much work is on it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ForgedHistory {
    /// The block.
    pub block: Hash,
    /// Its height.
    pub height: Height,
    /// The rule and what is wrong, for people.
    pub reason: String,
}

/// The block whose state was taken over: what stands below it on the active chain is believed for the work on it,
/// until its bodies have come and been executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Assumed {
    /// The block.
    pub pivot: Hash,
    /// Its height.
    pub height: Height,
    /// The supply after it, as it follows from its state.
    pub supply: Supply,
}

/// Takes note that a rebuild has arrived where it was going.
pub fn clear_rebuilding(writer: &mut dyn KeyValueWrite) {
    writer.delete(Column::Meta, b"rebuilding".to_vec());
}

/// Where all money is, after a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Supply {
    /// What the genesis allocated.
    pub allocation: Amount,
    /// Subsidies of all blocks so far.
    pub subsidies: Amount,
    /// What accounts hold together.
    pub balances: Amount,
    /// What waits in the reward ring.
    pub ring: Amount,
    /// What was burned.
    pub burned: Amount,
}

impl Supply {
    /// Whether balances, ring and burned are together what was allocated and minted: true after every block.
    pub fn is_balanced(&self) -> bool {
        let sum = |amounts: &[Amount]| amounts.iter().map(|amount| u128::from(amount.beats())).sum::<u128>();
        sum(&[self.balances, self.ring, self.burned]) == sum(&[self.allocation, self.subsidies])
    }
}
