//! How much was said and heard.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::HeaderMap;

/// What an exchange cost so far. Bytes are those of HTTP; what TCP, TLS and a proxy add is not seen here, and of the
/// heads the exact spelling is not either, so that they are counted to within a few bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes of the questions.
    pub sent_bytes: u64,
    /// Bytes of the answers as they arrived, compressed where they were.
    pub received_bytes: u64,
    /// Bytes of the answers' bodies after inflating.
    pub inflated_bytes: u64,
    /// Questions that were answered to the end, refusals included.
    pub round_trips: u64,
    /// Questions without a usable answer.
    pub failures: u64,
}

impl std::ops::Add for Traffic {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            sent_bytes: self.sent_bytes.saturating_add(other.sent_bytes),
            received_bytes: self.received_bytes.saturating_add(other.received_bytes),
            inflated_bytes: self.inflated_bytes.saturating_add(other.inflated_bytes),
            round_trips: self.round_trips.saturating_add(other.round_trips),
            failures: self.failures.saturating_add(other.failures),
        }
    }
}

impl std::iter::Sum for Traffic {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| sum + one)
    }
}

/// The counters behind it, for questions that are under way at the same time.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    sent_bytes: AtomicU64,
    received_bytes: AtomicU64,
    inflated_bytes: AtomicU64,
    round_trips: AtomicU64,
    failures: AtomicU64,
}

impl Meter {
    pub(crate) fn sent(&self, bytes: u64) {
        self.sent_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn received(&self, bytes: u64) {
        self.received_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn inflated(&self, bytes: u64) {
        self.inflated_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn answered(&self) {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Traffic {
        Traffic {
            sent_bytes: self.sent_bytes.load(Ordering::Relaxed),
            received_bytes: self.received_bytes.load(Ordering::Relaxed),
            inflated_bytes: self.inflated_bytes.load(Ordering::Relaxed),
            round_trips: self.round_trips.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }
}

/// `POST / HTTP/1.1` and the header fields without their varying parts.
const REQUEST_HEAD_BYTES: u64 = 132;

/// Bytes of a question with its head.
pub(super) fn request_bytes(url: &str, body: usize) -> u64 {
    let varying = url.len() + body.to_string().len() + body;
    REQUEST_HEAD_BYTES + varying as u64
}

/// Bytes of the head of an answer: the line of its status, and `name: value` with the ends of the lines.
pub(super) fn head_bytes(headers: &HeaderMap) -> u64 {
    const STATUS_LINE_BYTES: usize = 19;
    let fields: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    (STATUS_LINE_BYTES + fields) as u64
}
