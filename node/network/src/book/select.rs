//! Which place to dial next.

use std::collections::BTreeMap;

use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

use super::AddressBook;
use super::buckets::Table;
use super::entry::CHANCE_ONE;
use crate::endpoint::{Contact, Endpoint, Group};

/// Draws from the buckets before the whole table is looked through.
const DRAWS_MAX: u32 = 128;

/// From what to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Either table, with the same likelihood.
    Any,
    /// What has been in the tried table for at least half as long as the oldest that is usable. Whoever began to attack
    /// later than that is not among them, with however many addresses.
    Elder,
    /// What was only told of: for a feeler, which finds out whether it answers.
    Untested,
}

impl AddressBook {
    /// Chooses a place out of those that are `usable`: not banned, not connected, in no range that is taken.
    pub fn select(
        &self,
        choice: Choice,
        now_ms: u64,
        usable: impl Fn(&Endpoint) -> bool,
        rng: &mut impl Rng,
    ) -> Option<Contact> {
        let id = match choice {
            Choice::Any => {
                let (first, second) =
                    if rng.random() { (&self.new, &self.tried) } else { (&self.tried, &self.new) };
                self.draw(first, now_ms, &usable, rng).or_else(|| self.draw(second, now_ms, &usable, rng))
            }
            Choice::Elder => self.draw_elder(now_ms, &usable, rng),
            Choice::Untested => self.draw(&self.new, now_ms, &usable, rng),
        };
        id.map(|id| self.entry(id).contact())
    }

    /// What to dial only to see whether it answers: a place whose slot somebody waits for, else one that was only
    /// told of.
    pub fn select_feeler(
        &mut self,
        now_ms: u64,
        usable: impl Fn(&Endpoint) -> bool,
        rng: &mut impl Rng,
    ) -> Option<Contact> {
        self.trial(now_ms, &usable, rng).or_else(|| self.select(Choice::Untested, now_ms, &usable, rng))
    }

    /// Draws a bucket, then a slot of it that is used, then by chance. A range with few addresses has its buckets as
    /// much as one with many.
    fn draw(
        &self,
        table: &Table,
        now_ms: u64,
        usable: &impl Fn(&Endpoint) -> bool,
        rng: &mut impl Rng,
    ) -> Option<u32> {
        if table.is_empty() {
            return None;
        }
        for draw in 0..DRAWS_MAX {
            let Some(id) = table.draw(rng) else { continue };
            let entry = self.entry(id);
            // What was passed over becomes likelier, so that a table of failures is not drawn from for ever.
            let chance = entry.chance(now_ms).saturating_mul(5 + draw) / 5;
            let lucky = rng.random_range(0..CHANCE_ONE) < chance;
            if lucky && !entry.is_hopeless(now_ms) && usable(&entry.endpoint) {
                return Some(id);
            }
        }
        self.look_through(table, now_ms, usable, rng)
    }

    /// Any usable place of a table, what is hopeless only if there is nothing else.
    fn look_through(
        &self,
        table: &Table,
        now_ms: u64,
        usable: &impl Fn(&Endpoint) -> bool,
        rng: &mut impl Rng,
    ) -> Option<u32> {
        let (hopeless, hopeful): (Vec<u32>, Vec<u32>) = table
            .entries()
            .filter(|&id| usable(&self.entry(id).endpoint))
            .partition(|&id| self.entry(id).is_hopeless(now_ms));
        hopeful.choose(rng).or_else(|| hopeless.choose(rng)).copied()
    }

    /// Draws a range of addresses among the elders, then an address.
    fn draw_elder(
        &self,
        now_ms: u64,
        usable: &impl Fn(&Endpoint) -> bool,
        rng: &mut impl Rng,
    ) -> Option<u32> {
        let age_ms = |id: &u32| now_ms.saturating_sub(self.entry(*id).proven_ms);
        let candidates: Vec<u32> = self
            .tried
            .entries()
            .filter(|&id| {
                let entry = self.entry(id);
                !entry.is_hopeless(now_ms) && !entry.rests(now_ms) && usable(&entry.endpoint)
            })
            .collect();
        let oldest_ms = candidates.iter().map(age_ms).max()?;
        let mut ranges: BTreeMap<Group, Vec<u32>> = BTreeMap::new();
        for id in candidates.into_iter().filter(|id| age_ms(id) >= oldest_ms / 2) {
            ranges.entry(self.entry(id).endpoint.group()).or_default().push(id);
        }
        let ranges: Vec<_> = ranges.values().collect();
        ranges.choose(rng)?.choose(rng).copied()
    }
}
