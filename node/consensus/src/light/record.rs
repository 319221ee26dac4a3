//! What of a header travels: half of it. The other half follows from the headers before.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{ChainSpec, DecodeError, Header, Height, Timestamp, encoding};

use crate::difficulty::bits_at;
use crate::history::{Node, Peaks};
use crate::pow::Target;
use crate::rules::HeaderError;
use crate::rules::header::{check_time, check_version};

/// The four fields of a header that nobody can derive. A lie in any of them, or in what is derived, breaks the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Record {
    /// The header version.
    pub version: u32,
    /// When its miner says it was made.
    pub time: Timestamp,
    /// What the miner found.
    pub nonce: u64,
    /// Commitment to the content.
    pub content_root: Hash,
}

/// What follows for a header from the headers before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// How many headers stand before it.
    pub height: Height,
    /// The commitment to them.
    pub history_root: Hash,
    /// The time of the last of them; for the genesis its own.
    pub prev_time: Timestamp,
}

impl Place {
    /// The place on top of `before`.
    #[must_use]
    pub fn on(before: &Peaks, spec: &ChainSpec) -> Self {
        Self {
            height: Height::new(before.count()),
            history_root: before.root(),
            prev_time: before.nodes().last().map_or(spec.genesis_time, |last| last.t1),
        }
    }
}

/// A header that was rebuilt from its record, with what is known of it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The header.
    pub header: Header,
    /// Its id.
    pub id: Hash,
    /// Its leaf in the history.
    pub leaf: Node,
}

impl Record {
    /// Length of the encoding, in bytes.
    pub const BYTES: usize = 52;

    /// The record of a header.
    #[must_use]
    pub const fn of(header: &Header) -> Self {
        Self {
            version: header.version,
            time: header.time,
            nonce: header.nonce,
            content_root: header.content_root,
        }
    }

    /// The header at a place, unchecked. Its height, `prev_time`, bits and history root are right by construction.
    #[must_use]
    pub fn header(&self, spec: &ChainSpec, place: &Place) -> Header {
        Header {
            history_root: place.history_root,
            content_root: self.content_root,
            version: self.version,
            height: place.height,
            prev_time: place.prev_time,
            time: self.time,
            bits: bits_at(spec, place.height, place.prev_time),
            nonce: self.nonce,
        }
    }

    /// The header at a place, with every rule of a header checked: those that it is not built by are HDR-1 and
    /// HDR-5 to HDR-7. The genesis keeps none of them and is known by its id, so it is not for here.
    ///
    /// # Errors
    /// [`HeaderError`] with the first rule that is broken; [`HeaderError::FromTheFuture`] is no verdict.
    pub fn link(&self, spec: &ChainSpec, place: &Place, now: Timestamp) -> Result<Linked, HeaderError> {
        let header = self.header(spec, place);
        check_version(&header)?;
        let id = header.id();
        let no_work = HeaderError::Work { id, bits: header.bits };
        if !Target::from_bits(header.bits).is_ok_and(|target| target.is_met_by(&id)) {
            return Err(no_work);
        }
        check_time(spec.min_delta_ms, header.prev_time, header.time, now)?;
        let leaf = Node::leaf(&header, id).map_err(|_| no_work)?;
        Ok(Linked { header, id, leaf })
    }

    /// Records one after the other, without a count.
    ///
    /// # Errors
    /// [`DecodeError`] unless the bytes are whole records.
    pub fn decode_all(bytes: &[u8]) -> Result<Vec<Self>, DecodeError> {
        match bytes.len() % Self::BYTES {
            0 => bytes.chunks(Self::BYTES).map(encoding::decode).collect(),
            rest => Err(DecodeError::TrailingBytes(rest)),
        }
    }
}
