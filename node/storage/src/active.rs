//! The active chain: which block stands at a height on the branch that is followed now, and which version of
//! the state it left.
//!
//! Where a state was taken over without its history ([`meta::Assumed`]), the blocks below it have no rows of their own
//! yet; they are then the ancestors of the block that the state is of, found over the headers. Their states are not
//! kept.
//!
//! Deliberately absent: choosing that branch.

#[cfg(test)]
mod tests;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;

use crate::{
    blocks,
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite, Scan},
    meta,
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

impl ActiveBlock {
    /// A block whose state is not kept: the first version is the genesis's, and is dropped where a state is taken over.
    pub const fn without_state(id: Hash) -> Self {
        Self { id, state_version: StateVersion::FIRST }
    }
}

/// The block at a height; `None` above the tip.
pub fn at(reader: &dyn KeyValueRead, height: Height) -> Result<Option<ActiveBlock>, StoreError> {
    if let Some(block) = row::read(reader, Column::ActiveChain, &height_key(height))? {
        return Ok(Some(block));
    }
    let Some(assumed) = meta::assumed(reader)?.filter(|assumed| height < assumed.height) else {
        return Ok(None);
    };
    let below = blocks::ancestor(reader, &assumed.pivot, height)?;
    Ok(below.map(|(id, _)| ActiveBlock::without_state(id)))
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
    let mut blocks = match meta::assumed(reader)? {
        Some(assumed) if from < assumed.height => below_assumed(reader, &assumed, from, limit)?,
        _ => Vec::new(),
    };
    let from = blocks.last().map_or(Some(from), |(last, _)| last.next());
    if let Some(from) = from.filter(|_| blocks.len() < limit) {
        let scan = Scan::all().from(height_key(from)).limit(limit - blocks.len());
        for row in reader.iterate(Column::ActiveChain, scan) {
            blocks.push(decode(row?)?);
        }
    }
    Ok(blocks)
}

/// At most `limit` blocks from height `from` up to below the block whose state was taken over.
fn below_assumed(
    reader: &dyn KeyValueRead,
    assumed: &meta::Assumed,
    from: Height,
    limit: usize,
) -> Result<Vec<(Height, ActiveBlock)>, StoreError> {
    let top = from.get().saturating_add(limit as u64).min(assumed.height.get());
    let Some(top) = Height::new(top).checked_sub(1).filter(|top| *top >= from) else { return Ok(Vec::new()) };
    let Some((highest, _)) = blocks::ancestor(reader, &assumed.pivot, top)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for step in blocks::ancestors(reader, &highest) {
        let (id, record) = step?;
        if record.height < from {
            break;
        }
        found.push((record.height, ActiveBlock::without_state(id)));
    }
    found.reverse();
    Ok(found)
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
