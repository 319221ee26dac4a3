use serde_json::Value;

use super::*;

/// One file of the protocol's vectors.
pub(crate) fn vectors(name: &str) -> Value {
    let path = format!("{}/../../assets/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The bytes of a hex string of the vectors.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

#[test]
fn a_secret_key_is_never_printed() {
    let key = SecretKey::from_bytes(&[7; 32]);
    assert_eq!(format!("{key:?}"), "SecretKey(…)");
}

#[test]
fn a_secret_key_has_32_bytes() {
    assert_eq!(SecretKey::from_slice(&[1; 31]).err(), Some(KeyError::Length(31)));
    assert!(SecretKey::from_slice(&[1; 32]).is_ok());
}

#[test]
fn messages_sign_as_the_vectors_say() {
    for case in vectors("message")["cases"].as_array().unwrap() {
        let key = SecretKey::from_slice(&bytes(&case["secret"])).unwrap();
        let hash: Hash = case["hash"].as_str().unwrap().parse().unwrap();
        assert_eq!(key.public_key().to_string(), case["public_key"].as_str().unwrap());
        assert_eq!(key.sign(&hash).to_string(), case["signature"].as_str().unwrap());
    }
}
