//! Blocks that somebody else made, through the real binary: `chain import` on a chain spec from a file must give each
//! of them the right verdict, in whatever order they come, and end on the right tip with the right state.

mod chains;
mod orders;
mod verdicts;

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value;

use crate::support::Home;

/// Whole chains, refused blocks and delivery orders, made by an independent implementation.
static VECTORS: LazyLock<Value> = LazyLock::new(|| {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/vectors/chain.json")).unwrap();
    serde_json::from_str(&text).unwrap()
});

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| panic!("not a list: {value}"), Vec::as_slice)
}

/// A fresh home on a network of the vectors, by its name there.
fn home_on(network: &str) -> Home {
    let mut spec = VECTORS["networks"][network].clone();
    spec.as_object_mut().expect("a network of the vectors").remove("genesis_id");
    let home = Home::new();
    let path = home.write("spec.json", spec.to_string());
    home.on_network(&path)
}

/// The blocks of a chain of the vectors, the genesis first.
fn chain(name: &str) -> &'static Value {
    list(&VECTORS["chains"]).iter().find(|chain| chain["name"] == name).expect("a chain of the vectors")
}

/// The blocks of a chain from height 1 up to and including `height`, as hex.
fn prefix(name: &str, height: u64) -> Vec<&'static str> {
    list(&chain(name)["blocks"])
        .iter()
        .filter(|block| (1..=height).contains(&block["height"].as_u64().unwrap()))
        .map(|block| text(&block["block"]))
        .collect()
}

/// Imports the blocks in this order with the clock at `now_ms`, and gives the program's answers, one a block.
fn import(home: &Home, blocks: &[&str], now_ms: u64) -> Vec<Value> {
    let mut file = Vec::new();
    for block in blocks {
        let bytes = hex::decode(block).unwrap();
        file.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        file.extend(bytes);
    }
    let path = home.write("blocks", file);
    let now_ms = now_ms.to_string();
    let answer =
        home.run(&["--json", "chain", "import", path.to_str().unwrap(), "--now-ms", &now_ms, "--full"]);
    let verdicts = answer.json_lines();
    assert_eq!(verdicts.len(), blocks.len(), "one answer a block: {answer:#?}");
    verdicts
}

/// The id of the tip.
fn tip(home: &Home) -> String {
    let info = home.json(&["chain", "info"]);
    text(&info["tip"]["id"]).to_owned()
}

/// Groups values by a key, in the order of the keys.
fn grouped<K: Ord, V>(values: impl IntoIterator<Item = V>, key: impl Fn(&V) -> K) -> BTreeMap<K, Vec<V>> {
    let mut groups: BTreeMap<K, Vec<V>> = BTreeMap::new();
    for value in values {
        groups.entry(key(&value)).or_default().push(value);
    }
    groups
}
