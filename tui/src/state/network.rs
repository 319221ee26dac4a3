//! The network's tab.

use crate::model::{BanRow, Failure, NetworkView, PeerRow};

/// How long a ban lasts that is spoken here, in seconds: a day.
pub const BAN_S: u64 = 86_400;

/// Which list has the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetworkList {
    /// Connected peers.
    #[default]
    Peers,
    /// Bans, and who does not want this node.
    Bans,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// What is known, once something is.
    pub view: Option<NetworkView>,
    /// Why nothing newer is known.
    pub failure: Option<Failure>,
    /// Which list has the keys.
    pub list: NetworkList,
    /// The chosen peer.
    pub peer: usize,
    /// The chosen ban.
    pub ban: usize,
}

impl Network {
    /// The chosen peer, while the peers have the keys.
    #[must_use]
    pub fn chosen_peer(&self) -> Option<&PeerRow> {
        let peers = &self.view.as_ref()?.peers;
        peers.get(self.peer).filter(|_| self.list == NetworkList::Peers)
    }

    /// The chosen ban, while the bans have the keys.
    #[must_use]
    pub fn chosen_ban(&self) -> Option<&BanRow> {
        let bans = &self.view.as_ref()?.bans;
        bans.get(self.ban).filter(|_| self.list == NetworkList::Bans)
    }

    /// Takes a newer view in. Who was chosen stays chosen, wherever it stands now.
    pub(crate) fn take(&mut self, view: NetworkView) {
        let chosen = self.view.as_ref().and_then(|old| old.peers.get(self.peer)).map(|peer| &peer.id);
        let place = chosen.and_then(|id| view.peers.iter().position(|peer| peer.id == *id));
        self.peer = place.unwrap_or_else(|| self.peer.min(view.peers.len().saturating_sub(1)));
        let chosen = self.view.as_ref().and_then(|old| old.bans.get(self.ban)).map(|ban| &ban.who);
        let place = chosen.and_then(|who| view.bans.iter().position(|ban| ban.who == *who));
        self.ban = place.unwrap_or_else(|| self.ban.min(view.bans.len().saturating_sub(1)));
        self.failure = None;
        self.view = Some(view);
    }
}
