//! Where a connection leads, how it fails, and how long it may take.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::hostile::{Wire, transport};
use super::*;

/// A proxy of SOCKS5 that connects to `target` whatever it is asked for, and tells what that was.
async fn socks(target: SocketAddr) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, names) = mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = [0; 2];
            client.read_exact(&mut head).await.unwrap();
            let mut methods = vec![0; usize::from(head[1])];
            client.read_exact(&mut methods).await.unwrap();
            client.write_all(&[5, 0]).await.unwrap();
            let mut request = [0; 5];
            client.read_exact(&mut request).await.unwrap();
            assert_eq!(request[3], 3, "a name, not an address that was resolved here");
            let mut name = vec![0; usize::from(request[4]) + 2];
            client.read_exact(&mut name).await.unwrap();
            name.truncate(name.len() - 2);
            asked.send(String::from_utf8(name).unwrap()).await.unwrap();
            client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            let mut server = TcpStream::connect(target).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    (address, names)
}

#[tokio::test]
async fn a_redirect_is_refused_and_leads_nowhere() {
    let elsewhere = Hostile::saying(|asked| result(asked, &json!("caught"))).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: http://{}/", elsewhere.address);
        let error =
            told(move |_| http(&format!("{status} Moved"), &[JSON, &location], "{}")).await.unwrap_err();
        assert_eq!(error, Fault::Redirect { status }.into());
    }
    assert_eq!(elsewhere.seen.connections(), 0);
}

#[tokio::test]
async fn encryption_is_not_given_up() {
    let plain = Hostile::raw(|mut wire: Wire| async move {
        wire.say(http("200 OK", &[JSON], r#"{"jsonrpc":"2.0","id":1,"result":1}"#)).await;
        wire.hold().await;
    })
    .await;
    let url = ServerUrl::parse(&format!("https://{}", plain.address)).unwrap();
    let client = HttpServer::new(url, &transport()).unwrap();
    assert_eq!(ask(&client).await, Err(Absence::NotTrusted.into()));
    assert_eq!(client.traffic().received_bytes, 0);
}

#[tokio::test]
async fn nobody_listening_is_told_apart() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let client = HttpServer::new(ServerUrl::parse(&format!("http://{gone}")).unwrap(), &transport()).unwrap();
    assert_eq!(ask(&client).await, Err(Absence::ConnectionRefused.into()));
    assert_eq!(client.traffic().failures, 1);
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let server = Hostile::start(|_, mut wire| async move {
        wire.hold().await;
        None
    })
    .await;
    let late = Absence::TimedOut { stage: Stage::Head, after_ms: 500 };
    assert_eq!(ask(&server.client()).await, Err(late.into()));
}

#[tokio::test]
async fn a_server_that_never_accepts_is_given_up_and_a_slow_one_is_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = ServerUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let client = HttpServer::new(url, &transport()).unwrap();
    let late = Absence::TimedOut { stage: Stage::Head, after_ms: 500 };
    assert_eq!(ask(&client).await, Err(late.into()));

    let slow = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Hostile::on(listener, |asked, mut wire| async move {
            wire.say(result(&asked, &json!(1))).await.then_some(wire)
        })
    });
    assert_eq!(ask(&client).await, Ok(json!(1)));
    drop(slow);
}

#[tokio::test]
async fn a_head_that_drips_ends_at_the_deadline() {
    let server = Hostile::start(|asked, mut wire| async move {
        wire.drip(result(&asked, &json!("x".repeat(500))), Duration::from_millis(20)).await;
        None
    })
    .await;
    let late = Absence::TimedOut { stage: Stage::Head, after_ms: 500 };
    assert_eq!(ask(&server.client()).await, Err(late.into()));
}

#[tokio::test]
async fn a_body_that_drips_is_cut_long_before_the_deadline() {
    let server = Hostile::start(|asked, mut wire| async move {
        let answer = result(&asked, &json!("x".repeat(5_000)));
        let head = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        wire.say(&answer[..head]).await;
        wire.drip(&answer[head..], Duration::from_millis(20)).await;
        None
    })
    .await;
    let client = server.client();
    let error = ask(&client).await.unwrap_err();
    assert!(
        matches!(error, ServerError::Absent(Absence::TooSlow { bytes: 0..64, within_ms: 300 })),
        "{error:?}"
    );
    assert!(client.traffic().received_bytes < 1_000);
}

#[tokio::test]
async fn a_body_that_gets_on_has_the_whole_deadline_and_no_more() {
    let server = Hostile::start(|_, mut wire| async move {
        wire.say(format!("HTTP/1.1 200 OK\r\n{JSON}\r\ncontent-length: 16000\r\n\r\n")).await;
        while wire.say([b' '; 100]).await {
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        None
    })
    .await;
    let late = Absence::TimedOut { stage: Stage::Body, after_ms: 2_000 };
    assert_eq!(ask(&server.client()).await, Err(late.into()));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    let in_the_body = Hostile::start(|asked, mut wire| async move {
        let answer = result(&asked, &json!("x".repeat(500)));
        wire.say(&answer[..answer.len() - 1]).await;
        None
    })
    .await;
    assert_eq!(ask(&in_the_body.client()).await, Err(Absence::Cut.into()));
    assert_eq!(in_the_body.seen.questions(), 1, "what was answered in part is not asked again");

    let in_a_chunk = Hostile::start(|_, mut wire| async move {
        let head = format!("HTTP/1.1 200 OK\r\n{JSON}\r\ntransfer-encoding: chunked\r\n\r\n");
        wire.say(head + "64\r\n{\"jsonrpc\"").await;
        None
    })
    .await;
    assert_eq!(ask(&in_a_chunk.client()).await, Err(Absence::Cut.into()));
}

#[tokio::test]
async fn a_question_is_put_again_once_if_nothing_was_answered_unless_it_carries_a_seed() {
    let server = Hostile::start(|_, _| async { None }).await;
    let client = server.client();
    assert_eq!(ask(&client).await, Err(Absence::Cut.into()));
    assert_eq!(server.seen.questions(), 2);
    let proof: Result<Value, _> = client.call("light_prove", &()).await;
    assert_eq!(proof, Err(Absence::Cut.into()));
    assert_eq!(server.seen.questions(), 3);
}

#[tokio::test]
async fn a_server_that_comes_back_is_found_again() {
    let answer = |asked: Asked, mut wire: Wire| async move {
        wire.say(result(&asked, &json!(1))).await.then_some(wire)
    };
    let first = Hostile::start(answer).await;
    let (address, client) = (first.address, first.client());
    assert_eq!(ask(&client).await, Ok(json!(1)));
    drop(first);
    // Until the old listener is closed.
    let listener = loop {
        match TcpListener::bind(address).await {
            Ok(listener) => break listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let _second = Hostile::on(listener, answer);
    assert_eq!(
        ask(&client).await,
        Ok(json!(1)),
        "the connection that was kept is dead, and that does not show"
    );
}

#[tokio::test]
async fn a_proxy_resolves_names_and_is_never_gone_around() {
    let server = Hostile::saying(|asked| result(asked, &json!("reached"))).await;
    let (proxy, mut names) = socks(server.address).await;
    let through = Transport { proxy: Some(proxy), ..transport() };
    for host in ["no-such-name.invalid", "abcdefghij234567.onion", "localhost"] {
        let client = HttpServer::new(ServerUrl::parse(&format!("http://{host}")).unwrap(), &through).unwrap();
        assert_eq!(ask(&client).await, Ok(json!("reached")));
        assert_eq!(names.recv().await.as_deref(), Some(host));
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nowhere = Transport { proxy: Some(gone), ..transport() };
    let client = HttpServer::new(server.url(), &nowhere).unwrap();
    assert_eq!(ask(&client).await, Err(Absence::Proxy.into()));
    assert_eq!(server.seen.questions(), 3);
}

#[test]
fn an_onion_address_needs_a_proxy() {
    let url = ServerUrl::parse("abcdefghij234567.onion").unwrap();
    assert_eq!(HttpServer::new(url, &transport()).err(), Some(ServerError::OnionWithoutProxy));
}

#[test]
fn the_scheme_is_the_users() {
    let parse = |text: &str| ServerUrl::parse(text).unwrap();
    for (text, url) in [
        ("node.example.org:8424", "https://node.example.org:8424"),
        ("https://node.example.org/", "https://node.example.org"),
        ("http://node.example.org", "http://node.example.org"),
        ("127.0.0.1:28424", "http://127.0.0.1:28424"),
        ("[::1]:28424", "http://[::1]:28424"),
        ("localhost:28424", "http://localhost:28424"),
        ("abcdefghij234567.onion", "http://abcdefghij234567.onion"),
        ("https://node.example.org/vibe/rpc", "https://node.example.org/vibe/rpc"),
    ] {
        assert_eq!(parse(text).as_str(), url);
    }
    assert!(parse("http://node.example.org").is_exposed());
    assert!(parse("http://192.0.2.7:8424").is_exposed());
    for private in ["node.example.org", "127.0.0.1", "[::1]", "abcdefghij234567.onion"] {
        assert!(!parse(private).is_exposed(), "{private}");
    }
    for (text, error) in [
        ("", UrlError::NoUrl),
        ("http://", UrlError::NoUrl),
        ("ftp://node.example.org", UrlError::Scheme),
        ("ws://node.example.org", UrlError::Scheme),
        ("https://name:word@node.example.org", UrlError::Credentials),
        ("https://node.example.org/?a", UrlError::Query),
        ("https://node.example.org/#a", UrlError::Query),
    ] {
        assert_eq!(ServerUrl::parse(text), Err(error), "{text}");
    }
    assert_eq!(ServerUrl::parse(&format!("https://{}", "a".repeat(600))), Err(UrlError::TooLong));
}
