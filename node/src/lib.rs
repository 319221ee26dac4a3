//! The runtime environment of a full node: it starts, wires and stops the services, and answers for them.
//!
//! ```text
//!             API (in the process, or over the wire by vibecoin-rpc)
//!                │ asks            │ asks           │ asks
//!   miner ──► door ──► chain's writer thread ──► store
//!     │ selects          │ tells every move of the tip
//!     └──────► pool's thread ──► its diary in the store
//! ```
//!
//! A service is a task or a thread that owns its state; others hold a cloneable handle over a bounded channel. One
//! supervisor watches over all of them: whatever ends early takes the node down with its reason. Stopping is
//! ordered: the API refuses new work, the miner joins, the chain drains and flushes, then the pool, then the store.
//!
//! Deliberately absent: where a configuration comes from, the terminal, and keys (but those of the public test
//! mnemonic, with which a development network's faucet sends).

mod api;
mod clock;
pub mod config;
mod dev;
mod door;
pub mod error;
mod keeping;
pub mod logs;
mod miner;
mod monitor;
mod network;
mod node;
mod pool;
mod supervisor;

pub use api::NetworkFace;
pub use clock::NodeClock;
pub use config::{NetworkConfig, NodeConfig, RpcConfig};
pub use error::{Failure, StartError};
pub use logs::{LogRing, RingLayer};
pub use miner::{MinerError, threads_max};
pub use network::NetworkError;
pub use node::{Node, NodeHandle, STOP_LIMIT};
pub use vibecoin_chain::VerifyPoh;
pub use vibecoin_network::SyncMode;
