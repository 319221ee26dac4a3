#![allow(clippy::unwrap_used)]

use std::time::Duration;

use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn a_url_is_read_in_each_of_its_forms() {
    for url in ["http://127.0.0.1:1", "ws://127.0.0.1:1/", "http://localhost:1"] {
        let client = RpcClient::new(url, None).unwrap();
        assert!(client.url().starts_with("http://") && client.socket_url.starts_with("ws://"), "{client:?}");
    }
    for wrong in ["127.0.0.1:1", "ftp://a", "http://"] {
        assert!(matches!(RpcClient::new(wrong, None), Err(ApiError::InvalidParams { .. })), "{wrong}");
    }
}

#[tokio::test]
async fn nobody_there_and_nobody_answering_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // The connection stands, but no answer comes.
    let mute = RpcClient::new(&url, None).unwrap().with_deadline(Duration::from_millis(50));
    assert_eq!(mute.chain_tip().await.unwrap_err(), ApiError::TimedOut { url: url.clone(), after_ms: 50 });
    drop(listener);
    let gone = RpcClient::connect(&url, None).await.unwrap_err();
    assert!(matches!(gone, ApiError::Unreachable { .. }), "{gone:?}");
    let gone = mute.chain_subscribe_tip().await.map(|_| ()).unwrap_err();
    assert!(matches!(gone, ApiError::Unreachable { .. }), "{gone:?}");
}
