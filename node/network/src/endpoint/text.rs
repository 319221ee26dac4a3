//! Endpoints as people write them: the text of a multiaddr.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::{DnsName, DnsNameError, Endpoint, Host, Transport};

/// The longest text worth reading.
const TEXT_BYTES_MAX: usize = 320;

/// Why a text is not an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Longer than every endpoint.
    #[error("an address has at most {TEXT_BYTES_MAX} characters, not {0}")]
    TooLong(usize),
    /// Not of the form at all.
    #[error(
        "an address looks like /ip4/1.2.3.4/tcp/8423, /ip6/2001:db8::1/udp/8423/quic-v1 or /dns4/name/tcp/8423"
    )]
    Form,
    /// After `/ip4/`.
    #[error("not an IPv4 address")]
    Ip4,
    /// After `/ip6/`.
    #[error("not an IPv6 address")]
    Ip6,
    /// After `/dns4/`.
    #[error(transparent)]
    Name(#[from] DnsNameError),
    /// After `/tcp/` or `/udp/`.
    #[error("a port is a number from 1 to 65535")]
    Port,
    /// Something follows that is no part of an endpoint.
    #[error("something follows the port that does not belong there")]
    Trailing,
}

impl fmt::Display for Endpoint {
    /// The text of a multiaddr. Names are written so that addresses of both families are looked up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, transport } = self;
        let kind = match host {
            Host::Ip4(_) => "ip4",
            Host::Ip6(_) => "ip6",
            Host::Dns(_) => "dns",
        };
        match transport {
            Transport::Tcp => write!(f, "/{kind}/{host}/tcp/{port}"),
            Transport::Quic => write!(f, "/{kind}/{host}/udp/{port}/quic-v1"),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads the text of a multiaddr: an address or a name, a port, and nothing after it.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(EndpointError::TooLong(text.len()));
        }
        let mut parts = text.strip_prefix('/').ok_or(EndpointError::Form)?.split('/');
        let mut next = || parts.next().ok_or(EndpointError::Form);
        let host = host(next()?, next()?)?;
        let carrier = next()?;
        let port = port(next()?)?;
        let transport = match carrier {
            "tcp" => Transport::Tcp,
            "udp" if next()? == "quic-v1" => Transport::Quic,
            _ => return Err(EndpointError::Form),
        };
        if parts.next().is_some() {
            return Err(EndpointError::Trailing);
        }
        Self::new(host, port, transport).ok_or(EndpointError::Port)
    }
}

fn host(kind: &str, value: &str) -> Result<Host, EndpointError> {
    match kind {
        "ip4" => value.parse().map(|ip: Ipv4Addr| Host::Ip4(ip.octets())).map_err(|_| EndpointError::Ip4),
        "ip6" => value.parse().map(|ip: Ipv6Addr| Host::Ip6(ip.octets())).map_err(|_| EndpointError::Ip6),
        "dns" | "dns4" | "dns6" => Ok(Host::Dns(value.parse::<DnsName>()?)),
        _ => Err(EndpointError::Form),
    }
}

fn port(text: &str) -> Result<u16, EndpointError> {
    // The standard library would take a plus sign as well.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or(EndpointError::Port)
}
