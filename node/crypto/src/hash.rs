//! SHA-256 in the three forms the protocol uses: plain, double, and tagged.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

#[cfg(test)]
mod tests;

/// A 32-byte hash. Shown as lower-case hex, first byte first; ordered as a big-endian number.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, std::hash::Hash, Default, BorshSerialize, BorshDeserialize,
)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Thirty-two zero bytes: "none" wherever the protocol says zeros.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash with these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, first byte first.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 32 bytes by value.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// True for thirty-two zero bytes.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashParseError {
    /// Not 64 characters.
    #[error("a hash is 64 hex digits, not {0} characters")]
    Length(usize),
    /// A character outside 0-9, a-f, A-F.
    #[error("a hash is written in hex digits only")]
    Digit,
}

impl FromStr for Hash {
    type Err = HashParseError;

    /// Reads 64 hex digits of either case.
    fn from_str(text: &str) -> Result<Self, HashParseError> {
        if text.len() != 64 {
            return Err(HashParseError::Length(text.chars().count()));
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| HashParseError::Digit)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as Deserialize>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// SHA-256 of `message`.
#[must_use]
pub fn sha256(message: &[u8]) -> Hash {
    Hash(Sha256::digest(message).into())
}

/// SHA-256 of the concatenation of `parts`, without joining them first.
#[must_use]
pub fn sha256_parts(parts: &[&[u8]]) -> Hash {
    finish(Sha256::new(), parts)
}

/// SHA-256 of SHA-256 of `message`: the identity of a header.
#[must_use]
pub fn sha256d(message: &[u8]) -> Hash {
    sha256(Sha256::digest(message).as_slice())
}

fn finish(mut hasher: Sha256, parts: &[&[u8]]) -> Hash {
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// A domain of tagged hashing: `H(H(tag) ‖ H(tag) ‖ message)`, after BIP-340.
///
/// The 64-byte prefix is absorbed once, so a tagged hash costs no more than a plain one.
pub struct Tag {
    name: &'static str,
    midstate: OnceLock<Sha256>,
}

impl Tag {
    /// A tag; `name` is ASCII. Made to be a `static`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, midstate: OnceLock::new() }
    }

    /// The tagged hash of the concatenation of `parts`.
    #[must_use]
    pub fn hash(&self, parts: &[&[u8]]) -> Hash {
        let midstate = self.midstate.get_or_init(|| {
            let tag = Sha256::digest(self.name.as_bytes());
            Sha256::new().chain_update(tag).chain_update(tag)
        });
        finish(midstate.clone(), parts)
    }
}
