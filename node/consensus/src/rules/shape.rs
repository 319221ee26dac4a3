//! Stage 1: what can be said of a block without its parent and almost without work.

use vibecoin_crypto::Hash;
use vibecoin_primitives::transaction::TRANSACTION_BYTES_MAX;
use vibecoin_primitives::{Block, ChainSpec, Content, DecodeError, Header};

use super::{Blame, header, header::HeaderError};

/// Why bytes are not a block, or not one whole block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// Not the encoding of a block, or more than it.
    #[error("BLK-1: {0}")]
    Encoding(#[from] DecodeError),
    /// Longer than any block of this network.
    #[error("BLK-2: {bytes} bytes are more than the {bytes_max} of any block of this network")]
    TooLarge {
        /// The length.
        bytes: usize,
        /// The bound.
        bytes_max: u64,
    },
    /// Not the header version of its height.
    #[error(transparent)]
    Version(HeaderError),
    /// The content is not the one that the header commits to.
    #[error("BLK-3: the content hashes to {found}, the header commits to {committed}")]
    ContentRoot {
        /// The root of the content.
        found: Hash,
        /// The one in the header.
        committed: Hash,
    },
}

impl ShapeError {
    /// The number of the broken rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Encoding(_) => "BLK-1",
            Self::TooLarge { .. } => "BLK-2",
            Self::Version(error) => error.rule(),
            Self::ContentRoot { .. } => "BLK-3",
        }
    }

    /// Whom it blames.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::Encoding(_) | Self::TooLarge { .. } | Self::Version(_) | Self::ContentRoot { .. } => {
                Blame::Peer
            }
        }
    }

    /// See [`super::BlockError::marks_id_invalid`]: no work has been seen yet.
    #[must_use]
    pub const fn marks_id_invalid(&self) -> bool {
        match self {
            Self::Encoding(_) | Self::TooLarge { .. } | Self::Version(_) | Self::ContentRoot { .. } => false,
        }
    }
}

/// The bytes that are decoded at most (BLK-2): a full block of this network and one largest transaction more.
///
/// The slack leaves the exact limits to the rules of the body, which name what is too much; here only memory is
/// at stake.
#[must_use]
pub fn encoded_bytes_max(spec: &ChainSpec) -> u64 {
    let counts = 2 * size_of::<u32>();
    let ticks = u64::from(spec.poh_ticks) * size_of::<Hash>() as u64;
    let fixed = (Header::BYTES + Content::BYTES + counts + TRANSACTION_BYTES_MAX) as u64;
    spec.block_bytes.saturating_add(fixed + ticks)
}

/// Reads a block and nothing else. No list is allocated beyond what the bytes can hold.
///
/// # Errors
/// [`ShapeError::TooLarge`] unread (BLK-2), [`ShapeError::Encoding`] (BLK-1).
pub fn decode(spec: &ChainSpec, bytes: &[u8]) -> Result<Block, ShapeError> {
    let bytes_max = encoded_bytes_max(spec);
    if bytes.len() as u64 > bytes_max {
        return Err(ShapeError::TooLarge { bytes: bytes.len(), bytes_max });
    }
    Ok(Block::decode(bytes)?)
}

/// What can be said of a block before its parent is known: [`check_sealed`] on its header and content.
///
/// # Errors
/// [`ShapeError`] with the first rule that is broken.
pub fn check_shape(block: &Block) -> Result<(), ShapeError> {
    check_sealed(&block.header, &block.content)
}

/// Checks the version and then, before anything that the content says is believed, the content root (HDR-1,
/// BLK-3): only then is `parent_id` the header's. Neither ticks nor transactions are needed, so a header can be
/// judged while its body is still elsewhere.
///
/// # Errors
/// [`ShapeError`] with the first rule that is broken.
pub fn check_sealed(header: &Header, content: &Content) -> Result<(), ShapeError> {
    header::check_version(header).map_err(ShapeError::Version)?;
    check_content_root(header, content)
}

/// Checks that a content is the one that a header commits to (BLK-3).
///
/// # Errors
/// [`ShapeError::ContentRoot`].
pub fn check_content_root(header: &Header, content: &Content) -> Result<(), ShapeError> {
    let found = content.root();
    if found == header.content_root {
        Ok(())
    } else {
        Err(ShapeError::ContentRoot { found, committed: header.content_root })
    }
}
