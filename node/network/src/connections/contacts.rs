//! Addresses: what is told to others, and what is believed of what they tell.
//!
//! A node tells each peer once where it can be reached itself, and asks those that it dialled for more. Whatever is told
//! goes into the book under the range of the teller, and is worth nothing until somebody has been dialled there.

use std::collections::BTreeMap;

use rand::RngExt;

use crate::book::AddressBook;
use crate::endpoint::{Contact, Endpoint, Group, NodeId};
use crate::machine::Source;
use crate::peers::Direction;
use crate::score::Fault;
use crate::turn::Turn;
use crate::wire::Message;

/// Addresses that a peer may tell without having been asked: its own.
const UNASKED_MAX: usize = 8;
/// Addresses of this node's own that are told.
const OWN_MAX: usize = 4;
/// Time between two questions for more addresses, on average, in ms.
const ASK_MS: u64 = 30_000;

/// What was asked of a peer and told by it.
#[derive(Clone, Copy, Debug, Default)]
struct Talk {
    /// It was asked, and has not answered yet.
    asked: bool,
    /// It has told of itself.
    introduced: bool,
    /// When it was answered last, in ms.
    answered_ms: Option<u64>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Told {
    own: Vec<Endpoint>,
    talks: BTreeMap<NodeId, Talk>,
    ask_ms: u64,
}

impl Told {
    /// Where this node can be reached.
    pub fn own(&self) -> &[Endpoint] {
        &self.own
    }

    /// This node can be reached here now. Who is connected hears of it.
    pub fn set_own(&mut self, turn: &mut Turn<'_>, own: Vec<Endpoint>) {
        let private = turn.config.private_addresses;
        let own: Vec<_> =
            own.into_iter().filter(|endpoint| private || endpoint.is_global()).take(OWN_MAX).collect();
        if own != self.own {
            self.own = own;
            let ready: Vec<_> = turn.peers.ready().map(|peer| peer.node).collect();
            for node in ready {
                self.tell_own(turn, node);
            }
        }
    }

    /// A peer has said hello.
    pub fn introduce(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        self.talks.insert(node, Talk::default());
        self.tell_own(turn, node);
        // An attacker that comes by itself is not asked whom else to talk to.
        if turn.peers.get(&node).is_some_and(|peer| peer.link.direction == Direction::Outbound) {
            self.ask(turn, node);
        }
    }

    /// A peer is gone.
    pub fn forget(&mut self, node: &NodeId) {
        self.talks.remove(node);
    }

    /// A peer asks for addresses: the same ones all day, so asking again and again is of no use to it.
    pub fn answer(&mut self, turn: &mut Turn<'_>, book: &mut AddressBook, node: NodeId) {
        let asker = turn.peers.get(&node).and_then(|peer| peer.link.endpoint.as_ref());
        let Some(asker) = asker.map(|endpoint| endpoint.host().clone()) else { return };
        let Some(talk) = self.talks.get_mut(&node) else { return };
        let before_ms = talk.answered_ms.replace(turn.now.ms);
        if before_ms.is_some_and(|before_ms| turn.now.ms - before_ms < ASK_MS / 4) {
            turn.fault(node, Fault::Repeated(crate::wire::Kind::GetContacts));
        }
        let contacts = book.answer(&asker, turn.now.unix_ms, turn.rng);
        turn.send(node, Message::Contacts(contacts));
    }

    /// A peer tells addresses: its own, or those that it was asked for.
    pub fn learn(&mut self, turn: &mut Turn<'_>, book: &mut AddressBook, node: NodeId, contacts: &[Contact]) {
        let Some(talk) = self.talks.get_mut(&node) else { return };
        if !talk.introduced
            && contacts.len() <= UNASKED_MAX
            && contacts.iter().all(|told| told.node == Some(node))
        {
            // The last word about itself before anything else; an address that moves is told in the next connection.
            talk.introduced = true;
        } else if talk.asked {
            talk.asked = false;
        } else if contacts.len() > UNASKED_MAX || contacts.iter().any(|told| told.node != Some(node)) {
            turn.fault(node, Fault::BadContacts);
            return;
        }
        let Some(source) = source_of(turn, &node) else { return };
        for contact in contacts.iter().filter(|contact| !self.own.contains(&contact.endpoint)) {
            book.add(&contact.endpoint, &source, turn.now.unix_ms, turn.rng);
        }
    }

    /// Addresses came by other ways.
    pub fn discovered(
        &mut self,
        turn: &mut Turn<'_>,
        book: &mut AddressBook,
        contacts: &[Contact],
        source: Source,
    ) {
        for contact in contacts.iter().filter(|contact| !self.own.contains(&contact.endpoint)) {
            let source = match source {
                Source::Operator | Source::LocalNetwork => contact.endpoint.group(),
                Source::Table(node) => match source_of(turn, &node) {
                    Some(source) => source,
                    None => continue,
                },
            };
            book.add(&contact.endpoint, &source, turn.now.unix_ms, turn.rng);
        }
    }

    /// Now and then, while there are too few connections, somebody is asked for more addresses.
    pub fn go_on(&mut self, turn: &mut Turn<'_>) {
        if turn.now.ms < self.ask_ms {
            return;
        }
        self.ask_ms = turn.now.ms + turn.rng.random_range(ASK_MS / 2..ASK_MS * 3 / 2);
        let outbound: Vec<_> = turn
            .peers
            .ready()
            .filter(|peer| peer.link.direction == Direction::Outbound)
            .map(|peer| peer.node)
            .collect();
        if outbound.is_empty() || outbound.len() >= turn.config.outbound_target {
            return;
        }
        let node = outbound[turn.rng.random_range(0..outbound.len())];
        if self.talks.get(&node).is_some_and(|talk| !talk.asked) {
            self.ask(turn, node);
        }
    }

    fn ask(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        if let Some(talk) = self.talks.get_mut(&node) {
            talk.asked = true;
            turn.send(node, Message::GetContacts);
        }
    }

    fn tell_own(&self, turn: &mut Turn<'_>, node: NodeId) {
        if !self.own.is_empty() {
            let me = Some(turn.config.node);
            let own = self.own.iter().map(|endpoint| Contact { node: me, endpoint: endpoint.clone() });
            turn.send(node, Message::Contacts(own.collect()));
        }
    }
}

/// The range that a peer tells from: where this node sees it.
fn source_of(turn: &Turn<'_>, node: &NodeId) -> Option<Group> {
    turn.peers.get(node)?.link.endpoint.as_ref().map(Endpoint::group)
}
