//! The ends of the branches that are not active: where the choice of the chain looks for rivals.
//!
//! Kept in rows of their own, so that a start reads as many rows as there are branches, however long the chain is.
//!
//! Deliberately absent: how many are kept, and which of them is the best.

#[cfg(test)]
mod tests;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Work};

use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite, Scan},
    row,
};

/// What a branch that ends here lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndKind {
    /// Nothing: all its bodies are stored, and it could become the active chain.
    Linked,
    /// At least one body: of some of its blocks only the header is known.
    Headers,
}

impl EndKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Linked => 0,
            Self::Headers => 1,
        }
    }
}

/// The last block of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BranchEnd {
    /// Its height.
    pub height: Height,
    /// Work of its chain, its own included.
    pub work: Work,
    /// Its place in the order in which this node received blocks.
    pub arrival: u64,
}

/// Stores an end.
pub fn put(writer: &mut dyn KeyValueWrite, kind: EndKind, id: &Hash, end: &BranchEnd) {
    row::write(writer, Column::BranchEnds, key(kind, id), end);
}

/// Forgets an end.
pub fn remove(writer: &mut dyn KeyValueWrite, kind: EndKind, id: &Hash) {
    writer.delete(Column::BranchEnds, key(kind, id).to_vec());
}

/// All ends of a kind, in the order of their ids.
///
/// # Errors
/// [`StoreError`]
pub fn all(reader: &dyn KeyValueRead, kind: EndKind) -> Result<Vec<(Hash, BranchEnd)>, StoreError> {
    let column = Column::BranchEnds;
    let rows = reader.iterate(column, Scan::prefix([kind.byte()]));
    rows.map(|row| {
        let (key, value) = row?;
        Ok((row::hash_at_end(column, &key)?, row::decode(column, &key, &value)?))
    })
    .collect()
}

fn key(kind: EndKind, id: &Hash) -> [u8; 33] {
    let mut key = [kind.byte(); 33];
    key[1..].copy_from_slice(id.as_bytes());
    key
}
