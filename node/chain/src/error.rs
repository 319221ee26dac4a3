//! Why the chain refuses a block, or cannot go on.

use vibecoin_consensus::{Blame, BlockError};
use vibecoin_crypto::Hash;
use vibecoin_execution::ExecutionError;
use vibecoin_primitives::Height;
use vibecoin_storage::StoreError;
use vibecoin_storage::meta::ForgedHistory;
use vibecoin_storage::state::StateError;

/// The rule that a block breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// A rule of consensus.
    #[error(transparent)]
    Rule(#[from] BlockError),
    /// A transaction cannot be executed at its place.
    #[error("transaction {index}: {error}")]
    Execution {
        /// Its place in the block.
        index: usize,
        /// What is wrong.
        error: ExecutionError,
    },
    /// It was found invalid before.
    #[error("{reason}")]
    Remembered {
        /// The rule and what was wrong.
        reason: String,
    },
}

impl Invalid {
    /// The number of the broken rule.
    #[must_use]
    pub fn rule(&self) -> &str {
        match self {
            Self::Rule(error) => error.rule(),
            Self::Execution { error, .. } => error.rule().unwrap_or("EXE"),
            Self::Remembered { reason } => reason.split(':').next().unwrap_or_default(),
        }
    }

    /// Whom it speaks against.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::Rule(error) => error.blame(),
            // A miner chose the transaction and its place; and a remembered verdict can be known by anybody.
            Self::Execution { .. } | Self::Remembered { .. } => Blame::Peer,
        }
    }

    /// True when no body under this header can be valid, so that the id may be remembered.
    pub(crate) const fn marks_id_invalid(&self) -> bool {
        match self {
            Self::Rule(error) => error.marks_id_invalid(),
            Self::Execution { .. } => true,
            Self::Remembered { .. } => false,
        }
    }

    /// True when no body under this header can be valid: it speaks against whoever vouches for the header, and not
    /// against whoever only delivered the body.
    #[must_use]
    pub const fn condemns_block(&self) -> bool {
        match self {
            Self::Rule(_) | Self::Execution { .. } => self.marks_id_invalid(),
            // Only what condemned the block is remembered.
            Self::Remembered { .. } => true,
        }
    }

    /// The text that is remembered; it begins with the rule.
    pub(crate) fn to_reason(&self) -> String {
        let (rule, text) = (self.rule(), self.to_string());
        if text.starts_with(rule) { text } else { format!("{rule}: {text}") }
    }
}

/// What stops work on a block: the block, or this machine.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The block.
    Invalid(Invalid),
    /// This machine.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::Store(state_failure(error))
    }
}

impl From<BlockError> for Failure {
    fn from(error: BlockError) -> Self {
        Self::Invalid(Invalid::Rule(error))
    }
}

impl Failure {
    /// An execution error of the transaction at `index`.
    pub(crate) fn of_execution(index: usize, error: ExecutionError) -> Self {
        match error {
            ExecutionError::Store(error) => Self::Store(error),
            error if error.rule().is_some() => Self::Invalid(Invalid::Execution { index, error }),
            error => Self::Store(StoreError::Corrupt { detail: error.to_string() }),
        }
    }
}

/// Rows of this store that do not fit together.
pub(crate) fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt { detail: what.to_owned() }
}

/// A state that the rows refer to and that is not there is a damaged store.
pub(crate) fn state_failure(error: StateError) -> StoreError {
    match error {
        StateError::Store(error) => error,
        error => StoreError::Corrupt { detail: error.to_string() },
    }
}

/// Why a chain cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The store begins with another genesis.
    #[error("the store is of another network: its genesis is {found}, this network's is {expected}")]
    AnotherNetwork {
        /// The genesis in the store.
        found: Hash,
        /// The one of the chain spec.
        expected: Hash,
    },
    /// The store's parts contradict each other.
    #[error("the store contradicts itself: {what}")]
    Inconsistent {
        /// What does not fit.
        what: String,
    },
    /// The history under a state that was taken over breaks a rule: the state was a lie, with the most work on it.
    #[error(
        "block {} at height {}, below a state that was taken over, is invalid: {}. \
        Nothing built on that state can be believed; a reindex goes back to what can be proven",
        .0.block, .0.height, .0.reason
    )]
    ForgedHistory(ForgedHistory),
    /// Blocks of the active chain have not come yet: the state of a later one was taken over.
    #[error("the blocks up to height {below} are not all here yet, and nothing can be made of them")]
    HistoryMissing {
        /// The height of the block whose state was taken over.
        below: Height,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
