//! The verifier: a chain of work from the genesis to a tip, out of a proof that shows little of it.
//!
//! It walks the mountain range from left to right, as if it appended one header after the other, only that it takes
//! whole trees in one step where the proof leaves them closed. So at every header that is shown it has exactly the peaks
//! that this header commits to, and rebuilds it from half of its bytes.
//!
//! Deliberately absent: recursion, and memory that a number in the proof could ask for.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{ChainSpec, Header, Height, Timestamp, Work};

use super::draws::{TooManyOctaves, draws};
use super::range::{self, RangeError};
use super::record::{Linked, Place, Record};
use super::wire::{Closed, Reader, WireError};
use super::{Claim, Params, Proven};
use crate::history::{HistoryError, Node, Peaks};
use crate::rules::HeaderError;

/// Why a proof is refused. What an answer to a question of this client's own gets wrong speaks against its sender.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LightError {
    /// The bytes are no proof at all (LGT-7 to LGT-11).
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The genesis is not shown.
    #[error("LGT-12: the genesis is closed")]
    GenesisClosed,
    /// The chain starts from another block than this network.
    #[error("LGT-12: the chain starts from {found}, not from {genesis}")]
    Genesis {
        /// Where it starts.
        found: Hash,
        /// Where this network starts.
        genesis: Hash,
    },
    /// A closed node cannot be what it says.
    #[error("LGT-13: {0}")]
    Range(#[from] RangeError),
    /// A header that is shown breaks a rule.
    #[error("LGT-14: the header at height {height}: {source}")]
    Leaf {
        /// Where it stands.
        height: Height,
        /// The rule.
        source: HeaderError,
    },
    /// The nodes are no history.
    #[error("LGT-15: {0}")]
    History(#[from] HistoryError),
    /// There is nothing that could be drawn from (LGT-16).
    #[error(transparent)]
    Octaves(#[from] TooManyOctaves),
    /// One of the last headers is not shown.
    #[error("LGT-17: the header at height {height} is among the last and closed")]
    LastClosed {
        /// The first that is closed.
        height: Height,
    },
    /// A drawn header is not shown.
    #[error("LGT-18: the header at work {draw} was drawn and is closed")]
    DrawnClosed {
        /// What was drawn.
        draw: u128,
    },
    /// A header is shown that nobody asked for.
    #[error("LGT-19: the header at height {height} was not drawn and is open")]
    NotDrawn {
        /// Where it stands.
        height: Height,
    },
    /// A node is open over closed ones only.
    #[error("LGT-19: the node that ends at height {end} is open over closed ones")]
    OpenInVain {
        /// The height after its last header.
        end: Height,
    },
    /// The tip does not keep the rules on top of what was shown.
    #[error("LGT-20: the tip: {0}")]
    Tip(#[source] HeaderError),
    /// The tip on top of what was shown is another one.
    #[error("LGT-20: the chain leads to {found}, not to {committed}")]
    OtherTip {
        /// The tip that the proof leads to.
        found: Hash,
        /// The one that was claimed.
        committed: Hash,
    },
}

impl LightError {
    /// The number of the broken rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Wire(error) => error.rule(),
            Self::GenesisClosed | Self::Genesis { .. } => "LGT-12",
            Self::Range(_) => "LGT-13",
            Self::Leaf { .. } => "LGT-14",
            Self::History(_) => "LGT-15",
            Self::Octaves(_) => "LGT-16",
            Self::LastClosed { .. } => "LGT-17",
            Self::DrawnClosed { .. } => "LGT-18",
            Self::NotDrawn { .. } | Self::OpenInVain { .. } => "LGT-19",
            Self::Tip(_) | Self::OtherTip { .. } => "LGT-20",
        }
    }
}

/// Verifies that the work of the claimed chain was done (LGT-7 to LGT-20). `seed` is one that nobody knew before the claim
/// was made, `now` the clock of whoever asks.
///
/// # Errors
/// [`LightError`] with the first rule that is broken.
pub fn verify(
    spec: &ChainSpec,
    genesis_id: &Hash,
    claim: &Claim,
    seed: &[u8; 32],
    params: &Params,
    now: Timestamp,
    proof: &[u8],
) -> Result<Proven, LightError> {
    verify_tip(&Asked { spec, genesis_id, seed, params, now }, &claim.header, &claim.id, proof)
}

/// What a proof must answer.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) spec: &'a ChainSpec,
    pub(super) genesis_id: &'a Hash,
    pub(super) seed: &'a [u8; 32],
    pub(super) params: &'a Params,
    pub(super) now: Timestamp,
}

/// The proof leads from the genesis to the tip with this id. Of the header nothing is believed but its height and the
/// four fields of its record.
pub(super) fn verify_tip(
    asked: &Asked<'_>,
    tip: &Header,
    id: &Hash,
    proof: &[u8],
) -> Result<Proven, LightError> {
    let count = tip.height.get();
    let mut walk = Walk::new(*asked, count, proof)?;
    walk.run()?;
    let Walk { wire, peaks, before, open, recent, .. } = walk;
    wire.finish()?;
    let last = Work::new(peaks.work().get() - before.work().get());
    let draws = draws(asked.seed, peaks.work(), last, asked.params.draws())?;
    check_open(&open, &draws, asked.params.first_of_last(count))?;
    let tip = rebuild_tip(asked, &Record::of(tip), &peaks)?;
    if tip.id != *id {
        return Err(LightError::OtherTip { found: tip.id, committed: *id });
    }
    let work = peaks.work().checked_add(tip.leaf.work).ok_or(LightError::Tip(HeaderError::WorkSum))?;
    Ok(Proven { tip, work, peaks, before, recent })
}

/// LGT-20: the tip on top of what was shown; at height 0 the genesis, whose work nobody did.
fn rebuild_tip(asked: &Asked<'_>, record: &Record, peaks: &Peaks) -> Result<Linked, LightError> {
    if peaks.count() == 0 {
        return genesis(asked, record);
    }
    record.link(asked.spec, &Place::on(peaks, asked.spec), asked.now).map_err(LightError::Tip)
}

/// LGT-12: the record is that of the genesis.
fn genesis(asked: &Asked<'_>, record: &Record) -> Result<Linked, LightError> {
    let header = record.header(asked.spec, &Place::on(&Peaks::new(), asked.spec));
    let id = header.id();
    if id != *asked.genesis_id {
        return Err(LightError::Genesis { found: id, genesis: *asked.genesis_id });
    }
    let no_work = HeaderError::Work { id, bits: header.bits };
    let leaf =
        Node::leaf(&header, id).map_err(|_| LightError::Leaf { height: header.height, source: no_work })?;
    Ok(Linked { header, id, leaf })
}

/// A header that is shown, with its place in the work: `before ≤ draw < end` draws it.
struct Open {
    height: u64,
    before: u128,
    end: u128,
}

/// LGT-18 and LGT-19: every draw hits a header that is shown, and every header that is shown was asked for.
fn check_open(open: &[Open], draws: &[u128], first_of_last: u64) -> Result<(), LightError> {
    let mut hit = vec![false; open.len()];
    for draw in draws {
        let at = open.partition_point(|leaf| leaf.end <= *draw);
        match open.get(at) {
            Some(leaf) if leaf.before <= *draw => hit[at] = true,
            Some(_) | None => return Err(LightError::DrawnClosed { draw: *draw }),
        }
    }
    let asked_for = |leaf: &Open| leaf.height == 0 || leaf.height >= first_of_last;
    match open.iter().zip(hit).find(|(leaf, hit)| !hit && !asked_for(leaf)) {
        Some((leaf, _)) => Err(LightError::NotDrawn { height: Height::new(leaf.height) }),
        None => Ok(()),
    }
}

/// What is still to be done, the next at the end. Each begins where what was done ends.
enum Step {
    /// The tree of this level.
    Tree(u8),
    /// Look back: so many headers had been shown when the tree that ends here was opened.
    Opened(usize),
}

/// The walk over the mountain range.
struct Walk<'a> {
    asked: Asked<'a>,
    wire: Reader<'a>,
    todo: Vec<Step>,
    first_of_last: u64,
    /// Over everything that was passed.
    peaks: Peaks,
    /// Over everything before the last headers, once they begin.
    before: Peaks,
    open: Vec<Open>,
    /// The last headers.
    recent: Vec<Linked>,
}

impl<'a> Walk<'a> {
    fn new(asked: Asked<'a>, count: u64, proof: &'a [u8]) -> Result<Self, LightError> {
        // The highest peak is the first.
        let todo = (0..64).filter(|level| count >> level & 1 == 1).map(Step::Tree).collect();
        Ok(Self {
            asked,
            wire: Reader::new(proof)?,
            todo,
            first_of_last: asked.params.first_of_last(count),
            peaks: Peaks::new(),
            before: Peaks::new(),
            open: Vec::new(),
            recent: Vec::new(),
        })
    }

    /// At most 64 steps wait for every header that is shown, which has its bytes in the proof.
    fn run(&mut self) -> Result<(), LightError> {
        while let Some(step) = self.todo.pop() {
            match step {
                Step::Opened(shown) if shown == self.open.len() => {
                    return Err(LightError::OpenInVain { end: Height::new(self.peaks.count()) });
                }
                Step::Opened(_) => {}
                Step::Tree(level) => {
                    if !self.wire.bit()? {
                        self.pass(level)?;
                    } else if level == 0 {
                        self.show()?;
                    } else {
                        let halves = [Step::Tree(level - 1), Step::Tree(level - 1)];
                        self.todo.push(Step::Opened(self.open.len()));
                        self.todo.extend(halves);
                    }
                }
            }
        }
        Ok(())
    }

    /// A closed tree: no genesis, none of the last headers, and work that fits the schedule.
    fn pass(&mut self, level: u8) -> Result<(), LightError> {
        let start = self.peaks.count();
        let leaves = 1_u64 << level;
        let Some(t0) = self.peaks.end() else { return Err(LightError::GenesisClosed) };
        if start.saturating_add(leaves) > self.first_of_last {
            return Err(LightError::LastClosed { height: Height::new(start.max(self.first_of_last)) });
        }
        let node = self.wire.record::<Closed>()?.starting_at(t0);
        range::check(self.asked.spec, Height::new(start), leaves, &node)?;
        self.peaks.append_tree(level, node)?;
        Ok(())
    }

    /// An open leaf: its header, rebuilt and checked.
    fn show(&mut self) -> Result<(), LightError> {
        let height = self.peaks.count();
        let record: Record = self.wire.record()?;
        let linked = if height == 0 {
            genesis(&self.asked, &record)?
        } else {
            record
                .link(self.asked.spec, &Place::on(&self.peaks, self.asked.spec), self.asked.now)
                .map_err(|source| LightError::Leaf { height: Height::new(height), source })?
        };
        if height == self.first_of_last {
            self.before = self.peaks.clone();
        }
        if height >= self.first_of_last {
            self.recent.push(linked);
        }
        let before = self.peaks.work().get();
        self.peaks.append(linked.leaf)?;
        self.open.push(Open { height, before, end: self.peaks.work().get() });
        Ok(())
    }
}
