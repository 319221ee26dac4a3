//! The node's log as it happens: a bounded memory of its last lines, and a stream of new ones.
//!
//! [`LogRing::layer`] goes into the program's subscriber beside the terminal and the file. A reader that is too
//! slow misses lines; their numbers show it. Deliberately absent: files and their rotation.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::broadcast;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use vibecoin_chain::{Clock, SystemClock};
use vibecoin_rpc::types::{LogLevel, LogLine};

#[cfg(test)]
mod tests;

/// Lines that are remembered.
const LINES_MAX: usize = 1_000;
/// The longest line, in bytes; what is longer is cut.
const LINE_BYTES_MAX: usize = 4_096;

/// The last lines and a stream of new ones. Clones are the same log.
#[derive(Clone, Debug)]
pub struct LogRing(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    lines: Mutex<Lines>,
    news: broadcast::Sender<LogLine>,
}

#[derive(Debug, Default)]
struct Lines {
    next: u64,
    last: VecDeque<LogLine>,
}

impl Default for LogRing {
    fn default() -> Self {
        let news = broadcast::channel(LINES_MAX).0;
        Self(Arc::new(Shared { lines: Mutex::default(), news }))
    }
}

impl LogRing {
    /// What a subscriber feeds the ring with.
    #[must_use]
    pub fn layer(&self) -> RingLayer {
        RingLayer(self.clone())
    }

    /// The remembered lines, oldest first.
    #[must_use]
    pub fn last(&self) -> Vec<LogLine> {
        self.lock().last.iter().cloned().collect()
    }

    /// The remembered lines, then every new one.
    #[must_use]
    pub fn follow(&self) -> BoxStream<'static, LogLine> {
        // Subscribed under the lock, so that no line falls between the two parts or comes twice.
        let (last, news) = {
            let lines = self.lock();
            (lines.last.iter().cloned().collect::<Vec<_>>(), self.0.news.subscribe())
        };
        let later = stream::unfold(news, |mut news| async move {
            loop {
                match news.recv().await {
                    Ok(line) => return Some((line, news)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        });
        stream::iter(last).chain(later).boxed()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, level: LogLevel, target: &str, message: String) {
        let mut lines = self.lock();
        let line = LogLine {
            sequence: lines.next,
            time: SystemClock.now(),
            level,
            target: target.to_owned(),
            message,
        };
        lines.next += 1;
        if lines.last.len() == LINES_MAX {
            lines.last.pop_front();
        }
        lines.last.push_back(line.clone());
        // Nobody following is fine.
        let _ = self.0.news.send(line);
    }
}

/// The layer that writes into a [`LogRing`].
#[derive(Clone, Debug)]
pub struct RingLayer(LogRing);

impl<S: Subscriber> Layer<S> for RingLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let level = match *metadata.level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            Level::INFO => LogLevel::Info,
            Level::DEBUG => LogLevel::Debug,
            Level::TRACE => LogLevel::Trace,
        };
        let mut text = Text::default();
        event.record(&mut text);
        self.0.push(level, metadata.target(), text.finish());
    }
}

/// Message first, then `name=value`.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn finish(mut self) -> String {
        self.message.push_str(&self.fields);
        if self.message.len() > LINE_BYTES_MAX {
            let cut = (0..=LINE_BYTES_MAX).rev().find(|at| self.message.is_char_boundary(*at)).unwrap_or(0);
            self.message.truncate(cut);
            self.message.push('…');
        }
        self.message
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            // Writing to memory cannot fail.
            let _ = write!(self.fields, " {}={value}", field.name());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
