//! The connections that keep this node in the network: whom to dial, whom to let in, whom to part with.

use crate::config::Config;
use crate::endpoint::{Contact, NodeId};
use crate::machine::Source;
use crate::peers::{Link, Peer, Purpose};
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::{Goodbye, Kind, Message};

/// See the module.
#[derive(Debug, Default)]
pub struct Connections {}

impl Connections {
    /// No connection yet.
    #[must_use]
    pub fn new(_config: &Config) -> Self {
        Self {}
    }

    /// A connection is there. False if it is closed again at once.
    pub fn on_connected(&mut self, turn: &mut Turn<'_>, node: NodeId, link: Link) -> bool {
        turn.peers.insert(Peer::new(node, link, turn.config.genesis, turn.now.ms));
        true
    }

    /// A peer has introduced itself. False if that was all that was wanted of it.
    pub fn on_introduced(&mut self, turn: &mut Turn<'_>, node: NodeId) -> bool {
        let feeler = turn.peers.get(&node).is_some_and(|peer| peer.link.purpose == Some(Purpose::Feeler));
        if feeler {
            turn.close(node, Goodbye::OnlyLooking);
        }
        !feeler
    }

    /// A connection is gone.
    pub fn on_closed(&mut self, _turn: &mut Turn<'_>, _peer: &Peer) {}

    /// A peer says why it leaves.
    pub fn on_goodbye(&mut self, _turn: &mut Turn<'_>, _node: NodeId, _goodbye: Goodbye) {}

    /// A dial led nowhere.
    pub fn on_dial_failed(&mut self, _turn: &mut Turn<'_>, _contact: &Contact, _purpose: Purpose) {}

    /// Addresses were found.
    pub fn on_discovered(&mut self, _turn: &mut Turn<'_>, _contacts: Vec<Contact>, _source: Source) {}

    /// Whether a message may be worked on, or comes too fast.
    pub fn admits(&mut self, _turn: &mut Turn<'_>, _node: NodeId, _kind: Kind, _bytes: usize) -> bool {
        true
    }

    /// A peer asks for addresses.
    pub fn on_get_contacts(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        turn.send(node, Message::Contacts(Vec::new()));
    }

    /// A peer tells addresses.
    pub fn on_contacts(&mut self, _turn: &mut Turn<'_>, _node: NodeId, _contacts: Vec<Contact>) {}

    /// A peer did something wrong.
    pub fn on_fault(&mut self, turn: &mut Turn<'_>, node: NodeId, fault: Fault) {
        let now_ms = turn.now.ms;
        let Some(peer) = turn.peers.get_mut(&node) else { return };
        if peer.score.add(fault, now_ms) {
            turn.close(node, Goodbye::Banned);
        }
    }

    /// Time passes.
    pub fn on_tick(&mut self, _turn: &mut Turn<'_>) {}
}
