//! What a prover reads of a full node's history.

use vibecoin_crypto::Hash;
use vibecoin_primitives::Header;

use crate::history::Node;

/// The nodes of the mountain range and the headers under it, by hash. A full node reads them from its store; a test
/// keeps them in memory.
pub trait Range {
    /// Why reading failed.
    type Error;

    /// Both children of the inner node with this hash; `None` if it is not known.
    ///
    /// # Errors
    /// What the store says.
    fn children(&self, hash: &Hash) -> Result<Option<(Node, Node)>, Self::Error>;

    /// The header with this id; `None` if it is not known.
    ///
    /// # Errors
    /// What the store says.
    fn header(&self, id: &Hash) -> Result<Option<Header>, Self::Error>;
}
