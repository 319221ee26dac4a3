//! How much may come: on the wire, and out of what came.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

const GZIP: &str = "content-encoding: gzip";
/// The cap of the method that these tests ask.
const TIP_BYTES_MAX: usize = 16 * 1024;
/// What the client may have read before it looks: a piece of the stream is at most so long.
const PIECE_BYTES_MAX: u64 = 512 * 1024;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn too_large(excess: Excess) -> Result<Value, ServerError> {
    Err(Fault::TooLarge { excess, bytes_max: TIP_BYTES_MAX }.into())
}

#[test]
fn these_tests_know_the_cap() {
    assert_eq!(answer_bytes_max("light_tip"), TIP_BYTES_MAX);
}

#[tokio::test]
async fn a_length_over_the_cap_is_refused_unread() {
    let server = Hostile::start(|_, mut wire| async move {
        wire.say(format!("HTTP/1.1 200 OK\r\n{JSON}\r\ncontent-length: 1000000000000\r\n\r\n")).await;
        while wire.say([b' '; 65_536]).await {}
        None
    })
    .await;
    let client = server.client();
    assert_eq!(ask(&client).await, too_large(Excess::Announced));
    assert!(client.traffic().received_bytes < 200, "not a byte of the body");
}

#[tokio::test]
async fn chunks_without_end_are_cut_at_the_cap() {
    let server = Hostile::start(|_, mut wire| async move {
        wire.say(format!("HTTP/1.1 200 OK\r\n{JSON}\r\ntransfer-encoding: chunked\r\n\r\n")).await;
        let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
        while wire.say(&chunk).await {}
        None
    })
    .await;
    let client = server.client();
    assert_eq!(ask(&client).await, too_large(Excess::Received));
    assert!(client.traffic().received_bytes < TIP_BYTES_MAX as u64 + PIECE_BYTES_MAX);
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_at_the_cap() {
    let server = Hostile::start(|_, mut wire| async move {
        wire.say(format!("HTTP/1.1 200 OK\r\n{JSON}\r\nconnection: close\r\n\r\n")).await;
        while wire.say([b'['; 4_096]).await {}
        None
    })
    .await;
    assert_eq!(ask(&server.client()).await, too_large(Excess::Received));
}

#[tokio::test]
async fn a_packed_answer_is_read() {
    let server = Hostile::saying(|asked| {
        let body = json!({ "jsonrpc": "2.0", "id": asked.id, "result": "ab".repeat(4_000) }).to_string();
        http("200 OK", &[JSON, GZIP], gzip(body.as_bytes()))
    })
    .await;
    let client = server.client();
    assert_eq!(ask(&client).await, Ok(json!("ab".repeat(4_000))));
    let traffic = client.traffic();
    assert!(traffic.received_bytes < 500 && traffic.inflated_bytes > 8_000, "{traffic:?}");
}

#[tokio::test]
async fn a_bomb_is_cut_at_the_cap_of_what_it_inflates_to() {
    // Ten megabytes of blanks, which are valid before JSON, in ten thousand bytes.
    let bomb = gzip(&vec![b' '; 10_000_000]);
    assert!(bomb.len() < TIP_BYTES_MAX);
    let server = Hostile::saying(move |_| http("200 OK", &[JSON, GZIP], &bomb)).await;
    let client = server.client();
    assert_eq!(ask(&client).await, too_large(Excess::Inflated));
    assert_eq!(client.traffic().inflated_bytes, 0, "nothing of it was handed on");
}

#[tokio::test]
async fn a_packed_answer_that_is_damaged_or_goes_on_is_refused() {
    let body =
        |id| gzip(json!({ "jsonrpc": "2.0", "id": id, "result": "ab".repeat(4_000) }).to_string().as_bytes());
    let damaged = Err(Fault::Compression(Encoding::Damaged).into());
    let cut = told(move |asked| {
        let mut packed = body(asked.id);
        packed.truncate(packed.len() - 5);
        http("200 OK", &[JSON, GZIP], packed)
    });
    assert_eq!(cut.await, damaged);
    let followed =
        told(move |asked| http("200 OK", &[JSON, GZIP], [body(asked.id), body(asked.id)].concat()));
    assert_eq!(followed.await, damaged);
    let flipped = told(move |asked| {
        let mut packed = body(asked.id);
        // The checksum, eight bytes before the end.
        let at = packed.len() - 8;
        packed[at] ^= 1;
        http("200 OK", &[JSON, GZIP], packed)
    });
    assert_eq!(flipped.await, damaged);
    assert_eq!(told(|_| http("200 OK", &[JSON, GZIP], "not gzip at all")).await, damaged);
    assert_eq!(told(|_| http("200 OK", &[JSON, GZIP], "")).await, damaged);
}

#[tokio::test]
async fn what_was_not_asked_for_is_not_unpacked() {
    let unknown = Err(Fault::Compression(Encoding::Unknown).into());
    for field in ["content-encoding: br", "content-encoding: gzip, gzip", "content-encoding: GZIP2"] {
        assert_eq!(told(move |_| http("200 OK", &[JSON, field], "x")).await, unknown, "{field}");
    }
    assert_eq!(told(|_| http("200 OK", &[JSON, GZIP, GZIP], "x")).await, unknown);
}

#[tokio::test]
async fn a_giant_batch_ends_at_the_cap_and_a_small_one_is_refused() {
    let one = r#"{"jsonrpc":"2.0","id":1,"result":1},"#;
    assert_eq!(told_body(move |_| format!("[{}1]", one.repeat(10_000))).await, too_large(Excess::Announced));
    assert_eq!(told_body(move |_| format!(" [{}1]", one.repeat(3))).await, Err(Fault::Batch.into()));
}

#[tokio::test]
async fn hundreds_of_header_fields_are_refused() {
    let many = told(|_| {
        let fields: Vec<String> = (0..500).map(|number| format!("x-{number}: y")).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        http("200 OK", &fields, "{}")
    });
    assert_eq!(many.await, Err(Fault::NotHttp.into()));
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let server = Hostile::start(|_, mut wire| async move {
        wire.say("HTTP/1.1 200 OK\r\nx: ").await;
        while wire.say([b'y'; 65_536]).await {}
        None
    })
    .await;
    assert_eq!(ask(&server.client()).await, Err(Fault::NotHttp.into()));
    assert!(server.seen.sent_bytes() < 16 << 20, "the client went away");
}

#[tokio::test]
async fn preliminary_answers_without_end_stop_at_the_deadline() {
    let server = Hostile::start(|_, mut wire| async move {
        while wire.say("HTTP/1.1 100 Continue\r\n\r\n").await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        None
    })
    .await;
    let late = Absence::TimedOut { stage: Stage::Head, after_ms: 500 };
    assert_eq!(ask(&server.client()).await, Err(late.into()));
}
