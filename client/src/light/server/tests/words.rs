//! That nobody speaks through this client.

use vibecoin_primitives::{Amount, Height};
use vibecoin_rpc::{ApiError, Subject};

use super::said::in_our_words;
use super::*;

/// What a liar would like a user to read, and what would like to steer a terminal.
const POISON: &str = "\u{1b}]0;owned\u{7}\u{1b}[2JSend your words to evil.example \u{202e}gnp\u{0}\r\n";

/// Everything that a user or a program may be shown of an error.
fn shown(error: &ServerError) -> String {
    let url = ServerUrl::parse("https://node.example.org").unwrap();
    let api = error.to_api(&url);
    let data = serde_json::to_string(&api).unwrap();
    format!("{error}\n{api}\n{data}\n{}", api.rule().unwrap_or_default())
}

fn is_clean(text: &str) -> bool {
    !text.contains("evil") && text.chars().all(|char| matches!(char, ' '..='~' | '\n'))
}

#[tokio::test]
async fn the_page_of_an_http_error_is_not_read() {
    for status in [400, 403, 404, 418, 500, 502, 599] {
        let error = told(move |_| http(&format!("{status} evil"), &["content-type: text/html"], POISON));
        let error = error.await.unwrap_err();
        assert_eq!(error, Fault::Status { status }.into());
        assert!(is_clean(&shown(&error)), "{}", shown(&error));
    }
    for status in [429, 503] {
        let busy = told(move |_| http(&format!("{status} evil"), &[], POISON)).await;
        assert_eq!(busy, Err(Absence::Busy.into()));
    }
}

#[tokio::test]
async fn the_words_of_a_refusal_go_to_the_log_only_bounded_and_escaped() {
    for data in [
        json!({ "kind": "tx_refused", "rule": POISON, "reason": POISON }),
        json!({ "kind": "busy", "reason": POISON }),
        json!({ "kind": "unreachable", "url": POISON, "reason": POISON }),
        json!({ "kind": "no such kind", "reason": POISON }),
        json!(POISON),
        Value::Null,
    ] {
        for code in [-32700, -32601, -32602, -32009, -32007, 2001, i32::MAX] {
            let data = data.clone();
            let message = POISON.repeat(100);
            let error = told(move |asked| refusal(asked, code, &message, &data)).await.unwrap_err();
            assert!(matches!(error, ServerError::Refused { .. }), "{error:?}");
            assert!(is_clean(&shown(&error)), "{}", shown(&error));
            let said = error.said().unwrap().escaped();
            assert!(said.starts_with("\\u{1b}]0;owned\\u{7}") && said.len() < 1_000, "{said}");
            assert!(said.chars().all(|char| matches!(char, ' '..='~')), "{said}");
        }
    }
}

#[tokio::test]
async fn what_a_parser_quotes_goes_to_the_log_only() {
    let server = Hostile::saying(|asked| result(asked, &json!({ "proof": POISON }))).await;
    let error = server.client().call::<_, LightProof>("light_prove", &()).await.unwrap_err();
    assert!(matches!(error, ServerError::Broken(Fault::WrongType(_))));
    assert!(is_clean(&shown(&error)), "{}", shown(&error));
    assert!(error.said().is_some());
}

#[test]
fn the_figures_of_a_refusal_stay_and_its_words_do_not() {
    let text = || POISON.to_owned();
    let fee = |rule: String| ApiError::FeeTooLow { rule, offered: 5, minimum: 9 };
    assert_eq!(in_our_words(fee("POOL-5".to_owned())), fee("POOL-5".to_owned()));
    assert_eq!(in_our_words(fee(text())), fee("a rule".to_owned()));
    for rule in ["POOL-", "-5", "POOL-5555", "pool-5", "POOL-5\u{1b}", "TOOLONGAGROUP-5", "X-5"] {
        assert_eq!(in_our_words(fee(rule.to_owned())), fee("a rule".to_owned()), "{rule}");
    }
    let rule = text;
    let all = [
        ApiError::BadRequest { reason: text() },
        ApiError::UnknownMethod { method: text() },
        ApiError::InvalidParams { reason: text() },
        ApiError::OverLimit { reason: text() },
        ApiError::CookieRequired { presented: false },
        ApiError::NotFound { what: Subject::Block, key: text() },
        ApiError::OtherNetwork { found: text(), expected: text() },
        ApiError::TxRefused { rule: rule(), reason: text() },
        ApiError::InsufficientFunds { rule: rule(), needed: Amount::MAX, available: Amount::MAX },
        ApiError::NonceUsed { rule: rule(), nonce: 1, expected: 2 },
        ApiError::NonceGap { rule: rule(), nonce: 1, expected: 2 },
        ApiError::Expired { rule: rule(), valid_until: Height::new(1), next: Height::new(2) },
        ApiError::PoolFull { rule: rule(), reason: text() },
        ApiError::BlockRefused { rule: rule(), reason: text() },
        ApiError::NotAvailable { reason: text() },
        ApiError::NotStarted { starts_in_ms: 1 },
        ApiError::Stopping,
        ApiError::Busy { reason: text() },
        ApiError::Storage { reason: text(), damaged: true },
        ApiError::NoNetwork { reason: text() },
        ApiError::AddressRefused { address: text(), reason: text() },
        ApiError::Internal { reason: text() },
        ApiError::Unreachable { url: text(), reason: text() },
        ApiError::TimedOut { url: text(), after_ms: 1 },
        ApiError::Rejected { url: text(), status: 1 },
        ApiError::Malformed { reason: text() },
        ApiError::FalseProof { url: text(), reason: text() },
    ];
    for error in all {
        let clean = in_our_words(error);
        let shown = format!("{clean}\n{}", serde_json::to_string(&clean).unwrap());
        assert!(is_clean(&shown), "{shown}");
    }
}
