#![allow(clippy::unwrap_used)]

use std::io::IoSlice;

use libp2p::PeerId;

use super::super::meter::Meters;
use super::*;

/// A connection over which some bytes come, and then an end.
struct Line {
    bytes: io::Cursor<Vec<u8>>,
    end: Option<io::ErrorKind>,
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = io::Read::read(&mut self.bytes, buffer)?;
        match self.end {
            Some(kind) if read == 0 => Poll::Ready(Err(kind.into())),
            _ => Poll::Ready(Ok(read)),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.iter().map(|slice| slice.len()).sum()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The head of a frame of yamux: the data of stream 1, which it opens.
fn head(version: u8, body_bytes: u32) -> Vec<u8> {
    let mut head = vec![version, 0, 0, 1, 0, 0, 0, 1];
    head.extend(body_bytes.to_be_bytes());
    head
}

/// Whether the peer is blamed for a connection over which this came.
async fn is_blamed(bytes: Vec<u8>, end: Option<io::ErrorKind>) -> bool {
    let meter = Meters::new(false).of(PeerId::random());
    let line = Line { bytes: io::Cursor::new(bytes), end };
    let mut muxer = Yamux::new(SharedMeter::clone(&meter), None).upgrade(line, Mode::Server);
    // Streams that were opened come first.
    while future::poll_fn(|cx| Pin::new(&mut muxer).poll_inbound(cx)).await.is_ok() {}
    meter.is_tripped()
}

#[tokio::test]
async fn a_connection_that_ends_anywhere_blames_nobody() {
    let whole = [head(0, 40), vec![7; 40]].concat();
    for end in [None, Some(io::ErrorKind::ConnectionReset), Some(io::ErrorKind::InvalidData)] {
        for length in 0..=whole.len() {
            assert!(!is_blamed(whole[..length].to_vec(), end).await, "{length} bytes, then {end:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_frame_is_the_peers_fault() {
    assert!(is_blamed(head(1, 0), None).await, "another version");
    assert!(is_blamed(head(0, u32::MAX), None).await, "too large");
    assert!(is_blamed(vec![0, 9, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], None).await, "no kind of frame");
}
