//! The activity chain: per account, a hash chain over everything that moved its balance.
//!
//! Whoever knows the head of an account can check that a list of entries is complete, ordered and unaltered.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::{Hash, Tag};

use crate::account::Account;
use crate::address::Address;
use crate::amount::Amount;
use crate::encoding;
use crate::units::Height;

#[cfg(test)]
mod tests;

static ACTIVITY: Tag = Tag::new("vibe/activity/v1");

/// The `tx_index` of a reward, which no transaction made.
pub const REWARD_INDEX: u32 = u32::MAX;

/// What an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum EntryKind {
    /// A plain transfer, at its sender.
    Sent = 0,
    /// A transfer, at its receiver.
    Received = 1,
    /// A block reward that matured.
    MinedReward = 2,
    /// A call of a contract.
    ContractCall = 3,
    /// The creation of a contract.
    ContractCreate = 4,
    /// A transfer by a contract, at its receiver.
    ReceivedFromContract = 5,
    /// A transfer by a contract, at the contract.
    SentByContract = 6,
    /// A transaction that failed.
    Failed = 7,
}

/// One entry of an account's activity chain, 89 bytes encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Entry {
    /// How many entries stand before it.
    pub index: u64,
    /// The block that made it.
    pub height: Height,
    /// The transaction's place in that block, or [`REWARD_INDEX`].
    pub tx_index: u32,
    /// What it records.
    pub kind: EntryKind,
    /// The other side; zeros for a reward.
    pub counterparty: Address,
    /// What moved; nothing when the transaction failed.
    pub amount: Amount,
    /// What the sender paid for the transaction; nothing in the entries of others.
    pub fee: Amount,
    /// The transaction; zeros for a reward.
    pub txid: Hash,
}

impl Entry {
    /// The head of a chain whose head was `head` before this entry.
    #[must_use]
    pub fn fold(&self, head: &Hash) -> Hash {
        ACTIVITY.hash(&[head.as_bytes(), &encoding::encode(self)])
    }
}

impl Account {
    /// Appends an entry, whose `index` is set here, and returns it as it was hashed.
    pub fn record(&mut self, mut entry: Entry) -> Entry {
        entry.index = self.activity_count;
        self.activity_head = entry.fold(&self.activity_head);
        // A chain would need 2^64 transactions before this could wrap.
        self.activity_count += 1;
        self.activity_height = entry.height;
        entry
    }
}

/// True when `entries`, oldest first, are exactly what leads from one (count, head) to another.
#[must_use]
pub fn is_complete(from: (u64, Hash), entries: &[Entry], to: (u64, Hash)) -> bool {
    let (mut count, mut head) = from;
    for entry in entries {
        if entry.index != count {
            return false;
        }
        head = entry.fold(&head);
        let Some(next) = count.checked_add(1) else { return false };
        count = next;
    }
    (count, head) == to
}
