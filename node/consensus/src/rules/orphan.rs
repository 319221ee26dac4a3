//! What a block must show before it is kept although its parent is unknown.
//!
//! An orphan is also kept only with its committed body ([`super::check_shape`], [`super::check_commitments`]);
//! how many are kept is in [`crate::fork_choice`].

#[cfg(test)]
mod tests;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Bits, Header, Work};

use crate::fork_choice::ORPHAN_WORK_DIVISOR;
use crate::pow::{Target, TargetError};

/// Why a block without a known parent is not kept. None of these is a verdict on the block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrphanError {
    /// Its bits are no target with a work.
    #[error("ORP-1: {0}")]
    Bits(#[from] TargetError),
    /// Its id does not meet the bits it claims.
    #[error("ORP-1: id {id} is above the target of the claimed bits {bits}")]
    Work {
        /// The id.
        id: Hash,
        /// The bits.
        bits: Bits,
    },
    /// Its work is too little beside the tip's.
    #[error("ORP-2: a work of {work} is less than a sixteenth of the tip's {tip}")]
    TooLight {
        /// Its work.
        work: Work,
        /// The tip's own.
        tip: Work,
    },
}

impl OrphanError {
    /// The number of the broken rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Bits(_) | Self::Work { .. } => "ORP-1",
            Self::TooLight { .. } => "ORP-2",
        }
    }
}

/// Checks that a header has done the work it claims, and at least a sixteenth of the active tip's own (ORP-1,
/// ORP-2). Returns that work.
///
/// # Errors
/// [`OrphanError`] with the first rule that is broken.
pub fn check_orphan(header: &Header, tip_own_work: Work) -> Result<Work, OrphanError> {
    let target = Target::from_bits(header.bits)?;
    let work = target.work()?;
    if work.get() < tip_own_work.get().div_ceil(ORPHAN_WORK_DIVISOR) {
        return Err(OrphanError::TooLight { work, tip: tip_own_work });
    }
    let id = header.id();
    if target.is_met_by(&id) { Ok(work) } else { Err(OrphanError::Work { id, bits: header.bits }) }
}
