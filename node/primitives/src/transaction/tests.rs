use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::testing::{address, bytes, cases, hash, number, text};

fn body(fields: &Value) -> TransactionBody {
    TransactionBody {
        version: number(fields, "version") as u8,
        chain_id: number(fields, "chain_id") as u32,
        nonce: number(fields, "nonce"),
        valid_until: number(fields, "valid_until"),
        gas_limit: number(fields, "gas_limit"),
        gas_price: number(fields, "gas_price"),
        to: (!fields["to"].is_null()).then(|| address(fields, "to")),
        value: Amount::from_beats(number(fields, "value")),
        data: bytes(fields, "data"),
        public_key: PublicKey(bytes(fields, "public_key").try_into().unwrap()),
    }
}

#[test]
fn transactions_follow_the_vectors() {
    for case in cases("tx", "cases") {
        let body = body(&case["fields"]);
        assert_eq!(encoding::encode(&body), bytes(&case, "body"), "{}", case["note"]);
        assert_eq!(body.id(), hash(&case, "txid"));
        assert_eq!(body.sender(), address(&case, "sender"));
        assert_eq!(body.intrinsic_gas(), number(&case, "intrinsic_gas"));
        assert_eq!(body.max_cost().unwrap().beats(), number(&case, "max_cost"));
        let key = SecretKey::from_slice(&bytes(&case, "secret")).unwrap();
        let signed = body.sign(&key);
        assert_eq!(signed.encode(), bytes(&case, "raw"));
        assert_eq!(signed.encoded_len() as u64, number(&case, "size"));
        assert_eq!(signed.leaf_hash(), hash(&case, "leaf_hash"));
        assert_eq!(Transaction::decode(&bytes(&case, "raw")), Ok(signed));
    }
}

#[test]
fn bytes_that_are_no_transaction_are_refused() {
    let mut undecodable = 0;
    for case in cases("tx", "reject") {
        let read = Transaction::decode(&bytes(&case, "raw"));
        match text(&case, "error") {
            "trailing bytes" => assert!(matches!(read, Err(DecodeError::TrailingBytes(_))), "{case}"),
            "truncated" | "bad option tag" => assert_eq!(read, Err(DecodeError::Malformed), "{case}"),
            _ => continue,
        }
        undecodable += 1;
    }
    assert!(undecodable >= 9);
}

#[test]
fn sizes_at_the_limit_follow_the_vectors() {
    for case in cases("tx", "size_limit") {
        let Some(secret) = case["secret"].as_str() else { continue };
        let key = SecretKey::from_slice(&hex::decode(secret).unwrap()).unwrap();
        let recipe = text(&case, "recipe");
        let data = if recipe.contains("130,906") {
            130_906
        } else if recipe.contains("49,152") {
            49_152
        } else {
            49_153
        };
        let body = TransactionBody {
            version: 1,
            chain_id: 8423,
            nonce: 0,
            valid_until: 0,
            gas_limit: 10_000_000,
            gas_price: 1,
            to: (!recipe.contains("to none")).then_some(Address::new([0x42; 20])),
            value: Amount::ZERO,
            data: vec![0; data],
            public_key: key.public_key(),
        };
        assert_eq!(body.id(), hash(&case, "txid"));
        assert_eq!(body.sign(&key).signature.to_string(), text(&case, "signature"));
    }
}

proptest! {
    #[test]
    fn decoding_is_the_inverse_of_encoding(
        nonce: u64, gas_limit: u64, gas_price: u64, to: Option<[u8; 20]>, value: u64, data: Vec<u8>, key: [u8; 32],
    ) {
        let key = SecretKey::from_bytes(&key);
        let body = TransactionBody {
            version: 1,
            chain_id: 1,
            nonce,
            valid_until: nonce,
            gas_limit,
            gas_price,
            to: to.map(Address::new),
            value: Amount::from_beats(value),
            data,
            public_key: key.public_key(),
        };
        let signed = body.sign(&key);
        prop_assert!(signed.claim(signed.id()).verify());
        prop_assert_eq!(signed.encode().len(), signed.encoded_len());
        prop_assert_eq!(Transaction::decode(&signed.encode()), Ok(signed));
    }

    #[test]
    fn whatever_decodes_encodes_back(raw: Vec<u8>) {
        if let Ok(transaction) = Transaction::decode(&raw) {
            prop_assert_eq!(transaction.encode(), raw);
        }
    }
}
