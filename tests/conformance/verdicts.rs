//! Blocks that must be refused, each with its reason, and their valid siblings that must not be.

use serde_json::Value;

use super::{VECTORS, grouped, home_on, import, list, prefix, text, tip};

/// Where a case stands: its chain, the height it builds on, and the time at which it comes.
fn place(case: &&Value) -> (String, u64, u64) {
    (text(&case["chain"]).to_owned(), case["parent"].as_u64().unwrap(), case["now_ms"].as_u64().unwrap())
}

#[test]
fn wrong_blocks_are_refused_and_the_tip_stays() {
    let cases = grouped(list(&VECTORS["invalid"]), place);
    assert!(!cases.is_empty());
    for ((chain, parent, now_ms), cases) in cases {
        let home = home_on(&chain);
        let good = prefix(&chain, parent);
        import(&home, &good, now_ms);
        let before = tip(&home);
        let blocks: Vec<&str> = cases.iter().map(|case| text(&case["block"])).collect();
        for (case, verdict) in cases.iter().zip(import(&home, &blocks, now_ms)) {
            let name = format!("{chain} {parent}: {}", text(&case["name"]));
            assert_eq!(verdict["verdict"], case["verdict"], "{name}: {verdict}");
            if verdict["verdict"] == "invalid" {
                assert_eq!(text(&verdict["rule"]), rule_of(text(&case["reason"])), "{name}: {verdict}");
            }
        }
        assert_eq!(tip(&home), before, "{chain} {parent}: the tip after {} wrong blocks", cases.len());
    }
}

#[test]
fn a_wrong_block_does_not_keep_out_its_valid_sibling() {
    let wrong = grouped(list(&VECTORS["invalid"]), place);
    for (place, cases) in grouped(list(&VECTORS["valid"]), place) {
        let (chain, parent, now_ms) = &place;
        let home = home_on(chain);
        // The wrong ones first, those with the same header among them.
        let mut blocks = prefix(chain, *parent);
        blocks.extend(wrong.get(&place).into_iter().flatten().map(|case| text(&case["block"])));
        let before = blocks.len();
        blocks.extend(cases.iter().map(|case| text(&case["block"])));
        let verdicts = import(&home, &blocks, *now_ms);
        for (case, verdict) in cases.iter().zip(&verdicts[before..]) {
            let name = format!("{chain} {parent}: {}", text(&case["name"]));
            let verdict_name = text(&verdict["verdict"]);
            assert!(["extended", "reorganised", "side"].contains(&verdict_name), "{name}: {verdict}");
            assert_eq!(verdict["id"], case["id"], "{name}");
        }
    }
}

/// The number of the rule that a reason of the vectors stands for.
fn rule_of(reason: &str) -> &'static str {
    match reason {
        "encoding" => "BLK-1",
        "content-root" => "BLK-3",
        "tx-root" => "BLK-4",
        "tx-count" => "BLK-5",
        "block-bytes" => "BLK-6",
        "version" => "HDR-1",
        "height" => "HDR-2",
        "prev-time" => "HDR-3",
        "bits" => "HDR-4",
        "work" => "HDR-5",
        "time" => "HDR-6",
        "history-root" => "HDR-8",
        "work-sum" => "HDR-9",
        "tick-count" => "POH-1",
        "poh-root" => "POH-2",
        "segment" => "POH-3",
        "poh-hash" => "POH-4",
        "tx-size" => "TX-2",
        "tx: version" => "TX-3",
        "tx: chain id" => "TX-4",
        "tx: expired" => "TX-5",
        "tx: gas price" => "TX-6",
        "tx: intrinsic gas" => "TX-7",
        "tx: gas limit above the cap" => "TX-8",
        "tx: greatest nonce" => "TX-9",
        "tx: create data" => "TX-10",
        "tx: cost above u64" => "TX-11",
        "tx: signature" => "TX-13",
        "nonce" => "EXE-2",
        "balance" => "EXE-3",
        "gas-left" => "EXE-4",
        "gas-used" => "EXE-6",
        "receipts-root" => "EXE-7",
        "state-root" => "EXE-8",
        other => panic!("no rule for the reason {other}"),
    }
}
