//! The tip marker: a small file beside the database that says how far the commits were.
//!
//! The database's log is believed up to the first record that is not whole. If the log was damaged, what stood
//! behind that place is gone without a trace in the database itself. The marker is the trace: it is rewritten in
//! place after every synced commit, so a database with fewer commits than its marker has lost some that were
//! acknowledged.
//!
//! It is written without a sync of its own, which costs a microsecond instead of a write to the device. After a
//! power cut it may therefore be older than the database, and never newer, since what it speaks of was synced
//! before; an older marker says nothing. It is evidence, not a source: a directory without it, or with a damaged
//! one, is as good as before, and gets a new one.
//!
//! ```text
//! "VIBETIP1" | commits u64 | height u64 | tip [32] | CRC-32C of what stands before u32     60 bytes, little-endian
//! ```

use std::{
    fs::{self, File},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;

const MAGIC: &[u8; 8] = b"VIBETIP1";
const BYTES: usize = 60;

/// How far the commits were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How many commits there were.
    pub commits: u64,
    /// The height of the tip after them; 0 if there was none.
    pub height: Height,
    /// The id of the tip after them; zeros if there was none.
    pub tip: Hash,
}

/// What a marker file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is none.
    Missing,
    /// It is there and is no marker.
    Damaged,
    /// What it says.
    Mark(Mark),
}

impl Mark {
    fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.commits.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.height.get().to_le_bytes());
        bytes[24..56].copy_from_slice(self.tip.as_bytes());
        let sum = crc32c::crc32c(&bytes[..56]);
        bytes[56..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes = <&[u8; BYTES]>::try_from(bytes).ok()?;
        let (said, sum) = bytes.split_last_chunk::<4>()?;
        let (magic, said) = said.split_first_chunk::<8>()?;
        let (commits, said) = said.split_first_chunk()?;
        let (height, tip) = said.split_first_chunk()?;
        let is_whole = u32::from_le_bytes(*sum) == crc32c::crc32c(&bytes[..56]);
        (is_whole && magic == MAGIC).then_some(Self {
            commits: u64::from_le_bytes(*commits),
            height: Height::new(u64::from_le_bytes(*height)),
            tip: Hash::new(tip.try_into().ok()?),
        })
    }
}

/// Reads a marker. What cannot be read is damaged: nothing about a marker is worth refusing a directory.
pub fn read(path: &Path) -> Found {
    match fs::read(path) {
        Ok(bytes) => Mark::from_bytes(&bytes).map_or(Found::Damaged, Found::Mark),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Missing,
        Err(_) => Found::Damaged,
    }
}

/// A marker file that is open for writing.
#[derive(Debug)]
pub(super) struct MarkerFile {
    file: File,
}

impl MarkerFile {
    /// Opens or makes the file and writes `mark`.
    pub(super) fn create(path: &Path, mark: Mark) -> io::Result<Self> {
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        file.set_len(BYTES as u64)?;
        let mut marker = Self { file };
        marker.write(mark)?;
        Ok(marker)
    }

    /// Overwrites what it says, without waiting for the device.
    pub(super) fn write(&mut self, mark: Mark) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        // One write of one sector: another process sees the old or the new one.
        self.file.write_all(&mark.to_bytes())
    }
}
