//! What can go wrong between a question and its answer: one variant for everything that a server can do.

use std::error::Error as _;
use std::fmt;
use std::io;

use vibecoin_rpc::ApiError;

use super::limits::Deadlines;
use super::said::Said;
use super::url::ServerUrl;

/// Why a server gave no usable answer. Nothing here is in a server's words but [`Said`], which no `Display` shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// A name of Tor's, and no proxy that could resolve it.
    #[error("an onion address is reached through a proxy only: name one")]
    OnionWithoutProxy,
    /// This machine has no certificates or cannot speak TLS.
    #[error("encrypted connections cannot be set up on this machine")]
    NoTransport,
    /// The question cannot be written down.
    #[error("the question cannot be written, or is too long")]
    Unwritable,
    /// Nobody answers, or the answer broke off.
    #[error(transparent)]
    Absent(#[from] Absence),
    /// Something answers, but not as a node does.
    #[error(transparent)]
    Broken(#[from] Fault),
    /// The server refuses, which it may.
    #[error("the server refuses: {error}")]
    Refused {
        /// Why, in our words; its figures are the server's claim.
        error: Box<ApiError>,
        /// In the server's words.
        said: Said,
    },
}

/// Where in an exchange something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// On the way to the server: name, proxy, TCP, TLS.
    Connect,
    /// Before the head of the answer was complete.
    Head,
    /// Before the answer was complete.
    Body,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connection",
            Self::Head => "answer",
            Self::Body => "end of the answer",
        })
    }
}

/// How a server, or the way to it, can be away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Absence {
    /// Nobody listens there.
    #[error("the connection is refused")]
    ConnectionRefused,
    /// The name is not known.
    #[error("its name is not known")]
    NoSuchName,
    /// The certificate is not one of this name, or is not trusted, or what answers does not speak TLS.
    #[error("its certificate or encryption is not accepted")]
    NotTrusted,
    /// The proxy is away, or does not get through.
    #[error("the proxy does not get through")]
    Proxy,
    /// Another reason of the system's for there being no connection.
    #[error("there is no connection: {0}")]
    NoConnection(io::ErrorKind),
    /// It took too long.
    #[error("no {stage} within {after_ms} ms")]
    TimedOut {
        /// What did not come.
        stage: Stage,
        /// The deadline, milliseconds.
        after_ms: u64,
    },
    /// It comes drop by drop.
    #[error("only {bytes} bytes within {within_ms} ms: too slow")]
    TooSlow {
        /// What came.
        bytes: u64,
        /// In this stretch, milliseconds.
        within_ms: u64,
    },
    /// The connection was closed before the answer was complete.
    #[error("the connection broke off")]
    Cut,
    /// It has no place for another client just now (HTTP status 429 or 503).
    #[error("the server is busy")]
    Busy,
}

/// What of an answer is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// The length that it announces.
    Announced,
    /// What arrived.
    Received,
    /// What it was inflated to.
    Inflated,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Announced => "announced",
            Self::Received => "received",
            Self::Inflated => "inflated",
        })
    }
}

/// What can be wrong with a compressed answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Compressed in a way that was not asked for.
    Unknown,
    /// The compressed data are damaged, or more follows them.
    Damaged,
}

/// How an answer can be none of a node's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not HTTP, or has too many or too long header fields.
    #[error("the answer is not HTTP")]
    NotHttp,
    /// It sends the client elsewhere.
    #[error("the server redirects (HTTP status {status}), which is never followed")]
    Redirect {
        /// The HTTP status.
        status: u16,
    },
    /// It answers with an error of HTTP. The page that comes with it is not read.
    #[error("the server answers with HTTP status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// The content type is not JSON's.
    #[error("the answer is not declared as JSON")]
    ContentType,
    /// The compression.
    #[error("the compression of the answer is unusable")]
    Compression(Encoding),
    /// More bytes than such an answer can have.
    #[error("the answer is too large: over {bytes_max} bytes {excess}")]
    TooLarge {
        /// Where that showed.
        excess: Excess,
        /// The cap, bytes.
        bytes_max: usize,
    },
    /// Deeper than any value of the API.
    #[error("the answer is nested deeper than {depth_max} levels")]
    TooDeep {
        /// The bound.
        depth_max: usize,
    },
    /// A list where one answer was expected.
    #[error("the answer is a batch, and one question was put")]
    Batch,
    /// It is not JSON, or not an object of JSON-RPC 2.0 with each field once, and one of result and error.
    #[error("the answer is not JSON-RPC 2.0")]
    NotJsonRpc,
    /// It answers another question.
    #[error("the answer is to another question")]
    WrongId,
    /// The result is not of the type that the method has.
    #[error("the answer is not what the method answers")]
    WrongType(Said),
}

impl ServerError {
    /// The server's own words, where there are any. For a log, with the server named as the speaker.
    #[must_use]
    pub const fn said(&self) -> Option<&Said> {
        match self {
            Self::Refused { said, .. } | Self::Broken(Fault::WrongType(said)) => Some(said),
            Self::OnionWithoutProxy
            | Self::NoTransport
            | Self::Unwritable
            | Self::Absent(_)
            | Self::Broken(_) => None,
        }
    }

    /// The error as whoever asks a node knows it. It has no words of the server's.
    #[must_use]
    pub fn to_api(&self, url: &ServerUrl) -> ApiError {
        let url = || url.as_str().to_owned();
        match self {
            Self::OnionWithoutProxy | Self::NoTransport | Self::Unwritable => ApiError::internal(self),
            Self::Absent(Absence::TimedOut { after_ms, .. }) => {
                ApiError::TimedOut { url: url(), after_ms: *after_ms }
            }
            Self::Absent(absence) => ApiError::Unreachable { url: url(), reason: absence.to_string() },
            Self::Broken(Fault::Redirect { status } | Fault::Status { status }) => {
                ApiError::Rejected { url: url(), status: *status }
            }
            Self::Broken(fault) => ApiError::Malformed { reason: fault.to_string() },
            Self::Refused { error, .. } => (**error).clone(),
        }
    }
}

/// What an error of the HTTP client means. Its words are left aside: they may quote the server.
pub(super) fn classify(
    error: &reqwest::Error,
    stage: Stage,
    deadlines: &Deadlines,
    proxied: bool,
) -> ServerError {
    if error.is_connect() {
        if error.is_timeout() {
            return deadlines.exceeded(Stage::Connect);
        }
        return connection(error, proxied).into();
    }
    if error.is_timeout() {
        return deadlines.exceeded(stage);
    }
    if broke_off(error) { Absence::Cut.into() } else { Fault::NotHttp.into() }
}

/// Why there is no connection.
fn connection(error: &reqwest::Error, proxied: bool) -> Absence {
    let kind = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>()).map(innermost);
    match kind {
        // The only data that are read while connecting are those of TLS.
        Some(io::ErrorKind::InvalidData) => Absence::NotTrusted,
        _ if proxied => Absence::Proxy,
        _ if error.is_dns() => Absence::NoSuchName,
        Some(io::ErrorKind::ConnectionRefused) => Absence::ConnectionRefused,
        Some(io::ErrorKind::UnexpectedEof) => Absence::NotTrusted,
        Some(other) => Absence::NoConnection(other),
        None => Absence::NoConnection(io::ErrorKind::Other),
    }
}

/// What an error of the system's is about: one may hold another, which it does not name as its source.
fn innermost(error: &io::Error) -> io::ErrorKind {
    let mut error = error;
    while let Some(held) = error.get_ref().and_then(|held| held.downcast_ref::<io::Error>()) {
        error = held;
    }
    error.kind()
}

/// True if the connection ended before the message did, rather than the message being none of HTTP.
fn broke_off(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        let by_http = cause
            .downcast_ref::<hyper::Error>()
            .is_some_and(|error| error.is_incomplete_message() || error.is_canceled() || error.is_closed());
        let by_system = cause.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::UnexpectedEof
            )
        });
        by_http || by_system
    })
}

fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause: &&'a (dyn std::error::Error + 'static)| (*cause).source())
}
