//! The state that is being fetched, and the history that is missing under one.

use vibecoin_crypto::Hash;
use vibecoin_primitives::Height;
use vibecoin_storage::meta::{Assumed, StagedState};
use vibecoin_storage::staging::{self, KeyRange};
use vibecoin_storage::{StoreError, meta, replay};

use super::View;

/// A state that is being fetched, with what is missing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateWanted {
    /// Whose state it is, and what is there.
    pub staged: StagedState,
    /// The ranges of keys that are missing, ascending: each can be asked of another peer.
    pub missing: Vec<KeyRange>,
}

/// A history that is missing under a state that was taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryWanted {
    /// The height that was executed last.
    pub replayed: Height,
    /// The height of the block whose state was taken over.
    pub pivot: Height,
    /// Blocks whose bodies are missing, the lowest first.
    pub bodies: Vec<Hash>,
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

    /// How far the history under a state that was taken over is, with at most `limit` of the blocks whose bodies are
    /// missing, the lowest first; `None` if all of it is here.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn wanted_history(&self, limit: usize) -> Result<Option<HistoryWanted>, StoreError> {
        let Some(assumed) = meta::assumed(&*self.rows)? else { return Ok(None) };
        let replayed = replay::height(&*self.rows)?.unwrap_or_default();
        let bodies = self.missing_bodies(&assumed.pivot, assumed.height, replayed, limit)?;
        Ok(Some(HistoryWanted { replayed, pivot: assumed.height, bodies }))
    }

    /// What of the active chain was taken without its history; `None` if all of it is here.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn assumed(&self) -> Result<Option<Assumed>, StoreError> {
        meta::assumed(&*self.rows)
    }
}
