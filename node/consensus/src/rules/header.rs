//! Stage 2: the header against its parent, one function per rule.

#[cfg(test)]
mod tests;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Bits, ChainSpec, Header, Height, Timestamp, Work};

use super::Blame;
use crate::difficulty::{bits_of_child, version_at};
use crate::history::{Node, Peaks};
use crate::pow::{self, Target};

/// How far ahead of the clock a block's time may be, in ms.
pub const MAX_DRIFT_MS: u64 = 15_000;

/// Why a header is refused. One variant per rule: this enum *is* the list of rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Not the version of its height.
    #[error("HDR-1: version {found}, height {height} has {expected}")]
    Version {
        /// The version.
        found: u32,
        /// What it should be.
        expected: u32,
        /// The height.
        height: Height,
    },
    /// Not the height above the parent's.
    #[error("HDR-2: height {found} on a parent of height {parent}")]
    Height {
        /// The height.
        found: Height,
        /// The parent's.
        parent: Height,
    },
    /// Not the parent's time.
    #[error("HDR-3: prev_time {found}, the parent's time is {parent}")]
    PrevTime {
        /// The `prev_time`.
        found: Timestamp,
        /// The parent's time.
        parent: Timestamp,
    },
    /// Not the bits that the schedule gives.
    #[error("HDR-4: bits {found}, the schedule gives {expected}")]
    Bits {
        /// The bits.
        found: Bits,
        /// What they should be.
        expected: Bits,
    },
    /// The id is above the target.
    #[error("HDR-5: id {id} is above the target of bits {bits}")]
    Work {
        /// The id.
        id: Hash,
        /// The bits.
        bits: Bits,
    },
    /// Sooner after its parent than a segment can be made.
    #[error("HDR-6: time {time} is less than {min_delta_ms} ms after the parent's {parent}")]
    TooSoon {
        /// The time.
        time: Timestamp,
        /// The parent's.
        parent: Timestamp,
        /// The least distance.
        min_delta_ms: u64,
    },
    /// Too far ahead of the clock: held, not invalid.
    #[error("HDR-7: time {time} is over {MAX_DRIFT_MS} ms ahead of {now}")]
    FromTheFuture {
        /// The time.
        time: Timestamp,
        /// The clock.
        now: Timestamp,
    },
    /// Not the commitment to the headers before it.
    #[error("HDR-8: history_root {found}, the headers before have {expected}")]
    HistoryRoot {
        /// The root.
        found: Hash,
        /// What it should be.
        expected: Hash,
    },
    /// Cumulative work above `u128`.
    #[error("HDR-9: the cumulative work does not fit 128 bits")]
    WorkSum,
}

impl HeaderError {
    /// The number of the broken rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Version { .. } => "HDR-1",
            Self::Height { .. } => "HDR-2",
            Self::PrevTime { .. } => "HDR-3",
            Self::Bits { .. } => "HDR-4",
            Self::Work { .. } => "HDR-5",
            Self::TooSoon { .. } => "HDR-6",
            Self::FromTheFuture { .. } => "HDR-7",
            Self::HistoryRoot { .. } => "HDR-8",
            Self::WorkSum => "HDR-9",
        }
    }

    /// Whom it blames. No `_` arm: every new rule must take a stand.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::Version { .. }
            | Self::Height { .. }
            | Self::PrevTime { .. }
            | Self::Bits { .. }
            | Self::Work { .. }
            | Self::TooSoon { .. }
            | Self::HistoryRoot { .. }
            | Self::WorkSum => Blame::Peer,
            // Clocks differ, and it may become valid.
            Self::FromTheFuture { .. } => Blame::Nobody,
        }
    }

    /// See [`super::BlockError::marks_id_invalid`].
    #[must_use]
    pub const fn marks_id_invalid(&self) -> bool {
        match self {
            // Found before the work is known to be done: such headers are free to make.
            Self::Version { .. }
            | Self::Height { .. }
            | Self::PrevTime { .. }
            | Self::Bits { .. }
            | Self::Work { .. } => false,
            // It may become valid.
            Self::FromTheFuture { .. } => false,
            Self::TooSoon { .. } | Self::HistoryRoot { .. } | Self::WorkSum => true,
        }
    }
}

/// The parent of the header that is checked.
#[derive(Clone, Copy, Debug)]
pub struct ParentView<'a> {
    /// Its header.
    pub header: &'a Header,
    /// The history of all headers up to it, itself included.
    pub peaks: &'a Peaks,
}

/// A header that keeps every rule of its stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedHeader {
    /// Its id.
    pub id: Hash,
    /// Its own work.
    pub own_work: Work,
    /// Cumulative work up to it.
    pub total_work: Work,
    /// Its leaf in the history.
    pub leaf: Node,
}

/// Checks a header against its parent, in the order height, parent's time, bits, work, time, history (HDR-2 to
/// HDR-9). `now` is the clock of whoever asks.
///
/// # Errors
/// [`HeaderError`] with the first rule that is broken; [`HeaderError::FromTheFuture`] is no verdict.
pub fn check_header(
    spec: &ChainSpec,
    header: &Header,
    parent: &ParentView<'_>,
    now: Timestamp,
) -> Result<CheckedHeader, HeaderError> {
    let (id, _) = check_link(spec, header, parent.header, now)?;
    check_history_root(header, parent.peaks)?;
    let leaf = Node::leaf(header, id).map_err(|_| HeaderError::Work { id, bits: header.bits })?;
    let total_work = parent.peaks.work().checked_add(leaf.work).ok_or(HeaderError::WorkSum)?;
    Ok(CheckedHeader { id, own_work: leaf.work, total_work, leaf })
}

/// The rules that need nothing but the parent's header (HDR-2 to HDR-7), in their order: what can be said of a header
/// before anything is stored of the chain that it stands on. Answers its id and its own work.
///
/// # Errors
/// As [`check_header`], but never [`HeaderError::HistoryRoot`] or [`HeaderError::WorkSum`].
pub fn check_link(
    spec: &ChainSpec,
    header: &Header,
    parent: &Header,
    now: Timestamp,
) -> Result<(Hash, Work), HeaderError> {
    check_height(header, parent)?;
    check_prev_time(header, parent)?;
    let target = check_bits(spec, header, parent)?;
    let id = check_work(header, target)?;
    check_time(spec.min_delta_ms, header.prev_time, header.time, now)?;
    // A target without a work cannot be what the schedule gives.
    let own_work = pow::work(header.bits).map_err(|_| HeaderError::Work { id, bits: header.bits })?;
    Ok((id, own_work))
}

/// HDR-1: the version is that of the height.
///
/// # Errors
/// [`HeaderError::Version`].
pub fn check_version(header: &Header) -> Result<(), HeaderError> {
    let (found, expected) = (header.version, version_at(header.height));
    if found == expected {
        Ok(())
    } else {
        Err(HeaderError::Version { found, expected, height: header.height })
    }
}

/// HDR-2: one above the parent.
fn check_height(header: &Header, parent: &Header) -> Result<(), HeaderError> {
    if parent.height.next() == Some(header.height) {
        Ok(())
    } else {
        Err(HeaderError::Height { found: header.height, parent: parent.height })
    }
}

/// HDR-3: `prev_time` repeats the parent's time.
fn check_prev_time(header: &Header, parent: &Header) -> Result<(), HeaderError> {
    if header.prev_time == parent.time {
        Ok(())
    } else {
        Err(HeaderError::PrevTime { found: header.prev_time, parent: parent.time })
    }
}

/// HDR-4: the bits are those of the schedule.
fn check_bits(spec: &ChainSpec, header: &Header, parent: &Header) -> Result<Target, HeaderError> {
    let (found, expected) = (header.bits, bits_of_child(spec, parent.height, parent.time));
    let refused = HeaderError::Bits { found, expected };
    if found != expected {
        return Err(refused);
    }
    Target::from_bits(found).map_err(|_| refused)
}

/// HDR-5: the id does not exceed the target.
fn check_work(header: &Header, target: Target) -> Result<Hash, HeaderError> {
    let id = header.id();
    if target.is_met_by(&id) { Ok(id) } else { Err(HeaderError::Work { id, bits: header.bits }) }
}

/// HDR-6 and HDR-7: `time ≥ prev_time + min_delta`, in a sum that does not wrap, and `time ≤ now + 15 s`. What
/// is too soon is so for ever, and therefore asked first.
///
/// # Errors
/// [`HeaderError::TooSoon`] or [`HeaderError::FromTheFuture`].
pub fn check_time(
    min_delta_ms: u64,
    prev_time: Timestamp,
    time: Timestamp,
    now: Timestamp,
) -> Result<(), HeaderError> {
    if prev_time.checked_add(min_delta_ms).is_none_or(|least| time < least) {
        return Err(HeaderError::TooSoon { time, parent: prev_time, min_delta_ms });
    }
    if time.saturating_since(now) > MAX_DRIFT_MS {
        return Err(HeaderError::FromTheFuture { time, now });
    }
    Ok(())
}

/// HDR-8: the history root is that of all headers before.
fn check_history_root(header: &Header, before: &Peaks) -> Result<(), HeaderError> {
    let expected = before.root();
    if header.history_root == expected {
        Ok(())
    } else {
        Err(HeaderError::HistoryRoot { found: header.history_root, expected })
    }
}
