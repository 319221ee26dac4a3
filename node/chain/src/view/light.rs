//! What light clients are told: a block with the history that its header commits to, and the headers that followed it.

use vibecoin_consensus::light::Range;
use vibecoin_consensus::{Node, Peaks};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Content, Header, Height, Work, encoding};
use vibecoin_storage::blocks::BlockStatus;
use vibecoin_storage::{KeyValueRead, StoreError, active, blocks, history};

use super::View;
use crate::branch::fork_height;
use crate::error::corrupt;
use crate::tip::peaks;

/// A block whose header stood the rules, with the history below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// Its id.
    pub id: Hash,
    /// Its header.
    pub header: Header,
    /// What the header commits to.
    pub content: Content,
    /// The history over the headers before it, whose root stands in the header.
    pub below: Peaks,
    /// Work of the chain up to it, its own included.
    pub total_work: Work,
}

/// What is known of a block that is asked for by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Unknown,
    /// Its header stood the rules, and nothing speaks against the rest.
    Sound(Box<Commitment>),
    /// It breaks a rule, or stands on a block that does.
    Invalid {
        /// The rule and what is wrong, for people.
        reason: String,
    },
}

/// The stored history, for whoever proves something of it: the nodes and headers of every branch, by what they are
/// made of.
#[derive(Clone, Copy)]
pub struct StoredHistory<'a>(&'a dyn KeyValueRead);

impl Range for StoredHistory<'_> {
    type Error = StoreError;

    fn children(&self, hash: &Hash) -> Result<Option<(Node, Node)>, StoreError> {
        let node = |bytes: &[u8]| {
            encoding::decode(bytes).map_err(|error| corrupt(&format!("below history node {hash}: {error}")))
        };
        let children = history::children(self.0, hash)?;
        children.map(|(left, right)| Ok((node(&left)?, node(&right)?))).transpose()
    }

    fn header(&self, id: &Hash) -> Result<Option<Header>, StoreError> {
        blocks::header(self.0, id)
    }
}

/// Headers of the active chain, from where another chain leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// The last block that both chains share.
    pub fork_id: Hash,
    /// Its height.
    pub fork_height: Height,
    /// The headers after it, the lowest first.
    pub headers: Vec<Header>,
}

impl View {
    /// The history as the prover reads it.
    #[must_use]
    pub fn history(&self) -> StoredHistory<'_> {
        StoredHistory(&*self.rows)
    }

    /// A block of any branch with the history that its header commits to.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn commitment(&self, id: &Hash) -> Result<Standing, StoreError> {
        let Some(record) = blocks::meta(&*self.rows, id)? else { return Ok(Standing::Unknown) };
        if let BlockStatus::Invalid { reason } = record.status {
            return Ok(Standing::Invalid { reason });
        }
        let (header, content) =
            self.header(id)?.ok_or_else(|| corrupt("a block that is not invalid has no header"))?;
        let below = peaks(header.height, &record.history_peaks)
            .ok_or_else(|| corrupt(&format!("block {id}: its peaks")))?;
        Ok(Standing::Sound(Box::new(Commitment { id: *id, header, content, below, total_work: record.work })))
    }

    /// At most `limit` headers of the active chain after the last block that it shares with the chain of a stored
    /// block; `None` if that is not stored.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn continuation(&self, from: &Hash, limit: usize) -> Result<Option<Continuation>, StoreError> {
        // Of a block that was found invalid at once there is a mark and no header, and its way down is not kept.
        if blocks::header(&*self.rows, from)?.is_none() {
            return Ok(None);
        }
        let height = fork_height(&*self.rows, from)?;
        let missing = || corrupt("a height of the active chain is missing");
        let fork_id = self.id_at(height)?.ok_or_else(missing)?;
        let run = match height.next() {
            Some(next) => active::range(&*self.rows, next, limit)?,
            None => Vec::new(),
        };
        let header = |id: &Hash| {
            blocks::header(&*self.rows, id)?.ok_or_else(|| corrupt("an active block has no header"))
        };
        let headers = run.iter().map(|(_, block)| header(&block.id)).collect::<Result<_, _>>()?;
        Ok(Some(Continuation { fork_id, fork_height: height, headers }))
    }
}
