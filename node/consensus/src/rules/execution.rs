//! Stage 5: what only shows once a block has been carried out.
//!
//! Deliberately absent: carrying it out, and with that the rules on nonce, balance and gas left (EXE-2 to
//! EXE-4). They are `vibecoin-execution`'s, which knows the state.

#[cfg(test)]
mod tests;

use vibecoin_crypto::Hash;
use vibecoin_primitives::Content;

use super::Blame;

/// The rules on the accounts that a transaction meets, as far as a pool can ask them long before the block does.
/// One variant per rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// A contract signs nothing (EIP-3607).
    #[error("EXE-1: the sender has code")]
    SenderHasCode,
    /// It calls a contract, and contracts are not carried out yet.
    #[error("EXE-5: this version carries out no contracts, so none can be called")]
    CallUnsupported,
}

impl AccountError {
    /// The number of the broken rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::SenderHasCode => "EXE-1",
            Self::CallUnsupported => "EXE-5",
        }
    }

    /// Whom it blames when the transaction comes alone: nobody, for others may see another state.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::SenderHasCode | Self::CallUnsupported => Blame::Nobody,
        }
    }
}

/// Why the result of a block is not what it claims. One variant per rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecutionError {
    /// `gas_used` is not the sum.
    #[error("EXE-6: gas_used is {claimed}, the transactions used {found}")]
    GasUsed {
        /// The number in the content.
        claimed: u64,
        /// The sum.
        found: u64,
    },
    /// The receipts are others.
    #[error("EXE-7: receipts_root is {claimed}, the receipts have {found}")]
    ReceiptsRoot {
        /// The root in the content.
        claimed: Hash,
        /// That of the receipts.
        found: Hash,
    },
    /// The state is another.
    #[error("EXE-8: state_root is {claimed}, the state after the block has {found}")]
    StateRoot {
        /// The root in the content.
        claimed: Hash,
        /// That of the state.
        found: Hash,
    },
}

impl ExecutionError {
    /// The number of the broken rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::GasUsed { .. } => "EXE-6",
            Self::ReceiptsRoot { .. } => "EXE-7",
            Self::StateRoot { .. } => "EXE-8",
        }
    }

    /// Whom it blames.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::GasUsed { .. } | Self::ReceiptsRoot { .. } | Self::StateRoot { .. } => Blame::Peer,
        }
    }
}

/// What carrying out a block has resulted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The gas of all transactions.
    pub gas_used: u64,
    /// The root over the receipts.
    pub receipts_root: Hash,
    /// The root of the state after it.
    pub state_root: Hash,
}

/// Compares the outcome with what the content claims (EXE-6 to EXE-8).
///
/// # Errors
/// [`ExecutionError`] with the first rule that is broken.
pub fn check_outcome(content: &Content, outcome: &Outcome) -> Result<(), ExecutionError> {
    if content.gas_used != outcome.gas_used {
        return Err(ExecutionError::GasUsed { claimed: content.gas_used, found: outcome.gas_used });
    }
    if content.receipts_root != outcome.receipts_root {
        return Err(ExecutionError::ReceiptsRoot {
            claimed: content.receipts_root,
            found: outcome.receipts_root,
        });
    }
    if content.state_root != outcome.state_root {
        return Err(ExecutionError::StateRoot { claimed: content.state_root, found: outcome.state_root });
    }
    Ok(())
}
