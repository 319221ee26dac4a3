//! The kinds of messages, each with its lane and its greatest length.

use vibecoin_primitives::{ChainSpec, Content, Header};

/// The two streams between two nodes. What is large waits behind what is large, and news never waits behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// The handshake, announcements, requests, and everything that should not wait.
    Talk,
    /// Answers that carry headers, blocks and state while somebody catches up.
    Bulk,
}

/// What a frame carries. The number is the first byte of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// Who I am: the first message of both sides.
    Hello = 0,
    /// Why I leave: the last message.
    Goodbye = 1,
    /// Asks for addresses of other nodes.
    GetContacts = 2,
    /// Addresses of other nodes.
    Contacts = 3,
    /// My tip has moved, or here is a header that you may not know.
    Tip = 4,
    /// Asks for the headers after a known one.
    GetHeaders = 5,
    /// Headers with their contents, in order.
    Headers = 6,
    /// Asks for whole blocks by id.
    GetBlocks = 7,
    /// One whole block.
    Block = 8,
    /// Whether new blocks are to be pushed here in their compact form, or only announced.
    PushCompact = 9,
    /// Asks for a block in its compact form.
    GetCompact = 10,
    /// A block whose transactions are named by short ids.
    Compact = 11,
    /// Asks for transactions of a block by their places.
    GetBlockTransactions = 12,
    /// Transactions of a block.
    BlockTransactions = 13,
    /// Ids of transactions that wait here.
    AnnounceTransactions = 14,
    /// Asks for waiting transactions by id.
    GetTransactions = 15,
    /// Waiting transactions.
    Transactions = 16,
    /// The Proof of History segment that follows a block.
    Segment = 17,
    /// Asks for a range of the state of a block.
    GetStateChunk = 18,
    /// A range of a state, with its proof.
    StateChunk = 19,
    /// A request will not be answered.
    Refused = 20,
}

/// Headers in one message at most.
pub const HEADERS_MAX: usize = 1_024;
/// Ids in a locator at most.
pub const LOCATOR_MAX: usize = 64;
/// Blocks that one request may name.
pub const BLOCKS_MAX: usize = 128;
/// Transaction ids in one announcement or request.
pub const TRANSACTION_IDS_MAX: usize = 1_024;
/// Encoded transactions in one message, in bytes.
pub const TRANSACTIONS_BYTES_MAX: usize = 256 << 10;
/// Contacts in one message.
pub const CONTACTS_MAX: usize = 256;
/// An encoded contact, in bytes.
const CONTACT_BYTES_MAX: usize = 320;
/// Leaves of a state chunk with their proof, in bytes.
pub const STATE_CHUNK_BYTES_MAX: usize = 512 << 10;
/// The longest message before the handshake is done, in bytes.
pub const HANDSHAKE_BYTES_MAX: usize = 1 << 10;

/// The shortest encoding of a transaction, in bytes: no recipient and no data.
const TRANSACTION_BYTES_MIN: usize = 146;

/// What a chain spec says about lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireLimits {
    /// Encoded transactions of one block, in bytes.
    pub block_bytes: usize,
    /// Ticks of a segment.
    pub ticks: usize,
}

impl WireLimits {
    /// Those of a network.
    #[must_use]
    pub fn of(spec: &ChainSpec) -> Self {
        Self {
            block_bytes: usize::try_from(spec.block_bytes).unwrap_or(usize::MAX >> 1),
            ticks: spec.poh_ticks as usize,
        }
    }

    /// The longest encoding of a block.
    #[must_use]
    pub const fn encoded_block_bytes(&self) -> usize {
        Header::BYTES + Content::BYTES + 4 + 32 * self.ticks + 4 + self.block_bytes
    }

    /// The most transactions that a block can hold.
    #[must_use]
    pub const fn transactions_max(&self) -> usize {
        self.block_bytes / TRANSACTION_BYTES_MIN + 1
    }
}

impl Kind {
    /// Every kind, in the order of the numbers.
    pub const ALL: [Self; 21] = [
        Self::Hello,
        Self::Goodbye,
        Self::GetContacts,
        Self::Contacts,
        Self::Tip,
        Self::GetHeaders,
        Self::Headers,
        Self::GetBlocks,
        Self::Block,
        Self::PushCompact,
        Self::GetCompact,
        Self::Compact,
        Self::GetBlockTransactions,
        Self::BlockTransactions,
        Self::AnnounceTransactions,
        Self::GetTransactions,
        Self::Transactions,
        Self::Segment,
        Self::GetStateChunk,
        Self::StateChunk,
        Self::Refused,
    ];

    /// The kind with this number.
    #[must_use]
    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Its name in figures and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Goodbye => "goodbye",
            Self::GetContacts => "get_contacts",
            Self::Contacts => "contacts",
            Self::Tip => "tip",
            Self::GetHeaders => "get_headers",
            Self::Headers => "headers",
            Self::GetBlocks => "get_blocks",
            Self::Block => "block",
            Self::PushCompact => "push_compact",
            Self::GetCompact => "get_compact",
            Self::Compact => "compact",
            Self::GetBlockTransactions => "get_block_transactions",
            Self::BlockTransactions => "block_transactions",
            Self::AnnounceTransactions => "announce_transactions",
            Self::GetTransactions => "get_transactions",
            Self::Transactions => "transactions",
            Self::Segment => "segment",
            Self::GetStateChunk => "get_state_chunk",
            Self::StateChunk => "state_chunk",
            Self::Refused => "refused",
        }
    }

    /// The stream that it travels on.
    #[must_use]
    pub const fn lane(self) -> Lane {
        match self {
            // A refusal ends an answer that has begun: on the other lane it would come before what it follows.
            Self::Headers | Self::Block | Self::StateChunk | Self::Refused => Lane::Bulk,
            Self::Hello
            | Self::Goodbye
            | Self::GetContacts
            | Self::Contacts
            | Self::Tip
            | Self::GetHeaders
            | Self::GetBlocks
            | Self::PushCompact
            | Self::GetCompact
            | Self::Compact
            | Self::GetBlockTransactions
            | Self::BlockTransactions
            | Self::AnnounceTransactions
            | Self::GetTransactions
            | Self::Transactions
            | Self::Segment
            | Self::GetStateChunk => Lane::Talk,
        }
    }

    /// The longest body, in bytes, once both sides have introduced themselves.
    #[must_use]
    pub const fn bytes_max(self, limits: &WireLimits) -> usize {
        match self {
            Self::Hello | Self::Goodbye => HANDSHAKE_BYTES_MAX,
            Self::GetContacts => 0,
            Self::Contacts => 4 + CONTACTS_MAX * CONTACT_BYTES_MAX,
            Self::Tip => Header::BYTES + Content::BYTES + 64,
            Self::GetHeaders => 16 + LOCATOR_MAX * 32,
            Self::Headers => 16 + HEADERS_MAX * (Header::BYTES + Content::BYTES),
            Self::GetBlocks => 16 + BLOCKS_MAX * 32,
            Self::Block => 16 + limits.encoded_block_bytes(),
            Self::PushCompact => 1,
            Self::GetCompact => 32,
            // At worst every transaction is prefilled.
            Self::Compact => limits.encoded_block_bytes() + 64 + 10 * limits.transactions_max(),
            Self::GetBlockTransactions => 64 + 4 * limits.transactions_max(),
            Self::BlockTransactions => 64 + limits.block_bytes,
            Self::AnnounceTransactions => 4 + TRANSACTION_IDS_MAX * 32,
            Self::GetTransactions => 16 + TRANSACTION_IDS_MAX * 32,
            Self::Transactions => 16 + TRANSACTIONS_BYTES_MAX,
            Self::Segment => 64 + 32 * limits.ticks,
            Self::GetStateChunk => 80,
            Self::StateChunk => 16 + STATE_CHUNK_BYTES_MAX,
            Self::Refused => 8,
        }
    }

    /// True for what may come before both sides have introduced themselves.
    #[must_use]
    pub const fn is_handshake(self) -> bool {
        matches!(self, Self::Hello | Self::Goodbye)
    }
}
