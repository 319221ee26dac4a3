//! Signed messages: proof that somebody holds the key of an address.
//!
//! A key signs the hash of a message under a tag of its own (rule MSG-1), so no message is ever a transaction.
//! Ed25519 gives no key back from a signature, so a [`Proof`] carries the public key beside it.

use std::fmt;
use std::str::FromStr;

use vibecoin_crypto::signature::Claim;
use vibecoin_crypto::{Hash, PublicKey, SecretKey, Signature, Tag};
use vibecoin_primitives::Address;

#[cfg(test)]
mod tests;

static MESSAGE: Tag = Tag::new("vibe/message/v1");

/// Bytes of a proof: a public key and a signature.
const PROOF_BYTES: usize = 96;

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The text is no proof at all.
    #[error("a signature is written with 192 hexadecimal digits")]
    Format,
    /// The key in it is another address's.
    #[error("this was signed by another address")]
    AnotherAddress,
    /// The signature is not of this message.
    #[error("the signature is not of this message: not a single character may differ")]
    Signature,
}

/// A public key and its signature of a message; 192 hexadecimal digits in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Who signed.
    pub public_key: PublicKey,
    /// The signature of the message's hash.
    pub signature: Signature,
}

/// What is signed of a message: its hash under the tag of messages.
#[must_use]
pub fn hash(message: &[u8]) -> Hash {
    MESSAGE.hash(&[message])
}

/// Signs a message.
#[must_use]
pub fn sign(key: &SecretKey, message: &[u8]) -> Proof {
    Proof { public_key: key.public_key(), signature: key.sign(&hash(message)) }
}

/// Checks that the holder of an address signed a message.
///
/// # Errors
/// [`MessageError::AnotherAddress`] and [`MessageError::Signature`].
pub fn verify(address: &Address, message: &[u8], proof: &Proof) -> Result<(), MessageError> {
    if Address::of(&proof.public_key) != *address {
        return Err(MessageError::AnotherAddress);
    }
    let claim = Claim { key: proof.public_key, hash: hash(message), signature: proof.signature };
    if claim.verify() { Ok(()) } else { Err(MessageError::Signature) }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.public_key, self.signature)
    }
}

impl FromStr for Proof {
    type Err = MessageError;

    fn from_str(text: &str) -> Result<Self, MessageError> {
        let mut bytes = [0; PROOF_BYTES];
        hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| MessageError::Format)?;
        let (key, signature) = bytes.split_first_chunk::<32>().ok_or(MessageError::Format)?;
        let signature = signature.first_chunk::<64>().ok_or(MessageError::Format)?;
        Ok(Self { public_key: PublicKey(*key), signature: Signature(*signature) })
    }
}
