//! `vibecoin chain export`: blocks of the active chain as a file that `import` reads.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::json;
use vibecoin_chain::file::write_block;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Height};
use vibecoin_rpc::NodeApi;

use crate::context::{Context, interruptible};
use crate::failure::{Failure, Outcome};
use crate::progress;

/// Writes the blocks `from` to `to`, by default all but the genesis, which everybody has.
pub(super) async fn run(
    context: &Context,
    node: &dyn NodeApi,
    file: &Path,
    from: u64,
    to: Option<u64>,
) -> Outcome {
    let tip = node.chain_tip().await?.height.get();
    let to = to.unwrap_or(tip);
    if from > to || to > tip {
        let reason = format!("there are no blocks from {from} to {to}: the tip has height {tip}");
        return Err(Failure::NotFound(reason));
    }
    let standard = file == Path::new("-");
    let path = if standard { Path::new("standard output") } else { file };
    let mut target = Target::open(file, standard)?;
    let bar = progress::bar(&context.out, "exporting", "blocks", to - from + 1);
    let mut last = None;
    let mut bytes = 0;
    interruptible(async {
        for height in from..=to {
            let block = next(node, height, &mut last).await?;
            bytes += 4 + block.len() as u64;
            write_block(&mut target.writer, &block).map_err(Failure::io(path))?;
            bar.inc(1);
        }
        Ok(())
    })
    .await?;
    bar.finish_and_clear();
    target.finish().map_err(Failure::io(path))?;
    let count = to - from + 1;
    if standard {
        context.out.say(&format!("{count} blocks are written."));
        return Ok(());
    }
    let answer = json!({ "file": file, "blocks": count, "from": from, "to": to, "bytes": bytes });
    context.out.answer(&answer, |paper| {
        paper.line(format!("{count} blocks ({bytes} bytes) are in {}.", file.display()));
    })
}

/// The block of a height, which must stand on the one before.
async fn next(node: &dyn NodeApi, height: u64, last: &mut Option<Hash>) -> Outcome<Vec<u8>> {
    let bytes = node.chain_raw_block(Height::new(height).into()).await?.into_bytes();
    let block = Block::decode(&bytes)
        .map_err(|error| Failure::Wrong(format!("block {height} is damaged: {error}")))?;
    if last.is_some_and(|last| block.content.parent_id != last) {
        let reason =
            "the chain was reorganised while it was read: what is in the file is not one chain, export again";
        return Err(Failure::Wrong(reason.to_owned()));
    }
    *last = Some(block.id());
    Ok(bytes)
}

struct Target {
    writer: BufWriter<Box<dyn Write>>,
    /// The file to sync at the end, if it is one that can be.
    file: Option<File>,
}

impl Target {
    fn open(path: &Path, standard: bool) -> Outcome<Self> {
        if standard {
            return Ok(Self { writer: BufWriter::new(Box::new(io::stdout())), file: None });
        }
        let open = || -> io::Result<Self> {
            let file = File::create(path)?;
            let synced = if file.metadata()?.is_file() { Some(file.try_clone()?) } else { None };
            Ok(Self { writer: BufWriter::with_capacity(1 << 20, Box::new(file)), file: synced })
        };
        open().map_err(Failure::io(path))
    }

    fn finish(mut self) -> io::Result<()> {
        self.writer.flush()?;
        self.file.map_or(Ok(()), |file| file.sync_all())
    }
}
