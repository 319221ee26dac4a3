//! Chunks as bytes.
//!
//! Wire form: the number of leaves (`u32`), each as key, length (`u32`) and value; one byte, 1 if the chunk is cut;
//! then the left and the right edge: the number of siblings (`u16`, at most 256), one bit a sibling (least significant
//! first, zero-padded to a byte; 1: it follows, 0: a placeholder; the last is never one), the siblings, and a byte 1
//! with key and value hash of the leaf beside, or 0.

use std::io::{self, Read, Write};

use borsh::{BorshDeserialize, BorshSerialize};

use super::edge::{Beside, Edge};
use super::{CHUNK_BYTES_MAX, LEAF_FIXED_BYTES, Leaf, StateChunk};
use crate::hash::Hash;
use crate::state_tree::{KEY_BITS, PLACEHOLDER};

fn refuse<T>(why: &str) -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::InvalidData, why.to_owned()))
}

impl BorshSerialize for StateChunk {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        self.leaves.serialize(writer)?;
        self.is_cut.serialize(writer)?;
        self.left.serialize(writer)?;
        self.right.serialize(writer)
    }
}

impl BorshDeserialize for StateChunk {
    /// Refuses more than [`CHUNK_BYTES_MAX`] bytes of leaves before it makes room for them, and every encoding that
    /// [`BorshSerialize`] would not have written.
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let leaves = read_leaves(reader)?;
        let is_cut = bool::deserialize_reader(reader)?;
        Ok(Self {
            leaves,
            is_cut,
            left: Edge::deserialize_reader(reader)?,
            right: Edge::deserialize_reader(reader)?,
        })
    }
}

fn read_leaves<R: Read>(reader: &mut R) -> io::Result<Vec<Leaf>> {
    let count = u32::deserialize_reader(reader)? as usize;
    let Some(mut left) =
        count.checked_mul(LEAF_FIXED_BYTES).and_then(|fixed| CHUNK_BYTES_MAX.checked_sub(fixed))
    else {
        return refuse("more leaves than a chunk may have");
    };
    // The room grows with what really comes.
    let mut leaves = Vec::with_capacity(count.min(1_024));
    for _ in 0..count {
        let key = Hash::deserialize_reader(reader)?;
        let length = u32::deserialize_reader(reader)? as usize;
        let Some(rest) = left.checked_sub(length) else { return refuse("more bytes than a chunk may have") };
        left = rest;
        let mut value = vec![0; length];
        reader.read_exact(&mut value)?;
        leaves.push((key, value));
    }
    Ok(leaves)
}

impl BorshSerialize for Edge {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        let count = u16::try_from(self.siblings().len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        count.serialize(writer)?;
        let mut bitmap = vec![0_u8; self.siblings().len().div_ceil(8)];
        let named = || self.siblings().iter().enumerate().filter(|(_, hash)| **hash != PLACEHOLDER);
        named().for_each(|(place, _)| bitmap[place / 8] |= 1 << (place % 8));
        writer.write_all(&bitmap)?;
        named().try_for_each(|(_, hash)| hash.serialize(writer))?;
        self.beside().map(|beside| (beside.key, beside.value_hash)).serialize(writer)
    }
}

impl BorshDeserialize for Edge {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let count = usize::from(u16::deserialize_reader(reader)?);
        if count > KEY_BITS {
            return refuse("more siblings than a key has bits");
        }
        let mut bitmap = vec![0_u8; count.div_ceil(8)];
        reader.read_exact(&mut bitmap)?;
        let is_named = |place: usize| bitmap[place / 8] >> (place % 8) & 1 == 1;
        if (count..bitmap.len() * 8).any(is_named) {
            return refuse("padding bits are not zero");
        }
        if count > 0 && !is_named(count - 1) {
            return refuse("the last sibling is a placeholder");
        }
        let mut siblings = Vec::with_capacity(count);
        for place in 0..count {
            let sibling = if is_named(place) { Hash::deserialize_reader(reader)? } else { PLACEHOLDER };
            if is_named(place) && sibling == PLACEHOLDER {
                return refuse("a placeholder is written out");
            }
            siblings.push(sibling);
        }
        let beside = Option::<(Hash, Hash)>::deserialize_reader(reader)?;
        Ok(Self::of_parts(siblings, beside.map(|(key, value_hash)| Beside { key, value_hash })))
    }
}
