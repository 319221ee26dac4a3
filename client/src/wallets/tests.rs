#![allow(clippy::unwrap_used)]

use std::fs;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, AddressPrefix};
use zeroize::Zeroizing;

use super::*;
use crate::keystore::{Birth, Secret};
use crate::mnemonic::{Mnemonic, WordCount};

const DEVNET: AddressPrefix = AddressPrefix::DEVNET;

fn name(text: &str) -> WalletName {
    text.parse().unwrap()
}

fn keystore() -> Keystore {
    let mnemonic = Mnemonic::generate(WordCount::Twelve).unwrap();
    let secret = Secret::new(mnemonic, Zeroizing::new(String::new()));
    Keystore::create(&secret, Birth::default(), &"p".into(), Policy::CHEAP).unwrap().0
}

fn wallets() -> (tempfile::TempDir, Wallets) {
    let directory = tempfile::tempdir().unwrap();
    let wallets = Wallets::cheap(directory.path().join("wallet"));
    (directory, wallets)
}

#[test]
fn wallets_are_created_listed_and_chosen() {
    let (_directory, wallets) = wallets();
    assert!(wallets.names().unwrap().is_empty());
    assert!(matches!(wallets.choose(None), Err(WalletsError::None)));
    wallets.create(&name("main"), &keystore()).unwrap();
    assert_eq!(wallets.choose(None).unwrap(), name("main"));
    wallets.create(&name("b-2_x"), &keystore()).unwrap();
    assert_eq!(wallets.names().unwrap(), [name("b-2_x"), name("main")]);
    assert!(matches!(wallets.choose(None), Err(WalletsError::Several { names }) if names.len() == 2));
    assert_eq!(wallets.choose(Some(&name("main"))).unwrap(), name("main"));
    assert!(matches!(wallets.choose(Some(&name("x"))), Err(WalletsError::NoWallet(_))));
    assert!(matches!(wallets.create(&name("MAIN"), &keystore()), Err(WalletsError::Taken(_))));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&wallets.keystore_path(&name("main"))), 0o600);
        assert_eq!(mode(wallets.root()), 0o700);
    }
}

#[test]
fn names_are_safe_as_files() {
    assert_eq!("".parse::<WalletName>(), Err(NameError::Length(0)));
    assert_eq!("x".repeat(33).parse::<WalletName>(), Err(NameError::Length(33)));
    for (text, bad) in [("../a", '.'), ("a/b", '/'), ("a b", ' '), ("a\0", '\0'), ("ä", 'ä'), (".x", '.')] {
        assert_eq!(text.parse::<WalletName>(), Err(NameError::Character(bad)));
    }
}

#[test]
fn rename_and_remove_take_the_outbox_along() {
    let (_directory, wallets) = wallets();
    wallets.create(&name("a"), &keystore()).unwrap();
    wallets.create(&name("b"), &keystore()).unwrap();
    files::replace(&wallets.outbox_path(&name("a")), b"{}").unwrap();
    assert!(matches!(wallets.rename(&name("a"), &name("b")), Err(WalletsError::Taken(_))));
    assert!(matches!(wallets.rename(&name("x"), &name("c")), Err(WalletsError::NoWallet(_))));
    wallets.rename(&name("a"), &name("A")).unwrap();
    wallets.rename(&name("A"), &name("c")).unwrap();
    assert_eq!(wallets.names().unwrap(), [name("b"), name("c")]);
    assert!(wallets.outbox_path(&name("c")).exists());
    wallets.remove(&name("c")).unwrap();
    assert!(!wallets.outbox_path(&name("c")).exists());
    assert!(matches!(wallets.remove(&name("c")), Err(WalletsError::NoWallet(_))));
}

#[test]
fn a_change_that_fails_changes_nothing() {
    let (_directory, wallets) = wallets();
    wallets.create(&name("a"), &keystore()).unwrap();
    let before = fs::read(wallets.keystore_path(&name("a"))).unwrap();
    let failed = wallets.update(&name("a"), |_| Err::<(), _>(WalletsError::None));
    assert!(failed.is_err());
    assert_eq!(fs::read(wallets.keystore_path(&name("a"))).unwrap(), before);
    wallets
        .update(&name("a"), |keystore| {
            keystore
                .change_password(&"p".into(), &"q".into(), Policy::CHEAP)
                .map_err(|source| WalletsError::Keystore { name: name("a"), source })
        })
        .unwrap();
    assert!(wallets.load(&name("a")).unwrap().open(&"q".into()).is_ok());
}

#[test]
fn backups_are_whole_and_overwrite_nothing() {
    let (directory, wallets) = wallets();
    wallets.create(&name("a"), &keystore()).unwrap();
    let copy = directory.path().join("copy");
    wallets.backup(&name("a"), &copy).unwrap();
    assert!(matches!(wallets.backup(&name("a"), &copy), Err(WalletsError::File(FileError::Exists { .. }))));
    wallets.import(&name("b"), &copy).unwrap();
    assert_eq!(wallets.load(&name("b")).unwrap().accounts(), wallets.load(&name("a")).unwrap().accounts());
    fs::write(&copy, b"not a keystore").unwrap();
    assert!(matches!(wallets.import(&name("c"), &copy), Err(WalletsError::Backup(KeystoreError::Damaged))));
    fs::write(wallets.keystore_path(&name("a")), b"damaged").unwrap();
    let error = wallets.load(&name("a")).unwrap_err().to_string();
    assert!(error.starts_with("wallet \"a\": the keystore is damaged"), "{error}");
}

#[test]
fn the_lock_names_its_holder_and_goes_with_it() {
    let (_directory, wallets) = wallets();
    let held = wallets.lock().unwrap();
    let path = wallets.root().join("lock");
    let Err(LockError::Held { holder, .. }) = DirectoryLock::acquire(&path, Duration::from_millis(30)) else {
        panic!("the lock was had twice");
    };
    assert_eq!(holder, std::process::id().to_string());
    drop(held);
    assert!(DirectoryLock::acquire(&path, Duration::ZERO).is_ok());
}

#[test]
fn the_book_keeps_contacts_and_labels() {
    let (_directory, wallets) = wallets();
    let (alice, txid) = (Address::new([1; 20]), Hash::new([2; 32]));
    assert_eq!(Book::load(&wallets, DEVNET).unwrap(), Book::default());
    Book::update(&wallets, DEVNET, |book| {
        book.add_contact("Alice", alice)?;
        book.set_label(txid, "rent")
    })
    .unwrap();
    let book = Book::load(&wallets, DEVNET).unwrap();
    assert_eq!((book.contact("Alice"), book.name_of(&alice)), (Some(&alice), Some("Alice")));
    assert_eq!(book.label(&txid), Some("rent"));
    assert!(matches!(Book::load(&wallets, AddressPrefix::MAINNET), Err(BookError::Address { .. })));
    Book::update(&wallets, DEVNET, |book| {
        book.rename_contact("Alice", "Bob")?;
        book.set_label(txid, "")
    })
    .unwrap();
    let book = Book::load(&wallets, DEVNET).unwrap();
    assert_eq!(book.contacts().collect::<Vec<_>>(), [("Bob", &alice)]);
    assert_eq!(book.labels().count(), 0);
}

#[test]
fn the_book_refuses_what_it_cannot_keep() {
    let (_directory, wallets) = wallets();
    let add =
        |name: &str| Book::update(&wallets, DEVNET, |book| book.add_contact(name, Address::ZERO)).map(drop);
    add("Alice").unwrap();
    assert!(matches!(add("Alice"), Err(BookError::Taken(_))));
    for bad in ["", " x", "a\nb", &"x".repeat(81)] {
        assert!(matches!(add(bad), Err(BookError::Text)), "{bad:?}");
    }
    let removed = Book::update(&wallets, DEVNET, |book| book.remove_contact("Bob"));
    assert!(matches!(removed, Err(BookError::NoContact(_))));
    fs::write(wallets.book_path(), "{\n  \"contacts\": 5\n}").unwrap();
    assert!(matches!(add("Carol"), Err(BookError::Unreadable { line: 2, .. })));
    assert_eq!(fs::read_to_string(wallets.book_path()).unwrap(), "{\n  \"contacts\": 5\n}");
}
