//! The active chain: which block stands at a height on the branch that is followed now, and which version of
//! the state it left.
//!
//! Deliberately absent: choosing that branch.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;

use crate::{
    blocks,
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite, Scan},
    row::{self, height_key},
    state::StateVersion,
};

/// A block of the active chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ActiveBlock {
    /// Its id.
    pub id: Hash,
    /// The version of the state tree that holds the state after it.
    pub state_version: StateVersion,
}

/// The block at a height; `None` above the tip.
pub fn at(reader: &dyn KeyValueRead, height: Height) -> Result<Option<ActiveBlock>, StoreError> {
    row::read(reader, Column::ActiveChain, &height_key(height))
}

/// The tip of the active chain and its height; `None` in an empty store.
pub fn tip(reader: &dyn KeyValueRead) -> Result<Option<(Height, ActiveBlock)>, StoreError> {
    reader
        .iterate(Column::ActiveChain, Scan::all().reversed().limit(1))
        .next()
        .map(|row| decode(row?))
        .transpose()
}

/// Whether a block is on the active chain, and where.
pub fn height_of(reader: &dyn KeyValueRead, id: &Hash) -> Result<Option<Height>, StoreError> {
    let Some(meta) = blocks::meta(reader, id)? else { return Ok(None) };
    Ok(at(reader, meta.height)?.filter(|block| block.id == *id).map(|_| meta.height))
}

/// At most `limit` blocks from height `from` upwards.
pub fn range(
    reader: &dyn KeyValueRead,
    from: Height,
    limit: usize,
) -> Result<Vec<(Height, ActiveBlock)>, StoreError> {
    let scan = Scan::all().from(height_key(from)).limit(limit);
    reader.iterate(Column::ActiveChain, scan).map(|row| decode(row?)).collect()
}

/// Makes a block the active one of its height.
pub fn connect(writer: &mut dyn KeyValueWrite, height: Height, block: &ActiveBlock) {
    row::write(writer, Column::ActiveChain, height_key(height), block);
}

/// Takes the block of a height, which must be the tip, off the active chain.
pub fn disconnect(writer: &mut dyn KeyValueWrite, height: Height) {
    writer.delete(Column::ActiveChain, height_key(height).to_vec());
}

fn decode((key, value): (Vec<u8>, Vec<u8>)) -> Result<(Height, ActiveBlock), StoreError> {
    let number = <[u8; 8]>::try_from(key.as_slice())
        .map_err(|_| StoreError::undecodable(Column::ActiveChain, &key, "not a height"))?;
    Ok((Height::new(u64::from_be_bytes(number)), row::decode(Column::ActiveChain, &key, &value)?))
}
