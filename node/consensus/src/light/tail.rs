//! The end of a proven chain, and how it follows the network at 52 bytes a block.
//!
//! Kept are the newest headers and the peaks before the oldest of them, so every header of the tail can be rebuilt
//! from its record, and a branch that leaves the chain within the tail can be replayed. Of two branches the heavier
//! one wins with the reserve of full nodes (FRK-1, FRK-2).
//!
//! Deliberately absent: what lies before the tail. A branch that forks there is named as such; it takes a proof to
//! judge it.

mod file;
#[cfg(test)]
pub(super) mod tests;

use std::collections::VecDeque;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{ChainSpec, Content, Height, Timestamp, Work};

use super::{Linked, Place, Proven, Record};
use crate::fork_choice::{ActiveTip, Branch};
use crate::history::{HistoryError, Node, Peaks};
use crate::rules::HeaderError;

pub use file::TailFileError;

/// The most headers below the tip that a tail may keep.
pub const LAST_MAX: u32 = 2_048;

/// Why records are no continuation of the tail. All of these speak against whoever sent them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TailError {
    /// A header does not keep the rules.
    #[error("the header at height {height}: {error}")]
    Header {
        /// Where it would stand.
        height: Height,
        /// The rule.
        #[source]
        error: HeaderError,
    },
    /// The headers cannot be added to the history.
    #[error("the header at height {height}: {error}")]
    History {
        /// Where it would stand.
        height: Height,
        /// Why.
        #[source]
        error: HistoryError,
    },
    /// The block said to be shared is not one of this chain, though its height is kept here.
    #[error("block {id} is said to be shared at height {height}, where the chain has another block or none")]
    NotShared {
        /// The height that was named.
        height: Height,
        /// The id that was named.
        id: Hash,
    },
    /// The first header is not the genesis of the chain spec.
    #[error("GEN-1: the chain begins with {found}, the chain spec with {expected}")]
    OtherGenesis {
        /// The id found.
        found: Hash,
        /// The id of the chain spec's genesis.
        expected: Hash,
    },
    /// There is no header.
    #[error("a chain without a header")]
    Empty,
}

/// What records did to the tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// There was nothing new.
    Unchanged,
    /// The chain grew on its tip.
    Extended {
        /// Headers added.
        connected: u64,
    },
    /// Another branch took the place of the newest headers.
    Reorganised {
        /// The last height that both branches share.
        fork_height: Height,
        /// The tip before.
        from: Hash,
        /// Headers taken back.
        reverted: u64,
        /// Headers put on.
        connected: u64,
    },
    /// The branch is valid and not heavier by enough: the first seen stays.
    Outweighed {
        /// The last height that both branches share.
        fork_height: Height,
        /// The last header of the branch.
        id: Hash,
        /// Its cumulative work.
        work: Work,
    },
    /// The branch leaves the chain before the oldest header that is kept. Nothing was judged.
    TooDeep {
        /// The last height that both branches are said to share.
        fork_height: Height,
        /// The oldest height that is kept.
        oldest: Height,
    },
}

/// What became of records, and whether some of them have to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// What changed.
    pub change: Change,
    /// The first header that lies too far ahead of the clock: it and those after it were left out (HDR-7).
    pub held: Option<HeaderError>,
}

/// The newest headers of a chain. See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Over the headers before the oldest kept.
    before: Peaks,
    /// Oldest first, never empty; the first has the height `before.count()`.
    headers: VecDeque<Linked>,
    /// Over all headers, the tip's too.
    through: Peaks,
    /// Headers kept below the tip.
    last: u32,
}

/// Rebuilt headers that stand on one another, and the peaks over all of them.
struct Run {
    through: Peaks,
    headers: Vec<Linked>,
    held: Option<HeaderError>,
}

impl Tail {
    /// The tail of these records, oldest first, of which the last is the tip; `before` are the peaks over all headers
    /// below them. `last` headers are kept below the tip (at least 1, at most [`LAST_MAX`]).
    ///
    /// Every header is checked as any other, against `now` too; one of height 0 must be the genesis of the spec, whose
    /// id is `genesis_id`.
    ///
    /// # Errors
    /// [`TailError`].
    pub fn new(
        spec: &ChainSpec,
        genesis_id: &Hash,
        before: Peaks,
        records: &[Record],
        last: u32,
        now: Timestamp,
    ) -> Result<Self, TailError> {
        let (mut through, mut headers) = (before.clone(), Vec::with_capacity(records.len()));
        let mut rest = records;
        if before.count() == 0 {
            let (first, others) = records.split_first().ok_or(TailError::Empty)?;
            headers.push(genesis(spec, genesis_id, first, &mut through)?);
            rest = others;
        }
        let run = run(spec, through, rest, now)?;
        if let Some(error) = run.held {
            let height = Height::new(run.through.count());
            return Err(TailError::Header { height, error });
        }
        headers.extend(run.headers);
        if headers.is_empty() {
            return Err(TailError::Empty);
        }
        let last = last.clamp(1, LAST_MAX);
        let mut tail = Self { before, headers: headers.into(), through: run.through, last };
        tail.trim();
        Ok(tail)
    }

    /// The tail of a proven chain, which keeps at most `last` headers below its tip.
    #[must_use]
    pub fn of(proven: &Proven, last: u32) -> Self {
        let (before, through) = (proven.before_recent().clone(), proven.peaks().clone());
        let last = last.clamp(1, LAST_MAX);
        let mut tail = Self { before, headers: proven.recent().iter().copied().collect(), through, last };
        let (header, id) = (*proven.header(), proven.id());
        let leaf = Node::leaf(&header, id).expect("the work of a proven tip was counted");
        let tip = Linked { header, id, leaf };
        tail.through.append(tip.leaf).expect("a proven tip stands on its peaks");
        tail.headers.push_back(tip);
        tail.trim();
        tail
    }

    /// The newest header.
    #[must_use]
    pub fn tip(&self) -> &Linked {
        self.headers.back().expect("a tail is never empty")
    }

    /// The oldest header that is kept.
    #[must_use]
    pub fn oldest(&self) -> Height {
        Height::new(self.before.count())
    }

    /// Cumulative work, the tip's included.
    #[must_use]
    pub const fn work(&self) -> Work {
        self.through.work()
    }

    /// Headers that are kept below the tip once there are so many.
    #[must_use]
    pub const fn last(&self) -> u32 {
        self.last
    }

    /// The tip as fork choice sees it.
    #[must_use]
    pub fn active_tip(&self) -> ActiveTip {
        let tip = self.tip();
        ActiveTip { height: tip.header.height, total_work: self.work(), own_work: tip.leaf.work }
    }

    /// The header at a height, if it is kept.
    #[must_use]
    pub fn header_at(&self, height: Height) -> Option<&Linked> {
        self.headers.get(self.index(height)?)
    }

    /// The header with this id, if it is kept.
    #[must_use]
    pub fn find(&self, id: &Hash) -> Option<&Linked> {
        self.headers.iter().rev().find(|kept| kept.id == *id)
    }

    /// The kept headers, oldest first.
    pub fn headers(&self) -> impl DoubleEndedIterator<Item = &Linked> + ExactSizeIterator {
        self.headers.iter()
    }

    /// The peaks that the header at `height` commits to: those over all headers below it. Known for every kept header
    /// and for the one that will follow the tip.
    #[must_use]
    pub fn peaks_at(&self, height: Height) -> Option<Peaks> {
        if height.get() == self.through.count() {
            return Some(self.through.clone());
        }
        let index = self.index(height).filter(|index| *index < self.headers.len())?;
        let mut peaks = self.before.clone();
        for kept in self.headers.iter().take(index) {
            peaks.append(kept.leaf).ok()?;
        }
        Some(peaks)
    }

    /// The header at a height, if it is kept and commits to this content (BLK-3).
    #[must_use]
    pub fn with_content(&self, height: Height, content: &Content) -> Option<&Linked> {
        self.header_at(height).filter(|kept| content.root() == kept.header.content_root)
    }

    /// LGT-22: follows what a server says stands after the block `fork_id` at `fork_height`, the last one that its chain
    /// shares with this one. Taken is what extends the tip; another branch only if it is heavier by more than half
    /// of the tip's own work.
    ///
    /// # Errors
    /// [`TailError`]; nothing is changed then.
    pub fn follow(
        &mut self,
        spec: &ChainSpec,
        (fork_height, fork_id): (Height, &Hash),
        records: &[Record],
        now: Timestamp,
    ) -> Result<Followed, TailError> {
        let oldest = self.oldest();
        if fork_height < oldest {
            let change = Change::TooDeep { fork_height, oldest };
            return Ok(Followed { change, held: None });
        }
        let not_shared = TailError::NotShared { height: fork_height, id: *fork_id };
        if self.header_at(fork_height).is_none_or(|kept| kept.id != *fork_id) {
            return Err(not_shared);
        }
        let above = fork_height.next().ok_or(not_shared.clone())?;
        let base = self.peaks_at(above).ok_or(not_shared)?;
        let mut run = run(spec, base, records, now)?;
        let held = run.held.take();
        Ok(Followed { change: self.choose(fork_height, run), held })
    }

    /// Puts a checked branch in the place of what stands above `fork_height`, if it wins.
    fn choose(&mut self, fork_height: Height, mut run: Run) -> Change {
        // Whoever names too old a block as the last shared one sends headers that are here already.
        let shared = run.headers.iter().take_while(|new| self.is_kept(new)).count();
        let fork_height = Height::new(fork_height.get() + shared as u64);
        run.headers.drain(..shared);
        let Some(end) = run.headers.last() else { return Change::Unchanged };
        let (id, work) = (end.id, run.through.work());
        let tip = self.active_tip();
        if !tip.yields_to(&Branch { fork_height, total_work: work }) {
            return Change::Outweighed { fork_height, id, work };
        }
        let from = self.tip().id;
        let connected = run.headers.len() as u64;
        let reverted = tip.height.saturating_since(fork_height);
        let kept = self.headers.len().saturating_sub(usize::try_from(reverted).unwrap_or(usize::MAX));
        self.headers.truncate(kept);
        self.headers.extend(run.headers);
        self.through = run.through;
        self.trim();
        if reverted == 0 {
            Change::Extended { connected }
        } else {
            Change::Reorganised { fork_height, from, reverted, connected }
        }
    }

    fn is_kept(&self, header: &Linked) -> bool {
        self.header_at(header.header.height).is_some_and(|kept| kept.id == header.id)
    }

    /// Lets go of what is more than `last` below the tip.
    fn trim(&mut self) {
        while self.headers.len() > self.last as usize + 1 {
            let Some(oldest) = self.headers.pop_front() else { return };
            self.before.append(oldest.leaf).expect("it was appended to the same peaks before");
        }
    }

    fn index(&self, height: Height) -> Option<usize> {
        usize::try_from(height.get().checked_sub(self.before.count())?).ok()
    }
}

/// Rebuilds records on top of `through`, up to the first that lies too far ahead of the clock.
fn run(spec: &ChainSpec, mut through: Peaks, records: &[Record], now: Timestamp) -> Result<Run, TailError> {
    let mut headers = Vec::with_capacity(records.len());
    for record in records {
        let place = Place::on(&through, spec);
        let height = place.height;
        match record.link(spec, &place, now) {
            Ok(linked) => {
                append(&mut through, &linked.leaf, height)?;
                headers.push(linked);
            }
            Err(error @ HeaderError::FromTheFuture { .. }) => {
                return Ok(Run { through, headers, held: Some(error) });
            }
            Err(error) => return Err(TailError::Header { height, error }),
        }
    }
    Ok(Run { through, headers, held: None })
}

/// The genesis, known by its id alone.
fn genesis(
    spec: &ChainSpec,
    expected: &Hash,
    record: &Record,
    through: &mut Peaks,
) -> Result<Linked, TailError> {
    let header = record.header(spec, &Place::on(through, spec));
    let id = header.id();
    if id != *expected {
        return Err(TailError::OtherGenesis { found: id, expected: *expected });
    }
    let no_work = |_| HeaderError::Work { id, bits: header.bits };
    let leaf = Node::leaf(&header, id)
        .map_err(no_work)
        .map_err(|error| TailError::Header { height: header.height, error })?;
    append(through, &leaf, header.height)?;
    Ok(Linked { header, id, leaf })
}

fn append(through: &mut Peaks, leaf: &Node, height: Height) -> Result<(), TailError> {
    through.append(*leaf).map(drop).map_err(|error| TailError::History { height, error })
}
