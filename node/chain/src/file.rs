//! Files of blocks: `u32` little-endian length, encoded block, over and over, in any order.

use std::io::{self, ErrorKind, Read, Write};

use vibecoin_consensus::rules::shape::encoded_bytes_max;
use vibecoin_primitives::ChainSpec;

#[cfg(test)]
mod tests;

/// Why a file of blocks cannot be read further.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused.
    #[error("the file of blocks cannot be read ({0})")]
    Io(#[from] io::Error),
    /// The last record is cut off.
    #[error("the file ends within record {index}, which was to have {expected} bytes and has {found}")]
    Truncated {
        /// The record's number, from 0.
        index: u64,
        /// Its announced length, in bytes.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// A record that claims to be longer than any block of this network, and than the file.
    #[error("record {index} claims {length} bytes, and no block of this network has more than {max}")]
    TooLong {
        /// The record's number, from 0.
        index: u64,
        /// Its announced length, in bytes.
        length: u64,
        /// The longest block, in bytes.
        max: u64,
    },
}

/// The longest record that is read: a little more than any block of this network has, so that one that is a little
/// too large is read and refused by the rule that it breaks.
#[must_use]
pub fn record_bytes_max(spec: &ChainSpec) -> u64 {
    const SLACK: u64 = 1 << 20;
    encoded_bytes_max(spec).saturating_add(SLACK)
}

/// Reads records one by one, each bounded before it is allocated. Of a record longer than [`record_bytes_max`] only
/// so many bytes are given, which is enough to refuse it, and the rest is skipped.
pub struct BlockReader<R> {
    input: R,
    index: u64,
    bytes_max: u64,
}

impl<R: Read> BlockReader<R> {
    /// A reader of a file of blocks of this network. Give it a buffered input.
    pub fn new(input: R, spec: &ChainSpec) -> Self {
        Self { input, index: 0, bytes_max: record_bytes_max(spec) }
    }

    fn record(&mut self) -> Result<Option<Vec<u8>>, FileError> {
        let mut length = [0; 4];
        match fill(&mut self.input, &mut length)? {
            0 => return Ok(None),
            4 => {}
            found => {
                return Err(FileError::Truncated { index: self.index, expected: 4, found: found as u64 });
            }
        }
        let length = u64::from(u32::from_le_bytes(length));
        let kept = length.min(self.bytes_max);
        let mut bytes = Vec::new();
        self.input.by_ref().take(kept).read_to_end(&mut bytes)?;
        let skipped = io::copy(&mut self.input.by_ref().take(length - kept), &mut io::sink())?;
        let found = bytes.len() as u64 + skipped;
        if found < length {
            return Err(if length > self.bytes_max {
                FileError::TooLong { index: self.index, length, max: self.bytes_max }
            } else {
                FileError::Truncated { index: self.index, expected: length, found }
            });
        }
        self.index += 1;
        Ok(Some(bytes))
    }
}

impl<R: Read> Iterator for BlockReader<R> {
    type Item = Result<Vec<u8>, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.record().transpose()
    }
}

/// Fills `buffer` as far as the input goes.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut at = 0;
    while at < buffer.len() {
        match input.read(&mut buffer[at..]) {
            Ok(0) => break,
            Ok(read) => at += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(at)
}

/// Writes one record.
///
/// # Errors
/// What the system says.
pub fn write_block(output: &mut impl Write, block: &[u8]) -> io::Result<()> {
    let length = u32::try_from(block.len())
        .map_err(|_| io::Error::new(ErrorKind::InvalidInput, "a block above 4 GiB"))?;
    output.write_all(&length.to_le_bytes())?;
    output.write_all(block)
}
