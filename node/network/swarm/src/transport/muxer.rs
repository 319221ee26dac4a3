//! Yamux with windows of our own: libp2p's wrapper leaves the receive windows of a connection at 1 GiB.

use std::collections::VecDeque;
use std::future::{self, Ready};
use std::io;
use std::iter;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use futures_util::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::{StreamMuxer, StreamMuxerEvent};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo};
use yamux::{ConnectionError, FrameDecodeError, Mode};

use super::meter::SharedMeter;
use super::metered::{MeteredStream, Opener, Wire};
use super::{STREAM_WINDOW_BYTES, STREAMS_MAX};

#[cfg(test)]
mod tests;

/// The name that both sides agree on.
const PROTOCOL: &str = "/yamux/1.0.0";
/// The window that every stream has by the specification of yamux, in bytes.
const LEAST_WINDOW_BYTES: usize = 256 << 10;
/// All windows of a connection: the least for every stream, and as much again as makes one of them large.
const WINDOWS_BYTES: usize = STREAMS_MAX as usize * LEAST_WINDOW_BYTES + STREAM_WINDOW_BYTES as usize;
/// Streams that the other side opened and nobody has taken yet.
const WAITING_MAX: usize = 16;

/// The upgrade from bytes in order to streams.
#[derive(Clone)]
pub(super) struct Yamux {
    meter: SharedMeter,
    carrier: Option<SharedMeter>,
}

impl Yamux {
    pub(super) const fn new(meter: SharedMeter, carrier: Option<SharedMeter>) -> Self {
        Self { meter, carrier }
    }

    fn upgrade<C: AsyncRead + AsyncWrite + Unpin>(self, socket: C, mode: Mode) -> Muxer<C> {
        let mut config = yamux::Config::default();
        config
            .set_max_num_streams(STREAMS_MAX as usize)
            .set_max_connection_receive_window(Some(WINDOWS_BYTES));
        let wire = Wire::new(socket, SharedMeter::clone(&self.meter), self.carrier);
        Muxer {
            connection: yamux::Connection::new(wire, config, mode),
            meter: self.meter,
            waiting: VecDeque::new(),
            waker: None,
        }
    }
}

impl UpgradeInfo for Yamux {
    type Info = &'static str;
    type InfoIter = iter::Once<Self::Info>;

    fn protocol_info(&self) -> Self::InfoIter {
        iter::once(PROTOCOL)
    }
}

impl<C: AsyncRead + AsyncWrite + Send + Unpin + 'static> InboundConnectionUpgrade<C> for Yamux {
    type Output = Muxer<C>;
    type Error = io::Error;
    type Future = Ready<Result<Self::Output, Self::Error>>;

    fn upgrade_inbound(self, socket: C, _: Self::Info) -> Self::Future {
        future::ready(Ok(self.upgrade(socket, Mode::Server)))
    }
}

impl<C: AsyncRead + AsyncWrite + Send + Unpin + 'static> OutboundConnectionUpgrade<C> for Yamux {
    type Output = Muxer<C>;
    type Error = io::Error;
    type Future = Ready<Result<Self::Output, Self::Error>>;

    fn upgrade_outbound(self, socket: C, _: Self::Info) -> Self::Future {
        future::ready(Ok(self.upgrade(socket, Mode::Client)))
    }
}

/// A connection with streams.
pub(super) struct Muxer<C> {
    connection: yamux::Connection<Wire<C>>,
    meter: SharedMeter,
    /// Opened by the other side, while the connection was driven for another reason.
    waiting: VecDeque<MeteredStream<yamux::Stream>>,
    /// Whoever waits for such a stream.
    waker: Option<Waker>,
}

impl<C: AsyncRead + AsyncWrite + Unpin> Muxer<C> {
    /// Drives the connection until the other side opens a stream. There is no other way to make it progress.
    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<MeteredStream<yamux::Stream>, ConnectionError>> {
        match ready!(self.connection.poll_next_inbound(cx)) {
            Some(Ok(stream)) => Poll::Ready(Ok(self.counted(stream, Opener::Peer))),
            Some(Err(error)) => {
                if is_peers_fault(&error) {
                    self.meter.trip();
                }
                Poll::Ready(Err(error))
            }
            None => Poll::Ready(Err(ConnectionError::Closed)),
        }
    }

    fn counted(&self, stream: yamux::Stream, opener: Opener) -> MeteredStream<yamux::Stream> {
        MeteredStream::new(stream, SharedMeter::clone(&self.meter), opener, true)
    }
}

/// Whether only the peer can have caused this. A frame that ends in its middle is no such thing: that is how a
/// connection looks whose other side has died, or whose line was cut or meddled with by somebody between.
const fn is_peers_fault(error: &ConnectionError) -> bool {
    matches!(
        error,
        ConnectionError::Decode(FrameDecodeError::Header(_) | FrameDecodeError::FrameTooLarge(_))
            | ConnectionError::InvalidWindowUpdate
    )
}

impl<C: AsyncRead + AsyncWrite + Unpin> StreamMuxer for Muxer<C> {
    type Substream = MeteredStream<yamux::Stream>;
    type Error = ConnectionError;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        if let Some(stream) = self.waiting.pop_front() {
            return Poll::Ready(Ok(stream));
        }
        let next = self.poll_next(cx);
        if next.is_pending() {
            self.waker = Some(cx.waker().clone());
        }
        next
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        let stream = ready!(self.connection.poll_new_outbound(cx))?;
        Poll::Ready(Ok(self.counted(stream, Opener::Myself)))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.connection.poll_close(cx)
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, Self::Error>> {
        let stream = ready!(self.poll_next(cx))?;
        // One too many is dropped, which resets it.
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(stream);
            if let Some(waker) = self.waker.take() {
                waker.wake();
            }
        }
        // There may be more; others get their turn first.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
