//! A tail as it is kept over a restart: the peaks before it and 52 bytes a header.
//!
//! Nothing in the bytes is believed because it was written: every header is rebuilt and its work checked, and its
//! history root commits to the peaks. So damage cannot pass; only an older tail of the same chain can.

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{ChainSpec, DecodeError, Timestamp, encoding};

use super::{LAST_MAX, Record, Tail, TailError};
use crate::history::Peaks;

/// The form of the bytes.
const FORM: u8 = 1;

#[derive(BorshSerialize, BorshDeserialize)]
struct Written {
    form: u8,
    last: u32,
    before: Peaks,
    records: Vec<Record>,
}

/// Why bytes are no tail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TailFileError {
    /// Not the encoding of one.
    #[error(transparent)]
    Encoding(#[from] DecodeError),
    /// Of a form that this version does not know.
    #[error("a form of numbers {0}, which is not known here")]
    Form(u8),
    /// More headers than a tail has.
    #[error("{0} headers are more than a tail has")]
    TooLong(usize),
    /// The headers are no chain of this network.
    #[error(transparent)]
    Chain(#[from] TailError),
}

impl Tail {
    /// The bytes to keep: about 15 KB for 256 headers.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encoding::encode(&Written {
            form: FORM,
            last: self.last,
            before: self.before.clone(),
            records: self.headers.iter().map(|kept| Record::of(&kept.header)).collect(),
        })
    }

    /// The tail that was kept, every header checked again. The time is not: it was once, and a clock that was set back
    /// since is for the caller to notice.
    ///
    /// # Errors
    /// [`TailFileError`].
    pub fn from_bytes(spec: &ChainSpec, genesis_id: &Hash, bytes: &[u8]) -> Result<Self, TailFileError> {
        let written: Written = encoding::decode(bytes)?;
        if written.form != FORM {
            return Err(TailFileError::Form(written.form));
        }
        if written.records.len() > LAST_MAX as usize + 1 {
            return Err(TailFileError::TooLong(written.records.len()));
        }
        let at_any_time = Timestamp::new(u64::MAX);
        let Written { before, records, last, .. } = written;
        Ok(Self::new(spec, genesis_id, before, &records, last, at_any_time)?)
    }
}
