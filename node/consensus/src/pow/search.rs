//! The search for a nonce: two compressions a try.

use std::ops::Range;

use vibecoin_primitives::Header;

use super::{Target, TargetError};
use crate::sha::{self, HashBlock};

/// Where the nonce stands in the second block of a header's message.
const NONCE_IN_TAIL: usize = Header::NONCE_OFFSET - 64;

/// A header made ready for the search: the first 64 bytes are absorbed once, and again only when the history
/// or the content changes.
#[derive(Clone)]
pub struct Search {
    midstate: [u32; 8],
    /// The last 40 bytes of the header and the padding of a message of 104 bytes.
    tail: [u8; 64],
    target: Target,
    /// The top 32 bits of the target: nearly every try is decided by them alone.
    target_high: u32,
}

impl Search {
    /// Prepares the search for a nonce that meets the header's own bits.
    ///
    /// # Errors
    /// [`TargetError`] when those are no target.
    pub fn new(header: &Header) -> Result<Self, TargetError> {
        let target = Target::from_bits(header.bits)?;
        let bytes = header.to_bytes();
        let (head, rest) = bytes.split_first_chunk::<64>().expect("a header has 104 bytes");
        let mut tail = [0; 64];
        tail[..rest.len()].copy_from_slice(rest);
        tail[rest.len()] = 0x80;
        tail[56..].copy_from_slice(&(8 * Header::BYTES as u64).to_be_bytes());
        let target_high = (target.0 >> 224_usize).as_limbs()[0] as u32;
        Ok(Self { midstate: sha::compress(sha::INITIAL, head), tail, target, target_high })
    }

    /// The first nonce of the range whose id meets the target, or `None`.
    ///
    /// A range of 2¹⁶ takes some milliseconds; between ranges the caller looks whether to go on.
    #[must_use]
    pub fn run(&self, nonces: Range<u64>) -> Option<u64> {
        let (mut tail, mut block) = (self.tail, HashBlock::new());
        nonces.into_iter().find(|nonce| {
            tail[NONCE_IN_TAIL..NONCE_IN_TAIL + 8].copy_from_slice(&nonce.to_le_bytes());
            block.set(&sha::compress(self.midstate, &tail));
            let id = block.digest();
            id[0] <= self.target_high && self.target.is_met_by(&sha::to_hash(&id))
        })
    }
}

/// The first nonce of the range with which the header meets its own bits, or `None`.
///
/// # Errors
/// [`TargetError`] when its bits are no target.
pub fn search(header: &Header, nonces: Range<u64>) -> Result<Option<u64>, TargetError> {
    Ok(Search::new(header)?.run(nonces))
}
