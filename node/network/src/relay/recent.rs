//! A set of what came last: it never grows beyond its bound, and the oldest goes first.

use std::collections::{BTreeSet, VecDeque};

/// See the module.
#[derive(Clone, Debug)]
pub struct Recent<T> {
    members: BTreeSet<T>,
    order: VecDeque<T>,
    most: usize,
}

impl<T: Ord + Copy> Recent<T> {
    /// An empty set that will hold at most so many.
    pub const fn new(most: usize) -> Self {
        Self { members: BTreeSet::new(), order: VecDeque::new(), most }
    }

    /// Adds a member. True if it was not there.
    pub fn insert(&mut self, member: T) -> bool {
        if !self.members.insert(member) {
            return false;
        }
        if self.order.len() == self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.members.remove(&oldest);
        }
        self.order.push_back(member);
        true
    }

    /// True if it is there.
    pub fn contains(&self, member: &T) -> bool {
        self.members.contains(member)
    }

    /// Takes a member out. Its place in the order stays: should it come back, it may go a little earlier than its turn.
    pub fn remove(&mut self, member: &T) {
        self.members.remove(member);
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.members.clear();
        self.order.clear();
    }
}
