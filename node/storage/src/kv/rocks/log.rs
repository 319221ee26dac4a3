//! Whether a file of RocksDB's log format is whole, and if not, where it stops being so.
//!
//! The format (RocksDB's wiki, "Write Ahead Log File Format"): blocks of 32 KiB, in them records of 7 bytes of
//! header (checksum, length, type) and their payload; what does not fit into a block continues in the next; fewer
//! than 7 bytes at the end of a block are filled with zeros. Log and manifest are such files.
//!
//! The database reads them itself. They are looked at before, because its reader says too little and, for one
//! kind of damage, never returns: a record whose type became that of a recycled log is reported as bad without
//! being passed over.
//!
//! Deliberately absent: what the records mean.

#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

const BLOCK_BYTES: usize = 32 * 1024;
const HEADER_BYTES: usize = 7;

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// After a whole record.
    Whole,
    /// In the middle of a record, or in zeros: as a write ends that a power cut interrupts.
    Torn {
        /// Where the first record begins that is not whole.
        at_bytes: u64,
    },
    /// With something that is no record and not the beginning of one.
    Damaged {
        /// Where it begins.
        at_bytes: u64,
        /// Whether a whole record follows, which then was written later.
        is_followed: bool,
    },
}

/// A record, or the lack of one.
enum Found {
    Record {
        kind: u8,
        bytes: usize,
    },
    /// Only zeros are left of the block.
    Zeros,
    /// The block ends before the record does.
    Short,
    Bad,
}

/// Reads a file to its end, and shows every whole record on the way.
pub(super) fn inspect(path: &Path, mut visit: impl FnMut(&[u8])) -> io::Result<Ending> {
    let mut file = File::open(path)?;
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let mut start: u64 = 0;
    // Where the unfinished logical record has its first part.
    let mut open: Option<u64> = None;
    let mut parts = Vec::new();
    loop {
        block.clear();
        file.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block)?;
        let is_last = block.len() < BLOCK_BYTES;
        let mut at = 0;
        while block.len() - at >= HEADER_BYTES {
            let here = start + at as u64;
            match look(&block[at..]) {
                Found::Record { kind, bytes } if fits(kind, open.is_some()) => {
                    let part = &block[at + HEADER_BYTES..at + bytes];
                    match kind {
                        FIRST => {
                            open = Some(here);
                            parts.clear();
                            parts.extend_from_slice(part);
                        }
                        MIDDLE => parts.extend_from_slice(part),
                        LAST => {
                            open = None;
                            parts.extend_from_slice(part);
                            visit(&parts);
                        }
                        _ => visit(part),
                    }
                    at += bytes;
                }
                Found::Short if is_last => {
                    return Ok(if follows(&block[at + 1..]) {
                        Ending::Damaged { at_bytes: here, is_followed: true }
                    } else {
                        Ending::Torn { at_bytes: open.unwrap_or(here) }
                    });
                }
                Found::Zeros => {
                    return Ok(match rest(&mut file, &[])? {
                        Rest::Zeros => Ending::Torn { at_bytes: open.unwrap_or(here) },
                        Rest::Other { is_followed } => Ending::Damaged { at_bytes: here, is_followed },
                    });
                }
                Found::Record { .. } | Found::Short | Found::Bad => {
                    let is_followed = match rest(&mut file, &block[at + 1..])? {
                        Rest::Zeros => false,
                        Rest::Other { is_followed } => is_followed,
                    };
                    return Ok(Ending::Damaged { at_bytes: here, is_followed });
                }
            }
        }
        if is_last {
            let here = start + at as u64;
            return Ok(match open {
                None if at == block.len() => Ending::Whole,
                _ => Ending::Torn { at_bytes: open.unwrap_or(here) },
            });
        }
        start += BLOCK_BYTES as u64;
    }
}

const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// Whether a record of this kind may come now. Kinds of later versions are records in one part.
const fn fits(kind: u8, is_open: bool) -> bool {
    match kind {
        MIDDLE | LAST => is_open,
        _ => !is_open,
    }
}

fn look(bytes: &[u8]) -> Found {
    let Some((header, _)) = bytes.split_first_chunk::<HEADER_BYTES>() else { return Found::Short };
    if *header == [0; HEADER_BYTES] && bytes.iter().all(|byte| *byte == 0) {
        return Found::Zeros;
    }
    let [a, b, c, d, low, high, kind] = *header;
    let end = HEADER_BYTES + usize::from(u16::from_le_bytes([low, high]));
    // Kinds from 5 to 8 are those of recycled logs, which this store never has.
    if kind == 0 || (5..=8).contains(&kind) {
        return Found::Bad;
    }
    let Some(record) = bytes.get(HEADER_BYTES - 1..end) else { return Found::Short };
    if unmask(u32::from_le_bytes([a, b, c, d])) == crc32c::crc32c(record) {
        Found::Record { kind, bytes: end }
    } else {
        Found::Bad
    }
}

/// The checksum behind a stored one, which is rotated and shifted so that no record contains its own.
const fn unmask(masked: u32) -> u32 {
    masked.wrapping_sub(0xa282_ead8).rotate_right(17)
}

/// Whether a whole record begins anywhere in this part of a block.
fn follows(bytes: &[u8]) -> bool {
    (0..bytes.len()).any(|at| matches!(look(&bytes[at..]), Found::Record { .. }))
}

/// What comes behind something that is no record.
enum Rest {
    Zeros,
    Other { is_followed: bool },
}

/// Looks at the rest of a block and the blocks after it.
fn rest(file: &mut File, of_block: &[u8]) -> io::Result<Rest> {
    if follows(of_block) {
        return Ok(Rest::Other { is_followed: true });
    }
    let mut are_zeros = of_block.iter().all(|byte| *byte == 0);
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    loop {
        block.clear();
        file.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block)?;
        if matches!(look(&block), Found::Record { .. }) {
            return Ok(Rest::Other { is_followed: true });
        }
        are_zeros &= block.iter().all(|byte| *byte == 0);
        if block.len() < BLOCK_BYTES {
            return Ok(if are_zeros { Rest::Zeros } else { Rest::Other { is_followed: false } });
        }
    }
}
