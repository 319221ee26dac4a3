//! Who may speak at all: the `Host` and `Origin` of a request, and the cookie it carries.
//!
//! A web page of a stranger can make its own name resolve to 127.0.0.1 and have the visitor's browser call the
//! node. It cannot forge these two headers, so they decide.

use std::net::{IpAddr, SocketAddr};

use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, StatusCode, header};

use crate::endpoint::Cookie;

/// What a request proves about its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// No token came.
    Nobody,
    /// A token came that is not the cookie.
    Wrong,
    /// The cookie came.
    Operator,
}

/// Why a request is refused before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No usable `Host`, or two.
    #[error("a request names exactly one host")]
    NoHost,
    /// The `Host` is none of this server's names.
    #[error("this host name is not allowed here")]
    Host,
    /// A web page from elsewhere.
    #[error("this origin is not allowed here")]
    Origin,
}

impl Refusal {
    /// The HTTP status to answer with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NoHost => StatusCode::BAD_REQUEST,
            Self::Host | Self::Origin => StatusCode::FORBIDDEN,
        }
    }
}

/// The names, origins and cookie of one server.
pub struct Gate {
    cookie: Cookie,
    hosts: Vec<String>,
    origins: Vec<String>,
    /// True when listening beyond loopback: then any literal address will do, for no name can be rebound to it.
    open: bool,
}

impl Gate {
    /// The gate of a server that listens on `bound`.
    pub fn new(bound: SocketAddr, cookie: Cookie, hosts: &[String], origins: &[String]) -> Self {
        let lower = |names: &[String]| names.iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { cookie, hosts: lower(hosts), origins: lower(origins), open: !bound.ip().is_loopback() }
    }

    /// Lets a request in and says who sends it, or refuses it.
    pub fn check(&self, request: &Parts) -> Result<Credential, Refusal> {
        let host = host_of(request).ok_or(Refusal::NoHost)?;
        if !self.knows(host.host()) {
            return Err(Refusal::Host);
        }
        self.check_origin(&request.headers, &host)?;
        Ok(self.credential(&request.headers))
    }

    fn knows(&self, name: &str) -> bool {
        let literal = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = literal.parse::<IpAddr>() {
            return self.open || address.is_loopback();
        }
        let name = name.to_ascii_lowercase();
        name == "localhost" || self.hosts.contains(&name)
    }

    fn check_origin(&self, headers: &HeaderMap, host: &Authority) -> Result<(), Refusal> {
        for origin in headers.get_all(header::ORIGIN) {
            let origin = origin.to_str().map_err(|_| Refusal::Origin)?.to_ascii_lowercase();
            let own = origin == format!("http://{}", host.as_str().to_ascii_lowercase());
            if !own && !self.origins.contains(&origin) {
                return Err(Refusal::Origin);
            }
        }
        Ok(())
    }

    fn credential(&self, headers: &HeaderMap) -> Credential {
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Credential::Nobody };
        let token = value.to_str().ok().and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        if token.is_some_and(|token| self.cookie.matches(token)) {
            Credential::Operator
        } else {
            Credential::Wrong
        }
    }
}

/// The one host that a request names: its header in HTTP/1, the authority of its target in HTTP/2.
fn host_of(request: &Parts) -> Option<Authority> {
    let mut named = request.headers.get_all(header::HOST).iter();
    let (first, second) = (named.next(), named.next());
    if second.is_some() {
        return None;
    }
    let header = match first {
        Some(value) => Some(value.to_str().ok()?.parse::<Authority>().ok()?),
        None => None,
    };
    let target = request.uri.authority().cloned();
    match (header, target) {
        (Some(header), Some(target)) => header.host().eq_ignore_ascii_case(target.host()).then_some(header),
        (header, target) => header.or(target),
    }
}
