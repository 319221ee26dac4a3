//! From the bytes of a lane to messages.
//!
//! The head of a frame is judged before anything is allocated, then room is waited for — meanwhile nothing is read, and
//! the peer stands still — and only then the clock of the body runs.

use std::io;
use std::time::Duration;

use futures_util::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout_at};
use vibecoin_network::wire::{FRAME_HEAD_BYTES, FrameHead, Lane, Message, WireError, WireLimits, decode};

use super::purse::PeerPurse;
use crate::event::Room;
use crate::transport::meter::SharedMeter;

/// Time that every message has, once it has begun.
const PATIENCE: Duration = Duration::from_secs(10);
/// Without a byte for so long the line is broken, and that is nobody's fault; somebody who trickles sends some.
const SILENCE: Duration = Duration::from_secs(5);
/// And that a long one has on top, as the slowest line that is borne, in bytes a second.
const SLOWEST_BYTES_PER_SECOND: usize = 16 << 10;
/// Read at once at most, in bytes.
const PIECE_BYTES: usize = 64 << 10;
/// Read at once of what nobody wants any more, in bytes.
const SCRAP_BYTES: usize = 4 << 10;

/// A message, as it came.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// It.
    pub message: Message,
    /// Length of its frame.
    pub bytes: usize,
    /// The memory that it takes.
    pub room: Room,
}

/// Why nothing more is read.
#[derive(Debug)]
pub(crate) enum ReadEnd {
    /// The other side has closed the lane, or the connection broke: with a word, or without any more bytes.
    Gone,
    /// What came is no message.
    Violated(WireError),
    /// It came too slowly, byte after byte.
    Slow,
}

impl From<io::Error> for ReadEnd {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// The reading half of a lane.
pub(crate) struct LaneReader<S> {
    pub stream: S,
    pub lane: Lane,
    pub limits: WireLimits,
    pub purse: PeerPurse,
    /// Credited with every byte that is a lane's.
    pub meter: SharedMeter,
    /// When the last byte came.
    pub heard: Instant,
}

impl<S: AsyncRead + Unpin> LaneReader<S> {
    /// The next message. Waits for its first byte as long as it takes.
    pub(crate) async fn next(&mut self, introduced: bool) -> Result<Incoming, ReadEnd> {
        let mut head = [0; FRAME_HEAD_BYTES];
        self.fill(&mut head[..1]).await?;
        self.fill_in_time(&mut head[1..], Instant::now()).await?;
        let head = FrameHead::read(head, &self.limits, introduced).map_err(ReadEnd::Violated)?;
        if head.kind.lane() != self.lane {
            return Err(ReadEnd::Violated(WireError::WrongLane(head.kind)));
        }
        let room = self.purse.room(head.body_bytes).await;
        let mut body = vec![0; head.body_bytes];
        self.fill_in_time(&mut body, Instant::now()).await?;
        let message = decode(head.kind, &body, &self.limits).map_err(ReadEnd::Violated)?;
        Ok(Incoming { message, bytes: FRAME_HEAD_BYTES + head.body_bytes, room })
    }

    /// Reads to the end, and forgets it.
    pub(crate) async fn discard(&mut self) -> io::Result<()> {
        let mut scrap = vec![0; SCRAP_BYTES];
        loop {
            let read = self.stream.read(&mut scrap).await?;
            if read == 0 {
                return Ok(());
            }
            self.meter.credit(read);
        }
    }

    async fn fill_in_time(&mut self, buffer: &mut [u8], since: Instant) -> Result<(), ReadEnd> {
        let seconds = buffer.len() / SLOWEST_BYTES_PER_SECOND;
        let deadline = since + PATIENCE + Duration::from_secs(seconds as u64);
        match timeout_at(deadline, self.fill(buffer)).await {
            Ok(filled) => filled,
            Err(_) if self.heard.elapsed() < SILENCE => Err(ReadEnd::Slow),
            Err(_) => Err(ReadEnd::Gone),
        }
    }

    async fn fill(&mut self, mut buffer: &mut [u8]) -> Result<(), ReadEnd> {
        while !buffer.is_empty() {
            let piece = buffer.len().min(PIECE_BYTES);
            let read = self.stream.read(&mut buffer[..piece]).await?;
            if read == 0 {
                return Err(ReadEnd::Gone);
            }
            self.heard = Instant::now();
            self.meter.credit(read);
            buffer = &mut buffer[read..];
        }
        Ok(())
    }
}
