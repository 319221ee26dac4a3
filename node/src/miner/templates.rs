//! Work handed to miners outside the node, until they come back with a nonce.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use vibecoin_chain::production::Template;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Block, Timestamp};

/// Templates that are kept; an older one is not worth solving any more.
const KEPT: usize = 64;

/// The last templates that were handed out, by their content root.
#[derive(Clone, Default)]
pub struct Templates(Arc<Mutex<VecDeque<Template>>>);

impl Templates {
    /// Remembers a template.
    pub fn keep(&self, template: Template) {
        let mut kept = self.lock();
        kept.retain(|other| other.header.content_root != template.header.content_root);
        kept.truncate(KEPT - 1);
        kept.push_front(template);
    }

    /// The block of a template with this nonce, and this time if it was changed; `None` if it is not kept.
    #[must_use]
    pub fn solve(&self, id: &Hash, nonce: u64, time: Option<Timestamp>) -> Option<Block> {
        let mut template = self.lock().iter().find(|one| one.header.content_root == *id).cloned()?;
        if let Some(time) = time {
            template.header.time = time;
        }
        Some(template.into_block(nonce))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Template>> {
        // The list is whole after every statement.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
