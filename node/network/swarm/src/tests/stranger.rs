//! Somebody who speaks the transport's protocols, and above them whatever it likes.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;

use futures_util::{AsyncReadExt, AsyncWriteExt};
use libp2p::core::muxing::{StreamMuxerBox, StreamMuxerExt, SubstreamBox};
use libp2p::core::transport::{DialOpts, PortUse};
use libp2p::core::{Endpoint as Role, Transport};
use libp2p::relay;
use tokio::sync::{mpsc, oneshot};
use vibecoin_network::endpoint::{Contact, NodeId};
use vibecoin_network::wire::encode;

use super::world::{NETWORK, hello};
use crate::NodeKey;
use crate::address::multiaddr_of;
use crate::transport::gate::Permits;
use crate::transport::meter::Meters;
use crate::transport::{self, Shared};

pub struct Stranger {
    pub id: NodeId,
    requests: mpsc::Sender<oneshot::Sender<SubstreamBox>>,
}

impl Stranger {
    /// Connects, and no more.
    pub async fn connect(contact: &Contact) -> Self {
        let key = NodeKey::generate();
        let shared = Shared { meters: Meters::new(false), permits: Permits::new(true) };
        let (relay, _) = relay::client::new(key.keypair().public().to_peer_id());
        let mut transport = transport::open(&key.keypair(), &shared, relay).unwrap();
        let options = DialOpts { role: Role::Dialer, port_use: PortUse::New };
        let (_, muxer) = transport.dial(multiaddr_of(&contact.endpoint), options).unwrap().await.unwrap();
        let (requests, receiver) = mpsc::channel(64);
        tokio::spawn(drive(muxer, receiver));
        Self { id: key.node(), requests }
    }

    /// A stream on which nothing has been said; `None` if there can be no more.
    pub async fn bare_stream(&self) -> Option<SubstreamBox> {
        let (request, answer) = oneshot::channel();
        self.requests.send(request).await.ok()?;
        answer.await.ok()
    }

    /// A stream for a protocol that the other side speaks.
    pub async fn stream(&self, protocol: &str) -> SubstreamBox {
        let mut stream = self.bare_stream().await.unwrap();
        let mut words = Vec::new();
        for word in ["/multistream/1.0.0", protocol] {
            words.push(u8::try_from(word.len() + 1).unwrap());
            words.extend_from_slice(word.as_bytes());
            words.push(b'\n');
        }
        stream.write_all(&words).await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = vec![0; words.len()];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, words, "the other side speaks it, too");
        stream
    }

    pub async fn lane(&self, lane: &str) -> SubstreamBox {
        self.stream(&format!("/vibe/{NETWORK}/{lane}/1")).await
    }

    /// The talk lane, after this side's hello.
    pub async fn talk(&self) -> SubstreamBox {
        let mut talk = self.lane("talk").await;
        write(&mut talk, &encode(&hello())).await;
        talk
    }
}

pub async fn write(stream: &mut SubstreamBox, bytes: &[u8]) {
    stream.write_all(bytes).await.unwrap();
    stream.flush().await.unwrap();
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
                        let request: oneshot::Sender<_> = waiting.pop_front().unwrap();
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
