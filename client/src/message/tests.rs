#![allow(clippy::unwrap_used)]

use serde_json::Value;
use vibecoin_primitives::Transaction;

use super::*;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../assets/vectors/message.json")).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn proof(case: &Value) -> Proof {
    format!("{}{}", case["public_key"].as_str().unwrap(), case["signature"].as_str().unwrap())
        .parse()
        .unwrap()
}

#[test]
fn signed_messages() {
    let vectors = vectors();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let message = bytes(&case["message"]);
        let key = SecretKey::from_slice(&bytes(&case["secret"])).unwrap();
        let address = Address::new(bytes(&case["address"]).try_into().unwrap());
        assert_eq!(hash(&message).to_string(), case["hash"].as_str().unwrap());
        let made = sign(&key, &message);
        assert_eq!(made, proof(case));
        assert_eq!(made.to_string().parse(), Ok(made));
        assert_eq!(verify(&address, &message, &made), Ok(()));
        assert_eq!(verify(&Address::ZERO, &message, &made), Err(MessageError::AnotherAddress));
    }
}

#[test]
fn what_was_not_signed_is_refused() {
    let vectors = vectors();
    let cases = vectors["reject"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let proof = proof(case);
        let verdict = verify(&Address::of(&proof.public_key), &bytes(&case["message"]), &proof);
        assert_eq!(verdict, Err(MessageError::Signature), "{}", case["note"]);
    }
}

#[test]
fn a_signed_message_is_no_transaction() {
    let vectors = vectors();
    let cases = vectors["not_a_transaction"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let transaction = Transaction::decode(&bytes(&case["raw"])).unwrap();
        let body = &transaction.body;
        let proof = Proof { public_key: body.public_key, signature: transaction.signature };
        assert_eq!(verify(&body.sender(), &bytes(&case["message"]), &proof), Ok(()));
        assert!(!transaction.claim(transaction.id()).verify());
    }
}

#[test]
fn what_is_no_proof_is_refused() {
    for text in ["", "00", &"0".repeat(191), &"0".repeat(194), &"g".repeat(192)] {
        assert_eq!(text.parse::<Proof>(), Err(MessageError::Format));
    }
}
