//! The body of an answer, from the first byte to the last that is allowed.
//!
//! It is inflated here and not by the HTTP client, so that both lengths are known while it streams: a compressed
//! answer may be short on the wire and endless once inflated. Memory never exceeds the cap by more than one piece of
//! the stream.

use std::io::{self, Write};

use flate2::write::GzDecoder;
use hyper::body::Bytes;
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use tokio::time::{Instant, timeout_at};

use super::error::{Absence, Encoding, Excess, Fault, ServerError, Stage, classify};
use super::limits::Deadlines;
use super::traffic::Meter;

/// Checks the head of an answer and reads its body.
pub(super) async fn read(
    mut response: Response,
    bytes_max: usize,
    started: Instant,
    deadlines: &Deadlines,
    meter: &Meter,
) -> Result<Vec<u8>, ServerError> {
    check_status(response.status().as_u16())?;
    check_type(response.headers())?;
    let announced = response.content_length();
    if announced.is_some_and(|bytes| bytes > bytes_max as u64) {
        return Err(Fault::TooLarge { excess: Excess::Announced, bytes_max }.into());
    }
    let mut sink = Sink::new(response.headers(), bytes_max)?;
    let mut pace = Pace::new(started, deadlines);
    let mut received = 0_usize;
    while let Some(piece) = pace.wait(&mut response).await? {
        meter.received(piece.len() as u64);
        received = received.saturating_add(piece.len());
        if received > bytes_max {
            return Err(Fault::TooLarge { excess: Excess::Received, bytes_max }.into());
        }
        sink.take(&piece)?;
    }
    let bytes = sink.finish()?;
    meter.inflated(bytes.len() as u64);
    Ok(bytes)
}

fn check_status(status: u16) -> Result<(), ServerError> {
    match status {
        200 => Ok(()),
        429 | 503 => Err(Absence::Busy.into()),
        300..400 => Err(Fault::Redirect { status }.into()),
        _ => Err(Fault::Status { status }.into()),
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), ServerError> {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Fault::ContentType.into()) }
}

/// Sees to it that a body gets on.
struct Pace<'a> {
    deadlines: &'a Deadlines,
    end: Instant,
    stretch_end: Instant,
    stretch_bytes: u64,
}

impl<'a> Pace<'a> {
    fn new(started: Instant, deadlines: &'a Deadlines) -> Self {
        Self {
            deadlines,
            end: started + deadlines.whole,
            stretch_end: Instant::now() + deadlines.stretch,
            stretch_bytes: 0,
        }
    }

    /// The next piece of the body; none at its end.
    async fn wait(&mut self, response: &mut Response) -> Result<Option<Bytes>, ServerError> {
        loop {
            let now = Instant::now();
            if now >= self.end {
                return Err(self.deadlines.exceeded(Stage::Body));
            }
            if now >= self.stretch_end {
                self.begin_stretch(now)?;
            }
            // Whether the answer is late or slow is found at the top, when the wait is over.
            match timeout_at(self.end.min(self.stretch_end), response.chunk()).await {
                Ok(Ok(piece)) => {
                    self.stretch_bytes += piece.as_ref().map_or(0, Bytes::len) as u64;
                    return Ok(piece);
                }
                Ok(Err(error)) => return Err(classify(&error, Stage::Body, self.deadlines, false)),
                Err(_) => {}
            }
        }
    }

    fn begin_stretch(&mut self, now: Instant) -> Result<(), ServerError> {
        if self.stretch_bytes < self.deadlines.stretch_bytes_min {
            let within_ms = u64::try_from(self.deadlines.stretch.as_millis()).unwrap_or(u64::MAX);
            return Err(Absence::TooSlow { bytes: self.stretch_bytes, within_ms }.into());
        }
        self.stretch_end = now + self.deadlines.stretch;
        self.stretch_bytes = 0;
        Ok(())
    }
}

/// Where the pieces go, inflated if they must be.
enum Sink {
    Plain(Bounded),
    Gzip(Box<GzDecoder<Bounded>>),
}

impl Sink {
    fn new(headers: &HeaderMap, bytes_max: usize) -> Result<Self, ServerError> {
        let bounded = Bounded { bytes: Vec::new(), bytes_max, over: false };
        let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
        match (encodings.next().map(|value| value.as_bytes()), encodings.next()) {
            (None | Some(b"identity"), None) => Ok(Self::Plain(bounded)),
            (Some(b"gzip"), None) => Ok(Self::Gzip(Box::new(GzDecoder::new(bounded)))),
            _ => Err(Fault::Compression(Encoding::Unknown).into()),
        }
    }

    fn take(&mut self, piece: &[u8]) -> Result<(), ServerError> {
        match self {
            Self::Plain(bounded) => bounded.write_all(piece).map_err(|_| bounded.fault()),
            // What follows the end of the compressed data is not taken, which is an error too.
            Self::Gzip(decoder) => decoder.write_all(piece).map_err(|_| decoder.get_ref().fault()),
        }
    }

    fn finish(self) -> Result<Vec<u8>, ServerError> {
        match self {
            Self::Plain(bounded) => Ok(bounded.bytes),
            Self::Gzip(mut decoder) => match decoder.try_finish() {
                Ok(()) => decoder
                    .finish()
                    .map(|bounded| bounded.bytes)
                    .map_err(|_| Fault::Compression(Encoding::Damaged).into()),
                Err(_) => Err(decoder.get_ref().fault()),
            },
        }
    }
}

/// Memory with a cap.
struct Bounded {
    bytes: Vec<u8>,
    bytes_max: usize,
    over: bool,
}

impl Bounded {
    /// Why a write failed: beyond the cap, or, as this itself fails for nothing else, what came was damaged.
    fn fault(&self) -> ServerError {
        if self.over {
            Fault::TooLarge { excess: Excess::Inflated, bytes_max: self.bytes_max }.into()
        } else {
            Fault::Compression(Encoding::Damaged).into()
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if piece.len() > self.bytes_max - self.bytes.len() {
            self.over = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
