//! Names of wallets, which are names of files.

use std::fmt;
use std::str::FromStr;

/// A name has at most this many characters.
pub const NAME_CHARS_MAX: usize = 32;

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or too much.
    #[error("a wallet's name has 1 to {NAME_CHARS_MAX} characters, not {0}")]
    Length(usize),
    /// A character that is not safe in a file's name everywhere.
    #[error("a wallet's name is made of letters a to z, digits, \"-\" and \"_\"; {0:?} is not allowed")]
    Character(char),
}

/// A name that is safe as part of a file's name on every system: ASCII letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WalletName(String);

impl WalletName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when some file systems would take both names for one.
    pub(crate) fn same_file(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Default for WalletName {
    /// What the first wallet is called when nobody says otherwise.
    fn default() -> Self {
        Self("main".to_owned())
    }
}

impl FromStr for WalletName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let length = text.chars().count();
        if length == 0 || length > NAME_CHARS_MAX {
            return Err(NameError::Length(length));
        }
        match text.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_')) {
            Some(other) => Err(NameError::Character(other)),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for WalletName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
