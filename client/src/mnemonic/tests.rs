#![allow(clippy::unwrap_used)]

use serde_json::Value;
use vibecoin_crypto::derivation::{ExtendedKey, Path};
use vibecoin_primitives::{Address, AddressPrefix};

use super::*;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../assets/vectors/keys.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn phrases_give_seeds_keys_and_addresses() {
    let vectors = vectors();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let note = text(&case["note"]);
        let mnemonic = Mnemonic::parse(text(&case["mnemonic"])).unwrap();
        assert_eq!(mnemonic.language().to_string().to_lowercase(), text(&case["language"]), "{note}");
        if let Some(entropy) = case["entropy"].as_str() {
            assert_eq!(hex::encode(&*mnemonic.entropy()), entropy, "{note}");
            let again = Mnemonic::from_entropy(mnemonic.language(), &mnemonic.entropy()).unwrap();
            assert_eq!(*again.phrase(), *mnemonic.phrase(), "{note}");
        }
        let seed = mnemonic.seed(text(&case["passphrase"]));
        assert_eq!(hex::encode(*seed), text(&case["seed"]), "{note}");
        let master = ExtendedKey::from_seed(&*seed).unwrap();
        for account in case["accounts"].as_array().unwrap() {
            let number = u32::try_from(account["account"].as_u64().unwrap()).unwrap();
            let key = master.derive(&Path::account(number).unwrap()).unwrap().secret_key();
            assert_eq!(hex::encode(key.as_bytes()), text(&account["secret"]), "{note}");
            assert_eq!(hex::encode(key.public_key().as_bytes()), text(&account["public_key"]), "{note}");
            let address = Address::of(&key.public_key());
            assert_eq!(hex::encode(address.as_bytes()), text(&account["address"]), "{note}");
            for network in ["mainnet", "testnet", "devnet"] {
                let shown = text(&account[network]);
                let prefix = AddressPrefix::new(shown.split('1').next().unwrap()).unwrap();
                assert_eq!(address.encode(prefix), shown, "{note}");
            }
        }
    }
}

#[test]
fn what_is_no_phrase_is_refused() {
    let vectors = vectors();
    let cases = vectors["reject"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let error = Mnemonic::parse(text(&case["mnemonic"])).unwrap_err();
        let kind = match error {
            MnemonicError::WordCount(_) => "word count",
            MnemonicError::UnknownWord(_) => "unknown word",
            MnemonicError::Checksum => "checksum",
            MnemonicError::Random(_) => "random",
        };
        assert_eq!(kind, text(&case["error"]), "{}", text(&case["note"]));
    }
}

#[test]
fn an_unknown_word_is_named_with_what_was_meant() {
    let phrase = "prize fat version cluster elephent announce quick play panda north voyage cheese";
    let MnemonicError::UnknownWord(unknown) = Mnemonic::parse(phrase).unwrap_err() else {
        panic!("another error");
    };
    assert_eq!((unknown.position, unknown.word.as_str()), (5, "elephent"));
    assert_eq!(unknown.suggestions.first(), Some(&"elephant"));
    assert_eq!(
        MnemonicError::UnknownWord(UnknownWord { suggestions: vec!["elephant"], ..unknown }).to_string(),
        "word 5, \"elephent\", is not in the word list: did you mean \"elephant\"?"
    );
}

#[test]
fn words_are_checked_one_by_one() {
    assert_eq!(check_word(1, "Prize", &[]), Ok(()));
    assert_eq!(check_word(3, "vershun", &["prize", "fat"]).unwrap_err().position, 3);
    // A mistyped Japanese word gets Japanese suggestions, because of the words before it.
    let unknown = check_word(3, "こくごご", &["ひしょ", "きろく"]).unwrap_err();
    assert_eq!(unknown.suggestions.first().copied(), Some(normalise("こくご").as_str()));
}

#[test]
fn case_and_white_space_do_not_matter() {
    let plain = "prize fat version cluster elephant announce quick play panda north voyage cheese";
    let odd = format!("  {}\n", plain.to_uppercase().replace(' ', " \t\u{3000}"));
    assert_eq!(*Mnemonic::parse(&odd).unwrap().phrase(), plain);
}

#[test]
fn new_phrases_are_valid_and_differ() {
    for count in [WordCount::Twelve, WordCount::TwentyFour] {
        let one = Mnemonic::generate(count).unwrap();
        let other = Mnemonic::generate(count).unwrap();
        assert_eq!(one.words().count(), count.words());
        assert_eq!(one.count(), count);
        assert_eq!(*Mnemonic::parse(&one.phrase()).unwrap().entropy(), *one.entropy());
        assert_ne!(*one.phrase(), *other.phrase());
        assert_eq!(format!("{one:?}"), "Mnemonic(..)");
    }
}

#[test]
fn every_list_restores() {
    for language in Language::ALL {
        let made = Mnemonic::from_entropy(*language, &[0x5a; 16]).unwrap();
        let read = Mnemonic::parse(&made.phrase()).unwrap();
        assert_eq!(*read.seed("x"), *made.seed("x"), "{language}");
    }
    assert_eq!(
        Mnemonic::from_entropy(Language::English, &[0; 20]).unwrap_err(),
        MnemonicError::WordCount(15)
    );
}
