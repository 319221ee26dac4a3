//! What a case is: a block in the manner of a bug that somebody once had, and what is to become of it.

use vibecoin_consensus::Blame;
use vibecoin_primitives::Block;

use super::follower::Follower;
use super::place::Place;

/// What is delivered.
pub enum Sent {
    /// A block.
    Block(Box<Block>),
    /// Bytes that are to be refused before they are one.
    Bytes(Vec<u8>),
}

impl From<Block> for Sent {
    fn from(block: Block) -> Self {
        Self::Block(Box::new(block))
    }
}

/// What a broken rule says about the block's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// Whatever body comes under this header, it is invalid.
    Id,
    /// The right body under the same header, or the same body with its work, may still come.
    Nothing,
}

/// What is to become of it.
#[derive(Clone, Copy)]
pub enum Expected {
    /// It is invalid by this rule.
    Refused { rule: &'static str, blame: Blame, marks: Marks },
    /// It waits for its time, and nobody is blamed.
    Held,
    /// It waits for a parent that never comes.
    Stray,
    /// It only looks wrong. What it must leave behind is checked, with the place as it was before it.
    Fine(fn(&mut Place, &Block, &Follower)),
}

/// A case.
pub struct Case {
    pub name: &'static str,
    /// The bug, the attack or the class of them that it follows.
    pub follows: &'static str,
    pub make: fn(&mut Place) -> Sent,
    pub expected: Expected,
}

/// A case that is refused by `rule` for something that the header commits to.
pub const fn refused_for_ever(
    rule: &'static str,
    name: &'static str,
    follows: &'static str,
    make: fn(&mut Place) -> Sent,
) -> Case {
    let expected = Expected::Refused { rule, blame: Blame::Peer, marks: Marks::Id };
    Case { name, follows, make, expected }
}

/// A case that is refused by `rule`, which says nothing about its id.
pub const fn refused(
    rule: &'static str,
    name: &'static str,
    follows: &'static str,
    make: fn(&mut Place) -> Sent,
) -> Case {
    let expected = Expected::Refused { rule, blame: Blame::Peer, marks: Marks::Nothing };
    Case { name, follows, make, expected }
}

/// A case that waits for its time.
pub const fn held(name: &'static str, follows: &'static str, make: fn(&mut Place) -> Sent) -> Case {
    Case { name, follows, make, expected: Expected::Held }
}

/// A case that is right.
pub const fn fine(
    name: &'static str,
    follows: &'static str,
    make: fn(&mut Place) -> Sent,
    check: fn(&mut Place, &Block, &Follower),
) -> Case {
    Case { name, follows, make, expected: Expected::Fine(check) }
}
