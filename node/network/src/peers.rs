//! The peers that are connected, and what is known of each whatever it is used for.

use std::collections::BTreeMap;

use crate::endpoint::{Endpoint, NodeId};
use crate::score::Score;
use crate::wire::{Capabilities, Goodbye, Hello, Kind, TipClaim};

/// Who opened the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// The other side.
    Inbound,
    /// This node.
    Outbound,
}

/// What a dial is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// One of the connections that keep this node in the network.
    Full,
    /// The same, to a node that was connected in the last run.
    Anchor,
    /// To see whether somebody is there; closed after the handshake.
    Feeler,
    /// The operator or the configuration asked for it; kept whatever the limits say.
    Operator,
}

/// How a connection came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Who opened it.
    pub direction: Direction,
    /// Where the other side is, as this side sees it; `None` when a relay stands between.
    pub endpoint: Option<Endpoint>,
    /// What it was dialled for; `None` when it was not.
    pub purpose: Option<Purpose>,
}

/// Bytes and messages by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    bytes: [u64; Kind::ALL.len()],
    messages: [u64; Kind::ALL.len()],
}

impl Traffic {
    /// Counts a message.
    pub fn count(&mut self, kind: Kind, bytes: usize) {
        let at = usize::from(kind.number());
        self.bytes[at] += bytes as u64;
        self.messages[at] += 1;
    }

    /// Bytes of one kind.
    #[must_use]
    pub fn bytes_of(&self, kind: Kind) -> u64 {
        self.bytes[usize::from(kind.number())]
    }

    /// Messages of one kind.
    #[must_use]
    pub fn messages_of(&self, kind: Kind) -> u64 {
        self.messages[usize::from(kind.number())]
    }

    /// Bytes of all kinds.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.bytes.iter().sum()
    }

    /// Adds somebody else's figures.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.bytes.iter_mut().zip(other.bytes) {
            *mine += theirs;
        }
        for (mine, theirs) in self.messages.iter_mut().zip(other.messages) {
            *mine += theirs;
        }
    }
}

/// Unanswered questions of which it is remembered that they may not have been heard.
const UNANSWERED_MAX: usize = 64;

/// A connected peer.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Who.
    pub node: NodeId,
    /// How.
    pub link: Link,
    /// Since when, in ms on the machine's clock.
    pub since_ms: u64,
    /// What it said of itself; `None` until it has.
    pub hello: Option<Hello>,
    /// The best tip that it claims or has shown.
    pub tip: TipClaim,
    /// What it did wrong.
    pub score: Score,
    /// When a round trip was measured last.
    pub answered_ms: u64,
    /// The last round trip, in ms.
    pub latency_ms: Option<u64>,
    /// The shortest round trip, in ms.
    pub latency_min_ms: Option<u64>,
    /// When its last message came.
    pub heard_ms: u64,
    /// What it was.
    pub heard_kind: Option<Kind>,
    /// What it left unanswered, and when that was asked, as long as nobody knows whether it heard the question.
    pub(crate) unanswered: Vec<(Kind, u64)>,
    /// When it last brought a block that was new.
    pub useful_block_ms: u64,
    /// When it last brought a transaction that was new.
    pub useful_transaction_ms: u64,
    /// What came from it.
    pub received: Traffic,
    /// What was given to the driver for it.
    pub sent: Traffic,
    /// Bytes that the driver has and the socket has not taken yet.
    pub unsent_bytes: usize,
    /// Since when nothing of them was taken.
    pub stuck_since_ms: Option<u64>,
    /// Set once it was told goodbye: nothing that still comes from it counts.
    pub leaving: Option<Goodbye>,
}

impl Peer {
    /// A peer that has just connected.
    #[must_use]
    pub fn new(node: NodeId, link: Link, genesis: TipClaim, now_ms: u64) -> Self {
        Self {
            node,
            link,
            since_ms: now_ms,
            hello: None,
            tip: genesis,
            score: Score::default(),
            answered_ms: 0,
            latency_ms: None,
            latency_min_ms: None,
            heard_ms: now_ms,
            heard_kind: None,
            unanswered: Vec::new(),
            useful_block_ms: 0,
            useful_transaction_ms: 0,
            received: Traffic::default(),
            sent: Traffic::default(),
            unsent_bytes: 0,
            stuck_since_ms: None,
            leaving: None,
        }
    }

    /// The last moment at which it is known to have heard this node, in ms: a round trip began then. 0 before the first.
    #[must_use]
    pub fn hears_ms(&self) -> u64 {
        self.answered_ms.saturating_sub(self.latency_ms.unwrap_or(0))
    }

    /// A round trip of so many ms has just ended. Gives what it left unanswered though it had heard the question: a line
    /// over which nothing reaches the peer makes nobody look bad.
    pub fn on_round_trip(&mut self, ms: u64, now_ms: u64) -> Vec<Kind> {
        self.answered_ms = now_ms;
        self.latency_ms = Some(ms);
        self.latency_min_ms = Some(self.latency_min_ms.map_or(ms, |least| least.min(ms)));
        let hears_ms = self.hears_ms();
        let heard = self.unanswered.extract_if(.., |(_, asked_ms)| *asked_ms <= hears_ms);
        heard.map(|(kind, _)| kind).collect()
    }

    /// It has left something unanswered that it was asked then. True if it is known to have heard the question; else
    /// that shows later, or the connection ends first.
    pub fn left_unanswered(&mut self, kind: Kind, asked_ms: u64) -> bool {
        let has_heard = asked_ms <= self.hears_ms();
        if !has_heard && self.unanswered.len() < UNANSWERED_MAX {
            self.unanswered.push((kind, asked_ms));
        }
        has_heard
    }

    /// True if it has left something unanswered that it may not have heard.
    #[must_use]
    pub fn owes(&self) -> bool {
        !self.unanswered.is_empty()
    }

    /// True once both sides know each other, until one of them leaves.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.hello.is_some() && self.leaving.is_none()
    }

    /// True if it says that it serves this.
    #[must_use]
    pub fn serves(&self, what: Capabilities) -> bool {
        self.is_ready() && self.hello.as_ref().is_some_and(|hello| hello.capabilities.has(what))
    }

    /// True if transactions are spoken of on this connection.
    #[must_use]
    pub fn talks_of_transactions(&self) -> bool {
        self.serves(Capabilities::TRANSACTIONS)
    }
}

/// All of them, in the order of their ids, so that the same inputs always meet the same order.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    by_node: BTreeMap<NodeId, Peer>,
}

impl Peers {
    /// The peer with this id.
    #[must_use]
    pub fn get(&self, node: &NodeId) -> Option<&Peer> {
        self.by_node.get(node)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, node: &NodeId) -> Option<&mut Peer> {
        self.by_node.get_mut(node)
    }

    /// All peers.
    pub fn all(&self) -> impl Iterator<Item = &Peer> {
        self.by_node.values()
    }

    /// All peers, to be changed.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Peer> {
        self.by_node.values_mut()
    }

    /// The peers that both sides have introduced themselves with.
    pub fn ready(&self) -> impl Iterator<Item = &Peer> {
        self.all().filter(|peer| peer.is_ready())
    }

    /// How many there are of a direction, those included that have not said hello.
    #[must_use]
    pub fn count(&self, direction: Direction) -> usize {
        self.all().filter(|peer| peer.link.direction == direction).count()
    }

    pub(crate) fn insert(&mut self, peer: Peer) {
        self.by_node.insert(peer.node, peer);
    }

    pub(crate) fn remove(&mut self, node: &NodeId) -> Option<Peer> {
        self.by_node.remove(node)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::Bench;

    fn peer() -> Peer {
        let mut bench = Bench::new();
        let node = bench.connect(1, Direction::Inbound);
        bench.peer(node).unwrap().clone()
    }

    #[test]
    fn who_has_not_heard_a_question_does_not_owe_an_answer() {
        let mut peer = peer();
        assert!(peer.on_round_trip(100, 5_000).is_empty());
        assert_eq!(peer.hears_ms(), 4_900);
        // Asked after it was heard of last: nobody knows whether the question arrived.
        assert!(!peer.left_unanswered(Kind::GetTransactions, 5_000));
        // The next round trip began before the question did.
        assert!(peer.on_round_trip(2_000, 6_900).is_empty());
        assert_eq!(peer.on_round_trip(100, 20_000), [Kind::GetTransactions]);
        assert!(peer.on_round_trip(100, 30_000).is_empty(), "it is told once");
        assert!(peer.left_unanswered(Kind::GetBlocks, 29_000), "this one it has heard");
    }

    #[test]
    fn what_may_not_have_been_heard_is_remembered_within_bounds() {
        let mut peer = peer();
        (0..10_000).for_each(|_| assert!(!peer.left_unanswered(Kind::GetBlocks, 1_000_000)));
        assert_eq!(peer.on_round_trip(1, 2_000_000).len(), UNANSWERED_MAX);
    }
}
