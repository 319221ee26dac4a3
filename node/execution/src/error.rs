//! Why a transaction cannot be executed in its block.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Amount, Height};
use vibecoin_storage::StoreError;

/// Who is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Whoever sent the block: it is invalid for ever on this parent.
    Peer,
    /// This machine or this program; nothing was found out about the block.
    Ourselves,
}

/// Why a transaction cannot be executed at its place, one variant per rule, and what can fail besides.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecutionError {
    /// The sender is a contract, which signs nothing.
    #[error("EXE-1: the sender {sender:?} has code")]
    SenderHasCode {
        /// It.
        sender: Address,
    },
    /// Not the sender's next nonce.
    #[error("EXE-2: nonce {nonce}, where the account's next is {expected}")]
    Nonce {
        /// The transaction's.
        nonce: u64,
        /// The account's.
        expected: u64,
    },
    /// The sender cannot pay for the worst case.
    #[error("EXE-3: a balance of {balance} VIBE does not cover value and largest fee, {needed} VIBE")]
    Balance {
        /// What the sender has.
        balance: Amount,
        /// `value + gas_limit · gas_price`.
        needed: Amount,
    },
    /// The block has not this much gas left.
    #[error("EXE-4: the gas limit {gas_limit} exceeds the {gas_left} gas that the block has left")]
    GasLeft {
        /// The transaction's limit.
        gas_limit: u64,
        /// Block gas less the gas used before it.
        gas_left: u64,
    },
    /// Its recipient is a contract.
    #[error("EXE-5: the recipient {recipient:?} has code, and contracts cannot be called yet")]
    CallUnsupported {
        /// It.
        recipient: Address,
    },
    /// The cost is above what any balance can hold. Refused before execution, and here once more.
    #[error("TX-11: value and largest fee are above 2^64 beats, which no balance covers")]
    CostAboveRange,
    /// It creates a contract. Refused before execution, and here once more.
    #[error("TX-12: contracts cannot be created yet")]
    CreateUnsupported,
    /// A limit below the intrinsic gas, which is refused before execution: the caller left that check out.
    #[error(
        "the gas limit {gas_limit} is below the intrinsic gas {intrinsic}; this was to be checked before"
    )]
    Unchecked {
        /// The transaction's limit.
        gas_limit: u64,
        /// What it uses before anything runs.
        intrinsic: u64,
    },
    /// A balance, a sum of tips or a count would not fit, which no sound chain spec allows.
    #[error("{what} at height {height} is above the range of its type")]
    Overflow {
        /// What overflowed.
        what: &'static str,
        /// The block.
        height: Height,
    },
    /// A leaf of the state is not what this program writes there.
    #[error("the leaf {key} of the state is damaged: {what}")]
    Damaged {
        /// The leaf.
        key: Hash,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The state could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ExecutionError {
    /// The number of the rule, `None` where no rule is broken.
    #[must_use]
    pub const fn rule(&self) -> Option<&'static str> {
        match self {
            Self::SenderHasCode { .. } => Some("EXE-1"),
            Self::Nonce { .. } => Some("EXE-2"),
            Self::Balance { .. } => Some("EXE-3"),
            Self::GasLeft { .. } => Some("EXE-4"),
            Self::CallUnsupported { .. } => Some("EXE-5"),
            Self::CostAboveRange => Some("TX-11"),
            Self::CreateUnsupported => Some("TX-12"),
            Self::Unchecked { .. } | Self::Overflow { .. } | Self::Damaged { .. } | Self::Store(_) => None,
        }
    }

    /// Who is at fault. No `_` arm: every new rule must take a stand.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::GasLeft { .. }
            | Self::Nonce { .. }
            | Self::Balance { .. }
            | Self::CostAboveRange
            | Self::SenderHasCode { .. }
            | Self::CreateUnsupported
            | Self::CallUnsupported { .. } => Blame::Peer,
            Self::Unchecked { .. } | Self::Overflow { .. } | Self::Damaged { .. } | Self::Store(_) => {
                Blame::Ourselves
            }
        }
    }
}
