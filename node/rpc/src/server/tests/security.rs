//! What a stranger must not be able to do.

use std::io::{Read, Write};
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, HOST, ORIGIN};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Running;
use super::fake::Fake;
use crate::api::{NodeApi, OPERATOR_METHODS, OperatorApi};
use crate::client::RpcClient;
use crate::endpoint::Cookie;
use crate::error::ApiError;
use crate::server::serve::all_methods;
use crate::server::{RpcServer, ServerConfig, ServerError};
use crate::table::Kind;
use crate::types::Tip;

fn call(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

impl Running {
    fn post(&self, body: &Value) -> RequestBuilder {
        Client::new().post(self.url()).json(body)
    }
}

async fn text(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_host_that_is_not_ours_is_refused() {
    let running = Running::start_with(|config| config.allowed_hosts = vec!["Node.example".to_owned()]).await;
    let port = running.server.address().port();
    let ask =
        async |host: String| text(running.post(&call("chain_tip", json!([]))).header(HOST, host)).await.0;
    for good in ["localhost", "LOCALHOST", "127.0.0.1", "[::1]", "127.5.5.5", "node.example", "NODE.example"]
    {
        assert_eq!(ask(good.to_owned()).await, StatusCode::OK, "{good}");
        assert_eq!(ask(format!("{good}:{port}")).await, StatusCode::OK, "{good}");
    }
    for bad in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.5",
        "node.example.org",
    ] {
        assert_eq!(ask(bad.to_owned()).await, StatusCode::FORBIDDEN, "{bad}");
    }
    assert_eq!(running.fake.asked.lock().unwrap().len(), 14);
}

#[tokio::test]
async fn a_web_page_from_elsewhere_is_refused() {
    let origins = vec!["https://wallet.example".to_owned()];
    let running = Running::start_with(|config| config.allowed_origins = origins).await;
    let ask = async |origin: String| {
        text(running.post(&call("chain_tip", json!([]))).header(ORIGIN, origin)).await.0
    };
    for good in ["https://wallet.example".to_owned(), running.url()] {
        assert_eq!(ask(good.clone()).await, StatusCode::OK, "{good}");
    }
    for bad in [
        "https://evil.example",
        "null",
        "http://127.0.0.1:1",
        "http://localhost",
        "https://wallet.example.org",
    ] {
        assert_eq!(ask(bad.to_owned()).await, StatusCode::FORBIDDEN, "{bad}");
    }
}

#[tokio::test]
async fn a_web_page_cannot_open_a_socket() {
    let running = Running::start().await;
    let handshake = async |extra: &str| -> String {
        let mut socket = TcpStream::connect(running.server.address()).await.unwrap();
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extra}\r\n",
            running.server.address()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    };
    assert_eq!(handshake("").await, "HTTP/1.1 101");
    assert_eq!(handshake("Origin: https://evil.example\r\n").await, "HTTP/1.1 403");
    assert_eq!(handshake("Host: evil.example\r\n").await, "HTTP/1.1 400");
}

#[tokio::test]
async fn operator_methods_need_the_cookie() {
    let running = Running::start().await;
    let wrong = Cookie::generate().unwrap();
    for method in OPERATOR_METHODS.iter().filter(|method| method.kind == Kind::Call) {
        let body = call(method.name, json!([]));
        for request in [
            running.post(&body),
            running.post(&body).header(AUTHORIZATION, format!("Bearer {}", wrong.reveal())),
            running.post(&body).header(AUTHORIZATION, format!("Basic {}", running.cookie.reveal())),
            running.post(&body).header(AUTHORIZATION, running.cookie.reveal()),
        ] {
            let (_, answer) = text(request).await;
            assert_eq!(answer["error"]["data"]["kind"], "cookie_required", "{}: {answer}", method.name);
            assert_eq!(answer["error"]["code"], 1002);
        }
    }
    assert!(running.fake.asked.lock().unwrap().is_empty());
    let bearer = format!("bearer {}", running.cookie.reveal());
    let (_, answer) = text(running.post(&call("miner_stop", json!([]))).header(AUTHORIZATION, bearer)).await;
    assert!(answer["result"].is_object(), "{answer}");
    let presented = RpcClient::new(&running.url(), Some(&wrong)).unwrap().miner_stop().await.unwrap_err();
    assert_eq!(presented, ApiError::CookieRequired { presented: true });
}

#[tokio::test]
async fn a_batch_smuggles_nothing_past_the_cookie() {
    let running = Running::start().await;
    let batch =
        json!([call("chain_tip", json!([])), call("node_stop", json!([])), call("tx_fees", json!([]))]);
    let (_, answer) = text(running.post(&batch)).await;
    assert!(answer[0]["result"].is_object() && answer[2]["result"].is_object(), "{answer}");
    assert_eq!(answer[1]["error"]["data"]["kind"], "cookie_required");
    let asked = running.fake.asked.lock().unwrap().clone();
    assert_eq!(asked, ["chain_tip()", "tx_fees()"]);
}

#[tokio::test]
async fn a_socket_has_the_rights_of_its_handshake() {
    let running = Running::start().await;
    let refused = running.stranger().node_logs().await.map(|_| ()).unwrap_err();
    assert_eq!(refused, ApiError::CookieRequired { presented: false });
    assert!(running.operator().node_logs().await.unwrap().next().await.is_some());
}

#[tokio::test]
async fn batches_and_bodies_are_bounded() {
    let running = Running::start().await;
    let batch = |calls: usize| Value::Array(vec![call("chain_tip", json!([])); calls]);
    let (_, fits) = text(running.post(&batch(50))).await;
    assert_eq!(fits.as_array().unwrap().len(), 50);
    let (_, refused) = text(running.post(&batch(51))).await;
    assert_eq!(refused["error"]["code"], -32010, "{refused}");
    assert_eq!(running.fake.asked.lock().unwrap().len(), 50);

    let text_of = |length: usize| call("chain_search", json!(["x".repeat(length)]));
    let (status, _) = text(running.post(&text_of(1024 * 1024))).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, _) = text(running.post(&text_of(1024 * 1024 - 200))).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn connections_are_capped_and_freed() {
    let running = Running::start_with(|config| config.connections_max = 3).await;
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n{}",
        running.server.address(),
        r#"{"jsonrpc":"2.0","id":1,"method":"_tip"} "#
    );
    let first_line = async |socket: &mut TcpStream| -> String {
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    };
    let mut seated = Vec::new();
    for _ in 0..3 {
        let mut socket = TcpStream::connect(running.server.address()).await.unwrap();
        assert_eq!(first_line(&mut socket).await, "HTTP/1.1 200");
        seated.push(socket);
    }
    let mut fourth = TcpStream::connect(running.server.address()).await.unwrap();
    assert_eq!(first_line(&mut fourth).await, "HTTP/1.1 429");
    drop(seated);
    let mut freed = false;
    for _ in 0..100 {
        let mut socket = TcpStream::connect(running.server.address()).await.unwrap();
        freed = first_line(&mut socket).await == "HTTP/1.1 200";
        if freed {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(freed, "closed connections did not give their seats back");
}

#[tokio::test]
async fn a_socket_keeps_its_seat_and_its_subscriptions_are_capped() {
    let running = Running::start_with(|config| {
        config.connections_max = 2;
        config.subscriptions_max = 3;
    })
    .await;
    let first = running.stranger();
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(first.mempool_subscribe().await.unwrap());
    }
    let over = first.mempool_subscribe().await.map(|_| ()).unwrap_err();
    assert!(matches!(over, ApiError::OverLimit { .. }), "{over:?}");
    let second = running.stranger();
    let _other = second.mempool_subscribe().await.unwrap();
    let third = running.stranger().chain_tip().await.unwrap_err();
    assert!(matches!(third, ApiError::Busy { .. }), "{third:?}");
}

#[tokio::test]
async fn a_port_in_use_has_its_own_error() {
    let running = Running::start().await;
    let config = ServerConfig::new(running.server.address(), running.cookie.clone());
    let error = RpcServer::start(config, running.fake.clone(), running.fake.clone()).await.unwrap_err();
    assert!(
        matches!(error, ServerError::PortInUse { address } if address == running.server.address()),
        "{error}"
    );
}

#[tokio::test]
async fn a_subscriber_that_does_not_read_is_dropped() {
    let fake = Fake::new();
    let methods = all_methods(fake.clone(), fake.clone()).unwrap();
    let mut lazy = methods.subscribe("chain_subscribe_tip", [(); 0], 2).await.unwrap();
    assert_eq!(fake.ticker.receiver_count(), 1);
    let (tip, _) = lazy.next::<Tip>().await.unwrap().unwrap();
    for _ in 0..50 {
        fake.ticker.send(tip.clone()).unwrap();
    }
    let mut rounds = 0;
    while fake.ticker.receiver_count() > 0 {
        rounds += 1;
        assert!(rounds < 500, "fifty items wait for somebody who takes two");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut delivered = 0;
    while let Some(Ok(_)) = lazy.next::<Tip>().await {
        delivered += 1;
    }
    assert!(delivered < 50, "{delivered} were delivered after all");
}

#[tokio::test]
async fn answers_are_packed_for_whoever_asks_and_requests_never() {
    let running = Running::start().await;
    let batch = Value::Array(vec![call("chain_tip", json!([])); 50]);
    let ask = async |encoding: Option<&str>| {
        let request = running.post(&batch);
        let request = match encoding {
            Some(encoding) => request.header(ACCEPT_ENCODING, encoding),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let coding = answer.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap().to_owned());
        (coding, answer.bytes().await.unwrap().to_vec())
    };
    let (coding, plain) = ask(None).await;
    assert_eq!(coding, None);
    let (coding, packed) = ask(Some("br, gzip")).await;
    assert_eq!(coding.as_deref(), Some("gzip"));
    assert!(packed.len() < plain.len() / 5);
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&*packed).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain);
    assert_eq!(ask(Some("gzip;q=0")).await.0, None);

    // A body in gzip is read as what it is: no JSON.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(call("chain_tip", json!([])).to_string().as_bytes()).unwrap();
    let request = running.post(&Value::Null).header(CONTENT_ENCODING, "gzip").body(encoder.finish().unwrap());
    let (_, refused) = text(request).await;
    assert_eq!(refused["error"]["code"], -32700, "{refused}");
    // A WebSocket is one, whatever else its handshake asks for.
    let mut socket = TcpStream::connect(running.server.address()).await.unwrap();
    let handshake = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAccept-Encoding: gzip\r\n\r\n",
        running.server.address()
    );
    socket.write_all(handshake.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
}
