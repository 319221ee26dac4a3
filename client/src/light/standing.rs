//! How things stand, as a screen tells it: the tip, who agrees, and what to look at.

use vibecoin_primitives::{Height, Timestamp, Work};

use super::servers::ServerId;
use super::{Head, LightClient};

pub use super::opinion::{Opinion, Stand};

/// A tip older than this many intervals is stale.
const STALE_INTERVALS: u64 = 24;
/// But not before this, in ms.
const STALE_MIN_MS: u64 = 60_000;
/// For so many blocks a reorganisation is told.
const REORGANISATION_TOLD: u64 = 100;

/// Something that the user should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// No chain is proven.
    NothingProven,
    /// No new block for a long time: the servers may be cut off or keep blocks back, or this machine's clock is fast.
    StaleTip {
        /// The tip's age in ms.
        age_ms: u64,
    },
    /// Every server that was heard is ahead of this machine's clock: it is probably slow.
    SlowClock {
        /// By at least so much, in ms.
        by_ms: u64,
    },
    /// Some servers have tips ahead of this machine's clock.
    FutureTip {
        /// How many.
        servers: usize,
    },
    /// One server alone was heard: it can keep blocks and payments back unnoticed.
    OneVoice,
    /// Servers are on other branches.
    Disagreement {
        /// How many.
        servers: usize,
    },
    /// Servers said something false.
    Refuted {
        /// How many.
        servers: usize,
    },
    /// The chain changed its branch lately, deeply.
    Reorganised,
    /// The Proof of History of a block near the tip was proven false: it should be on no chain.
    FalseSegment {
        /// The block's height.
        height: Height,
    },
    /// What was kept on this machine is damaged, and was left aside.
    Damaged,
}

impl Warning {
    /// True if money may be at stake, rather than something being unusual.
    #[must_use]
    pub const fn is_grave(&self) -> bool {
        match self {
            Self::NothingProven
            | Self::StaleTip { .. }
            | Self::SlowClock { .. }
            | Self::Reorganised
            | Self::FalseSegment { .. } => true,
            Self::FutureTip { .. }
            | Self::OneVoice
            | Self::Disagreement { .. }
            | Self::Refuted { .. }
            | Self::Damaged => false,
        }
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NothingProven => f.write_str("no chain is proven yet"),
            Self::StaleTip { age_ms } => {
                let age_s = age_ms / 1_000;
                write!(
                    f,
                    "no new block for {age_s} s: the remote nodes may be cut off, or the clock here is fast"
                )
            }
            Self::SlowClock { by_ms } => {
                write!(
                    f,
                    "every remote node is at least {} s ahead: the clock here is probably slow",
                    by_ms / 1_000
                )
            }
            Self::FutureTip { servers } => {
                write!(f, "{servers} remote nodes have blocks from the future, which are not taken")
            }
            Self::OneVoice => {
                f.write_str("only one remote node was heard: it could keep blocks and payments back")
            }
            Self::Disagreement { servers } => write!(f, "{servers} remote nodes are on another branch"),
            Self::Refuted { servers } => write!(f, "{servers} remote nodes said something false"),
            Self::Reorganised => f.write_str("the chain changed its branch lately, deeper than usual"),
            Self::FalseSegment { height } => {
                write!(
                    f,
                    "the Proof of History of block {height} is proven false: full nodes refuse this chain"
                )
            }
            Self::Damaged => f.write_str("what was kept here was damaged, and was proven anew"),
        }
    }
}

/// How things stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The end of the proven chain.
    pub head: Option<Head>,
    /// The height whose state is believed.
    pub believed: Option<Height>,
    /// What every server was last heard to say, in the user's order.
    pub opinions: Vec<(ServerId, Opinion)>,
    /// What the user should know, the gravest first.
    pub warnings: Vec<Warning>,
    /// Disagreements noted in this run.
    pub disagreements: u64,
    /// When this was so.
    pub now: Timestamp,
}

impl Standing {
    /// The work of the proven chain.
    #[must_use]
    pub fn work(&self) -> Work {
        self.head.map_or(Work::ZERO, |head| head.work)
    }

    /// Servers whose tip is the proven one, or a block of the chain below it.
    #[must_use]
    pub fn agreeing(&self) -> usize {
        self.count(|stand| matches!(stand, Stand::Agrees | Stand::Behind { .. }))
    }

    fn count(&self, is: impl Fn(&Stand) -> bool) -> usize {
        self.opinions.iter().filter(|(_, opinion)| is(&opinion.stand)).count()
    }
}

impl LightClient {
    /// True if some server is on another branch, or far behind.
    pub(super) fn is_disputed(&self) -> bool {
        let opinions = self.opinions.lock();
        opinions.all().iter().any(|opinion| match opinion.stand {
            Stand::Forked { .. } => true,
            Stand::Behind { blocks } => blocks > 1,
            Stand::Unheard | Stand::Agrees | Stand::Ahead { .. } | Stand::Refuted | Stand::Silent => false,
        })
    }
}

/// How things stand with a client.
pub(super) fn of(client: &LightClient) -> Standing {
    let (opinions, damaged, reorganised_at, false_segment) = {
        let opinions = client.opinions.lock();
        let all = client.servers.ids().zip(opinions.all().to_vec()).collect();
        (all, opinions.damaged, opinions.reorganised_at, opinions.false_segment)
    };
    let mut standing = Standing {
        head: client.head(),
        believed: client.believed().map(|linked| linked.header.height),
        opinions,
        warnings: Vec::new(),
        disagreements: client.journal.lock().noted(),
        now: client.now(),
    };
    standing.warnings = warnings(&standing, client.spec.interval_ms);
    let lately = |at: Height| {
        standing.head.is_some_and(|head| head.height().saturating_since(at) < REORGANISATION_TOLD)
    };
    if reorganised_at.is_some_and(lately) {
        standing.warnings.insert(0, Warning::Reorganised);
    }
    // It stands as long as the block may be on the chain that is shown.
    if let Some(height) = false_segment.filter(|height| lately(*height)) {
        standing.warnings.insert(0, Warning::FalseSegment { height });
    }
    if damaged {
        standing.warnings.push(Warning::Damaged);
    }
    standing
}

fn warnings(standing: &Standing, interval_ms: u64) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let refuted = standing.count(|stand| *stand == Stand::Refuted);
    if refuted > 0 {
        warnings.push(Warning::Refuted { servers: refuted });
    }
    let forked = standing.count(|stand| matches!(stand, Stand::Forked { .. }));
    if forked > 0 {
        warnings.push(Warning::Disagreement { servers: forked });
    }
    let ahead = |(_, opinion): &(ServerId, Opinion)| match opinion.stand {
        Stand::Ahead { by_ms } => Some(by_ms),
        Stand::Unheard
        | Stand::Agrees
        | Stand::Behind { .. }
        | Stand::Forked { .. }
        | Stand::Refuted
        | Stand::Silent => None,
    };
    let agreeing = standing.agreeing();
    let futures: Vec<u64> = standing.opinions.iter().filter_map(ahead).collect();
    if let Some(by_ms) = futures.iter().min() {
        let servers = futures.len();
        let everybody = agreeing == 0 && forked == 0;
        warnings.push(if everybody {
            Warning::SlowClock { by_ms: *by_ms }
        } else {
            Warning::FutureTip { servers }
        });
    }
    match standing.head {
        None => warnings.push(Warning::NothingProven),
        Some(head) => {
            let age_ms = standing.now.saturating_since(head.header.time);
            if age_ms > interval_ms.saturating_mul(STALE_INTERVALS).max(STALE_MIN_MS) {
                warnings.push(Warning::StaleTip { age_ms });
            }
            if agreeing < 2 {
                warnings.push(Warning::OneVoice);
            }
        }
    }
    warnings
}
