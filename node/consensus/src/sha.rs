//! The SHA-256 compression function on messages of known length, without the buffering of a general hasher.

use sha2::block_api::compress256;
use vibecoin_crypto::Hash;

/// The eight words that SHA-256 starts from.
pub(crate) const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A 32-byte message with its padding: the one block that hashing a hash compresses.
#[derive(Clone)]
pub(crate) struct HashBlock([u8; 64]);

impl HashBlock {
    /// The block whose message is still zeros.
    pub(crate) const fn new() -> Self {
        let mut block = [0; 64];
        block[32] = 0x80;
        // The length in bits, big-endian, ends the block: 256 = 0x0100.
        block[62] = 1;
        Self(block)
    }

    /// Makes the words of a finished state the message.
    pub(crate) fn set(&mut self, words: &[u32; 8]) {
        let (message, _) = self.0.as_chunks_mut::<4>();
        message.iter_mut().zip(words).for_each(|(bytes, word)| *bytes = word.to_be_bytes());
    }

    /// The hash of the message, as words: exactly one compression.
    pub(crate) fn digest(&self) -> [u32; 8] {
        let mut state = INITIAL;
        compress256(&mut state, std::slice::from_ref(&self.0));
        state
    }
}

/// The state after one more block.
pub(crate) fn compress(mut state: [u32; 8], block: &[u8; 64]) -> [u32; 8] {
    compress256(&mut state, std::slice::from_ref(block));
    state
}

/// A hash as the words of a state.
pub(crate) fn to_words(hash: &Hash) -> [u32; 8] {
    let (chunks, _) = hash.as_bytes().as_chunks::<4>();
    std::array::from_fn(|i| u32::from_be_bytes(chunks[i]))
}

/// The words of a state as a hash.
pub(crate) fn to_hash(words: &[u32; 8]) -> Hash {
    let mut bytes = [0; 32];
    let (chunks, _) = bytes.as_chunks_mut::<4>();
    chunks.iter_mut().zip(words).for_each(|(chunk, word)| *chunk = word.to_be_bytes());
    Hash::new(bytes)
}
