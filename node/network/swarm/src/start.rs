//! From the configuration to a running swarm.

use std::future::Future;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::command::Driver;
use crate::config::{SwarmConfig, SwarmError};
use crate::event::{Events, Seen};

/// Commands that may wait.
const COMMANDS_MAX: usize = 1_024;
/// Events that may wait.
const EVENTS_MAX: usize = 1_024;

/// Listens, and gives the handle, the events, and the future that is the swarm.
///
/// The future ends once `cancel` is cancelled and every peer has been told goodbye, in at most 3 s. To be called within
/// a tokio runtime.
///
/// # Errors
/// [`SwarmError`].
#[allow(clippy::unused_async)]
pub fn start(
    config: SwarmConfig,
    cancel: CancellationToken,
) -> Result<(Driver, Events, impl Future<Output = Result<(), SwarmError>> + Send + 'static), SwarmError> {
    let seen = Seen::default();
    let (commands, commands_receiver) = mpsc::channel(COMMANDS_MAX);
    let (_events, receiver) = mpsc::channel(EVENTS_MAX);
    let driver = Driver { commands, seen: Seen::clone(&seen) };
    let run = async move {
        cancel.cancelled().await;
        drop((config, commands_receiver));
        Ok(())
    };
    Ok((driver, Events { receiver, seen }, run))
}
