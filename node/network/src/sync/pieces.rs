//! Ranges of a state's keys, and how one is divided when it turns out to be long.

use vibecoin_crypto::Hash;

use crate::endpoint::NodeId;
use crate::world::KeyRange;

/// Ranges that are fetched at the same time at most.
pub(super) const PIECES_MAX: usize = 32;

/// Where the next part of a range is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// Nobody was asked.
    Nobody,
    /// A peer was asked.
    Peer {
        /// Who.
        of: NodeId,
        /// When.
        since_ms: u64,
    },
    /// It came, and the node judges it.
    Node,
}

/// What is left of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The least key that is missing.
    pub(super) next: Hash,
    end: Option<Hash>,
    pub(super) place: At,
}

impl Piece {
    pub(super) const fn new(range: &KeyRange) -> Self {
        Self { next: range.start, end: range.end, place: At::Nobody }
    }

    /// True if a key belongs to what is left.
    pub(super) fn has(&self, key: &Hash) -> bool {
        *key >= self.next && self.end.is_none_or(|end| *key < end)
    }

    /// How much of all keys this is, in parts of 2^64.
    pub(super) fn span(&self) -> u64 {
        self.end.map_or(u64::MAX, |end| prefix(&end)).saturating_sub(prefix(&self.next))
    }
}

/// Goes on at `next`. From how far one answer reached follows how many are to come: what is left is divided for as many
/// peers, and the parts after the first are answered.
pub(super) fn split_off(piece: &mut Piece, next: Hash, room: usize) -> Vec<Piece> {
    let before = piece.span();
    let end = piece.end;
    *piece = Piece { next, end, place: At::Nobody };
    let left = piece.span();
    let reached = before.saturating_sub(left).max(1);
    let parts = (left / reached).min(room as u64);
    if parts < 2 {
        return Vec::new();
    }
    let (first, step) = (prefix(&next), left / parts);
    let bounds: Vec<Hash> = (1..parts).map(|part| key(first + part * step)).collect();
    piece.end = Some(bounds[0]);
    let ends = bounds.iter().skip(1).copied().map(Some).chain([end]);
    bounds.iter().zip(ends).map(|(start, end)| Piece { next: *start, end, place: At::Nobody }).collect()
}

fn prefix(key: &Hash) -> u64 {
    u64::from_be_bytes(*key.as_bytes().first_chunk().expect("a hash has 32 bytes"))
}

fn key(prefix: u64) -> Hash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&prefix.to_be_bytes());
    Hash::new(bytes)
}
