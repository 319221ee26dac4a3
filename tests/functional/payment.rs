//! From seed words to a confirmed payment without a screen, every step a process of its own.

use super::{FIRST_BLOCKS, beats, text};
use crate::support::Home;

const VIBE: u64 = 1_000_000_000;

#[test]
fn a_payment_from_words_to_confirmations() {
    let home = Home::new();
    let created = home.wallet(&["new", "--name", "main"]);
    let words = created["words"].as_str().map_or_else(
        || created["words"].as_array().expect("the words").len(),
        |words| words.split_whitespace().count(),
    );
    assert_eq!(words, 12);
    home.wallet(&["accounts", "add", "--label", "tea"]);
    let (ours, theirs) = (home.address(0), home.address(1));
    assert!(ours.starts_with("dvibe1") && theirs.starts_with("dvibe1") && ours != theirs);

    let node = home.node(&["--mine", &ours]);
    home.json(&["dev", "mine", FIRST_BLOCKS, "--to", &ours]);
    let before = home.json(&["chain", "account", &ours]);
    assert!(beats(&before["balance"]) >= 20 * VIBE, "{before}");
    assert_eq!(
        before["balance_vibe"].as_str().map(|vibe| vibe.parse::<f64>().is_ok()),
        Some(true),
        "{before}"
    );

    let sent = home.wallet(&["send", &theirs, "1.5", "--memo", "for the tea", "--wait", "2"]);
    let txid = text(&sent["txid"]).to_owned();

    let tx = home.json(&["chain", "tx", &txid]);
    assert!(tx["confirmations"].as_u64().unwrap() >= 2, "{tx}");
    assert_eq!(text(&tx["transaction"]["value"]), "1500000000");
    assert_eq!(text(&tx["transaction"]["value_vibe"]), "1.5");
    assert_eq!(text(&tx["transaction"]["to"]), theirs);
    assert_eq!(hex::decode(text(&tx["transaction"]["data"])).unwrap(), b"for the tea");
    assert_eq!(tx["receipt"]["succeeded"], true);
    let fee = beats(&tx["receipt"]["fee"]);
    assert!(fee >= 21_000 + 16 * 11, "the fee of a transfer with a memo of 11 bytes: {fee}");

    let receiver = home.json(&["chain", "account", &theirs]);
    assert_eq!(beats(&receiver["balance"]), 3 * VIBE / 2);

    let history = home.json(&["wallet", "history", "--account", "1"]).to_string();
    assert!(history.contains(&txid) && history.contains("1500000000"), "{history}");
    let supply = home.json(&["chain", "supply"]);
    assert_eq!(supply["balanced"], true, "{supply}");
    assert_eq!(
        beats(&supply["balances"]) + beats(&supply["maturing"]) + beats(&supply["burned"]),
        beats(&supply["allocated"]) + beats(&supply["issued"])
    );

    // The same after a restart.
    let tip = home.rpc("chain_tip", &[]);
    assert_eq!(node.terminate().code, Some(0));
    let _node = home.node(&[]);
    assert!(home.rpc("chain_tip", &[])["height"].as_u64() >= tip["height"].as_u64());
    assert_eq!(beats(&home.json(&["chain", "account", &theirs])["balance"]), 3 * VIBE / 2);
    assert_eq!(home.json(&["chain", "tx", &txid])["block"], tx["block"]);
}

#[test]
fn several_payments_are_in_flight_at_once() {
    let home = Home::new();
    home.wallet(&["new", "--name", "main"]);
    home.wallet(&["accounts", "add"]);
    let (ours, theirs) = (home.address(0), home.address(1));
    // Nobody mines, so all of them wait.
    let _node = home.node(&[]);
    home.json(&["dev", "mine", FIRST_BLOCKS, "--to", &ours]);
    let txids: Vec<String> = ["1", "2", "3"]
        .iter()
        .map(|amount| text(&home.wallet(&["send", &theirs, amount])["txid"]).to_owned())
        .collect();
    assert_eq!(home.json(&["mempool", "info"])["transactions"], 3);
    for txid in &txids {
        assert!(home.rpc("tx_status", &[txid]).to_string().contains("pending"));
    }
    home.json(&["dev", "mine", "1", "--to", &ours]);
    for txid in &txids {
        assert_eq!(home.json(&["chain", "tx", txid])["confirmations"], 1);
    }
    assert_eq!(beats(&home.json(&["chain", "account", &theirs])["balance"]), 6 * VIBE);
}
