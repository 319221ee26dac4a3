use serde_json::Value;

use super::*;
use crate::keys::tests::{bytes, vectors};

#[test]
fn tagged_hashes_follow_the_vectors() {
    for case in vectors("content")["tagged"].as_array().unwrap() {
        let name: &'static str = Box::leak(case["tag"].as_str().unwrap().to_owned().into_boxed_str());
        let message = bytes(&case["message"]);
        let (head, tail) = message.split_at(message.len() / 2);
        let tag = Tag::new(name);
        assert_eq!(tag.hash(&[&message]).to_string(), case["hash"].as_str().unwrap());
        assert_eq!(tag.hash(&[head, tail]), tag.hash(&[&message]));
    }
}

#[test]
fn header_ids_are_double_hashes() {
    for case in vectors("header")["cases"].as_array().unwrap() {
        if let Value::String(id) = &case["id"] {
            assert_eq!(&sha256d(&bytes(&case["header"])).to_string(), id);
        }
    }
}

#[test]
fn text_round_trips_and_bad_text_is_named() {
    let hash = sha256(b"vibe");
    assert_eq!(hash.to_string().parse(), Ok(hash));
    assert_eq!(hash.to_string().to_uppercase().parse(), Ok(hash));
    assert_eq!("ab".parse::<Hash>(), Err(HashParseError::Length(2)));
    assert_eq!("zz".repeat(32).parse::<Hash>(), Err(HashParseError::Digit));
}
