//! Typed rows: Borsh values under byte keys.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Height};

use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite},
};

/// The value of `key`, decoded whole.
pub(crate) fn read<T: BorshDeserialize>(
    reader: &dyn KeyValueRead,
    column: Column,
    key: &[u8],
) -> Result<Option<T>, StoreError> {
    reader.get(column, key)?.map(|bytes| decode(column, key, &bytes)).transpose()
}

/// The value of `key`, which another row refers to.
pub(crate) fn require<T: BorshDeserialize>(
    reader: &dyn KeyValueRead,
    column: Column,
    key: &[u8],
) -> Result<T, StoreError> {
    read(reader, column, key)?.ok_or_else(|| StoreError::missing(column, key))
}

/// Writes `value` under `key`.
pub(crate) fn write<T: BorshSerialize + ?Sized>(
    writer: &mut dyn KeyValueWrite,
    column: Column,
    key: impl Into<Vec<u8>>,
    value: &T,
) {
    write_sized(writer, column, key, value, 64);
}

/// Writes `value`, which takes about `bytes` bytes, under `key`.
pub(crate) fn write_sized<T: BorshSerialize + ?Sized>(
    writer: &mut dyn KeyValueWrite,
    column: Column,
    key: impl Into<Vec<u8>>,
    value: &T,
    bytes: usize,
) {
    let mut row = Vec::with_capacity(bytes);
    value.serialize(&mut row).expect("writing to memory fails only for lists above 2^32 items");
    writer.put(column, key.into(), row);
}

/// Reads exactly one value out of a row.
pub(crate) fn decode<T: BorshDeserialize>(column: Column, key: &[u8], bytes: &[u8]) -> Result<T, StoreError> {
    T::try_from_slice(bytes).map_err(|error| StoreError::undecodable(column, key, error))
}

/// The last 32 bytes of a key, where it ends in a hash.
pub(crate) fn hash_at_end(column: Column, key: &[u8]) -> Result<Hash, StoreError> {
    key.last_chunk()
        .map(|bytes| Hash::new(*bytes))
        .ok_or_else(|| StoreError::undecodable(column, key, "a short key"))
}

/// A height as it stands in keys.
pub(crate) const fn height_key(height: Height) -> [u8; 8] {
    height.get().to_be_bytes()
}

/// `address ‖ number`, the number big-endian.
pub(crate) fn address_key(address: &Address, number: &[u8]) -> Vec<u8> {
    [address.as_bytes(), number].concat()
}
