//! Hierarchical keys: SLIP-0010 for Ed25519 (rule KEY-2).
//!
//! A seed gives one master key, and a [`Path`] of hardened steps leads from it to every account. Ed25519 knows
//! hardened steps only, so a child can never be derived without the secret of its parent: there is no
//! "extended public key" here, and none can be added.
//!
//! Deliberately absent: mnemonics, passphrases and addresses. This module works on bytes.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::keys::SecretKey;

#[cfg(test)]
mod tests;

/// The coin type of the paths of this chain: the bytes `VIBE`, big-endian (0x56494245).
pub const COIN_TYPE: u32 = u32::from_be_bytes(*b"VIBE");

/// The purpose level of every path, as BIP-44 numbers it.
const PURPOSE: u32 = 44;

/// The bit that marks a hardened step.
const HARDENED: u32 = 1 << 31;

/// The key of the HMAC that turns a seed into the master key, as SLIP-0010 fixes it for Ed25519.
const MASTER_KEY: &[u8] = b"ed25519 seed";

/// A seed has at least this many bytes.
pub const SEED_MIN_BYTES: usize = 16;
/// A seed has at most this many bytes.
pub const SEED_MAX_BYTES: usize = 64;

/// More steps than this are refused: no path that anybody uses is deeper.
const STEPS_MAX: usize = 16;

/// Why a key cannot be derived.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DerivationError {
    /// The seed has a length that SLIP-0010 does not know.
    #[error("a seed has {SEED_MIN_BYTES} to {SEED_MAX_BYTES} bytes, not {0}")]
    SeedLength(usize),
    /// A path does not begin with `m`.
    #[error("a derivation path starts with \"m\"")]
    NoRoot,
    /// A step is not a number below 2³¹.
    #[error("step {step} of the path is not a number below 2147483648")]
    NotANumber {
        /// Which step, counted from 1.
        step: usize,
    },
    /// A step lacks the mark of a hardened one: Ed25519 has no others.
    #[error("step {step} of the path is not hardened: write it with an apostrophe")]
    NotHardened {
        /// Which step, counted from 1.
        step: usize,
    },
    /// The path is too deep.
    #[error("a path has at most {STEPS_MAX} steps")]
    TooDeep,
}

/// A path of hardened steps below the master key, `m/44'/1447641669'/0'/0'` in text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path(Vec<u32>);

impl Path {
    /// The master key itself, `m`.
    #[must_use]
    pub const fn master() -> Self {
        Self(Vec::new())
    }

    /// The path of an account of this chain: `m/44'/1447641669'/account'/0'` (rule KEY-2).
    ///
    /// # Errors
    /// [`DerivationError::NotANumber`] when `account` is 2³¹ or more.
    pub fn account(account: u32) -> Result<Self, DerivationError> {
        Self::master().child(PURPOSE)?.child(COIN_TYPE)?.child(account)?.child(0)
    }

    /// This path and one more hardened step.
    ///
    /// # Errors
    /// [`DerivationError::NotANumber`] when `index` is 2³¹ or more, [`DerivationError::TooDeep`] beyond 16 steps.
    pub fn child(mut self, index: u32) -> Result<Self, DerivationError> {
        let step = self.0.len().saturating_add(1);
        if index >= HARDENED {
            return Err(DerivationError::NotANumber { step });
        }
        if step > STEPS_MAX {
            return Err(DerivationError::TooDeep);
        }
        self.0.push(index);
        Ok(self)
    }

    /// The steps, each below 2³¹, without the mark of hardening.
    #[must_use]
    pub fn steps(&self) -> &[u32] {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m")?;
        self.0.iter().try_for_each(|step| write!(f, "/{step}'"))
    }
}

impl FromStr for Path {
    type Err = DerivationError;

    /// Reads what [`Display`](fmt::Display) writes; `h` and `H` are taken for the apostrophe too.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        if parts.next() != Some("m") {
            return Err(DerivationError::NoRoot);
        }
        parts.enumerate().try_fold(Self::master(), |path, (at, part)| {
            let step = at.saturating_add(1);
            let digits = part.strip_suffix(['\'', 'h', 'H']).ok_or(DerivationError::NotHardened { step })?;
            // `u32::from_str` would take a leading plus sign.
            if !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(DerivationError::NotANumber { step });
            }
            path.child(digits.parse().map_err(|_| DerivationError::NotANumber { step })?)
        })
    }
}

/// A secret key and the chain code that its children are made with. Wiped when it is dropped; its debug form
/// shows nothing.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ExtendedKey {
    secret: [u8; 32],
    chain_code: [u8; 32],
}

impl ExtendedKey {
    /// The master key of a seed.
    ///
    /// # Errors
    /// [`DerivationError::SeedLength`] unless the seed has 16 to 64 bytes.
    pub fn from_seed(seed: &[u8]) -> Result<Self, DerivationError> {
        if !(SEED_MIN_BYTES..=SEED_MAX_BYTES).contains(&seed.len()) {
            return Err(DerivationError::SeedLength(seed.len()));
        }
        Ok(Self::from_hmac(MASTER_KEY, &[seed]))
    }

    /// The child at a hardened index.
    ///
    /// # Errors
    /// [`DerivationError::NotANumber`] when `index` is 2³¹ or more.
    pub fn child(&self, index: u32) -> Result<Self, DerivationError> {
        if index >= HARDENED {
            return Err(DerivationError::NotANumber { step: 1 });
        }
        let index = (index | HARDENED).to_be_bytes();
        Ok(Self::from_hmac(&self.chain_code, &[&[0], &self.secret, &index]))
    }

    /// The descendant at the end of a path that starts here.
    ///
    /// # Errors
    /// None in practice: a [`Path`] holds only indices that [`child`](Self::child) takes.
    pub fn derive(&self, path: &Path) -> Result<Self, DerivationError> {
        path.steps().iter().try_fold(self.clone(), |key, step| key.child(*step))
    }

    /// The key pair that signs.
    #[must_use]
    pub fn secret_key(&self) -> SecretKey {
        SecretKey::from_bytes(&self.secret)
    }

    /// The 32 bytes of the Ed25519 secret key (the seed of RFC 8032).
    #[must_use]
    pub const fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// The 32 bytes that the children are made with.
    #[must_use]
    pub const fn chain_code(&self) -> &[u8; 32] {
        &self.chain_code
    }

    fn from_hmac(key: &[u8], parts: &[&[u8]]) -> Self {
        let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes keys of any length");
        parts.iter().for_each(|part| mac.update(part));
        let mut out = mac.finalize().into_bytes();
        let mut made = Self { secret: [0; 32], chain_code: [0; 32] };
        let (secret, chain_code) = out.split_at(32);
        made.secret.copy_from_slice(secret);
        made.chain_code.copy_from_slice(chain_code);
        out.as_mut_slice().zeroize();
        made
    }
}

impl fmt::Debug for ExtendedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExtendedKey(..)")
    }
}
