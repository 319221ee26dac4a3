//! Somebody who speaks the transport's protocols, and above them whatever it likes: for tests of what a node stands.
//!
//! Deliberately absent: anything that would keep it from harm; it panics where a test should fail.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;

use futures_util::{AsyncReadExt, AsyncWriteExt};
pub use libp2p::core::muxing::SubstreamBox;
use libp2p::core::muxing::{StreamMuxerBox, StreamMuxerExt};
use libp2p::core::transport::{DialOpts, PortUse};
use libp2p::core::{Endpoint as Role, Transport};
use libp2p::relay;
use tokio::sync::{mpsc, oneshot};
use vibecoin_network::endpoint::{Contact, NodeId};

use crate::NodeKey;
use crate::address::multiaddr_of;
use crate::transport::gate::Permits;
use crate::transport::meter::Meters;
use crate::transport::{self, Shared};

/// A connection to a node, and nothing that the node expects of it.
#[derive(Debug)]
pub struct Stranger {
    /// Who it is to the node.
    pub id: NodeId,
    network: String,
    requests: mpsc::Sender<oneshot::Sender<SubstreamBox>>,
}

impl Stranger {
    /// Connects over TCP, and no more. `network` is the part of the protocols' names.
    ///
    /// # Panics
    /// If that does not succeed.
    pub async fn visit(contact: &Contact, network: &str) -> Self {
        let key = NodeKey::generate();
        let shared = Shared { meters: Meters::new(false), permits: Permits::new(true) };
        let (relay, _) = relay::client::new(key.keypair().public().to_peer_id());
        let mut transport = transport::open(&key.keypair(), &shared, relay).expect("the node takes it");
        let options = DialOpts { role: Role::Dialer, port_use: PortUse::New };
        let (_, muxer) = transport
            .dial(multiaddr_of(&contact.endpoint), options)
            .expect("the node takes it")
            .await
            .expect("the node takes it");
        let (requests, receiver) = mpsc::channel(64);
        tokio::spawn(drive(muxer, receiver));
        Self { id: key.node(), network: network.to_owned(), requests }
    }

    /// A stream on which nothing has been said; `None` if there can be no more.
    pub async fn bare_stream(&self) -> Option<SubstreamBox> {
        let (request, answer) = oneshot::channel();
        self.requests.send(request).await.ok()?;
        answer.await.ok()
    }

    /// A stream for a protocol that the other side speaks.
    ///
    /// # Panics
    /// If there can be none.
    pub async fn stream(&self, protocol: &str) -> SubstreamBox {
        let mut stream = self.bare_stream().await.expect("the node takes it");
        let mut words = Vec::new();
        for word in ["/multistream/1.0.0", protocol] {
            words.push(u8::try_from(word.len() + 1).expect("the node takes it"));
            words.extend_from_slice(word.as_bytes());
            words.push(b'\n');
        }
        stream.write_all(&words).await.expect("the node takes it");
        stream.flush().await.expect("the node takes it");
        let mut answer = vec![0; words.len()];
        stream.read_exact(&mut answer).await.expect("the node takes it");
        assert_eq!(answer, words, "the other side speaks it, too");
        stream
    }

    /// The stream of a lane.
    ///
    /// # Panics
    /// As [`Self::stream`].
    pub async fn lane(&self, lane: &str) -> SubstreamBox {
        self.stream(&format!("/vibe/{}/{lane}/1", self.network)).await
    }
}

/// Writes all of this.
///
/// # Panics
/// If the other side is gone.
pub async fn write(stream: &mut SubstreamBox, bytes: &[u8]) {
    stream.write_all(bytes).await.expect("the node takes it");
    stream.flush().await.expect("the node takes it");
}

/// Keeps the connection going, takes streams without a word, and opens those that are asked for.
async fn drive(mut muxer: StreamMuxerBox, mut requests: mpsc::Receiver<oneshot::Sender<SubstreamBox>>) {
    let mut waiting = VecDeque::new();
    let mut taken = Vec::new();
    poll_fn(|cx| {
        loop {
            let mut idle = true;
            match requests.poll_recv(cx) {
                Poll::Ready(Some(request)) => {
                    waiting.push_back(request);
                    idle = false;
                }
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => {}
            }
            if let Poll::Ready(Err(_)) = muxer.poll_unpin(cx) {
                return Poll::Ready(());
            }
            match muxer.poll_inbound_unpin(cx) {
                Poll::Ready(Ok(stream)) => {
                    taken.push(stream);
                    idle = false;
                }
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => {}
            }
            if !waiting.is_empty() {
                match muxer.poll_outbound_unpin(cx) {
                    Poll::Ready(Ok(stream)) => {
                        let request: oneshot::Sender<_> = waiting.pop_front().expect("the node takes it");
                        let _ = request.send(stream);
                        idle = false;
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Pending => {}
                }
            }
            if idle {
                return Poll::Pending;
            }
        }
    })
    .await;
}
