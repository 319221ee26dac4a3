//! A client before servers that lie, stall, flood and break off. Deadlines are short, and nothing is measured beyond
//! them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use vibecoin_rpc::types::LightProof;

use super::*;
use hostile::{Asked, Hostile, JSON, http, refusal, result};

mod amounts;
mod content;
pub(crate) mod hostile;
mod watching;
mod way;
mod words;

/// No test waits longer than this for an answer that must come, of one kind or the other.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks for a tip, whose answer may have 16 KiB.
async fn ask(server: &HttpServer) -> Result<Value, ServerError> {
    timeout(PATIENCE, server.call("light_tip", &())).await.expect("a bounded time")
}

/// What a client says of a server that answers so.
async fn told(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> Result<Value, ServerError> {
    let server = Hostile::saying(answer).await;
    ask(&server.client()).await
}

/// What a client says of a body.
async fn told_body(body: impl Fn(u64) -> String + Send + Sync + 'static) -> Result<Value, ServerError> {
    told(move |asked| http("200 OK", &[JSON], body(asked.id))).await
}

#[tokio::test]
async fn an_honest_answer_arrives_over_one_connection_and_is_counted() {
    let server = Hostile::saying(|asked| result(asked, &json!([asked.method, asked.params]))).await;
    let client = server.client();
    assert_eq!(ask(&client).await.unwrap(), json!(["light_tip", null]));
    let answer: Value = client.call("light_headers", &(7, "a")).await.unwrap();
    assert_eq!(answer, json!(["light_headers", [7, "a"]]));
    assert_eq!(server.seen.connections(), 1, "the connection is kept");

    let traffic = client.traffic();
    assert_eq!((traffic.round_trips, traffic.failures), (2, 0));
    // The heads are counted as they are usually spelled.
    assert!(traffic.sent_bytes.abs_diff(server.seen.received_bytes()) < 40, "{traffic:?}");
    assert!(traffic.received_bytes.abs_diff(server.seen.sent_bytes()) < 40, "{traffic:?}");
}

#[tokio::test]
async fn the_question_says_no_more_than_it_must() {
    let server = Hostile::saying(|asked| result(asked, &json!(asked.head))).await;
    let head = ask(&server.client()).await.unwrap();
    let names: Vec<String> = head
        .as_str()
        .unwrap()
        .lines()
        .skip(1)
        .filter_map(|line| Some(line.split_once(':')?.0.to_ascii_lowercase()))
        .collect();
    let mut expected =
        ["content-type", "accept", "accept-encoding", "host", "content-length"].map(str::to_owned);
    let mut found = names.clone();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn following_a_block_by_polling_stays_below_a_thousand_bytes() {
    let hash = "ab".repeat(32);
    let server = Hostile::saying(move |asked| {
        let headers = json!({
            "fork_id": hash, "fork_height": 1_234_567, "records": "cd".repeat(52), "tip_id": hash,
            "tip_height": 1_234_568, "tip_work": "123456789012345678901234",
        });
        result(asked, &headers)
    })
    .await;
    let client = server.client();
    let hash = vibecoin_crypto::Hash::ZERO;
    for _ in 0..10 {
        let _: vibecoin_rpc::types::LightHeaders = client.call("light_headers", &(hash, 2000)).await.unwrap();
    }
    let passed = server.seen.received_bytes() + server.seen.sent_bytes();
    assert!(passed < 10 * 1_000, "{} bytes a block", passed / 10);
}

#[tokio::test]
async fn a_null_is_an_answer_where_the_method_has_one() {
    assert_eq!(told(|asked| result(asked, &Value::Null)).await.unwrap(), Value::Null);
    let server = Hostile::saying(|asked| result(asked, &Value::Null)).await;
    let proof: Result<LightProof, _> = server.client().call("light_prove", &()).await;
    assert!(matches!(proof, Err(ServerError::Broken(Fault::WrongType(_)))), "{proof:?}");
}

#[tokio::test]
async fn a_question_that_is_too_long_is_not_sent() {
    let server = Hostile::saying(|asked| result(asked, &Value::Null)).await;
    let answer: Result<Value, _> = server.client().call("tx_submit", &["00".repeat(REQUEST_BYTES_MAX)]).await;
    assert_eq!(answer, Err(ServerError::Unwritable));
    assert_eq!(server.seen.connections(), 0);
}

#[tokio::test]
async fn a_refusal_is_typed() {
    let data = json!({ "kind": "not_found", "what": "block", "key": "9" });
    let error = told(move |asked| refusal(asked, 1003, "block 9 not found", &data)).await.unwrap_err();
    let ServerError::Refused { error, said } = error else { panic!("{error:?}") };
    assert_eq!(error.code(), 1003);
    assert_eq!(said.escaped(), "block 9 not found");
}
