//! Addresses: 20 bytes of a tagged hash of the public key, written in Bech32m under the network's prefix.

use std::fmt;

use bech32::primitives::decode::{CheckedHrpstring, CheckedHrpstringError, UncheckedHrpstringError};
use bech32::{Bech32m, Hrp};
use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::{PublicKey, Tag};

#[cfg(test)]
mod tests;

static ADDRESS: Tag = Tag::new("vibe/addr/v1");

/// Data characters of a written address: 20 bytes in groups of five bits.
const GROUPS: usize = 32;
/// Checksum characters of Bech32m.
const CHECKSUM: usize = 6;

/// The 20 bytes that name an account, the same on every network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize, BorshDeserialize)]
pub struct Address([u8; 20]);

impl Address {
    /// Twenty zero bytes: the counterparty of a reward.
    pub const ZERO: Self = Self([0; 20]);

    /// The address with these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The address of a public key.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let hash = ADDRESS.hash(&[key.as_bytes()]);
        let (head, _) = hash.as_bytes().split_first_chunk().expect("a hash has more than 20 bytes");
        Self(*head)
    }

    /// The 20 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The address as a person reads it on this network, in lower case.
    #[must_use]
    pub fn encode(&self, prefix: AddressPrefix) -> String {
        bech32::encode_lower::<Bech32m>(prefix.hrp(), &self.0)
            .expect("a prefix and 20 bytes stay below 90 characters")
    }

    /// Reads an address of this network, all lower or all upper case.
    ///
    /// # Errors
    /// [`AddressError`]; the address of one of the other built-in networks has a variant of its own.
    pub fn decode(text: &str, expected: AddressPrefix) -> Result<Self, AddressError> {
        if !text.contains('1') {
            return Err(AddressError::NoSeparator);
        }
        let checked = CheckedHrpstring::new::<Bech32m>(text).map_err(AddressError::from_bech32)?;
        let found = checked.hrp().to_lowercase();
        if found != expected.as_str() {
            let expected = expected.to_string();
            return Err(if AddressPrefix::BUILT_IN.iter().any(|known| known.as_str() == found) {
                AddressError::AnotherNetwork { found, expected }
            } else {
                AddressError::UnknownPrefix { found, expected }
            });
        }
        // Bech32 admits any length; only exactly 32 groups are 20 bytes without padding.
        let groups = text.len().saturating_sub(found.len() + 1 + CHECKSUM);
        if groups != GROUPS {
            return Err(AddressError::Length { groups });
        }
        let mut bytes = [0; 20];
        bytes.iter_mut().zip(checked.byte_iter()).for_each(|(to, from)| *to = from);
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Why a text is not an address of this network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A good address, of another network.
    #[error("this is an address of another network: it starts with {found}, here they start with {expected}")]
    AnotherNetwork {
        /// Its prefix.
        found: String,
        /// The prefix of this network.
        expected: String,
    },
    /// A Bech32m text of something else.
    #[error("not a VibeCoin address: it starts with {found}, here they start with {expected}")]
    UnknownPrefix {
        /// Its prefix.
        found: String,
        /// The prefix of this network.
        expected: String,
    },
    /// Upper and lower case letters together.
    #[error("an address is all lower or all upper case")]
    MixedCase,
    /// A character that no address has.
    #[error("{0:?} does not occur in an address")]
    Character(char),
    /// No `1` after the prefix.
    #[error("not an address: there is no 1 between the prefix and the rest")]
    NoSeparator,
    /// The last six characters do not fit the others: a typing error.
    #[error("the checksum does not fit: a character is wrong or missing")]
    Checksum,
    /// The checksum fits something that is not 20 bytes.
    #[error("an address has {GROUPS} characters between its prefix and its checksum, not {groups}")]
    Length {
        /// The characters it has.
        groups: usize,
    },
}

impl AddressError {
    fn from_bech32(error: CheckedHrpstringError) -> Self {
        use bech32::primitives::decode::CharError;
        match error {
            CheckedHrpstringError::Parse(UncheckedHrpstringError::Char(error)) => match error {
                CharError::MixedCase => Self::MixedCase,
                CharError::InvalidChar(character) => Self::Character(character),
                CharError::MissingSeparator => Self::NoSeparator,
                _ => Self::Checksum,
            },
            CheckedHrpstringError::Parse(UncheckedHrpstringError::Hrp(error)) => match error {
                bech32::primitives::hrp::Error::MixedCase => Self::MixedCase,
                bech32::primitives::hrp::Error::NonAsciiChar(character) => Self::Character(character),
                bech32::primitives::hrp::Error::InvalidAsciiByte(byte) => Self::Character(char::from(byte)),
                _ => Self::NoSeparator,
            },
            _ => Self::Checksum,
        }
    }
}

/// The prefix of a network's addresses: 1 to 16 lower-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressPrefix {
    letters: [u8; Self::MAX],
    length: u8,
}

impl AddressPrefix {
    /// The longest prefix, in letters.
    pub const MAX: usize = 16;
    /// `vibe`
    pub const MAINNET: Self = Self::literal(b"vibe");
    /// `tvibe`
    pub const TESTNET: Self = Self::literal(b"tvibe");
    /// `dvibe`
    pub const DEVNET: Self = Self::literal(b"dvibe");
    const BUILT_IN: [Self; 3] = [Self::MAINNET, Self::TESTNET, Self::DEVNET];

    const fn literal(text: &[u8]) -> Self {
        let mut letters = [0; Self::MAX];
        let mut i = 0;
        while i < text.len() {
            letters[i] = text[i];
            i += 1;
        }
        Self { letters, length: text.len() as u8 }
    }

    /// The prefix with these letters; `None` unless they are 1 to 16 of a–z.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits =
            (1..=Self::MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase());
        fits.then(|| Self::literal(text.as_bytes()))
    }

    /// The letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.letters[..usize::from(self.length)]).expect("only letters are stored")
    }

    fn hrp(self) -> Hrp {
        Hrp::parse(self.as_str()).expect("lower-case letters are a valid prefix")
    }
}

impl fmt::Display for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
