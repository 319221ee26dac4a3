//! What an answer may be.

use vibecoin_primitives::Height;
use vibecoin_rpc::types::{LightHeaders, LightTip, WorkText};

use super::*;

fn broken(fault: Fault) -> Result<Value, ServerError> {
    Err(fault.into())
}

#[tokio::test]
async fn what_is_nested_too_deep_is_refused_before_it_is_parsed() {
    let too_deep = broken(Fault::TooDeep { depth_max: 32 });
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = move |depth: usize| {
            move |id| {
                let (open, close) = (open.repeat(depth), close.repeat(depth));
                format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{open}1{close}}}"#)
            }
        };
        assert!(told_body(nested(31)).await.is_ok());
        assert_eq!(told_body(nested(32)).await, too_deep);
        assert_eq!(told_body(nested(1_000)).await, too_deep);
    }
    assert_eq!(told_body(|_| "[".repeat(10_000)).await, too_deep);
    // Brackets in a text are text.
    let text = "[{\\\"".repeat(1_000);
    let quoted = told_body(move |id| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"{text}"}}"#)).await;
    assert_eq!(quoted.unwrap().as_str().unwrap().len(), 3_000);
}

#[tokio::test]
async fn an_answer_to_another_question_is_refused() {
    assert_eq!(
        told_body(|id| format!(r#"{{"jsonrpc":"2.0","id":{},"result":1}}"#, id + 1)).await,
        broken(Fault::WrongId)
    );
    for id in ["null", "\"1\"", "-1", "1.0", "18446744073709551617"] {
        let answer = told_body(move |_| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":1}}"#)).await;
        assert_eq!(answer, broken(Fault::NotJsonRpc), "{id}");
    }
}

#[tokio::test]
async fn what_is_not_json_rpc_is_refused() {
    for body in [
        "",
        "null",
        "1",
        "<html>",
        "{}",
        r#"{"jsonrpc":"2.0","id":ID}"#,
        r#"{"jsonrpc":"1.0","id":ID,"result":1}"#,
        r#"{"id":ID,"result":1}"#,
        r#"{"jsonrpc":"2.0","id":ID,"result":1,"error":{"code":1,"message":"m"}}"#,
        r#"{"jsonrpc":"2.0","id":ID,"error":null}"#,
        r#"{"jsonrpc":"2.0","id":ID,"error":{"code":1}}"#,
        r#"{"jsonrpc":"2.0","id":ID,"error":{"code":99999999999,"message":"m"}}"#,
        r#"{"jsonrpc":"2.0","id":ID,"result":1,"more":1}"#,
        r#"{"jsonrpc":"2.0","id":ID,"result":1}{"#,
        r#"{"jsonrpc":"2.0","id":ID,"result":1"#,
        r#"{"jsonrpc":"2.0","id":ID,"result":01}"#,
        // Twice the same field, of which a reader might take either.
        r#"{"jsonrpc":"2.0","id":ID,"result":1,"result":2}"#,
        r#"{"jsonrpc":"2.0","id":0,"id":ID,"result":1}"#,
    ] {
        let answer = told_body(move |id| body.replace("ID", &id.to_string())).await;
        assert_eq!(answer, broken(Fault::NotJsonRpc), "{body}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused() {
    let answer = told(|asked| {
        let mut body = format!(r#"{{"jsonrpc":"2.0","id":{},"result":"?"}}"#, asked.id).into_bytes();
        let at = body.iter().position(|byte| *byte == b'?').unwrap();
        body[at] = 0xff;
        http("200 OK", &[JSON], body)
    });
    assert_eq!(answer.await, broken(Fault::NotJsonRpc));
}

#[tokio::test]
async fn another_content_type_is_refused() {
    for field in ["content-type: text/html", "content-type: application/jsonp", "content-type: \u{1}", "x: y"]
    {
        let answer = told(move |asked| {
            let body = format!(r#"{{"jsonrpc":"2.0","id":{},"result":1}}"#, asked.id);
            http("200 OK", &[field], body)
        });
        let error = answer.await.unwrap_err();
        assert!(
            matches!(error, ServerError::Broken(Fault::ContentType | Fault::NotHttp)),
            "{field}: {error:?}"
        );
    }
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    for answer in ["\0\0\0\0\0\0\0\0\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 two hundred\r\n\r\n"] {
        assert_eq!(told(move |_| answer.into()).await, broken(Fault::NotHttp), "{answer:?}");
    }
}

/// A field of a tip, replaced.
async fn tip_with(field: &'static str, value: Value) -> Result<LightTip, ServerError> {
    let server = Hostile::saying(move |asked| {
        let mut tip = json!({
            "id": "ab".repeat(32), "height": 7, "work": "9", "header": "", "content": "", "peaks": "",
        });
        tip[field] = value.clone();
        result(asked, &tip)
    })
    .await;
    timeout(PATIENCE, server.client().call("light_tip", &())).await.expect("a bounded time")
}

#[tokio::test]
async fn malformed_values_are_typed_errors() {
    let hash = "ab".repeat(32);
    for (field, value) in [
        ("header", json!("0")),
        ("header", json!("0g")),
        ("header", json!("0x00")),
        ("header", json!("AAEC")),
        ("header", json!("q80=")),
        ("header", json!("00 00")),
        ("header", json!([0, 1])),
        ("header", Value::Null),
        ("id", json!(hash[1..])),
        ("id", json!(hash.clone() + "00")),
        ("id", json!(7)),
        ("height", json!("7")),
        ("height", json!(-1)),
        ("height", json!(1.5)),
        ("height", json!(1e300)),
        ("work", json!(9)),
        ("work", json!("0x9")),
        ("work", json!("-9")),
        ("work", json!("340282366920938463463374607431768211456")),
    ] {
        let error = tip_with(field, value.clone()).await.map(|_| ());
        // Two digits of hex and two of base64 are the same text: then it is bytes, and somebody else refuses them.
        let base64_that_is_hex = value == json!("AAEC");
        assert!(
            matches!(error, Err(ServerError::Broken(Fault::WrongType(_))))
                || base64_that_is_hex && error.is_ok(),
            "{field} = {value}: {error:?}"
        );
    }
}

#[tokio::test]
async fn numbers_beyond_what_floats_hold_are_exact_or_refused() {
    let exact = (1 << 53) + 1;
    assert_eq!(tip_with("height", json!(exact)).await.unwrap().height, Height::new(exact));
    assert_eq!(tip_with("height", json!(u64::MAX)).await.unwrap().height, Height::new(u64::MAX));
    let most: WorkText = u128::MAX.to_string().parse().unwrap();
    assert_eq!(tip_with("work", json!(u128::MAX.to_string())).await.unwrap().work, most);
    for height in ["18446744073709551616", "1e19", "9007199254740993.0", "1e400", "-0", "1E2"] {
        let server = Hostile::saying(move |asked| {
            let tip = json!({
                "id": "ab".repeat(32), "height": "HEIGHT", "work": "9", "header": "", "content": "", "peaks": "",
            });
            let body = json!({ "jsonrpc": "2.0", "id": asked.id, "result": tip }).to_string();
            http("200 OK", &[JSON], body.replace("\"HEIGHT\"", height))
        })
        .await;
        let answer: Result<LightTip, _> = server.client().call("light_tip", &()).await;
        assert!(matches!(answer, Err(ServerError::Broken(Fault::WrongType(_)))), "{height}: {answer:?}");
    }
}

#[tokio::test]
async fn a_field_that_comes_twice_is_refused_within_the_answer_too() {
    let server = Hostile::saying(|asked| {
        let hash = "ab".repeat(32);
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":{},"result":{{"fork_id":"{hash}","fork_height":1,"fork_height":2,
            "records":"","tip_id":"{hash}","tip_height":1,"tip_work":"1"}}}}"#,
            asked.id
        );
        http("200 OK", &[JSON], body)
    })
    .await;
    let answer: Result<LightHeaders, _> = server.client().call("light_headers", &()).await;
    assert!(matches!(answer, Err(ServerError::Broken(Fault::WrongType(_)))), "{answer:?}");
}
