//! Where a server is, as the user names it.
//!
//! The scheme is the user's decision, and nothing takes it back later: an `https` URL is asked over TLS or not at all,
//! and no answer can lead elsewhere. A name without a scheme means `https`, but for two kinds of host where the way
//! itself is private: this very machine, and onion services, which are encrypted by Tor. `http://` written out before
//! any other host is taken at its word: what is proven stays proven without encryption, but whoever carries the
//! connection sees which addresses are asked about, so [`ServerUrl::is_exposed`] lets the screens say it.

use std::fmt;

use reqwest::Url;

/// The longest URL.
const URL_BYTES_MAX: usize = 512;

/// Why a text names no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is no URL.
    #[error("this is no URL of a server, such as https://node.example.org:8424")]
    NoUrl,
    /// It is too long.
    #[error("the URL is longer than {URL_BYTES_MAX} bytes")]
    TooLong,
    /// The scheme is another.
    #[error("a server is reached over https or http; WebSockets are found by themselves")]
    Scheme,
    /// It carries a name or a password.
    #[error("a server's URL has no user name and no password: they would be sent to it")]
    Credentials,
    /// It has a query or a fragment.
    #[error("a server's URL has no part after ? or #")]
    Query,
}

/// The URL of a server: `http` or `https`, a host, a port, maybe a path.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerUrl {
    text: String,
    https: bool,
    private: bool,
    onion: bool,
}

impl ServerUrl {
    /// The server that a text names. See the module for what it means without a scheme.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if text.len() > URL_BYTES_MAX {
            return Err(UrlError::TooLong);
        }
        let url = if text.contains("://") {
            Url::parse(text).map_err(|_| UrlError::NoUrl)?
        } else {
            let assumed = Url::parse(&format!("https://{text}")).map_err(|_| UrlError::NoUrl)?;
            if is_local(&assumed) || is_onion(&assumed) {
                Url::parse(&format!("http://{text}")).map_err(|_| UrlError::NoUrl)?
            } else {
                assumed
            }
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(UrlError::Query);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(UrlError::NoUrl);
        }
        let onion = is_onion(&url);
        Ok(Self {
            https: url.scheme() == "https",
            private: is_local(&url) || onion,
            onion,
            text: url.as_str().trim_end_matches('/').to_owned(),
        })
    }

    /// The URL, as it is asked.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL without its scheme: how a screen names the server.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.split_once("://").map_or(&*self.text, |(_, rest)| rest)
    }

    /// True if it is asked over TLS.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// True if it is an onion service.
    #[must_use]
    pub const fn is_onion(&self) -> bool {
        self.onion
    }

    /// True if whoever carries the connection can read what is asked.
    #[must_use]
    pub const fn is_exposed(&self) -> bool {
        !self.https && !self.private
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for ServerUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Self::parse(text)
    }
}

/// True for a host that is this machine.
fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

fn is_onion(url: &Url) -> bool {
    url.host_str().is_some_and(|host| host.trim_end_matches('.').ends_with(".onion"))
}
