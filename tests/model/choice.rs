//! Which of the model's branches is the chain, which bodies are worth having, and what stands on an invalid block.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::bytes::{Hash, Header};
use super::chain::{Model, Move, Stored};
use super::difficulty::work;
use super::rules::{self, Rule};

/// Branches that leave the active chain this deep are kept only when they would win.
const DEPTH_MAX: u64 = 288;

impl Model {
    /// Moves the tip to what extends it, or else to the heaviest branch that is ahead by more than half of the tip's
    /// own work, of several the one that came first, until there is none. A branch that turns out invalid is out of
    /// the question.
    pub(super) fn choose(&mut self, moves: &mut Vec<Move>) {
        while let Some(winner) = self.winner() {
            let active: BTreeSet<Hash> = self.path(&self.tip).into_iter().collect();
            let joined: Vec<Hash> =
                self.path(&winner).into_iter().filter(|id| !active.contains(id)).collect();
            let broken = joined.iter().find_map(|id| match &self.stored[id].result {
                Some(Err(rule)) => Some((*id, *rule)),
                _ => None,
            });
            if let Some((id, rule)) = broken {
                self.condemn(id, rule);
                continue;
            }
            let fork_height = self.stored[&joined[0]].header.height - 1;
            moves.push(Move { left: self.height() - fork_height, joined });
            self.tip = winner;
        }
    }

    fn winner(&self) -> Option<Hash> {
        let tip = &self.stored[&self.tip];
        let candidates = || {
            self.stored.iter().filter(|(id, other)| {
                **id != self.tip && other.result.is_some() && !self.invalid.contains_key(*id)
            })
        };
        let weight = |(_, other): &(&Hash, &Stored)| (other.total_work, std::cmp::Reverse(other.arrival));
        let extending = candidates().filter(|(id, other)| {
            other.header.height > tip.header.height && self.path(id).contains(&self.tip)
        });
        let ahead = candidates().filter(|(_, other)| {
            other.total_work > tip.total_work && 2 * (other.total_work - tip.total_work) > tip.own_work
        });
        extending.max_by_key(weight).or_else(|| ahead.max_by_key(weight)).map(|(id, _)| *id)
    }

    pub(super) fn lacks_body(&self, id: &Hash) -> bool {
        let stored = &self.stored[id];
        stored.block.is_none() && stored.header.height > 0
    }

    /// Whether no body is missing up to a block.
    pub(super) fn is_linked(&self, id: &Hash) -> bool {
        self.path(id).iter().all(|id| !self.lacks_body(id))
    }

    /// Finds out what execution says of a block and those on it, if none of their bodies is missing.
    pub(super) fn link(&mut self, id: &Hash) {
        let stored = &self.stored[id];
        let (Some(block), Some(before)) = (&stored.block, &self.stored[&stored.parent].result) else {
            return;
        };
        let result = match before {
            Ok(before) => rules::execution(&self.spec, block, before).map(Rc::new),
            Err(_) => Err("HDR-10"),
        };
        if let (Err(rule), false) = (&result, self.policy.lazy) {
            return self.condemn(*id, rule);
        }
        self.stored.get_mut(id).expect("it was found above").result = Some(result);
        self.children(id).iter().for_each(|child| self.link(child));
    }

    /// Marks a block and all that stands on it.
    pub(super) fn condemn(&mut self, id: Hash, rule: Rule) {
        self.invalid.insert(id, rule);
        self.children(&id).into_iter().for_each(|child| self.condemn(child, "HDR-10"));
    }

    fn children(&self, id: &Hash) -> Vec<Hash> {
        self.stored.iter().filter(|(_, other)| other.parent == *id).map(|(child, _)| *child).collect()
    }

    /// Whether the body of a block beside the active chain is taken: when it ends a branch that is worth keeping, or
    /// stands below the end of one.
    pub(super) fn is_wanted(&self, header: &Header, parent: &Hash) -> bool {
        let total_work = self.stored[parent].total_work + work(header.bits).unwrap();
        let ends = self.stored.iter().filter(|(id, _)| {
            **id != header.id
                && !self.invalid.contains_key(*id)
                && self.path(id).contains(&header.id)
                && self.children(id).iter().all(|child| self.invalid.contains_key(child))
        });
        let mut ends = ends.map(|(_, end)| (end.header.height, end.total_work));
        self.is_worth(parent, header.height, total_work)
            || ends.any(|(height, total_work)| self.is_worth(parent, height, total_work))
    }

    /// Whether a branch that goes through `parent` and ends at this height with this work is worth keeping.
    fn is_worth(&self, parent: &Hash, height: u64, total_work: u128) -> bool {
        let tip = &self.stored[&self.tip];
        let active = self.path(&self.tip);
        let below: Vec<Hash> = self.path(parent).into_iter().filter(|id| active.contains(id)).collect();
        let depth = (active.len() - below.len()) as u64;
        let would_win = total_work > tip.total_work && 2 * (total_work - tip.total_work) > tip.own_work;
        let beside = active.get(height as usize).map_or(tip, |id| &self.stored[id]);
        depth == 0
            || would_win
            || depth < DEPTH_MAX && total_work >= beside.total_work.saturating_sub(2 * tip.own_work)
    }
}
