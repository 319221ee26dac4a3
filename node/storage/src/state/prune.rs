//! Dropping what no kept version needs.

use super::{StateVersion, path::split_row_key, root_record};
use crate::{
    columns::Column,
    error::StoreError,
    kv::{KeyValueRead, KeyValueWrite, Scan},
    meta,
};

/// What a call of [`super::StateTree::prune`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    nodes: usize,
    done: bool,
}

impl Pruned {
    /// Nodes that were dropped.
    pub const fn nodes(&self) -> usize {
        self.nodes
    }

    /// Whether nothing is left to drop.
    pub const fn is_done(&self) -> bool {
        self.done
    }
}

/// A node that version v replaced is needed by the versions below v alone: it goes when v is `oldest` or lower.
pub(super) fn prune(
    reader: &dyn KeyValueRead,
    writer: &mut dyn KeyValueWrite,
    oldest: StateVersion,
    limit: usize,
) -> Result<Pruned, StoreError> {
    let mut pruned = Pruned { nodes: 0, done: true };
    // Without the version that should be the oldest nothing is known of what it needs.
    if root_record(reader, oldest)?.is_none() {
        return Ok(pruned);
    }
    // What was dropped leaves a trail of markers in the database for some time; scans start behind it.
    let start = meta::state_pruned_to(reader)?.unwrap_or_default().get().to_be_bytes();
    // The roots first: a version must never be found whose nodes are gone.
    for row in reader.iterate(Column::StateRoots, Scan::all().from(start)) {
        let (key, _) = row?;
        if version_of(Column::StateRoots, &key)? >= oldest {
            break;
        }
        writer.delete(Column::StateRoots, key);
    }
    let mut clean_to = oldest;
    for row in reader.iterate(Column::StateStale, Scan::all().from(start)) {
        let (key, value) = row?;
        let since = version_of(Column::StateStale, &key)?;
        if since > oldest {
            break;
        }
        if pruned.nodes >= limit {
            pruned.done = false;
            clean_to = since;
            break;
        }
        let mut nodes = value.as_slice();
        while !nodes.is_empty() {
            let node = split_row_key(&mut nodes).ok_or_else(|| {
                StoreError::undecodable(Column::StateStale, &key, "not a list of node keys")
            })?;
            writer.delete(Column::StateNodes, node.to_vec());
            pruned.nodes += 1;
        }
        writer.delete(Column::StateStale, key);
    }
    meta::set_state_pruned_to(writer, &clean_to);
    Ok(pruned)
}

/// Nodes of lower versions come first, since keys begin with the version.
pub(super) fn drop_below(
    reader: &dyn KeyValueRead,
    writer: &mut dyn KeyValueWrite,
    version: StateVersion,
    limit: usize,
) -> Result<bool, StoreError> {
    for (number, row) in reader.iterate(Column::StateNodes, Scan::all()).enumerate() {
        let (key, _) = row?;
        if version_of(Column::StateNodes, &key)? >= version {
            break;
        }
        if number >= limit {
            return Ok(false);
        }
        writer.delete(Column::StateNodes, key);
    }
    Ok(true)
}

fn version_of(column: Column, key: &[u8]) -> Result<StateVersion, StoreError> {
    let number = key.first_chunk().ok_or_else(|| StoreError::undecodable(column, key, "a short key"))?;
    Ok(StateVersion::new(u64::from_be_bytes(*number)))
}
