//! Remote servers as the screens show them: who they are, what was proven, and where they disagreed.
//!
//! Deliberately absent: a server's own words. What a server writes in an error or calls itself reaches no field of
//! these; only figures that were checked or counted here, and sentences of ours.

use crate::safe::SafeText;

/// How it stands with the servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// They are being asked.
    #[default]
    Asking,
    /// They have claimed a tip, which is being proven.
    Proving,
    /// The proven tip is followed.
    Following,
    /// The proven tip is older than it should be.
    Stale,
    /// No server answers.
    Unreachable,
    /// Servers answer, and none proves what it claims.
    NoProof,
    /// Every server has said something false.
    AllFalse,
    /// This computer's clock cannot be right, or every server's is wrong in the same way.
    ClockWrong,
}

impl Standing {
    /// What the title line says of it while nothing is proven.
    #[must_use]
    pub const fn unproven(self) -> &'static str {
        match self {
            Self::Asking | Self::Following | Self::Stale => "asking servers",
            Self::Proving => "proving",
            Self::Unreachable => "no server answers",
            Self::NoProof => "no server proves it",
            Self::AllFalse => "all servers lie",
            Self::ClockWrong => "clock is wrong",
        }
    }
}

/// Everything on the servers' tab, as it was at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoteView {
    /// How it stands.
    pub standing: Standing,
    /// The tip that is proven, once one is.
    pub proven: Option<ProvenTip>,
    /// Blocks that have to stand on a block before its state is believed.
    pub depth: u64,
    /// The servers, in the order in which they are asked.
    pub servers: Vec<ServerRow>,
    /// When servers said different things, or false ones, newest first.
    pub disagreements: Vec<DisagreementRow>,
    /// What it took to have a proven tip, once there is one.
    pub proof: Option<ProofRow>,
    /// What was sent and received.
    pub traffic: RemoteTraffic,
    /// Whether what is proven is kept on this computer, so that the next start goes on from it.
    pub kept: bool,
    /// What should be looked at, the gravest first.
    pub cautions: Vec<Caution>,
}

/// Something that should be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caution {
    /// In words that stay the same while it lasts.
    pub words: SafeText,
    /// Whether something may be wrong, rather than less certain than it could be.
    pub grave: bool,
}

impl RemoteView {
    /// Servers that stand by the proven chain, and all.
    #[must_use]
    pub fn in_use(&self) -> (usize, usize) {
        let asked = self.servers.iter().filter(|server| server.state.is_in_use()).count();
        (asked, self.servers.len())
    }

    /// Whether something may be wrong.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        self.cautions.iter().any(|caution| caution.grave)
    }

    /// The height of the state that is believed.
    #[must_use]
    pub fn believed(&self) -> Option<u64> {
        self.proven.as_ref().map(|tip| tip.height.saturating_sub(self.depth))
    }
}

/// A tip that is proven.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProvenTip {
    /// Its height.
    pub height: u64,
    /// Its id in hex.
    pub id: SafeText,
    /// Its time, Unix milliseconds.
    pub time_ms: u64,
}

/// What it took to have a proven tip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProofRow {
    /// When it was there, Unix milliseconds.
    pub time_ms: u64,
    /// Its height then.
    pub height: u64,
    /// Bytes received for it, from all servers.
    pub bytes: u64,
    /// Questions that were answered for it.
    pub round_trips: u64,
    /// From the start of these screens until it was there, in milliseconds.
    pub took_ms: u64,
    /// How long checking the proof from the genesis took, in microseconds; none if there was none.
    pub checked_us: Option<u64>,
    /// The height that was kept from an earlier start; none: it was proven from the genesis.
    pub resumed_from: Option<u64>,
}

/// Bytes over the wire since these screens were started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemoteTraffic {
    /// Received and sent.
    pub bytes: (u64, u64),
    /// What a day costs at the rate since there is a proven tip, received and sent; none before that is honest.
    pub day_bytes: Option<u64>,
}

/// How a server is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerState {
    /// It was not heard yet.
    #[default]
    Untried,
    /// It is followed: what it announces is checked and taken.
    Followed,
    /// It stands by the proven tip, or by a block just below it.
    Ready,
    /// It is on another branch, not heavier by enough.
    OtherBranch {
        /// The last height that it shares.
        since: u64,
    },
    /// Its tip is ahead of this computer's clock.
    Ahead {
        /// By so many milliseconds.
        by_ms: u64,
    },
    /// It gave no usable answer, and is tried again after a rest.
    Silent,
    /// What it last said is false, or it did not prove it.
    Refuted,
    /// It has said something false: nothing is asked of it until these screens are started again.
    Distrusted,
}

impl ServerState {
    /// Whether it stands by the chain that is proven.
    #[must_use]
    pub const fn is_in_use(self) -> bool {
        matches!(self, Self::Followed | Self::Ready)
    }

    /// Its word in the list.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Untried => "not heard",
            Self::Followed => "followed",
            Self::Ready => "ready",
            Self::OtherBranch { .. } => "on a fork",
            Self::Ahead { .. } => "too early",
            Self::Silent => "no answer",
            Self::Refuted => "unproven",
            Self::Distrusted => "distrusted",
        }
    }
}

/// A server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServerRow {
    /// Where it is, as this user wrote it.
    pub url: SafeText,
    /// How it is doing.
    pub state: ServerState,
    /// The time to it and back, in milliseconds.
    pub latency_ms: Option<f64>,
    /// The height that it claims.
    pub claimed: Option<u64>,
    /// The height that it has proven.
    pub proven: Option<u64>,
    /// What it has said that was false or odd, newest first.
    pub faults: Vec<ServerFault>,
    /// Questions that it answered, and those that it failed to.
    pub questions: (u64, u64),
    /// Bytes received and sent.
    pub bytes: (u64, u64),
    /// Addresses of the open wallet that it is asked about first, and thereby learns.
    pub addresses: usize,
}

/// Something false or odd that a server has said or done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFault {
    /// When, Unix milliseconds.
    pub time_ms: u64,
    /// What was false, in our words.
    pub words: SafeText,
}

/// How a disagreement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Somebody was proven wrong.
    False,
    /// The heavier proven chain is followed.
    Heavier,
    /// It could not be settled yet.
    Open,
}

impl Verdict {
    /// Its word in the list.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::False => "false",
            Self::Heavier => "settled",
            Self::Open => "open",
        }
    }
}

/// Servers that said different things, or one that said something false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisagreementRow {
    /// When, Unix milliseconds.
    pub time_ms: u64,
    /// What it was about, in our words.
    pub about: SafeText,
    /// Who said what: the server as this user wrote it, and our words for what it said.
    pub said: Vec<(SafeText, SafeText)>,
    /// How it ended.
    pub verdict: Verdict,
    /// That in a sentence of ours.
    pub outcome: SafeText,
    /// What shows it, in our words, a figure a line.
    pub evidence: Vec<SafeText>,
}
