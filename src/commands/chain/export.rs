//! `vibecoin chain export`: blocks of the active chain as a file that `import` reads.
//!
//! The file gets its name when it is whole. Until then it is called `NAME.part`, and an export that was interrupted
//! goes on from there when it is asked for again. A node that runs is asked for its blocks; without one they are
//! read from the directory, which is several times faster.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::ProgressBar;
use serde_json::json;
use vibecoin_chain::file::write_block;
use vibecoin_crypto::Hash;
use vibecoin_primitives::Block;

use self::part::Part;
use self::source::Source;
use crate::attach;
use crate::cli::chain::ExportArgs;
use crate::context::{Context, flag_on_interrupt, runtime};
use crate::failure::{Failure, Outcome};
use crate::progress;

mod part;
mod source;

/// Blocks that are read together.
const TOGETHER: u64 = 256;
/// Bytes after which the part is brought to the disk, so that a power cut does not cost all of it.
const SYNC_EVERY_BYTES: u64 = 256 << 20;

/// Writes the blocks `from` to `to`, by default all but the genesis, which everybody has.
///
/// # Errors
/// [`Failure::NotFound`] when there are no such blocks; what the node or the disk answers.
pub(super) fn run(context: &Context, args: &ExportArgs) -> Outcome {
    let interrupted = flag_on_interrupt(context.out)?;
    let runtime = runtime()?;
    let source = match runtime.block_on(attach::running(context))? {
        Some(node) => Source::Node(node, runtime),
        None => Source::directory(context)?,
    };
    let tip = source.tip()?;
    let (from, to) = (args.from, args.to.unwrap_or(tip));
    if from > to || to > tip {
        let reason = format!("there are no blocks from {from} to {to}: the tip has height {tip}");
        return Err(Failure::NotFound(reason));
    }
    let export = Export { context, source, interrupted, from, to };
    let file = &args.file;
    if file == Path::new("-") {
        let count = export.write_to_pipe(Path::new("standard output"), io::stdout().lock())?.blocks;
        context.out.say(&format!("{count} blocks are written."));
        return Ok(());
    }
    // What is there and is no plain file, such as a named pipe, cannot be replaced.
    let is_plain = fs::metadata(file).map_or(true, |about| about.is_file());
    let done = if is_plain {
        export.write_to_file(file)?
    } else {
        export.write_to_pipe(file, fs::File::options().write(true).open(file).map_err(Failure::io(file))?)?
    };
    let Done { blocks, bytes, kept } = done;
    let answer = json!({
        "file": file, "blocks": blocks, "from": from, "to": to, "bytes": bytes, "resumed_after": kept,
    });
    context.out.answer(&answer, |paper| {
        paper.line(format!("{blocks} blocks ({bytes} bytes) are in {}.", file.display()));
        if kept > 0 {
            paper.line(format!("The first {kept} of them were there from an export that was interrupted."));
        }
    })
}

/// What was written.
struct Done {
    blocks: u64,
    bytes: u64,
    /// Blocks that an interrupted export had written before.
    kept: u64,
}

/// What is to be written.
struct Export<'a> {
    context: &'a Context,
    source: Source,
    interrupted: Arc<AtomicBool>,
    from: u64,
    to: u64,
}

impl Export<'_> {
    /// Into something that cannot be renamed or gone on with.
    fn write_to_pipe(&self, path: &Path, output: impl Write) -> Outcome<Done> {
        let bar = self.bar();
        let mut output = BufWriter::with_capacity(1 << 20, output);
        let (mut bytes, mut last) = (0, None);
        self.blocks(self.from, &mut last, &bar, |record| {
            bytes += record.len() as u64 + 4;
            write_block(&mut output, record).map_err(Failure::io(path))
        })?;
        output.flush().map_err(Failure::io(path))?;
        bar.finish_and_clear();
        Ok(Done { blocks: self.to - self.from + 1, bytes, kept: 0 })
    }

    /// Into a file beside the one that is wanted, which takes its name at the end.
    fn write_to_file(&self, file: &Path) -> Outcome<Done> {
        let bar = self.bar();
        let spec = self.context.config.network().spec();
        let mut part = Part::open(file, spec, self.from, self.to, &self.source)?;
        let kept = part.blocks();
        bar.set_position(kept);
        bar.reset_eta();
        let mut last = part.last();
        let mut unsynced = 0;
        let written = self.blocks(self.from + kept, &mut last, &bar, |record| {
            unsynced += record.len() as u64;
            part.write(record)?;
            if unsynced > SYNC_EVERY_BYTES {
                unsynced = 0;
                part.sync()?;
            }
            Ok(())
        });
        if let Err(failure) = written {
            bar.abandon();
            // What is there can be gone on with; why it is not whole is the better reason.
            let _ = part.sync();
            if matches!(failure, Failure::Interrupted) {
                let text = format!(
                    "{} blocks are in {}: the same command goes on from there.",
                    part.blocks(),
                    part.path().display()
                );
                self.context.out.say(&text);
            }
            return Err(failure);
        }
        bar.finish_and_clear();
        let (blocks, bytes) = (part.blocks(), part.bytes());
        part.finish(file)?;
        Ok(Done { blocks, bytes, kept })
    }

    /// The blocks from a height on, each of which stands on the one before.
    fn blocks(
        &self,
        first: u64,
        last: &mut Option<Hash>,
        bar: &ProgressBar,
        mut put: impl FnMut(&[u8]) -> Outcome,
    ) -> Outcome {
        let mut height = first;
        while height <= self.to {
            let end = self.to.min(height.saturating_add(TOGETHER - 1));
            for record in self.source.read(height..=end)? {
                if self.interrupted.load(Ordering::Relaxed) {
                    return Err(Failure::Interrupted);
                }
                let block = Block::decode(&record)
                    .map_err(|error| Failure::Wrong(format!("block {height} is damaged: {error}")))?;
                if last.is_some_and(|last| block.content.parent_id != last) {
                    let reason = "the chain was reorganised while it was read: export again";
                    return Err(Failure::Wrong(reason.to_owned()));
                }
                *last = Some(block.id());
                put(&record)?;
                bar.inc(1);
                height += 1;
            }
        }
        Ok(())
    }

    fn bar(&self) -> ProgressBar {
        progress::bar(&self.context.out, "exporting", "blocks", self.to - self.from + 1)
    }
}
