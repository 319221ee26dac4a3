//! One value, one encoding: Borsh, whole and canonical.

use borsh::{BorshDeserialize, BorshSerialize};

#[cfg(test)]
mod tests;

/// Why bytes are not the encoding of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end too early, or a tag or length in them is impossible.
    #[error("the bytes are not a whole Borsh encoding")]
    Malformed,
    /// There is more after the value.
    #[error("{0} bytes follow the encoding")]
    TrailingBytes(usize),
}

/// Reads exactly one value out of `bytes`.
///
/// Every type of this crate is built of fixed-size integers, byte arrays, options and length-prefixed lists, for
/// which Borsh has a single encoding once unknown tags and trailing bytes are refused, as they are here.
///
/// # Errors
/// [`DecodeError`] when the bytes are anything but the encoding of one value.
pub fn decode<T: BorshDeserialize>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut rest = bytes;
    let value = T::deserialize(&mut rest).map_err(|_| DecodeError::Malformed)?;
    if rest.is_empty() { Ok(value) } else { Err(DecodeError::TrailingBytes(rest.len())) }
}

/// The encoding of `value`.
#[must_use]
pub fn encode<T: BorshSerialize + ?Sized>(value: &T) -> Vec<u8> {
    borsh::to_vec(value).expect("writing to memory fails only for lists above 2^32 items")
}
