//! Transactions that wait, so that what was acknowledged is still there after a crash.
//!
//! Deliberately absent: order and policy; this is the pool's diary, not the pool.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;

use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite, Scan},
    row,
};

/// A transaction that waits.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PooledTransaction {
    /// Its whole encoding.
    pub bytes: Vec<u8>,
    /// When it arrived, in milliseconds since the Unix epoch.
    pub arrival_ms: u64,
}

/// Stores a transaction under its leaf hash (the hash of its encoding with the signature).
pub fn put(writer: &mut dyn KeyValueWrite, leaf_hash: &Hash, transaction: &PooledTransaction) {
    row::write(writer, Column::Pool, *leaf_hash.as_bytes(), transaction);
}

/// Forgets a transaction.
pub fn remove(writer: &mut dyn KeyValueWrite, leaf_hash: &Hash) {
    writer.delete(Column::Pool, leaf_hash.as_bytes().to_vec());
}

/// All transactions, in the order of their leaf hashes.
pub fn all(reader: &dyn KeyValueRead) -> Result<Vec<(Hash, PooledTransaction)>, StoreError> {
    let decode = |(key, value): (Vec<u8>, Vec<u8>)| {
        Ok((row::hash_at_end(Column::Pool, &key)?, row::decode(Column::Pool, &key, &value)?))
    };
    reader.iterate(Column::Pool, Scan::all()).map(|row| decode(row?)).collect()
}
