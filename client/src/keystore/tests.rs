#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::kdf::{KdfParams, params};
use super::*;

const PHRASE: &str = "prize fat version cluster elephant announce quick play panda north voyage cheese";

fn secret(passphrase: &str) -> Secret {
    Secret::new(Mnemonic::parse(PHRASE).unwrap(), Zeroizing::new(passphrase.to_owned()))
}

fn birth() -> Birth {
    Birth { height: Height::new(12_408), time: Timestamp::new(1_767_225_600_000) }
}

fn cheap() -> (Keystore, Keys) {
    let (mut keystore, keys) =
        Keystore::create(&secret("correct horse"), birth(), &"hunter2".into(), Policy::CHEAP).unwrap();
    keystore.add_next_account(&keys, "savings").unwrap();
    (keystore, keys)
}

fn read(bytes: &[u8]) -> Result<Keystore, KeystoreError> {
    Keystore::from_bytes(bytes, Policy::CHEAP)
}

#[test]
fn the_real_parameters_open_what_they_sealed() {
    let made = Keystore::create(&secret(""), birth(), &"hunter2".into(), Policy::STANDARD).unwrap().0;
    let keystore = Keystore::from_bytes(&made.to_bytes(), Policy::STANDARD).unwrap();
    let (keys, secret) = keystore.open(&"hunter2".into()).unwrap();
    assert_eq!(*secret.mnemonic().phrase(), PHRASE);
    assert_eq!(
        hex::encode(keys.account(0).unwrap().public_key().0),
        "1caa021dd2090aa900c54596e0b1f2df17921adf535a96f70891ff98e6eab62e"
    );
    let standard = KdfParams::STANDARD;
    assert!(standard.memory_kib() >= 64 * 1024 && standard.passes() >= 3 && standard.lanes() >= 1);
}

#[test]
fn what_goes_in_comes_out() {
    let (keystore, _) = cheap();
    let again = read(&keystore.to_bytes()).unwrap();
    assert_eq!(again.public, keystore.public);
    assert_eq!(again.birth(), birth());
    assert_eq!(again.account(1).unwrap().label, "savings");
    assert_eq!(again.to_bytes(), keystore.to_bytes());
    let (keys, secret) = again.open(&"hunter2".into()).unwrap();
    assert_eq!(secret.passphrase(), "correct horse");
    assert_eq!(again.accounts()[1].public_key, Some(keys.account(1).unwrap().public_key()));
}

#[test]
fn every_single_bit_flip_is_damage() {
    let watched = Keystore::watch(Address::new([7; 20]), None, birth()).unwrap();
    for keystore in [cheap().0, watched] {
        let mut bytes = keystore.to_bytes();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&bytes).unwrap_err(), KeystoreError::Damaged, "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(read(&bytes).is_ok());
    }
}

#[test]
fn what_is_cut_off_or_added_is_damage() {
    let bytes = cheap().0.to_bytes();
    for length in 0..bytes.len() {
        assert_eq!(read(&bytes[..length]).unwrap_err(), KeystoreError::Damaged);
    }
    assert_eq!(read(&[bytes.as_slice(), &[0]].concat()).unwrap_err(), KeystoreError::Damaged);
}

#[test]
fn another_password_is_wrong_and_nothing_else() {
    let (keystore, _) = cheap();
    for wrong in ["", "hunter", "hunter22", "Hunter2", "hunter2 "] {
        assert_eq!(keystore.open(&wrong.into()).unwrap_err(), KeystoreError::WrongPassword);
    }
}

/// A file with a valid checksum over content that somebody altered on purpose.
fn forge(keystore: &Keystore, alter: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = keystore.to_bytes();
    bytes.truncate(bytes.len() - 32);
    alter(&mut bytes);
    let checksum = vibecoin_crypto::Tag::new("vibe/keystore/v1").hash(&[&bytes]);
    bytes.extend_from_slice(checksum.as_bytes());
    bytes
}

#[test]
fn forged_content_is_told_apart() {
    let (keystore, _) = cheap();
    assert_eq!(read(&forge(&keystore, |b| b[0] = b'W')).unwrap_err(), KeystoreError::NotAKeystore);
    assert_eq!(
        read(&forge(&keystore, |b| b[8] = 2)).unwrap_err(),
        KeystoreError::Newer { found: 2, known: 1 }
    );
    assert_eq!(read(&forge(&keystore, |b| b[8] = 0)).unwrap_err(), KeystoreError::NotAKeystore);
    for alter in [|b: &mut Vec<u8>| b.push(0), |b: &mut Vec<u8>| b.truncate(60)] {
        assert!(matches!(read(&forge(&keystore, alter)).unwrap_err(), KeystoreError::Malformed(_)));
    }
}

#[test]
fn the_public_part_and_the_parameters_are_authenticated() {
    let (keystore, _) = cheap();
    let mut relabelled = keystore.clone();
    relabelled.public.accounts[1].label = "theirs".to_owned();
    let mut born = keystore.clone();
    born.public.birth.height = Height::new(1);
    let mut other_key = keystore.clone();
    let thief = SecretKey::from_bytes(&[1; 32]).public_key();
    other_key.public.accounts[1] = AccountInfo::of(1, &thief, "savings").unwrap();
    for forged in [relabelled, born, other_key] {
        let forged = read(&forged.to_bytes()).unwrap();
        assert_eq!(forged.open(&"hunter2".into()).unwrap_err(), KeystoreError::WrongPassword);
    }
    // Other parameters give another key and other associated data.
    let mut weaker = keystore;
    weaker.sealed.as_mut().unwrap().kdf = params(64, 2, 1);
    assert_eq!(weaker.open(&"hunter2".into()).unwrap_err(), KeystoreError::WrongPassword);
}

#[test]
fn an_account_that_is_not_derived_from_the_words_is_refused() {
    let (mut keystore, keys) = cheap();
    let thief = SecretKey::from_bytes(&[1; 32]).public_key();
    let mut public = keystore.public.clone();
    public.accounts[1] = AccountInfo::of(1, &thief, "savings").unwrap();
    keystore.reseal(public, Some(&keys)).unwrap();
    assert_eq!(keystore.open(&"hunter2".into()).unwrap_err(), KeystoreError::ForeignAccount(1));
}

#[test]
fn parameters_out_of_bounds_are_refused_when_read() {
    let keystore = cheap().0;
    let bounds = [
        (64 * 1024 - 1, 3, 1),
        (1024 * 1024 + 1, 3, 1),
        (u32::MAX, 3, 1),
        (64 * 1024, 2, 1),
        (64 * 1024, 17, 1),
        (64 * 1024, u32::MAX, 1),
        (64 * 1024, 3, 0),
        (64 * 1024, 3, 9),
    ];
    for (memory_kib, passes, lanes) in bounds {
        let mut forged = keystore.clone();
        forged.sealed.as_mut().unwrap().kdf = params(memory_kib, passes, lanes);
        assert_eq!(
            Keystore::from_bytes(&forged.to_bytes(), Policy::STANDARD).unwrap_err(),
            KeystoreError::Parameters { memory_kib, passes, lanes }
        );
    }
    for (memory_kib, passes, lanes) in [(64 * 1024, 3, 1), (1024 * 1024, 16, 8)] {
        let mut widest = keystore.clone();
        widest.sealed.as_mut().unwrap().kdf = params(memory_kib, passes, lanes);
        assert!(Keystore::from_bytes(&widest.to_bytes(), Policy::STANDARD).is_ok());
    }
}

#[test]
fn salt_and_nonce_are_fresh() {
    let (one, keys) = cheap();
    let (other, _) = cheap();
    assert_ne!(one.to_bytes(), other.to_bytes());
    let mut relabelled = one.clone();
    relabelled.set_label(Some(&keys), 1, "savings").unwrap();
    assert_eq!(relabelled.public, one.public);
    assert_ne!(relabelled.sealed.unwrap().ciphertext, one.sealed.unwrap().ciphertext);
}

#[test]
fn the_password_can_be_changed() {
    let (mut keystore, _) = cheap();
    let before = keystore.sealed.clone();
    assert_eq!(
        keystore.change_password(&"wrong".into(), &"new".into(), Policy::CHEAP).unwrap_err(),
        KeystoreError::WrongPassword
    );
    assert_eq!(keystore.sealed, before);
    keystore.change_password(&"hunter2".into(), &"new".into(), Policy::CHEAP).unwrap();
    assert_eq!(keystore.open(&"hunter2".into()).unwrap_err(), KeystoreError::WrongPassword);
    assert_eq!(*keystore.open(&"new".into()).unwrap().1.mnemonic().phrase(), PHRASE);
}

#[test]
fn accounts_and_labels() {
    let (mut keystore, keys) = cheap();
    keystore.add_account(&keys, 9, "far").unwrap();
    assert_eq!(keystore.add_next_account(&keys, "").unwrap().index, 10);
    assert_eq!(keystore.add_account(&keys, 5, "between").unwrap().index, 5);
    assert_eq!(keystore.accounts().iter().map(|a| a.index).collect::<Vec<_>>(), [0, 1, 5, 9, 10]);
    assert_eq!(keystore.add_account(&keys, 9, "").unwrap_err(), KeystoreError::AccountExists(9));
    assert_eq!(keystore.add_account(&keys, 1 << 31, "").unwrap_err(), KeystoreError::NoAccount(1 << 31));
    assert_eq!(keystore.set_label(Some(&keys), 2, "").unwrap_err(), KeystoreError::NoAccount(2));
    assert_eq!(keystore.set_label(Some(&keys), 1, &"x".repeat(65)).unwrap_err(), KeystoreError::Label);
    assert_eq!(keystore.set_label(Some(&keys), 1, "a\nb").unwrap_err(), KeystoreError::Label);
    assert_eq!(keystore.set_label(None, 1, "ok").unwrap_err(), KeystoreError::WrongPassword);
    let stranger = cheap().1;
    assert_eq!(keystore.set_label(Some(&stranger), 1, "ok").unwrap_err(), KeystoreError::WrongPassword);
    let again = read(&keystore.to_bytes()).unwrap();
    assert!(again.open(&"hunter2".into()).is_ok());
}

#[test]
fn a_watched_address_has_no_keys() {
    let key = SecretKey::from_bytes(&[3; 32]).public_key();
    let address = Address::of(&key);
    assert!(Keystore::watch(Address::new([1; 20]), Some(key), birth()).is_err());
    let mut keystore = Keystore::watch(address, Some(key), birth()).unwrap();
    keystore.set_label(None, 0, "grandmother").unwrap();
    let again = read(&keystore.to_bytes()).unwrap();
    assert!(again.is_watch_only());
    assert_eq!(again.account(0).unwrap().label, "grandmother");
    assert_eq!(again.open(&"".into()).unwrap_err(), KeystoreError::WatchOnly);
}

#[test]
fn nothing_that_is_printed_shows_a_secret() {
    let (keystore, keys) = cheap();
    let opened = keystore.open(&"hunter2".into()).unwrap().1;
    let shown = format!("{keystore:?} {keys:?} {opened:?}");
    for hidden in ["prize", "cheese", "correct horse", "hunter2", "ab4a6fcb16347c12", "171, 74, 111"] {
        assert!(!shown.contains(hidden), "{hidden}");
    }
    assert!(shown.ends_with("Keys(..) Secret(..)"));
}

#[test]
fn the_length_of_the_passphrase_does_not_show() {
    let length = |passphrase: &str| {
        let made = Keystore::create(&secret(passphrase), birth(), &"p".into(), Policy::CHEAP).unwrap();
        made.0.to_bytes().len()
    };
    assert_eq!(length(""), length("a passphrase of some length"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_secret_survives(entropy: [u8; 32], passphrase in "\\PC{0,300}", password in "\\PC{0,40}") {
        let mnemonic = Mnemonic::from_entropy(bip39::Language::English, &entropy).unwrap();
        let secret = Secret::new(mnemonic, Zeroizing::new(passphrase.clone()));
        let password = Password::from(password.as_str());
        let made = Keystore::create(&secret, birth(), &password, Policy::CHEAP).unwrap().0;
        let opened = read(&made.to_bytes()).unwrap().open(&password).unwrap().1;
        prop_assert_eq!(&**opened.mnemonic().entropy(), &entropy[..]);
        prop_assert_eq!(opened.passphrase(), passphrase);
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(read(&bytes).is_err());
    }
}
