//! Hearing of blocks: from a server that pushes them, and from those that do it badly or not at all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jsonrpsee::core::SubscriptionError;
use jsonrpsee::server::{PendingSubscriptionSink, RpcModule, Server, ServerHandle, SubscriptionMessage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use vibecoin_crypto::Hash;
use vibecoin_rpc::types::LightHeaders;

use super::hostile::{Wire, transport};
use super::watch::{Beat, Signal, Watch};
use super::*;

const BEAT: Beat = Beat {
    poll: Duration::from_millis(100),
    floor: Duration::from_millis(10),
    quiet_max: Duration::from_secs(5),
    reopen: Duration::from_millis(300),
};

/// What follows one block: `count` headers.
fn headers(count: usize) -> Value {
    let hash = "ab".repeat(32);
    json!({
        "fork_id": hash, "fork_height": 1_234_567, "records": "cd".repeat(52 * count), "tip_id": hash,
        "tip_height": 1_234_567 + count, "tip_work": "123456789012345678901234",
    })
}

/// How a pushing server behaves to each subscriber.
#[derive(Clone, Copy)]
enum Pushing {
    /// So many messages of so many headers each, then silence.
    Messages { count: usize, headers: usize, pause: Duration },
    /// Something else than headers.
    Nonsense,
    /// One message, then the end of the subscription.
    OneAndEnd,
}

async fn push(pending: PendingSubscriptionSink, pushing: Pushing) -> Result<(), SubscriptionError> {
    let sink = pending.accept().await?;
    let message = |value: &Value| SubscriptionMessage::from(serde_json::value::to_raw_value(value).unwrap());
    match pushing {
        Pushing::Messages { count, headers: of, pause } => {
            for _ in 0..count {
                sink.send(message(&headers(of))).await?;
                tokio::time::sleep(pause).await;
            }
            sink.closed().await;
        }
        Pushing::Nonsense => {
            sink.send(message(&json!({ "words": "nonsense" }))).await?;
            sink.closed().await;
        }
        Pushing::OneAndEnd => {
            sink.send(message(&headers(1))).await?;
            // Only an error is told to the subscriber.
            return Err("the end".into());
        }
    }
    Ok(())
}

/// A server that offers the subscription.
async fn pusher(pushing: Pushing) -> (SocketAddr, ServerHandle) {
    let server = Server::builder().build("127.0.0.1:0").await.unwrap();
    let mut module = RpcModule::new(());
    module
        .register_subscription(
            "light_subscribe",
            "light_subscribe",
            "light_unsubscribe",
            move |_, pending, _, _| async move { push(pending, pushing).await },
        )
        .unwrap();
    (server.local_addr().unwrap(), server.start(module))
}

async fn watch(address: SocketAddr, beat: Beat) -> Watch {
    let url = ServerUrl::parse(&address.to_string()).unwrap();
    let server = Arc::new(HttpServer::new(url, &transport()).unwrap());
    timeout(PATIENCE, Watch::open(server, Hash::ZERO, beat)).await.expect("a bounded time")
}

async fn next(watch: &mut Watch) -> Option<LightHeaders> {
    match timeout(PATIENCE, watch.next()).await.expect("a bounded time") {
        Signal::Headers(headers) => Some(headers),
        Signal::Ask => None,
    }
}

/// Counts what passes between whoever connects and `target`.
async fn counting(target: SocketAddr) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(target).await.unwrap();
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            for (mut from, mut to) in [(near_in, far_out), (far_in, near_out)] {
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    let mut piece = [0; 4096];
                    while let Ok(length @ 1..) = from.read(&mut piece).await {
                        counted.fetch_add(length as u64, Ordering::SeqCst);
                        to.write_all(&piece[..length]).await.ok()?;
                    }
                    Some(())
                });
            }
        }
    });
    (address, count)
}

#[tokio::test]
async fn a_watch_can_be_kept_by_a_task_of_its_own() {
    let (address, _server) = pusher(Pushing::OneAndEnd).await;
    let mut watch = watch(address, BEAT).await;
    let heard = tokio::spawn(async move { next(&mut watch).await.map(|headers| headers.tip_height.get()) });
    assert_eq!(heard.await.unwrap(), Some(1_234_568));
}

#[tokio::test]
async fn a_block_costs_half_a_thousand_bytes_over_a_socket() {
    let pause = Duration::from_millis(20);
    let (address, _server) = pusher(Pushing::Messages { count: 21, headers: 1, pause }).await;
    let (between, count) = counting(address).await;
    let mut watch = watch(between, BEAT).await;
    assert!(!watch.is_polling());
    assert!(next(&mut watch).await.is_some());
    let before = count.load(Ordering::SeqCst);
    for _ in 0..20 {
        assert_eq!(next(&mut watch).await.unwrap().records.as_bytes().len(), 52);
    }
    // The next message may be on its way already.
    let bytes = (count.load(Ordering::SeqCst) - before) / 20;
    assert!((300..600).contains(&bytes), "{bytes} bytes a block");
    let counted = watch.server().traffic().received_bytes / 21;
    assert!(counted.abs_diff(bytes) < 60, "{counted} were counted of {bytes}");
}

#[tokio::test]
async fn without_a_socket_there_is_a_beat_to_ask_at() {
    let server = Hostile::saying(|asked| result(asked, &Value::Null)).await;
    let mut watch = watch(server.address, BEAT).await;
    assert!(watch.is_polling());
    for _ in 0..3 {
        assert_eq!(next(&mut watch).await, None);
    }
}

#[tokio::test]
async fn what_ends_is_asked_for_and_opened_again() {
    let (address, server) = pusher(Pushing::OneAndEnd).await;
    let mut watch = watch(address, BEAT).await;
    assert!(next(&mut watch).await.is_some());
    assert_eq!(next(&mut watch).await, None, "what was missed");
    assert!(watch.is_polling());
    let again = async { while next(&mut watch).await.is_none() {} };
    timeout(PATIENCE, again).await.expect("the socket is tried again");
    server.stop().unwrap();
    while !watch.is_polling() {
        next(&mut watch).await;
    }
}

#[tokio::test]
async fn a_message_that_is_too_long_or_nonsense_ends_the_socket() {
    let long = Pushing::Messages { count: 1, headers: 400, pause: Duration::ZERO };
    for pushing in [long, Pushing::Nonsense] {
        let (address, _server) = pusher(pushing).await;
        let mut watch = watch(address, Beat { reopen: Duration::from_secs(60), ..BEAT }).await;
        assert!(!watch.is_polling());
        assert_eq!(next(&mut watch).await, None);
        assert!(watch.is_polling());
    }
}

#[tokio::test]
async fn a_flood_is_read_at_a_bounded_pace_and_then_not_at_all() {
    let (address, _server) =
        pusher(Pushing::Messages { count: 100_000, headers: 1, pause: Duration::ZERO }).await;
    let mut watch = watch(address, Beat { reopen: Duration::from_secs(60), ..BEAT }).await;
    let started = Instant::now();
    let mut signals = 0_u32;
    while !watch.is_polling() {
        next(&mut watch).await;
        signals += 1;
    }
    // A floor between any two, and no more than the queue holds after it was full.
    assert!(started.elapsed() >= BEAT.floor * (signals - 1));
    assert!(signals < 1_000, "{signals}");
}

#[tokio::test]
async fn a_silent_socket_is_asked_after_a_while() {
    let (address, _server) = pusher(Pushing::Messages { count: 0, headers: 0, pause: Duration::ZERO }).await;
    let mut watch = watch(address, Beat { quiet_max: Duration::from_millis(100), ..BEAT }).await;
    assert_eq!(next(&mut watch).await, None);
    assert!(!watch.is_polling());
}

#[tokio::test]
async fn a_socket_is_not_led_elsewhere() {
    let elsewhere = Hostile::saying(|asked| result(asked, &Value::Null)).await;
    let target = elsewhere.address;
    let redirecting = Hostile::raw(move |mut wire: Wire| async move {
        wire.say(format!("HTTP/1.1 302 Found\r\nlocation: ws://{target}/\r\ncontent-length: 0\r\n\r\n"))
            .await;
        wire.hold().await;
    })
    .await;
    let watch = watch(redirecting.address, BEAT).await;
    assert!(watch.is_polling());
    assert_eq!((redirecting.seen.connections(), elsewhere.seen.connections()), (1, 0));
}

#[tokio::test]
async fn through_a_proxy_there_is_no_socket() {
    let server = Hostile::saying(|asked| result(asked, &Value::Null)).await;
    let through = Transport { proxy: Some(server.address), ..transport() };
    let behind = Arc::new(HttpServer::new(server.url(), &through).unwrap());
    let mut watch = Watch::open(behind, Hash::ZERO, BEAT).await;
    assert_eq!(next(&mut watch).await, None);
    assert!(watch.is_polling());
    assert_eq!(server.seen.connections(), 0, "and nothing goes around it");
}
