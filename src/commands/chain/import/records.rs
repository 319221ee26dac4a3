//! The records of a file of blocks, read ahead by a thread of its own.
//!
//! From a file they come in chunks, so that many can be looked at together; from a pipe one by one, for whoever
//! writes into it may wait for the verdict on a block before sending the next.
//!
//! Deliberately absent: what a record means.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use indicatif::ProgressBar;
use vibecoin_chain::file::{BlockReader, FileError};
use vibecoin_primitives::ChainSpec;

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::progress;

/// Bytes of a chunk of a file, and chunks that wait: what is read ahead is bounded by these and one longest record.
const CHUNK_BYTES: usize = 1 << 20;
const CHUNKS: usize = 4;
/// Records of a pipe that wait.
const PIPE_RECORDS: usize = 64;
/// How often somebody who waits for records looks up.
const LOOK_UP: Duration = Duration::from_millis(100);

/// Some records, and the error that ended the file, if one did.
type Chunk = (Vec<Vec<u8>>, Option<FileError>);

/// What there is to take now.
pub(super) enum Taken {
    /// Records.
    Records(Vec<Vec<u8>>),
    /// None yet.
    Nothing,
    /// The file has ended.
    End,
}

/// See the module.
pub(super) struct Records {
    chunks: Receiver<Chunk>,
    ended: Option<FileError>,
    /// How far the file is taken.
    pub(super) bar: ProgressBar,
}

impl Records {
    /// Opens a file, or standard input for `-`.
    pub(super) fn open(context: &Context, file: &Path) -> Outcome<Self> {
        let spec = context.config.network().spec().clone();
        if file == Path::new("-") {
            let bar = progress::bytes(&context.out, "importing", None);
            let (sender, chunks) = mpsc::sync_channel(PIPE_RECORDS);
            read_ahead(move || read(BufReader::new(io::stdin()), &spec, 0, &sender))?;
            return Ok(Self { chunks, ended: None, bar });
        }
        let open = File::open(file).map_err(Failure::io(file))?;
        let length = open.metadata().map_err(Failure::io(file))?.len();
        let bar = progress::bytes(&context.out, "importing", Some(length));
        let (sender, chunks) = mpsc::sync_channel(CHUNKS);
        read_ahead(move || {
            read(BufReader::with_capacity(CHUNK_BYTES, open), &spec, CHUNK_BYTES, &sender);
        })?;
        Ok(Self { chunks, ended: None, bar })
    }

    /// What has been read, after a short wait if that is nothing.
    pub(super) fn take(&mut self) -> Taken {
        let mut records = match self.chunks.recv_timeout(LOOK_UP) {
            Ok(chunk) => self.unpack(chunk),
            Err(RecvTimeoutError::Timeout) => return Taken::Nothing,
            Err(RecvTimeoutError::Disconnected) => return Taken::End,
        };
        let mut bytes: usize = records.iter().map(Vec::len).sum();
        while bytes < CHUNK_BYTES
            && let Ok(chunk) = self.chunks.try_recv()
        {
            let more = self.unpack(chunk);
            bytes += more.iter().map(Vec::len).sum::<usize>();
            records.extend(more);
        }
        Taken::Records(records)
    }

    /// Why the file could not be read to its end.
    pub(super) fn fault(&mut self) -> Option<FileError> {
        self.ended.take()
    }

    fn unpack(&mut self, (records, fault): Chunk) -> Vec<Vec<u8>> {
        self.ended = fault;
        self.bar.inc(records.iter().map(|record| 4 + record.len() as u64).sum());
        records
    }
}

fn read_ahead(work: impl FnOnce() + Send + 'static) -> Outcome {
    std::thread::Builder::new().name("reader".to_owned()).spawn(work).map_err(Failure::unexpected)?;
    Ok(())
}

/// Reads to the end, or until nobody takes what is read.
fn read(input: impl Read, spec: &ChainSpec, chunk_bytes: usize, sender: &SyncSender<Chunk>) {
    let (mut records, mut bytes) = (Vec::new(), 0);
    for record in BlockReader::new(input, spec) {
        match record {
            Ok(record) => {
                bytes += record.len();
                records.push(record);
            }
            Err(fault) => {
                // Whoever does not take it has stopped for another reason.
                let _ = sender.send((records, Some(fault)));
                return;
            }
        }
        if bytes > chunk_bytes {
            bytes = 0;
            if sender.send((std::mem::take(&mut records), None)).is_err() {
                return;
            }
        }
    }
    if !records.is_empty() {
        let _ = sender.send((records, None));
    }
}
