//! The bans as bytes, and back.

use vibecoin_primitives::DecodeError;
use vibecoin_primitives::encoding::{decode, encode};

use super::{AUTOMATIC_MAX, Ban, Bans, By, OPERATOR_MAX, Subject};
use crate::sealed::{Seal, SealError};

const SEAL: Seal = Seal::new(*b"vibebans", 1);

/// Why bytes are not a list of bans. Then one begins without any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BanFileError {
    /// The frame around it.
    #[error("the bans cannot be read: {0}")]
    Seal(#[from] SealError),
    /// What is in it.
    #[error("the bans cannot be read: {0}")]
    Body(#[from] DecodeError),
    /// More than are kept.
    #[error("there are {automatic} bans by the node and {operator} by hand, more than are kept")]
    TooMany {
        /// By the node.
        automatic: usize,
        /// By the operator.
        operator: usize,
    },
}

/// Bans that were read.
#[derive(Debug)]
pub struct RestoredBans {
    /// They.
    pub bans: Bans,
    /// How many have ended in the meantime.
    pub ended: usize,
}

impl Bans {
    /// The bytes to be kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        SEAL.close(&encode(&self.bans.iter().collect::<Vec<_>>()))
    }

    /// Reads what [`Bans::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`BanFileError`]: the bytes are damaged, or of something else.
    pub fn from_bytes(bytes: &[u8], now_ms: u64) -> Result<RestoredBans, BanFileError> {
        let kept: Vec<(Subject, Ban)> = decode(SEAL.open(bytes)?)?;
        let operator = kept.iter().filter(|(_, ban)| ban.by == By::Operator).count();
        let automatic = kept.len() - operator;
        if automatic > AUTOMATIC_MAX || operator > OPERATOR_MAX {
            return Err(BanFileError::TooMany { automatic, operator });
        }
        let mut bans = Self::new();
        for (subject, ban) in kept {
            bans.insert(subject, ban);
        }
        let before = bans.len();
        bans.prune(now_ms);
        let ended = before - bans.len();
        Ok(RestoredBans { bans, ended })
    }
}
