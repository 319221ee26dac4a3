//! Why something that a server said is not believed, and whose fault that is.

use vibecoin_consensus::light::ancestor::AncestorError;
use vibecoin_consensus::light::poh_fault::FaultError;
use vibecoin_consensus::light::tail::TailError;
use vibecoin_consensus::light::{ClaimError, LightError};
use vibecoin_consensus::rules::HeaderError;
use vibecoin_crypto::Hash;
use vibecoin_crypto::state_tree::ProofError;
use vibecoin_primitives::{Height, Work};
use vibecoin_rpc::{ApiError, Subject};

use super::server::{ServerError, ServerUrl};
use super::servers::{Judged, Verdict};

/// Why an answer is not believed. All of it is in our words.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Failure {
    /// There was no answer, or none of a node's.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// Bytes of another length or form than the answer has.
    #[error("the answer's {0} has not the form that it has to have")]
    Form(&'static str),
    /// A tip that does not agree with itself.
    #[error("the claimed tip: {0}")]
    Claim(ClaimError),
    /// A tip with less work than this network is known to have.
    #[error("the claimed chain has work {work}, this network has at least {floor}")]
    TooLittleWork {
        /// Of the claim.
        work: Work,
        /// What the chain spec's network has.
        floor: Work,
    },
    /// The server fell silent, or refused, once it knew the seed.
    #[error("the server was asked for the proof of its claim and gave none: {0}")]
    Unproven(#[source] ServerError),
    /// The proof is none.
    #[error("the proof is false: {0}")]
    Proof(LightError),
    /// Headers that do not continue the chain.
    #[error("the headers are false: {0}")]
    Headers(#[from] TailError),
    /// More work was announced than there is.
    #[error("a chain of work {said} was announced, its headers have {found}")]
    Announced {
        /// What was said.
        said: Work,
        /// What the headers have.
        found: Work,
    },
    /// A content that the block does not commit to.
    #[error("the content is not that of the block at height {0}")]
    Content(Height),
    /// Another block than the one that was asked for.
    #[error("the answer is about another block than {0}")]
    OtherBlock(Hash),
    /// A state proof that proves nothing.
    #[error("the proof of the state is false: {0}")]
    State(#[from] ProofError),
    /// The proven value is not what the answer says beside it.
    #[error("the answer says something else than it proves")]
    Contradiction,
    /// Entries that do not lead to the proven head.
    #[error("the history does not lead to the proven head, at entry {index} or before")]
    History {
        /// Where it was noticed.
        index: u64,
    },
    /// A transaction that is not the one asked for, or not where it is said to be.
    #[error("the transaction is not where it is said to be: {0}")]
    Inclusion(InclusionError),
    /// An old header that is not under the tip.
    #[error("the header of height {height} is not proven: {error}")]
    Ancestor {
        /// Its height.
        height: Height,
        /// Why.
        #[source]
        error: AncestorError,
    },
    /// A proof against a segment that proves nothing.
    #[error("the proof against a Proof of History segment is none: {0}")]
    Fault(FaultError),
    /// The ticks that the block commits to do not follow from each other: whoever made it broke the rules.
    #[error("tick {tick} of block {id} does not follow from the one before it")]
    Segment {
        /// The block.
        id: Hash,
        /// The tick, from 0.
        tick: u32,
    },
    /// The server does not know what an honest node knows: another one may.
    #[error("the server does not have what was asked for")]
    NotThere,
    /// The chain moved on while it was asked.
    #[error("the chain moved on while it was asked about")]
    Moved,
    /// The server lied before, and is not asked any more.
    #[error("the server lied before and is not asked again")]
    Distrusted,
    /// This machine has no random numbers, without which no question is safe.
    #[error("the system gives no random numbers")]
    NoChance,
    /// Nothing was proven yet.
    #[error("no chain has been proven yet")]
    Unsynced,
}

/// What is wrong with an inclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InclusionError {
    /// Other bytes than those of the transaction.
    #[error("it is another transaction")]
    OtherTransaction,
    /// No block, position or path beside each other.
    #[error("its place is told incompletely")]
    Incomplete,
    /// The path does not lead to the block's root.
    #[error("its path does not lead to the block's root")]
    Path,
}

impl Failure {
    /// True if the server did not answer, rather than wrongly.
    #[must_use]
    pub const fn is_absence(&self) -> bool {
        matches!(self, Self::Server(ServerError::Absent(_)) | Self::Unproven(ServerError::Absent(_)))
    }

    /// True if what was said lies too far ahead of this machine's clock.
    #[must_use]
    pub const fn is_from_the_future(&self) -> bool {
        matches!(self, Self::Claim(ClaimError::Header(HeaderError::FromTheFuture { .. })))
    }

    /// The error as whoever asks a node knows it.
    #[must_use]
    pub fn to_api(&self, url: &ServerUrl) -> ApiError {
        match self {
            Self::Server(error) | Self::Unproven(error) => error.to_api(url),
            Self::NotThere => ApiError::not_found(Subject::Block, "asked for"),
            Self::Moved => ApiError::Busy { reason: self.to_string() },
            Self::Unsynced | Self::Distrusted | Self::NoChance => {
                ApiError::NotAvailable { reason: self.to_string() }
            }
            Self::Form(_) | Self::TooLittleWork { .. } => ApiError::Malformed { reason: self.to_string() },
            Self::Claim(_)
            | Self::Proof(_)
            | Self::Headers(_)
            | Self::Announced { .. }
            | Self::Content(_)
            | Self::OtherBlock(_)
            | Self::State(_)
            | Self::Contradiction
            | Self::History { .. }
            | Self::Inclusion(_)
            | Self::Ancestor { .. }
            | Self::Fault(_)
            | Self::Segment { .. } => ApiError::FalseProof { url: url.to_string(), reason: self.to_string() },
        }
    }
}

impl Judged for Failure {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Server(error) => error.verdict(),
            // A clock of this side's may be the wrong one.
            Self::Claim(ClaimError::Header(HeaderError::FromTheFuture { .. })) => Verdict::Refused,
            // Silence is not proof of a lie; that it came after the seed is counted by whoever asked.
            Self::Unproven(error) => error.verdict().max(Verdict::Broken),
            // The ticks are the committed ones: it is the block that is false, and who shows them does well.
            Self::Segment { .. } => Verdict::Refused,
            Self::TooLittleWork { .. } | Self::NotThere | Self::Moved => Verdict::Refused,
            Self::Form(_) => Verdict::Broken,
            Self::Claim(_)
            | Self::Proof(_)
            | Self::Headers(_)
            | Self::Announced { .. }
            | Self::Content(_)
            | Self::OtherBlock(_)
            | Self::State(_)
            | Self::Contradiction
            | Self::History { .. }
            | Self::Inclusion(_)
            | Self::Ancestor { .. }
            | Self::Fault(_) => Verdict::False,
            Self::Unsynced | Self::Distrusted | Self::NoChance => Verdict::Ours,
        }
    }
}
