//! A file in the making: written under another name, gone on with after an interruption, renamed when it is whole.
//!
//! What an interrupted export has left is believed as far as it is whole records of one chain that still is the
//! active one; what comes behind is cut off. Deliberately absent: a note of how far it got. The file says it itself,
//! and cannot be wrong about it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use vibecoin_chain::file::{BlockReader, write_block};
use vibecoin_consensus::rules::{self, check_commitments, check_shape};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, ChainSpec};

use super::source::Source;
use crate::failure::{Failure, Outcome};

/// A whole record of the part: where it ends, and which block it is.
type Record = (u64, Hash);

/// See the module.
pub(super) struct Part {
    path: PathBuf,
    writer: BufWriter<File>,
    blocks: u64,
    bytes: u64,
    last: Option<Hash>,
}

impl Part {
    /// The part of `file`, cut to what can be gone on with: blocks from `from` on, none above `to`.
    ///
    /// # Errors
    /// [`Failure::Io`], and what the source answers.
    pub(super) fn open(file: &Path, spec: &ChainSpec, from: u64, to: u64, source: &Source) -> Outcome<Self> {
        let path = name(file);
        let failed = |error| Failure::io(&path)(error);
        let mut open = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        let mut records = whole(&open, spec, from, to);
        // Blocks are chained: if the last one is active, all are. Few are taken back, so few are asked for.
        while let Some((_, id)) = records.last()
            && source.id_at(from + records.len() as u64 - 1)? != Some(*id)
        {
            records.pop();
        }
        let blocks = records.len() as u64;
        let (bytes, last) = records.pop().map_or((0, None), |(end, id)| (end, Some(id)));
        open.set_len(bytes).map_err(failed)?;
        open.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(Self { writer: BufWriter::with_capacity(1 << 20, open), path, blocks, bytes, last })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Blocks in it.
    pub(super) const fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Bytes in it.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The block that was in it last when it was opened.
    pub(super) const fn last(&self) -> Option<Hash> {
        self.last
    }

    /// Writes the next block.
    pub(super) fn write(&mut self, record: &[u8]) -> Outcome {
        write_block(&mut self.writer, record).map_err(Failure::io(&self.path))?;
        self.blocks += 1;
        self.bytes += 4 + record.len() as u64;
        Ok(())
    }

    /// Brings it to the disk.
    pub(super) fn sync(&mut self) -> Outcome {
        self.writer.flush().and_then(|()| self.writer.get_ref().sync_all()).map_err(Failure::io(&self.path))
    }

    /// Gives it its name.
    pub(super) fn finish(mut self, file: &Path) -> Outcome {
        self.sync()?;
        fs::rename(&self.path, file).map_err(Failure::io(file))?;
        let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(Failure::io(folder))
    }
}

fn name(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".part");
    PathBuf::from(name)
}

/// The records from the start of the file that are the blocks `from`, `from + 1`, … of one chain, to the byte.
fn whole(file: &File, spec: &ChainSpec, from: u64, to: u64) -> Vec<Record> {
    let (mut records, mut end) = (Vec::<Record>::new(), 0);
    // What cannot be read is not whole; writing there will say why.
    for bytes in BlockReader::new(BufReader::with_capacity(1 << 20, file), spec).map_while(Result::ok) {
        let height = from + records.len() as u64;
        let Some(id) = committed(spec, &bytes)
            .filter(|block| {
                let follows = records.last().is_none_or(|(_, last)| block.content.parent_id == *last);
                follows && block.header.height.get() == height && height <= to
            })
            .map(|block| block.id())
        else {
            break;
        };
        end += 4 + bytes.len() as u64;
        records.push((end, id));
    }
    records
}

/// A block whose id stands for every byte of it.
fn committed(spec: &ChainSpec, bytes: &[u8]) -> Option<Block> {
    let block = rules::decode(spec, bytes).ok()?;
    let is_whole = check_shape(&block).is_ok() && check_commitments(spec, &block).is_ok();
    is_whole.then_some(block)
}
