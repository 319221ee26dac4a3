//! What goes over the wire: typed messages, how long each may be, and the frames they travel in.
//!
//! A frame is `kind u8 | length u32 | body`, the body one Borsh value of the kind's type and nothing else. Whoever
//! reads a frame knows from its first five bytes whether it is worth a buffer: [`Kind::bytes_max`] is asked before
//! anything is allocated, and before a handshake only [`Kind::Hello`] and [`Kind::Goodbye`] have a length at all.
//! Lists in a body are bounded by the body, and most of them by a number of their own besides.
//!
//! Deliberately absent: sockets, buffers of a connection, and the question whether a message is welcome now.

mod compact;
mod frame;
mod kind;
mod message;

#[cfg(test)]
mod tests;

pub use compact::{CompactBlock, Prefilled, ShortId, ShortIdKey, match_short_ids};
pub use frame::{FRAME_HEAD_BYTES, FrameHead, WireError, decode, encode, encoded_bytes};
pub use kind::{
    BLOCKS_MAX, CONTACTS_MAX, HEADERS_MAX, Kind, LOCATOR_MAX, Lane, STATE_CHUNK_BYTES_MAX,
    TRANSACTION_IDS_MAX, TRANSACTIONS_BYTES_MAX, WireLimits,
};
pub use message::{
    Capabilities, Goodbye, HeaderRecord, Hello, Message, PROTOCOL_VERSION, RawBlock, Refusal, RequestId,
    TipClaim,
};
