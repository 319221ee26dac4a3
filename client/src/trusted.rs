//! On whose word a value is shown.

use std::fmt;
use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;

/// Who vouches for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustedBy {
    /// This user's own full node, which has checked every block itself.
    OwnNode,
    /// Nobody: it was proven against a block whose work was proven.
    Proven {
        /// The block's height.
        height: Height,
        /// Its id.
        id: Hash,
    },
    /// A server said so, and nothing backs it.
    Reported {
        /// The server, as the user names it.
        server: Arc<str>,
    },
}

impl fmt::Display for TrustedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnNode => f.write_str("own node"),
            Self::Proven { height, .. } => write!(f, "proven at {height}"),
            Self::Reported { server } => write!(f, "reported by {server}"),
        }
    }
}

/// A value and who vouches for it, so that nothing is shown without saying so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted<T> {
    /// The value.
    pub value: T,
    /// Who vouches for it.
    pub by: TrustedBy,
}

impl<T> Trusted<T> {
    /// A value that the user's own node gave.
    pub const fn own(value: T) -> Self {
        Self { value, by: TrustedBy::OwnNode }
    }

    /// Something computed from the value alone, vouched for by the same.
    pub fn map<U>(self, compute: impl FnOnce(T) -> U) -> Trusted<U> {
        Trusted { value: compute(self.value), by: self.by }
    }
}
