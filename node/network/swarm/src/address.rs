//! Between the texts and types of libp2p and those of the network: nodes, endpoints, contacts.

use std::net::IpAddr;

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId, identity};
use vibecoin_network::endpoint::{Contact, DnsName, Endpoint, EndpointError, Host, NodeId, Transport};

#[cfg(test)]
mod tests;

/// What stands between an endpoint and a node in a text.
const NODE_MARK: &str = "/p2p/";
/// The same, with a relay before it.
const CIRCUIT_MARK: &str = "/p2p-circuit/p2p/";
/// The multihash code of a digest that is the key itself.
const IDENTITY_CODE: u64 = 0;

/// Why a text is not a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Before `/p2p/`.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// After `/p2p/`.
    #[error("after /p2p/ comes the id of a node with an Ed25519 key, such as 12D3KooW…")]
    Node,
}

/// Reads a contact: an endpoint, and `/p2p/` with a node's id if anybody knows who is there.
///
/// In `…/p2p/RELAY/p2p-circuit/p2p/NODE` the place is the relay's: an operator that dials it reaches the node through
/// whoever is there.
///
/// # Errors
/// [`AddressError`].
pub fn parse_contact(text: &str) -> Result<Contact, AddressError> {
    let (place, node) = match text.split_once(CIRCUIT_MARK) {
        Some((relay, node)) => (relay.split_once(NODE_MARK).map_or(relay, |(place, _)| place), Some(node)),
        None => match text.split_once(NODE_MARK) {
            Some((place, node)) => (place, Some(node)),
            None => (text, None),
        },
    };
    let node = node.map(|node| parse_node(node).ok_or(AddressError::Node)).transpose()?;
    Ok(Contact { node, endpoint: place.parse()? })
}

/// The text of a contact, as libp2p writes it.
#[must_use]
pub fn format_contact(contact: &Contact) -> String {
    let peer = contact.node.and_then(|node| peer_of(&node));
    match peer {
        Some(peer) => format!("{}{NODE_MARK}{peer}", contact.endpoint),
        None => contact.endpoint.to_string(),
    }
}

fn parse_node(text: &str) -> Option<NodeId> {
    // The longest form of an Ed25519 key's id has 59 characters.
    (text.len() <= 64).then(|| text.parse().ok().as_ref().and_then(node_of)).flatten()
}

/// The node of a libp2p identity; `None` unless the key is an Ed25519 key.
pub(crate) fn node_of(peer: &PeerId) -> Option<NodeId> {
    let hash = peer.as_ref();
    if hash.code() != IDENTITY_CODE {
        return None;
    }
    let key = identity::PublicKey::try_decode_protobuf(hash.digest()).ok()?;
    let node = NodeId::new(key.try_into_ed25519().ok()?.to_bytes());
    // The protobuf could be written in another way, and the same node would have two ids.
    (peer_of(&node).as_ref() == Some(peer)).then_some(node)
}

/// The libp2p identity of a node; `None` if its bytes are no key.
pub(crate) fn peer_of(node: &NodeId) -> Option<PeerId> {
    let key = identity::ed25519::PublicKey::try_from_bytes(node.as_bytes()).ok()?;
    Some(identity::PublicKey::from(key).to_peer_id())
}

/// The address of an endpoint.
pub(crate) fn multiaddr_of(endpoint: &Endpoint) -> Multiaddr {
    let host = match endpoint.host() {
        Host::Ip4(bytes) => Protocol::Ip4((*bytes).into()),
        Host::Ip6(bytes) => Protocol::Ip6((*bytes).into()),
        Host::Dns(name) => Protocol::Dns(name.as_str().to_owned().into()),
    };
    let address = Multiaddr::empty().with(host);
    match endpoint.transport() {
        Transport::Tcp => address.with(Protocol::Tcp(endpoint.port())),
        Transport::Quic => address.with(Protocol::Udp(endpoint.port())).with(Protocol::QuicV1),
    }
}

/// The endpoint that an address begins with, and the node that it ends with, if that is all there is.
pub(crate) fn contact_of(address: &Multiaddr) -> Option<Contact> {
    let mut parts = address.iter().peekable();
    let host = match parts.next()? {
        Protocol::Ip4(ip) => Host::from(IpAddr::V4(ip)),
        Protocol::Ip6(ip) => Host::from(IpAddr::V6(ip)),
        Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name) => {
            Host::Dns(name.parse::<DnsName>().ok()?)
        }
        _ => return None,
    };
    let (port, transport) = match parts.next()? {
        Protocol::Tcp(port) => (port, Transport::Tcp),
        Protocol::Udp(port) if parts.next() == Some(Protocol::QuicV1) => (port, Transport::Quic),
        _ => return None,
    };
    let node = match parts.next() {
        None => None,
        Some(Protocol::P2p(peer)) => Some(node_of(&peer)?),
        Some(_) => return None,
    };
    if parts.next().is_some() {
        return None;
    }
    Some(Contact { node, endpoint: Endpoint::new(host, port, transport)? })
}

/// The endpoint of an address, unless a relay stands between.
pub(crate) fn endpoint_of(address: &Multiaddr) -> Option<Endpoint> {
    contact_of(address).map(|contact| contact.endpoint)
}

/// The relay that an address leads through.
pub(crate) fn relay_of(address: &Multiaddr) -> Option<PeerId> {
    let mut last = None;
    for part in address {
        match part {
            Protocol::P2p(peer) => last = Some(peer),
            Protocol::P2pCircuit => return last,
            _ => {}
        }
    }
    None
}

/// Whether an address leads through a relay.
pub(crate) fn is_relayed(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}
