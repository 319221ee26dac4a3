//! Where a node is: a version and a path of nibbles from the root.

use vibecoin_crypto::Hash;

/// Nibbles of a key, and so the greatest length of a path.
const NIBBLES_MAX: u8 = 64;

const VERSION_BYTES: usize = 8;

/// The first nibbles of a key; the rest of the bytes is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Path {
    bytes: [u8; 32],
    nibbles: u8,
}

impl Path {
    /// The path of the root.
    pub(super) const ROOT: Self = Self { bytes: [0; 32], nibbles: 0 };

    /// The first nibbles of a key.
    pub(super) fn of(key: &Hash, nibbles: u8) -> Self {
        (0..nibbles).fold(Self::ROOT, |path, index| path.child(nibble(key, index)))
    }

    /// The length in nibbles.
    pub(super) const fn len(&self) -> u8 {
        self.nibbles
    }

    /// The path of child `nibble`.
    pub(super) fn child(&self, nibble: u8) -> Self {
        debug_assert!(self.nibbles < NIBBLES_MAX && nibble < 16);
        let mut child = Self { nibbles: self.nibbles + 1, ..*self };
        child.bytes[usize::from(self.nibbles / 2)] |=
            if self.nibbles.is_multiple_of(2) { nibble << 4 } else { nibble };
        child
    }

    fn packed(&self) -> &[u8] {
        &self.bytes[..usize::from(self.nibbles.div_ceil(2))]
    }
}

/// Nibble `index` of a key, from the most significant.
pub(super) fn nibble(key: &Hash, index: u8) -> u8 {
    let byte = key.as_bytes()[usize::from(index / 2)];
    if index.is_multiple_of(2) { byte >> 4 } else { byte & 0x0f }
}

/// The place of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NodeKey {
    pub(super) version: u64,
    pub(super) path: Path,
}

impl NodeKey {
    /// The row key: version, length, path, so that one version's nodes are neighbours.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(VERSION_BYTES + 1 + self.path.packed().len());
        self.write_to(&mut bytes);
        bytes
    }

    /// Appends the row key, whose length can be told from its own bytes.
    pub(super) fn write_to(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes.push(self.path.nibbles);
        bytes.extend_from_slice(self.path.packed());
    }
}

/// Takes the first row key off a sequence of them. `None` if there is none, or not a whole one.
pub(super) fn split_row_key<'a>(keys: &mut &'a [u8]) -> Option<&'a [u8]> {
    let nibbles = *keys.get(VERSION_BYTES)?;
    let (key, rest) = keys.split_at_checked(VERSION_BYTES + 1 + usize::from(nibbles.div_ceil(2)))?;
    *keys = rest;
    Some(key)
}
