//! What a server says of its tip, held against itself before it is questioned: whoever knows the questions first could
//! make the chain to the answers.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{ChainSpec, Content, Header, Timestamp, Work};

use super::record::{Place, Record};
use crate::history::{HistoryError, Node, Peaks};
use crate::pow;
use crate::rules::HeaderError;

/// A server's answer, of which nothing is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The id.
    pub id: Hash,
    /// The cumulative work, the tip's own included.
    pub work: Work,
    /// The header.
    pub header: Header,
    /// What it commits to.
    pub content: Content,
    /// The peaks over all headers before it, highest first.
    pub peaks: Vec<Node>,
}

/// A tip that agrees with itself: its own work is done, and everything it says is bound to it. Whether the work of the
/// headers before it was done is what a proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub(super) header: Header,
    pub(super) id: Hash,
    content: Content,
    work: Work,
    peaks: Peaks,
}

/// Why a tip is refused before a proof is asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Another id than that of the header.
    #[error("LGT-1: the header's id is {actual}, not {said}")]
    Id {
        /// What was said.
        said: Hash,
        /// The header's.
        actual: Hash,
    },
    /// Another content than the committed one.
    #[error("LGT-2: the content's root is {found}, the header has {committed}")]
    Content {
        /// The root of what was sent.
        found: Hash,
        /// The header's.
        committed: Hash,
    },
    /// At height 0, another block than the genesis of this network.
    #[error("LGT-3: the genesis is {genesis}, not {found}")]
    Genesis {
        /// What was sent.
        found: Hash,
        /// This network's.
        genesis: Hash,
    },
    /// Peaks that no history has.
    #[error("LGT-4: {0}")]
    Peaks(#[source] HistoryError),
    /// Peaks of another history.
    #[error("LGT-4: the peaks have the root {found}, the header has {committed}")]
    HistoryRoot {
        /// The root of the peaks.
        found: Hash,
        /// The header's.
        committed: Hash,
    },
    /// A header that does not stand on its peaks, or has no work, or is of the future.
    #[error("LGT-5: {0}")]
    Header(#[source] HeaderError),
    /// Another work than that of the peaks and the header.
    #[error("LGT-6: {said} is claimed, the peaks and the header have {actual}")]
    Work {
        /// What was said.
        said: Work,
        /// What it is.
        actual: Work,
    },
}

impl ClaimError {
    /// The number of the broken rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Id { .. } => "LGT-1",
            Self::Content { .. } => "LGT-2",
            Self::Genesis { .. } => "LGT-3",
            Self::Peaks(_) | Self::HistoryRoot { .. } => "LGT-4",
            Self::Header(_) => "LGT-5",
            Self::Work { .. } => "LGT-6",
        }
    }
}

impl Claim {
    /// Checks a tip against itself (LGT-1 to LGT-6). `now` is the clock of whoever asks.
    ///
    /// # Errors
    /// [`ClaimError`] with the first rule that is broken.
    pub fn check(spec: &ChainSpec, genesis_id: &Hash, tip: Tip, now: Timestamp) -> Result<Self, ClaimError> {
        let Tip { id, work, header, content, peaks } = tip;
        check_id(&header, &id)?;
        check_content(&header, &content)?;
        let peaks = check_peaks(&header, peaks)?;
        let actual = if peaks.count() == 0 {
            check_genesis(&header, &id, genesis_id)?
        } else {
            check_header(spec, &header, &peaks, now).map_err(ClaimError::Header)?
        };
        if work != actual {
            return Err(ClaimError::Work { said: work, actual });
        }
        Ok(Self { header, id, content, work, peaks })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> Hash {
        self.id
    }

    /// What it commits to.
    #[must_use]
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// The cumulative work that is claimed, its own included.
    #[must_use]
    pub const fn work(&self) -> Work {
        self.work
    }

    /// The peaks over all headers before it.
    #[must_use]
    pub const fn peaks(&self) -> &Peaks {
        &self.peaks
    }
}

/// LGT-1: the id is the header's.
fn check_id(header: &Header, said: &Hash) -> Result<(), ClaimError> {
    let actual = header.id();
    if actual == *said { Ok(()) } else { Err(ClaimError::Id { said: *said, actual }) }
}

/// LGT-2: the content is the committed one.
fn check_content(header: &Header, content: &Content) -> Result<(), ClaimError> {
    let (found, committed) = (content.root(), header.content_root);
    if found == committed { Ok(()) } else { Err(ClaimError::Content { found, committed }) }
}

/// LGT-4: the peaks are those that the header commits to.
fn check_peaks(header: &Header, peaks: Vec<Node>) -> Result<Peaks, ClaimError> {
    let peaks = Peaks::from_nodes(header.height.get(), peaks).map_err(ClaimError::Peaks)?;
    let (found, committed) = (peaks.root(), header.history_root);
    if found == committed { Ok(peaks) } else { Err(ClaimError::HistoryRoot { found, committed }) }
}

/// LGT-3, and its work: that of its bits, which nobody did.
fn check_genesis(header: &Header, found: &Hash, genesis_id: &Hash) -> Result<Work, ClaimError> {
    if found != genesis_id {
        return Err(ClaimError::Genesis { found: *found, genesis: *genesis_id });
    }
    let no_work = HeaderError::Work { id: *found, bits: header.bits };
    pow::work(header.bits).map_err(|_| ClaimError::Header(no_work))
}

/// LGT-5: the header stands on its peaks and keeps the rules (HDR-1, HDR-3 to HDR-7, HDR-9).
fn check_header(
    spec: &ChainSpec,
    header: &Header,
    peaks: &Peaks,
    now: Timestamp,
) -> Result<Work, HeaderError> {
    let record = Record::of(header);
    let place = Place::on(peaks, spec);
    let derived = record.header(spec, &place);
    if header.prev_time != derived.prev_time {
        return Err(HeaderError::PrevTime { found: header.prev_time, parent: derived.prev_time });
    }
    if header.bits != derived.bits {
        return Err(HeaderError::Bits { found: header.bits, expected: derived.bits });
    }
    let linked = record.link(spec, &place, now)?;
    peaks.work().checked_add(linked.leaf.work).ok_or(HeaderError::WorkSum)
}
