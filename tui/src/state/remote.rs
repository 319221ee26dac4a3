//! The servers' tab, and what is known of the servers everywhere else.

use crate::model::{DisagreementRow, RemoteView, ServerRow};

/// Which list has the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerList {
    /// Servers.
    #[default]
    Servers,
    /// Disagreements.
    Disagreements,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Remote {
    /// What is known, once something is.
    pub view: Option<RemoteView>,
    /// Which list has the keys.
    pub list: ServerList,
    /// The chosen server.
    pub server: usize,
    /// The chosen disagreement.
    pub disagreement: usize,
}

impl Remote {
    /// The chosen server, whichever list has the keys.
    #[must_use]
    pub fn chosen_server(&self) -> Option<&ServerRow> {
        self.view.as_ref()?.servers.get(self.server)
    }

    /// The chosen disagreement, whichever list has the keys.
    #[must_use]
    pub fn chosen_disagreement(&self) -> Option<&DisagreementRow> {
        self.view.as_ref()?.disagreements.get(self.disagreement)
    }

    /// Whether the list that has the keys has something to choose.
    #[must_use]
    pub fn has_choice(&self) -> bool {
        match self.list {
            ServerList::Servers => self.chosen_server().is_some(),
            ServerList::Disagreements => self.chosen_disagreement().is_some(),
        }
    }

    /// Takes a newer view in. What was chosen stays chosen, wherever it stands now.
    pub(crate) fn take(&mut self, view: RemoteView) {
        let url = self.chosen_server().map(|server| &server.url);
        let place = url.and_then(|url| view.servers.iter().position(|server| server.url == *url));
        self.server = place.unwrap_or_else(|| self.server.min(view.servers.len().saturating_sub(1)));
        let chosen = self.chosen_disagreement();
        let same = |row: &DisagreementRow| {
            chosen.is_some_and(|old| {
                (old.time_ms, &old.about, &old.said) == (row.time_ms, &row.about, &row.said)
            })
        };
        let place = view.disagreements.iter().position(same);
        self.disagreement =
            place.unwrap_or_else(|| self.disagreement.min(view.disagreements.len().saturating_sub(1)));
        self.view = Some(view);
    }
}
