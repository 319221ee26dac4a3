//! What honest nodes tell each other.

use std::sync::Arc;
use std::time::Duration;

use vibecoin_crypto::Hash;
use vibecoin_network::endpoint::Transport;
use vibecoin_network::peers::{Direction, Purpose};
use vibecoin_network::testing::forge;
use vibecoin_network::wire::{
    CompactBlock, Goodbye, Kind, Message, Prefilled, RawBlock, Refusal, RequestId, encoded_bytes,
};
use vibecoin_primitives::Work;

use super::world::{Node, config, hello};
use crate::Event;

/// One message of every kind but the handshake's.
fn messages() -> Vec<Message> {
    let request = RequestId(7);
    let hash = Hash::new([9; 32]);
    let head = forge::head(&forge::genesis());
    let transactions = vec![forge::transaction(1), forge::transaction(2)];
    let block = forge::child(&head, 5, transactions.clone());
    let ticks: Arc<[Hash]> = vec![hash; forge::TICKS].into();
    let compact = CompactBlock {
        head,
        ticks: ticks.to_vec(),
        nonce: 3,
        short_ids: vec![[1; 6]],
        prefilled: vec![Prefilled { index: 0, transaction: forge::transaction(3) }],
    };
    vec![
        Message::GetContacts,
        Message::Contacts(Vec::new()),
        Message::Tip { head: Box::new(head), work: Work::new(5) },
        Message::GetHeaders { request, locator: vec![hash], limit: 9 },
        Message::Headers { request, headers: vec![head; 3] },
        Message::GetBlocks { request, ids: vec![hash; 2] },
        Message::Block { request, block: RawBlock::new(block.encode()).unwrap() },
        Message::PushCompact(true),
        Message::GetCompact(hash),
        Message::Compact(Arc::new(compact)),
        Message::GetBlockTransactions { request, block: hash, indexes: vec![1, 2] },
        Message::BlockTransactions { request, transactions: transactions.clone() },
        Message::AnnounceTransactions(vec![hash]),
        Message::GetTransactions { request, ids: vec![hash] },
        Message::Transactions { request, transactions },
        Message::Segment { parent: hash, ticks },
        Message::GetStateChunk { request, block: hash, start: hash, bytes_max: 5 },
        Message::StateChunk { request, chunk: vec![4; 300_000].into() },
        Message::Refused { request, refusal: Refusal::Busy },
    ]
}

async fn exchange(transport: Transport) {
    let (mut dialler, mut listener) = (Node::start().await, Node::start().await);
    dialler.meet(&mut listener, transport).await;
    let messages = messages();
    assert_eq!(messages.len() + 2, Kind::ALL.len());
    for message in &messages {
        dialler.send(listener.id, message.clone()).await;
        listener.send(dialler.id, message.clone()).await;
    }
    let (one, two) = (dialler.id, listener.id);
    for (to, from) in [(&mut dialler, two), (&mut listener, one)] {
        for message in &messages {
            let kind = message.kind();
            let came = to
                .until(|event| match event {
                    Event::Received { node, message, bytes, .. }
                        if *node == from && message.kind() == kind =>
                    {
                        Some((message.clone(), *bytes))
                    }
                    _ => None,
                })
                .await;
            assert_eq!(came, (message.clone(), encoded_bytes(message)));
        }
    }
    let bytes = messages.iter().chain([&hello()]).map(encoded_bytes).sum();
    dialler.sent(listener.id, bytes).await;
    listener.sent(dialler.id, bytes).await;
    dialler.close(listener.id, Goodbye::Operator).await;
    assert_eq!(listener.received(dialler.id).await, Message::Goodbye(Goodbye::Operator));
    dialler.closed(listener.id).await;
    listener.closed(dialler.id).await;
    for node in [dialler, listener] {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_message_travels_over_tcp() {
    exchange(Transport::Tcp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_message_travels_over_quic() {
    exchange(Transport::Quic).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_say_who_dialled_and_where() {
    let (mut dialler, mut listener) = (Node::start().await, Node::start().await);
    let contact = listener.contact(Transport::Tcp);
    dialler.dial(contact.clone()).await;
    let link = dialler.connected(listener.id).await;
    assert_eq!(link.direction, Direction::Outbound);
    assert_eq!(link.endpoint, Some(contact.endpoint));
    assert_eq!(link.purpose, Some(Purpose::Full));
    let link = listener.connected(dialler.id).await;
    assert_eq!(link.direction, Direction::Inbound);
    assert_eq!(link.purpose, None);
    assert!(link.endpoint.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_wait_for_the_node_and_nothing_is_lost() {
    let (mut dialler, mut listener) = (Node::start().await, Node::start().await);
    dialler.meet(&mut listener, Transport::Tcp).await;
    let chunk: Arc<[u8]> = vec![5; 400_000].into();
    let count = 300;
    for number in 0..count {
        let message = Message::StateChunk { request: RequestId(number), chunk: Arc::clone(&chunk) };
        dialler.send(listener.id, message).await;
    }
    // The node is busy: 120 MB are on their way, and only what fits its purse has been read.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut sent = 0;
    for event in dialler.within(Duration::from_millis(10)).await {
        if let Event::Sent { bytes, .. } = event {
            sent += bytes;
        }
    }
    assert!(sent < 60_000_000, "{sent} bytes were taken from the sender");
    let bytes = encoded_bytes(&Message::StateChunk { request: RequestId(0), chunk });
    let (from, to) = (dialler.id, listener.id);
    let read = async {
        for number in 0..count {
            let Message::StateChunk { request, .. } = listener.received(from).await else {
                panic!("another kind");
            };
            assert_eq!(request, RequestId(number));
        }
    };
    tokio::join!(read, dialler.sent(to, count as usize * bytes + encoded_bytes(&hello()) - sent));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pings_tell_the_latency() {
    let (mut dialler, mut listener) = (Node::start().await, Node::start().await);
    dialler.meet(&mut listener, Transport::Tcp).await;
    let to = listener.id;
    dialler
        .until(|event| {
            matches!(event, Event::Latency { node, ms } if *node == to && *ms < 10_000).then_some(())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_find_each_other_in_the_table() {
    let with_table = || crate::SwarmConfig { kad: true, ..config() };
    let mut hub = Node::with(with_table()).await;
    let (mut first, mut second) = (Node::with(with_table()).await, Node::with(with_table()).await);
    first.meet(&mut hub, Transport::Tcp).await;
    second.meet(&mut hub, Transport::Tcp).await;
    let wanted = second.contact(Transport::Tcp);
    first
        .until(|event| match event {
            Event::Discovered { contacts, .. } if contacts.contains(&wanted) => Some(()),
            _ => None,
        })
        .await;
}
