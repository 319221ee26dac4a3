//! The chain as the screens show it.

use vibecoin_primitives::Amount;

use super::{Mark, Trust};
use crate::safe::SafeText;

/// How far the chain has been followed.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SyncState {
    /// Nothing is known yet.
    #[default]
    Starting,
    /// At the tip.
    Synced,
    /// On the way to `target`.
    Syncing {
        /// The height to reach.
        target: u64,
        /// The part that is done, 0 to 1, where it is not the part of the height.
        done: Option<f64>,
        /// Seconds to go at the present rate, when there is a rate.
        eta_s: Option<u64>,
    },
    /// No source answers.
    Offline(SafeText),
}

/// What sets the pace of blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// The spec's difficulty is trivial, blocks come every so many milliseconds: a hash rate would mean nothing.
    Paced {
        /// The interval in milliseconds.
        interval_ms: u64,
    },
    /// The network's work, in hashes a second.
    HashRate(f64),
}

/// The Proof of History segment being computed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Poh {
    /// Sequential hashes a second on this machine.
    pub hashes_per_second: f64,
    /// How long a whole segment takes here, in milliseconds and parts of them.
    pub segment_ms: f64,
    /// Hashes in a segment.
    pub segment_hashes: u64,
}

/// The title line's view of the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainStatus {
    /// `devnet`, `testnet`, `mainnet`, or a spec's own name.
    pub network: SafeText,
    /// Height of the tip.
    pub height: u64,
    /// Time of the tip, Unix milliseconds.
    pub tip_time_ms: u64,
    /// How far it has been followed.
    pub sync: SyncState,
    /// Connected peers, and how many of them were called from here. `None` without a network.
    pub peers: Option<(u32, u32)>,
    /// What sets the pace.
    pub pace: Pace,
    /// The interval blocks aim at, in milliseconds.
    pub target_interval_ms: u64,
    /// What all of this rests on.
    pub trust: Trust,
    /// Proof of History on this machine, when it is computed here.
    pub poh: Option<Poh>,
    /// What the node keeps, when it tells.
    pub kept: Option<Kept>,
    /// What ails the node, or should be looked at, in words.
    pub warnings: Vec<SafeText>,
    /// The depth of a reorganisation that was an alarm and is recent.
    pub alarm: Option<u64>,
}

/// What a node keeps of the chain, and the room that takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Bytes on the disk.
    pub disk_bytes: u64,
    /// Whether all states are kept.
    pub archive: bool,
    /// The lowest block whose state is kept.
    pub states_from: u64,
    /// The lowest block whose ticks are kept.
    pub ticks_from: u64,
}

/// A block in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockRow {
    /// Its height.
    pub height: u64,
    /// Its id in hex.
    pub id: SafeText,
    /// Its time, Unix milliseconds.
    pub time_ms: u64,
    /// Its time less its parent's, in milliseconds.
    pub interval_ms: u64,
    /// Its transactions.
    pub tx_count: u64,
    /// Gas used.
    pub gas_used: u64,
    /// Gas a block may use.
    pub gas_limit: u64,
    /// The address its reward goes to.
    pub miner: SafeText,
    /// Whether that address is one of the open wallet's.
    pub own: bool,
    /// Expected hashes that went into it.
    pub work: f64,
    /// What all of this rests on.
    pub mark: Mark,
}

/// A block by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockDetail {
    /// What a list shows of it.
    pub row: BlockRow,
    /// Its parent's id.
    pub parent: SafeText,
    /// The state after it.
    pub state_root: SafeText,
    /// The tree over its transactions.
    pub tx_root: SafeText,
    /// The tree over its receipts.
    pub receipts_root: SafeText,
    /// The Proof of History record.
    pub poh_hash: SafeText,
    /// The history of all headers before it.
    pub history_root: SafeText,
    /// The compact target in hex.
    pub bits: SafeText,
    /// The nonce that was found.
    pub nonce: u64,
    /// Encoded size in bytes.
    pub size_bytes: u64,
    /// Subsidy and tips.
    pub reward: Amount,
    /// The height that credits the reward.
    pub reward_at: u64,
    /// Blocks on top of it, itself included; 0 when it is not on the active chain.
    pub confirmations: u64,
    /// Its transactions, in order.
    pub transactions: Vec<TxRow>,
}

/// A transaction in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxRow {
    /// Its id in hex.
    pub txid: SafeText,
    /// The sender.
    pub from: SafeText,
    /// The recipient; `None` creates a contract.
    pub to: Option<SafeText>,
    /// What moves.
    pub value: Amount,
    /// What it cost, or may cost while it waits.
    pub fee: Amount,
    /// Whether it did what it said.
    pub done: bool,
}

/// A transaction by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxDetail {
    /// What a list shows of it.
    pub row: TxRow,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Id of the block that holds it.
    pub block: Option<SafeText>,
    /// Time of that block.
    pub time_ms: Option<u64>,
    /// Its place in that block.
    pub position: Option<u32>,
    /// The sender's counter.
    pub nonce: u64,
    /// Last height that may hold it; 0: no limit.
    pub valid_until: u64,
    /// Most gas it may use.
    pub gas_limit: u64,
    /// Gas it used.
    pub gas_used: Option<u64>,
    /// Beats it pays for one gas.
    pub gas_price: u64,
    /// Encoded size in bytes.
    pub size_bytes: u64,
    /// Its data as text, when it is a memo.
    pub memo: Option<SafeText>,
    /// What its being in that block rests on.
    pub mark: Mark,
    /// What its outcome and its cost rest on, once there is a receipt.
    pub receipt: Mark,
}

/// A payment of one's own, looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Where it stands.
    pub status: PaymentStatus,
    /// What that rests on.
    pub mark: Mark,
    /// To whom it was given, where that are remote servers.
    pub handed: Option<Handed>,
}

/// Whom a payment was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handed {
    /// Servers that have taken it.
    pub servers: usize,
    /// Whether no server has it that was not given it, after so long that those who took it may be keeping it back.
    pub withheld: bool,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Nobody has seen it.
    Unknown,
    /// It waits.
    Pending {
        /// Its place in the pool, from 1; `None` when that is not known.
        place: Option<u64>,
    },
    /// A block holds it.
    Mined {
        /// The block's height.
        height: u64,
        /// Blocks on top of it, itself included.
        confirmations: u64,
        /// Whether it did what it said.
        done: bool,
    },
    /// Its last valid height has passed: it can never be mined.
    Expired,
    /// Another transaction with the same counter took its place.
    Replaced,
}

/// An account of anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDetail {
    /// Its address.
    pub address: SafeText,
    /// The contact's or own account's name for it.
    pub name: Option<SafeText>,
    /// Whether it is the open wallet's.
    pub own: bool,
    /// What it holds.
    pub balance: Amount,
    /// Transactions sent.
    pub nonce: u64,
    /// Entries in its activity chain.
    pub activity_count: u64,
    /// Whether there is code at it.
    pub has_code: bool,
    /// What this rests on.
    pub mark: Mark,
    /// Its newest entries.
    pub entries: Vec<super::HistoryRow>,
}

/// A branch that is, or was, not the active one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkRow {
    /// Id of its last block.
    pub tip: SafeText,
    /// Height of its last block.
    pub height: u64,
    /// The last height it shares with the active chain.
    pub branches_at: u64,
    /// Its blocks after that height.
    pub length: u64,
    /// How it stands: `header`, `stored`, `valid`, `replaced`, …
    pub status: SafeText,
    /// Blocks of it of which only the headers are known.
    pub missing: u64,
}

/// A time when the node changed over to another branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReorganisationRow {
    /// When, Unix milliseconds.
    pub time_ms: u64,
    /// The last height that both branches share.
    pub branches_at: u64,
    /// Blocks that left the active chain.
    pub reverted: u64,
    /// Blocks that came onto it.
    pub connected: u64,
    /// Id of the tip before.
    pub from: SafeText,
    /// Whether it was so deep that somebody should find out why.
    pub alarming: bool,
}

/// What stands beside the active chain, and when it was changed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forks {
    /// Branches, heaviest first.
    pub branches: Vec<ForkRow>,
    /// Reorganisations, newest first.
    pub reorganisations: Vec<ReorganisationRow>,
    /// What all of this rests on.
    pub mark: Mark,
}

/// What a search led to.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A block.
    Block(Box<BlockDetail>),
    /// A transaction.
    Transaction(Box<TxDetail>),
    /// An account.
    Account(Box<AccountDetail>),
    /// Nothing goes by that text.
    Nothing,
}

/// Which block is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockRef {
    /// The active chain's at this height.
    Height(u64),
    /// The one with this id, in hex.
    Id(SafeText),
}

/// The miner of the node one is on.
#[derive(Clone, Debug, PartialEq)]
pub struct MinerStatus {
    /// Whether it searches.
    pub running: bool,
    /// Threads it searches with.
    pub threads: u32,
    /// Threads this machine has.
    pub threads_max: u32,
    /// Hashes a second; `None` when blocks are paced.
    pub hash_rate: Option<f64>,
    /// Where rewards go.
    pub beneficiary: Option<SafeText>,
    /// Blocks found since it was started.
    pub blocks_found: u64,
    /// Height and time of the newest of them.
    pub last_found: Option<(u64, u64)>,
    /// Proof of History on this machine.
    pub poh: Option<Poh>,
    /// Rewards not yet spendable, soonest first.
    pub maturing: Vec<Maturing>,
    /// Why it cannot be started from here, when it cannot.
    pub unavailable: Option<SafeText>,
}

/// A reward on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maturing {
    /// The block that earned it.
    pub mined_at: u64,
    /// The height that credits it.
    pub spendable_at: u64,
    /// How much.
    pub amount: Amount,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When, Unix milliseconds.
    pub time_ms: u64,
    /// How grave.
    pub level: LogLevel,
    /// The part of the program that wrote it.
    pub target: SafeText,
    /// What it wrote.
    pub message: SafeText,
}

/// How grave a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// For those who look for something.
    Trace,
    /// For those who develop.
    Debug,
    /// What happened.
    Info,
    /// What should be looked at.
    Warn,
    /// What failed.
    Error,
}
