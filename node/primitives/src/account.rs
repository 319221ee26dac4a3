//! The values of the state: accounts and the reward ring.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;

use crate::address::Address;
use crate::amount::Amount;
use crate::units::Height;

/// What the state knows of one address. The default, all zeros, is the same as absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct Account {
    /// Transactions it has sent.
    pub nonce: u64,
    /// What it can spend.
    pub balance: Amount,
    /// Keccak-256 of its code; zeros: it has none.
    pub code_hash: Hash,
    /// Entries in its activity chain.
    pub activity_count: u64,
    /// Head of its activity chain; zeros before the first entry.
    pub activity_head: Hash,
    /// Height of its newest entry.
    pub activity_height: Height,
}

impl Account {
    /// True when nothing is known of it, so that the state has no leaf for it.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        *self == Self::default()
    }

    /// True when it is a contract.
    #[must_use]
    pub fn has_code(&self) -> bool {
        !self.code_hash.is_zero()
    }
}

/// One place of the reward ring: what block `height` earned, until it matures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Reward {
    /// The block that earned it.
    pub height: Height,
    /// Who will be credited.
    pub beneficiary: Address,
    /// Subsidy and tips, as one sum.
    pub amount: Amount,
}
