//! Why a node does not start, and why one went down.

use std::time::Duration;

use vibecoin_consensus::SpecError;
use vibecoin_rpc::{EndpointError, ServerError};
use vibecoin_storage::StoreError;
use vibecoin_storage::directory::DirectoryError;

use crate::network::NetworkError;

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The chain spec breaks a rule.
    #[error("the chain spec is not valid: {0}")]
    Spec(#[from] SpecError),
    /// The directory is locked, another network's, a newer format's, or unusable.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The store failed while the chain was opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no thread.
    #[error("the system gives no thread: {0}")]
    Thread(#[from] std::io::Error),
    /// The network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The API's port.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The monitoring port.
    #[error("cannot listen on {address} for health and metrics: {error}")]
    Monitor {
        /// Where.
        address: std::net::SocketAddr,
        /// In the words of the system.
        error: std::io::Error,
    },
    /// The files by which others find this node.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
}

/// Why a node went down by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The disk failed, or is full.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network's driver ended.
    #[error("the network: {reason}")]
    Network {
        /// In its words.
        reason: String,
    },
    /// A part that must run ended without having been told to.
    #[error("{part} ended by itself")]
    Ended {
        /// Which.
        part: &'static str,
    },
    /// A part panicked: a fault of the program.
    #[error("{part} panicked: {message}")]
    Panicked {
        /// Which.
        part: &'static str,
        /// Its last words.
        message: String,
    },
    /// Parts did not end in time when the node was stopped.
    #[error("{} did not end within {} s", parts.join(", "), after.as_secs())]
    Stragglers {
        /// Which.
        parts: Vec<&'static str>,
        /// How long they were waited for.
        after: Duration,
    },
}
