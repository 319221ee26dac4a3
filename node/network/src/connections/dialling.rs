//! Whom to dial, and when.
//!
//! The configured nodes and the operator's are kept for good, each with a growing pause after a failure. All other
//! outbound connections come from the book, one in each range of addresses; now and then a feeler finds out whether
//! an address that was only told of is true.

use std::collections::BTreeMap;

use rand::RngExt;

use crate::book::{AddressBook, Outbound, Role};
use crate::endpoint::{Contact, Endpoint, NodeId};
use crate::peers::Purpose;
use crate::turn::{Output, Turn};

/// Pause after the first failure, in ms; it doubles with every further one.
const PAUSE_MS: u64 = 1_000;
/// The longest pause, in ms.
const PAUSE_MAX_MS: u64 = 60_000;
/// A connection that stood so long was a good one, in ms: the pauses begin anew.
const STEADY_MS: u64 = 60_000;
/// Time between two feelers, on average, in ms.
const FEELER_MS: u64 = 60_000;
/// Dials that may be under way.
const UNDER_WAY_MAX: usize = 8;
/// Endpoints whose failures are remembered.
const PAUSES_MAX: usize = 1_024;

/// Attempts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DialCounts {
    /// All of them.
    pub started: u64,
    /// Those that ended in a connection.
    pub connected: u64,
    /// Those that did not.
    pub failed: u64,
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    failures: u32,
    until_ms: u64,
}

/// The dials under way, the pauses, and the outbound connections that count.
#[derive(Debug, Default)]
pub struct Dialling {
    /// Kept whatever the book says: bootstrap nodes and what the operator added.
    wanted: Vec<Contact>,
    under_way: BTreeMap<Endpoint, Outbound>,
    standing: BTreeMap<NodeId, Outbound>,
    pauses: BTreeMap<Endpoint, Pause>,
    feeler_ms: u64,
    counts: DialCounts,
}

impl Dialling {
    /// Begins with these.
    pub fn new(bootstrap: &[Contact]) -> Self {
        Self { wanted: bootstrap.to_vec(), ..Self::default() }
    }

    /// Attempts since the start.
    pub const fn counts(&self) -> DialCounts {
        self.counts
    }

    /// Keeps a connection to this place from now on, and dials it at once.
    pub fn want(&mut self, contact: Contact) {
        self.pauses.remove(&contact.endpoint);
        if !self.wanted.iter().any(|wanted| wanted.endpoint == contact.endpoint) {
            self.wanted.push(contact);
        }
    }

    /// A dial has ended in a connection.
    pub fn connected(&mut self, node: NodeId, endpoint: &Endpoint, purpose: Purpose) {
        self.counts.connected += 1;
        let under_way = self.under_way.remove(endpoint);
        if purpose != Purpose::Feeler {
            let contact = Contact { node: Some(node), endpoint: endpoint.clone() };
            let role = under_way.map_or(Role::Ordinary, |outbound| outbound.role);
            self.standing.insert(node, Outbound { contact, role });
        }
    }

    /// A connection is gone, and the next attempt waits a while.
    pub fn gone(&mut self, turn: &mut Turn<'_>, node: NodeId, stood_ms: u64) {
        if let Some(outbound) = self.standing.remove(&node) {
            if stood_ms >= STEADY_MS {
                self.pauses.remove(&outbound.contact.endpoint);
            }
            self.pause(turn, &outbound.contact.endpoint);
        }
    }

    /// A dial has led nowhere.
    pub fn failed(&mut self, turn: &mut Turn<'_>, endpoint: &Endpoint) {
        self.counts.failed += 1;
        self.under_way.remove(endpoint);
        self.pause(turn, endpoint);
    }

    /// The standing outbound connections, for the book's anchors: those that have stood longest first.
    pub fn standing(&self, turn: &Turn<'_>) -> Vec<Contact> {
        let mut standing: Vec<_> = self
            .standing
            .iter()
            .filter_map(|(node, outbound)| Some((turn.peers.get(node)?.since_ms, outbound.contact.clone())))
            .collect();
        standing.sort();
        standing.into_iter().map(|(_, contact)| contact).collect()
    }

    /// Dials whom there is to dial now.
    pub fn go_on(&mut self, turn: &mut Turn<'_>, book: &mut AddressBook, barred: &dyn Fn(&Endpoint) -> bool) {
        for contact in self.wanted.clone() {
            if !barred(&contact.endpoint)
                && self.is_usable(turn, &contact.endpoint)
                && !self.is_connected(turn, &contact)
            {
                let outbound = Outbound { contact, role: Role::Ordinary };
                self.dial(turn, book, outbound, Purpose::Operator);
            }
        }
        if self.standing.is_empty() && self.under_way.is_empty() {
            // Nobody is left: those that were good before come first again.
            book.recall_anchors();
        }
        let mut standing: Vec<Outbound> =
            self.standing.values().chain(self.under_way.values()).cloned().collect();
        while standing.len() < turn.config.outbound_target && self.under_way.len() < UNDER_WAY_MAX {
            let usable = |endpoint: &Endpoint| !barred(endpoint) && self.is_free(turn, endpoint);
            let mut rng = turn.rng.clone();
            let chosen = book.next_outbound(&standing, turn.now.unix_ms, usable, &mut rng);
            *turn.rng = rng;
            let Some(outbound) = chosen else { break };
            let purpose = if outbound.role == Role::Anchor { Purpose::Anchor } else { Purpose::Full };
            standing.push(outbound.clone());
            self.dial(turn, book, outbound, purpose);
        }
        self.feel(turn, book, barred);
    }

    /// Now and then one dial only to see whether somebody is there.
    fn feel(&mut self, turn: &mut Turn<'_>, book: &mut AddressBook, barred: &dyn Fn(&Endpoint) -> bool) {
        if turn.now.ms < self.feeler_ms || self.under_way.len() >= UNDER_WAY_MAX {
            return;
        }
        self.feeler_ms = turn.now.ms + turn.rng.random_range(FEELER_MS / 2..FEELER_MS * 3 / 2);
        let usable = |endpoint: &Endpoint| !barred(endpoint) && self.is_free(turn, endpoint);
        let mut rng = turn.rng.clone();
        let chosen = book.select_feeler(turn.now.unix_ms, usable, &mut rng);
        *turn.rng = rng;
        if let Some(contact) = chosen {
            self.dial(turn, book, Outbound { contact, role: Role::Ordinary }, Purpose::Feeler);
        }
    }

    fn dial(&mut self, turn: &mut Turn<'_>, book: &mut AddressBook, outbound: Outbound, purpose: Purpose) {
        self.counts.started += 1;
        let contact = outbound.contact.clone();
        book.dialled(&contact.endpoint, turn.now.unix_ms);
        if purpose != Purpose::Feeler {
            self.under_way.insert(contact.endpoint.clone(), outbound);
        }
        turn.outputs.push(Output::Dial { contact, purpose });
    }

    fn is_usable(&self, turn: &Turn<'_>, endpoint: &Endpoint) -> bool {
        !self.under_way.contains_key(endpoint)
            && self.pauses.get(endpoint).is_none_or(|pause| pause.until_ms <= turn.now.ms)
    }

    /// Whether a place of the book's may be dialled: nobody is connected there, and nobody keeps a connection to it
    /// for other reasons.
    fn is_free(&self, turn: &Turn<'_>, endpoint: &Endpoint) -> bool {
        self.is_usable(turn, endpoint)
            && !is_peer(turn, endpoint)
            && !self.wanted.iter().any(|wanted| wanted.endpoint == *endpoint)
    }

    fn is_connected(&self, turn: &Turn<'_>, contact: &Contact) -> bool {
        is_peer(turn, &contact.endpoint)
            || contact.node.is_some_and(|node| turn.peers.get(&node).is_some())
            || self.standing.values().any(|outbound| outbound.contact.endpoint == contact.endpoint)
    }

    fn pause(&mut self, turn: &mut Turn<'_>, endpoint: &Endpoint) {
        let failures = self.pauses.get(endpoint).map_or(0, |pause| pause.failures).saturating_add(1);
        let pause_ms = (PAUSE_MS << failures.min(10).saturating_sub(1)).min(PAUSE_MAX_MS);
        // Nodes that lost each other in one moment do not all come back in one.
        let jitter_ms = turn.rng.random_range(0..=pause_ms / 2);
        self.remember(endpoint, Pause { failures, until_ms: turn.now.ms + pause_ms + jitter_ms });
    }

    fn remember(&mut self, endpoint: &Endpoint, pause: Pause) {
        if self.pauses.len() >= PAUSES_MAX && !self.pauses.contains_key(endpoint) {
            // What may be dialled again soonest is forgotten first.
            let soonest =
                self.pauses.iter().min_by_key(|(_, pause)| pause.until_ms).map(|(key, _)| key.clone());
            soonest.map(|key| self.pauses.remove(&key));
        }
        self.pauses.insert(endpoint.clone(), pause);
    }
}

/// Whether somebody is connected at this place.
fn is_peer(turn: &Turn<'_>, endpoint: &Endpoint) -> bool {
    turn.peers.all().any(|peer| peer.link.endpoint.as_ref() == Some(endpoint))
}
