//! What can be banned.

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::hash::HashParseError;

use super::range::{Range, RangeError};
use crate::endpoint::NodeId;

/// Who or what is banned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Subject {
    /// Whoever owns this key.
    Node(NodeId),
    /// Whoever comes from one of these addresses, or would be dialled there.
    Range(Range),
}

/// Why a text names nothing that can be banned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// It has the length of a node's key, but is none.
    #[error("not a node's key: {0}")]
    Node(HashParseError),
    /// It is no range either.
    #[error("neither a node's key nor a range of addresses: {0}")]
    Range(#[from] RangeError),
}

impl fmt::Display for Subject {
    /// 64 hex digits, or CIDR.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => node.fmt(f),
            Self::Range(range) => range.fmt(f),
        }
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    /// Reads 64 hex digits, an address, or a range of addresses.
    fn from_str(text: &str) -> Result<Self, SubjectError> {
        // No address is as long as a key.
        if text.len() == 64 {
            text.parse().map(Self::Node).map_err(SubjectError::Node)
        } else {
            Ok(Self::Range(text.parse()?))
        }
    }
}
