//! Where in the tables a place belongs. A secret decides, so nobody else can aim.
//!
//! The *new* table is for what was told, the *tried* table for what answered. Each is cut into buckets of
//! [`SLOTS`] slots, and an address has exactly one slot in a bucket:
//!
//! - **new**: all that the tellers of one range bring goes to [`NEW_BUCKETS_PER_SOURCE`] of [`NEW_BUCKETS`] buckets,
//!   and of these one for each range of addresses. Whoever talks from one range reaches 1/16 of the table;
//! - **tried**: the addresses of one range go to [`TRIED_BUCKETS_PER_GROUP`] of [`TRIED_BUCKETS`] buckets. Whoever
//!   answers from one range reaches 1/16 of the table, however many addresses and ports it has.

use std::hash::Hasher;

use rand::{Rng, RngExt};
use siphasher::sip::SipHasher24;
use vibecoin_primitives::encoding::encode;

use super::Defences;
use crate::endpoint::{Endpoint, Group};

/// Buckets of the new table. With 64 slots, 16,384 places: four times the tried table, since most of what is told
/// is never dialled, and a quarter of what Bitcoin keeps for a network of ten thousand nodes.
pub const NEW_BUCKETS: u16 = 256;
/// Buckets of the tried table: with 64 slots, 4,096 places, more than a feeler every two minutes proves in five days.
pub const TRIED_BUCKETS: u16 = 64;
/// Slots of a bucket.
pub const SLOTS: u16 = 64;
/// Buckets of the new table that one range of tellers reaches.
pub const NEW_BUCKETS_PER_SOURCE: u16 = 16;
/// Buckets of the tried table that one range of addresses reaches.
pub const TRIED_BUCKETS_PER_GROUP: u16 = 4;

/// The secret of one book.
#[derive(Clone)]
pub(super) struct BucketKey {
    first: (u64, u64),
    second: (u64, u64),
    defences: Defences,
}

impl BucketKey {
    pub(super) fn new(secret: &[u8; 32], defences: Defences) -> Self {
        let word = |at: usize| {
            u64::from_le_bytes(secret[at..at + 8].try_into().expect("32 bytes have four such parts"))
        };
        Self { first: (word(0), word(8)), second: (word(16), word(24)), defences }
    }

    /// The slot of the new table for a place that somebody in the range `source` told of.
    pub(super) fn new_slot(&self, endpoint: &Endpoint, source: &Group) -> u16 {
        let bucket = if self.defences.source_keys {
            let (source, group) = (encode(source), encode(&endpoint.group()));
            let within = self.draw(b'g', &[&source, &group], NEW_BUCKETS_PER_SOURCE);
            self.draw(b'n', &[&source, &within.to_le_bytes()], NEW_BUCKETS)
        } else {
            self.draw(b'n', &[&encode(endpoint)], NEW_BUCKETS)
        };
        self.slot(b'N', bucket, endpoint)
    }

    /// Whether the place can stand in this slot of the new table at all.
    pub(super) fn is_new_slot(&self, endpoint: &Endpoint, slot: u16) -> bool {
        let bucket = slot / SLOTS;
        bucket < NEW_BUCKETS && self.slot(b'N', bucket, endpoint) == slot
    }

    /// The slot of the tried table for a place.
    pub(super) fn tried_slot(&self, endpoint: &Endpoint) -> u16 {
        let bucket = if self.defences.source_keys {
            let group = encode(&endpoint.group());
            let within = self.draw(b'a', &[&encode(endpoint)], TRIED_BUCKETS_PER_GROUP);
            self.draw(b't', &[&group, &within.to_le_bytes()], TRIED_BUCKETS)
        } else {
            self.draw(b't', &[&encode(endpoint)], TRIED_BUCKETS)
        };
        self.slot(b'T', bucket, endpoint)
    }

    /// One of `count` stores of something, such as answers, for whoever asks from this range.
    pub(super) fn share(&self, asker: &Group, count: u16) -> usize {
        usize::from(self.draw(b'r', &[&encode(asker)], count))
    }

    fn slot(&self, table: u8, bucket: u16, endpoint: &Endpoint) -> u16 {
        bucket * SLOTS + self.draw(table, &[&bucket.to_le_bytes(), &encode(endpoint)], SLOTS)
    }

    /// A number below `count`, which is a power of two far below 2^64, so that none is favoured.
    fn draw(&self, purpose: u8, parts: &[&[u8]], count: u16) -> u16 {
        // Both halves of the secret are needed to know one draw: the inner value keys nothing that is seen.
        let inner = hash(self.first, purpose, parts);
        let drawn = hash(self.second, purpose, &[&inner.to_le_bytes()]) % u64::from(count);
        u16::try_from(drawn).expect("below count")
    }
}

fn hash(key: (u64, u64), purpose: u8, parts: &[&[u8]]) -> u64 {
    let mut hasher = SipHasher24::new_with_keys(key.0, key.1);
    hasher.write(&[purpose]);
    for part in parts {
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part);
    }
    hasher.finish()
}

/// A table: in each slot the number of an entry, or nothing.
#[derive(Clone)]
pub(super) struct Table {
    slots: Vec<Option<u32>>,
    used: usize,
}

impl Table {
    pub(super) fn new(buckets: u16) -> Self {
        Self { slots: vec![None; usize::from(buckets) * usize::from(SLOTS)], used: 0 }
    }

    pub(super) fn get(&self, slot: u16) -> Option<u32> {
        self.slots.get(usize::from(slot)).copied().flatten()
    }

    /// Sets a slot and answers what stood there.
    pub(super) fn set(&mut self, slot: u16, entry: Option<u32>) -> Option<u32> {
        let before = std::mem::replace(&mut self.slots[usize::from(slot)], entry);
        self.used = self.used - usize::from(before.is_some()) + usize::from(entry.is_some());
        before
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// A bucket at random, and an entry of it; `None` if that bucket is empty.
    pub(super) fn draw(&self, rng: &mut impl Rng) -> Option<u32> {
        let size = usize::from(SLOTS);
        let bucket = rng.random_range(0..self.slots.len() / size);
        let slots = &self.slots[bucket * size..][..size];
        let used = slots.iter().flatten().count();
        let chosen = (used != 0).then(|| rng.random_range(0..used))?;
        slots.iter().flatten().nth(chosen).copied()
    }

    /// Everything in it, once for each slot.
    pub(super) fn entries(&self) -> impl Iterator<Item = u32> {
        self.slots.iter().copied().flatten()
    }
}
