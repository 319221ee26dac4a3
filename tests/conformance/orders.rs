//! Branches delivered in every order: the tip after each block, and at the end.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{VECTORS, chain, home_on, import, list, prefix, text, tip};

#[test]
fn every_order_of_delivery_ends_on_the_right_tip() {
    for fork in list(&VECTORS["forks"]) {
        let now_ms = fork["now_ms"].as_u64().unwrap();
        let blocks: BTreeMap<&str, &str> = fork["blocks"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, block)| (name.as_str(), text(block)))
            .collect();
        for scenario in list(&fork["scenarios"]) {
            for order in list(&scenario["orders"]) {
                deliver(fork, &blocks, scenario, order, now_ms);
            }
        }
    }
}

fn deliver(fork: &Value, blocks: &BTreeMap<&str, &str>, scenario: &Value, order: &Value, now_ms: u64) {
    let home = home_on(text(&fork["network"]));
    if let Some(base) = fork["base"].as_object() {
        import(&home, &prefix(text(&base["chain"]), base["height"].as_u64().unwrap()), now_ms);
    }
    let names: Vec<&str> = list(&order["deliver"]).iter().map(text).collect();
    // The blocks of the base itself go by their height.
    let block = |name: &str| match name.strip_prefix("main") {
        Some(height) => {
            let height: usize = height.parse().unwrap();
            text(&list(&chain(text(&fork["base"]["chain"]))["blocks"])[height]["block"])
        }
        None => blocks[name],
    };
    let delivered: Vec<&str> = names.iter().map(|name| block(name)).collect();
    let verdicts = import(&home, &delivered, now_ms);
    // What each block was called when it came has to agree with what became of the tip. (A block on a side branch
    // may move the tip by the blocks that had waited for it, so that one says nothing.)
    let tips: Vec<&str> = list(&order["tips"]).iter().map(text).collect();
    for (index, verdict) in verdicts.iter().enumerate() {
        let moved = if index == 0 { tips[0] == names[0] } else { tips[index] != tips[index - 1] };
        let first = verdict.get("first").unwrap_or(&verdict["verdict"]);
        let expected = match text(first) {
            "extended" | "reorganised" => Some(true),
            "orphan" | "held" | "known" | "invalid" => Some(false),
            _ => None,
        };
        let name = format!("{}: {} of {names:?}: {verdict}", text(&scenario["name"]), names[index]);
        assert!(expected.is_none_or(|expected| expected == moved), "{name}");
    }
    assert_eq!(tip(&home), text(&order["final"]), "{}: {names:?}", text(&scenario["name"]));
}
