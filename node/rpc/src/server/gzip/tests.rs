#![allow(clippy::unwrap_used)]

use std::io::Read;

use super::*;

fn asking(values: &[&str]) -> bool {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
    }
    is_wanted(&headers)
}

#[test]
fn gzip_is_asked_for_by_name() {
    for yes in ["gzip", "GZip", "br, gzip", "gzip;q=0.1", "gzip ; q=1.000", "deflate,gzip;q=0.5"] {
        assert!(asking(&[yes]), "{yes}");
    }
    for no in ["", "br", "identity", "gzip;q=0", "gzip; q=0.000", "gzip;level=9", "gzipped", "*"] {
        assert!(!asking(&[no]), "{no}");
    }
    assert!(asking(&["br", "gzip"]) && !asking(&[]));
}

#[tokio::test]
async fn what_is_packed_comes_out_again() {
    let text = "0123456789abcdef".repeat(1_000);
    let packed = Packer::new().pack(HttpResponse::new(HttpBody::from(text.clone()))).await.unwrap();
    assert_eq!(packed.headers()[CONTENT_ENCODING], "gzip");
    assert_eq!(packed.headers()[VARY], "accept-encoding");
    let bytes = collect(packed.into_body()).await.unwrap();
    assert!(bytes.len() < text.len() / 10);
    let mut again = String::new();
    flate2::read::GzDecoder::new(&*bytes).read_to_string(&mut again).unwrap();
    assert_eq!(again, text);
}

#[tokio::test]
async fn short_answers_and_refusals_stay_as_they_are() {
    let packer = Packer::new();
    let short = packer.pack(HttpResponse::new(HttpBody::from("x".repeat(1_023)))).await.unwrap();
    let mut refusal = HttpResponse::new(HttpBody::from("x".repeat(5_000)));
    *refusal.status_mut() = StatusCode::FORBIDDEN;
    let refusal = packer.pack(refusal).await.unwrap();
    for (answer, length) in [(short, 1_023), (refusal, 5_000)] {
        assert!(!answer.headers().contains_key(CONTENT_ENCODING));
        assert_eq!(collect(answer.into_body()).await.unwrap().len(), length);
    }
}
