//! Answers in gzip, for whoever asks for it: proofs and headers travel as hex, half of which is air.
//!
//! Deliberately absent: requests in gzip, so that nobody can have a small body unpacked into a large one, and every
//! other encoding.

use std::future::poll_fn;
use std::io::Write;
use std::pin::Pin;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Body;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, VARY};
use hyper::http::HeaderValue;
use hyper::{HeaderMap, StatusCode};
use jsonrpsee::core::BoxError;
use jsonrpsee::server::{HttpBody, HttpResponse};
use tokio::sync::Semaphore;

#[cfg(test)]
mod tests;

/// Shorter answers fit in a packet as they are.
const ANSWER_BYTES_MIN: u64 = 1_024;
/// How hard is tried. What is random under the hex costs several times more at a higher level, for a hundredth less.
const LEVEL: Compression = Compression::new(1);
/// Answers that are packed at a time.
const AT_ONCE: usize = 4;

/// Packs answers, a few at a time.
pub struct Packer(Semaphore);

impl Packer {
    pub const fn new() -> Self {
        Self(Semaphore::const_new(AT_ONCE))
    }

    /// The answer in gzip, if it is one that is worth it.
    pub async fn pack(&self, answer: HttpResponse) -> Result<HttpResponse, BoxError> {
        let worth = answer.body().size_hint().exact().is_some_and(|length| length >= ANSWER_BYTES_MIN);
        if !worth || answer.status() != StatusCode::OK || answer.headers().contains_key(CONTENT_ENCODING) {
            return Ok(answer);
        }
        let (mut parts, body) = answer.into_parts();
        let _turn = self.0.acquire().await?;
        let plain = collect(body).await?;
        let packed = tokio::task::spawn_blocking(move || gzip(&plain)).await??;
        parts.headers.remove(CONTENT_LENGTH);
        parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        parts.headers.append(VARY, HeaderValue::from_static("accept-encoding"));
        Ok(HttpResponse::from_parts(parts, HttpBody::from(packed)))
    }
}

/// Whether a request takes its answer in gzip.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    let named = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(takes_gzip)
}

/// Whether one item of `Accept-Encoding` is gzip, with a weight that does not forbid it.
fn takes_gzip(item: &str) -> bool {
    let (coding, weight) = item.split_once(';').unwrap_or((item, "q=1"));
    let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
    coding.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight| weight > 0.0)
}

async fn collect(mut body: HttpBody) -> Result<Vec<u8>, BoxError> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Ok(data) = frame?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 2), LEVEL);
    encoder.write_all(plain)?;
    encoder.finish()
}
