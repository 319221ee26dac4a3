//! The prover: what a full node says when it is questioned. It reads nothing but the nodes on the way to what is asked
//! for, so any tip whose history is stored can be proven, forks included.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Header, Work};

use super::draws::{TooManyOctaves, draws};
use super::wire::{Closed, PROOF_BYTES_MAX, Writer};
use super::{Params, Range, Record};
use crate::history::{Node, Peaks};

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// The chain has too many octaves to be drawn from.
    #[error(transparent)]
    Octaves(#[from] TooManyOctaves),
    /// A node or a header that should be there is not.
    #[error("the history has no node or header {0}")]
    Missing(Hash),
    /// The proof would be longer than a proof may be.
    #[error("the proof has more than {PROOF_BYTES_MAX} bytes")]
    TooLong,
    /// Reading failed.
    #[error("the history cannot be read: {0}")]
    Read(#[source] E),
}

/// The proof for the tip that stands on `peaks`, as `seed` and `params` ask for it. Its cost is that of its length, which
/// is bounded.
///
/// # Errors
/// [`ProveError`].
pub fn prove<R: Range>(
    reader: &R,
    peaks: &Peaks,
    seed: &[u8; 32],
    params: &Params,
) -> Result<Vec<u8>, ProveError<R::Error>> {
    let count = peaks.count();
    let first_of_last = params.first_of_last(count);
    let before_last = work_before(reader, peaks, first_of_last)?;
    let last = Work::new(peaks.work().get().saturating_sub(before_last));
    let wanted = Wanted { first_of_last, draws: draws(seed, peaks.work(), last, params.draws())? };

    let mut out = Writer::default();
    let mut todo: Vec<Part> = parts(peaks).collect();
    todo.reverse();
    while let Some(part) = todo.pop() {
        let open = wanted.touches(&part);
        out.bit(open);
        if !open {
            out.record(&Closed::of(&part.node));
        } else if part.level == 0 {
            out.record(&Record::of(&header(reader, &part.node.hash)?));
        } else {
            let [left, right] = part.split(children(reader, &part.node.hash)?);
            todo.extend([right, left]);
        }
        if out.len() > PROOF_BYTES_MAX {
            return Err(ProveError::TooLong);
        }
    }
    Ok(out.finish())
}

/// A node with its place among the heights and in the work.
#[derive(Clone, Copy)]
struct Part {
    node: Node,
    start: u64,
    level: u8,
    /// The work of everything to its left.
    before: u128,
}

impl Part {
    /// The height after its last leaf.
    const fn end(&self) -> u64 {
        self.start + (1 << self.level)
    }

    /// The work before whatever is to its right. Only a damaged store could exceed the range.
    const fn work_end(&self) -> u128 {
        self.before.saturating_add(self.node.work.get())
    }

    /// Its halves.
    fn split(&self, (left, right): (Node, Node)) -> [Self; 2] {
        let level = self.level - 1;
        let left = Self { node: left, level, ..*self };
        [left, Self { node: right, start: left.end(), level, before: left.work_end() }]
    }
}

/// What must be open.
struct Wanted {
    first_of_last: u64,
    /// Ascending.
    draws: Vec<u128>,
}

impl Wanted {
    /// True when the genesis, one of the last headers or a drawn one is in it.
    fn touches(&self, part: &Part) -> bool {
        let drawn = self.draws.partition_point(|draw| *draw < part.before);
        part.start == 0
            || part.end() > self.first_of_last
            || self.draws.get(drawn).is_some_and(|draw| *draw < part.work_end())
    }
}

/// The peaks with their places, left to right.
fn parts(peaks: &Peaks) -> impl Iterator<Item = Part> {
    let count = peaks.count();
    let levels = (0..64).rev().filter(move |level| count >> level & 1 == 1);
    levels.zip(peaks.nodes()).scan((0, 0), |(start, before), (level, node)| {
        let part = Part { node: *node, start: *start, level, before: *before };
        // The last one may end where the heights do.
        (*start, *before) = (start.saturating_add(1 << level), part.work_end());
        Some(part)
    })
}

/// The work of all headers below a height: a single way down.
fn work_before<R: Range>(reader: &R, peaks: &Peaks, height: u64) -> Result<u128, ProveError<R::Error>> {
    let Some(mut part) = parts(peaks).find(|part| height < part.end()) else {
        return Ok(peaks.work().get());
    };
    while part.start < height {
        let [left, right] = part.split(children(reader, &part.node.hash)?);
        part = if height < left.end() { left } else { right };
    }
    Ok(part.before)
}

fn children<R: Range>(reader: &R, hash: &Hash) -> Result<(Node, Node), ProveError<R::Error>> {
    reader.children(hash).map_err(ProveError::Read)?.ok_or(ProveError::Missing(*hash))
}

fn header<R: Range>(reader: &R, id: &Hash) -> Result<Header, ProveError<R::Error>> {
    reader.header(id).map_err(ProveError::Read)?.ok_or(ProveError::Missing(*id))
}
