#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Paper, Side, amounts, inert, with_vibe};

#[test]
fn amounts_have_a_twin_at_every_depth() {
    let value = with_vibe(json!({
        "tip": { "height": 3 },
        "list": [{ "value": "1500000000", "fee": null }],
        "amount": "18446744073709551615",
        "balance": "-1",
    }));
    let expected = json!({
        "tip": { "height": 3 },
        "list": [{ "value": "1500000000", "value_vibe": "1.5", "fee": null }],
        "amount": "18446744073709551615",
        "amount_vibe": "18446744073.709551615",
        "balance": "-1",
    });
    assert_eq!(value, expected);
}

#[test]
fn json_is_inert_and_means_the_same() {
    let memo = "A\u{1b}[2J\u{7f}\u{9b}31m\u{202e}evil\u{200b}\u{e0041} \\ \"é\" 한글 🙂";
    let written = inert(&json!({ "memo": memo }).to_string());
    assert!(!written.chars().any(|c| matches!(c, '\u{1b}' | '\u{7f}' | '\u{9b}' | '\u{202e}' | '\u{200b}')));
    assert!(written.contains("\\u202e") && written.contains("\\udb40\\udc41") && written.contains("한글 🙂"));
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap()["memo"], memo);
}

/// The names of all properties of a schema that refer to the definition `wanted`.
fn properties(schema: &Value, wanted: &str, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(named)) = fields.get("properties") {
                for (name, property) in named {
                    if property.to_string().contains(&format!("/{wanted}\"")) {
                        found.insert(name.clone());
                    }
                }
            }
            fields.values().for_each(|value| properties(value, wanted, found));
        }
        Value::Array(items) => items.iter().for_each(|value| properties(value, wanted, found)),
        _ => {}
    }
}

#[test]
fn every_amount_of_the_api_is_known_by_its_key() {
    let mut found = BTreeSet::new();
    properties(&vibecoin_rpc::discover::document("0"), "Amount", &mut found);
    assert!(found.len() > 10, "{found:?}");
    for key in found {
        assert!(amounts::KEYS.contains(&key.as_str()), "{key} is an amount of the API");
    }
}

#[test]
fn facts_and_tables_are_aligned_and_safe() {
    let mut paper = Paper::new(false);
    paper.fact("id", "a").fact("height", 12);
    let rows = vec![vec!["x".to_owned(), "1".to_owned()], vec!["\u{1b}[2J".to_owned(), "22".to_owned()]];
    paper.table(&[("name", Side::Left), ("n", Side::Right)], &rows, "none");
    assert_eq!(paper.finish(), "id      a\nheight  12\nname        n\nx           1\n\\u{1b}[2J  22\n");
}
