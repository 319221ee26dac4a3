//! The client at work: proves, then follows one server and asks the others from time to time, until it is dropped.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::LightClient;
use super::server::watch::{Beat, Signal, Watch};
use super::servers::{Route, ServerId};

/// The first pause after nobody proved anything, and the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Cross checks between two looks at a segment, which is some kilobytes.
const SPOT_CHECK_EVERY: u32 = 10;

impl LightClient {
    /// Proves the chain and follows it. Never returns; whoever runs it drops it, and then calls
    /// [`close`](Self::close).
    pub async fn run(self: Arc<Self>) {
        let mut pause = PAUSE_FIRST;
        loop {
            match self.sync().await {
                Ok(_) => {
                    let began = Instant::now();
                    if let Some(id) = self.servers.order(Route::Any).into_iter().next() {
                        self.follow_one(id).await;
                    }
                    if began.elapsed() > PAUSE_MAX {
                        pause = PAUSE_FIRST;
                    }
                }
                Err(error) => tracing::warn!("{error}"),
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Follows a server until it fails, or until another one is the better choice.
    async fn follow_one(&self, id: ServerId) {
        let Some(head) = self.head() else { return };
        let interval = Duration::from_millis(self.spec.interval_ms);
        let mut watch =
            Watch::open(Arc::clone(self.servers.server(id)), head.id, Beat::of_interval(interval)).await;
        let mut cross_check = Instant::now() + self.options.cross_check;
        let mut checks = 0_u32;
        self.spot_check().await;
        loop {
            tokio::select! {
                signal = watch.next() => {
                    let heard = match signal {
                        Signal::Headers(headers) => self.told(id, &headers).await,
                        Signal::Ask => self.follow(id).await,
                    };
                    match heard {
                        Ok(head) => {
                            watch.set_from(head.id);
                            self.look_after().await;
                        }
                        Err(failure) => {
                            tracing::info!(server = %self.servers.server(id).url(), "{failure}: another is followed");
                            return;
                        }
                    }
                }
                () = sleep_until(cross_check) => {
                    self.follow_all().await;
                    // A server that has refused a block for its segment is on another branch. Where all agree there
                    // is nobody to ask.
                    if self.is_disputed() {
                        self.false_segments().await;
                    }
                    checks = checks.wrapping_add(1);
                    if checks.is_multiple_of(SPOT_CHECK_EVERY) {
                        self.spot_check().await;
                    }
                    cross_check = Instant::now() + self.options.cross_check;
                    if self.servers.order(Route::Any).first() != Some(&id) {
                        return;
                    }
                }
            }
        }
    }
}
