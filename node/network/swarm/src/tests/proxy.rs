//! Dialling through a SOCKS5 proxy.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use vibecoin_network::endpoint::{Contact, Transport};

use super::world::{Node, config};
use crate::{DialError, Event, SwarmConfig};

/// A proxy that resolves every name to this machine, and remembers where it was asked to connect.
async fn proxy() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket, Arc::clone(&told)));
        }
    });
    (address, asked)
}

/// RFC 1928, as far as one command goes.
async fn serve(mut socket: TcpStream, asked: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let (_version, methods) = (socket.read_u8().await?, socket.read_u8().await?);
    let mut scrap = vec![0; methods.into()];
    socket.read_exact(&mut scrap).await?;
    socket.write_all(&[5, 0]).await?;
    let mut command = [0; 4];
    socket.read_exact(&mut command).await?;
    let host = match command[3] {
        1 => {
            let mut ip = [0; 4];
            socket.read_exact(&mut ip).await?;
            std::net::Ipv4Addr::from(ip).to_string()
        }
        3 => {
            let mut name = vec![0; socket.read_u8().await?.into()];
            socket.read_exact(&mut name).await?;
            String::from_utf8(name).unwrap()
        }
        other => panic!("an address of kind {other}"),
    };
    let port = socket.read_u16().await?;
    asked.lock().push(format!("{host}:{port}"));
    let mut target = TcpStream::connect(("127.0.0.1", port)).await?;
    socket.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    copy_bidirectional(&mut socket, &mut target).await?;
    Ok(())
}

fn proxied(proxy: SocketAddr) -> SwarmConfig {
    SwarmConfig { proxy: Some(proxy), listen: Vec::new(), ..config() }
}

async fn failure(node: &mut Node) -> DialError {
    node.until(|event| match event {
        Event::DialFailed { error, .. } => Some(error.clone()),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_and_names_go_through_the_proxy() {
    let (address, asked) = proxy().await;
    let mut hidden = Node::with(proxied(address)).await;
    let (mut by_address, mut by_name) = (Node::start().await, Node::start().await);
    hidden.meet(&mut by_address, Transport::Tcp).await;
    let port = by_name.contact(Transport::Tcp).endpoint.port();
    let contact = crate::parse_contact(&format!("/dns/hidden.invalid/tcp/{port}")).unwrap();
    hidden.dial(contact).await;
    hidden.greet(&mut by_name).await;
    let direct = by_address.contact(Transport::Tcp).endpoint.port();
    assert_eq!(*asked.lock(), [format!("127.0.0.1:{direct}"), format!("hidden.invalid:{port}")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_around_the_proxy() {
    let other = Node::start().await;
    // Nobody listens where the proxy should be.
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = unused.local_addr().unwrap();
    drop(unused);
    let mut hidden = Node::with(proxied(address)).await;
    hidden.dial(other.contact(Transport::Quic)).await;
    assert_eq!(failure(&mut hidden).await, DialError::Unsupported);
    hidden.dial(other.contact(Transport::Tcp)).await;
    assert_eq!(failure(&mut hidden).await, DialError::Proxy);
    hidden.dial(Contact::from(other.contact(Transport::Tcp).endpoint)).await;
    assert_eq!(failure(&mut hidden).await, DialError::Proxy);
    hidden.give(crate::Command::Resolve("example.org".parse().unwrap())).await;
}
