//! Ed25519 key pairs and signatures as values.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use ed25519_dalek::{Signer, SigningKey};

use crate::hash::Hash;

#[cfg(test)]
pub(crate) mod tests;

/// Why bytes are not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A secret key has 32 bytes.
    #[error("a secret key has 32 bytes, not {0}")]
    Length(usize),
}

/// An Ed25519 secret key (the 32-byte seed of RFC 8032). Zeroised when dropped, never printed.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key with this seed; every 32 bytes are one.
    #[must_use]
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key in this slice.
    ///
    /// # Errors
    /// [`KeyError::Length`] unless the slice has 32 bytes.
    pub fn from_slice(seed: &[u8]) -> Result<Self, KeyError> {
        let seed = seed.try_into().map_err(|_| KeyError::Length(seed.len()))?;
        Ok(Self::from_bytes(seed))
    }

    /// The seed. Whoever takes it keeps it secret.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs 32 bytes: a transaction id or a tagged message hash, and nothing else.
    #[must_use]
    pub fn sign(&self, hash: &Hash) -> Signature {
        Signature(self.0.sign(hash.as_bytes()).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// The 32 bytes of an Ed25519 public key. Whether they are a point is asked when a signature is verified.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, std::hash::Hash, BorshSerialize, BorshDeserialize)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hash::new(self.0), f)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hash::new(self.0), f)
    }
}

/// The 64 bytes of an Ed25519 signature, `R ‖ s`.
#[derive(Clone, Copy, PartialEq, Eq, std::hash::Hash, BorshSerialize, BorshDeserialize)]
pub struct Signature(pub [u8; 64]);

impl Signature {
    /// The 64 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
