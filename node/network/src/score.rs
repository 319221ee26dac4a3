//! What a peer can do wrong, what each costs it, and when it is enough.
//!
//! A fault is something that this node saw on the peer's own connection; nothing that others say about a peer counts,
//! so nobody can be framed. Points fade with time: a hiccup now and then never adds up.

use std::collections::VecDeque;

use crate::wire::{Kind, WireError};

/// Points at which a peer is banned.
pub const BAN_POINTS: u32 = 100;
/// Time in which one point fades, in ms.
const FADE_MS: u64 = 6_000;
/// Faults that are remembered, for whoever asks why.
const REMEMBERED: usize = 16;

/// Something that an honest node does not do, or hardly ever.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Bytes that are no message.
    #[error("sent what is no message: {0}")]
    Garbage(WireError),
    /// A handshake where none belongs, or none where one does.
    #[error("sent a {} message out of turn", .0.name())]
    OutOfTurn(Kind),
    /// An answer without a question.
    #[error("sent a {} message that nobody asked for", .0.name())]
    Unrequested(Kind),
    /// More messages than anybody needs.
    #[error("sent {} messages faster than allowed", .0.name())]
    Flood(Kind),
    /// More connections than anybody needs.
    #[error("connected again and again")]
    Reconnects,
    /// Bytes outside of the two lanes without end.
    #[error("kept the connection busy with what is no message")]
    Noise,
    /// A message that began and did not end in time.
    #[error("sent a message too slowly")]
    SlowMessage,
    /// Does not take what it is sent.
    #[error("does not read what it is sent")]
    NotReading,
    /// Did not answer a question in time, though it had said that it could.
    #[error("left a {} request unanswered", .0.name())]
    Withheld(Kind),
    /// Asked for more at once than is allowed.
    #[error("has too many requests open")]
    TooManyRequests,
    /// The same announcement again and again.
    #[error("repeated a {} message", .0.name())]
    Repeated(Kind),
    /// A header that breaks a rule.
    #[error("sent a header that breaks {rule}")]
    BrokenHeader {
        /// The rule.
        rule: String,
    },
    /// Headers that do not follow from what was asked, or from each other.
    #[error("sent headers that are not connected")]
    DisconnectedHeaders,
    /// A chain with less work than was claimed.
    #[error("has less work than it claims")]
    FalseWork,
    /// A body that is not the one its header commits to.
    #[error("sent a block that breaks {rule}")]
    BrokenBlock {
        /// The rule.
        rule: String,
    },
    /// Its own chain contains a block that no body can make valid.
    #[error("follows a chain with a block that breaks {rule}")]
    InvalidChain {
        /// The rule.
        rule: String,
    },
    /// Another block, transaction or range than the one that was asked for.
    #[error("answered a {} request with something else", .0.name())]
    WrongAnswer(Kind),
    /// A compact block that cannot be right whatever the pool holds.
    #[error("sent a compact block that cannot be put together")]
    BrokenCompact,
    /// Pushed compact blocks though it was told not to.
    #[error("pushes blocks though it was told not to")]
    Pushy,
    /// A transaction that breaks a rule by itself.
    #[error("sent a transaction that breaks {rule}")]
    BrokenTransaction {
        /// The rule.
        rule: String,
    },
    /// A segment that is not the one of its block.
    #[error("sent a segment that breaks {rule}")]
    BrokenSegment {
        /// The rule.
        rule: String,
    },
    /// A range of a state that does not belong to its root.
    #[error("sent a range of the state that is forged")]
    ForgedState,
    /// Addresses that nobody can reach, or far too many.
    #[error("sent addresses that are of no use")]
    BadContacts,
}

impl Fault {
    /// What it costs. No `_` arm: every new fault must take a stand.
    ///
    /// A hundred where no honest node, however slow or old, ever does the same; less where a slow line, a clock or
    /// an unlucky moment could explain a single case.
    #[must_use]
    pub const fn points(&self) -> u32 {
        match self {
            Self::Garbage(_)
            | Self::OutOfTurn(_)
            | Self::Noise
            | Self::SlowMessage
            | Self::NotReading
            | Self::BrokenHeader { .. }
            | Self::FalseWork
            | Self::BrokenBlock { .. }
            | Self::InvalidChain { .. }
            | Self::WrongAnswer(_)
            | Self::BrokenCompact
            | Self::BrokenTransaction { .. }
            | Self::BrokenSegment { .. }
            | Self::ForgedState => BAN_POINTS,
            Self::DisconnectedHeaders | Self::Pushy => 50,
            // The third within two minutes is one too many.
            Self::Withheld(_) => 40,
            Self::Unrequested(_) | Self::Reconnects | Self::BadContacts => 25,
            Self::TooManyRequests | Self::Flood(_) => 10,
            Self::Repeated(_) => 5,
        }
    }

    /// A short name for figures: one word a variant, whatever it carries.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Garbage(_) => "garbage",
            Self::OutOfTurn(_) => "out_of_turn",
            Self::Unrequested(_) => "unrequested",
            Self::Flood(_) => "flood",
            Self::Reconnects => "reconnects",
            Self::Noise => "noise",
            Self::SlowMessage => "slow_message",
            Self::NotReading => "not_reading",
            Self::Withheld(_) => "withheld",
            Self::TooManyRequests => "too_many_requests",
            Self::Repeated(_) => "repeated",
            Self::BrokenHeader { .. } => "broken_header",
            Self::DisconnectedHeaders => "disconnected_headers",
            Self::FalseWork => "false_work",
            Self::BrokenBlock { .. } => "broken_block",
            Self::InvalidChain { .. } => "invalid_chain",
            Self::WrongAnswer(_) => "wrong_answer",
            Self::BrokenCompact => "broken_compact",
            Self::Pushy => "pushy",
            Self::BrokenTransaction { .. } => "broken_transaction",
            Self::BrokenSegment { .. } => "broken_segment",
            Self::ForgedState => "forged_state",
            Self::BadContacts => "bad_contacts",
        }
    }
}

/// A fault with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// When, in ms on the clock of the machine.
    pub at_ms: u64,
    /// What.
    pub fault: Fault,
}

/// What a peer has against it.
#[derive(Clone, Debug, Default)]
pub struct Score {
    points: u32,
    /// Up to when the fading of the points has been counted.
    counted_ms: u64,
    faults: VecDeque<Recorded>,
}

impl Score {
    /// The points at a time.
    #[must_use]
    pub fn points(&self, now_ms: u64) -> u32 {
        let faded = now_ms.saturating_sub(self.counted_ms) / FADE_MS;
        self.points.saturating_sub(u32::try_from(faded).unwrap_or(u32::MAX))
    }

    /// Adds a fault. True when that is enough for a ban.
    pub fn add(&mut self, fault: Fault, now_ms: u64) -> bool {
        let left = self.points(now_ms);
        // A part of a point that is fading goes on doing so.
        let since = now_ms.saturating_sub(self.counted_ms);
        self.counted_ms = if left == 0 { now_ms } else { now_ms - since % FADE_MS };
        self.points = left.saturating_add(fault.points());
        if self.faults.len() == REMEMBERED {
            self.faults.pop_front();
        }
        self.faults.push_back(Recorded { at_ms: now_ms, fault });
        self.points >= BAN_POINTS
    }

    /// The faults that are remembered, the oldest first.
    pub fn faults(&self) -> impl DoubleEndedIterator<Item = &Recorded> {
        self.faults.iter()
    }
}
