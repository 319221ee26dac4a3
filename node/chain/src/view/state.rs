//! The state that is being fetched.

use vibecoin_storage::meta::{Assumed, StagedState};
use vibecoin_storage::staging::{self, KeyRange};
use vibecoin_storage::{StoreError, meta};

use super::View;

/// A state that is being fetched, with what is missing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateWanted {
    /// Whose state it is, and what is there.
    pub staged: StagedState,
    /// The ranges of keys that are missing, ascending: each can be asked of another peer.
    pub missing: Vec<KeyRange>,
}

impl View {
    /// What is missing of the state that is being fetched; `None` while none is ([`crate::Chain::choose_pivot`]).
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn state_wanted(&self) -> Result<Option<StateWanted>, StoreError> {
        let Some(staged) = meta::staged_state(&*self.rows)? else { return Ok(None) };
        Ok(Some(StateWanted { staged, missing: staging::missing(&*self.rows)? }))
    }

    /// What of the active chain was taken without its history; `None` if all of it is here.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn assumed(&self) -> Result<Option<Assumed>, StoreError> {
        meta::assumed(&*self.rows)
    }
}
