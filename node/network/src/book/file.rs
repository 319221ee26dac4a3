//! The book as bytes, and back.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_primitives::DecodeError;
use vibecoin_primitives::encoding::{decode, encode};

use super::anchors::ANCHORS_MAX;
use super::buckets::{NEW_BUCKETS, SLOTS, TRIED_BUCKETS};
use super::entry::{Entry, Standing};
use super::{AddressBook, BookSettings, PLACES_MAX};
use crate::endpoint::{Contact, Endpoint, Group, NodeId};
use crate::sealed::{Seal, SealError};

const SEAL: Seal = Seal::new(*b"vibebook", 1);
/// More entries than there are slots cannot have been written.
const ENTRIES_MAX: usize = (NEW_BUCKETS as usize + TRIED_BUCKETS as usize) * SLOTS as usize;

/// Why bytes are not an address book. Then one begins with an empty book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookFileError {
    /// The frame around it.
    #[error("the address book cannot be read: {0}")]
    Seal(#[from] SealError),
    /// What is in it.
    #[error("the address book cannot be read: {0}")]
    Body(#[from] DecodeError),
    /// More than a book holds.
    #[error("the address book has {0} entries, where {ENTRIES_MAX} have room")]
    TooMany(usize),
}

/// A book that was read.
#[derive(Debug)]
pub struct Restored {
    /// It.
    pub book: AddressBook,
    /// Entries that have no place in it any more: another secret, or other settings.
    pub dropped: usize,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct Kept {
    answered_ms: u64,
    anchors: Vec<Contact>,
    entries: Vec<KeptEntry>,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct KeptEntry {
    endpoint: Endpoint,
    node: Option<NodeId>,
    source: Group,
    heard_ms: u64,
    dialled_ms: u64,
    counted_ms: u64,
    answered_ms: u64,
    failures: u32,
    standing: KeptStanding,
}

#[derive(BorshSerialize, BorshDeserialize)]
enum KeptStanding {
    New(Vec<u16>),
    Tried { proven_ms: u64 },
}

impl AddressBook {
    /// The bytes to be kept. Not in them: the secret, the answers of the day, who waits for a slot.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let entries = self.ids(true).chain(self.ids(false)).map(|id| KeptEntry::of(self.entry(id))).collect();
        let kept = Kept { answered_ms: self.answered_ms, anchors: self.anchors.clone(), entries };
        SEAL.close(&encode(&kept))
    }

    /// Reads what [`AddressBook::to_bytes`] wrote; every anchor is due. Times ahead of the clock are taken for now.
    ///
    /// With the secret of before everything stands where it stood; with another one, everything finds its place by
    /// its first teller, and what finds none is counted.
    ///
    /// # Errors
    /// [`BookFileError`]: the bytes are damaged, or of something else.
    pub fn from_bytes(
        bytes: &[u8],
        secret: &[u8; 32],
        settings: BookSettings,
        now_ms: u64,
    ) -> Result<Restored, BookFileError> {
        let kept: Kept = decode(SEAL.open(bytes)?)?;
        if kept.entries.len() > ENTRIES_MAX {
            return Err(BookFileError::TooMany(kept.entries.len()));
        }
        let mut book = Self::new(secret, settings);
        book.answered_ms = kept.answered_ms.min(now_ms);
        let mut dropped = 0;
        for entry in kept.entries {
            dropped += usize::from(!book.restore(entry, now_ms));
        }
        if settings.defences.anchors {
            let wanted = kept.anchors.into_iter().filter(|anchor| book.wants(&anchor.endpoint));
            book.anchors = wanted.take(ANCHORS_MAX).collect();
        }
        book.recall_anchors();
        Ok(Restored { book, dropped })
    }

    fn restore(&mut self, kept: KeptEntry, now_ms: u64) -> bool {
        let endpoint = kept.endpoint.clone();
        if !self.wants(&endpoint) || self.index.contains_key(&endpoint) {
            return false;
        }
        let tried_slot = self.key.tried_slot(&endpoint);
        match kept.standing {
            KeptStanding::Tried { proven_ms } if self.tried.get(tried_slot).is_none() => {
                let id = self.insert(kept.into_entry(now_ms));
                self.put_tried(tried_slot, id, proven_ms.min(now_ms));
                true
            }
            KeptStanding::Tried { .. } => self.restore_new(&[], kept, now_ms),
            KeptStanding::New(ref places) => {
                let places = places.clone();
                self.restore_new(&places, kept, now_ms)
            }
        }
    }

    fn restore_new(&mut self, places: &[u16], kept: KeptEntry, now_ms: u64) -> bool {
        let first = self.key.new_slot(&kept.endpoint, &kept.source);
        let mut slots: Vec<u16> = Vec::with_capacity(1);
        let own = places.iter().copied().filter(|&slot| self.key.is_new_slot(&kept.endpoint, slot));
        for slot in own.chain(places.is_empty().then_some(first)) {
            if self.new.get(slot).is_none() && !slots.contains(&slot) && slots.len() < PLACES_MAX {
                slots.push(slot);
            }
        }
        if slots.is_empty() && self.new.get(first).is_none() {
            slots.push(first);
        }
        if slots.is_empty() {
            return false;
        }
        let id = self.insert(kept.into_entry(now_ms));
        slots.into_iter().for_each(|slot| self.put_new(slot, id));
        true
    }
}

impl KeptEntry {
    fn of(entry: &Entry) -> Self {
        Self {
            endpoint: entry.endpoint.clone(),
            node: entry.node,
            source: entry.source.clone(),
            heard_ms: entry.heard_ms,
            dialled_ms: entry.dialled_ms,
            counted_ms: entry.counted_ms,
            answered_ms: entry.answered_ms,
            failures: entry.failures,
            standing: match &entry.standing {
                Standing::New(places) => KeptStanding::New(places.clone()),
                Standing::Tried(_) => KeptStanding::Tried { proven_ms: entry.proven_ms },
            },
        }
    }

    /// The entry, without a place.
    fn into_entry(self, now_ms: u64) -> Entry {
        Entry {
            endpoint: self.endpoint,
            node: self.node,
            source: self.source,
            heard_ms: self.heard_ms.min(now_ms),
            dialled_ms: self.dialled_ms.min(now_ms),
            counted_ms: self.counted_ms.min(now_ms),
            answered_ms: self.answered_ms.min(now_ms),
            proven_ms: 0,
            failures: self.failures,
            standing: Standing::New(Vec::with_capacity(1)),
        }
    }
}
