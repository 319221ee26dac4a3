//! Entries and their places in the two tables, kept in step.

use super::entry::{Entry, Standing};
use super::{Added, AddressBook};
use crate::endpoint::{Endpoint, Group};

impl AddressBook {
    pub(super) fn entry(&self, id: u32) -> &Entry {
        self.entries[id as usize].as_ref().expect("tables and index name entries that exist")
    }

    pub(super) fn entry_mut(&mut self, id: u32) -> &mut Entry {
        self.entries[id as usize].as_mut().expect("tables and index name entries that exist")
    }

    pub(super) fn find_mut(&mut self, endpoint: &Endpoint) -> Option<&mut Entry> {
        let id = *self.index.get(endpoint)?;
        Some(self.entry_mut(id))
    }

    pub(super) fn add_unknown(&mut self, endpoint: &Endpoint, source: &Group, now_ms: u64) -> Added {
        let slot = self.key.new_slot(endpoint, source);
        if !self.is_free_for(slot, true, now_ms) {
            return Added::Full;
        }
        let entry = Entry {
            endpoint: endpoint.clone(),
            node: None,
            source: source.clone(),
            heard_ms: now_ms,
            dialled_ms: 0,
            counted_ms: 0,
            answered_ms: 0,
            proven_ms: 0,
            failures: 0,
            standing: Standing::New(Vec::with_capacity(1)),
        };
        let id = self.insert(entry);
        self.put_new(slot, id);
        Added::New
    }

    pub(super) fn add_place(&mut self, id: u32, source: &Group, now_ms: u64) -> Added {
        let slot = self.key.new_slot(&self.entry(id).endpoint, source);
        if self.new.get(slot) == Some(id) {
            return Added::Known;
        }
        if !self.is_free_for(slot, false, now_ms) {
            return Added::Known;
        }
        self.put_new(slot, id);
        Added::Again
    }

    /// Whether a slot of the new table is empty, or what stands there may go: it is hopeless, or it has other places
    /// and makes room for something that has none.
    fn is_free_for(&self, slot: u16, homeless: bool, now_ms: u64) -> bool {
        let Some(standing) = self.new.get(slot) else { return true };
        let entry = self.entry(standing);
        let elsewhere = matches!(&entry.standing, Standing::New(places) if places.len() > 1);
        !self.settings.defences.first_come || entry.is_hopeless(now_ms) || (homeless && elsewhere)
    }

    /// Enters an entry without a place; one is given next.
    pub(super) fn insert(&mut self, entry: Entry) -> u32 {
        let endpoint = entry.endpoint.clone();
        let id = if let Some(id) = self.vacant.pop() {
            self.entries[id as usize] = Some(entry);
            id
        } else {
            self.entries.push(Some(entry));
            u32::try_from(self.entries.len() - 1).expect("there are no more entries than slots")
        };
        self.index.insert(endpoint, id);
        id
    }

    /// Gives an entry of the new table one more place. What stood there loses it, and is gone if it had no other.
    pub(super) fn put_new(&mut self, slot: u16, id: u32) {
        self.clear_new(slot);
        self.new.set(slot, Some(id));
        if let Standing::New(places) = &mut self.entry_mut(id).standing {
            places.push(slot);
        }
    }

    fn clear_new(&mut self, slot: u16) {
        let Some(id) = self.new.set(slot, None) else { return };
        if let Standing::New(places) = &mut self.entry_mut(id).standing {
            places.retain(|place| *place != slot);
            if places.is_empty() {
                self.remove(id);
            }
        }
    }

    /// Puts an entry of the new table into a free slot of the tried one.
    pub(super) fn put_tried(&mut self, slot: u16, id: u32, proven_ms: u64) {
        self.leave_places(id);
        self.waiting.retain(|waiting| *waiting != id);
        self.tried.set(slot, Some(id));
        self.tried_count += 1;
        let entry = self.entry_mut(id);
        entry.standing = Standing::Tried(slot);
        entry.proven_ms = proven_ms;
    }

    /// Puts an entry of the tried table back into the new one, where it came from.
    pub(super) fn demote(&mut self, id: u32) {
        self.leave_places(id);
        let entry = self.entry_mut(id);
        entry.standing = Standing::New(Vec::with_capacity(1));
        entry.proven_ms = 0;
        let slot = self.key.new_slot(&self.entry(id).endpoint, &self.entry(id).source);
        self.put_new(slot, id);
    }

    /// Takes an entry out of all its places; it gets another, or goes.
    pub(super) fn leave_places(&mut self, id: u32) {
        match std::mem::replace(&mut self.entry_mut(id).standing, Standing::New(Vec::new())) {
            Standing::New(places) => {
                for slot in places {
                    self.new.set(slot, None);
                }
            }
            Standing::Tried(slot) => {
                self.tried.set(slot, None);
                self.tried_count -= 1;
            }
        }
    }

    pub(super) fn remove(&mut self, id: u32) {
        self.leave_places(id);
        self.waiting.retain(|waiting| *waiting != id);
        if let Some(entry) = self.entries[id as usize].take() {
            self.index.remove(&entry.endpoint);
            self.vacant.push(id);
        }
    }

    /// The entries of one table, in the order of their endpoints: the order in which they came shows nowhere.
    pub(super) fn ids(&self, tried: bool) -> impl Iterator<Item = u32> {
        self.index.values().copied().filter(move |&id| self.entry(id).is_tried() == tried)
    }
}
