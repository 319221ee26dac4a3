//! Dials that the node has asked for, and what became of them.

use std::error::Error;
use std::io;

use libp2p::Multiaddr;
use libp2p::core::transport::TransportError;
use libp2p::core::transport::timeout::TransportTimeoutError;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError as SwarmDialError};
use libp2p::{PeerId, dns, quic};
use vibecoin_network::endpoint::{Contact, Transport};
use vibecoin_network::peers::Purpose;
use vibecoin_network::wire::Lane;

use super::DriverTask;
use super::connections::Opening;
use crate::address::{multiaddr_of, node_of, peer_of};
use crate::event::{DialError, Event};
use crate::transport::gate::Permit;

/// Dials that are under way at once.
const DIALS_MAX: usize = 64;

/// A dial that has not been answered.
#[derive(Debug)]
pub(super) struct Dialling {
    pub contact: Contact,
    pub purpose: Purpose,
    /// Whether it goes through whoever was found at the place of the contact.
    relayed: bool,
    permit: Permit,
}

impl DriverTask {
    pub(super) fn dial(&mut self, contact: Contact, purpose: Purpose) {
        let permit = self.shared.permits.permit(contact.endpoint.clone());
        let dialling = Dialling { contact, purpose, relayed: false, permit };
        if let Some(error) = self.objection(&dialling.contact) {
            return self.fail(dialling, error);
        }
        let peer = match dialling.contact.node {
            Some(node) => match peer_of(&node) {
                Some(peer) => Some(peer),
                // Nobody can prove to own what is no key.
                None => return self.fail(dialling, DialError::Handshake),
            },
            None => None,
        };
        let spare = peer.and_then(|peer| self.spare_connection(peer));
        if let (Some(id), Some(peer)) = (spare, peer) {
            return self.open_talk(id, peer, Opening::Dialled(dialling));
        }
        let address = multiaddr_of(&dialling.contact.endpoint);
        self.dial_address(peer, address, dialling);
    }

    /// Why a contact is not dialled at all.
    fn objection(&self, contact: &Contact) -> Option<DialError> {
        let live = contact.node.and_then(|node| self.sessions.get(&node));
        if contact.node == Some(self.me) {
            Some(DialError::Myself)
        } else if live.is_some_and(|live| live.is_open() && !self.is_through_relay(live.connection)) {
            Some(DialError::Connected)
        } else if self.proxied && contact.endpoint.transport() == Transport::Quic {
            Some(DialError::Unsupported)
        } else if self.dials.len() >= DIALS_MAX {
            Some(DialError::NoRoom)
        } else {
            None
        }
    }

    pub(super) fn is_through_relay(&self, id: ConnectionId) -> bool {
        self.connections.get(&id).is_some_and(|connection| connection.relayed)
    }

    /// A connection that this side has opened for something else, and on which lanes can be opened as well.
    fn spare_connection(&self, peer: PeerId) -> Option<ConnectionId> {
        self.connections
            .iter()
            .find(|(_, connection)| {
                connection.peer == peer && connection.opens && !connection.relayed && !connection.used
            })
            .map(|(id, _)| *id)
    }

    fn dial_address(&mut self, peer: Option<PeerId>, address: Multiaddr, dialling: Dialling) {
        // From a port of its own: on one machine, two nodes that dial each other from and to their listening ports at
        // once get a single connection that neither has accepted.
        let own_port = !dialling.contact.endpoint.is_global();
        let options = match peer {
            Some(peer) => {
                let options =
                    DialOpts::peer_id(peer).condition(PeerCondition::Always).addresses(vec![address]);
                if own_port { options.allocate_new_port().build() } else { options.build() }
            }
            None => {
                let options = DialOpts::unknown_peer_id().address(address);
                if own_port { options.allocate_new_port().build() } else { options.build() }
            }
        };
        let id = options.connection_id();
        match self.swarm.dial(options) {
            Ok(()) => {
                self.dials.insert(id, dialling);
            }
            Err(error) => self.fail(dialling, dial_error(&error)),
        }
    }

    pub(super) fn open_talk(&mut self, id: ConnectionId, peer: PeerId, opening: Opening) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.opening = Some(opening);
            connection.used = true;
            self.swarm.behaviour_mut().lanes.open(peer, id, Lane::Talk);
        }
    }

    pub(super) fn on_dial_error(&mut self, id: ConnectionId, error: &SwarmDialError) {
        let Some(dialling) = self.dials.remove(&id) else { return };
        let relay = match error {
            SwarmDialError::WrongPeerId { obtained, .. } => Some(*obtained),
            _ => None,
        };
        match (relay, dialling.contact.node.and_then(|node| peer_of(&node))) {
            // The operator may have meant a node that is reached through the one that is there.
            (Some(relay), Some(peer)) if dialling.purpose == Purpose::Operator && !dialling.relayed => {
                let address = multiaddr_of(&dialling.contact.endpoint)
                    .with(Protocol::P2p(relay))
                    .with(Protocol::P2pCircuit)
                    .with(Protocol::P2p(peer));
                self.dial_address(Some(peer), address, Dialling { relayed: true, ..dialling });
            }
            _ => self.fail(dialling, dial_error(error)),
        }
    }

    pub(super) fn fail(&mut self, dialling: Dialling, error: DialError) {
        let Dialling { contact, purpose, permit, .. } = dialling;
        drop(permit);
        self.outbox.push(Event::DialFailed { contact, purpose, error });
    }
}

/// What an error of the swarm means to the node.
fn dial_error(error: &SwarmDialError) -> DialError {
    match error {
        // The swarm leaves out addresses at which it listens itself.
        SwarmDialError::LocalPeerId { .. } | SwarmDialError::NoAddresses => DialError::Myself,
        SwarmDialError::WrongPeerId { obtained, .. } => {
            node_of(obtained).map_or(DialError::Handshake, DialError::WrongNode)
        }
        SwarmDialError::Denied { .. } => DialError::NoRoom,
        SwarmDialError::DialPeerConditionFalse(_) => DialError::Connected,
        SwarmDialError::Aborted => DialError::Unreachable,
        SwarmDialError::Transport(attempts) => attempts
            .iter()
            .map(|(_, error)| match error {
                TransportError::MultiaddrNotSupported(_) => DialError::Unsupported,
                TransportError::Other(error) => io_cause(error),
            })
            .next_back()
            .unwrap_or(DialError::Unreachable),
    }
}

fn io_cause(error: &io::Error) -> DialError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => DialError::Refused,
        io::ErrorKind::TimedOut => DialError::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => DialError::Unreachable,
        _ => error.get_ref().map_or(DialError::Unreachable, |error| cause(error)),
    }
}

/// Looks through what the transports have wrapped around a reason.
fn cause(error: &(dyn Error + 'static)) -> DialError {
    type Timed = TransportTimeoutError<io::Error>;
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return io_cause(error);
    }
    if error.is::<tokio_socks::Error>() {
        return DialError::Proxy;
    }
    if let Some(error) = error.downcast_ref::<dns::Error<io::Error>>() {
        return name_cause(error);
    }
    let timed_out = matches!(error.downcast_ref::<Timed>(), Some(Timed::Timeout))
        || matches!(error.downcast_ref::<quic::Error>(), Some(quic::Error::HandshakeTimedOut));
    if timed_out {
        return DialError::TimedOut;
    }
    error.source().map_or(DialError::Handshake, cause)
}

/// The same for whoever resolves names, and passes on what has none.
fn name_cause(error: &dns::Error<io::Error>) -> DialError {
    match error {
        dns::Error::Transport(error) => io_cause(error),
        dns::Error::Dial(errors) => errors.last().map_or(DialError::NoSuchName, name_cause),
        dns::Error::MultiaddrNotSupported(_) => DialError::Unsupported,
        dns::Error::ResolveError(_) | dns::Error::TooManyLookups => DialError::NoSuchName,
    }
}
