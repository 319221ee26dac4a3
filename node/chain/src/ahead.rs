//! The thread that works ahead: the segment of the tip is made the moment the tip changes, whether somebody mines
//! here or not, so that the next block's ticks are only compared.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use arc_swap::ArcSwapOption;
use vibecoin_primitives::ChainSpec;
use vibecoin_storage::StoreError;

use crate::segments::Segments;
use crate::tip::Tip;

/// Wakes the thread; dropping it ends the thread, in the middle of a segment if need be.
pub(crate) struct Ahead {
    wake: SyncSender<()>,
    wanted: Arc<ArcSwapOption<Tip>>,
    thread: JoinHandle<()>,
}

impl Ahead {
    /// Starts the thread.
    pub(crate) fn start(segments: Segments, spec: Arc<ChainSpec>) -> Result<Self, StoreError> {
        let (wake, woken) = sync_channel(1);
        let wanted: Arc<ArcSwapOption<Tip>> = Arc::default();
        let work = Work { segments, spec, wanted: Arc::clone(&wanted) };
        let thread = thread::Builder::new().name("poh".into()).spawn(move || work.run(&woken))?;
        Ok(Self { wake, wanted, thread })
    }

    /// The tip is another one: its segment is wanted, and that of the one before is not.
    pub(crate) fn work_on(&self, tip: Arc<Tip>) {
        self.wanted.store(Some(tip));
        // A thread that has been woken and not looked yet will see the newest tip.
        let _ = self.wake.try_send(());
    }

    /// Ends the thread and waits for it.
    pub(crate) fn stop(self) {
        self.wanted.store(None);
        drop(self.wake);
        // A panic there has been reported, and everything it does can be done elsewhere.
        let _ = self.thread.join();
    }
}

struct Work {
    segments: Segments,
    spec: Arc<ChainSpec>,
    wanted: Arc<ArcSwapOption<Tip>>,
}

impl Work {
    fn run(&self, woken: &Receiver<()>) {
        while woken.recv().is_ok() {
            let Some(parent) = self.wanted.load().as_ref().map(|tip| tip.id()) else { continue };
            let is_wanted = || self.wanted.load().as_ref().as_ref().is_some_and(|tip| tip.id() == parent);
            // Given up because the tip has moved: that has woken this thread again.
            let _ = self.segments.make_while(&self.spec, &parent, is_wanted);
        }
    }
}
