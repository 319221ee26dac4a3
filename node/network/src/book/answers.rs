//! What is told to whoever asks for addresses.
//!
//! An answer is drawn once and given for a day to everybody who asks from the same ranges. So asking again tells
//! nothing about what has changed, asking under many names from one range neither, and asking from everywhere tells
//! [`NOTES_MAX`] answers a day and not the book.

use std::sync::Arc;

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

use super::AddressBook;
use crate::endpoint::{Contact, Host};

/// Answers that are kept at a time.
pub const NOTES_MAX: usize = 4;
/// The most addresses in an answer: what fits into a message.
pub const ANSWER_MAX: usize = 256;
/// A book of fewer addresses tells all of them: a network of seven could not find itself by halves.
pub const ANSWER_MIN: usize = 32;
/// How much of the book an answer may tell.
const PERCENT_MAX: usize = 23;

const HOUR_MS: u64 = 60 * 60 * 1_000;
/// An answer holds so long at least,
const AGE_MIN_MS: u64 = 21 * HOUR_MS;
/// and up to this much longer, so that nobody knows when.
const AGE_SPREAD_MS: u64 = 6 * HOUR_MS;

/// An answer that was drawn.
#[derive(Clone)]
struct Note {
    contacts: Arc<[Contact]>,
    until_ms: u64,
    /// How many places there were to draw from.
    drawn_from: usize,
}

/// The answers of the day.
#[derive(Clone, Default)]
pub(super) struct Notes([Option<Note>; NOTES_MAX]);

impl AddressBook {
    /// The addresses for somebody who asks from this host, at most [`ANSWER_MAX`] and, from [`ANSWER_MIN`] on, at most
    /// 23 % of the book. Local addresses are told to local askers only, hopeless ones to nobody. At least half are of
    /// what answered, as far as there is so much, so that a flood is not passed on.
    pub fn answer(&mut self, asker: &Host, now_ms: u64, rng: &mut impl Rng) -> Vec<Contact> {
        let share = self.key.share(&asker.group(), NOTES_MAX as u16);
        let size = self.len();
        // A book that has grown fourfold is another book: a young network need not wait for a day.
        let holds = |note: &&Note| now_ms < note.until_ms && size < note.drawn_from.saturating_mul(4);
        let contacts = match self.notes.0[share].as_ref().filter(holds) {
            Some(note) => Arc::clone(&note.contacts),
            None => {
                let contacts = self.draw_answer(now_ms, rng);
                let until_ms = now_ms.saturating_add(AGE_MIN_MS + rng.random_range(0..AGE_SPREAD_MS));
                self.notes.0[share] =
                    Some(Note { contacts: Arc::clone(&contacts), until_ms, drawn_from: size });
                contacts
            }
        };
        let may_hear = |contact: &&Contact| contact.endpoint.is_global() || !asker.is_global();
        contacts.iter().filter(may_hear).cloned().collect()
    }

    fn draw_answer(&self, now_ms: u64, rng: &mut impl Rng) -> Arc<[Contact]> {
        let mut good = |tried| {
            let mut ids: Vec<u32> =
                self.ids(tried).filter(|&id| !self.entry(id).is_hopeless(now_ms)).collect();
            ids.shuffle(rng);
            ids
        };
        let (tried, new) = (good(true), good(false));
        let most = (self.len() * PERCENT_MAX / 100).clamp(ANSWER_MIN, ANSWER_MAX);
        let from_tried = tried.len().min((most / 2).max(most.saturating_sub(new.len())));
        let mut ids: Vec<u32> = tried.into_iter().take(from_tried).chain(new).take(most).collect();
        // The order must not tell one table from the other.
        ids.shuffle(rng);
        ids.into_iter().map(|id| self.entry(id).contact()).collect()
    }
}
