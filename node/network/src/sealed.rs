//! Bytes that outlive the process: a name, a version, a length and a checksum around a body.
//!
//! `name [u8; 8] | version u16 | length u32 | body | SHA-256 of all of that`. The checksum finds accidents, not
//! forgers: whoever may write the file owns the node. So the body is read with care all the same.

use vibecoin_crypto::sha256;

#[cfg(test)]
mod tests;

const NAME_BYTES: usize = 8;
const HEAD_BYTES: usize = NAME_BYTES + 2 + 4;
const CHECKSUM_BYTES: usize = 32;

/// What a file is: its name and the version of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    name: [u8; NAME_BYTES],
    version: u16,
}

/// Why bytes are not what was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Too few bytes for the frame, or not as many as the frame says.
    #[error("{found} bytes, where {expected} were written")]
    Length {
        /// How many there are.
        found: usize,
        /// How many there should be, at least.
        expected: usize,
    },
    /// Another kind of file.
    #[error("this is another kind of file")]
    Name,
    /// Written by another version of the program.
    #[error("version {found} of the format, where {expected} is read")]
    Version {
        /// The file's.
        found: u16,
        /// This program's.
        expected: u16,
    },
    /// Some byte has changed.
    #[error("the checksum does not fit")]
    Checksum,
}

impl Seal {
    /// The seal with this name and version.
    #[must_use]
    pub const fn new(name: [u8; NAME_BYTES], version: u16) -> Self {
        Self { name, version }
    }

    /// `body`, sealed. It has less than 4 GiB.
    #[must_use]
    pub fn close(&self, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).expect("what is kept is bounded far below 4 GiB");
        let mut bytes = Vec::with_capacity(HEAD_BYTES + body.len() + CHECKSUM_BYTES);
        bytes.extend(self.name);
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend(body);
        let checksum = sha256(&bytes);
        bytes.extend(checksum.as_bytes());
        bytes
    }

    /// The body in `bytes`.
    ///
    /// # Errors
    /// [`SealError`], of which the first that applies is told.
    pub fn open<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], SealError> {
        let short = SealError::Length { found: bytes.len(), expected: HEAD_BYTES + CHECKSUM_BYTES };
        let (name, rest) = bytes.split_first_chunk::<NAME_BYTES>().ok_or(short)?;
        let (version, rest) = rest.split_first_chunk::<2>().ok_or(short)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(short)?;
        let (body, checksum) = rest.split_last_chunk::<CHECKSUM_BYTES>().ok_or(short)?;
        if *name != self.name {
            return Err(SealError::Name);
        }
        let found = u16::from_le_bytes(*version);
        if found != self.version {
            return Err(SealError::Version { found, expected: self.version });
        }
        let length = u32::from_le_bytes(*length) as usize;
        if length != body.len() {
            let expected = HEAD_BYTES.saturating_add(length).saturating_add(CHECKSUM_BYTES);
            return Err(SealError::Length { found: bytes.len(), expected });
        }
        if sha256(&bytes[..HEAD_BYTES + length]).as_bytes() != checksum {
            return Err(SealError::Checksum);
        }
        Ok(body)
    }
}
