//! Blocks, transactions in them, and the chain as a whole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, Height, Timestamp};

use super::scalar::{AddressText, BitsText, HexBytes, WorkText, schema};

/// The end of the active chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tip {
    /// Its height.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// Its id.
    #[schemars(with = "schema::Hash")]
    pub id: Hash,
    /// The id of the block before it.
    #[schemars(with = "schema::Hash")]
    pub parent_id: Hash,
    /// When its miner says it was made.
    #[schemars(with = "schema::Timestamp")]
    pub time: Timestamp,
    /// Work of the whole chain up to it.
    pub work: WorkText,
    /// Its target.
    pub bits: BitsText,
    /// Transactions in it.
    pub tx_count: u32,
    /// Gas they used.
    pub gas_used: u64,
    /// Who mined it.
    pub beneficiary: AddressText,
}

/// Where a block stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlockPlace {
    /// Its height.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// Its id.
    #[schemars(with = "schema::Hash")]
    pub id: Hash,
    /// Its time.
    #[schemars(with = "schema::Timestamp")]
    pub time: Timestamp,
}

/// Header and content of a block, field by field and as they are hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeaderInfo {
    /// The block's id.
    #[schemars(with = "schema::Hash")]
    pub id: Hash,
    /// Its height.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// The header version.
    pub version: u32,
    /// The id of the block before it.
    #[schemars(with = "schema::Hash")]
    pub parent_id: Hash,
    /// The parent's time.
    #[schemars(with = "schema::Timestamp")]
    pub prev_time: Timestamp,
    /// When its miner says it was made.
    #[schemars(with = "schema::Timestamp")]
    pub time: Timestamp,
    /// Its target.
    pub bits: BitsText,
    /// The nonce found.
    pub nonce: u64,
    /// Work of the whole branch up to it.
    pub work: WorkText,
    /// Commitment to all headers before it.
    #[schemars(with = "schema::Hash")]
    pub history_root: Hash,
    /// Commitment to the content.
    #[schemars(with = "schema::Hash")]
    pub content_root: Hash,
    /// The state after it.
    #[schemars(with = "schema::Hash")]
    pub state_root: Hash,
    /// Tree over its transactions.
    #[schemars(with = "schema::Hash")]
    pub tx_root: Hash,
    /// Tree over their receipts.
    #[schemars(with = "schema::Hash")]
    pub receipts_root: Hash,
    /// Tree over the ticks of its Proof of History segment.
    #[schemars(with = "schema::Hash")]
    pub poh_root: Hash,
    /// The record that mixes its transactions into the history.
    #[schemars(with = "schema::Hash")]
    pub poh_hash: Hash,
    /// Who is rewarded.
    pub beneficiary: AddressText,
    /// Gas of all its transactions.
    pub gas_used: u64,
    /// Number of its transactions.
    pub tx_count: u32,
    /// The 104 bytes that are mined.
    pub header: HexBytes,
    /// The 224 bytes that the header commits to.
    pub content: HexBytes,
    /// How far it got with this node.
    pub status: BlockStatus,
    /// True if it is on the active chain.
    pub active: bool,
    /// 1 for the tip, one more for every block on top; 0 beside the active chain.
    pub confirmations: u64,
}

/// A block with its transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlockInfo {
    /// Header and content.
    pub header: HeaderInfo,
    /// Length of the encoding, ticks included.
    pub bytes: u64,
    /// What the protocol gives its miner.
    #[schemars(with = "schema::Amount")]
    pub subsidy: Amount,
    /// What the transactions give its miner.
    #[schemars(with = "schema::Amount")]
    pub tips: Amount,
    /// What the transactions burned.
    #[schemars(with = "schema::Amount")]
    pub burned: Amount,
    /// The transactions in their order.
    pub transactions: Vec<TxInfo>,
}

/// A transaction, field by field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TxInfo {
    /// Its id.
    #[schemars(with = "schema::Hash")]
    pub txid: Hash,
    /// The hash of its whole encoding, signature included.
    #[schemars(with = "schema::Hash")]
    pub leaf_hash: Hash,
    /// Who pays.
    pub from: AddressText,
    /// Who receives; none to create a contract.
    pub to: Option<AddressText>,
    /// What is moved.
    #[schemars(with = "schema::Amount")]
    pub value: Amount,
    /// The most that the sender pays for it: gas limit × price.
    #[schemars(with = "schema::Amount")]
    pub fee_max: Amount,
    /// The sender's count before it.
    pub nonce: u64,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// Beats per gas.
    pub gas_price: u64,
    /// The last height it may be mined at; 0: no limit.
    pub valid_until: u64,
    /// Memo, or input of a contract.
    pub data: HexBytes,
    /// Length of its encoding.
    pub bytes: u64,
}

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptInfo {
    /// False if it failed; its fee is paid all the same.
    pub succeeded: bool,
    /// Gas it used.
    pub gas_used: u64,
    /// What the sender paid for it: gas used × price.
    #[schemars(with = "schema::Amount")]
    pub fee: Amount,
    /// The part of the fee that was burned.
    #[schemars(with = "schema::Amount")]
    pub burned: Amount,
    /// The part of the fee that went to the miner.
    #[schemars(with = "schema::Amount")]
    pub tip: Amount,
    /// The contract it created.
    pub contract: Option<AddressText>,
}

/// A transaction and all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TxDetail {
    /// The transaction.
    pub transaction: TxInfo,
    /// Its encoding.
    pub raw: HexBytes,
    /// What it did; none while it waits.
    pub receipt: Option<ReceiptInfo>,
    /// The block of the active chain that has it; none while it waits.
    pub block: Option<BlockPlace>,
    /// Its place in the block, from 0.
    pub position: Option<u32>,
    /// 1 in the tip, one more for every block on top; 0 while it waits.
    pub confirmations: u64,
    /// The siblings from its leaf up to the block's `tx_root`.
    #[schemars(with = "Vec<schema::Hash>")]
    pub merkle_path: Vec<Hash>,
}

/// Something that a searched text may mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SearchHit {
    /// A block.
    Block {
        /// Its height.
        #[schemars(with = "schema::Height")]
        height: Height,
        /// Its id.
        #[schemars(with = "schema::Hash")]
        id: Hash,
    },
    /// A transaction, mined or waiting.
    Transaction {
        /// Its id.
        #[schemars(with = "schema::Hash")]
        txid: Hash,
    },
    /// An address of this network.
    Account {
        /// The address, in lower case.
        address: AddressText,
        /// True if the state has an account of it.
        known: bool,
    },
}

/// Averages over a stretch of the active chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChainStats {
    /// The first block counted.
    #[schemars(with = "schema::Height")]
    pub from_height: Height,
    /// The last block counted.
    #[schemars(with = "schema::Height")]
    pub to_height: Height,
    /// Blocks counted.
    pub blocks: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Mean time between blocks.
    pub interval_ms: f64,
    /// Transactions per second of block time.
    pub transactions_per_s: f64,
    /// Gas used in them.
    pub gas_used: u64,
    /// Gas used, as a part of what would have fitted.
    pub fullness: f64,
    /// Work of these blocks.
    pub work: WorkText,
    /// Hashes per second that this work took.
    pub hashes_per_s: f64,
    /// The target at the end of the stretch.
    pub bits: BitsText,
    /// How many different miners were paid.
    pub miners: u32,
}

/// The Proof of History segment of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PohSegment {
    /// The block's height.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// The block's id.
    #[schemars(with = "schema::Hash")]
    pub id: Hash,
    /// The parent, from which the segment follows.
    #[schemars(with = "schema::Hash")]
    pub parent_id: Hash,
    /// The hash it starts from.
    #[schemars(with = "schema::Hash")]
    pub seed: Hash,
    /// Hashes from one tick to the next.
    pub hashes_per_tick: u64,
    /// The ticks.
    #[schemars(with = "Vec<schema::Hash>")]
    pub ticks: Vec<Hash>,
    /// Tree over the ticks.
    #[schemars(with = "schema::Hash")]
    pub poh_root: Hash,
    /// Tree over the block's transactions.
    #[schemars(with = "schema::Hash")]
    pub tx_root: Hash,
    /// The record of the last tick and the transactions.
    #[schemars(with = "schema::Hash")]
    pub poh_hash: Hash,
}

/// What stands beside the active chain, and when it changed its mind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForksReport {
    /// Ends of branches beside the active chain, heaviest first, at most 200.
    pub branches: Vec<Branch>,
    /// Reorganisations of this node, those before its last start included, newest first, at most 100.
    pub reorganisations: Vec<Reorganisation>,
}

/// How far a block got with this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockStatus {
    /// Its header was checked; its body is not here.
    Header,
    /// It was checked but for execution; the body of a block below it is not here.
    Unlinked,
    /// It was checked but for execution, and so were all below it.
    Stored,
    /// Every rule holds, execution included.
    Valid,
    /// It breaks a rule, or stands on a block that does.
    Invalid,
}

impl BlockStatus {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Unlinked => "unlinked",
            Self::Stored => "stored",
            Self::Valid => "valid",
            Self::Invalid => "invalid",
        }
    }
}

/// A branch beside the active chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Branch {
    /// Its end.
    #[schemars(with = "schema::Hash")]
    pub id: Hash,
    /// Height of its end.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// Work of the whole branch.
    pub work: WorkText,
    /// Height of the last block it shares with the active chain.
    #[schemars(with = "schema::Height")]
    pub fork_height: Height,
    /// Blocks of its own.
    pub length: u64,
    /// How far its end got.
    pub status: BlockStatus,
    /// How many of its blocks are known by their headers only.
    pub bodies_missing: u64,
    /// The lowest of these.
    #[schemars(with = "Option<schema::Height>")]
    pub missing_from: Option<Height>,
}

/// A change of the active branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reorganisation {
    /// Counts this node's reorganisations, from 0.
    pub number: u64,
    /// When this node did it.
    #[schemars(with = "schema::Timestamp")]
    pub time: Timestamp,
    /// Height of the last block that both branches share.
    #[schemars(with = "schema::Height")]
    pub fork_height: Height,
    /// The tip before.
    #[schemars(with = "schema::Hash")]
    pub from: Hash,
    /// The tip after.
    #[schemars(with = "schema::Hash")]
    pub to: Hash,
    /// Blocks taken back.
    pub reverted: u64,
    /// Blocks put on.
    pub connected: u64,
    /// True if so many were taken back that somebody should find out why (60).
    pub alarming: bool,
}

/// Where every beat is. Balances, maturing and burned together are what was allocated and issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Supply {
    /// After this block.
    #[schemars(with = "schema::Height")]
    pub height: Height,
    /// Its id.
    #[schemars(with = "schema::Hash")]
    pub id: Hash,
    /// What the genesis allocated.
    #[schemars(with = "schema::Amount")]
    pub allocated: Amount,
    /// All subsidies up to this height.
    #[schemars(with = "schema::Amount")]
    pub issued: Amount,
    /// In accounts.
    #[schemars(with = "schema::Amount")]
    pub balances: Amount,
    /// In the reward ring, earned and not yet credited.
    #[schemars(with = "schema::Amount")]
    pub maturing: Amount,
    /// Gone.
    #[schemars(with = "schema::Amount")]
    pub burned: Amount,
    /// True if the sums agree; false is a fault of this node.
    pub balanced: bool,
}

/// What the chain made of a block that is not invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is the new tip, on top of the old one.
    Extended,
    /// It is the new tip, on another branch.
    Reorganised,
    /// It was stored beside the active chain.
    Side,
    /// Only its header was stored: it stands on a branch that forks too deep, or is too light, to matter by itself.
    /// Once headers on it would win, its body is asked for again.
    Header,
    /// It was there already.
    Known,
    /// Its time lies ahead; it is tried again then.
    Held,
    /// Its parent is unknown; it is tried again when that comes.
    Orphan,
}

/// The answer to a submitted block. An invalid one is an error that names the rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Submitted {
    /// What became of it.
    pub verdict: Verdict,
    /// Its id.
    #[schemars(with = "schema::Hash")]
    pub id: Hash,
    /// Its height.
    #[schemars(with = "schema::Height")]
    pub height: Height,
}
