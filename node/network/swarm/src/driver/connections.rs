//! The table of connections, whatever they are there for.

use std::time::{Duration, Instant};

use libp2p::PeerId;
use libp2p::core::{ConnectedPoint, Endpoint as Role};
use libp2p::swarm::ConnectionId;
use vibecoin_network::endpoint::{Endpoint, NodeId};

use super::DriverTask;
use super::dials::Dialling;
use crate::address::{endpoint_of, is_relayed};

/// A connection without a session has a use for so long: a question, a dial back, a hole to be punched.
const UNUSED: Duration = Duration::from_secs(60);

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub peer: PeerId,
    pub node: NodeId,
    /// Where the other side is, unless a relay stands between.
    pub endpoint: Option<Endpoint>,
    pub relayed: bool,
    /// Whether this side opens the lanes: it dialled, or would have, had both not dialled at the same moment.
    pub opens: bool,
    pub since: Instant,
    /// The talk lane is being opened: for this dial, or in place of a relayed connection.
    pub opening: Option<Opening>,
    /// Whether lanes were ever wanted on it. They are opened once; then it is closed.
    pub used: bool,
    /// Pings in a row that had no answer.
    pub silent_pings: u32,
    /// Whether the other side has said where it listens.
    pub identified: bool,
}

/// Why the talk lane is being opened.
#[derive(Debug)]
pub(super) enum Opening {
    /// The node wants to be connected.
    Dialled(Dialling),
    /// A session through a relay becomes direct.
    Punched,
}

impl Connection {
    pub(super) fn new(peer: PeerId, node: NodeId, point: &ConnectedPoint) -> Self {
        let (remote, local, opens) = match point {
            ConnectedPoint::Dialer { address, role_override, .. } => {
                (address, address, *role_override == Role::Dialer)
            }
            ConnectedPoint::Listener { local_addr, send_back_addr } => (send_back_addr, local_addr, false),
        };
        let relayed = is_relayed(remote) || is_relayed(local);
        Self {
            peer,
            node,
            endpoint: if relayed { None } else { endpoint_of(remote) },
            relayed,
            opens,
            since: Instant::now(),
            opening: None,
            used: false,
            silent_pings: 0,
            identified: false,
        }
    }
}

impl DriverTask {
    /// Closes connections that have no use any more. Where this node relays, others keep theirs to be reached.
    pub(super) fn sweep(&mut self, now: Instant) {
        if self.relaying {
            return;
        }
        let unused: Vec<_> = self
            .connections
            .iter()
            .filter(|(id, connection)| {
                now.duration_since(connection.since) > UNUSED
                    && connection.opening.is_none()
                    && !self.carries_session(**id, connection)
                    && !self.nat.relays_through(&connection.peer)
            })
            .map(|(id, _)| *id)
            .collect();
        for id in unused {
            self.swarm.close_connection(id);
        }
    }

    pub(super) fn carries_session(&self, id: ConnectionId, connection: &Connection) -> bool {
        self.sessions.get(&connection.node).is_some_and(|live| live.connection == id)
    }
}
