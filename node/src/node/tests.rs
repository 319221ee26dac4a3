#![allow(clippy::unwrap_used)]

mod forks;
mod keeping;
mod life;
mod mining;
mod payments;

use futures_util::StreamExt;
use vibecoin_primitives::{Amount, Height, Network, Timestamp};
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, Subject};

use super::*;
use crate::config::RpcConfig;
use crate::dev::{test_key, transfer};

/// A devnet node whose miner waits, and the directory it lives in.
struct Lab {
    node: Option<Node>,
    handle: NodeHandle,
    directory: tempfile::TempDir,
}

fn devnet(directory: Option<PathBuf>) -> NodeConfig {
    NodeConfig { cache_bytes: 8 << 20, ..NodeConfig::new(Network::Devnet, directory) }
}

impl Lab {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let node = Node::start(devnet(Some(directory.path().join("node")))).await.unwrap();
        Self { handle: node.handle(), node: Some(node), directory }
    }

    async fn restart(mut self) -> Self {
        self.handle.stop();
        self.node.take().unwrap().run().await.unwrap();
        let Self { directory, handle, .. } = self;
        drop(handle);
        let node = Node::start(devnet(Some(directory.path().join("node")))).await.unwrap();
        Self { handle: node.handle(), node: Some(node), directory }
    }

    async fn end(mut self) {
        self.handle.stop();
        self.node.take().unwrap().run().await.unwrap();
    }

    fn api(&self) -> Arc<dyn NodeApi> {
        self.handle.api()
    }

    fn operator(&self) -> Arc<dyn OperatorApi> {
        self.handle.operator()
    }
}

fn test_address(account: u32) -> Address {
    Address::of(&test_key(account).public_key())
}

fn text(address: Address) -> AddressText {
    AddressText::new(&address, Network::Devnet.spec().address_prefix)
}

/// A node that keeps everything in memory, and mines nothing by itself.
async fn in_memory() -> Node {
    Node::start(devnet(None)).await.unwrap()
}

/// What the monitoring port of a node answers.
async fn ask(handle: &NodeHandle, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(handle.metrics_address().unwrap()).await.unwrap();
    socket.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).await.unwrap();
    text
}

/// A payment from the first test account.
fn payment(nonce: u64, to: Address, beats: u64) -> HexBytes {
    let spec = Network::Devnet.spec();
    transfer(&spec, &test_key(0), nonce, 16, to, Amount::from_beats(beats)).encode().into()
}
