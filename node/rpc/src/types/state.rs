//! Accounts, their proofs and their history.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::activity::REWARD_INDEX;
use vibecoin_primitives::{Address, AddressPrefix, Amount, Entry, EntryKind, Height, Timestamp};

use super::scalar::{AddressText, HexBytes, schema};
use crate::error::ApiError;

/// An account after a block, with what the reward ring and the pool hold for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountInfo {
    /// Its address.
    pub address: AddressText,
    /// After the block of this height.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// That block's id.
    #[schemars(with = "schema::Hash")]
    pub block_id: Hash,
    /// What it can spend, the pool left aside.
    #[schemars(with = "schema::Amount")]
    pub balance: Amount,
    /// Transactions it has in blocks: the nonce of its next one, the pool left aside.
    pub nonce: u64,
    /// Keccak-256 of its code, if it is a contract.
    #[schemars(with = "Option<schema::Hash>")]
    pub code_hash: Option<Hash>,
    /// Entries in its activity chain.
    pub activity_count: u64,
    /// Head of its activity chain.
    #[schemars(with = "schema::Hash")]
    pub activity_head: Hash,
    /// Height of its newest entry.
    #[schemars(with = "schema::Height")]
    pub activity_height: Height,
    /// Mined, not yet credited.
    #[schemars(with = "schema::Amount")]
    pub maturing: Amount,
    /// The next of it to be credited.
    pub next_maturing: Option<Maturing>,
    /// What waits in the pool. All zeros for a height in the past.
    pub pending: Pending,
}

/// A reward on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Maturing {
    /// The block that credits it.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// How much.
    #[schemars(with = "schema::Amount")]
    pub amount: Amount,
}

/// An account's transactions in the pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pending {
    /// How many it has sent.
    pub count: u64,
    /// The most that those take away: values and largest fees.
    #[schemars(with = "schema::Amount")]
    pub outgoing: Amount,
    /// What others are sending it.
    #[schemars(with = "schema::Amount")]
    pub incoming: Amount,
    /// The nonce of its next transaction, those in the pool counted.
    pub next_nonce: u64,
}

/// An account and slots with proofs against a state root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateProof {
    /// The block whose state root it is.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// That block's id.
    #[schemars(with = "schema::Hash")]
    pub block_id: Hash,
    /// The root.
    #[schemars(with = "schema::Hash")]
    pub state_root: Hash,
    /// The address asked for.
    pub address: AddressText,
    /// The account's encoding; none: it is proven absent.
    pub account: Option<HexBytes>,
    /// Its proof.
    pub proof: HexBytes,
    /// The slots asked for, in that order.
    pub slots: Vec<SlotProof>,
}

/// A storage slot with its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SlotProof {
    /// The slot.
    #[schemars(with = "schema::Hash")]
    pub slot: Hash,
    /// Its value; none: it is proven zero.
    #[schemars(with = "Option<schema::Hash>")]
    pub value: Option<Hash>,
    /// Its proof.
    pub proof: HexBytes,
}

/// Entries of an account's activity chain, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryPage {
    /// After the block of this height.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// That block's id.
    #[schemars(with = "schema::Hash")]
    pub block_id: Hash,
    /// Entries of the whole chain.
    pub count: u64,
    /// Head of the whole chain.
    #[schemars(with = "schema::Hash")]
    pub head: Hash,
    /// The entries of this page.
    pub entries: Vec<EntryInfo>,
    /// What to give as `before` for the next page; none: this was the last.
    pub next_before: Option<u64>,
}

/// What an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// A plain transfer, at its sender.
    Sent,
    /// A transfer, at its receiver.
    Received,
    /// A block reward that matured.
    MinedReward,
    /// A call of a contract.
    ContractCall,
    /// The creation of a contract.
    ContractCreate,
    /// A transfer by a contract, at its receiver.
    ReceivedFromContract,
    /// A transfer by a contract, at the contract.
    SentByContract,
    /// A transaction that failed.
    Failed,
}

impl From<EntryKind> for ActivityKind {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Sent => Self::Sent,
            EntryKind::Received => Self::Received,
            EntryKind::MinedReward => Self::MinedReward,
            EntryKind::ContractCall => Self::ContractCall,
            EntryKind::ContractCreate => Self::ContractCreate,
            EntryKind::ReceivedFromContract => Self::ReceivedFromContract,
            EntryKind::SentByContract => Self::SentByContract,
            EntryKind::Failed => Self::Failed,
        }
    }
}

impl From<ActivityKind> for EntryKind {
    fn from(kind: ActivityKind) -> Self {
        match kind {
            ActivityKind::Sent => Self::Sent,
            ActivityKind::Received => Self::Received,
            ActivityKind::MinedReward => Self::MinedReward,
            ActivityKind::ContractCall => Self::ContractCall,
            ActivityKind::ContractCreate => Self::ContractCreate,
            ActivityKind::ReceivedFromContract => Self::ReceivedFromContract,
            ActivityKind::SentByContract => Self::SentByContract,
            ActivityKind::Failed => Self::Failed,
        }
    }
}

/// One entry. Time and memo are what the node adds; the rest is what the activity chain hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryInfo {
    /// How many entries stand before it.
    pub index: u64,
    /// The block that made it.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// That block's time, if the node has it.
    #[schemars(with = "Option<schema::Timestamp>")]
    pub time: Option<Timestamp>,
    /// What it records.
    pub kind: ActivityKind,
    /// The other side; none for a reward.
    pub counterparty: Option<AddressText>,
    /// What moved.
    #[schemars(with = "schema::Amount")]
    pub amount: Amount,
    /// What this account paid for the transaction.
    #[schemars(with = "schema::Amount")]
    pub fee: Amount,
    /// The transaction; none for a reward.
    #[schemars(with = "Option<schema::Hash>")]
    pub txid: Option<Hash>,
    /// Its place in the block; none for a reward.
    pub position: Option<u32>,
    /// The transaction's data, if the node has it and there is any.
    pub memo: Option<HexBytes>,
}

impl EntryInfo {
    /// The entry as the API shows it.
    #[must_use]
    pub fn new(entry: &Entry, prefix: AddressPrefix, time: Option<Timestamp>, memo: Option<Vec<u8>>) -> Self {
        let reward = entry.tx_index == REWARD_INDEX;
        Self {
            index: entry.index,
            height: entry.height,
            time,
            kind: entry.kind.into(),
            counterparty: (!reward).then(|| AddressText::new(&entry.counterparty, prefix)),
            amount: entry.amount,
            fee: entry.fee,
            txid: (!reward).then_some(entry.txid),
            position: (!reward).then_some(entry.tx_index),
            memo: memo.map(HexBytes::from),
        }
    }

    /// The entry as the activity chain hashes it.
    ///
    /// # Errors
    /// Those of [`AddressText::decode`] for the counterparty.
    pub fn to_entry(&self, prefix: AddressPrefix) -> Result<Entry, ApiError> {
        let counterparty = self.counterparty.as_ref().map(|text| text.decode(prefix)).transpose()?;
        Ok(Entry {
            index: self.index,
            height: self.height,
            tx_index: self.position.unwrap_or(REWARD_INDEX),
            kind: self.kind.into(),
            counterparty: counterparty.unwrap_or(Address::ZERO),
            amount: self.amount,
            fee: self.fee,
            txid: self.txid.unwrap_or(Hash::ZERO),
        })
    }
}
