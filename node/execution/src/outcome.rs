//! What a block leaves behind, ready to be written.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Account, Address, Amount, Entry, Receipt, Reward};

/// Leaves of the state with their values, ascending by key; `None`: there is no such leaf.
pub type StateChanges = Vec<(Hash, Option<Vec<u8>>)>;

/// How a block moves the three places where money is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SupplyDelta {
    /// Change of all balances together, in beats.
    pub balances: i128,
    /// Change of the reward ring, in beats.
    pub ring: i128,
    /// What was burned.
    pub burned: Amount,
}

/// Everything that executing a block gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockOutcome {
    /// The leaves that are different now, with their new values.
    pub changes: StateChanges,
    /// The same leaves with the values they had: writing these undoes the block.
    pub previous: StateChanges,
    /// The accounts among them, ascending by key of their leaves. One that is absent now is all zeros.
    pub accounts: Vec<(Address, Account)>,
    /// One receipt per transaction, in order.
    pub receipts: Vec<Receipt>,
    /// The activity entries in the order in which they were made, each with the account it belongs to.
    pub entries: Vec<(Address, Entry)>,
    /// Gas of all transactions.
    pub gas_used: u64,
    /// One beat for every gas used.
    pub burned: Amount,
    /// What matured in this block and was credited at its start.
    pub matured: Option<Reward>,
    /// What this block earned and left in the ring.
    pub reward: Reward,
    /// What it did to the supply.
    pub supply: SupplyDelta,
}
