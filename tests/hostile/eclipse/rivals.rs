//! The attacker: transports that say hello, know no block, and tell everybody who asks of nobody but each other.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use vibecoin_crypto::Hash;
use vibecoin_network::endpoint::{Contact, NodeId};
use vibecoin_network::peers::Purpose;
use vibecoin_network::wire::{Message, TipClaim, WireLimits};
use vibecoin_primitives::{ChainSpec, Height, Work};
use vibecoin_swarm::{Command, Driver, Event, Events, NodeKey, SwarmConfig};

use super::super::peer::hello;
use crate::support::cluster::runtime;
use crate::support::namespaces::PORT;

/// The variable that names the file of an [`Attack`].
pub const ATTACK: &str = "VIBECOIN_ATTACK";
/// What the attacker says when it is ready.
pub const READY: &str = "the rivals listen";
/// Transports, each with a key of its own, on a port of its own.
pub const RIVALS: usize = 64;
/// Addresses that are told, each in a range of its own.
pub const ADDRESSES: usize = 2_000;
/// All of these are the attacker's.
pub const RANGE: &str = "64.0.0.0/5";
/// Ranges of 16 bits that are used of every first byte.
const SECOND: usize = 250;
/// The port of the first transport.
const FIRST_PORT: u16 = 10_000;
/// Addresses in an answer.
const ANSWER: usize = 256;
/// Addresses that a transport tells of itself without having been asked.
const UNASKED: usize = 8;
/// Time between two visits to the victim.
const VISIT: Duration = Duration::from_secs(15);

/// What the attacker is told.
#[derive(Serialize, Deserialize)]
pub struct Attack {
    genesis: String,
    block_bytes: u64,
    ticks: u32,
    victim: String,
}

impl Attack {
    /// An attack on a node.
    pub fn new(spec: &ChainSpec, address: &str, node_id: &str) -> Self {
        Self {
            genesis: vibecoin_consensus::genesis(spec).id().to_string(),
            block_bytes: spec.block_bytes,
            ticks: spec.poh_ticks,
            victim: format!("/ip4/{address}/tcp/{PORT}/p2p/{node_id}"),
        }
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap()
    }

    fn read(path: &Path) -> Self {
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }
}

/// Not a test of its own: [`super`] starts this program once more, on the attacker's host, to play it.
#[test]
#[ignore = "the attacker's part of another test, which starts it"]
fn attack() {
    let Some(path) = std::env::var_os(ATTACK) else {
        println!("nobody is attacked: {ATTACK} names no attack");
        return;
    };
    let attack = Attack::read(Path::new(&path));
    let keys: Vec<NodeKey> = (0..RIVALS).map(|_| NodeKey::generate()).collect();
    let crowd: Vec<Contact> = (0..ADDRESSES).map(|number| contact(number, &keys)).collect();
    runtime().block_on(async {
        let mut tasks = Vec::new();
        for (number, key) in keys.iter().enumerate() {
            let rival = Rival::start(&attack, number, key.clone(), crowd.clone());
            tasks.push(tokio::spawn(rival.run()));
        }
        println!("{READY}");
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// The place with this number, and the transport behind it.
fn contact(number: usize, keys: &[NodeKey]) -> Contact {
    let address = Ipv4Addr::new(64 + (number / SECOND) as u8, (number % SECOND) as u8, 0, 1);
    let rival = number % RIVALS;
    let text = format!("/ip4/{address}/tcp/{}", port(rival));
    Contact { node: Some(keys[rival].node()), ..vibecoin_swarm::parse_contact(&text).unwrap() }
}

const fn port(rival: usize) -> u16 {
    FIRST_PORT + rival as u16
}

/// One transport of the attacker's.
struct Rival {
    node: NodeId,
    victim: Contact,
    hello: Message,
    crowd: Vec<Contact>,
    /// The next of the crowd that is told.
    next: usize,
    driver: Driver,
    events: Events,
}

impl Rival {
    fn start(attack: &Attack, number: usize, identity: NodeKey, crowd: Vec<Contact>) -> Self {
        let node = identity.node();
        let config = SwarmConfig {
            identity,
            network: attack.genesis[..16].to_owned(),
            listen: vec![format!("/ip4/0.0.0.0/tcp/{}", port(number))],
            external: Vec::new(),
            limits: WireLimits { block_bytes: attack.block_bytes as usize, ticks: attack.ticks as usize },
            inbound_max: 16,
            outbound_max: 4,
            mdns: false,
            relay_server: false,
            upnp: false,
            autonat: false,
            kad: false,
            proxy: None,
            private_addresses: true,
            agent: "hostile".to_owned(),
        };
        // It goes on until the process is ended.
        let (driver, events, running) = vibecoin_swarm::start(config, CancellationToken::new()).unwrap();
        tokio::spawn(running);
        let genesis: Hash = attack.genesis.parse().unwrap();
        let tip = TipClaim { id: genesis, height: Height::GENESIS, work: Work::ZERO };
        let next = number * crowd.len() / RIVALS;
        let victim = vibecoin_swarm::parse_contact(&attack.victim).unwrap();
        Self { node, victim, hello: hello(genesis, tip), crowd, next, driver, events }
    }

    /// Visits the victim now and then, and answers whoever comes, until the swarm has ended.
    async fn run(mut self) {
        // Not all at once.
        sleep(Duration::from_millis(20 * (self.next % 100) as u64)).await;
        loop {
            let dial = Command::Dial { contact: self.victim.clone(), purpose: Purpose::Full };
            if self.driver.give(dial).await.is_err() {
                return;
            }
            let until = Instant::now() + VISIT;
            while let Ok(event) = timeout_at(until, self.events.recv()).await {
                let Some(event) = event else { return };
                self.hear(event).await;
            }
        }
    }

    async fn hear(&mut self, event: Event) {
        match event {
            Event::Connected { node, .. } => self.say(node, self.hello.clone()).await,
            Event::Received { node, message: Message::Hello(_), .. } => {
                let own = self.crowd.iter().filter(|contact| contact.node == Some(self.node));
                let own = own.take(UNASKED).cloned().collect();
                self.say(node, Message::Contacts(own)).await;
            }
            Event::Received { node, message: Message::GetContacts, .. } => {
                let told = self.crowd.iter().cycle().skip(self.next).take(ANSWER).cloned().collect();
                self.next = (self.next + ANSWER) % self.crowd.len();
                self.say(node, Message::Contacts(told)).await;
            }
            Event::Received { node, message: Message::GetHeaders { request, .. }, .. } => {
                self.say(node, Message::Headers { request, headers: Vec::new() }).await;
            }
            _ => {}
        }
    }

    async fn say(&self, node: NodeId, message: Message) {
        // Whoever is gone hears nothing.
        let _ = self.driver.give(Command::Send { node, message }).await;
    }
}
