//! The node's clock: the machine's, and what `dev_warp` has added to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vibecoin_chain::{Clock, SystemClock};
use vibecoin_primitives::Timestamp;

/// A clock that can be moved forward for this process. Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct NodeClock(Arc<AtomicU64>);

impl NodeClock {
    /// How far it is ahead of the machine's, in ms.
    #[must_use]
    pub fn offset_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Moves it forward. It stops at the end of time rather than wrap.
    pub fn warp(&self, ms: u64) {
        let add = |offset: u64| Some(offset.saturating_add(ms));
        // The closure always gives a value, so this cannot fail.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        Timestamp::new(SystemClock.now().get().saturating_add(self.offset_ms()))
    }
}
