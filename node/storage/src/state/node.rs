//! Nodes of the tree: their hashes and their bytes.

use std::io::{self, Read, Write};

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::{
    Hash,
    state_tree::{PLACEHOLDER, internal_hash},
};

/// A node as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Node {
    Internal(Internal),
    Leaf(Leaf),
}

impl Node {
    /// The length of its encoding.
    pub(super) fn encoded_bytes(&self) -> usize {
        1 + match self {
            Self::Internal(node) => 4 + node.children.len() * 40,
            Self::Leaf(leaf) => 36 + leaf.value.len(),
        }
    }

    /// About how many bytes it takes in memory.
    pub(super) fn weight_bytes(&self) -> u64 {
        // The node itself, its reference counts and its place in a map.
        const FIXED: usize = 160;
        let owned = match self {
            Self::Internal(node) => node.children.len() * size_of::<Child>(),
            Self::Leaf(leaf) => leaf.value.len(),
        };
        (FIXED + owned) as u64
    }
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Leaf {
    pub(super) key: Hash,
    pub(super) value: Vec<u8>,
}

/// What a node knows of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Child {
    /// The version under which the child is stored.
    pub(super) version: u64,
    pub(super) hash: Hash,
    pub(super) is_leaf: bool,
}

/// A subtree of two or more leaves: its children, by nibble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Internal {
    /// Bit n: child n is there.
    present: u16,
    /// Bit n: child n is a leaf.
    leaves: u16,
    /// The children that are there, by nibble.
    children: Box<[Child]>,
}

impl Internal {
    /// The node with these children.
    pub(super) fn new(slots: &[Option<Child>; 16]) -> Self {
        let bits = |is: fn(&Child) -> bool| {
            slots.iter().rev().fold(0, |bits, slot| bits << 1 | u16::from(slot.as_ref().is_some_and(is)))
        };
        Self {
            present: bits(|_| true),
            leaves: bits(|child| child.is_leaf),
            children: slots.iter().flatten().copied().collect(),
        }
    }

    /// The child of a nibble.
    pub(super) fn child(&self, nibble: u8) -> Option<&Child> {
        if self.present >> nibble & 1 == 0 {
            return None;
        }
        let before = self.present & ((1 << nibble) - 1);
        self.children.get(before.count_ones() as usize)
    }

    /// All children, by nibble.
    pub(super) fn slots(&self) -> [Option<Child>; 16] {
        let mut children = self.children.iter().copied();
        std::array::from_fn(|nibble| if self.present >> nibble & 1 == 1 { children.next() } else { None })
    }

    /// The hash of the whole node.
    pub(super) fn hash(&self) -> Hash {
        self.range_hash(Range::WHOLE)
    }

    /// What stands in a range of children.
    pub(super) fn look(&self, range: Range) -> Found<'_> {
        let mask = range.mask();
        let present = self.present & mask;
        if present == 0 {
            Found::Nothing
        } else if present.is_power_of_two() && (range.width == 1 || self.leaves & present != 0) {
            let nibble = present.trailing_zeros() as u8;
            self.child(nibble).map_or(Found::Nothing, |child| Found::Child(nibble, child))
        } else {
            Found::Several
        }
    }

    /// The hash of the binary subtree over a range of children.
    pub(super) fn range_hash(&self, range: Range) -> Hash {
        match self.look(range) {
            Found::Nothing => PLACEHOLDER,
            Found::Child(_, child) => child.hash,
            Found::Several => {
                let (left, right) = range.halves();
                internal_hash(&self.range_hash(left), &self.range_hash(right))
            }
        }
    }
}

/// What stands in a range of a node's children.
pub(super) enum Found<'a> {
    /// No child.
    Nothing,
    /// One child that stands for the whole range: a lone leaf, or a range of width 1.
    Child(u8, &'a Child),
    /// More.
    Several,
}

/// `width` children from `start` on: a node of the binary tree inside. The width is a power of two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    start: u8,
    width: u8,
}

impl Range {
    pub(super) const WHOLE: Self = Self { start: 0, width: 16 };

    pub(super) const fn halves(self) -> (Self, Self) {
        let width = self.width / 2;
        (Self { start: self.start, width }, Self { start: self.start + width, width })
    }

    pub(super) const fn contains(self, nibble: u8) -> bool {
        self.start <= nibble && nibble < self.start + self.width
    }

    const fn mask(self) -> u16 {
        (((1_u32 << self.width) - 1) << self.start) as u16
    }
}

/// Present and leaf bits, then version and hash of each child.
impl BorshSerialize for Internal {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        self.present.serialize(writer)?;
        self.leaves.serialize(writer)?;
        self.children.iter().try_for_each(|child| (child.version, child.hash).serialize(writer))
    }
}

impl BorshDeserialize for Internal {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let (present, leaves) = <(u16, u16)>::deserialize_reader(reader)?;
        if present == 0 || leaves & !present != 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "children that are not there"));
        }
        let mut children = Vec::with_capacity(present.count_ones() as usize);
        for nibble in (0..16).filter(|nibble| present >> nibble & 1 == 1) {
            let (version, hash) = <(u64, Hash)>::deserialize_reader(reader)?;
            children.push(Child { version, hash, is_leaf: leaves >> nibble & 1 == 1 });
        }
        Ok(Self { present, leaves, children: children.into() })
    }
}
