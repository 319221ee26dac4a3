//! What the swarm tells.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use vibecoin_network::endpoint::{Contact, Endpoint, NodeId};
use vibecoin_network::machine::{Input, Source};
use vibecoin_network::peers::{Link, Purpose};
use vibecoin_network::score::Fault;
use vibecoin_network::wire::{Message, WireError};

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// A connection is there, and its talk lane is open. Told once before [`Event::Closed`], whatever happens below.
    Connected {
        /// To whom.
        node: NodeId,
        /// How. If this node has dialled, the endpoint is the one of the dial.
        link: Link,
        /// Which of this node's connections, in the order in which they came.
        session: Session,
    },
    /// A connection is gone. All its bytes have been told as sent.
    Closed {
        /// To whom.
        node: NodeId,
    },
    /// A dial led nowhere. Every [`crate::Command::Dial`] has this or [`Event::Connected`] for an answer; a dial that
    /// reaches a node that is connected already has this one, with [`DialError::Connected`].
    DialFailed {
        /// Where it went.
        contact: Contact,
        /// What for.
        purpose: Purpose,
        /// Why.
        error: DialError,
    },
    /// A message came.
    Received {
        /// From whom.
        node: NodeId,
        /// What.
        message: Message,
        /// Length of its frame.
        bytes: usize,
        /// To be dropped once the message has been worked on: until then the peer has that much less to fill.
        room: Room,
    },
    /// Bytes of messages went out, or never will.
    Sent {
        /// To whom.
        node: NodeId,
        /// How many.
        bytes: usize,
    },
    /// Bytes came that are no message. Nothing more is read from this peer.
    Violated {
        /// From whom.
        node: NodeId,
        /// What is wrong.
        error: WireError,
    },
    /// Something else is wrong with the connection.
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
    /// This node listens here now.
    Listening(Endpoint),
    /// This node no longer listens here.
    ListeningEnded(Endpoint),
    /// Others can reach this node here, or no longer.
    External {
        /// Where.
        endpoint: Endpoint,
        /// Whether it can be reached.
        reachable: bool,
    },
    /// What is known of this node's place in the network has changed.
    Nat(NatState),
}

impl Event {
    /// The input of the machine, and the room to hold until it has been handled. Nothing for what concerns only
    /// whoever looks at the node.
    #[must_use]
    pub fn into_input(self) -> Option<(Input, Option<Room>)> {
        let input = match self {
            Self::Received { node, message, bytes, room } => {
                return Some((Input::Received { node, message, bytes }, Some(room)));
            }
            Self::Connected { node, link, .. } => Input::Connected { node, link },
            Self::Closed { node } => Input::Closed { node },
            Self::DialFailed { contact, purpose, .. } => Input::DialFailed { contact, purpose },
            Self::Sent { node, bytes } => Input::Sent { node, bytes },
            Self::Violated { node, error } => Input::Violated { node, error },
            Self::Misbehaved { node, fault } => Input::Misbehaved { node, fault },
            Self::Latency { node, ms } => Input::Latency { node, ms },
            Self::Discovered { contacts, source } => Input::Discovered { contacts, source },
            Self::Listening(_) | Self::ListeningEnded(_) | Self::External { .. } | Self::Nat(_) => {
                return None;
            }
        };
        Some((input, None))
    }
}

/// Tells one connection to a node from the next one to the same node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Session(pub(crate) u64);

/// The memory that a received message may take, given back when it is dropped.
#[derive(Debug, Default)]
pub struct Room {
    /// One of the messages of this peer that may wait.
    pub(crate) _place: Option<OwnedSemaphorePermit>,
    /// Its bytes, of those that all peers share.
    pub(crate) _bytes: Option<OwnedSemaphorePermit>,
}

/// Whether others can open connections to this node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Nobody has tried yet.
    #[default]
    Unknown,
    /// Somebody did.
    Public,
    /// Nobody can: there is a router or a firewall before it.
    Private,
}

/// This node's place in the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NatState {
    /// Whether others can open connections to it.
    pub reach: Reach,
    /// Where a router forwards a port to it.
    pub forwarded: Option<Endpoint>,
    /// The nodes that relay for it.
    pub relays: Vec<NodeId>,
    /// Connections that began through a relay and became direct.
    pub punched: u64,
    /// Those that did not.
    pub punch_failures: u64,
}

/// Why a dial led nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// Nobody listens there.
    #[error("refused")]
    Refused,
    /// Nobody answered in time.
    #[error("no answer in time")]
    TimedOut,
    /// There is no way there.
    #[error("not reachable")]
    Unreachable,
    /// The name has no address.
    #[error("the name cannot be resolved")]
    NoSuchName,
    /// Another node than the one that was looked for.
    #[error("another node is there: {0}")]
    WrongNode(NodeId),
    /// Whoever is there does not prove who it is, or speaks something else.
    #[error("the handshake of the transport failed")]
    Handshake,
    /// It speaks for no such network.
    #[error("does not speak this network's protocol")]
    OtherProtocol,
    /// This node itself is there.
    #[error("that is this node itself")]
    Myself,
    /// There is a connection to it already.
    #[error("connected already")]
    Connected,
    /// This node has as many connections as it may, or too little memory.
    #[error("no room for one more connection")]
    NoRoom,
    /// This transport is switched off: QUIC behind a proxy, local addresses.
    #[error("such an address is not dialled")]
    Unsupported,
    /// The proxy does not answer, or refuses.
    #[error("the proxy does not connect")]
    Proxy,
    /// The node stops.
    #[error("the node stops")]
    Stopping,
}

/// The last session of each node that whoever takes the events has been told of.
pub(crate) type Seen = Arc<Mutex<HashMap<NodeId, Session>>>;

/// The events, in order.
///
/// There is one, and whoever takes an event from it gives the commands that follow before it takes the next one: a
/// command goes to the connection that was told last, and to no later one, so that nothing meant for a connection that
/// is gone slips into its successor.
#[derive(Debug)]
pub struct Events {
    pub(crate) receiver: mpsc::Receiver<Event>,
    pub(crate) seen: Seen,
}

impl Events {
    /// The next event; `None` once the swarm has ended.
    pub async fn recv(&mut self) -> Option<Event> {
        let event = self.receiver.recv().await?;
        match &event {
            Event::Connected { node, session, .. } => {
                self.seen.lock().insert(*node, *session);
            }
            Event::Closed { node } => {
                self.seen.lock().remove(node);
            }
            _ => {}
        }
        Some(event)
    }
}
