//! Test before eviction: two places that answered and want the same slot of the tried table.
//!
//! Whoever stands there is dialled. If it answers, it stays, and the newcomer stays where it was; if it does not, they
//! change places. Nothing that was not dialled in vain is ever replaced.

use rand::{Rng, RngExt};

use super::{AddressBook, Proven};
use crate::endpoint::{Contact, Endpoint};

/// How many newcomers wait at a time.
pub(super) const WAITING_MAX: usize = 10;
/// Whoever answered within this time needs no dial.
const TRUST_MS: u64 = 4 * 60 * 60 * 1_000;
/// How long a dial may take before it counts as failed.
const DIAL_MS: u64 = 60 * 1_000;
/// How long a newcomer waits for the dial.
const WAIT_MS: u64 = 40 * 60 * 1_000;

/// What is to be done with a newcomer.
enum Verdict {
    Promote(u16),
    Exchange(u16, u32),
    Dismiss,
    Wait,
}

impl AddressBook {
    pub(super) fn promote_or_wait(&mut self, id: u32, now_ms: u64) -> Proven {
        let slot = self.key.tried_slot(&self.entry(id).endpoint);
        match self.tried.get(slot) {
            None => self.put_tried(slot, id, now_ms),
            Some(standing) if !self.settings.defences.test_before_evict => {
                self.exchange(slot, standing, id, now_ms);
            }
            Some(_) => {
                if self.waiting.len() < WAITING_MAX && !self.waiting.contains(&id) {
                    self.waiting.push(id);
                }
                return Proven::Waits;
            }
        }
        Proven::Promoted
    }

    /// A place that has to be dialled to know whether it may be replaced, if there is one.
    pub(super) fn trial(
        &mut self,
        now_ms: u64,
        usable: &impl Fn(&Endpoint) -> bool,
        rng: &mut impl Rng,
    ) -> Option<Contact> {
        self.settle_trials(now_ms);
        let standing = |id: &u32| {
            let entry = self.entry(self.tried.get(self.key.tried_slot(&self.entry(*id).endpoint))?);
            let dialled = entry.dialled_ms != 0 && now_ms.saturating_sub(entry.dialled_ms) < DIAL_MS;
            (!dialled && usable(&entry.endpoint)).then(|| entry.contact())
        };
        let due: Vec<Contact> = self.waiting.iter().filter_map(standing).collect();
        (!due.is_empty()).then(|| due[rng.random_range(0..due.len())].clone())
    }

    /// Decides about all newcomers about whom enough is known.
    pub fn settle_trials(&mut self, now_ms: u64) {
        for id in self.waiting.clone() {
            // Whoever comes back from the tried table may have pushed it out of the book.
            if !self.waiting.contains(&id) {
                continue;
            }
            match self.judge(id, now_ms) {
                Verdict::Promote(slot) => self.put_tried(slot, id, now_ms),
                Verdict::Exchange(slot, standing) => self.exchange(slot, standing, id, now_ms),
                Verdict::Dismiss => self.waiting.retain(|waiting| *waiting != id),
                Verdict::Wait => {}
            }
        }
    }

    fn judge(&self, id: u32, now_ms: u64) -> Verdict {
        let newcomer = self.entry(id);
        let slot = self.key.tried_slot(&newcomer.endpoint);
        let Some(standing) = self.tried.get(slot) else { return Verdict::Promote(slot) };
        let entry = self.entry(standing);
        let since = |then_ms: u64| now_ms.saturating_sub(then_ms);
        if since(entry.answered_ms) < TRUST_MS {
            Verdict::Dismiss
        } else if entry.dialled_ms > entry.answered_ms && since(entry.dialled_ms) < TRUST_MS {
            if since(entry.dialled_ms) < DIAL_MS { Verdict::Wait } else { Verdict::Exchange(slot, standing) }
        } else if since(newcomer.answered_ms) > WAIT_MS {
            Verdict::Dismiss
        } else {
            Verdict::Wait
        }
    }

    fn exchange(&mut self, slot: u16, standing: u32, newcomer: u32, now_ms: u64) {
        // The newcomer leaves the new table first, so that the other, coming back, cannot push it out of the book.
        self.leave_places(standing);
        self.put_tried(slot, newcomer, now_ms);
        self.demote(standing);
    }
}
