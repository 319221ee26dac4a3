//! Proof-of-History segments: the ticks of every block, by block id.
//!
//! The only part of a block that may be dropped, since anybody can compute it again from the parent's id.

use vibecoin_crypto::Hash;

use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite},
    row,
};

/// The ticks of a block; `None` if the block is unknown or its ticks were pruned.
pub fn ticks(reader: &dyn KeyValueRead, id: &Hash) -> Result<Option<Vec<Hash>>, StoreError> {
    row::read(reader, Column::Ticks, id.as_bytes())
}

/// Whether the ticks of a block are there.
pub fn contains(reader: &dyn KeyValueRead, id: &Hash) -> Result<bool, StoreError> {
    reader.contains(Column::Ticks, id.as_bytes())
}

/// Stores the ticks of a block.
pub fn put(writer: &mut dyn KeyValueWrite, id: &Hash, ticks: &[Hash]) {
    row::write(writer, Column::Ticks, *id.as_bytes(), ticks);
}

/// Drops the ticks of a block.
pub fn prune(writer: &mut dyn KeyValueWrite, id: &Hash) {
    writer.delete(Column::Ticks, id.as_bytes().to_vec());
}
