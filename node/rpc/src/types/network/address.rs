//! Where a node can be dialled, as text: the few forms of a multiaddr that VibeCoin uses.
//!
//! ```text
//! /ip4/203.0.113.7/tcp/8423/p2p/12D3KooW…      /ip6/2001:db8::7/udp/8423/quic-v1
//! /dns4/node.example/tcp/8423                  /dnsaddr/seed.example
//! ```
//! Deliberately absent: names are not looked up here, and nothing is dialled.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::name::{NodeIdText, NodeIdTextError};
use crate::types::scalar::{as_text, described_as};

/// The longest host name, by DNS's own rule.
const NAME_BYTES_MAX: usize = 253;
/// The longest part between two dots.
const LABEL_BYTES_MAX: usize = 63;

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// By its address.
    Ip(IpAddr),
    /// By a name that has an IPv4 address.
    Dns4(String),
    /// By a name that has an IPv6 address.
    Dns6(String),
    /// By a name whose TXT records hold whole addresses, port and all.
    DnsAddr(String),
}

/// The way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP, at this port.
    Tcp(u16),
    /// QUIC over UDP, at this port.
    Quic(u16),
}

impl Transport {
    /// The port.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Tcp(port) | Self::Quic(port) => port,
        }
    }
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerAddress {
    host: Host,
    transport: Option<Transport>,
    node_id: Option<NodeIdText>,
}

/// Why a text is no address of a peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerAddressError {
    /// It does not begin as one.
    #[error("an address begins with /ip4, /ip6, /dns4, /dns6 or /dnsaddr, as in /ip4/203.0.113.7/tcp/8423")]
    Begin,
    /// The address of the machine.
    #[error("{host:?} is not {expected}")]
    Host {
        /// What stands there.
        host: String,
        /// What should.
        expected: &'static str,
    },
    /// The way to it.
    #[error("behind the machine stands /tcp/PORT or /udp/PORT/quic-v1")]
    Transport,
    /// Who is there.
    #[error("behind /p2p: {0}")]
    NodeId(#[from] NodeIdTextError),
    /// More than there may be.
    #[error("{rest:?} is more than an address has")]
    Rest {
        /// What is too much.
        rest: String,
    },
}

impl PeerAddress {
    /// An address without a name for who is there.
    #[must_use]
    pub const fn new(ip: IpAddr, transport: Transport) -> Self {
        Self { host: Host::Ip(ip), transport: Some(transport), node_id: None }
    }

    /// The machine.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The way to it; none for `/dnsaddr`, whose records say it.
    #[must_use]
    pub const fn transport(&self) -> Option<Transport> {
        self.transport
    }

    /// Who must be there, if that is said.
    #[must_use]
    pub const fn node_id(&self) -> Option<NodeIdText> {
        self.node_id
    }

    /// True if it names an address and a way, and nobody: what one listens on.
    #[must_use]
    pub const fn can_listen(&self) -> bool {
        matches!(self.host, Host::Ip(_)) && self.node_id.is_none()
    }

    /// True if somebody could be there: a machine, not all of them, and a port.
    #[must_use]
    pub fn can_dial(&self) -> bool {
        let machine = !matches!(&self.host, Host::Ip(ip) if ip.is_unspecified() || ip.is_multicast());
        machine && self.transport.is_none_or(|transport| transport.port() != 0)
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(IpAddr::V4(ip)) => write!(f, "/ip4/{ip}")?,
            Host::Ip(IpAddr::V6(ip)) => write!(f, "/ip6/{ip}")?,
            Host::Dns4(name) => write!(f, "/dns4/{name}")?,
            Host::Dns6(name) => write!(f, "/dns6/{name}")?,
            Host::DnsAddr(name) => write!(f, "/dnsaddr/{name}")?,
        }
        match self.transport {
            Some(Transport::Tcp(port)) => write!(f, "/tcp/{port}")?,
            Some(Transport::Quic(port)) => write!(f, "/udp/{port}/quic-v1")?,
            None => {}
        }
        self.node_id.map_or(Ok(()), |id| write!(f, "/p2p/{id}"))
    }
}

impl FromStr for PeerAddress {
    type Err = PeerAddressError;

    fn from_str(text: &str) -> Result<Self, PeerAddressError> {
        let mut parts = text.strip_prefix('/').ok_or(PeerAddressError::Begin)?.split('/');
        let mut next = || parts.next().unwrap_or_default();
        let host = host(next(), next())?;
        let mut word = next();
        let transport = if matches!(host, Host::DnsAddr(_)) {
            None
        } else {
            let way = match (word, port(next())) {
                ("tcp", Some(port)) => Transport::Tcp(port),
                ("udp", Some(port)) if next() == "quic-v1" => Transport::Quic(port),
                _ => return Err(PeerAddressError::Transport),
            };
            word = next();
            Some(way)
        };
        let node_id = if word == "p2p" {
            let id = next().parse()?;
            word = next();
            Some(id)
        } else {
            None
        };
        if !word.is_empty() || parts.next().is_some() || text.ends_with('/') {
            return Err(PeerAddressError::Rest { rest: word.to_owned() });
        }
        Ok(Self { host, transport, node_id })
    }
}

fn host(form: &str, host: &str) -> Result<Host, PeerAddressError> {
    let wrong = |expected| PeerAddressError::Host { host: host.to_owned(), expected };
    let name =
        || if is_name(host) { Ok(host.to_ascii_lowercase()) } else { Err(wrong("the name of a machine")) };
    match form {
        "ip4" => host.parse().map(|ip| Host::Ip(IpAddr::V4(ip))).map_err(|_| wrong("an IPv4 address")),
        "ip6" => host.parse().map(|ip| Host::Ip(IpAddr::V6(ip))).map_err(|_| wrong("an IPv6 address")),
        "dns4" => name().map(Host::Dns4),
        "dns6" => name().map(Host::Dns6),
        "dnsaddr" => name().map(Host::DnsAddr),
        _ => Err(PeerAddressError::Begin),
    }
}

/// A port in its one form: digits, no zero before them.
fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port: &u16| port.to_string() == text)
}

fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= NAME_BYTES_MAX && text.split('.').all(is_label)
}

as_text!(PeerAddress);
described_as! {
    PeerAddress, "PeerAddress", { "type": "string", "description": "a multiaddr: /ip4, /ip6, /dns4, /dns6 with /tcp/PORT or /udp/PORT/quic-v1, or /dnsaddr; then perhaps /p2p/ID" };
}
