//! Undo records: what a block changed, as it was before.
//!
//! Applied, a record leads back to the state and the indexes of the block before. The transactions of the block
//! say the rest.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::Address;

use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite},
    meta::Supply,
    row,
};

/// What undoes one block.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Undo {
    /// Every state key that the block changed, ascending, with the value before; `None`: it had none.
    pub state: Vec<(Hash, Option<Vec<u8>>)>,
    /// Every address that got activity entries, with the indexes of those: from (included) to (excluded).
    pub activity: Vec<(Address, u64, u64)>,
    /// The supply before the block.
    pub supply: Supply,
}

/// Stores the record of a block.
pub fn put(writer: &mut dyn KeyValueWrite, block: &Hash, undo: &Undo) {
    row::write(writer, Column::Undo, *block.as_bytes(), undo);
}

/// The record of a block; `None` if the block was never active, or so long ago that its record was dropped.
pub fn get(reader: &dyn KeyValueRead, block: &Hash) -> Result<Option<Undo>, StoreError> {
    row::read(reader, Column::Undo, block.as_bytes())
}

/// Drops the record of a block.
pub fn remove(writer: &mut dyn KeyValueWrite, block: &Hash) {
    writer.delete(Column::Undo, block.as_bytes().to_vec());
}
