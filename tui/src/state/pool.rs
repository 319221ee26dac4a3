//! The pool's tab.

use crate::model::{Failure, PoolRow, PoolView};
use crate::safe::SafeText;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    /// What is known, once something is.
    pub view: Option<PoolView>,
    /// Why nothing newer is known.
    pub failure: Option<Failure>,
    /// Whether only the wallet's own are listed.
    pub own_only: bool,
    /// The chosen line.
    pub selected: usize,
}

impl Pool {
    /// The lines that are listed.
    pub fn shown(&self) -> impl Iterator<Item = &PoolRow> {
        let rows = self.view.iter().flat_map(|view| &view.rows);
        rows.filter(|row| row.own || !self.own_only)
    }

    /// The chosen transaction.
    #[must_use]
    pub fn chosen(&self) -> Option<&PoolRow> {
        self.shown().nth(self.selected)
    }

    /// Takes a newer view in. What was chosen stays chosen while it waits.
    pub(crate) fn take(&mut self, view: PoolView) {
        let chosen: Option<SafeText> = self.chosen().map(|row| row.txid.clone());
        // The first line stays the best one; any other choice stays with its transaction.
        let chosen = chosen.filter(|_| self.selected > 0);
        (self.view, self.failure) = (Some(view), None);
        let place = chosen.and_then(|txid| self.shown().position(|row| row.txid == txid));
        let last = self.shown().count().saturating_sub(1);
        self.selected = place.unwrap_or(self.selected).min(last);
    }
}
