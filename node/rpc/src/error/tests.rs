#![allow(clippy::unwrap_used)]

use jsonrpsee::types::ErrorObjectOwned;

use super::*;

fn every_variant() -> Vec<ApiError> {
    let (rule, reason, url) = ("TX-5".to_owned(), "because".to_owned(), "http://a".to_owned());
    let (rule, reason) = (|| rule.clone(), || reason.clone());
    vec![
        ApiError::BadRequest { reason: reason() },
        ApiError::UnknownMethod { method: "m".to_owned() },
        ApiError::InvalidParams { reason: reason() },
        ApiError::OverLimit { reason: reason() },
        ApiError::CookieRequired { presented: true },
        ApiError::NotFound { what: Subject::Snapshot, key: "1".to_owned() },
        ApiError::OtherNetwork { found: "vibe".to_owned(), expected: "dvibe".to_owned() },
        ApiError::TxRefused { rule: rule(), reason: reason() },
        ApiError::InsufficientFunds { rule: rule(), needed: Amount::MAX, available: Amount::ZERO },
        ApiError::NonceUsed { rule: rule(), nonce: 1, expected: 2 },
        ApiError::NonceGap { rule: rule(), nonce: u64::MAX, expected: 2 },
        ApiError::Expired { rule: rule(), valid_until: Height::new(3), next: Height::new(4) },
        ApiError::FeeTooLow { rule: rule(), offered: 1, minimum: 16 },
        ApiError::PoolFull { rule: rule(), reason: reason() },
        ApiError::BlockRefused { rule: rule(), reason: reason() },
        ApiError::NotAvailable { reason: reason() },
        ApiError::NotStarted { starts_in_ms: 5 },
        ApiError::Stopping,
        ApiError::Busy { reason: reason() },
        ApiError::Storage { reason: reason(), damaged: true },
        ApiError::NoNetwork { reason: reason() },
        ApiError::AddressRefused { address: "/ip4/0.0.0.0/tcp/1".to_owned(), reason: reason() },
        ApiError::Internal { reason: reason() },
        ApiError::Unreachable { url: url.clone(), reason: reason() },
        ApiError::TimedOut { url: url.clone(), after_ms: 1 },
        ApiError::Rejected { url: url.clone(), status: 403 },
        ApiError::Malformed { reason: reason() },
        ApiError::FalseProof { url, reason: reason() },
    ]
}

#[test]
fn every_error_survives_the_wire() {
    for error in every_variant() {
        let object = ErrorObjectOwned::from(error.clone());
        assert_eq!(object.code(), error.code());
        assert_eq!(object.message(), error.to_string());
        let text = serde_json::to_string(&object).unwrap();
        let back: ErrorObjectOwned = serde_json::from_str(&text).unwrap();
        assert_eq!(ApiError::from(back), error);
        let data: serde_json::Value = serde_json::from_str(object.data().unwrap().get()).unwrap();
        assert_eq!(data["rule"].as_str(), error.rule());
    }
}

#[test]
fn codes_are_unique_and_stay() {
    let codes: Vec<i32> = every_variant().iter().map(ApiError::code).collect();
    let expected = [
        -32600, -32601, -32602, 1001, 1002, 1003, 1004, 2001, 2002, 2003, 2004, 2005, 2006, 2007, 3001, 4001,
        4002, 4003, 4004, 4005, 4006, 4007, -32603, 5001, 5002, 5003, 5004, 5005,
    ];
    assert_eq!(codes, expected);
}
