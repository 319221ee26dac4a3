//! Connections that outlive a restart.
//!
//! Whoever floods a book and then makes its node start again finds connections to places of the attacker's choice
//! only if all of these are gone.

use std::collections::BTreeSet;

use super::AddressBook;
use crate::endpoint::Contact;

/// How many connections are kept over a restart. Two of them fail together one time in 25 if a fifth of the network
/// is away, four of them one time in 625.
pub const ANCHORS_MAX: usize = 4;

impl AddressBook {
    /// Remembers the best of the outbound connections, to be made first after the next start: those that answered
    /// first, so that whoever came lately does not push them out. One of each range is kept. Where there are too few,
    /// those of before fill up, so that an hour without a network does not cost them.
    pub fn keep_anchors(&mut self, connected: impl IntoIterator<Item = Contact>) {
        if !self.settings.defences.anchors {
            return;
        }
        let mut connected: Vec<Contact> = connected.into_iter().collect();
        connected.sort_by_cached_key(|contact| self.proven_ms(contact));
        let before = std::mem::take(&mut self.anchors);
        let mut ranges = BTreeSet::new();
        self.anchors = connected
            .into_iter()
            .chain(before)
            .filter(|anchor| ranges.insert(anchor.endpoint.group()))
            .take(ANCHORS_MAX)
            .collect();
    }

    fn proven_ms(&self, contact: &Contact) -> u64 {
        let entry = self.index.get(&contact.endpoint).map(|&id| self.entry(id));
        entry.filter(|entry| entry.is_tried()).map_or(u64::MAX, |entry| entry.proven_ms)
    }

    /// The connections to be made first after the next start.
    #[must_use]
    pub fn anchors(&self) -> &[Contact] {
        &self.anchors
    }

    /// Lets every anchor be dialled once more: after a start, and when no connection is left.
    pub fn recall_anchors(&mut self) {
        self.anchors_due = self.anchors.iter().rev().cloned().collect();
    }
}
