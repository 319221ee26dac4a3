//! How a chain of headers proves its work in constant memory.
//!
//! Headers cost their maker work only at the difficulty that they themselves state, so a peer could make millions of
//! cheap ones and fill a disk with them. Therefore a long chain is read twice. The first time nothing of it is kept but
//! its last header, its work so far, and one bit for every few headers: a [`Commitments`]. Once the work is enough the
//! chain is read again, each batch is compared with the bits, and only then stored.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Height, Work};

use crate::wire::HeaderRecord;
use crate::world::{Believe, Broken};

/// One header in so many leaves a bit. A batch of 1,024 has 128 of them: nobody guesses them all.
const SPACING: u64 = 8;
/// Bits that are kept at most, 128 KiB: enough for eight million headers.
const BITS_MAX: usize = 1 << 20;

/// The end of a chain that is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// The last header.
    pub(super) head: HeaderRecord,
    /// Its id.
    pub(super) id: Hash,
    /// The work of the chain up to it.
    pub(super) work: Work,
    /// The last header's own work.
    pub(super) own_work: Work,
}

/// Why the headers after a good one are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// One does not stand on the one before.
    Disconnected,
    /// One breaks a rule.
    Broken(Broken),
}

impl Reading {
    pub(super) fn new(head: HeaderRecord, work: Work) -> Self {
        Self { head, id: head.id(), work, own_work: Work::ZERO }
    }

    pub(super) const fn height(&self) -> Height {
        self.head.header.height
    }

    /// Reads on. Each good header is shown to `each` with its height and id; the first that is none ends it. Answers how
    /// many were good.
    pub(super) fn advance<W: Believe + ?Sized>(
        &mut self,
        world: &W,
        headers: &[HeaderRecord],
        mut each: impl FnMut(Height, &Hash),
    ) -> (usize, Option<Flaw>) {
        for (good, child) in headers.iter().enumerate() {
            if child.content.parent_id != self.id {
                return (good, Some(Flaw::Disconnected));
            }
            let own_work = match world.header(&self.head, child) {
                Ok(work) => work,
                Err(broken) => return (good, Some(Flaw::Broken(broken))),
            };
            let Some(work) = self.work.checked_add(own_work) else {
                return (good, Some(Flaw::Disconnected));
            };
            *self = Self { head: *child, id: child.id(), work, own_work };
            each(self.height(), &self.id);
        }
        (headers.len(), None)
    }
}

/// One secret bit for every few headers of a chain.
#[derive(Clone, Debug)]
pub(super) struct Commitments {
    /// Nobody else knows which headers leave a bit, nor which bit.
    salt: (u64, u64),
    bits: Vec<u64>,
    count: usize,
    /// The bits that have been compared so far.
    compared: usize,
    /// The end of the chain that was read.
    pub(super) end: (Height, Hash),
}

impl Commitments {
    pub(super) fn new(salt: (u64, u64)) -> Self {
        let end = (Height::GENESIS, Hash::new([0; 32]));
        Self { salt, bits: Vec::new(), count: 0, compared: 0, end }
    }

    /// Takes in a header. False once there are too many.
    pub(super) fn add(&mut self, height: Height, id: &Hash) -> bool {
        self.end = (height, *id);
        if !self.leaves_a_bit(height) {
            return true;
        }
        if self.count == BITS_MAX {
            return false;
        }
        if self.count.is_multiple_of(64) {
            self.bits.push(0);
        }
        self.bits[self.count / 64] |= u64::from(self.bit(id)) << (self.count % 64);
        self.count += 1;
        true
    }

    /// Compares a header with the one that was read at its height the first time. What stands higher than the first
    /// reading went is always right.
    pub(super) fn is_right(&mut self, height: Height, id: &Hash) -> bool {
        if height >= self.end.0 {
            return height > self.end.0 || *id == self.end.1;
        }
        if !self.leaves_a_bit(height) {
            return true;
        }
        let at = self.compared;
        self.compared += 1;
        at < self.count && (self.bits[at / 64] >> (at % 64)) & 1 == u64::from(self.bit(id))
    }

    /// Begins to compare from the first header again.
    pub(super) const fn rewind(&mut self) {
        self.compared = 0;
    }

    /// How much memory it takes, in bytes.
    #[cfg(test)]
    pub(super) const fn bytes(&self) -> usize {
        self.bits.capacity() * size_of::<u64>()
    }

    const fn leaves_a_bit(&self, height: Height) -> bool {
        height.get() % SPACING == self.salt.0 % SPACING
    }

    fn bit(&self, id: &Hash) -> bool {
        let mut hasher = SipHasher13::new_with_keys(self.salt.0, self.salt.1);
        hasher.write(id.as_bytes());
        hasher.finish() & 1 == 1
    }
}
