#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::Value;
use vibecoin_crypto::{SecretKey, Signature};
use vibecoin_primitives::{Amount, Network};

use super::*;
use crate::testing::{bytes, cases, hash, height, number, spec_of, text, vectors};

/// The verdict on raw bytes, as a pool gives it.
fn verdict(spec: &ChainSpec, case: &Value) -> Result<CheckedTransaction, TransactionError> {
    check_transaction(spec, height(case, "height"), &decode_transaction(&bytes(case, "raw"))?)
}

#[test]
fn good_transactions_follow_the_vectors() {
    for case in cases("tx", "cases") {
        let network: Network = text(&case, "network").parse().unwrap();
        let spec = network.spec();
        match verdict(&spec, &case) {
            Ok(checked) => {
                assert_eq!(checked.id(), hash(&case, "txid"), "{case}");
                assert_eq!(checked.sender().as_bytes().to_vec(), bytes(&case, "sender"), "{case}");
            }
            // Good, but no create is carried out yet.
            Err(TransactionError::CreateUnsupported) => assert!(case["fields"]["to"].is_null(), "{case}"),
            Err(error) => panic!("{error}: {case}"),
        }
    }
}

#[test]
fn bad_transactions_follow_the_vectors() {
    let spec = Network::Mainnet.spec();
    for case in cases("tx", "reject") {
        let rule = match text(&case, "error") {
            "trailing bytes" | "truncated" | "bad option tag" => "TX-1",
            "version" => "TX-3",
            "chain id" => "TX-4",
            "expired" => "TX-5",
            "gas price" => "TX-6",
            "intrinsic gas" => "TX-7",
            "gas limit above the cap" => "TX-8",
            "greatest nonce" => "TX-9",
            "cost above u64" => "TX-11",
            "signature" => "TX-13",
            other => panic!("unknown reason {other}"),
        };
        let error = verdict(&spec, &case).unwrap_err();
        assert_eq!(error.rule(), rule, "{case}");
        assert!(error.to_string().starts_with(rule), "{error}");
    }
}

#[test]
fn the_size_limits_are_exact() {
    let spec = Network::Mainnet.spec();
    let key = |case: &Value| SecretKey::from_slice(&bytes(case, "secret")).unwrap();
    let list = cases("tx", "size_limit");
    let key = key(&list[0]);
    let sign = |to: Option<Address>, data: usize| {
        let body = TransactionBody { to, data: vec![0; data], gas_limit: 10_000_000, ..body(&spec, &key, 0) };
        body.sign(&key)
    };
    let somebody = Some(Address::new([0x42; 20]));
    let check = |transaction: &Transaction| check_transaction(&spec, Height::new(1), transaction);

    let largest = sign(somebody, 130_906);
    assert_eq!(largest.encoded_len(), TRANSACTION_BYTES_MAX);
    assert_eq!(check(&largest).unwrap().id(), hash(&list[0], "txid"));
    assert_eq!(check(&sign(somebody, 130_907)), Err(TransactionError::TooLarge { bytes: 131_073 }));
    let too_long = sign(somebody, 130_907).encode();
    assert_eq!(decode_transaction(&too_long), Err(TransactionError::TooLarge { bytes: 131_073 }));

    let create = sign(None, CREATE_DATA_BYTES_MAX);
    assert_eq!(create.id(), hash(&list[2], "txid"));
    assert_eq!(check(&create), Err(TransactionError::CreateUnsupported));
    assert_eq!(check(&sign(None, 49_153)), Err(TransactionError::CreateData { bytes: 49_153 }));
    assert_eq!(check(&sign(somebody, 49_153)).unwrap().id(), hash(&list[4], "txid"));
}

/// A transfer of nothing that keeps every rule.
fn body(spec: &ChainSpec, key: &SecretKey, nonce: u64) -> TransactionBody {
    TransactionBody {
        version: TRANSACTION_VERSION,
        chain_id: spec.chain_id,
        nonce,
        valid_until: 0,
        gas_limit: 21_000,
        gas_price: 1,
        to: Some(Address::new([0x42; 20])),
        value: Amount::ZERO,
        data: Vec::new(),
        public_key: key.public_key(),
    }
}

/// What a fault does to a transaction, and the rule that it breaks.
fn spoil(fault: u8, body: &mut TransactionBody) -> &'static str {
    match fault {
        0 => {
            body.version = 2;
            "TX-3"
        }
        1 => {
            body.chain_id += 1;
            "TX-4"
        }
        2 => {
            body.valid_until = 4;
            "TX-5"
        }
        3 => {
            body.gas_price = 0;
            "TX-6"
        }
        4 => {
            body.gas_limit -= 1;
            "TX-7"
        }
        5 => {
            body.gas_limit = TRANSACTION_GAS_MAX + 1;
            "TX-8"
        }
        6 => {
            body.nonce = u64::MAX;
            "TX-9"
        }
        7 => {
            body.value = Amount::MAX;
            "TX-11"
        }
        _ => {
            body.to = None;
            body.gas_limit = 53_000;
            "TX-12"
        }
    }
}

#[test]
fn every_fault_has_its_rule() {
    let (spec, key) = (Network::Devnet.spec(), SecretKey::from_bytes(&[7; 32]));
    for fault in 0..=8 {
        let mut body = body(&spec, &key, 0);
        let rule = spoil(fault, &mut body);
        assert_eq!(check_unsigned(&spec, Height::new(5), &body).unwrap_err().rule(), rule);
    }
}

#[test]
fn a_small_block_lowers_the_cap() {
    let spec = spec_of(&vectors("chain"), "small");
    let key = SecretKey::from_bytes(&[7; 32]);
    let with = |gas_limit| {
        let body = TransactionBody { gas_limit, ..body(&spec, &key, 0) };
        check_unsigned(&spec, Height::new(1), &body)
    };
    assert_eq!(with(spec.block_gas), Ok(()));
    let cap = spec.block_gas;
    assert_eq!(with(cap + 1), Err(TransactionError::GasCap { gas_limit: cap + 1, cap }));
}

#[test]
fn small_order_points_are_judged_as_in_the_vectors() {
    // What counts is that the pool, which checks one, and the block, which checks many, agree on each.
    let spec = Network::Devnet.spec();
    let key = SecretKey::from_bytes(&[7; 32]);
    let zero_point = vibecoin_crypto::PublicKey({
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    });
    let mut transaction = TransactionBody { public_key: zero_point, ..body(&spec, &key, 0) }.sign(&key);
    let mut signature = [0; 64];
    signature[0] = 1;
    transaction.signature = Signature(signature);
    let alone = check_transaction(&spec, Height::new(1), &transaction);
    let many = check_transactions(&spec, Height::new(1), &[transaction.clone(), transaction]);
    assert_eq!(alone.is_ok(), many.is_ok());
    assert!(alone.is_ok(), "ZIP-215 accepts the neutral element");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_block_is_judged_as_one_transaction_after_the_other(
        count in 0_usize..300,
        faults in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..11), 0..3),
    ) {
        let (spec, at) = (Network::Devnet.spec(), Height::new(5));
        let key = SecretKey::from_bytes(&[9; 32]);
        let mut list: Vec<_> = (0..count as u64).map(|nonce| body(&spec, &key, nonce).sign(&key)).collect();
        for (index, fault) in faults {
            if list.is_empty() {
                break;
            }
            let place = index.index(list.len());
            let transaction = &mut list[place];
            if fault > 8 {
                transaction.signature.0[usize::from(fault)] ^= 1;
            } else {
                spoil(fault, &mut transaction.body);
            }
        }
        let one_by_one: Result<Vec<_>, _> = list
            .iter()
            .enumerate()
            .map(|(index, transaction)| {
                check_transaction(&spec, at, transaction).map_err(|error| InvalidTransaction { index, error })
            })
            .collect();
        prop_assert_eq!(check_transactions(&spec, at, &list), one_by_one);
    }

    #[test]
    fn a_cost_is_refused_exactly_when_it_does_not_fit(limit in 21_000..TRANSACTION_GAS_MAX, price: u64, value: u64) {
        let (spec, key) = (Network::Devnet.spec(), SecretKey::from_bytes(&[9; 32]));
        let price = price.max(1);
        let body = TransactionBody {
            gas_limit: limit,
            gas_price: price,
            value: Amount::from_beats(value),
            ..body(&spec, &key, 0)
        };
        let fits = u128::from(limit) * u128::from(price) + u128::from(value) <= u128::from(u64::MAX);
        let verdict = check_unsigned(&spec, Height::new(1), &body);
        prop_assert_eq!(verdict, if fits { Ok(()) } else { Err(TransactionError::Cost) });
    }

    #[test]
    fn what_is_valid_at_a_height_was_valid_below(valid_until in 0_u64..20, at in 1_u64..20, below in 0_u64..20) {
        let (spec, key) = (Network::Devnet.spec(), SecretKey::from_bytes(&[9; 32]));
        let body = TransactionBody { valid_until, ..body(&spec, &key, 0) };
        let valid = |height| check_unsigned(&spec, Height::new(height), &body).is_ok();
        prop_assert_eq!(valid(at), valid_until == 0 || at <= valid_until);
        prop_assert!(!valid(at) || valid(at.saturating_sub(below)));
    }
}

#[test]
fn numbers_in_the_vectors_agree() {
    for case in cases("tx", "cases") {
        let transaction = decode_transaction(&bytes(&case, "raw")).unwrap();
        assert_eq!(transaction.body.intrinsic_gas(), number(&case, "intrinsic_gas"));
        assert_eq!(transaction.encoded_len() as u64, number(&case, "size"));
    }
}
