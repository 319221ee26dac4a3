//! Inner nodes of the history range, by their hash: what a light proof descends through.
//!
//! A node is found by what it contains, so branches share what they have in common and never clash, and nothing
//! has to be removed when a branch is left. Leaves are not kept here: a leaf is a header.

use vibecoin_crypto::Hash;

pub use crate::blocks::HistoryNodeBytes;
use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite},
    row,
};

/// The left and right child of the inner node with this hash; `None` if it is not stored, as for a leaf.
pub fn children(
    reader: &dyn KeyValueRead,
    hash: &Hash,
) -> Result<Option<(HistoryNodeBytes, HistoryNodeBytes)>, StoreError> {
    row::read(reader, Column::HistoryNodes, hash.as_bytes())
}

/// Stores an inner node: `hash` is that of the parent, made of `left` and `right`.
pub fn put(writer: &mut dyn KeyValueWrite, hash: &Hash, left: &HistoryNodeBytes, right: &HistoryNodeBytes) {
    row::write(writer, Column::HistoryNodes, *hash.as_bytes(), &(*left, *right));
}
