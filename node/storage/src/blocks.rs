//! Blocks of every branch, in parts that are read separately: header, content, transactions and ticks; and what
//! this node knows of each.
//!
//! Deliberately absent: which block is best (see [`crate::active`] for the chain that is followed now), and
//! validity: a status is stored here, not found.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Content, Header, Height, Transaction, Work, encoding};

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
    /// Its header was checked; of the block only header and content are stored.
    HeaderOnly,
    /// Everything but execution was checked, but the body of one of its ancestors is missing.
    Unlinked,
    /// Everything but execution was checked, and so it was of its ancestors: it could be executed.
    Unexecuted,
    /// All rules hold, execution included.
    Valid,
    /// A rule is broken by what the header commits to; so is every block that stands on it.
    Invalid {
        /// The rule and what is wrong, for people.
        reason: String,
    },
}

impl BlockStatus {
    /// Whether the whole block is stored, its ticks perhaps excepted.
    pub const fn has_body(&self) -> bool {
        matches!(self, Self::Unlinked | Self::Unexecuted | Self::Valid)
    }

    /// Whether the bodies of the block and of all its ancestors are stored.
    pub const fn is_linked(&self) -> bool {
        matches!(self, Self::Unexecuted | Self::Valid)
    }

    /// Whether a broken rule is known.
    pub const fn is_invalid(&self) -> bool {
        matches!(self, Self::Invalid { .. })
    }
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
    /// Whether only a sample of its segment has been verified, as that of an old block in an initial sync.
    pub sampled: bool,
    /// Its ancestor of the height [`skip_height`], so that far ancestors are found in few steps; zeros for the
    /// genesis.
    pub skip: Hash,
    /// The peaks that its `history_root` commits to, highest first: the range over all headers before it.
    pub history_peaks: Vec<HistoryNodeBytes>,
}

/// Stores all parts of a block, its meta data, and its places in the traversal by parent and by height.
pub fn put(writer: &mut dyn KeyValueWrite, id: &Hash, block: &Block, meta: &BlockMeta) {
    put_header(writer, id, &block.header, &block.content, meta);
    put_body(writer, id, &block.ticks, &block.transactions);
}

/// Stores the ticks and the transactions of a block.
pub fn put_body(writer: &mut dyn KeyValueWrite, id: &Hash, ticks: &[Hash], transactions: &[Transaction]) {
    row::write(writer, Column::Bodies, *id.as_bytes(), transactions);
    poh::put(writer, id, ticks);
}

/// Stores what there is of a block before its body comes: header and content, its meta data, and its places in the
/// traversal by parent and by height.
pub fn put_header(
    writer: &mut dyn KeyValueWrite,
    id: &Hash,
    header: &Header,
    content: &Content,
    meta: &BlockMeta,
) {
    row::write(writer, Column::Headers, *id.as_bytes(), header);
    row::write(writer, Column::Contents, *id.as_bytes(), content);
    put_meta(writer, id, meta);
    writer.put(Column::Children, pair_key(meta.parent.as_bytes(), id), Vec::new());
    writer.put(Column::BlocksByHeight, pair_key(&height_key(meta.height), id), Vec::new());
}

/// Forgets a block that nothing stands on.
pub fn remove(writer: &mut dyn KeyValueWrite, id: &Hash, meta: &BlockMeta) {
    for column in [Column::Headers, Column::Contents, Column::Bodies, Column::Ticks, Column::BlockMeta] {
        writer.delete(column, id.as_bytes().to_vec());
    }
    writer.delete(Column::Children, pair_key(meta.parent.as_bytes(), id));
    writer.delete(Column::BlocksByHeight, pair_key(&height_key(meta.height), id));
}

/// Drops every part of a block but its places in the traversals, for a rebuild that makes those anew.
pub fn forget(writer: &mut dyn KeyValueWrite, id: &Hash) {
    for column in [Column::Headers, Column::Contents, Column::Bodies, Column::Ticks, Column::BlockMeta] {
        writer.delete(column, id.as_bytes().to_vec());
    }
}

/// Drops the ticks and the transactions of a block, and says whether there were any.
pub fn forget_body<S: KeyValueRead + KeyValueWrite>(rows: &mut S, id: &Hash) -> Result<bool, StoreError> {
    let had = match rows.contains(Column::Bodies, id.as_bytes()) {
        Err(error) if error.is_damage() => true,
        had => had?,
    };
    for column in [Column::Bodies, Column::Ticks] {
        rows.delete(column, id.as_bytes().to_vec());
    }
    Ok(had)
}

/// The ids of all blocks of which anything is stored, gathered from three columns, so that damage to one of them
/// hides nothing.
///
/// # Errors
/// [`StoreError`] other than damaged rows.
pub fn ids(reader: &dyn KeyValueRead) -> Result<BTreeSet<Hash>, StoreError> {
    let mut ids = BTreeSet::new();
    for column in [Column::BlocksByHeight, Column::Headers, Column::BlockMeta] {
        for row in reader.iterate(column, Scan::all()) {
            match row {
                Ok((key, _)) => {
                    ids.extend(row::hash_at_end(column, &key).ok());
                }
                Err(error) if error.is_damage() => break,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(ids)
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

/// A block as far as it is kept: without ticks if they were pruned, otherwise whole; `None` if it is not stored.
///
/// # Errors
/// [`StoreError::Missing`] if another part is gone, such as the transactions of a block of which only the header is
/// known.
pub fn kept(reader: &dyn KeyValueRead, id: &Hash) -> Result<Option<Block>, StoreError> {
    let Some(header) = header(reader, id)? else { return Ok(None) };
    Ok(Some(Block {
        header,
        content: row::require(reader, Column::Contents, id.as_bytes())?,
        ticks: poh::ticks(reader, id)?.unwrap_or_default(),
        transactions: row::require(reader, Column::Bodies, id.as_bytes())?,
    }))
}

/// The encoding of a whole block, put together from its rows without reading them; `None` if there is no body. Where
/// ticks were pruned, `make_ticks` makes them from the parent's id.
///
/// # Errors
/// [`StoreError::Missing`] if there is a body without a header or a content.
pub fn encoded(
    reader: &dyn KeyValueRead,
    id: &Hash,
    make_ticks: impl FnOnce(&Hash) -> Vec<Hash>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(body) = reader.get(Column::Bodies, id.as_bytes())? else { return Ok(None) };
    let part = |column: Column| -> Result<Vec<u8>, StoreError> {
        reader.get(column, id.as_bytes())?.ok_or_else(|| StoreError::missing(column, id.as_bytes()))
    };
    let (header, bytes) = (part(Column::Headers)?, part(Column::Contents)?);
    let ticks = match reader.get(Column::Ticks, id.as_bytes())? {
        Some(ticks) => ticks,
        None => {
            let content: Content = row::decode(Column::Contents, id.as_bytes(), &bytes)?;
            encoding::encode(&make_ticks(&content.parent_id))
        }
    };
    Ok(Some([header, bytes, ticks, body].concat()))
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

/// The height that a block of this height points back to beside its parent's: its own with the lowest bit that is
/// set cleared, or twice so for an odd one. Ancestors of any depth are reached in steps that grow with the logarithm
/// of the depth, as in a skip list (the scheme of Bitcoin Core's block index).
pub const fn skip_height(height: Height) -> Height {
    const fn without_lowest_bit(number: u64) -> u64 {
        number & number.wrapping_sub(1)
    }
    let number = height.get();
    Height::new(match number {
        0 | 1 => 0,
        odd if odd % 2 == 1 => without_lowest_bit(without_lowest_bit(odd - 1)) + 1,
        even => without_lowest_bit(even),
    })
}

/// The block of `height` that the chain of block `id` passes through; `None` if the block stands lower.
///
/// # Errors
/// [`StoreError::Missing`] if the block or one of its ancestors is not stored.
pub fn ancestor(
    reader: &dyn KeyValueRead,
    id: &Hash,
    height: Height,
) -> Result<Option<(Hash, BlockMeta)>, StoreError> {
    let load = |id: Hash| -> Result<(Hash, BlockMeta), StoreError> {
        Ok((id, row::require(reader, Column::BlockMeta, id.as_bytes())?))
    };
    let mut at = load(*id)?;
    if at.1.height < height {
        return Ok(None);
    }
    while at.1.height > height {
        let skip = skip_height(at.1.height);
        let before = at.1.height.checked_sub(1).map(skip_height);
        // Over the parent when its pointer leads further than ours without leading too far.
        let over_parent =
            skip < height || before.is_some_and(|before| before >= height && before.get() + 2 < skip.get());
        at = load(if over_parent { at.1.parent } else { at.1.skip })?;
    }
    Ok(Some(at))
}

fn pair_key(first: &[u8], id: &Hash) -> Vec<u8> {
    [first, id.as_bytes()].concat()
}

fn second_halves(reader: &dyn KeyValueRead, column: Column, scan: Scan) -> Result<Vec<Hash>, StoreError> {
    reader.iterate(column, scan).map(|row| row::hash_at_end(column, &row?.0)).collect()
}
