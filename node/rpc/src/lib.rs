//! The API of a node, written once: the traits [`NodeApi`] and [`OperatorApi`], their types, a client that speaks
//! them over JSON-RPC 2.0 (feature `client`) and a server that offers them (feature `server`).
//!
//! Whoever holds an `Arc<dyn NodeApi>` cannot tell whether the node lives in the same process or behind a wire.
//! Deliberately absent: the chain, the pool and the disk. This crate knows what may be asked, not the answers; and
//! it believes nothing: whether an answer is true is for the light client to prove.

pub mod api;
pub mod discover;
pub mod endpoint;
pub mod error;
pub mod table;
pub mod types;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "server")]
pub mod server;

pub use api::{ApiStream, NODE_METHODS, NodeApi, OPERATOR_METHODS, OperatorApi, methods};
#[cfg(feature = "client")]
pub use client::RpcClient;
pub use endpoint::{Cookie, Endpoint, EndpointError};
pub use error::{ApiError, Subject};
#[cfg(feature = "server")]
pub use server::{RpcServer, ServerConfig, ServerError};

/// The method that describes all others.
pub const DISCOVER: &str = "rpc.discover";
