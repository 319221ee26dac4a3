//! What the machine is told: by the driver, by the node, and by time.

use std::sync::Arc;

use vibecoin_crypto::Hash;

use crate::endpoint::{Contact, Endpoint, NodeId};
use crate::peers::{Link, Purpose};
use crate::score::Fault;
use crate::wire::{Message, WireError};
use crate::world::{Found, Judgement, Ticket};

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// A connection is there, and the talk lane is open.
    Connected {
        /// To whom.
        node: NodeId,
        /// How.
        link: Link,
    },
    /// A connection is gone.
    Closed {
        /// To whom.
        node: NodeId,
    },
    /// A dial led nowhere.
    DialFailed {
        /// Where it went.
        contact: Contact,
        /// What for.
        purpose: Purpose,
    },
    /// A message came.
    Received {
        /// From whom.
        node: NodeId,
        /// What.
        message: Message,
        /// Length of its frame.
        bytes: usize,
    },
    /// Bytes of a message went out.
    Sent {
        /// To whom.
        node: NodeId,
        /// How many.
        bytes: usize,
    },
    /// Bytes came that are no message. The driver has stopped reading from this peer.
    Violated {
        /// From whom.
        node: NodeId,
        /// What is wrong.
        error: WireError,
    },
    /// Something else is wrong with the connection, as the driver sees it.
    Misbehaved {
        /// Whose.
        node: NodeId,
        /// What.
        fault: Fault,
    },
    /// A round trip was measured.
    Latency {
        /// To whom.
        node: NodeId,
        /// How long, in ms.
        ms: u64,
    },
    /// Addresses were found by other ways than peers' answers.
    Discovered {
        /// Where nodes may be.
        contacts: Vec<Contact>,
        /// Who told.
        source: Source,
    },
    /// Where this node can be reached.
    Own(Vec<Endpoint>),
    /// The answer to [`crate::Output::Judge`].
    Judged {
        /// Its ticket.
        ticket: Ticket,
        /// The verdict.
        judgement: Judgement,
    },
    /// The answer to [`crate::Output::Look`].
    Found {
        /// Its ticket.
        ticket: Ticket,
        /// What was found.
        found: Found,
    },
    /// The active tip has moved.
    Moved,
    /// Transactions are new in the pool, by leaf hash.
    Added(Vec<Hash>),
    /// This node has made a segment.
    SegmentMade {
        /// The block that it starts from.
        parent: Hash,
        /// Its ticks.
        ticks: Arc<[Hash]>,
    },
    /// Time passes: several times a second.
    Tick,
}

/// Who told an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The operator or the configuration.
    Operator,
    /// The local network.
    LocalNetwork,
    /// The distributed table, through this peer.
    Table(NodeId),
}
