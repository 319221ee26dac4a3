//! Wrong things get their own words, and an exit code that a script can tell apart.

use super::{FIRST_BLOCKS, text};
use crate::support::Home;

fn with_wallet() -> Home {
    let home = Home::new();
    home.wallet(&["new", "--name", "main"]);
    home
}

#[test]
fn a_wrong_password_and_a_damaged_keystore_are_told_apart() {
    let home = with_wallet();
    let wrong = home.write("wrong", "correct horse battery stable").display().to_string();
    let said = home.fails(6, &["wallet", "--password-file", &wrong, "words"]);
    assert!(said.contains("wrong password"), "{said}");

    let keystore = home.data_dir().join("devnet/wallet/main.keystore");
    let good = std::fs::read(&keystore).unwrap();
    for (place, bit) in [(0, 0), (9, 3), (good.len() / 2, 7), (good.len() - 1, 5)] {
        let mut damaged = good.clone();
        damaged[place] ^= 1 << bit;
        std::fs::write(&keystore, &damaged).unwrap();
        let said = home.wallet_fails(1, &["words"]);
        assert!(!said.contains("wrong password"), "bit {bit} of byte {place}: {said}");
        assert!(
            said.contains("damaged") || said.contains("not a keystore"),
            "bit {bit} of byte {place}: {said}"
        );
    }
    std::fs::write(&keystore, good).unwrap();
    home.wallet(&["words"]);
}

#[cfg(unix)]
#[test]
fn the_keystore_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let home = with_wallet();
    let mode = home.data_dir().join("devnet/wallet/main.keystore").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn words_are_checked_one_by_one_and_together() {
    let home = Home::new();
    let restore = |words: &str| {
        let file = home.write("words", words).display().to_string();
        home.wallet_fails(2, &["restore", "--name", "back", "--words-file", &file])
    };
    let right = "test test test test test test test test test test test junk";
    let said = restore(&right.replace("junk", "jonk"));
    assert!(said.contains("jonk") && said.contains("junk"), "the word and what it may have been: {said}");
    let said = restore("test test test test test test test test test test test test");
    assert!(said.contains("do not belong together"), "{said}");
    let said = restore("test test test");
    assert!(said.contains("12 or 24"), "{said}");

    let file = home.write("words", right).display().to_string();
    home.wallet(&["restore", "--name", "back", "--words-file", &file]);
    // The public test mnemonic's first account, as the genesis of devnet has it.
    assert_eq!(home.json(&["chain", "account", &home.address(0)])["balance"], "10000000000000");
}

#[test]
fn payments_that_cannot_be_are_refused_with_a_reason_each() {
    let home = with_wallet();
    home.wallet(&["accounts", "add"]);
    let (ours, theirs) = (home.address(0), home.address(1));
    let _node = home.node(&[]);
    home.json(&["dev", "mine", FIRST_BLOCKS, "--to", &ours]);

    // Another network's address: the same account under the prefix of testnet.
    let testnet = Home::new();
    let words = testnet.write("words", text_of_words(&home)).display().to_string();
    let password = testnet.write("password", super::PASSWORD).display().to_string();
    let flags = ["--network", "testnet", "wallet", "--password-file", &password];
    testnet.ok(&[&flags[..], &["restore", "--name", "t", "--words-file", &words]].concat());
    let foreign = testnet.ok(&["--network", "testnet", "--json", "wallet", "address"]).json();
    let foreign = text(&foreign["address"]).to_owned();
    assert!(foreign.starts_with("tvibe1"));
    let said = home.wallet_fails(2, &["send", &foreign, "1"]);
    assert!(said.contains("testnet") || said.contains("tvibe"), "{said}");

    let mut misspelt = theirs.clone();
    let last = if misspelt.ends_with('q') { 'p' } else { 'q' };
    misspelt.replace_range(misspelt.len() - 1.., &last.to_string());
    let said = home.wallet_fails(2, &["send", &misspelt, "1"]);
    assert!(said.contains("checksum"), "{said}");

    let said = home.wallet_fails(7, &["send", &theirs, "20000"]);
    assert!(said.contains("20000") || said.contains("20,000"), "how much is wanted: {said}");
    assert!(said.contains("20.") || said.contains("20 "), "how much is there: {said}");
    assert_eq!(home.json(&["mempool", "info"])["transactions"], 0);
}

fn text_of_words(home: &Home) -> String {
    let words = &home.wallet(&["words"])["words"];
    words.as_str().map_or_else(
        || words.as_array().unwrap().iter().map(text).collect::<Vec<_>>().join(" "),
        ToOwned::to_owned,
    )
}

#[test]
fn what_is_not_there_is_not_found_and_what_does_not_run_is_not_reachable() {
    let home = Home::new();
    home.fails(4, &["mine", "status"]);
    let _node = home.node(&[]);
    home.fails(3, &["chain", "block", "4711"]);
    home.fails(3, &["chain", "tx", &"ab".repeat(32)]);
    home.fails(2, &["chain", "no-such-verb"]);
    home.fails(2, &["wallet", "send"]);
}

#[test]
fn a_full_disk_is_called_one() {
    let home = Home::new();
    let _node = home.node(&[]);
    home.json(&["dev", "mine", "50", "--to", "dvibe1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqcdpeyw"]);
    let said = home.fails(1, &["chain", "export", "/dev/full"]);
    assert!(said.contains("space"), "{said}");
}
