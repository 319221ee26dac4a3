#![allow(clippy::unwrap_used)]

use super::*;

fn vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../../assets/vectors/keys.json")).unwrap()
}

fn hex32(value: &serde_json::Value) -> [u8; 32] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

#[test]
fn slip10_vectors() {
    let vectors = vectors();
    let cases = vectors["slip10"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let seed = hex::decode(case["seed"].as_str().unwrap()).unwrap();
        let path: Path = case["path"].as_str().unwrap().parse().unwrap();
        assert_eq!(path.to_string(), case["path"].as_str().unwrap());
        let key = ExtendedKey::from_seed(&seed).unwrap().derive(&path).unwrap();
        assert_eq!(*key.secret(), hex32(&case["secret"]));
        assert_eq!(*key.chain_code(), hex32(&case["chain_code"]));
        assert_eq!(key.secret_key().public_key().0, hex32(&case["public_key"]));
    }
}

#[test]
fn account_paths_of_the_vectors() {
    for case in vectors()["cases"].as_array().unwrap() {
        let seed = hex::decode(case["seed"].as_str().unwrap()).unwrap();
        let master = ExtendedKey::from_seed(&seed).unwrap();
        for account in case["accounts"].as_array().unwrap() {
            let number = u32::try_from(account["account"].as_u64().unwrap()).unwrap();
            let path = Path::account(number).unwrap();
            assert_eq!(path.to_string(), account["path"].as_str().unwrap());
            let key = master.derive(&path).unwrap();
            assert_eq!(*key.secret(), hex32(&account["secret"]));
            assert_eq!(key.secret_key().public_key().0, hex32(&account["public_key"]));
        }
    }
}

#[test]
fn what_is_no_path_is_refused() {
    for (text, error) in [
        ("", DerivationError::NoRoot),
        ("44'/0'", DerivationError::NoRoot),
        ("m/44", DerivationError::NotHardened { step: 1 }),
        ("m/44'/0", DerivationError::NotHardened { step: 2 }),
        ("m/", DerivationError::NotHardened { step: 1 }),
        ("m/'", DerivationError::NotANumber { step: 1 }),
        ("m/+1'", DerivationError::NotANumber { step: 1 }),
        ("m/2147483648'", DerivationError::NotANumber { step: 1 }),
    ] {
        assert_eq!(text.parse::<Path>(), Err(error), "{text:?}");
    }
    assert_eq!("m/0'".parse::<Path>().unwrap(), "m/0h".parse().unwrap());
    let deep = format!("m{}", "/1'".repeat(STEPS_MAX));
    assert_eq!(deep.parse::<Path>().unwrap().steps().len(), STEPS_MAX);
    assert_eq!(format!("{deep}/1'").parse::<Path>(), Err(DerivationError::TooDeep));
}

#[test]
fn bounds_of_seeds_and_indices() {
    for length in [0, 15, 65] {
        assert_eq!(
            ExtendedKey::from_seed(&vec![1; length]).unwrap_err(),
            DerivationError::SeedLength(length)
        );
    }
    let master = ExtendedKey::from_seed(&[1; 16]).unwrap();
    assert!(master.child(HARDENED - 1).is_ok());
    assert_eq!(master.child(HARDENED).unwrap_err(), DerivationError::NotANumber { step: 1 });
    assert!(Path::account(HARDENED).is_err());
    assert_eq!(format!("{master:?}"), "ExtendedKey(..)");
}
