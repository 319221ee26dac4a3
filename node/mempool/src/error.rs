//! Why a transaction is not taken.

use vibecoin_consensus::{AccountError, Blame, TransactionError};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, Height};
use vibecoin_storage::StoreError;

/// Why a transaction is not taken. Each has its own words and figures; the rule is one of consensus or one of this
/// pool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// It breaks a rule that needs no state: another network, expired, a wrong signature, and others.
    #[error(transparent)]
    Invalid(#[from] TransactionError),
    /// Its sender or its recipient has code.
    #[error(transparent)]
    Account(AccountError),
    /// The pool has it: the same bytes.
    #[error("POOL-1: the transaction {txid} is in the pool already")]
    Known {
        /// Its id.
        txid: Hash,
    },
    /// The pool has the same body under another signature, which says nothing new.
    #[error("POOL-2: the transaction {txid} is in the pool already, under another signature")]
    AnotherSignature {
        /// Its id.
        txid: Hash,
    },
    /// Longer than a block or the pool takes.
    #[error("POOL-3: {bytes} bytes, where at most {bytes_max} are taken")]
    TooLarge {
        /// Its encoding.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// Its last height is too near for it to have a fair chance.
    #[error(
        "POOL-4: expires too soon: valid until height {valid_until}, and the next block has height {next}; \
         at least {blocks_min} blocks must be able to take it"
    )]
    ExpiresSoon {
        /// The last height that can take it.
        valid_until: Height,
        /// The height of the next block.
        next: Height,
        /// How many blocks must be left.
        blocks_min: u64,
    },
    /// It offers less than the pool asks.
    #[error("POOL-5: {offered} beats per gas offered, at least {minimum} needed")]
    Underpriced {
        /// Its price, beats per gas.
        offered: u64,
        /// The pool's minimum, beats per gas.
        minimum: u64,
    },
    /// Its nonce is used up.
    #[error("POOL-6: nonce {nonce} was used already, the next is {expected}")]
    NonceUsed {
        /// Its nonce.
        nonce: u64,
        /// The next one that would be taken.
        expected: u64,
    },
    /// Its nonce does not follow the sender's last.
    #[error("POOL-7: nonce {nonce} leaves a gap, the next is {expected}")]
    NonceGap {
        /// Its nonce.
        nonce: u64,
        /// The next one that would be taken.
        expected: u64,
    },
    /// The balance does not cover it besides what the sender has waiting.
    #[error(
        "POOL-8: insufficient funds: {needed} VIBE needed at most, {} VIBE available (a balance of {balance} VIBE, \
         {pending} VIBE of it for transactions that wait)",
        balance.saturating_sub(*pending)
    )]
    InsufficientFunds {
        /// Its largest cost.
        needed: Amount,
        /// The largest costs of the sender's other waiting transactions.
        pending: Amount,
        /// What the sender has at the tip.
        balance: Amount,
    },
    /// It would replace another one, but does not outbid it by enough.
    #[error(
        "POOL-9: {offered} beats per gas offered, at least {needed} needed to replace the transaction {replaces} of \
         the same nonce"
    )]
    ReplacementUnderpriced {
        /// Its price, beats per gas.
        offered: u64,
        /// The price that would do, beats per gas.
        needed: u64,
        /// The one that it would replace.
        replaces: Hash,
    },
    /// The sender has as many waiting as one may.
    #[error("POOL-10: the sender has {waiting} transactions waiting, and at most {waiting_max} may")]
    SenderFull {
        /// How many wait.
        waiting: usize,
        /// The limit.
        waiting_max: usize,
    },
    /// The pool is full of what pays as much or more.
    #[error("POOL-11: the pool is full, {offered} beats per gas offered, at least {needed} needed")]
    PoolFull {
        /// What it offers, or what a transaction that it stands behind offers, if that is less.
        offered: u64,
        /// The price that would make room now.
        needed: u64,
    },
    /// Not even dropping everybody else's would make the room.
    #[error(
        "POOL-12: no room: {memory_bytes} bytes of memory needed, of {memory_bytes_max} that the pool has"
    )]
    NoRoom {
        /// The memory it needs, and what its sender has waiting.
        memory_bytes: usize,
        /// The memory of the pool.
        memory_bytes_max: usize,
    },
    /// The state could not be read; nothing was found out about the transaction.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PoolError {
    /// The number of the rule; `None` where none is broken. No `_` arm: every new rule gets a number.
    #[must_use]
    pub const fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(error) => Some(error.rule()),
            Self::Account(error) => Some(error.rule()),
            Self::Known { .. } => Some("POOL-1"),
            Self::AnotherSignature { .. } => Some("POOL-2"),
            Self::TooLarge { .. } => Some("POOL-3"),
            Self::ExpiresSoon { .. } => Some("POOL-4"),
            Self::Underpriced { .. } => Some("POOL-5"),
            Self::NonceUsed { .. } => Some("POOL-6"),
            Self::NonceGap { .. } => Some("POOL-7"),
            Self::InsufficientFunds { .. } => Some("POOL-8"),
            Self::ReplacementUnderpriced { .. } => Some("POOL-9"),
            Self::SenderFull { .. } => Some("POOL-10"),
            Self::PoolFull { .. } => Some("POOL-11"),
            Self::NoRoom { .. } => Some("POOL-12"),
            Self::Store(_) => None,
        }
    }

    /// Whom it blames: only what is wrong by itself speaks against whoever sent it, for pools differ.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::Invalid(error) => error.blame(),
            Self::Account(error) => error.blame(),
            Self::Known { .. }
            | Self::AnotherSignature { .. }
            | Self::TooLarge { .. }
            | Self::ExpiresSoon { .. }
            | Self::Underpriced { .. }
            | Self::NonceUsed { .. }
            | Self::NonceGap { .. }
            | Self::InsufficientFunds { .. }
            | Self::ReplacementUnderpriced { .. }
            | Self::SenderFull { .. }
            | Self::PoolFull { .. }
            | Self::NoRoom { .. }
            | Self::Store(_) => Blame::Nobody,
        }
    }
}
