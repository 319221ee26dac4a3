//! Proofs that a key has a value in the state of a root, or has none.
//!
//! A proof is what stands at the end of the key's path, and the siblings along the path. A key is absent when
//! the path ends in an empty subtree, or in the leaf of another key. Siblings that are placeholders are only a
//! zero bit. For a root and a key there is exactly one proof that verifies.

use std::io::{self, Read, Write};

use borsh::{BorshDeserialize, BorshSerialize};

use super::{KEY_BITS, PLACEHOLDER, internal_hash, key_bit, leaf_hash, value_hash};
use crate::hash::Hash;

/// What the path of a key ends in.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Terminal {
    /// A subtree without a leaf: the key is absent.
    Empty,
    /// The key's own leaf, with its value.
    Value(Vec<u8>),
    /// The leaf of another key: this one is absent.
    Other {
        /// The key of the leaf, different from the one in question.
        key: Hash,
        /// The hash of the leaf's value.
        value_hash: Hash,
    },
}

/// A proof for one key. It does not name the key or the root: the verifier knows both.
///
/// Wire form: the terminal in Borsh, the number of levels as `u16` (at most 256), one bit a level from the
/// root down (least significant bit first, zero-padded to a byte; 1: a sibling follows, 0: a placeholder), then
/// the siblings, 32 bytes each, from the root down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateProof {
    terminal: Terminal,
    /// One per level from the root down; placeholders stand here as such.
    siblings: Vec<Hash>,
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It has more levels than a key has bits.
    #[error("a proof of {levels} levels for keys of {KEY_BITS} bits")]
    TooDeep {
        /// Levels of the proof.
        levels: usize,
    },
    /// It shows absence by a leaf that has the key itself.
    #[error("the proof names the key in question as another key")]
    SameKey,
    /// It shows absence by a leaf that the path of the key cannot end in.
    #[error("the proof ends in the leaf {found}, which is not on the path of the key")]
    OffPath {
        /// The key of the leaf.
        found: Hash,
    },
    /// It ends deeper than a tree would have put the leaf.
    #[error("the proof ends beside an empty subtree, where no path ends")]
    Stretched,
    /// It belongs to another root or key, or was altered.
    #[error("the proof leads to the root {found}, not {expected}")]
    WrongRoot {
        /// The root it leads to.
        found: Hash,
        /// The root it should lead to.
        expected: Hash,
    },
    /// It proves the key absent where a value was expected.
    #[error("the key is absent")]
    Absent,
    /// It proves a value where absence was expected.
    #[error("the key is present")]
    Present,
    /// It proves another value than the one expected.
    #[error("the key has another value")]
    OtherValue,
}

impl StateProof {
    /// The proof that ends in `terminal`, with `siblings` from the root down ([`PLACEHOLDER`] where empty).
    ///
    /// # Errors
    /// [`ProofError::TooDeep`].
    pub fn new(terminal: Terminal, siblings: Vec<Hash>) -> Result<Self, ProofError> {
        if siblings.len() > KEY_BITS {
            return Err(ProofError::TooDeep { levels: siblings.len() });
        }
        Ok(Self { terminal, siblings })
    }

    /// What the path ends in.
    #[must_use]
    pub const fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// The siblings from the root down, [`PLACEHOLDER`] where empty.
    #[must_use]
    pub fn siblings(&self) -> &[Hash] {
        &self.siblings
    }

    /// The value of `key` in the state of `root`, or `None` if the proof shows that it has none.
    ///
    /// # Errors
    /// [`ProofError`] if it shows neither.
    pub fn verify(&self, root: &Hash, key: &Hash) -> Result<Option<&[u8]>, ProofError> {
        let (value, end) = match &self.terminal {
            Terminal::Empty => (None, PLACEHOLDER),
            Terminal::Value(value) => (Some(value.as_slice()), leaf_hash(key, &value_hash(value))),
            Terminal::Other { key: other, value_hash } => {
                if other == key {
                    return Err(ProofError::SameKey);
                }
                if (0..self.siblings.len()).any(|depth| key_bit(other, depth) != key_bit(key, depth)) {
                    return Err(ProofError::OffPath { found: *other });
                }
                (None, leaf_hash(other, value_hash))
            }
        };
        if self.siblings.last() == Some(&PLACEHOLDER) {
            return Err(ProofError::Stretched);
        }
        let found = self.siblings.iter().enumerate().rev().fold(end, |below, (depth, sibling)| {
            if key_bit(key, depth) { internal_hash(sibling, &below) } else { internal_hash(&below, sibling) }
        });
        if found == *root { Ok(value) } else { Err(ProofError::WrongRoot { found, expected: *root }) }
    }

    /// Checks that `key` has exactly `value` in the state of `root`.
    ///
    /// # Errors
    /// [`ProofError`] if the proof does not show it.
    pub fn verify_inclusion(&self, root: &Hash, key: &Hash, value: &[u8]) -> Result<(), ProofError> {
        match self.verify(root, key)? {
            Some(found) if found == value => Ok(()),
            Some(_) => Err(ProofError::OtherValue),
            None => Err(ProofError::Absent),
        }
    }

    /// Checks that `key` has no value in the state of `root`.
    ///
    /// # Errors
    /// [`ProofError`] if the proof does not show it.
    pub fn verify_absence(&self, root: &Hash, key: &Hash) -> Result<(), ProofError> {
        match self.verify(root, key)? {
            Some(_) => Err(ProofError::Present),
            None => Ok(()),
        }
    }
}

impl BorshSerialize for StateProof {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        self.terminal.serialize(writer)?;
        let levels = u16::try_from(self.siblings.len()).expect("at most 256 levels by construction");
        levels.serialize(writer)?;
        let mut bitmap = vec![0_u8; self.siblings.len().div_ceil(8)];
        for (level, _) in self.siblings.iter().enumerate().filter(|(_, hash)| **hash != PLACEHOLDER) {
            bitmap[level / 8] |= 1 << (level % 8);
        }
        writer.write_all(&bitmap)?;
        self.siblings.iter().filter(|hash| **hash != PLACEHOLDER).try_for_each(|hash| hash.serialize(writer))
    }
}

impl BorshDeserialize for StateProof {
    /// Refuses every encoding that [`BorshSerialize`] would not have written.
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let refuse = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidData, why.to_owned()));
        let terminal = Terminal::deserialize_reader(reader)?;
        let levels = usize::from(u16::deserialize_reader(reader)?);
        if levels > KEY_BITS {
            return refuse("more levels than a key has bits");
        }
        let mut bitmap = vec![0_u8; levels.div_ceil(8)];
        reader.read_exact(&mut bitmap)?;
        let is_set = |level: usize| bitmap[level / 8] >> (level % 8) & 1 == 1;
        if (levels..bitmap.len() * 8).any(is_set) {
            return refuse("padding bits are not zero");
        }
        let mut siblings = Vec::with_capacity(levels);
        for level in 0..levels {
            let sibling = if is_set(level) { Hash::deserialize_reader(reader)? } else { PLACEHOLDER };
            if is_set(level) && sibling == PLACEHOLDER {
                return refuse("a placeholder is written out");
            }
            siblings.push(sibling);
        }
        Ok(Self { terminal, siblings })
    }
}
