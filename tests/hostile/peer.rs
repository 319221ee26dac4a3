//! A peer that has the real driver under it and a script instead of the state machine.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use vibecoin_crypto::Hash;
use vibecoin_network::endpoint::NodeId;
use vibecoin_network::peers::Purpose;
use vibecoin_network::wire::{Capabilities, Hello, Message, PROTOCOL_VERSION, Refusal, TipClaim};
use vibecoin_primitives::{Height, Work};
use vibecoin_swarm::{Command, Driver, Event, Events, NodeKey, SwarmConfig};

use super::site::Site;

/// How long anything may take on the loopback interface of a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// See the module. When it is dropped, its swarm ends.
pub struct Peer {
    pub site: Site,
    victim: NodeId,
    driver: Driver,
    events: Events,
    cancel: CancellationToken,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// A claim of the genesis: nothing to boast of.
pub fn modest(site: &Site) -> TipClaim {
    TipClaim { id: site.genesis, height: Height::GENESIS, work: Work::ZERO }
}

/// What is said first.
pub fn hello(genesis_id: Hash, tip: TipClaim) -> Message {
    Message::Hello(Box::new(Hello {
        version: PROTOCOL_VERSION,
        genesis_id,
        capabilities: Capabilities(0b1111),
        tip,
        agent: "hostile".to_owned(),
    }))
}

impl Peer {
    /// A swarm that has not dialled yet.
    pub fn new(site: Site) -> Self {
        let identity = NodeKey::generate();
        site.known_as(identity.node());
        let config = SwarmConfig {
            identity,
            network: site.network.clone(),
            listen: Vec::new(),
            external: Vec::new(),
            limits: site.limits(),
            inbound_max: 8,
            outbound_max: 8,
            mdns: false,
            relay_server: false,
            upnp: false,
            autonat: false,
            kad: false,
            proxy: None,
            private_addresses: true,
            agent: "hostile".to_owned(),
        };
        let cancel = CancellationToken::new();
        let (driver, events, running) = vibecoin_swarm::start(config, cancel.clone()).unwrap();
        tokio::spawn(running);
        let victim = site.victim.node.unwrap();
        Self { site, victim, driver, events, cancel }
    }

    /// Joins as anybody would.
    pub async fn join(site: Site) -> Self {
        let tip = modest(&site);
        Self::claiming(site, tip).await
    }

    /// The same with another claim in the handshake.
    pub async fn claiming(site: Site, tip: TipClaim) -> Self {
        let mut peer = Self::new(site);
        assert!(peer.connect().await, "the victim takes it in");
        peer.say(hello(peer.site.genesis, tip)).await;
        peer.until(|message| matches!(message, Message::Hello(_)).then_some(())).await;
        peer
    }

    /// Dials the victim. True if that led to a connection.
    pub async fn connect(&mut self) -> bool {
        let contact = self.site.victim.clone();
        self.driver.give(Command::Dial { contact, purpose: Purpose::Full }).await.unwrap();
        loop {
            match timeout(PATIENCE, self.events.recv()).await {
                Ok(Some(Event::Connected { .. })) => return true,
                Ok(Some(Event::DialFailed { .. }) | None) | Err(_) => return false,
                Ok(Some(_)) => {}
            }
        }
    }

    pub async fn say(&self, message: Message) {
        let _ = self.driver.give(Command::Send { node: self.victim, message }).await;
    }

    /// Ends the connection from this side.
    pub async fn leave(&mut self) {
        let goodbye = vibecoin_network::wire::Goodbye::Stopping;
        let _ = self.driver.give(Command::Close { node: self.victim, goodbye }).await;
        while let Ok(Some(event)) = timeout(PATIENCE, self.events.recv()).await {
            if matches!(event, Event::Closed { .. }) {
                return;
            }
        }
    }

    /// The next message of the victim's; `None` once the connection is gone.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            match self.events.recv().await? {
                Event::Received { message, .. } => return Some(message),
                Event::Closed { .. } => return None,
                _ => {}
            }
        }
    }

    /// Waits for a message; `None` once the connection is gone.
    pub async fn until<T>(&mut self, wanted: impl Fn(&Message) -> Option<T>) -> Option<T> {
        loop {
            let message = self.next().await?;
            if let Some(found) = wanted(&message) {
                return Some(found);
            }
        }
    }

    /// Says what `make` makes, `pause` apart, and takes what comes, until the connection is gone.
    pub async fn repeat(&mut self, pause: Duration, mut make: impl FnMut(u64) -> Vec<Message>) {
        for round in 0.. {
            for message in make(round) {
                self.say(message).await;
            }
            let deadline = tokio::time::Instant::now() + pause;
            while let Ok(heard) = tokio::time::timeout_at(deadline, self.next()).await {
                if heard.is_none() {
                    return;
                }
            }
        }
    }

    /// Answers with what `answer` says, until the connection is gone.
    pub async fn serve(&mut self, mut answer: impl FnMut(Message) -> Vec<Message>) {
        while let Some(message) = self.next().await {
            let request =
                if let Message::GetBlocks { request, .. } = &message { Some(*request) } else { None };
            let said = answer(message);
            if let Some(request) = request.filter(|_| said.is_empty()) {
                // The victim may ask anybody for what another offender has shown.
                self.say(Message::Refused { request, refusal: Refusal::NotHere }).await;
            }
            for said in said {
                self.say(said).await;
            }
        }
    }
}
