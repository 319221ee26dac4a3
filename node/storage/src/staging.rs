//! A state that comes in pieces: leaves of verified ranges, kept beside the live state until all ranges are there.
//!
//! Ranges come in any order. What is committed here was verified and is not fetched again, whatever happens to the
//! process. Ranges that touch each other are joined, so that there are few.
//!
//! Deliberately absent: which state, and whom to ask for it.

#[cfg(test)]
mod tests;

use vibecoin_crypto::{
    Hash,
    state_tree::{LEAF_FIXED_BYTES, VerifiedChunk, successor},
};

use crate::{
    KeyValueStore,
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite, Overlay, Scan},
    meta::{self, StagedState},
    row,
    state::{BuiltState, StateError, StateTree, StateVersion},
};

/// Into how many parts the keys are divided, so that as many peers can be asked at once.
const PARTS: u8 = 16;

/// The least and the greatest key.
const KEYS: KeyRange = KeyRange { start: Hash::new([0; 32]), end: Hash::new([0xff; 32]) };

/// A range of state keys, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyRange {
    /// The first key.
    pub start: Hash,
    /// The last key.
    pub end: Hash,
}

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staged {
    /// It is there now.
    Added,
    /// All of its range was there before.
    Known,
    /// It is of another state than the one that is fetched, or none is.
    Unwanted,
}

/// Begins with a state; what was there of another one is dropped.
pub fn begin(writer: &mut dyn KeyValueWrite, state: &StagedState) {
    writer.clear(Column::StagedLeaves);
    writer.clear(Column::StagedRanges);
    meta::set_staged_state(writer, &StagedState { leaves: 0, bytes: 0, ..*state });
}

/// Drops all that is there.
pub fn forget(writer: &mut dyn KeyValueWrite) {
    writer.clear(Column::StagedLeaves);
    writer.clear(Column::StagedRanges);
    meta::clear_staged_state(writer);
}

/// Takes in a chunk.
///
/// # Errors
/// [`StoreError`]
pub fn add(rows: &mut Overlay<'_>, chunk: &VerifiedChunk) -> Result<Staged, StoreError> {
    let Some(mut state) = meta::staged_state(rows)?.filter(|state| state.root == chunk.root()) else {
        return Ok(Staged::Unwanted);
    };
    let there = ranges(rows)?;
    let (start, last) = (chunk.start(), chunk.last());
    if there.iter().any(|range| range.start <= start && last <= range.end) {
        return Ok(Staged::Known);
    }
    let is_there = |key: &Hash| there.iter().any(|range| range.start <= *key && *key <= range.end);
    for (key, value) in chunk.leaves().iter().filter(|(key, _)| !is_there(key)) {
        rows.put(Column::StagedLeaves, key.as_bytes().to_vec(), value.clone());
        state.leaves += 1;
        state.bytes += (LEAF_FIXED_BYTES + value.len()) as u64;
    }
    let mut joined = KeyRange { start, end: last };
    for range in there {
        if touches(&range, &joined) {
            rows.delete(Column::StagedRanges, range.start.as_bytes().to_vec());
            joined = KeyRange { start: joined.start.min(range.start), end: joined.end.max(range.end) };
        }
    }
    row::write(rows, Column::StagedRanges, *joined.start.as_bytes(), &joined.end);
    meta::set_staged_state(rows, &state);
    Ok(Staged::Added)
}

/// Whether two ranges overlap, or one begins right behind the other.
fn touches(a: &KeyRange, b: &KeyRange) -> bool {
    let reaches = |end: &Hash, start: &Hash| successor(end).is_none_or(|next| next >= *start);
    reaches(&a.end, &b.start) && reaches(&b.end, &a.start)
}

/// The ranges that are there, ascending.
fn ranges(reader: &dyn KeyValueRead) -> Result<Vec<KeyRange>, StoreError> {
    let column = Column::StagedRanges;
    let rows = reader.iterate(column, Scan::all());
    rows.map(|row| {
        let (key, value) = row?;
        Ok(KeyRange { start: row::hash_at_end(column, &key)?, end: row::decode(column, &key, &value)? })
    })
    .collect()
}

/// The ranges that are missing, ascending, none of them across a border between parts. Empty when all is there, or
/// nothing is fetched.
///
/// # Errors
/// [`StoreError`]
pub fn missing(reader: &dyn KeyValueRead) -> Result<Vec<KeyRange>, StoreError> {
    if meta::staged_state(reader)?.is_none() {
        return Ok(Vec::new());
    }
    let there = ranges(reader)?;
    Ok((0..PARTS).flat_map(|part| gaps(part_of(part), &there)).collect())
}

fn part_of(part: u8) -> KeyRange {
    let width = u8::MAX / PARTS + 1;
    let (mut start, mut end) = (KEYS.start.to_bytes(), KEYS.end.to_bytes());
    start[0] = part * width;
    end[0] = part * width + (width - 1);
    KeyRange { start: Hash::new(start), end: Hash::new(end) }
}

/// What of `whole` is in none of `there`.
fn gaps(whole: KeyRange, there: &[KeyRange]) -> Vec<KeyRange> {
    let (mut gaps, mut from) = (Vec::new(), Some(whole.start));
    for range in there.iter().filter(|range| range.end >= whole.start && range.start <= whole.end) {
        if let Some(start) = from
            && start < range.start
            && let Some(end) = predecessor(&range.start)
        {
            gaps.push(KeyRange { start, end });
        }
        from = successor(&range.end);
    }
    if let Some(start) = from.filter(|start| *start <= whole.end) {
        gaps.push(KeyRange { start, end: whole.end });
    }
    gaps
}

/// The key before this one; `None` before the least.
fn predecessor(key: &Hash) -> Option<Hash> {
    let mut bytes = key.to_bytes();
    for byte in bytes.iter_mut().rev() {
        let (before, wrapped) = byte.overflowing_sub(1);
        *byte = before;
        if !wrapped {
            return Some(Hash::new(bytes));
        }
    }
    None
}

/// Makes a version of the state out of what is there, which should be all, and shows every leaf to `look` on the way.
///
/// # Errors
/// [`StateError`]
pub fn build(
    store: &dyn KeyValueStore,
    version: StateVersion,
    mut look: impl FnMut(&Hash, &[u8]) -> Result<(), StoreError>,
) -> Result<BuiltState, StateError> {
    let snapshot = store.snapshot();
    let leaves = snapshot.iterate(Column::StagedLeaves, Scan::all()).map(|row| {
        let (key, value) = row?;
        let key = row::hash_at_end(Column::StagedLeaves, &key)?;
        look(&key, &value)?;
        Ok((key, value))
    });
    StateTree::build(store, version, leaves)
}
