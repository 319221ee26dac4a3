//! How much a peer sends that is no message: a leaky bucket for each way of keeping a connection busy.
//!
//! Identify, ping, the table of addresses and the rest need little. What they are sent is counted where streams are
//! read, lanes are credited by whoever reads them, and beneath the streams everything is counted once more, so that
//! frames that belong to no stream do not go unseen.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::Instant;

use libp2p::PeerId;
use parking_lot::Mutex;

#[cfg(test)]
mod tests;

/// Bytes read from streams that are no lanes.
const ASIDE: Rate = Rate { burst: 512 << 10, per_second: 16 << 10 };
/// The same while this node relays, where each circuit of a peer adds what a circuit may carry.
const ASIDE_RELAYING: Rate = Rate { burst: 8 << 20, per_second: 64 << 10 };
/// Bytes beneath the streams that were not read from any: heads of frames, and what waits in the windows of streams.
const BENEATH: Rate = Rate { burst: 12 << 20, per_second: 64 << 10 };
/// Streams that the peer opened.
const STREAMS: Rate = Rate { burst: 128, per_second: 4 };
/// Streams of the peer's that are open at once: the muxer's own limit would only end the connection.
const STREAMS_OPEN_MAX: u32 = 24;

/// What may come at once, and what may come for ever.
#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: u64,
    per_second: u64,
}

/// A bucket that leaks.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    level: i64,
    leaked: Instant,
}

impl Bucket {
    const fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, level: 0, leaked: now }
    }

    /// True if it is too much now.
    fn add(&mut self, amount: u64, now: Instant) -> bool {
        self.leak(now);
        self.level = self.level.saturating_add_unsigned(amount);
        self.level > 0 && self.level.unsigned_abs() > self.rate.burst
    }

    const fn take_back(&mut self, amount: u64) {
        self.level = self.level.saturating_sub_unsigned(amount);
    }

    fn leak(&mut self, now: Instant) {
        let ms = u64::try_from(now.duration_since(self.leaked).as_millis()).unwrap_or(u64::MAX);
        let amount = ms.saturating_mul(self.rate.per_second) / 1_000;
        if amount > 0 {
            self.leaked = now;
            // What was credited in advance stays.
            self.level = self.level.saturating_sub_unsigned(amount).max(self.level.min(0));
        }
    }
}

#[derive(Debug)]
struct State {
    aside: Bucket,
    beneath: Bucket,
    streams: Bucket,
    streams_open: u32,
    tripped: bool,
    waker: Option<Waker>,
}

/// What one peer sends outside of the lanes, over all its connections.
#[derive(Debug)]
pub(crate) struct Meter(Mutex<State>);

pub(crate) type SharedMeter = Arc<Meter>;

impl Meter {
    fn new(relaying: bool) -> Self {
        let now = Instant::now();
        let aside = if relaying { ASIDE_RELAYING } else { ASIDE };
        Self(Mutex::new(State {
            aside: Bucket::new(aside, now),
            beneath: Bucket::new(BENEATH, now),
            streams: Bucket::new(STREAMS, now),
            streams_open: 0,
            tripped: false,
            waker: None,
        }))
    }

    fn count(&self, count: impl FnOnce(&mut State) -> bool) {
        let mut state = self.0.lock();
        if count(&mut state) && !state.tripped {
            state.tripped = true;
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        }
    }

    /// Bytes came beneath the streams.
    pub(crate) fn on_wire(&self, bytes: usize) {
        self.count(|state| state.beneath.add(bytes as u64, Instant::now()));
    }

    /// Bytes were read from a stream whose bytes were also counted beneath.
    pub(crate) fn on_stream(&self, bytes: usize) {
        self.count(|state| {
            state.beneath.take_back(bytes as u64);
            state.aside.add(bytes as u64, Instant::now())
        });
    }

    /// Bytes were read from a stream of a connection that is not counted beneath.
    pub(crate) fn on_bare_stream(&self, bytes: usize) {
        self.count(|state| state.aside.add(bytes as u64, Instant::now()));
    }

    /// They were a message's, or somebody else's.
    pub(crate) fn credit(&self, bytes: usize) {
        self.0.lock().aside.take_back(bytes as u64);
    }

    /// The peer opened a stream.
    pub(crate) fn on_stream_opened(&self) {
        self.count(|state| {
            state.streams_open += 1;
            state.streams.add(1, Instant::now()) || state.streams_open > STREAMS_OPEN_MAX
        });
    }

    /// It is gone.
    pub(crate) fn on_stream_closed(&self) {
        self.0.lock().streams_open -= 1;
    }

    /// The peer broke the muxer's own limits.
    pub(crate) fn trip(&self) {
        self.count(|_| true);
    }

    /// Whether it was too much.
    pub(crate) fn is_tripped(&self) -> bool {
        self.0.lock().tripped
    }

    /// The same; wakes whoever asked last once it is.
    pub(crate) fn poll_tripped(&self, waker: &Waker) -> bool {
        let mut state = self.0.lock();
        if !state.tripped && !state.waker.as_ref().is_some_and(|old| old.will_wake(waker)) {
            state.waker = Some(waker.clone());
        }
        state.tripped
    }
}

/// The meters of all peers that have a connection.
#[derive(Clone, Debug)]
pub(crate) struct Meters {
    relaying: bool,
    by_peer: Arc<Mutex<HashMap<PeerId, Weak<Meter>>>>,
}

impl Meters {
    pub(crate) fn new(relaying: bool) -> Self {
        Self { relaying, by_peer: Arc::default() }
    }

    /// The meter of a peer.
    pub(crate) fn of(&self, peer: PeerId) -> SharedMeter {
        let mut meters = self.by_peer.lock();
        if let Some(meter) = meters.get(&peer).and_then(Weak::upgrade) {
            return meter;
        }
        meters.retain(|_, meter| meter.strong_count() > 0);
        let meter = Arc::new(Meter::new(self.relaying));
        meters.insert(peer, Arc::downgrade(&meter));
        meter
    }
}
