//! The connections that keep this node in the network: whom to dial, whom to let in, whom to part with, and what is
//! told of others.
//!
//! A fault is worth points ([`crate::score`]), enough of them a ban. What is banned is where the connection really came
//! from, never an address that somebody only named.

mod contacts;
mod dialling;
mod pace;

use std::collections::{BTreeMap, VecDeque};

use crate::bans::{Ban, BanError, Bans, Met, Reason, Subject};
use crate::book::AddressBook;
use crate::config::Config;
use crate::endpoint::{Contact, Endpoint, Host, NodeId};
use crate::limits::{Admission, ConnectionLimits, Inbound, admit};
use crate::machine::Source;
use crate::peers::{Direction, Link, Peer, Peers, Purpose};
use crate::rates::Passage;
use crate::score::{BAN_POINTS, Fault, Score};
use crate::turn::{Now, Turn};
use crate::wire::{Goodbye, Kind};

pub use dialling::DialCounts;

use contacts::Told;
use dialling::Dialling;
use pace::Paces;

/// A ban for what no honest node ever does, in ms.
const BAN_MS: u64 = 24 * 60 * 60 * 1_000;
/// A ban for many small faults, each of which bad luck might explain, in ms.
const SHORT_BAN_MS: u64 = 10 * 60 * 1_000;
/// Goodbyes of others that are remembered.
const GOODBYES_MAX: usize = 64;
/// Scores that are kept of peers that have gone.
const SCORES_MAX: usize = 1_024;
/// How often the connections that stand are taken note of, in ms.
const NOTE_MS: u64 = 20_000;

/// A peer's last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parted {
    /// Who.
    pub node: NodeId,
    /// Where it was.
    pub endpoint: Option<Endpoint>,
    /// Why.
    pub goodbye: Goodbye,
    /// When, in ms since the Unix epoch.
    pub unix_ms: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Connections {
    book: AddressBook,
    bans: Bans,
    dialling: Dialling,
    paces: Paces,
    told: Told,
    goodbyes: VecDeque<Parted>,
    faults: BTreeMap<&'static str, u64>,
    /// What those who have gone still have against them: a new connection is no new beginning.
    scores: BTreeMap<NodeId, Score>,
    noted_ms: u64,
}

impl Connections {
    /// No connection yet; the book and the bans are those of the last run.
    #[must_use]
    pub fn new(config: &Config, book: AddressBook, bans: Bans) -> Self {
        Self {
            book,
            bans,
            dialling: Dialling::new(&config.bootstrap),
            paces: Paces::new(),
            told: Told::default(),
            goodbyes: VecDeque::new(),
            faults: BTreeMap::new(),
            scores: BTreeMap::new(),
            noted_ms: 0,
        }
    }

    /// The address book.
    #[must_use]
    pub const fn book(&self) -> &AddressBook {
        &self.book
    }

    /// The bans.
    #[must_use]
    pub const fn bans(&self) -> &Bans {
        &self.bans
    }

    /// Attempts to reach others.
    #[must_use]
    pub const fn dials(&self) -> DialCounts {
        self.dialling.counts()
    }

    /// What peers have done wrong since the start, by name.
    #[must_use]
    pub const fn faults(&self) -> &BTreeMap<&'static str, u64> {
        &self.faults
    }

    /// The newest goodbyes, the oldest first.
    pub fn goodbyes(&self) -> impl DoubleEndedIterator<Item = &Parted> {
        self.goodbyes.iter()
    }

    /// A connection is there. False if it is closed again at once.
    pub fn on_connected(&mut self, turn: &mut Turn<'_>, node: NodeId, link: Link) -> bool {
        if let (Some(endpoint), Some(purpose)) = (&link.endpoint, link.purpose) {
            self.dialling.connected(node, endpoint, purpose);
        }
        let refused = self.refuses(turn, &node, &link);
        let too_often = self.paces.is_too_often(turn.now.ms, &node, &link);
        let score = self.scores.remove(&node).unwrap_or_default();
        turn.peers.insert(Peer { score, ..Peer::new(node, link, turn.config.genesis, turn.now.ms) });
        if let Some(goodbye) = refused {
            turn.close(node, goodbye);
        }
        if too_often {
            turn.fault(node, Fault::Reconnects);
        }
        refused.is_none()
    }

    /// Why a new connection is not wanted, if it is not; a worse one is given up for it if there is one.
    fn refuses(&mut self, turn: &mut Turn<'_>, node: &NodeId, link: &Link) -> Option<Goodbye> {
        let host = link.endpoint.as_ref().map(Endpoint::host);
        if self.bans.against(Met { node: *node, host }, turn.now.unix_ms).is_some() {
            return Some(Goodbye::Banned);
        }
        let host = host.filter(|_| link.direction == Direction::Inbound)?;
        let limits = ConnectionLimits {
            outbound_target: turn.config.outbound_target,
            inbound_max: turn.config.inbound_max,
            ..ConnectionLimits::NODE
        };
        match admit(&limits, &inbound(turn.peers), host, &turn.config.secret) {
            Admission::Admit => None,
            Admission::Replace(worse) => {
                turn.close(worse, Goodbye::Replaced);
                None
            }
            Admission::HostFull | Admission::GroupFull | Admission::AllFull => Some(Goodbye::TooManyPeers),
        }
    }

    /// A peer has introduced itself. False if that was all that was wanted of it.
    pub fn on_introduced(&mut self, turn: &mut Turn<'_>, node: NodeId) -> bool {
        let Some(link) = turn.peers.get(&node).map(|peer| peer.link.clone()) else { return false };
        if let (Direction::Outbound, Some(endpoint)) = (link.direction, &link.endpoint) {
            let now_ms = turn.now.unix_ms;
            // One that nobody told of, such as a bootstrap node, tells of itself by answering.
            self.book.add(endpoint, &endpoint.group(), now_ms, turn.rng);
            self.book.good(endpoint, node, now_ms);
        }
        if link.purpose == Some(Purpose::Feeler) {
            turn.close(node, Goodbye::OnlyLooking);
            return false;
        }
        self.told.introduce(turn, node);
        true
    }

    /// A connection is gone.
    pub fn on_closed(&mut self, turn: &mut Turn<'_>, peer: &Peer) {
        let stood_ms = turn.now.ms.saturating_sub(peer.since_ms);
        self.dialling.gone(turn, peer.node, stood_ms);
        self.paces.forget(&peer.node);
        self.keep_score(turn.now.ms, peer);
        self.told.forget(&peer.node);
        if let (Direction::Outbound, Some(endpoint)) = (peer.link.direction, &peer.link.endpoint) {
            match peer.leaving {
                // Whoever is of another network does not become one of ours by being dialled again.
                Some(Goodbye::OtherNetwork | Goodbye::OtherVersion) => self.book.forget(endpoint),
                _ if peer.hello.is_none() => self.book.failed(endpoint, turn.now.unix_ms),
                _ => self.book.seen(endpoint, turn.now.unix_ms),
            }
        }
    }

    /// Remembers what a peer that goes did wrong, unless it is banned for it already.
    fn keep_score(&mut self, now_ms: u64, peer: &Peer) {
        if !(1..BAN_POINTS).contains(&peer.score.points(now_ms)) {
            return;
        }
        if self.scores.len() >= SCORES_MAX {
            self.scores.retain(|_, score| score.points(now_ms) > 0);
        }
        if self.scores.len() >= SCORES_MAX {
            let least =
                self.scores.iter().min_by_key(|(_, score)| score.points(now_ms)).map(|(node, _)| *node);
            least.map(|node| self.scores.remove(&node));
        }
        self.scores.insert(peer.node, peer.score.clone());
    }

    /// A peer says why it leaves.
    pub fn on_goodbye(&mut self, turn: &mut Turn<'_>, node: NodeId, goodbye: Goodbye) {
        let endpoint = turn.peers.get(&node).and_then(|peer| peer.link.endpoint.clone());
        if self.goodbyes.len() == GOODBYES_MAX {
            self.goodbyes.pop_front();
        }
        self.goodbyes.push_back(Parted { node, endpoint, goodbye, unix_ms: turn.now.unix_ms });
    }

    /// A dial led nowhere.
    pub fn on_dial_failed(&mut self, turn: &mut Turn<'_>, contact: &Contact, purpose: Purpose) {
        if purpose != Purpose::Feeler {
            self.dialling.failed(turn, &contact.endpoint);
        }
        self.book.failed(&contact.endpoint, turn.now.unix_ms);
    }

    /// Addresses were found.
    pub fn on_discovered(&mut self, turn: &mut Turn<'_>, contacts: Vec<Contact>, source: Source) {
        self.told.discovered(turn, &mut self.book, &contacts, source);
    }

    /// Where others can reach this node.
    pub fn on_own(&mut self, turn: &mut Turn<'_>, own: Vec<Endpoint>) {
        for endpoint in &own {
            self.book.forget(endpoint);
        }
        self.told.set_own(turn, own);
    }

    /// Whether a message may be worked on, or comes too fast.
    pub fn admits(&mut self, turn: &mut Turn<'_>, node: NodeId, kind: Kind) -> bool {
        match self.paces.admits(turn.now.ms, &node, kind) {
            Passage::Granted => true,
            Passage::PeerOver => {
                turn.fault(node, Fault::Flood(kind));
                false
            }
            // All of them together are too many: that is nobody's fault.
            Passage::AllOver => false,
        }
    }

    /// A peer asks for addresses.
    pub fn on_get_contacts(&mut self, turn: &mut Turn<'_>, node: NodeId) {
        self.told.answer(turn, &mut self.book, node);
    }

    /// A peer tells addresses.
    pub fn on_contacts(&mut self, turn: &mut Turn<'_>, node: NodeId, contacts: &[Contact]) {
        self.told.learn(turn, &mut self.book, node, contacts);
    }

    /// A peer did something wrong.
    pub fn on_fault(&mut self, turn: &mut Turn<'_>, node: NodeId, fault: Fault) {
        *self.faults.entry(fault.name()).or_default() += 1;
        let now = turn.now;
        let Some(peer) = turn.peers.get_mut(&node).filter(|peer| peer.leaving.is_none()) else { return };
        tracing::debug!(%node, points = fault.points(), "a peer {fault}");
        let reason = Reason::new(&fault.to_string());
        let lasts_ms = if fault.points() >= BAN_POINTS { BAN_MS } else { SHORT_BAN_MS };
        if !peer.score.add(fault, now.ms) {
            return;
        }
        tracing::debug!(%node, "that is enough for a ban");
        if peer.link.purpose == Some(Purpose::Operator) {
            // The operator's word counts more than ours: it is parted with, and may be dialled again.
            turn.close(node, Goodbye::Banned);
            return;
        }
        let met = Met { node, host: peer.link.endpoint.as_ref().map(Endpoint::host) };
        self.bans.ban_met(met, &reason, now.unix_ms, now.unix_ms.saturating_add(lasts_ms));
        turn.close(node, Goodbye::Banned);
    }

    /// Time passes.
    pub fn on_tick(&mut self, turn: &mut Turn<'_>) {
        let (bans, unix_ms) = (&self.bans, turn.now.unix_ms);
        let own = self.told.own();
        let barred = |endpoint: &Endpoint| own.contains(endpoint) || !bans.allows(endpoint, unix_ms);
        self.dialling.go_on(turn, &mut self.book, &barred);
        self.told.go_on(turn);
        if turn.now.ms >= self.noted_ms {
            self.noted_ms = turn.now.ms + NOTE_MS;
            let standing = self.dialling.standing(turn);
            for contact in &standing {
                self.book.seen(&contact.endpoint, unix_ms);
            }
            self.book.keep_anchors(standing);
            self.book.settle_trials(unix_ms);
            self.bans.prune(unix_ms);
        }
    }

    /// Dials a place now and keeps a connection to it. True if it is connected already.
    pub fn add(&mut self, peers: &Peers, contact: Contact) -> bool {
        let connected = peers.all().any(|peer| {
            peer.link.endpoint.as_ref() == Some(&contact.endpoint) || Some(peer.node) == contact.node
        });
        self.dialling.want(contact);
        connected
    }

    /// Bans somebody by the word of the operator, and says whom of the connected it concerns.
    ///
    /// # Errors
    /// [`BanError`] if there are too many such bans.
    pub fn ban(
        &mut self,
        peers: &Peers,
        who: Subject,
        until_ms: Option<u64>,
        reason: Reason,
        now: Now,
    ) -> Result<Vec<NodeId>, BanError> {
        self.bans.ban_named(who, reason, now.unix_ms, until_ms)?;
        let concerned = |peer: &&Peer| {
            let met = Met { node: peer.node, host: peer.link.endpoint.as_ref().map(Endpoint::host) };
            peer.leaving.is_none() && self.bans.against(met, now.unix_ms).is_some()
        };
        Ok(peers.all().filter(concerned).map(|peer| peer.node).collect())
    }

    /// Ends a ban, and answers what it was.
    pub fn unban(&mut self, who: &Subject) -> Option<Ban> {
        self.bans.lift(who)
    }
}

/// The inbound peers, as the choice of who has to go sees them.
fn inbound(peers: &Peers) -> Vec<Inbound<NodeId>> {
    let inbound =
        peers.all().filter(|peer| peer.link.direction == Direction::Inbound && peer.leaving.is_none());
    let host = |peer: &Peer| -> Option<Host> { Some(peer.link.endpoint.as_ref()?.host().clone()) };
    inbound
        .filter_map(|peer| {
            Some(Inbound {
                id: peer.node,
                host: host(peer)?,
                connected_ms: peer.since_ms,
                latency_ms: peer.latency_min_ms,
                block_ms: (peer.useful_block_ms > 0).then_some(peer.useful_block_ms),
                transaction_ms: (peer.useful_transaction_ms > 0).then_some(peer.useful_transaction_ms),
            })
        })
        .collect()
}
