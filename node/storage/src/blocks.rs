//! Blocks of every branch, in parts that are read separately: header, content, transactions and ticks; and what
//! this node knows of each.
//!
//! Deliberately absent: which block is best (see [`crate::active`] for the chain that is followed now), and
//! validity: a status is stored here, not found.

#[cfg(test)]
mod tests;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Content, Header, Height, Transaction, Work};

use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite, Scan},
    poh,
    row::{self, height_key},
};

/// A node of the history range as it is hashed: `hash[32] | work u128 | t0 u64 | t1 u64`.
pub type HistoryNodeBytes = [u8; 64];

/// How far a block got.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum BlockStatus {
    /// All rules hold, execution included.
    Valid,
    /// Everything but execution was checked: it stands on a side branch.
    Unexecuted,
    /// A rule is broken by what the header commits to; so is every block that stands on it.
    Invalid {
        /// The rule and what is wrong, for people.
        reason: String,
    },
}

/// What this node knows of a block beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BlockMeta {
    /// How many blocks stand before it.
    pub height: Height,
    /// The block before; for the genesis the hash of the chain spec, which is no block's id.
    pub parent: Hash,
    /// Work of its chain, its own included.
    pub work: Work,
    /// Its place in the order in which this node received blocks.
    pub arrival: u64,
    /// How far it got.
    pub status: BlockStatus,
    /// The peaks that its `history_root` commits to, highest first: the range over all headers before it.
    pub history_peaks: Vec<HistoryNodeBytes>,
}

/// Stores all parts of a block, its meta data, and its places in the traversal by parent and by height.
pub fn put(writer: &mut dyn KeyValueWrite, id: &Hash, block: &Block, meta: &BlockMeta) {
    row::write(writer, Column::Headers, *id.as_bytes(), &block.header);
    row::write(writer, Column::Contents, *id.as_bytes(), &block.content);
    row::write(writer, Column::Bodies, *id.as_bytes(), &block.transactions);
    poh::put(writer, id, &block.ticks);
    put_meta(writer, id, meta);
    writer.put(Column::Children, pair_key(meta.parent.as_bytes(), id), Vec::new());
    writer.put(Column::BlocksByHeight, pair_key(&height_key(meta.height), id), Vec::new());
}

/// Replaces what is known of a block.
pub fn put_meta(writer: &mut dyn KeyValueWrite, id: &Hash, meta: &BlockMeta) {
    row::write(writer, Column::BlockMeta, *id.as_bytes(), meta);
}

/// What is known of a block; `None` if it is not stored.
pub fn meta(reader: &dyn KeyValueRead, id: &Hash) -> Result<Option<BlockMeta>, StoreError> {
    row::read(reader, Column::BlockMeta, id.as_bytes())
}

/// Whether a block is stored.
pub fn contains(reader: &dyn KeyValueRead, id: &Hash) -> Result<bool, StoreError> {
    reader.contains(Column::BlockMeta, id.as_bytes())
}

/// The header of a block.
pub fn header(reader: &dyn KeyValueRead, id: &Hash) -> Result<Option<Header>, StoreError> {
    row::read(reader, Column::Headers, id.as_bytes())
}

/// The content of a block.
pub fn content(reader: &dyn KeyValueRead, id: &Hash) -> Result<Option<Content>, StoreError> {
    row::read(reader, Column::Contents, id.as_bytes())
}

/// The transactions of a block, in order.
pub fn transactions(reader: &dyn KeyValueRead, id: &Hash) -> Result<Option<Vec<Transaction>>, StoreError> {
    row::read(reader, Column::Bodies, id.as_bytes())
}

/// A whole block; `None` if it is not stored.
///
/// # Errors
/// [`StoreError::Missing`] if a part is gone, such as ticks that were pruned (they can be computed again).
pub fn block(reader: &dyn KeyValueRead, id: &Hash) -> Result<Option<Block>, StoreError> {
    let Some(header) = header(reader, id)? else { return Ok(None) };
    Ok(Some(Block {
        header,
        content: row::require(reader, Column::Contents, id.as_bytes())?,
        ticks: row::require(reader, Column::Ticks, id.as_bytes())?,
        transactions: row::require(reader, Column::Bodies, id.as_bytes())?,
    }))
}

/// The stored blocks that stand directly on `parent`, in the order of their ids.
pub fn children(reader: &dyn KeyValueRead, parent: &Hash) -> Result<Vec<Hash>, StoreError> {
    second_halves(reader, Column::Children, Scan::prefix(*parent.as_bytes()))
}

/// The stored blocks of a height, on all branches, in the order of their ids.
pub fn at_height(reader: &dyn KeyValueRead, height: Height) -> Result<Vec<Hash>, StoreError> {
    second_halves(reader, Column::BlocksByHeight, Scan::prefix(height_key(height)))
}

/// The greatest height of any stored block.
pub fn greatest_height(reader: &dyn KeyValueRead) -> Result<Option<Height>, StoreError> {
    let rows = reader.scan(Column::BlocksByHeight, Scan::all().reversed().limit(1))?;
    let Some((key, _)) = rows.first() else { return Ok(None) };
    let number = key
        .first_chunk()
        .ok_or_else(|| StoreError::undecodable(Column::BlocksByHeight, key, "a short key"))?;
    Ok(Some(Height::new(u64::from_be_bytes(*number))))
}

/// A block's chain, from itself down to the genesis.
pub fn ancestors<'a>(reader: &'a dyn KeyValueRead, id: &Hash) -> Ancestors<'a> {
    Ancestors { reader, next: Some(*id) }
}

/// See [`ancestors`].
pub struct Ancestors<'a> {
    reader: &'a dyn KeyValueRead,
    next: Option<Hash>,
}

impl Iterator for Ancestors<'_> {
    type Item = Result<(Hash, BlockMeta), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.next.take()?;
        let meta: Result<BlockMeta, _> = row::require(self.reader, Column::BlockMeta, id.as_bytes());
        Some(meta.map(|meta| {
            self.next = (meta.height != Height::GENESIS).then_some(meta.parent);
            (id, meta)
        }))
    }
}

fn pair_key(first: &[u8], id: &Hash) -> Vec<u8> {
    [first, id.as_bytes()].concat()
}

fn second_halves(reader: &dyn KeyValueRead, column: Column, scan: Scan) -> Result<Vec<Hash>, StoreError> {
    reader.iterate(column, scan).map(|row| row::hash_at_end(column, &row?.0)).collect()
}
