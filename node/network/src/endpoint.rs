//! Who a node is, and where it can be reached.
//!
//! Every value has one form: an IPv4 address written as IPv6 becomes IPv4, names are in lower case, port 0 does not
//! exist. So two endpoints are the same place exactly if they are equal, and their bytes are, too.
//!
//! Deliberately absent: name resolution and sockets (the driver has them), and libp2p's `/p2p/…` suffix, which is a
//! hash of the node's key in a text of libp2p's own.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use vibecoin_crypto::{Hash, hash::HashParseError};

mod host;
mod range;
mod text;

#[cfg(test)]
mod tests;

pub use host::{DnsName, DnsNameError, Host};
pub use range::Group;
pub use text::EndpointError;

/// The public key of a node's transport identity (Ed25519): a node is whoever can sign with it.
///
/// Shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct NodeId([u8; 32]);

impl NodeId {
    /// The node with this public key. Whether the bytes are a key at all shows when somebody proves to own it.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for NodeId {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hash::new(self.0), f)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for NodeId {
    type Err = HashParseError;

    /// Reads 64 hex digits of either case.
    fn from_str(text: &str) -> Result<Self, HashParseError> {
        text.parse::<Hash>().map(|hash| Self(hash.to_bytes()))
    }
}

/// What carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Transport {
    /// TCP, with noise and yamux on it.
    Tcp,
    /// QUIC version 1, over UDP.
    Quic,
}

/// A place where a node may be listening.
///
/// Encoded in at most [`Endpoint::BYTES_MAX`] bytes: the host, the port (u16) and the transport (u8).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    host: Host,
    port: u16,
    transport: Transport,
}

impl Endpoint {
    /// The longest encoding: a name of 253 characters.
    pub const BYTES_MAX: usize = 1 + 1 + DnsName::BYTES_MAX + 2 + 1;

    /// The place, in its canonical form; `None` for port 0, at which nobody can listen.
    #[must_use]
    pub fn new(host: Host, port: u16, transport: Transport) -> Option<Self> {
        (port != 0).then(|| Self { host: host.canonical(), port, transport })
    }

    /// The place of a socket's address; `None` for port 0.
    #[must_use]
    pub fn of_socket(address: SocketAddr, transport: Transport) -> Option<Self> {
        Self::new(Host::from(address.ip()), address.port(), transport)
    }

    /// The socket's address, unless the host is a name.
    #[must_use]
    pub fn socket(&self) -> Option<SocketAddr> {
        self.host.ip().map(|ip| SocketAddr::new(ip, self.port))
    }

    /// The machine.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The port, 1 to 65,535.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What carries the bytes.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Whether strangers anywhere can reach it: see [`Host::is_global`].
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.host.is_global()
    }

    /// The range of the network it lies in.
    ///
    /// Public addresses fall into ranges that cost money to own. A local address says nothing about its owner, so
    /// there each port is a range of its own, and nodes on one machine do not shut each other out. Nobody gains from
    /// that in public, where local addresses are not taken into the book at all.
    #[must_use]
    pub fn group(&self) -> Group {
        match self.host.group() {
            Group::Local { address, .. } => Group::Local { address, port: self.port },
            group @ (Group::Ip4(_) | Group::Ip6(_) | Group::Name(_)) => group,
        }
    }
}

impl BorshSerialize for Endpoint {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        self.host.serialize(writer)?;
        self.port.serialize(writer)?;
        self.transport.serialize(writer)
    }
}

impl BorshDeserialize for Endpoint {
    /// Refuses every form but the canonical one.
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let host = Host::deserialize_reader(reader)?;
        let port = u16::deserialize_reader(reader)?;
        let transport = Transport::deserialize_reader(reader)?;
        Self::new(host, port, transport).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// A place, and who is said to be there. Only a connection shows whether it is so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Contact {
    /// The node, if anybody has said.
    pub node: Option<NodeId>,
    /// The place.
    pub endpoint: Endpoint,
}

impl From<Endpoint> for Contact {
    fn from(endpoint: Endpoint) -> Self {
        Self { node: None, endpoint }
    }
}
