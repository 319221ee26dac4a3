//! On whose word a value is shown.

use std::fmt;

/// Who vouches for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustedBy {
    /// This user's own full node, which has checked every block itself.
    OwnNode,
}

impl fmt::Display for TrustedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OwnNode => "own node",
        })
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
