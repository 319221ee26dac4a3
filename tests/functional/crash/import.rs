//! `kill -9` while a file of blocks is imported whose two branches overtake each other again and again: the directory
//! opens, nothing that got a verdict is missing, and the state is that of an import that nobody disturbed.
//!
//! The long form, with a running node and with imports that flush, is `scripts/crash`; cut power is `scripts/power-cut`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::{Chance, kills, text};
use crate::support::Home;

const BASE: u64 = 12;
const BRANCH: usize = 24;
/// The first branch gets this far before the other one begins.
const AHEAD: usize = 4;
/// Two public test addresses, who are paid on one branch each.
const MINERS: [&str; 2] =
    ["dvibe1nlzyppla2p7ljxe4d63nu3n7mwkf0fffhfhfyl", "dvibe1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqcdpeyw"];

/// A file of blocks, and what an import that nobody disturbs says.
struct Undisturbed {
    file: PathBuf,
    blocks: usize,
    /// The tip after so many blocks of the file.
    tips: Vec<String>,
    /// The state root that the header of a block commits to, by its id.
    roots: BTreeMap<String, String>,
}

#[test]
fn killed_while_branches_overtake_each_other_it_keeps_every_verdict() {
    let mut chance = Chance::of_now();
    println!("seed {}", chance.0);
    let workshop = Home::new();
    let undisturbed = Undisturbed::of(&workshop, &branches());
    let mut home = Home::new();
    let mut told = 0;
    for kill in 0..kills(4) {
        let target = told + chance.below((undisturbed.blocks - told) as u64) as usize;
        let import = home.start(&["--json", "chain", "import", undisturbed.file.to_str().unwrap()]);
        if kill % 2 == 0 {
            let index = format!("\"index\":{target},");
            import.wait_for("verdict", |line| line.contains(&index).then_some(()));
            std::thread::sleep(Duration::from_micros(chance.below(5_000)));
        } else {
            // While it opens what the last one has left, or soon after.
            std::thread::sleep(Duration::from_millis(chance.below(200)));
        }
        // A line that is cut off was told to nobody.
        let heard = import.kill_9().stdout;
        let last = heard.split_inclusive('\n').rfind(|line| line.ends_with('\n'));
        let last: Option<Value> = last.map(|line| serde_json::from_str(line).unwrap());
        told = last.map_or(told, |line| told.max(line["index"].as_u64().unwrap() as usize + 1));

        let info = home.json(&["chain", "info"]);
        let tip = text(&info["tip"]["id"]);
        assert!(
            undisturbed.tips[told..].iter().any(|later| later == tip),
            "kill {kill}: {told} blocks had verdicts, and the tip is {tip}"
        );
        let verified = home.json(&["chain", "verify"]);
        assert_eq!(text(&verified["state_root"]), undisturbed.roots[tip], "kill {kill}: the state root");
        if told == undisturbed.blocks {
            home = Home::new();
            told = 0;
        }
    }
    home.ok(&["chain", "import", undisturbed.file.to_str().unwrap()]);
    let tip = home.json(&["chain", "info"])["tip"]["id"].clone();
    assert_eq!(text(&tip), undisturbed.tips.last().unwrap());
    assert_eq!(text(&home.json(&["chain", "verify"])["state_root"]), undisturbed.roots[text(&tip)]);
}

/// The records of a common base and of two branches on it.
fn branches() -> [Vec<Vec<u8>>; 3] {
    let home = Home::new();
    let base = home.path().join("base");
    grow(&home, MINERS[0], BASE);
    home.ok(&["chain", "export", base.to_str().unwrap()]);
    let [left, right] = MINERS.map(|miner| {
        let home = Home::new();
        home.ok(&["chain", "import", base.to_str().unwrap()]);
        grow(&home, miner, BRANCH as u64);
        let file = home.path().join("branch");
        home.ok(&["chain", "export", file.to_str().unwrap(), "--from", &(BASE + 1).to_string()]);
        records(&file)
    });
    [records(&base), left, right]
}

/// Mines blocks with transfers in them.
fn grow(home: &Home, miner: &str, blocks: u64) {
    let node = home.node(&[]);
    for block in 0..blocks {
        if block % 2 == 0 {
            home.json(&["dev", "faucet", &format!("0.{:03}", block + 1), "--to", MINERS[1]]);
        }
        home.json(&["dev", "mine", "1", "--to", miner]);
    }
    assert_eq!(node.terminate().code, Some(0));
}

/// The records of a file of blocks, each with its length in front.
fn records(file: &PathBuf) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(file).unwrap();
    let mut rest = bytes.as_slice();
    let mut records = Vec::new();
    while let Some((length, _)) = rest.split_first_chunk::<4>() {
        let (record, behind) = rest.split_at(4 + u32::from_le_bytes(*length) as usize);
        records.push(record.to_vec());
        rest = behind;
    }
    records
}

impl Undisturbed {
    /// Puts the blocks in an order in which the branches overtake each other by one block at a time, and imports them.
    fn of(home: &Home, [base, left, right]: &[Vec<Vec<u8>>; 3]) -> Self {
        let mut order: Vec<&[u8]> = base.iter().chain(&left[..AHEAD]).map(Vec::as_slice).collect();
        let (mut here, mut there, mut here_at, mut there_at) = (right, left, 0, AHEAD);
        while here_at < here.len() {
            let to = (there_at + 1).min(here.len());
            order.extend(here[here_at..to].iter().map(Vec::as_slice));
            (here, there, here_at, there_at) = (there, here, there_at, to);
        }
        let file = home.write("blocks", order.concat());
        let lines = home.ok(&["--json", "chain", "import", file.to_str().unwrap()]).json_lines();
        assert_eq!(lines.len(), order.len());
        let deep = lines.iter().filter(|line| line["verdict"] == "reorganised").count();
        assert!(deep >= BRANCH - AHEAD, "only {deep} reorganisations");

        let node = home.node(&[]);
        let root = |id: &str| text(&home.rpc("chain_header", &[id])["state_root"]).to_owned();
        let genesis = text(&home.rpc("chain_header", &["0"])["id"]).to_owned();
        let mut tips = vec![genesis];
        for line in &lines {
            let moved = ["extended", "reorganised"].contains(&text(&line["verdict"]));
            tips.push(if moved { text(&line["id"]).to_owned() } else { tips.last().unwrap().clone() });
        }
        let roots = tips.iter().map(|id| (id.clone(), root(id))).collect();
        assert_eq!(node.terminate().code, Some(0));
        Self { file, blocks: lines.len(), tips, roots }
    }
}
