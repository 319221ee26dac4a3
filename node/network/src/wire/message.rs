//! The messages, as values.

use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Content, DecodeError, Header, Height, Transaction, Work, encoding};

use super::compact::CompactBlock;
use super::kind::Kind;
use crate::endpoint::Contact;

/// The version of this protocol. Peers of another one part in the handshake.
pub const PROTOCOL_VERSION: u16 = 1;

/// Longest name of a peer's software, in bytes.
pub const AGENT_BYTES_MAX: usize = 64;

/// Names a request and its answer. Unique among the requests that are open at one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct RequestId(pub u32);

/// What a node can be asked for, as bits; unknown bits are kept and mean nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Capabilities(pub u32);

impl Capabilities {
    /// Serves the bodies of recent blocks.
    pub const BLOCKS: Self = Self(1);
    /// Serves every block from the genesis on.
    pub const HISTORY: Self = Self(1 << 1);
    /// Serves chunks of the state of recent blocks.
    pub const STATE: Self = Self(1 << 2);
    /// Takes and passes on transactions.
    pub const TRANSACTIONS: Self = Self(1 << 3);

    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True if everything of `other` is here.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What a node says of its tip. Nobody believes it; it says whom to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TipClaim {
    /// The tip.
    pub id: Hash,
    /// Its height.
    pub height: Height,
    /// The work of its chain.
    pub work: Work,
}

/// The first message of both sides.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Hello {
    /// The protocol's version.
    pub version: u16,
    /// The genesis, which commits to every rule of the network.
    pub genesis_id: Hash,
    /// What may be asked of the sender.
    pub capabilities: Capabilities,
    /// Where its chain stands.
    pub tip: TipClaim,
    /// The sender's software, at most 64 bytes of anything: hostile text.
    pub agent: String,
}

/// Why a connection is closed by the side that closes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Goodbye {
    /// The node stops.
    Stopping = 0,
    /// Another network, by its genesis.
    OtherNetwork = 1,
    /// Another version of the protocol.
    OtherVersion = 2,
    /// No room for one more.
    TooManyPeers = 3,
    /// The dial was to see whether somebody is there.
    OnlyLooking = 4,
    /// The other side broke the protocol or a rule, and is banned for a while.
    Banned = 5,
    /// It did not say a word, or did not read any, for too long.
    TooSlow = 6,
    /// There is a better use for the place: this peer helped least.
    Replaced = 7,
    /// The operator said so.
    Operator = 8,
    /// It has no chain worth following, after it had the time to find one.
    Stale = 9,
    /// A second connection between the same two nodes.
    Twice = 10,
}

impl Goodbye {
    /// The reason, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Stopping => "the node stops",
            Self::OtherNetwork => "another network",
            Self::OtherVersion => "another version of the protocol",
            Self::TooManyPeers => "no room for one more peer",
            Self::OnlyLooking => "only looked whether somebody is there",
            Self::Banned => "banned",
            Self::TooSlow => "too slow",
            Self::Replaced => "replaced by a better peer",
            Self::Operator => "the operator said so",
            Self::Stale => "no chain worth following",
            Self::Twice => "connected twice",
        }
    }
}

/// A header with the content that it should commit to, 328 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct HeaderRecord {
    /// What is mined.
    pub header: Header,
    /// What it commits to.
    pub content: Content,
}

impl HeaderRecord {
    /// Length of the encoding, in bytes.
    pub const BYTES: usize = Header::BYTES + Content::BYTES;

    /// The block's id.
    #[must_use]
    pub fn id(&self) -> Hash {
        self.header.id()
    }

    /// True if the content is the one that the header commits to: only then is `parent_id` the header's.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.content.root() == self.header.content_root
    }
}

/// A block as it stands in a store or came in: its encoding, shared, looked into only for its header.
#[derive(Clone, PartialEq, Eq)]
pub struct RawBlock(Arc<[u8]>);

impl RawBlock {
    /// Takes an encoding.
    ///
    /// # Errors
    /// [`DecodeError`] if it is shorter than a header with its content.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Result<Self, DecodeError> {
        let bytes = bytes.into();
        if bytes.len() < HeaderRecord::BYTES { Err(DecodeError::Malformed) } else { Ok(Self(bytes)) }
    }

    /// The encoding.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its header and content.
    #[must_use]
    pub fn head(&self) -> HeaderRecord {
        encoding::decode(&self.0[..HeaderRecord::BYTES]).expect("any bytes of this length are a header")
    }

    /// The block's id: that of its header.
    #[must_use]
    pub fn id(&self) -> Hash {
        vibecoin_crypto::sha256d(&self.0[..Header::BYTES])
    }

    /// The whole block.
    ///
    /// # Errors
    /// [`DecodeError`] unless the bytes are its whole encoding.
    pub fn decode(&self) -> Result<Block, DecodeError> {
        Block::decode(&self.0)
    }
}

impl std::fmt::Debug for RawBlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RawBlock({} bytes)", self.0.len())
    }
}

/// Why a request will not be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Refusal {
    /// It is not here, or not any more.
    NotHere = 0,
    /// Too many requests are open already.
    Busy = 1,
}

/// Everything that two nodes say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// See [`Hello`].
    Hello(Box<Hello>),
    /// See [`Goodbye`].
    Goodbye(Goodbye),
    /// Asks for addresses of other nodes. One answer comes: [`Message::Contacts`].
    GetContacts,
    /// Addresses of other nodes, at most [`super::kind::CONTACTS_MAX`].
    Contacts(Vec<Contact>),
    /// The sender's tip, or another header of interest, with the work that the sender's chain has up to it.
    Tip {
        /// The header with its content.
        head: Box<HeaderRecord>,
        /// The work of the chain up to it, as the sender says.
        work: Work,
    },
    /// Asks for the headers after the first of `locator` that the other side has on its active chain.
    GetHeaders {
        /// Names the answer.
        request: RequestId,
        /// Ids from the newest to the oldest, ever further apart; at most [`super::kind::LOCATOR_MAX`].
        locator: Vec<Hash>,
        /// How many at most.
        limit: u32,
    },
    /// Headers in order, each on the one before. None: the sender has nothing after the locator.
    Headers {
        /// Which request this answers.
        request: RequestId,
        /// At most [`super::kind::HEADERS_MAX`].
        headers: Vec<HeaderRecord>,
    },
    /// Asks for whole blocks. Every one is answered, in the order of the ids, by [`Message::Block`]; the first that is
    /// not there ends the answer with [`Message::Refused`].
    GetBlocks {
        /// Names the answers.
        request: RequestId,
        /// At most [`super::kind::BLOCKS_MAX`].
        ids: Vec<Hash>,
    },
    /// One whole block.
    Block {
        /// Which request this answers.
        request: RequestId,
        /// The block.
        block: RawBlock,
    },
    /// Whether the receiver shall push new blocks in their compact form at once (`true`) or announce them by their
    /// headers.
    PushCompact(bool),
    /// Asks for one block in its compact form.
    GetCompact(Hash),
    /// A new block, with its transactions named by short ids.
    Compact(Arc<CompactBlock>),
    /// Asks for the transactions of a compact block that were not found in the pool.
    GetBlockTransactions {
        /// Names the answer.
        request: RequestId,
        /// The block.
        block: Hash,
        /// Places in the block, ascending.
        indexes: Vec<u32>,
    },
    /// The transactions that were asked for, in the order of the places.
    BlockTransactions {
        /// Which request this answers.
        request: RequestId,
        /// The transactions.
        transactions: Vec<Transaction>,
    },
    /// Transactions that wait here, by [`Transaction::leaf_hash`]: the hash of all bytes, signature included.
    AnnounceTransactions(Vec<Hash>),
    /// Asks for waiting transactions that were announced. Those that are gone are left out of the answer.
    GetTransactions {
        /// Names the answer.
        request: RequestId,
        /// Leaf hashes, at most [`super::kind::TRANSACTION_IDS_MAX`].
        ids: Vec<Hash>,
    },
    /// Waiting transactions.
    Transactions {
        /// Which request this answers.
        request: RequestId,
        /// At most [`super::kind::TRANSACTIONS_BYTES_MAX`] encoded.
        transactions: Vec<Transaction>,
    },
    /// The segment that starts from a block: whoever has it first shares it, so that the next block comes without it
    /// and is verified sooner.
    Segment {
        /// The block that it starts from.
        parent: Hash,
        /// Its ticks.
        ticks: Arc<[Hash]>,
    },
    /// Asks for the leaves of the state after a block, from a key on.
    GetStateChunk {
        /// Names the answer.
        request: RequestId,
        /// The block.
        block: Hash,
        /// The least key.
        start: Hash,
        /// How many bytes at most, at most [`super::kind::STATE_CHUNK_BYTES_MAX`].
        bytes_max: u32,
    },
    /// A range of a state with its proof, in the encoding of the state tree.
    StateChunk {
        /// Which request this answers.
        request: RequestId,
        /// The encoding.
        chunk: Arc<[u8]>,
    },
    /// A request will not be answered, or not further.
    Refused {
        /// Which.
        request: RequestId,
        /// Why.
        refusal: Refusal,
    },
}

impl Message {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Hello(_) => Kind::Hello,
            Self::Goodbye(_) => Kind::Goodbye,
            Self::GetContacts => Kind::GetContacts,
            Self::Contacts(_) => Kind::Contacts,
            Self::Tip { .. } => Kind::Tip,
            Self::GetHeaders { .. } => Kind::GetHeaders,
            Self::Headers { .. } => Kind::Headers,
            Self::GetBlocks { .. } => Kind::GetBlocks,
            Self::Block { .. } => Kind::Block,
            Self::PushCompact(_) => Kind::PushCompact,
            Self::GetCompact(_) => Kind::GetCompact,
            Self::Compact(_) => Kind::Compact,
            Self::GetBlockTransactions { .. } => Kind::GetBlockTransactions,
            Self::BlockTransactions { .. } => Kind::BlockTransactions,
            Self::AnnounceTransactions(_) => Kind::AnnounceTransactions,
            Self::GetTransactions { .. } => Kind::GetTransactions,
            Self::Transactions { .. } => Kind::Transactions,
            Self::Segment { .. } => Kind::Segment,
            Self::GetStateChunk { .. } => Kind::GetStateChunk,
            Self::StateChunk { .. } => Kind::StateChunk,
            Self::Refused { .. } => Kind::Refused,
        }
    }
}
