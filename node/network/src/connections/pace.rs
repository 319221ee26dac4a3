//! How much of what a peer may send, and how often somebody may connect.
//!
//! The rates are several times what the busiest honest node needs: a block a second for a network of one second, the
//! transactions of full blocks, and the questions of a node that catches up as fast as it can.

use std::collections::BTreeMap;

use crate::endpoint::{Endpoint, Host, NodeId};
use crate::peers::{Direction, Link};
use crate::rates::{Bucket, KindRate, Passage, Rate, RateTable};
use crate::wire::Kind;

/// All peers together may send as much as so many that go to their limits.
const ALL_PEERS: u32 = 16;
/// Connections that one site may open: in a burst, and in a minute.
const RECONNECTS: Rate = Rate::per_minute(20, 12);
/// Sites whose connections are counted.
const SITES_MAX: usize = 4_096;

/// Whose connections are counted: a public site, or a node where many share an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Visitor {
    Site(Host),
    Node(NodeId),
}

/// See the module.
#[derive(Debug)]
pub struct Paces {
    messages: RateTable<NodeId>,
    visits: BTreeMap<Visitor, Bucket>,
}

impl Paces {
    /// Full buckets.
    pub fn new() -> Self {
        let rates: Vec<_> = Kind::ALL.into_iter().map(rate).collect();
        Self { messages: RateTable::new(rates, 0), visits: BTreeMap::new() }
    }

    /// Whether a message may be worked on.
    pub fn admits(&mut self, now_ms: u64, node: &NodeId, kind: Kind) -> Passage {
        self.messages.enter(*node, now_ms);
        self.messages.take(node, usize::from(kind.number()), 1, now_ms)
    }

    /// Counts a connection. True if there have been too many of this visitor's.
    pub fn is_too_often(&mut self, now_ms: u64, node: &NodeId, link: &Link) -> bool {
        if link.direction == Direction::Outbound {
            return false;
        }
        let site = link.endpoint.as_ref().map(Endpoint::host).filter(|host| host.is_global());
        let visitor = site.map_or(Visitor::Node(*node), |host| Visitor::Site(host.site()));
        if self.visits.len() >= SITES_MAX && !self.visits.contains_key(&visitor) {
            // A bucket that is full again says nothing.
            self.visits.retain(|_, bucket| !bucket.has(RECONNECTS.capacity(), now_ms));
        }
        if self.visits.len() >= SITES_MAX {
            self.visits.pop_first();
        }
        !self.visits.entry(visitor).or_insert_with(|| Bucket::new(RECONNECTS, now_ms)).take(1, now_ms)
    }

    /// A peer is gone.
    pub fn forget(&mut self, node: &NodeId) {
        self.messages.leave(node);
    }
}

/// Messages of one kind that a peer may send. No `_` arm: every new kind must take a stand.
const fn rate(kind: Kind) -> KindRate {
    let peer = match kind {
        // Once or never; the handshake and the connection see to it.
        Kind::Hello | Kind::Goodbye => Rate::per_minute(4, 4),
        Kind::GetContacts | Kind::Contacts | Kind::PushCompact => Rate::per_minute(16, 16),
        Kind::Tip | Kind::Compact | Kind::Segment | Kind::GetCompact => Rate::per_second(256, 32),
        Kind::GetBlockTransactions | Kind::BlockTransactions => Rate::per_second(128, 16),
        Kind::AnnounceTransactions | Kind::GetTransactions | Kind::Transactions => Rate::per_second(512, 128),
        // Questions of somebody who catches up, and the answers, which were asked for.
        Kind::GetHeaders | Kind::GetBlocks | Kind::GetStateChunk => Rate::per_second(1_024, 256),
        Kind::Headers | Kind::Block | Kind::StateChunk | Kind::Refused => Rate::per_second(65_536, 16_384),
    };
    KindRate { peer, all: peer.times(ALL_PEERS) }
}
