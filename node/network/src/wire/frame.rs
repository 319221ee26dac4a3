//! Frames: from a message to bytes, and back only when nothing is left to doubt.

use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{DecodeError, Transaction, Work, encoding};

use super::kind::{
    BLOCKS_MAX, CONTACTS_MAX, HEADERS_MAX, Kind, LOCATOR_MAX, TRANSACTION_IDS_MAX, WireLimits,
};
use super::message::{AGENT_BYTES_MAX, HeaderRecord, Hello, Message, RawBlock, RequestId};

/// Bytes before the body: kind and length.
pub const FRAME_HEAD_BYTES: usize = 5;

/// Why bytes are no message. Whoever sends such bytes breaks the protocol: no honest node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// No kind has this number.
    #[error("no message has the kind {0}")]
    UnknownKind(u8),
    /// Longer than the kind may be.
    #[error("a {} message of {bytes} bytes, where at most {bytes_max} are taken", kind.name())]
    TooLong {
        /// The kind.
        kind: Kind,
        /// The length that the frame announces.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// Something other than a handshake came first.
    #[error("a {} message before the handshake", .0.name())]
    BeforeHandshake(Kind),
    /// The kind belongs to the other lane.
    #[error("a {} message on the wrong stream", .0.name())]
    WrongLane(Kind),
    /// The body is not the encoding of such a message.
    #[error("a {} message that cannot be read: {error}", kind.name())]
    Body {
        /// The kind.
        kind: Kind,
        /// What is wrong.
        error: DecodeError,
    },
    /// A list in the body is longer than it may be.
    #[error("a {} message with a list of {found}, where at most {most} are taken", kind.name())]
    TooMany {
        /// The kind.
        kind: Kind,
        /// Length of the list.
        found: usize,
        /// The limit.
        most: usize,
    },
}

/// The first five bytes of a frame, once they are found acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHead {
    /// What the body is.
    pub kind: Kind,
    /// Its length.
    pub body_bytes: usize,
}

impl FrameHead {
    /// Reads the head of a frame. Nothing is allocated for a body before this has agreed to it.
    ///
    /// # Errors
    /// [`WireError`]; `introduced` says whether the handshake is done.
    pub fn read(
        head: [u8; FRAME_HEAD_BYTES],
        limits: &WireLimits,
        introduced: bool,
    ) -> Result<Self, WireError> {
        let kind = Kind::of_number(head[0]).ok_or(WireError::UnknownKind(head[0]))?;
        if !introduced && !kind.is_handshake() {
            return Err(WireError::BeforeHandshake(kind));
        }
        let bytes = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let bytes_max = kind.bytes_max(limits);
        if bytes > bytes_max {
            return Err(WireError::TooLong { kind, bytes, bytes_max });
        }
        Ok(Self { kind, body_bytes: bytes })
    }
}

/// The whole frame of a message.
#[must_use]
pub fn encode(message: &Message) -> Vec<u8> {
    let mut frame = vec![message.kind().number(), 0, 0, 0, 0];
    write_body(message, &mut frame);
    let bytes = u32::try_from(frame.len() - FRAME_HEAD_BYTES).expect("messages are far below 4 GiB");
    frame[1..FRAME_HEAD_BYTES].copy_from_slice(&bytes.to_le_bytes());
    frame
}

/// The length of a message's frame.
#[must_use]
pub fn encoded_bytes(message: &Message) -> usize {
    match message {
        Message::Block { block, .. } => FRAME_HEAD_BYTES + 4 + block.bytes().len(),
        Message::StateChunk { chunk, .. } => FRAME_HEAD_BYTES + 4 + chunk.len(),
        message => encode(message).len(),
    }
}

fn write_body(message: &Message, out: &mut Vec<u8>) {
    fn put<T: BorshSerialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
        value.serialize(out).expect("writing to memory fails only for lists above 2^32 items");
    }
    match message {
        Message::Hello(hello) => put(&**hello, out),
        Message::Goodbye(reason) => put(reason, out),
        Message::GetContacts => {}
        Message::Contacts(contacts) => put(contacts, out),
        Message::Tip { head, work } => put(&(**head, work), out),
        Message::GetHeaders { request, locator, limit } => put(&(request, locator, limit), out),
        Message::Headers { request, headers } => put(&(request, headers), out),
        Message::GetBlocks { request, ids } => put(&(request, ids), out),
        Message::Block { request, block } => {
            put(request, out);
            out.extend_from_slice(block.bytes());
        }
        Message::PushCompact(push) => put(push, out),
        Message::GetCompact(id) => put(id, out),
        Message::Compact(block) => put(&**block, out),
        Message::GetBlockTransactions { request, block, indexes } => put(&(request, block, indexes), out),
        Message::BlockTransactions { request, transactions }
        | Message::Transactions { request, transactions } => put(&(request, transactions), out),
        Message::AnnounceTransactions(ids) => put(ids, out),
        Message::GetTransactions { request, ids } => put(&(request, ids), out),
        Message::Segment { parent, ticks } => {
            put(parent, out);
            put(&**ticks, out);
        }
        Message::GetStateChunk { request, block, start, bytes_max } => {
            put(&(request, block, start, bytes_max), out);
        }
        Message::StateChunk { request, chunk } => {
            put(request, out);
            out.extend_from_slice(chunk);
        }
        Message::Refused { request, refusal } => put(&(request, refusal), out),
    }
}

/// Reads the body of a frame whose head was acceptable.
///
/// # Errors
/// [`WireError::Body`] or [`WireError::TooMany`].
pub fn decode(kind: Kind, body: &[u8], limits: &WireLimits) -> Result<Message, WireError> {
    let reading = Reading { kind, body };
    Ok(match kind {
        Kind::Hello => {
            let hello: Hello = reading.whole()?;
            reading.at_most(hello.agent.len(), AGENT_BYTES_MAX)?;
            Message::Hello(Box::new(hello))
        }
        Kind::Goodbye => Message::Goodbye(reading.whole()?),
        Kind::GetContacts => {
            let () = reading.whole()?;
            Message::GetContacts
        }
        Kind::Contacts => Message::Contacts(reading.list(CONTACTS_MAX)?),
        Kind::Tip => {
            let (head, work): (HeaderRecord, Work) = reading.whole()?;
            Message::Tip { head: Box::new(head), work }
        }
        Kind::GetHeaders => {
            let (request, locator, limit): (_, Vec<Hash>, _) = reading.whole()?;
            reading.at_most(locator.len(), LOCATOR_MAX)?;
            Message::GetHeaders { request, locator, limit }
        }
        Kind::Headers => {
            let (request, headers): (_, Vec<HeaderRecord>) = reading.whole()?;
            reading.at_most(headers.len(), HEADERS_MAX)?;
            Message::Headers { request, headers }
        }
        Kind::GetBlocks => {
            let (request, ids): (_, Vec<Hash>) = reading.whole()?;
            reading.at_most(ids.len(), BLOCKS_MAX)?;
            Message::GetBlocks { request, ids }
        }
        Kind::Block => {
            let (request, rest) = reading.request()?;
            Message::Block { request, block: RawBlock::new(rest).map_err(|error| reading.refused(error))? }
        }
        Kind::PushCompact => Message::PushCompact(reading.whole()?),
        Kind::GetCompact => Message::GetCompact(reading.whole()?),
        Kind::Compact => Message::Compact(Arc::new(reading.whole()?)),
        Kind::GetBlockTransactions => {
            let (request, block, indexes): (_, _, Vec<u32>) = reading.whole()?;
            reading.at_most(indexes.len(), limits.transactions_max())?;
            // One place again and again would ask for far more than a block holds.
            if indexes.windows(2).any(|pair| pair[0] >= pair[1]) {
                return Err(reading.refused(DecodeError::Malformed));
            }
            Message::GetBlockTransactions { request, block, indexes }
        }
        Kind::BlockTransactions => {
            let (request, transactions) = reading.whole::<(RequestId, Vec<Transaction>)>()?;
            Message::BlockTransactions { request, transactions }
        }
        Kind::AnnounceTransactions => Message::AnnounceTransactions(reading.list(TRANSACTION_IDS_MAX)?),
        Kind::GetTransactions => {
            let (request, ids): (_, Vec<Hash>) = reading.whole()?;
            reading.at_most(ids.len(), TRANSACTION_IDS_MAX)?;
            Message::GetTransactions { request, ids }
        }
        Kind::Transactions => {
            let (request, transactions) = reading.whole::<(RequestId, Vec<Transaction>)>()?;
            reading.at_most(transactions.len(), TRANSACTION_IDS_MAX)?;
            Message::Transactions { request, transactions }
        }
        Kind::Segment => {
            let (parent, ticks): (_, Vec<Hash>) = reading.whole()?;
            reading.at_most(ticks.len(), limits.ticks)?;
            Message::Segment { parent, ticks: ticks.into() }
        }
        Kind::GetStateChunk => {
            let (request, block, start, bytes_max) = reading.whole()?;
            Message::GetStateChunk { request, block, start, bytes_max }
        }
        Kind::StateChunk => {
            let (request, rest) = reading.request()?;
            Message::StateChunk { request, chunk: rest.into() }
        }
        Kind::Refused => {
            let (request, refusal) = reading.whole()?;
            Message::Refused { request, refusal }
        }
    })
}

/// A body that is being read.
struct Reading<'a> {
    kind: Kind,
    body: &'a [u8],
}

impl<'a> Reading<'a> {
    const fn refused(&self, error: DecodeError) -> WireError {
        WireError::Body { kind: self.kind, error }
    }

    fn whole<T: BorshDeserialize>(&self) -> Result<T, WireError> {
        encoding::decode(self.body).map_err(|error| self.refused(error))
    }

    fn list<T: BorshDeserialize>(&self, most: usize) -> Result<Vec<T>, WireError> {
        let list: Vec<T> = self.whole()?;
        self.at_most(list.len(), most)?;
        Ok(list)
    }

    const fn at_most(&self, found: usize, most: usize) -> Result<(), WireError> {
        if found > most { Err(WireError::TooMany { kind: self.kind, found, most }) } else { Ok(()) }
    }

    /// The request that is answered, and the bytes after it, which are read elsewhere.
    fn request(&self) -> Result<(RequestId, &'a [u8]), WireError> {
        let (id, rest) =
            self.body.split_first_chunk::<4>().ok_or_else(|| self.refused(DecodeError::Malformed))?;
        Ok((RequestId(u32::from_le_bytes(*id)), rest))
    }
}
