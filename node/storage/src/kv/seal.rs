//! The checksum that every row on disk carries.
//!
//! A sealed value is the value and then four bytes: the CRC-32C of the column's name, the key's length, the key and
//! the value, little-endian. It finds what the database's own checksums do not cover: a value that was damaged
//! before it reached a table file, or while it waited in memory, and one that turns up under another key.
//!
//! Deliberately absent: protection against somebody who wants to deceive (a checksum is no signature), and against
//! rows that are missing: that is found by whoever refers to them.

use crate::{columns::Column, error::StoreError};

/// How many bytes a seal adds.
pub(super) const SEAL_BYTES: usize = 4;

/// Appends the checksum to a value.
pub(super) fn seal(column: &str, key: &[u8], value: &mut Vec<u8>) {
    let sum = checksum(column, key, value);
    // No more than is needed: a long value would be copied for room that nobody uses.
    value.reserve_exact(SEAL_BYTES);
    value.extend_from_slice(&sum.to_le_bytes());
}

/// The length of the value in a sealed one; `None` if the checksum is another one.
pub(super) fn check(column: &str, key: &[u8], sealed: &[u8]) -> Option<usize> {
    let (value, sum) = sealed.split_last_chunk::<SEAL_BYTES>()?;
    (u32::from_le_bytes(*sum) == checksum(column, key, value)).then_some(value.len())
}

/// The value in a sealed one.
pub(super) fn open<'a>(column: Column, key: &[u8], sealed: &'a [u8]) -> Result<&'a [u8], StoreError> {
    match check(column.name(), key, sealed) {
        Some(length) => Ok(&sealed[..length]),
        None => Err(StoreError::corrupt_row(column, key)),
    }
}

fn checksum(column: &str, key: &[u8], value: &[u8]) -> u32 {
    let sum = crc32c::crc32c(column.as_bytes());
    // Its length, so that no byte can move from the key to the value.
    let sum = crc32c::crc32c_append(sum, &(key.len() as u64).to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(sum, key), value)
}
