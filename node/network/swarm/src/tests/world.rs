//! A swarm with what it has told so far.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use vibecoin_crypto::Hash;
use vibecoin_network::endpoint::{Contact, Endpoint, NodeId, Transport};
use vibecoin_network::peers::{Link, Purpose};
use vibecoin_network::testing::forge;
use vibecoin_network::wire::{Capabilities, Goodbye, Hello, Message, TipClaim};
use vibecoin_primitives::{Height, Work};

use crate::{Command, Driver, Event, Events, NodeKey, SwarmConfig, SwarmError, start};

pub const NETWORK: &str = "0123456789abcdef";
/// Nothing on one machine takes longer, however loaded it is.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node on the loopback interface that does nothing by itself.
pub fn config() -> SwarmConfig {
    SwarmConfig {
        identity: NodeKey::generate(),
        network: NETWORK.to_owned(),
        listen: vec!["/ip4/127.0.0.1/tcp/0".to_owned(), "/ip4/127.0.0.1/udp/0/quic-v1".to_owned()],
        external: Vec::new(),
        limits: forge::limits(),
        inbound_max: 32,
        outbound_max: 8,
        mdns: false,
        relay_server: false,
        upnp: false,
        autonat: false,
        kad: false,
        proxy: None,
        private_addresses: true,
        agent: "tester/1".to_owned(),
    }
}

pub fn hello() -> Message {
    Message::Hello(Box::new(Hello {
        version: 1,
        genesis_id: Hash::new([1; 32]),
        capabilities: Capabilities::default(),
        tip: TipClaim { id: Hash::new([2; 32]), height: Height::new(3), work: Work::new(4) },
        agent: "tester/1".to_owned(),
    }))
}

pub struct Node {
    pub id: NodeId,
    pub driver: Driver,
    pub events: Events,
    kept: VecDeque<Event>,
    listening: Vec<Endpoint>,
    pub cancel: CancellationToken,
    pub running: JoinHandle<Result<(), SwarmError>>,
}

impl Node {
    pub async fn start() -> Self {
        Self::with(config()).await
    }

    pub async fn with(config: SwarmConfig) -> Self {
        let (id, listens) = (config.identity.node(), config.listen.len());
        let cancel = CancellationToken::new();
        let (driver, events, running) = start(config, cancel.clone()).unwrap();
        let running = tokio::spawn(running);
        let mut node =
            Self { id, driver, events, kept: VecDeque::new(), listening: Vec::new(), cancel, running };
        for _ in 0..listens {
            let endpoint = node
                .until(|event| match event {
                    Event::Listening(endpoint) => Some(endpoint.clone()),
                    _ => None,
                })
                .await;
            node.listening.push(endpoint);
        }
        node
    }

    pub fn contact(&self, transport: Transport) -> Contact {
        let endpoint = self.listening.iter().find(|endpoint| endpoint.transport() == transport).unwrap();
        Contact { node: Some(self.id), endpoint: endpoint.clone() }
    }

    /// The first event, of those that were kept and those to come, that `wanted` picks. The others are kept.
    pub async fn until<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        for (at, event) in self.kept.iter().enumerate() {
            if let Some(found) = wanted(event) {
                self.kept.remove(at);
                return found;
            }
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let event = match timeout_at(deadline, self.events.recv()).await {
                Ok(event) => event.expect("the swarm runs"),
                Err(_) => panic!("not told in time; instead: {:?}", self.kept),
            };
            if let Some(found) = wanted(&event) {
                return found;
            }
            self.kept.push_back(event);
        }
    }

    /// Whatever was told in this time and before, in order.
    pub async fn within(&mut self, time: Duration) -> Vec<Event> {
        let deadline = Instant::now() + time;
        while let Ok(Some(event)) = timeout_at(deadline, self.events.recv()).await {
            self.kept.push_back(event);
        }
        self.kept.drain(..).collect()
    }

    /// Drops what was told and kept.
    pub fn forget(&mut self) {
        self.kept.clear();
    }

    pub async fn connected(&mut self, to: NodeId) -> Link {
        self.until(|event| match event {
            Event::Connected { node, link, .. } if *node == to => Some(link.clone()),
            _ => None,
        })
        .await
    }

    pub async fn closed(&mut self, to: NodeId) {
        self.until(|event| matches!(event, Event::Closed { node } if *node == to).then_some(())).await;
    }

    pub async fn received(&mut self, from: NodeId) -> Message {
        self.until(|event| match event {
            Event::Received { node, message, .. } if *node == from => Some(message.clone()),
            _ => None,
        })
        .await
    }

    /// Takes what is told until these bytes were told as sent; no more and no less.
    pub async fn sent(&mut self, to: NodeId, mut bytes: usize) {
        while bytes > 0 {
            let told = self
                .until(|event| match event {
                    Event::Sent { node, bytes } if *node == to => Some(*bytes),
                    _ => None,
                })
                .await;
            bytes = bytes.checked_sub(told).expect("not more is told than was sent");
        }
    }

    pub async fn give(&self, command: Command) {
        self.driver.give(command).await.unwrap();
    }

    pub async fn dial(&self, contact: Contact) {
        self.give(Command::Dial { contact, purpose: Purpose::Full }).await;
    }

    pub async fn send(&self, node: NodeId, message: Message) {
        self.give(Command::Send { node, message }).await;
    }

    pub async fn close(&self, node: NodeId, goodbye: Goodbye) {
        self.give(Command::Close { node, goodbye }).await;
    }

    /// Dials somebody, and both say hello.
    pub async fn meet(&mut self, other: &mut Self, transport: Transport) {
        self.dial(other.contact(transport)).await;
        self.greet(other).await;
    }

    /// Both are connected, or about to be, and say hello.
    pub async fn greet(&mut self, other: &mut Self) {
        self.connected(other.id).await;
        other.connected(self.id).await;
        self.send(other.id, hello()).await;
        other.send(self.id, hello()).await;
        assert_eq!(self.received(other.id).await, hello());
        assert_eq!(other.received(self.id).await, hello());
    }

    pub async fn stop(self) {
        self.cancel.cancel();
        let mut events = self.events;
        let drain = tokio::spawn(async move { while events.recv().await.is_some() {} });
        timeout(PATIENCE, self.running).await.unwrap().unwrap().unwrap();
        drain.await.unwrap();
    }
}
