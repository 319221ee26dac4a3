//! The registry of columns: everything that is kept, in one table.
//!
//! A column is an ordered map from bytes to bytes (a RocksDB column family). Integers in keys are big-endian so
//! that a scan runs in their order; values are Borsh (little-endian) unless the table says otherwise.
//!
//! Deliberately absent: column options that differ by taste. All columns share one cache and one set of limits.

use std::fmt;

macro_rules! columns {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A column. Its name on disk never changes; a column that is dropped keeps its name reserved.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column {
            $($(#[$doc])* $variant,)*
        }

        impl Column {
            /// All columns, in the order of the registry.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on disk.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

columns! {
    /// Name of the field (ASCII) → its value. See [`crate::meta`].
    Meta = "meta",
    /// Block id (32) → header.
    Headers = "headers",
    /// Block id (32) → content.
    Contents = "contents",
    /// Block id (32) → list of transactions.
    Bodies = "bodies",
    /// Block id (32) → list of Proof-of-History ticks. May be pruned; everything else of a block is kept.
    Ticks = "ticks",
    /// Block id (32) → what this node knows of the block. See [`crate::blocks::BlockMeta`].
    BlockMeta = "block_meta",
    /// Parent id (32) ‖ child id (32) → nothing.
    Children = "children",
    /// Height (8) ‖ block id (32) → nothing. Every stored block, whatever its branch.
    BlocksByHeight = "blocks_by_height",
    /// Kind (1) ‖ block id (32) → the end of a branch that is not active. See [`crate::branches`].
    BranchEnds = "branch_ends",
    /// Height (8) → id on the active chain and the version of the state after it.
    ActiveChain = "active_chain",
    /// Block id (32) → what undoes the block. See [`crate::undo`].
    Undo = "undo",
    /// Transaction id (32) → place and receipt on the active chain. See [`crate::transactions`].
    Transactions = "transactions",
    /// Address (20) ‖ height (8) ‖ index in the block (4) → transaction id. Active chain only.
    TransactionsBySender = "transactions_by_sender",
    /// Address (20) ‖ height (8) ‖ index in the block (4) → transaction id. Active chain only.
    TransactionsByRecipient = "transactions_by_recipient",
    /// Address (20) ‖ index of the entry (8) → activity entry. Active chain only.
    Activity = "activity",
    /// Hash of a node of the history range (32) → its left and right child, 64 bytes each.
    HistoryNodes = "history_nodes",
    /// Version (8) ‖ length of the path in nibbles (1) ‖ path, two nibbles a byte → node of the state tree.
    StateNodes = "state_nodes",
    /// Version (8) → root hash and where the root node is.
    StateRoots = "state_roots",
    /// Version that made them stale (8) ‖ part (4) → keys of state nodes, one behind the other.
    StateStale = "state_stale",
    /// Running number (8) → a reorganisation that this node made. See [`crate::reorganisations`].
    Reorganisations = "reorganisations",
    /// State key (32) → value. Leaves of a state that is being fetched. See [`crate::staging`].
    StagedLeaves = "staged_leaves",
    /// First key (32) → last key (32) of a range of that state which is there in full.
    StagedRanges = "staged_ranges",
    /// Like [`Column::Meta`], of a replay. See [`crate::replay`].
    ReplayMeta = "replay_meta",
    /// Like [`Column::ActiveChain`], of a replay.
    ReplayChain = "replay_chain",
    /// Like [`Column::StateNodes`], of a replay.
    ReplayNodes = "replay_nodes",
    /// Like [`Column::StateRoots`], of a replay.
    ReplayRoots = "replay_roots",
    /// Like [`Column::StateStale`], of a replay.
    ReplayStale = "replay_stale",
    /// Leaf hash of a transaction that waits (32) → its bytes and when it arrived.
    Pool = "pool",
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
