//! Reorganisations that this node made: the newest thousand of them, for people who ask what happened.
//!
//! Deliberately absent: the blocks that left. They are still stored, and [`crate::blocks::ancestors`] walks from
//! the old tip down to the fork.

#[cfg(test)]
mod tests;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Timestamp};

use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite, Overlay, Scan},
    row,
};

/// How many are kept.
pub const KEPT_MAX: u64 = 1_000;

/// One change of the active branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Reorganisation {
    /// When this node made it, by its own clock.
    pub time: Timestamp,
    /// The height of the last block that both branches share.
    pub fork_height: Height,
    /// The tip before.
    pub from: Hash,
    /// The tip after.
    pub to: Hash,
    /// How many blocks left the active chain.
    pub reverted: u64,
    /// How many came onto it.
    pub connected: u64,
}

/// Enters a reorganisation, and drops the one that is now too many.
pub fn append(rows: &mut Overlay<'_>, record: &Reorganisation) -> Result<(), StoreError> {
    let number = match newest_first(rows, 1).next().transpose()? {
        Some((last, _)) => last.checked_add(1).ok_or_else(|| {
            StoreError::undecodable(Column::Reorganisations, &last.to_be_bytes(), "no number is left")
        })?,
        None => 0,
    };
    row::write(rows, Column::Reorganisations, number.to_be_bytes(), record);
    if let Some(superfluous) = number.checked_sub(KEPT_MAX) {
        rows.delete(Column::Reorganisations, superfluous.to_be_bytes().to_vec());
    }
    Ok(())
}

/// At most `limit` reorganisations with their running numbers, newest first.
pub fn list(reader: &dyn KeyValueRead, limit: usize) -> Result<Vec<(u64, Reorganisation)>, StoreError> {
    newest_first(reader, limit).collect()
}

fn newest_first(
    reader: &dyn KeyValueRead,
    limit: usize,
) -> impl Iterator<Item = Result<(u64, Reorganisation), StoreError>> {
    let column = Column::Reorganisations;
    reader.iterate(column, Scan::all().reversed().limit(limit)).map(move |row| {
        let (key, value) = row?;
        let number = <[u8; 8]>::try_from(key.as_slice())
            .map_err(|_| StoreError::undecodable(column, &key, "not a running number"))?;
        Ok((u64::from_be_bytes(number), row::decode(column, &key, &value)?))
    })
}
