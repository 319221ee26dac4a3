//! What the protocol asks the node: two traits for what costs nothing, two lists for what costs time.
//!
//! *May I believe this* ([`Believe`], [`Claim`]) and *have you got that* ([`Have`], [`Query`]). The traits are asked in
//! the middle of a turn and answer from memory. Claims and queries are outputs of the machine; each has a [`Ticket`],
//! and exactly one answer with it comes back as an input, however late.

use std::sync::Arc;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Height, Transaction, Work};

use crate::wire::{HeaderRecord, RawBlock, ShortId, ShortIdKey, TipClaim};

/// Names a question to the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// A broken rule, as the node tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The number of the rule, such as `HDR-5`.
    pub rule: String,
    /// True if it speaks against whoever sent it; false where an honest node may have sent the same.
    pub blames_sender: bool,
    /// True if no body under this header can be valid. Then it speaks against whoever vouched for the header, and not
    /// against whoever only delivered a body that was asked for by its id.
    pub condemns_block: bool,
}

/// May I believe this? Pure and cheap: no row of a store is read.
pub trait Believe {
    /// Checks a header on its parent: content, version, height, parent's time, bits, work, time — everything but the
    /// history root, which takes the whole history. Answers its own work.
    ///
    /// # Errors
    /// The first rule that it breaks. A time ahead of the clock blames nobody.
    fn header(&self, parent: &HeaderRecord, child: &HeaderRecord) -> Result<Work, Broken>;

    /// Checks a header that stands on the active tip, history root included, so that it may be passed on before
    /// its body has been executed. `None` if it does not stand on the tip.
    fn on_tip(&self, head: &HeaderRecord) -> Option<Result<(), Broken>>;

    /// The root over these transactions, to see whether a compact block has been put together rightly.
    fn tx_root(&self, transactions: &[Transaction]) -> Hash {
        vibecoin_primitives::block::tx_root(transactions)
    }
}

/// How much of a block is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Nothing.
    Unknown,
    /// Its header only.
    Header,
    /// All of it.
    Body,
    /// It was found invalid.
    Invalid,
}

/// Have you got that? Answered from memory, or with one read of a cached row.
pub trait Have {
    /// The active tip.
    fn tip(&self) -> TipClaim;
    /// The header of the active tip.
    fn tip_header(&self) -> HeaderRecord;
    /// The best header that is known: ahead of the tip while bodies are missing.
    fn best_header(&self) -> TipClaim;
    /// How much of a block is here.
    fn block(&self, id: &Hash) -> Holding;
    /// Whether a transaction waits in the pool, by its leaf hash.
    fn transaction(&self, leaf_hash: &Hash) -> bool;
    /// The segment that starts from a block, if it is known.
    fn segment(&self, parent: &Hash) -> Option<Arc<[Hash]>>;
    /// The headers of a synchronisation that starts at an active block: that block's header, for [`Believe::header`].
    fn active_header(&self, id: &Hash) -> Option<HeaderRecord>;
}

/// Something that a peer says and that takes time to judge.
#[derive(Clone, Debug)]
pub enum Claim {
    /// Headers in order, to be stored if they keep the rules.
    Headers(Vec<HeaderRecord>),
    /// A whole block, to be imported.
    Block(RawBlock),
    /// A block put together from its compact form.
    Assembled(Arc<Block>),
    /// Transactions for the pool.
    Transactions(Vec<Transaction>),
    /// A segment.
    Segment {
        /// The block that it starts from.
        parent: Hash,
        /// Its ticks.
        ticks: Arc<[Hash]>,
    },
    /// A range of the state after a block.
    StateChunk {
        /// The block.
        block: Hash,
        /// The least key that was asked for.
        start: Hash,
        /// The encoding.
        chunk: Arc<[u8]>,
    },
}

/// What became of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockFate {
    /// It is stored, whether on the active chain or beside it, or it was before.
    Taken,
    /// It waits for its time or its parent.
    Waiting,
    /// The body is not wanted (FRK-3): the header is stored.
    Unwanted,
    /// It breaks a rule.
    Broken(Broken),
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionFate {
    /// It is in the pool now: pass it on.
    New,
    /// It was there before.
    Known,
    /// It leaves a gap behind what its sender has waiting: it may be taken once those before it have come.
    Early,
    /// The pool does not want it, or a rule is broken.
    Refused(Broken),
}

/// The answer to a [`Claim`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// How many of the headers were taken or known, and what was wrong with the one after them.
    Headers {
        /// Taken or known, from the first on.
        taken: usize,
        /// What is wrong with the next one.
        broken: Option<Broken>,
    },
    /// For a block.
    Block {
        /// Its id.
        id: Hash,
        /// What became of it.
        fate: BlockFate,
    },
    /// For transactions, one each, in their order, with their leaf hashes.
    Transactions(Vec<(Hash, TransactionFate)>),
    /// For a segment: nothing is wrong, or something is.
    Segment(Result<(), Broken>),
    /// For a range of a state: the next key to ask for, `None` when the range reaches the end.
    StateChunk(Result<Option<Hash>, Broken>),
    /// The node could not judge: it stops, or is too busy. Blames nobody.
    Undecided,
}

/// A part of the keys of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyRange {
    /// The least key.
    pub start: Hash,
    /// The key after the last one; `None` for the end of all keys.
    pub end: Option<Hash>,
}

/// Which state is to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatePlan {
    /// The block after which the state is taken: an ancestor of the best header.
    pub block: Hash,
    /// Its height.
    pub height: Height,
    /// What is missing, ascending and disjoint. Empty once everything has come and the node puts it together.
    pub missing: Vec<KeyRange>,
}

/// Something to be looked up that may take time.
#[derive(Clone, Debug)]
pub enum Query {
    /// The active headers after the first known id of a locator.
    Headers {
        /// Ids from the newest to the oldest.
        locator: Vec<Hash>,
        /// How many at most.
        limit: usize,
    },
    /// The ids to begin a synchronisation with: from the best header back, ever further apart.
    Locator,
    /// A known header, active or not, with the work of its chain.
    Head(Hash),
    /// A block's encoding.
    Block(Hash),
    /// Blocks whose headers are known and whose bodies are wanted, in the order in which they are.
    Wanted {
        /// How many at most.
        limit: usize,
    },
    /// Blocks below the state that this node began with, whose bodies are missing still. Answered like
    /// [`Query::Wanted`].
    WantedHistory {
        /// How many at most.
        limit: usize,
    },
    /// Whether the state of a recent block is to be fetched, and what of it is missing.
    StatePlan {
        /// Nobody has the state that was planned for any more: a newer one is to be chosen.
        renew: bool,
    },
    /// Transactions of a stored block by their places.
    BlockTransactions {
        /// The block.
        block: Hash,
        /// Ascending places.
        indexes: Vec<u32>,
    },
    /// Waiting transactions by leaf hash.
    Transactions(Vec<Hash>),
    /// The leaf hashes of what waits, best paying first.
    Waiting {
        /// How many at most.
        limit: usize,
    },
    /// Waiting transactions by short id.
    ShortIds {
        /// The key of the ids.
        key: ShortIdKey,
        /// The ids.
        ids: Vec<ShortId>,
    },
    /// A block in its compact form is made from the block itself.
    WholeBlock(Hash),
    /// A range of the state after a block.
    StateChunk {
        /// The block.
        block: Hash,
        /// The least key.
        start: Hash,
        /// How many bytes at most.
        bytes_max: usize,
    },
}

/// The answer to a [`Query`].
#[derive(Clone, Debug)]
pub enum Found {
    /// Headers in order; none if nothing follows.
    Headers(Vec<HeaderRecord>),
    /// The locator, and the header that it begins with.
    Locator(Vec<Hash>),
    /// The header and the work of its chain, itself included; `None` if it is not known.
    Head(Option<Box<(HeaderRecord, Work)>>),
    /// The plan; `None` when blocks are to be fetched instead: all of the state is here, or it is not wanted.
    StatePlan(Option<StatePlan>),
    /// The block, if it is here.
    Block(Option<RawBlock>),
    /// Ids with their heights, in order.
    Wanted(Vec<(Hash, Height)>),
    /// The transactions; `None` if the block is not here or has no such places.
    BlockTransactions(Option<Vec<Transaction>>),
    /// Those that still wait.
    Transactions(Vec<Transaction>),
    /// Leaf hashes.
    Waiting(Vec<Hash>),
    /// One for each short id; `None` where nothing or more than one thing matches.
    ShortIds(Vec<Option<Transaction>>),
    /// The block, if it is here.
    WholeBlock(Option<Arc<Block>>),
    /// The encoding; `None` if that state is not kept.
    StateChunk(Option<Arc<[u8]>>),
    /// The node stops, or could not read.
    Nothing,
}

/// Both traits together.
pub trait World: Believe + Have {}

impl<T: Believe + Have> World for T {}
