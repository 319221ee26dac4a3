//! How much of what a peer may send: token buckets by kind of message, for each peer and for all of them together.
//!
//! A bucket is full at first, loses tokens with what arrives, and fills up at a steady rate. All is integers, and
//! nothing is rounded, so that a bucket that is asked every millisecond fills up like one that is asked once an hour.
//!
//! Deliberately absent: a clock (times are ms of a clock that does not go back), and what follows from a refusal.

use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// How large a bucket is and how fast it fills up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    capacity: u32,
    refill: u32,
    refill_ms: u32,
}

impl Rate {
    /// At most `capacity` at once, and `refill_per_s` each second in the long run.
    #[must_use]
    pub const fn per_second(capacity: u32, refill_per_s: u32) -> Self {
        Self { capacity, refill: refill_per_s, refill_ms: 1_000 }
    }

    /// At most `capacity` at once, and `refill_per_min` each minute in the long run.
    #[must_use]
    pub const fn per_minute(capacity: u32, refill_per_min: u32) -> Self {
        Self { capacity, refill: refill_per_min, refill_ms: 60_000 }
    }

    /// The same for `count` peers together; a rate that would not fit stays at the largest that does.
    #[must_use]
    pub const fn times(self, count: u32) -> Self {
        Self {
            capacity: self.capacity.saturating_mul(count),
            refill: self.refill.saturating_mul(count),
            refill_ms: self.refill_ms,
        }
    }

    /// What a full bucket holds. More than this at once is never granted.
    #[must_use]
    pub const fn capacity(&self) -> u32 {
        self.capacity
    }
}

/// A bucket: a rate, and what is left.
#[derive(Clone, Debug)]
pub struct Bucket {
    rate: Rate,
    /// Tokens times the ms that the refill takes: each ms adds the refill, exactly.
    level: u64,
    asked_ms: u64,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub const fn new(rate: Rate, now_ms: u64) -> Self {
        Self { rate, level: rate.capacity as u64 * rate.refill_ms as u64, asked_ms: now_ms }
    }

    /// Takes `cost` tokens, or none if there are too few.
    pub fn take(&mut self, cost: u32, now_ms: u64) -> bool {
        let granted = self.has(cost, now_ms);
        if granted {
            self.level -= self.scaled(cost);
        }
        granted
    }

    /// Whether there are `cost` tokens.
    pub fn has(&mut self, cost: u32, now_ms: u64) -> bool {
        let gained = now_ms.saturating_sub(self.asked_ms).saturating_mul(u64::from(self.rate.refill));
        self.level = self.level.saturating_add(gained).min(self.scaled(self.rate.capacity));
        self.asked_ms = self.asked_ms.max(now_ms);
        self.level >= self.scaled(cost)
    }

    /// The ms from the last question until there are `cost` tokens; `None` if there never are.
    #[must_use]
    pub fn wait_ms(&self, cost: u32) -> Option<u64> {
        let missing = self.scaled(cost).saturating_sub(self.level);
        if missing == 0 {
            Some(0)
        } else if cost > self.rate.capacity || self.rate.refill == 0 {
            None
        } else {
            Some(missing.div_ceil(u64::from(self.rate.refill)))
        }
    }

    fn scaled(&self, tokens: u32) -> u64 {
        u64::from(tokens) * u64::from(self.rate.refill_ms)
    }
}

/// The rates of one kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindRate {
    /// For each peer.
    pub peer: Rate,
    /// For all peers together.
    pub all: Rate,
}

/// Whether something may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It may.
    Granted,
    /// The peer has sent more than its share: it is to blame.
    PeerOver,
    /// All peers together have: nobody is to blame, least of all whoever comes last.
    AllOver,
}

/// The buckets of all peers, by kind of message.
///
/// A kind is its place in the list of rates. The table holds as many peers as have entered and not left; whoever
/// bounds the connections bounds it.
#[derive(Clone, Debug)]
pub struct RateTable<P> {
    rates: Box<[KindRate]>,
    all: Box<[Bucket]>,
    peers: BTreeMap<P, Box<[Bucket]>>,
}

impl<P: Ord> RateTable<P> {
    /// No peer yet.
    #[must_use]
    pub fn new(rates: impl Into<Box<[KindRate]>>, now_ms: u64) -> Self {
        let rates = rates.into();
        let all = rates.iter().map(|rate| Bucket::new(rate.all, now_ms)).collect();
        Self { rates, all, peers: BTreeMap::new() }
    }

    /// A peer has come. If it is there already, its buckets stay as they are.
    pub fn enter(&mut self, peer: P, now_ms: u64) {
        let rates = &self.rates;
        self.peers
            .entry(peer)
            .or_insert_with(|| rates.iter().map(|rate| Bucket::new(rate.peer, now_ms)).collect());
    }

    /// A peer has gone.
    pub fn leave(&mut self, peer: &P) {
        self.peers.remove(peer);
    }

    /// How many peers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// Takes `cost` tokens of a kind from the peer's bucket and from everybody's, or from neither.
    ///
    /// A peer that has not entered and a kind without a rate are granted nothing.
    pub fn take(&mut self, peer: &P, kind: usize, cost: u32, now_ms: u64) -> Passage {
        let Some(own) = self.peers.get_mut(peer).and_then(|buckets| buckets.get_mut(kind)) else {
            return Passage::PeerOver;
        };
        if !own.has(cost, now_ms) {
            return Passage::PeerOver;
        }
        if !self.all[kind].take(cost, now_ms) {
            return Passage::AllOver;
        }
        own.take(cost, now_ms);
        Passage::Granted
    }
}
