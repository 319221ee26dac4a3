//! Connections that come, go, double and fail.

use std::time::Duration;

use vibecoin_network::endpoint::{Contact, Transport};
use vibecoin_network::peers::Direction;
use vibecoin_network::wire::{Goodbye, Message, encoded_bytes};

use super::world::{Node, config, hello};
use crate::{DialError, Event, SwarmConfig, SwarmError, start};

/// Sessions that a node has been told of and not seen closed.
fn standing(events: &[Event]) -> Vec<Direction> {
    let mut standing = Vec::new();
    for event in events {
        match event {
            Event::Connected { link, .. } => standing.push(link.direction),
            Event::Closed { .. } => assert!(standing.pop().is_some(), "closed before it was connected"),
            _ => {}
        }
        assert!(standing.len() <= 1, "two connections at once");
    }
    standing
}

async fn fails(node: &mut Node, contact: Contact) -> DialError {
    node.dial(contact.clone()).await;
    node.until(|event| match event {
        Event::DialFailed { contact: failed, error, .. } if *failed == contact => Some(error.clone()),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_dials_end_with_one_connection() {
    for (round, transport) in [Transport::Tcp, Transport::Quic].into_iter().cycle().take(12).enumerate() {
        let (mut one, mut two) = (Node::start().await, Node::start().await);
        let (to_two, to_one) = (two.contact(transport), one.contact(transport));
        tokio::join!(one.dial(to_two), two.dial(to_one));
        let (one_told, two_told) =
            tokio::join!(one.within(Duration::from_secs(2)), two.within(Duration::from_secs(2)));
        let (of_one, of_two) = (standing(&one_told), standing(&two_told));
        assert_eq!(of_one.len(), 1, "round {round}: {one_told:?}");
        assert_eq!(of_two.len(), 1, "round {round}: {two_told:?}");
        assert_ne!(of_one, of_two, "round {round}: both mean the same connection");
        // It carries messages: a hello each way, and then both ways again.
        one.send(two.id, hello()).await;
        two.send(one.id, hello()).await;
        assert_eq!(one.received(two.id).await, hello());
        assert_eq!(two.received(one.id).await, hello());
        one.send(two.id, Message::GetContacts).await;
        assert_eq!(two.received(one.id).await, Message::GetContacts);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_dial_finds_the_first_connection() {
    let (mut one, mut two) = (Node::start().await, Node::start().await);
    one.meet(&mut two, Transport::Tcp).await;
    assert_eq!(fails(&mut one, two.contact(Transport::Tcp)).await, DialError::Connected);
    let nameless = Contact { node: None, ..two.contact(Transport::Quic) };
    assert_eq!(fails(&mut one, nameless).await, DialError::Connected);
    one.send(two.id, Message::GetContacts).await;
    assert_eq!(two.received(one.id).await, Message::GetContacts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dials_say_why_they_fail() {
    let (mut one, two) = (Node::start().await, Node::start().await);
    let myself = one.contact(Transport::Tcp);
    assert_eq!(fails(&mut one, myself.clone()).await, DialError::Myself);
    assert_eq!(fails(&mut one, Contact { node: None, ..myself }).await, DialError::Myself);
    let other = crate::NodeKey::generate().node();
    let wrong = Contact { node: Some(other), ..two.contact(Transport::Tcp) };
    assert_eq!(fails(&mut one, wrong).await, DialError::WrongNode(two.id));
    let gone = two.contact(Transport::Tcp);
    two.stop().await;
    assert_eq!(fails(&mut one, gone).await, DialError::Refused);
    let name = crate::parse_contact("/dns/no-such-name.invalid/tcp/1").unwrap();
    let error = fails(&mut one, name).await;
    assert!(matches!(error, DialError::NoSuchName | DialError::TimedOut), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_of_another_network_do_not_connect() {
    let mut one = Node::start().await;
    let mut two = Node::with(SwarmConfig { network: "f".repeat(16), ..config() }).await;
    assert_eq!(fails(&mut one, two.contact(Transport::Tcp)).await, DialError::OtherProtocol);
    assert_eq!(fails(&mut one, two.contact(Transport::Quic)).await, DialError::OtherProtocol);
    let told = two.within(Duration::from_millis(500)).await;
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_byte_is_told_as_sent_whatever_becomes_of_it() {
    let (mut one, mut two) = (Node::start().await, Node::start().await);
    one.meet(&mut two, Transport::Tcp).await;
    one.sent(two.id, encoded_bytes(&hello())).await;
    let bytes = encoded_bytes(&Message::GetContacts);
    // Some go out, some are refused because the connection is being closed, some have nobody to go to.
    for _ in 0..100 {
        one.send(two.id, Message::GetContacts).await;
    }
    one.close(two.id, Goodbye::Stopping).await;
    for _ in 0..100 {
        one.send(two.id, Message::GetContacts).await;
    }
    one.sent(two.id, 200 * bytes).await;
    one.closed(two.id).await;
    one.send(two.id, Message::GetContacts).await;
    one.sent(two.id, bytes).await;
    let told = one.within(Duration::from_millis(300)).await;
    assert!(!told.iter().any(|event| matches!(event, Event::Sent { .. })), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_meant_for_a_connection_slips_into_the_next_one() {
    let (mut one, mut two) = (Node::start().await, Node::start().await);
    one.meet(&mut two, Transport::Tcp).await;
    // Two leaves and comes back; one has not looked at what happened, and sends.
    two.close(one.id, Goodbye::Operator).await;
    two.closed(one.id).await;
    // The driver of one has noticed; whoever takes its events has not.
    tokio::time::sleep(Duration::from_secs(1)).await;
    two.dial(one.contact(Transport::Tcp)).await;
    two.connected(one.id).await;
    one.send(two.id, Message::GetContacts).await;
    one.send(two.id, hello()).await;
    let told = two.within(Duration::from_millis(500)).await;
    assert!(!told.iter().any(|event| matches!(event, Event::Received { .. })), "{told:?}");
    assert_eq!(one.received(two.id).await, Message::Goodbye(Goodbye::Operator));
    one.closed(two.id).await;
    one.connected(two.id).await;
    one.send(two.id, hello()).await;
    two.send(one.id, hello()).await;
    assert_eq!(one.received(two.id).await, hello());
    assert_eq!(two.received(one.id).await, hello());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_come_and_go_leave_no_tasks() {
    let (mut one, mut two) = (Node::start().await, Node::start().await);
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let mut after_warming_up = 0;
    for round in 0..200 {
        let transport = if round % 2 == 0 { Transport::Tcp } else { Transport::Quic };
        one.meet(&mut two, transport).await;
        one.close(two.id, Goodbye::OnlyLooking).await;
        let (id_of_one, id_of_two) = (one.id, two.id);
        tokio::join!(one.closed(id_of_two), two.closed(id_of_one));
        one.forget();
        two.forget();
        if round == 20 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            after_warming_up = tasks();
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(tasks() <= after_warming_up + 4, "{} tasks, {after_warming_up} before", tasks());
    for node in [one, two] {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_says_so() {
    let (mut one, mut two) = (Node::start().await, Node::start().await);
    one.meet(&mut two, Transport::Quic).await;
    let id = one.id;
    let stopping = tokio::spawn(one.stop());
    assert_eq!(two.received(id).await, Message::Goodbye(Goodbye::Stopping));
    two.closed(id).await;
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_configuration_that_contradicts_itself_is_refused() {
    let refused = |config| match start(config, tokio_util::sync::CancellationToken::new()) {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    };
    let network = SwarmConfig { network: "Main".to_owned(), ..config() };
    assert!(matches!(refused(network), SwarmError::Network(_)));
    let listen = SwarmConfig { listen: vec!["/ip4/192.0.2.1/tcp/1".to_owned()], ..config() };
    assert!(matches!(refused(listen), SwarmError::Listen { .. }));
    let external = SwarmConfig { external: vec!["nowhere".to_owned()], ..config() };
    assert!(matches!(refused(external), SwarmError::Address { .. }));
    let proxy = Some("127.0.0.1:9050".parse().unwrap());
    let proxied = SwarmConfig { proxy, listen: Vec::new(), ..config() };
    for around in [
        SwarmConfig { listen: vec!["/ip4/0.0.0.0/tcp/0".to_owned()], ..proxied.clone() },
        SwarmConfig { mdns: true, ..proxied.clone() },
        SwarmConfig { upnp: true, ..proxied.clone() },
        SwarmConfig { autonat: true, ..proxied.clone() },
        SwarmConfig { relay_server: true, ..proxied.clone() },
        SwarmConfig { external: vec!["/ip4/8.8.8.8/tcp/1".to_owned()], ..proxied },
    ] {
        assert!(matches!(refused(around), SwarmError::AroundProxy(_)));
    }
}
