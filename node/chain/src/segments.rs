//! Proof of History segments that are known to be right, by the block they start from.
//!
//! A segment is a function of its parent's id alone: siblings share it, a block that carries one already known
//! costs no sequential hash, and whoever produces on a tip finds it made. What comes from others is kept only after
//! verification.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use vibecoin_consensus::poh::{self, Params, SegmentError};
use vibecoin_crypto::Hash;
use vibecoin_primitives::ChainSpec;

#[cfg(test)]
mod tests;

/// Segments kept. Forks and siblings are few; a miss costs time, never correctness.
const KEPT: usize = 64;
/// Segments over which the pace is averaged, roughly.
const PACE_WINDOW: u32 = 8;

/// A segment that was made here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beat {
    /// The block that it starts from.
    pub parent: Hash,
    /// Its last tick.
    pub last_tick: Hash,
    /// Sequential hashes in it.
    pub hashes: u64,
    /// How long they took.
    pub took: Duration,
}

/// How fast this machine makes segments, measured on those it made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heartbeat {
    /// Segments made since the start.
    pub segments: u64,
    /// The newest of them.
    pub last: Option<Beat>,
    /// Sequential hashes per second over the last few; 0 before the first.
    pub hashes_per_s: f64,
}

impl Heartbeat {
    fn add(&mut self, beat: Beat) {
        let rate = beat.hashes as f64 / beat.took.as_secs_f64().max(1e-9);
        let weight = if self.segments == 0 { 1.0 } else { 1.0 / f64::from(PACE_WINDOW) };
        self.hashes_per_s += (rate - self.hashes_per_s) * weight;
        self.segments += 1;
        self.last = Some(beat);
    }
}

/// A bounded memory of segments, shared by import, production and the thread that works ahead.
#[derive(Clone, Default)]
pub struct Segments(Arc<Shared>);

#[derive(Default)]
struct Shared {
    known: Mutex<Known>,
    /// Told whenever a segment was made, or given up.
    made: Condvar,
}

#[derive(Default)]
struct Known {
    by_parent: HashMap<Hash, Arc<[Hash]>>,
    order: VecDeque<Hash>,
    making: HashSet<Hash>,
    heartbeat: Heartbeat,
}

impl Known {
    fn insert(&mut self, parent: Hash, ticks: Arc<[Hash]>) {
        if self.by_parent.insert(parent, ticks).is_none() {
            self.order.push_back(parent);
            if self.order.len() > KEPT
                && let Some(oldest) = self.order.pop_front()
            {
                self.by_parent.remove(&oldest);
            }
        }
    }
}

impl Segments {
    /// The segment that starts from `parent`, if it is known.
    #[must_use]
    pub fn get(&self, parent: &Hash) -> Option<Arc<[Hash]>> {
        self.0.known.lock().by_parent.get(parent).cloned()
    }

    /// The pace at which segments are made here.
    #[must_use]
    pub fn heartbeat(&self) -> Heartbeat {
        self.0.known.lock().heartbeat
    }

    /// The segment that starts from `parent`, made if need be: [`ChainSpec::poh_hashes`] sequential hashes on the
    /// calling thread, or on another that makes it already.
    #[must_use]
    pub fn make(&self, spec: &ChainSpec, parent: &Hash) -> Arc<[Hash]> {
        loop {
            if let Some(ticks) = self.make_while(spec, parent, || true) {
                return ticks;
            }
        }
    }

    /// The same, as long as `is_wanted` says so; it is asked before every tick. `None` once it does not.
    #[must_use]
    pub fn make_while(
        &self,
        spec: &ChainSpec,
        parent: &Hash,
        is_wanted: impl Fn() -> bool,
    ) -> Option<Arc<[Hash]>> {
        let mut known = self.0.known.lock();
        loop {
            if let Some(ticks) = known.by_parent.get(parent) {
                return Some(Arc::clone(ticks));
            }
            if known.making.insert(*parent) {
                break;
            }
            // Whoever makes it may give up, and then it is this thread's turn.
            self.0.made.wait(&mut known);
        }
        drop(known);
        let started = Instant::now();
        let made = generate_while(Params::of(spec), parent, is_wanted);
        let took = started.elapsed();
        let mut known = self.0.known.lock();
        known.making.remove(parent);
        let made = made.map(|ticks| {
            let ticks: Arc<[Hash]> = ticks.into();
            let last_tick = ticks.last().copied().unwrap_or_default();
            known.heartbeat.add(Beat { parent: *parent, last_tick, hashes: spec.poh_hashes(), took });
            known.insert(*parent, Arc::clone(&ticks));
            ticks
        });
        self.0.made.notify_all();
        made
    }

    /// Takes a segment from somebody else, after every tick of it has been verified on all cores, in an order that
    /// follows from `order_seed`, which the sender must not foresee. One that is known costs no hash.
    ///
    /// # Errors
    /// [`SegmentError`] when it is not the segment of this parent.
    pub fn offer(
        &self,
        spec: &ChainSpec,
        parent: &Hash,
        ticks: &[Hash],
        order_seed: u64,
    ) -> Result<(), SegmentError> {
        let params = Params::of(spec);
        if let Some(known) = self.get(parent) {
            return poh::verify_known(params, &known, ticks);
        }
        poh::verify_shuffled(params, parent, ticks, order_seed)?;
        self.insert(*parent, ticks.into());
        Ok(())
    }

    /// Remembers a segment that has been verified.
    pub(crate) fn insert(&self, parent: Hash, ticks: Arc<[Hash]>) {
        self.0.known.lock().insert(parent, ticks);
    }
}

/// The ticks of a segment, unless they are not wanted any more.
fn generate_while(params: Params, parent: &Hash, is_wanted: impl Fn() -> bool) -> Option<Vec<Hash>> {
    let mut state = poh::seed(parent);
    let mut ticks = Vec::new();
    for _ in 0..params.ticks() {
        if !is_wanted() {
            return None;
        }
        state = poh::chain(&state, params.hashes_per_tick());
        ticks.push(state);
    }
    Some(ticks)
}
