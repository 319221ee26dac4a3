//! The ways between the nodes of a cluster, which can be held and opened, each direction by itself.
//!
//! Each node goes to others through a SOCKS5 server (RFC 1928) of its own, so the server knows who goes, and by the port
//! whom to. A way that is held loses nothing: what is on it comes when it is opened, as the system's own repetitions
//! would have it. A connection can be made only while both directions are open.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
};

use super::runtime;

/// What is on its way in one direction of one connection, at most.
const BUFFER_BYTES: usize = 16 << 10;

/// Whoever listens at a port that nobody has named. No way there is ever held.
const UNNAMED: usize = usize::MAX;

/// From one node to another.
pub type Way = (usize, usize);

/// What the ways are like.
#[derive(Clone, Debug, Default)]
struct Sky {
    /// By from and to; nodes that have no row are free.
    held: Vec<Way>,
    /// How often all connections over held ways were cut off.
    cuts: u64,
}

impl Sky {
    fn is_open(&self, way: Way) -> bool {
        !self.held.contains(&way)
    }
}

/// See the module.
pub struct Links {
    sky: watch::Sender<Sky>,
    proxies: Vec<SocketAddr>,
    /// Which node listens at which port.
    names: Mutex<BTreeMap<u16, usize>>,
}

impl Links {
    /// Ways between so many nodes, all open.
    pub fn new(nodes: usize) -> Arc<Self> {
        let listeners: Vec<TcpListener> = (0..nodes)
            .map(|_| runtime().block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port"))
            .collect();
        let proxies = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        let links = Arc::new(Self { sky: watch::Sender::default(), proxies, names: Mutex::default() });
        for (from, listener) in listeners.into_iter().enumerate() {
            // The tasks end with the test's process; a cluster is small.
            let weak = Arc::downgrade(&links);
            runtime().spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let Some(links) = weak.upgrade() else { return };
                    runtime().spawn(async move {
                        // A connection that breaks is nothing that a proxy cares about.
                        let _ = links.carry(from, stream).await;
                    });
                }
            });
        }
        links
    }

    /// Where a node finds its server.
    pub fn proxy_of(&self, node: usize) -> SocketAddr {
        self.proxies[node]
    }

    /// A node listens at this port.
    pub fn name(&self, node: usize, port: u16) {
        self.names.lock().unwrap().insert(port, node);
    }

    /// Holds these ways and opens all others.
    pub fn hold(&self, held: impl IntoIterator<Item = Way>) {
        let held = held.into_iter().collect();
        self.sky.send_modify(|sky| sky.held = held);
    }

    /// Opens all ways.
    pub fn open_all(&self) {
        self.hold([]);
    }

    /// Breaks every connection that has a held way.
    pub fn cut(&self) {
        self.sky.send_modify(|sky| sky.cuts += 1);
    }

    async fn carry(&self, from: usize, mut client: TcpStream) -> io::Result<()> {
        let port = greet(&mut client).await?;
        let to = self.names.lock().unwrap().get(&port).copied().unwrap_or(UNNAMED);
        let (there, back) = ((from, to), (to, from));
        let mut sky = self.sky.subscribe();
        let mut byte = [0];
        tokio::select! {
            _ = sky.wait_for(|sky| sky.is_open(there) && sky.is_open(back)) => {}
            // Nobody speaks before the way is there, so whatever can be read is the end.
            _ = client.peek(&mut byte) => return Ok(()),
        }
        let begun = sky.borrow().cuts;
        let server = TcpStream::connect(("127.0.0.1", port)).await;
        client.write_all(&reply(if server.is_ok() { 0 } else { 5 })).await?;
        let server = server?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let ((client_in, client_out), (server_in, server_out)) = (client.into_split(), server.into_split());
        let both = async {
            tokio::join!(
                pass(client_in, server_out, self.sky.subscribe(), there),
                pass(server_in, client_out, self.sky.subscribe(), back)
            );
        };
        let is_cut = |sky: &Sky| sky.cuts > begun && !(sky.is_open(there) && sky.is_open(back));
        tokio::select! {
            _ = sky.wait_for(is_cut) => {}
            () = both => {}
        }
        Ok(())
    }
}

/// Hears where a client wants to go, and gives the port.
async fn greet(client: &mut TcpStream) -> io::Result<u16> {
    let mut head = [0; 2];
    client.read_exact(&mut head).await?;
    let mut methods = vec![0; usize::from(head[1])];
    client.read_exact(&mut methods).await?;
    client.write_all(&[5, 0]).await?;
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    // An IPv4 address is the only thing that nodes of a cluster are told.
    if request != [5, 1, 0, 1] {
        client.write_all(&reply(7)).await?;
        return Err(io::ErrorKind::Unsupported.into());
    }
    let mut target = [0; 6];
    client.read_exact(&mut target).await?;
    Ok(u16::from_be_bytes([target[4], target[5]]))
}

/// An answer of the server's, with nothing of interest in its address.
const fn reply(code: u8) -> [u8; 10] {
    [5, code, 0, 1, 127, 0, 0, 1, 0, 0]
}

/// Carries bytes in one direction, while the way is open, until one end closes.
async fn pass(
    mut from: tcp::OwnedReadHalf,
    mut to: tcp::OwnedWriteHalf,
    mut sky: watch::Receiver<Sky>,
    way: Way,
) {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = from.read(&mut buffer).await.unwrap_or(0);
        let _ = sky.wait_for(|sky| sky.is_open(way)).await;
        if read == 0 {
            let _ = to.shutdown().await;
            return;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
