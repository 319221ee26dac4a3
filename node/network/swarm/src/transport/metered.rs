//! A multiplexed connection of any kind whose streams are counted.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::{StreamMuxer, StreamMuxerEvent};

use super::meter::SharedMeter;

/// A connection, for which nothing is counted beneath the streams.
pub(super) struct Metered<M> {
    inner: M,
    meter: SharedMeter,
}

impl<M> Metered<M> {
    pub(super) const fn new(inner: M, meter: SharedMeter) -> Self {
        Self { inner, meter }
    }

    fn stream<S>(&self, stream: S, opener: Opener) -> MeteredStream<S> {
        MeteredStream::new(stream, SharedMeter::clone(&self.meter), opener, false)
    }
}

impl<M: StreamMuxer + Unpin> StreamMuxer for Metered<M>
where
    M::Substream: Unpin,
{
    type Substream = MeteredStream<M::Substream>;
    type Error = M::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        let stream = ready!(Pin::new(&mut self.inner).poll_inbound(cx))?;
        Poll::Ready(Ok(self.stream(stream, Opener::Peer)))
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        let stream = ready!(Pin::new(&mut self.inner).poll_outbound(cx))?;
        Poll::Ready(Ok(self.stream(stream, Opener::Myself)))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, Self::Error>> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

/// Who opened a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opener {
    /// This node.
    Myself,
    /// The other side.
    Peer,
}

/// Who is told how many bytes were read.
pub(super) trait Count {
    /// So many more.
    fn on_read(&self, bytes: usize);
}

/// Bytes in order, counted as they are read.
pub(super) struct Counted<C, K> {
    inner: C,
    count: K,
}

/// A stream whose read bytes are counted, and that is counted itself if the peer opened it.
pub(super) type MeteredStream<S> = Counted<S, StreamCount>;

/// What lies beneath the streams, counted as it comes.
pub(super) type Wire<C> = Counted<C, WireCount>;

/// The count of a stream, for as long as there is the stream.
pub(super) struct StreamCount {
    meter: SharedMeter,
    opener: Opener,
    /// Whether its bytes were counted beneath the streams, too.
    beneath: bool,
}

impl<S> MeteredStream<S> {
    pub(super) fn new(inner: S, meter: SharedMeter, opener: Opener, beneath: bool) -> Self {
        if opener == Opener::Peer {
            meter.on_stream_opened();
        }
        Self { inner, count: StreamCount { meter, opener, beneath } }
    }
}

impl Count for StreamCount {
    fn on_read(&self, bytes: usize) {
        if self.beneath {
            self.meter.on_stream(bytes);
        } else {
            self.meter.on_bare_stream(bytes);
        }
    }
}

impl Drop for StreamCount {
    fn drop(&mut self) {
        if self.opener == Opener::Peer {
            self.meter.on_stream_closed();
        }
    }
}

/// The count beneath the streams.
pub(super) struct WireCount {
    meter: SharedMeter,
    /// The relay that carries the bytes, on one of its own streams.
    carrier: Option<SharedMeter>,
}

impl<C> Wire<C> {
    pub(super) const fn new(inner: C, meter: SharedMeter, carrier: Option<SharedMeter>) -> Self {
        Self { inner, count: WireCount { meter, carrier } }
    }
}

impl Count for WireCount {
    fn on_read(&self, bytes: usize) {
        self.meter.on_wire(bytes);
        if let Some(carrier) = &self.carrier {
            carrier.credit(bytes);
        }
    }
}

impl<C: AsyncRead + Unpin, K: Count + Unpin> AsyncRead for Counted<C, K> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        self.count.on_read(read);
        Poll::Ready(Ok(read))
    }
}

impl<C: AsyncWrite + Unpin, K: Unpin> AsyncWrite for Counted<C, K> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}
