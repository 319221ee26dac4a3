use proptest::prelude::*;

use super::*;
use crate::testing::{address, bytes, cases, text};

#[test]
fn addresses_follow_the_vectors() {
    for case in cases("address", "cases") {
        let of_key = address(&case, "address");
        if case["public_key"].is_string() {
            let key = PublicKey(bytes(&case, "public_key").try_into().unwrap());
            assert_eq!(Address::of(&key), of_key);
        }
        for prefix in AddressPrefix::BUILT_IN {
            let network = match prefix.as_str() {
                "vibe" => "mainnet",
                "tvibe" => "testnet",
                _ => "devnet",
            };
            assert_eq!(of_key.encode(prefix), text(&case, network));
            assert_eq!(Address::decode(text(&case, network), prefix), Ok(of_key));
        }
        assert_eq!(Address::decode(text(&case, "also_accepted"), AddressPrefix::MAINNET), Ok(of_key));
    }
}

#[test]
fn bad_addresses_get_their_own_words() {
    for case in cases("address", "reject") {
        let prefix = AddressPrefix::new(text(&case, "expected_prefix")).unwrap();
        let error = Address::decode(text(&case, "text"), prefix).unwrap_err();
        let fits = match text(&case, "error") {
            "another network" => matches!(error, AddressError::AnotherNetwork { .. }),
            "prefix" => matches!(error, AddressError::UnknownPrefix { .. }),
            "mixed case" => matches!(error, AddressError::MixedCase),
            "no separator" => matches!(error, AddressError::NoSeparator),
            "checksum" => matches!(error, AddressError::Checksum),
            "length" => matches!(error, AddressError::Length { .. }),
            "character" => matches!(error, AddressError::Character(_)) || !text(&case, "text").contains('1'),
            other => panic!("unknown reason {other}"),
        };
        assert!(fits, "{case} gave {error:?}");
    }
}

#[test]
fn prefixes_are_lower_case_letters() {
    assert_eq!(AddressPrefix::new("myvibe").unwrap().as_str(), "myvibe");
    for bad in ["", "Vibe", "vibe1", "abcdefghijklmnopq", "vïbe"] {
        assert!(AddressPrefix::new(bad).is_none(), "{bad}");
    }
}

proptest! {
    #[test]
    fn a_wrong_character_is_always_noticed(raw: [u8; 20], at in 5usize..43, to in 0usize..32) {
        let good = Address::new(raw).encode(AddressPrefix::MAINNET);
        let mut typo = good.clone().into_bytes();
        typo[at] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"[to];
        let typo = String::from_utf8(typo).unwrap();
        let read = Address::decode(&typo, AddressPrefix::MAINNET);
        prop_assert_eq!(read.is_ok(), typo == good);
    }
}
