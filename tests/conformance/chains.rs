//! Whole chains: the same tip, accounts, reward ring and supply after the last block.

use serde_json::Value;

use super::{VECTORS, home_on, import, list, prefix, text, tip};

/// A number that the vectors write as text.
fn number(value: &Value) -> u64 {
    text(value).parse().unwrap()
}

#[test]
fn whole_chains_end_in_the_same_state() {
    for chain in list(&VECTORS["chains"]) {
        let (name, network) = (text(&chain["name"]), text(&chain["network"]));
        let blocks = prefix(name, u64::MAX);
        let home = home_on(network);
        let verdicts = import(&home, &blocks, chain["now_ms"].as_u64().unwrap());
        for (verdict, block) in verdicts.iter().zip(&list(&chain["blocks"])[1..]) {
            assert_eq!(verdict["verdict"], "extended", "{name}: {verdict}");
            assert_eq!(verdict["id"], block["id"], "{name}: {verdict}");
        }
        let last = list(&chain["blocks"]).last().unwrap();
        assert_eq!(tip(&home), text(&last["id"]), "{name}");

        let header = home.json(&["chain", "block", &last["height"].to_string()]);
        assert_eq!(header["header"]["state_root"], last["state_root"], "{name}: the state root");

        let supply = home.json(&["chain", "supply"]);
        let expected = &chain["supply"];
        for (ours, theirs) in [
            ("balances", "balances"),
            ("maturing", "ring"),
            ("burned", "burned"),
            ("allocated", "allocation"),
            ("issued", "subsidies"),
        ] {
            assert_eq!(number(&supply[ours]), number(&expected[theirs]), "{name}: {ours} of the supply");
        }
        assert_eq!(supply["balanced"], true, "{name}");
    }
}
