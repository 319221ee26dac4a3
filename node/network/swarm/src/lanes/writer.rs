//! From messages to the bytes of a lane.
//!
//! A message is encoded when its turn comes. What the socket has taken is told in pieces, so that a slow line that
//! carries a long message is not mistaken for a peer that does not read; and at the end what was not taken is told as
//! well, so that every message's length is told exactly once.

use std::io;

use futures_util::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use vibecoin_network::endpoint::NodeId;
use vibecoin_network::wire::{Message, encode, encoded_bytes};

use crate::event::Event;

/// Messages that may wait for one lane. The machine bounds the bytes.
pub(crate) const QUEUE_MAX: usize = 4_096;
/// Written at once at most, in bytes.
const PIECE_BYTES: usize = 64 << 10;
/// Told at once at least, while there is more to write, in bytes.
const TELL_BYTES: usize = 64 << 10;

/// Tells what has been sent.
pub(crate) struct SentTeller {
    node: NodeId,
    events: mpsc::Sender<Event>,
    untold: usize,
}

impl SentTeller {
    pub(crate) const fn new(node: NodeId, events: mpsc::Sender<Event>) -> Self {
        Self { node, events, untold: 0 }
    }

    pub(crate) const fn add(&mut self, bytes: usize) {
        self.untold += bytes;
    }

    /// Tells it, if there is anything to tell. Nobody listens any more when the node stops.
    pub(crate) async fn tell(&mut self) {
        if self.untold == 0 {
            return;
        }
        if let Ok(permit) = self.events.reserve().await {
            permit.send(Event::Sent { node: self.node, bytes: self.untold });
            self.untold = 0;
        }
    }
}

/// The messages of one lane that wait, and the frame that is being written.
pub(crate) struct LaneQueue {
    messages: mpsc::Receiver<Message>,
    frame: Vec<u8>,
    written: usize,
    sent: SentTeller,
}

impl LaneQueue {
    pub(crate) const fn new(messages: mpsc::Receiver<Message>, sent: SentTeller) -> Self {
        Self { messages, frame: Vec::new(), written: 0, sent }
    }

    /// Writes what is there and what comes. Ends without an error once no more can come and all is written.
    pub(crate) async fn write_all<S: AsyncWrite + Unpin>(&mut self, stream: &mut S) -> io::Result<()> {
        loop {
            while self.written < self.frame.len() {
                let end = self.frame.len().min(self.written + PIECE_BYTES);
                let taken = stream.write(&self.frame[self.written..end]).await?;
                if taken == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                self.written += taken;
                self.sent.add(taken);
                if self.sent.untold >= TELL_BYTES {
                    self.sent.tell().await;
                }
            }
            let message = match self.messages.try_recv() {
                Ok(message) => Some(message),
                Err(_) => {
                    self.frame = Vec::new();
                    self.written = 0;
                    stream.flush().await?;
                    self.sent.tell().await;
                    self.messages.recv().await
                }
            };
            let Some(message) = message else { return Ok(()) };
            self.frame = encode(&message);
            self.written = 0;
        }
    }

    /// Takes no more messages, and tells all that was not written as sent.
    pub(crate) async fn finish(mut self) {
        self.sent.add(self.frame.len() - self.written);
        self.messages.close();
        while let Some(message) = self.messages.recv().await {
            self.sent.add(encoded_bytes(&message));
        }
        self.sent.tell().await;
    }
}
