//! What strangers may try, and what is told of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use vibecoin_network::endpoint::Transport;
use vibecoin_network::score::Fault;
use vibecoin_network::wire::{Goodbye, Kind, Message, RequestId, WireError, encode, encoded_bytes};

use super::stranger::{Stranger, write};
use super::world::{Node, hello};
use crate::Event;

fn head(kind: Kind, length: u32) -> Vec<u8> {
    [&[kind.number()], length.to_le_bytes().as_slice()].concat()
}

/// A stranger whose talk lane is open; neither has said anything.
async fn visited(node: &mut Node) -> Stranger {
    let stranger = Stranger::connect(&node.contact(Transport::Tcp)).await;
    let talk = stranger.lane("talk").await;
    node.connected(stranger.id).await;
    drop(talk);
    stranger
}

async fn misbehaved(node: &mut Node, stranger: &Stranger) -> Fault {
    node.until(|event| match event {
        Event::Misbehaved { node, fault } if *node == stranger.id => Some(fault.clone()),
        _ => None,
    })
    .await
}

/// What is told when these bytes come, before or after both sides have said hello.
async fn violation(introduced: bool, bytes: &[u8]) -> WireError {
    let mut node = Node::start().await;
    let stranger = Stranger::connect(&node.contact(Transport::Tcp)).await;
    let mut talk = stranger.lane("talk").await;
    node.connected(stranger.id).await;
    if introduced {
        write(&mut talk, &encode(&hello())).await;
        node.send(stranger.id, hello()).await;
        assert_eq!(node.received(stranger.id).await, hello());
    }
    write(&mut talk, bytes).await;
    let error = node
        .until(|event| match event {
            Event::Violated { node, error } if *node == stranger.id => Some(*error),
            _ => None,
        })
        .await;
    // Nothing more is read, and the node decides what follows.
    let _ = timeout(Duration::from_secs(1), talk.write_all(&encode(&Message::GetContacts))).await;
    let told = node.within(Duration::from_millis(200)).await;
    assert!(
        !told.iter().any(|event| matches!(event, Event::Received { .. } | Event::Closed { .. })),
        "{told:?}"
    );
    node.close(stranger.id, Goodbye::Banned).await;
    node.closed(stranger.id).await;
    node.stop().await;
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_told() {
    assert_eq!(violation(true, &[0xff; 64]).await, WireError::UnknownKind(0xff));
    let body = [head(Kind::PushCompact, 1), vec![7]].concat();
    assert!(matches!(violation(true, &body).await, WireError::Body { kind: Kind::PushCompact, .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_huge_length_is_refused_by_its_head() {
    let error = violation(true, &head(Kind::Compact, u32::MAX)).await;
    assert!(matches!(error, WireError::TooLong { kind: Kind::Compact, .. }), "{error}");
    let error = violation(false, &head(Kind::Hello, 1_025)).await;
    assert!(matches!(error, WireError::TooLong { kind: Kind::Hello, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_before_a_hello_is_told() {
    let error = violation(false, &encode(&Message::GetContacts)).await;
    assert_eq!(error, WireError::BeforeHandshake(Kind::GetContacts));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_on_the_wrong_lane_is_told() {
    let headers = Message::Headers { request: RequestId(1), headers: Vec::new() };
    assert_eq!(violation(true, &encode(&headers)).await, WireError::WrongLane(Kind::Headers));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bulk_lane_is_not_read_before_both_have_said_hello() {
    let mut node = Node::start().await;
    let stranger = Stranger::connect(&node.contact(Transport::Tcp)).await;
    let mut talk = stranger.talk().await;
    node.connected(stranger.id).await;
    let mut bulk = stranger.lane("bulk").await;
    let chunk = Message::StateChunk { request: RequestId(1), chunk: vec![1; 100_000].into() };
    let written = timeout(Duration::from_secs(2), async {
        loop {
            write(&mut bulk, &encode(&chunk)).await;
        }
    });
    assert!(written.await.is_err(), "the stranger has to wait");
    let told = node.within(Duration::from_millis(100)).await;
    assert_eq!(told.iter().filter(|event| matches!(event, Event::Received { .. })).count(), 1, "the hello");
    // Then it is read. What was being written may have been cut short, and that would be a violation as well.
    node.send(stranger.id, hello()).await;
    node.until(|event| match event {
        Event::Received { message: Message::StateChunk { .. }, .. } => Some(()),
        _ => None,
    })
    .await;
    let _ = talk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_drips_is_too_slow() {
    let mut node = Node::start().await;
    let stranger = Stranger::connect(&node.contact(Transport::Tcp)).await;
    let mut talk = stranger.talk().await;
    node.connected(stranger.id).await;
    node.send(stranger.id, hello()).await;
    write(&mut talk, &head(Kind::GetHeaders, 1_000)).await;
    let drip = tokio::spawn(async move {
        for _ in 0..60 {
            if talk.write_all(&[0]).await.is_err() || talk.flush().await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    assert_eq!(misbehaved(&mut node, &stranger).await, Fault::SlowMessage);
    drip.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_reads_blocks_nobody() {
    let (mut node, mut honest) = (Node::start().await, Node::start().await);
    let stranger = Stranger::connect(&node.contact(Transport::Tcp)).await;
    let _talk = stranger.talk().await;
    let _bulk = stranger.lane("bulk").await;
    node.connected(stranger.id).await;
    node.send(stranger.id, hello()).await;
    node.meet(&mut honest, Transport::Tcp).await;
    let chunk: Arc<[u8]> = vec![5; 500_000].into();
    let message = |number| Message::StateChunk { request: RequestId(number), chunk: Arc::clone(&chunk) };
    let (count, bytes) = (100, encoded_bytes(&message(0)));
    for number in 0..count {
        node.send(stranger.id, message(number)).await;
        node.send(honest.id, message(number)).await;
    }
    for number in 0..count {
        assert_eq!(honest.received(node.id).await, message(number));
    }
    // The stranger's socket has taken some; once it is left, all of it counts as sent.
    node.close(stranger.id, Goodbye::TooSlow).await;
    node.sent(stranger.id, encoded_bytes(&hello()) + count as usize * bytes).await;
    node.closed(stranger.id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_the_queue_holds_is_not_kept() {
    let mut node = Node::start().await;
    let stranger = Stranger::connect(&node.contact(Transport::Tcp)).await;
    let _talk = stranger.talk().await;
    node.connected(stranger.id).await;
    let announcement = Message::AnnounceTransactions(vec![vibecoin_crypto::Hash::new([1; 32]); 1_000]);
    let count = 2 * crate::lanes::writer::QUEUE_MAX;
    for _ in 0..count {
        node.send(stranger.id, announcement.clone()).await;
    }
    assert_eq!(misbehaved(&mut node, &stranger).await, Fault::NotReading);
    node.close(stranger.id, Goodbye::TooSlow).await;
    node.sent(stranger.id, count * encoded_bytes(&announcement)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_streams_is_noise() {
    let mut node = Node::start().await;
    let stranger = Stranger::connect(&node.contact(Transport::Tcp)).await;
    let _talk = stranger.talk().await;
    node.connected(stranger.id).await;
    let mut streams = Vec::new();
    for _ in 0..28 {
        if let Some(mut stream) = stranger.bare_stream().await {
            let _ = stream.write_all(b"\x13/multistream/1.0.0\n").await;
            let _ = stream.flush().await;
            streams.push(stream);
        }
    }
    assert_eq!(misbehaved(&mut node, &stranger).await, Fault::Noise);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_negotiations_is_noise() {
    let mut node = Node::start().await;
    let stranger = Stranger::connect(&node.contact(Transport::Tcp)).await;
    let _talk = stranger.talk().await;
    node.connected(stranger.id).await;
    let flood = tokio::spawn(async move {
        while let Some(mut stream) = stranger.bare_stream().await {
            let _ = stream.write_all(b"\x13/multistream/1.0.0\n\x09/nothing\n").await;
            let _ = stream.close().await;
        }
        stranger
    });
    node.until(|event| matches!(event, Event::Misbehaved { fault: Fault::Noise, .. }).then_some(())).await;
    flood.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_pings_is_noise() {
    let mut node = Node::start().await;
    let stranger = Stranger::connect(&node.contact(Transport::Tcp)).await;
    let _talk = stranger.talk().await;
    node.connected(stranger.id).await;
    let (mut pongs, mut pings) = stranger.stream("/ipfs/ping/1.0.0").await.split();
    let flood = tokio::spawn(async move {
        let read = async {
            let mut scrap = [0; 4_096];
            while pongs.read(&mut scrap).await.is_ok_and(|read| read > 0) {}
        };
        let write = async { while pings.write_all(&[7; 32 * 64]).await.is_ok() {} };
        tokio::join!(read, write);
    });
    assert_eq!(misbehaved(&mut node, &stranger).await, Fault::Noise);
    flood.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_that_leaves_at_once_is_told_as_gone() {
    let mut node = Node::start().await;
    let stranger = visited(&mut node).await;
    node.closed(stranger.id).await;
}
