#![allow(clippy::unwrap_used)]

use vibecoin_crypto::SecretKey;
use vibecoin_primitives::{Amount, ChainSpec, Network};

use super::*;
use crate::mnemonic::Mnemonic;

const PHRASE: &str = "test test test test test test test test test test test junk";

fn devnet() -> NetworkFacts {
    let spec: ChainSpec = Network::Devnet.spec();
    NetworkFacts::new("devnet", &spec)
}

fn at(ms: u64) -> Timestamp {
    Timestamp::new(ms)
}

fn secret() -> Secret {
    Secret::new(Mnemonic::parse(PHRASE).unwrap(), zeroize::Zeroizing::default())
}

async fn vault() -> (tempfile::TempDir, Vault) {
    let directory = tempfile::tempdir().unwrap();
    let vault = Vault::new(Wallets::cheap(directory.path().join("wallet")), devnet());
    let name = WalletName::default();
    vault.create(&name, secret(), "p".into(), Height::GENESIS, at(0), LockAfter::Idle(1_000)).await.unwrap();
    (directory, vault)
}

#[tokio::test]
async fn keys_are_locked_away_when_nobody_uses_them() {
    let (_directory, vault) = vault().await;
    assert_eq!(vault.opened().unwrap().locks_at, Some(at(1_000)));
    vault.sign_message(0, b"x", at(600)).unwrap();
    assert_eq!(vault.opened().unwrap().locks_at, Some(at(1_600)));
    vault.touch(at(700));
    assert!(!vault.lock_if_due(at(1_699)));
    assert!(vault.lock_if_due(at(1_700)));
    assert!(matches!(vault.sign_message(0, b"x", at(1_701)), Err(WalletError::Locked)));
    // Without anybody's tick, too: the use itself looks at the time.
    vault.unlock("p".into(), at(2_000), LockAfter::Idle(10)).await.unwrap();
    assert!(matches!(vault.sign_message(0, b"x", at(2_010)), Err(WalletError::Locked)));
    vault.unlock("p".into(), at(2_000), LockAfter::Never).await.unwrap();
    assert_eq!(vault.opened().unwrap().locks_at, None);
    assert!(vault.sign_message(0, b"x", at(u64::MAX)).is_ok());
    vault.lock();
    assert!(!vault.opened().unwrap().unlocked);
}

#[tokio::test]
async fn a_wallet_is_found_again() {
    let (_directory, vault) = vault().await;
    vault.add_account(None, "savings", at(0)).await.unwrap();
    let before = vault.opened().unwrap();
    let again = Vault::new(vault.wallets().clone(), devnet());
    let opened = again.open(None).unwrap();
    assert_eq!(opened.accounts, before.accounts);
    assert!(!opened.unlocked && !opened.watch_only);
    let wrong = again.unlock("q".into(), at(0), LockAfter::DEFAULT).await.unwrap_err();
    assert_eq!(wrong.to_string(), "wrong password");
    assert!(again.unlock("p".into(), at(0), LockAfter::DEFAULT).await.unwrap().unlocked);
    assert_eq!(*again.secret("p".into()).await.unwrap().mnemonic().phrase(), PHRASE);
    assert_eq!(devnet().show(&opened.accounts[0].address), "dvibe1nlzyppla2p7ljxe4d63nu3n7mwkf0fffhfhfyl");
}

#[tokio::test]
async fn changes_reach_the_file() {
    let (_directory, vault) = vault().await;
    vault.set_label(0, "daily", at(0)).await.unwrap();
    vault.change_password("p".into(), "q".into()).await.unwrap();
    // The new sealing key is at hand at once.
    vault.set_label(0, "weekly", at(0)).await.unwrap();
    vault.rename(&WalletName::default(), &"other".parse().unwrap()).unwrap();
    assert_eq!(vault.opened().unwrap().name.as_str(), "other");
    let again = Vault::new(vault.wallets().clone(), devnet());
    assert_eq!(again.open(None).unwrap().accounts[0].label, "weekly");
    assert!(again.unlock("q".into(), at(0), LockAfter::DEFAULT).await.is_ok());
    vault.remove(&"other".parse().unwrap()).unwrap();
    assert!(matches!(vault.opened(), Err(WalletError::NotOpen)));
}

#[tokio::test]
async fn only_own_bodies_are_signed() {
    let (_directory, vault) = vault().await;
    let stranger = SecretKey::from_bytes(&[9; 32]).public_key();
    let body = |public_key| TransactionBody {
        version: 1,
        chain_id: devnet().chain_id,
        nonce: 0,
        valid_until: 0,
        gas_limit: 21_000,
        gas_price: 16,
        to: Some(Address::new([1; 20])),
        value: Amount::from_beats(1),
        data: Vec::new(),
        public_key,
    };
    let error = vault.sign(body(stranger), at(0)).unwrap_err();
    assert!(matches!(error, WalletError::Offline(OfflineError::AnotherAccount)));
    let own = vault.account(0).unwrap().public_key.unwrap();
    let signed = vault.sign(body(own), at(0)).unwrap();
    assert!(signed.claim(signed.id()).verify());
}

#[tokio::test]
async fn a_watched_address_signs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let vault = Vault::new(Wallets::cheap(directory.path().to_owned()), devnet());
    let opened = vault.watch(&WalletName::default(), Address::new([1; 20]), None, at(0)).await.unwrap();
    assert!(opened.watch_only && !opened.unlocked);
    vault.set_label(0, "theirs", at(0)).await.unwrap();
    assert_eq!(vault.account(0).unwrap().label, "theirs");
    let refused = vault.sign_message(0, b"x", at(0)).unwrap_err();
    assert!(matches!(refused, WalletError::Keystore(KeystoreError::WatchOnly)));
}
