//! Transactions that peers have announced and that are not here: who has them, and when to ask.

use std::collections::{BTreeMap, BTreeSet};

use vibecoin_crypto::Hash;

use crate::endpoint::NodeId;
use crate::peers::Direction;

/// Transactions that one peer may have announced without any of them being here yet.
pub const ANNOUNCED_MAX: usize = 16_384;
/// The same, for all peers together.
const WANTED_MAX: usize = 65_536;
/// What peers that chose this node may take of that: the rest stays for those that it chose itself.
const WANTED_INBOUND_MAX: usize = 49_152;
/// Announcers that are remembered for one transaction.
const ANNOUNCERS_MAX: usize = 8;

#[derive(Debug, Default)]
struct Entry {
    announcers: Vec<NodeId>,
    /// When to ask; `None` while somebody is asked or the node judges.
    due_ms: Option<u64>,
    /// How often the tip had moved when it was announced first.
    moves: u64,
}

/// An announcement of one transaction.
#[derive(Clone, Copy, Debug)]
pub struct Announcement {
    /// By whom.
    pub node: NodeId,
    /// Who opened the connection.
    pub direction: Direction,
    /// When to ask for it, unless somebody is asked already.
    pub due_ms: u64,
    /// How often the tip has moved.
    pub moves: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Wanted {
    entries: BTreeMap<Hash, Entry>,
    due: BTreeSet<(u64, Hash)>,
    announced: BTreeMap<NodeId, usize>,
}

impl Wanted {
    /// A peer has this one. False if the peer has announced too many.
    pub fn announce(&mut self, leaf_hash: Hash, announcement: Announcement) -> bool {
        let Announcement { node, direction, due_ms, moves } = announcement;
        let outbound = direction == Direction::Outbound;
        let most = if outbound { WANTED_MAX } else { WANTED_INBOUND_MAX };
        let here = self.entries.contains_key(&leaf_hash);
        if !here && self.entries.len() >= most {
            return true;
        }
        if self.announced.get(&node).is_some_and(|count| *count >= ANNOUNCED_MAX) {
            return false;
        }
        let entry = self.entries.entry(leaf_hash).or_insert_with(|| Entry { moves, ..Entry::default() });
        if entry.announcers.contains(&node) {
            return true;
        }
        if entry.announcers.len() == ANNOUNCERS_MAX {
            if !outbound {
                return true;
            }
            // Peers that chose this node cannot keep those that it chose out of the list.
            if let Some(last) = entry.announcers.pop() {
                uncount(&mut self.announced, last);
            }
        }
        if outbound {
            entry.announcers.insert(0, node);
        } else {
            entry.announcers.push(node);
        }
        *self.announced.entry(node).or_default() += 1;
        match entry.due_ms {
            Some(before) if before > due_ms => {
                self.due.remove(&(before, leaf_hash));
                entry.due_ms = Some(due_ms);
                self.due.insert((due_ms, leaf_hash));
            }
            None if !here => {
                entry.due_ms = Some(due_ms);
                self.due.insert((due_ms, leaf_hash));
            }
            _ => {}
        }
        true
    }

    /// True if it is announced and not here.
    pub fn contains(&self, leaf_hash: &Hash) -> bool {
        self.entries.contains_key(leaf_hash)
    }

    /// Those that are due, at most so many, each with who has it, the best to ask first. They count as asked from now
    /// on.
    pub fn take_due(&mut self, now_ms: u64, most: usize) -> Vec<(Hash, Vec<NodeId>)> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some((due_ms, leaf_hash)) = self.due.first().copied()
            && due_ms <= now_ms
        {
            self.due.remove(&(due_ms, leaf_hash));
            if let Some(entry) = self.entries.get_mut(&leaf_hash) {
                entry.due_ms = None;
                taken.push((leaf_hash, entry.announcers.clone()));
            }
        }
        taken
    }

    /// Asks for it again at this time.
    pub fn defer(&mut self, leaf_hash: Hash, due_ms: u64) {
        let Some(entry) = self.entries.get_mut(&leaf_hash) else { return };
        if let Some(before) = entry.due_ms.replace(due_ms) {
            self.due.remove(&(before, leaf_hash));
        }
        self.due.insert((due_ms, leaf_hash));
    }

    /// True if it was announced by somebody else, too.
    pub fn has_others(&self, leaf_hash: &Hash, node: NodeId) -> bool {
        self.entries.get(leaf_hash).is_some_and(|entry| entry.announcers.iter().any(|other| *other != node))
    }

    /// True if it was announced since the tip has moved so often.
    pub fn is_fresh(&self, leaf_hash: &Hash, moves: u64) -> bool {
        self.entries.get(leaf_hash).is_some_and(|entry| entry.moves == moves)
    }

    /// A peer does not have it, or does not give it: somebody else is asked at once, if anybody else has it. Nothing
    /// happens if this was said before.
    pub fn turn_from(&mut self, leaf_hash: Hash, node: NodeId, now_ms: u64) {
        let Some(entry) = self.entries.get_mut(&leaf_hash) else { return };
        let Some(at) = entry.announcers.iter().position(|announcer| *announcer == node) else { return };
        entry.announcers.remove(at);
        uncount(&mut self.announced, node);
        if entry.announcers.is_empty() {
            self.resolve(&leaf_hash);
        } else {
            self.defer(leaf_hash, now_ms);
        }
    }

    /// It is here, or not wanted any more.
    pub fn resolve(&mut self, leaf_hash: &Hash) {
        let Some(entry) = self.entries.remove(leaf_hash) else { return };
        if let Some(due_ms) = entry.due_ms {
            self.due.remove(&(due_ms, *leaf_hash));
        }
        for node in entry.announcers {
            uncount(&mut self.announced, node);
        }
    }

    /// A peer is gone. What it was asked for is asked of others by [`Wanted::turn_from`].
    pub fn forget(&mut self, node: NodeId) {
        let (announced, due) = (&mut self.announced, &mut self.due);
        self.entries.retain(|leaf_hash, entry| {
            entry.announcers.retain(|announcer| *announcer != node);
            // Without a time it is asked for or judged, and resolved then.
            let keep = !entry.announcers.is_empty() || entry.due_ms.is_none();
            if let (false, Some(due_ms)) = (keep, entry.due_ms) {
                due.remove(&(due_ms, *leaf_hash));
            }
            keep
        });
        announced.remove(&node);
    }
}

fn uncount(announced: &mut BTreeMap<NodeId, usize>, node: NodeId) {
    if let Some(count) = announced.get_mut(&node) {
        *count -= 1;
        if *count == 0 {
            announced.remove(&node);
        }
    }
}
