//! One node for `scripts/nat-test`: a relay in the open, or a host behind a router that dials what it is told to.
//!
//! `nat SEED LISTEN… [--relay EXTERNAL] [--dial CONTACT]…` prints one line for everything that matters, and ends when its
//! input does; each line of it is one more contact to dial. `nat --peer SEED` prints the id of a node.

use std::error::Error;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use vibecoin_crypto::Hash;
use vibecoin_network::endpoint::Contact;
use vibecoin_network::peers::Purpose;
use vibecoin_network::wire::{Capabilities, Hello, Message, TipClaim, WireLimits};
use vibecoin_primitives::{Height, Work};
use vibecoin_swarm::{Command, DialError, Event, NodeKey, SwarmConfig, format_contact, parse_contact, start};

fn hello() -> Message {
    let tip = TipClaim { id: Hash::new([0; 32]), height: Height::new(0), work: Work::new(0) };
    let genesis_id = tip.id;
    let capabilities = Capabilities::default();
    Message::Hello(Box::new(Hello { version: 1, genesis_id, capabilities, tip, agent: "nat".to_owned() }))
}

fn usage() -> Box<dyn Error> {
    "nat SEED LISTEN… [--relay EXTERNAL] [--dial CONTACT]…".into()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().ok_or_else(usage)?;
    if first == "--peer" {
        let node = NodeKey::from_secret([arguments.next().ok_or_else(usage)?.parse()?; 32]).node();
        let somewhere = Contact { node: Some(node), endpoint: "/ip4/1.1.1.1/tcp/1".parse()? };
        let contact = format_contact(&somewhere);
        println!("{}", contact.rsplit('/').next().unwrap_or_default());
        return Ok(());
    }
    let seed: u8 = first.parse()?;
    let (mut listen, mut external, mut dials) = (Vec::new(), Vec::new(), Vec::<Contact>::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--relay" => external.push(arguments.next().ok_or_else(usage)?),
            "--dial" => dials.push(parse_contact(&arguments.next().ok_or_else(usage)?)?),
            _ => listen.push(argument),
        }
    }
    let identity = NodeKey::from_secret([seed; 32]);
    if let Some(address) = external.first() {
        println!(
            "I-AM {}",
            format_contact(&Contact { node: Some(identity.node()), endpoint: address.parse()? })
        );
    }
    let config = SwarmConfig {
        identity,
        network: "0123456789abcdef".to_owned(),
        listen,
        relay_server: !external.is_empty(),
        external,
        limits: WireLimits { block_bytes: 1 << 20, ticks: 64 },
        inbound_max: 16,
        outbound_max: 8,
        mdns: false,
        upnp: false,
        autonat: true,
        kad: false,
        proxy: None,
        private_addresses: false,
        agent: "nat".to_owned(),
    };
    let cancel = CancellationToken::new();
    let (driver, mut events, running) = start(config, cancel.clone())?;
    let running = tokio::spawn(running);
    for contact in dials {
        driver.give(Command::Dial { contact, purpose: Purpose::Operator }).await?;
    }
    let (lines, mut input) = mpsc::channel::<String>(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    loop {
        let event = tokio::select! {
            line = input.recv() => match line {
                Some(line) => {
                    let contact = parse_contact(&line)?;
                    driver.give(Command::Dial { contact, purpose: Purpose::Operator }).await?;
                    continue;
                }
                None => break,
            },
            event = events.recv() => event,
        };
        match event {
            Some(Event::Connected { node, link, .. }) => {
                println!("CONNECTED {node} {:?} {:?}", link.direction, link.endpoint);
                driver.give(Command::Send { node, message: hello() }).await?;
            }
            Some(Event::Received { node, message, .. }) => {
                println!("RECEIVED {node} {}", message.kind().name())
            }
            Some(Event::Closed { node }) => println!("CLOSED {node}"),
            Some(Event::Nat(state)) => println!("NAT {state:?}"),
            Some(Event::External { endpoint, reachable }) => println!("EXTERNAL {endpoint} {reachable}"),
            Some(Event::DialFailed { contact, purpose, error }) => {
                println!("FAILED {} {error}", contact.endpoint);
                if error != DialError::Connected {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                    driver.give(Command::Dial { contact, purpose }).await?;
                }
            }
            Some(_) => {}
            None => break,
        }
    }
    cancel.cancel();
    running.await??;
    Ok(())
}
