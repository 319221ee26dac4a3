//! Activity entries of the active chain, by address and index: the lists that account histories are made of.
//!
//! Deliberately absent: the fold that proves a list complete; that belongs to the entries themselves.

#[cfg(test)]
mod tests;

use vibecoin_primitives::{Address, Entry};

use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite, Scan},
    row::{self, address_key},
};

/// Stores an entry under its own index.
pub fn put(writer: &mut dyn KeyValueWrite, address: &Address, entry: &Entry) {
    row::write(writer, Column::Activity, key(address, entry.index), entry);
}

/// Removes the entries `from..to` of an address: those of a block that is undone.
pub fn remove(writer: &mut dyn KeyValueWrite, address: &Address, from: u64, to: u64) {
    (from..to).for_each(|index| writer.delete(Column::Activity, key(address, index)));
}

/// One entry.
pub fn get(reader: &dyn KeyValueRead, address: &Address, index: u64) -> Result<Option<Entry>, StoreError> {
    row::read(reader, Column::Activity, &key(address, index))
}

/// At most `limit` entries with an index below `before` (all, if `None`), newest first.
pub fn newest_first(
    reader: &dyn KeyValueRead,
    address: &Address,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    let scan = Scan::prefix(*address.as_bytes()).reversed().limit(limit);
    let scan = match before {
        Some(index) => scan.after(key(address, index)),
        None => scan,
    };
    collect(reader, scan)
}

/// At most `limit` entries from index `from` on, oldest first.
pub fn oldest_first(
    reader: &dyn KeyValueRead,
    address: &Address,
    from: u64,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    collect(reader, Scan::prefix(*address.as_bytes()).from(key(address, from)).limit(limit))
}

fn collect(reader: &dyn KeyValueRead, scan: Scan) -> Result<Vec<Entry>, StoreError> {
    let decode = |(key, value): (Vec<u8>, Vec<u8>)| row::decode(Column::Activity, &key, &value);
    reader.iterate(Column::Activity, scan).map(|row| decode(row?)).collect()
}

fn key(address: &Address, index: u64) -> Vec<u8> {
    address_key(address, &index.to_be_bytes())
}
