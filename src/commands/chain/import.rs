//! `vibecoin chain import`: blocks from a file, in any order, and one verdict for each.
//!
//! A block that comes before its parent waits for it. Its line waits too, and with it all lines behind: every line
//! stands in the order of the file and says what became of the block in the end. What it was called when it came
//! stands beside it as `first`, if that was something else.
//!
//! Blocks are taken in in groups: one sync of the disk for many blocks, and no line is printed before the sync of
//! its group. Interrupted, even killed, and started again on the same file it goes on where it was: what is stored
//! is passed over as fast as it can be read, and the end is the same.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use vibecoin_chain::{Policy, Report, SideBranches, Verdict};
use vibecoin_consensus::rules::{self, ShapeError, check_commitments, check_shape};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, ChainSpec, Height, Timestamp};
use vibecoin_storage::blocks::{self, BlockStatus};
use vibecoin_storage::{KeyValueRead, StoreError};

use self::ledger::{Ledger, Line, Tally, note, note_settled};
use self::records::{Records, Taken};
use super::store::{self, OpenChain};
use crate::context::{Context, flag_on_interrupt, now};
use crate::failure::{Failure, Outcome};

mod ledger;
mod records;

/// What says how late it is.
type Clock = dyn Fn() -> Timestamp + Sync;

/// The longest that a group takes: how much a crash can make us do again.
const GROUP_TIME: Duration = Duration::from_secs(1);

/// Imports a file.
///
/// # Errors
/// What is wrong with the file or the directory. Blocks that break rules are no errors.
pub fn run(context: &Context, file: &Path, now_ms: Option<Timestamp>, full: bool) -> Outcome {
    let interrupted = flag_on_interrupt(context.out)?;
    let side_branches = if full { SideBranches::Execute } else { SideBranches::Lazy };
    let policy = Policy { side_branches, ..store::file_policy(context)? };
    let mut records = Records::open(context, file)?;
    let open = store::open(context, policy)?;
    let clock = move || now_ms.unwrap_or_else(now);
    let mut importer =
        Importer { context, open, ledger: Ledger::default(), tally: Tally::default(), index: 0 };
    // In the pool itself: what is done together there needs no other thread to wake up first.
    rayon::scope(|_| importer.take_all(&mut records, &interrupted, &clock))?;
    if interrupted.load(Ordering::Relaxed) {
        records.bar.abandon();
        importer.say_tip();
        context.out.say("The same command goes on from here.");
        return Err(Failure::Interrupted);
    }
    let ended = match records.fault() {
        None => Ok(()),
        Some(fault) => Err(Failure::Wrong(format!("{}: {fault}", file.display()))),
    };
    for report in importer.open.chain.retry_held(clock())? {
        note(&mut importer.ledger, &report.id, &report.verdict);
        note_settled(&mut importer.ledger, &report);
    }
    records.bar.finish_and_clear();
    importer.tally.print(&context.out, &importer.ledger.take_all())?;
    importer.open.chain.flush()?;
    importer.say_tip();
    ended
}

/// What a record is before the chain has seen it.
enum Prepared {
    /// No block.
    Undecodable(Vec<u8>, ShapeError),
    /// A block that is stored already, with the committed body.
    Known(Hash, Height),
    /// Any other.
    Fresh(Box<Block>),
}

/// The work on one file.
struct Importer<'a> {
    context: &'a Context,
    open: OpenChain,
    ledger: Ledger,
    tally: Tally,
    /// The place of the next record.
    index: u64,
}

impl Importer<'_> {
    /// Takes in records until there are no more or somebody interrupts.
    fn take_all(&mut self, records: &mut Records, interrupted: &AtomicBool, clock: &Clock) -> Outcome {
        while !interrupted.load(Ordering::Relaxed) {
            match records.take() {
                Taken::Records(chunk) => self.take_chunk(chunk, interrupted, clock)?,
                Taken::Nothing => {}
                Taken::End => break,
            }
        }
        Ok(())
    }

    /// Hands a chunk to the chain, which brings it to the disk, and prints what is certain then.
    fn take_chunk(&mut self, chunk: Vec<Vec<u8>>, interrupted: &AtomicBool, clock: &Clock) -> Outcome {
        let reader = self.open.reader();
        let (spec, rows) = (reader.spec(), &**reader.store());
        let prepared = chunk
            .into_par_iter()
            .map(|bytes| prepare(rows, spec, bytes))
            .collect::<Result<Vec<Prepared>, StoreError>>()?;
        let mut fresh = VecDeque::new();
        for record in prepared {
            let index = self.index;
            self.index += 1;
            match record {
                Prepared::Undecodable(bytes, error) => {
                    self.ledger.push(Line::undecodable(index, &bytes, &error), false);
                }
                Prepared::Known(id, height) => {
                    self.ledger.push(Line::new(index, Some((id, height)), &Verdict::Known), false);
                }
                Prepared::Fresh(block) => fresh.push_back((index, *block)),
            }
        }
        loop {
            self.take_group(&mut fresh, interrupted, clock())?;
            self.tally.print(&self.context.out, &self.ledger.take_settled())?;
            if fresh.is_empty() || interrupted.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
    }

    /// Takes in the first of these blocks, as many as a group has time for.
    fn take_group(
        &mut self,
        blocks: &mut VecDeque<(u64, Block)>,
        interrupted: &AtomicBool,
        now: Timestamp,
    ) -> Outcome {
        let (began, mut places) = (Instant::now(), Vec::new());
        let group = std::iter::from_fn(|| {
            let is_over = !places.is_empty() && began.elapsed() >= GROUP_TIME;
            if is_over || interrupted.load(Ordering::Relaxed) {
                return None;
            }
            let (index, block) = blocks.pop_front()?;
            places.push((index, block.header.height));
            Some(block)
        });
        let reports = self.open.chain.import_group(group, now)?;
        for ((index, height), report) in places.into_iter().zip(&reports) {
            self.note(index, height, report);
        }
        Ok(())
    }

    /// Notes what became of a block and of those that waited for it.
    fn note(&mut self, index: u64, height: Height, report: &Report) {
        let line = Line::new(index, Some((report.id, height)), &report.verdict);
        self.ledger.push(line, report.verdict.is_open());
        // A refused block says nothing about one of the same id that waits: that one has another body, the committed
        // one.
        if !matches!(report.verdict, Verdict::Invalid(_)) {
            note(&mut self.ledger, &report.id, &report.verdict);
        }
        note_settled(&mut self.ledger, report);
    }

    fn say_tip(&self) {
        let (tip, summary) = (self.open.chain.tip(), self.tally.summary());
        self.context.out.say(&format!("{summary}. The tip is {} at height {}.", tip.id(), tip.height()));
    }
}

/// What can be said of a record by looking at it and at what is stored. Anything but a plain "known" is the chain's
/// to judge.
fn prepare(rows: &dyn KeyValueRead, spec: &ChainSpec, bytes: Vec<u8>) -> Result<Prepared, StoreError> {
    let block = match rules::decode(spec, &bytes) {
        Ok(block) => block,
        Err(error) => return Ok(Prepared::Undecodable(bytes, error)),
    };
    let (id, height) = (block.id(), block.header.height);
    let is_stored = height != Height::GENESIS
        && blocks::meta(rows, &id)?.is_some_and(|meta| !matches!(meta.status, BlockStatus::Invalid { .. }));
    if is_stored && check_shape(&block).is_ok() && check_commitments(spec, &block).is_ok() {
        return Ok(Prepared::Known(id, height));
    }
    Ok(Prepared::Fresh(Box::new(block)))
}
