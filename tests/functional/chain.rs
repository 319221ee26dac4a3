//! Making, writing, reading and checking chains with the real program: what is interrupted goes on where it was, and
//! ends the same.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use super::text;
use crate::support::Home;

/// A chain of a home's own making, in a file.
struct Chain {
    file: PathBuf,
    made: Value,
}

impl Home {
    fn generate(&self, name: &str, more: &[&str]) -> Chain {
        let file = self.path().join(name);
        let mut args = vec!["chain", "generate", "--out", file.to_str().unwrap()];
        args.extend(more);
        let made = self.json(&args);
        assert_eq!(made["bytes"].as_u64(), Some(std::fs::metadata(&file).unwrap().len()), "{made}");
        Chain { file, made }
    }

    fn import(&self, file: &Path) -> Vec<String> {
        let lines = self.ok(&["--json", "chain", "import", file.to_str().unwrap()]).json_lines();
        lines.iter().map(|line| text(&line["verdict"]).to_owned()).collect()
    }

    fn export(&self, file: &Path, more: &[&str]) -> Value {
        let mut args = vec!["chain", "export", file.to_str().unwrap()];
        args.extend(more);
        self.json(&args)
    }

    fn tip(&self) -> Value {
        self.json(&["chain", "info"])["tip"].clone()
    }
}

fn all(verdict: &str, count: usize) -> Vec<String> {
    vec![verdict.to_owned(); count]
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[test]
fn a_generated_chain_is_valid_and_the_same_every_time() {
    let home = Home::new();
    let options = ["--blocks", "150", "--txs-per-block", "3", "--accounts", "20", "--seed", "7"];
    let chain = home.generate("one", &options);
    let again = home.generate("two", &options);
    assert_eq!(bytes(&chain.file), bytes(&again.file));
    let other = home
        .generate("three", &["--blocks", "150", "--txs-per-block", "3", "--accounts", "20", "--seed", "8"]);
    assert_ne!(other.made["tip"], chain.made["tip"]);
    assert_eq!(chain.made["transactions"], 450);

    // Into the directory it is the same chain; and it goes on from the tip.
    let mut into = vec!["chain", "generate"];
    into.extend(options);
    assert_eq!(home.json(&into)["tip"], chain.made["tip"]);
    assert_eq!(home.import(&chain.file), all("known", 150));
    let longer = home.json(&["chain", "generate", "--blocks", "10", "--txs-per-block", "2"]);
    assert_eq!((&longer["height"], &longer["transactions"]), (&160.into(), &20.into()));
    let verified = home.json(&["chain", "verify"]);
    assert_eq!((&verified["height"], &verified["transactions"]), (&160.into(), &470.into()));
    assert_eq!(verified["state_root"], longer["state_root"]);
    assert_eq!(home.json(&["chain", "supply"])["balanced"], true);
}

#[test]
fn chains_are_not_made_where_they_cannot_be() {
    let home = Home::new();
    let said = home.fails(2, &["--network", "mainnet", "chain", "generate", "--blocks", "1"]);
    assert!(said.contains("4295032833"), "the work of a block: {said}");
    let said = home.fails(2, &["chain", "generate", "--blocks", "1", "--txs-per-block", "100000"]);
    assert!(said.contains("28571"), "what a block holds: {said}");
    let spec = home.path().join("private.json");
    home.ok(&["chain", "new-spec", "--out", spec.to_str().unwrap()]);
    let private = Home::new().on_network(&spec);
    let said = private.fails(2, &["chain", "generate", "--blocks", "1000"]);
    assert!(said.contains("ahead"), "{said}");
}

#[test]
fn difficulty_follows_a_hash_rate_that_jumps_and_the_end_is_kept() {
    const BLOCKS: u64 = 2_000;
    const START_MS: u64 = 1_767_225_600_000;
    let home = Home::new();
    let spec = home.path().join("private.json");
    let start = format!("genesis_time_ms={START_MS}");
    let mut new_spec = vec!["chain", "new-spec", "--out", spec.to_str().unwrap(), "--set", &start];
    for change in ["half_life_ms=300000", "genesis_bits=0x2007ffff", "poh_hashes_per_tick=1"] {
        new_spec.extend(["--set", change]);
    }
    home.ok(&new_spec);
    let end_ms = START_MS + BLOCKS * 1_000;
    let (count, end) = (BLOCKS.to_string(), end_ms.to_string());
    let options = ["--blocks", &count, "--hash-rate-steps", "200", "--end-ms", &end, "--seed", "2"];

    let home = Home::new().on_network(&spec);
    let mut into = vec!["chain", "generate"];
    into.extend(options);
    let made = home.json(&into);
    assert_eq!((&made["height"], &made["time"]), (&BLOCKS.into(), &end_ms.into()), "{made}");
    let file = Home::new().on_network(&spec).generate("again", &options);
    assert_eq!(file.made["tip"], made["tip"], "the same options, the same chain");

    // A node takes it as it is: no time lies ahead, and the work of a hundred blocks goes up and down.
    let node = home.node(&[]);
    assert_eq!(home.tip()["id"], made["tip"]);
    let header = |height: u64| home.rpc("chain_header", &[&height.to_string()]);
    let sampled: Vec<Value> = (0..=BLOCKS).step_by(100).map(header).collect();
    let sums: Vec<f64> = sampled.iter().map(|header| text(&header["work"]).parse().unwrap()).collect();
    let works: Vec<f64> = sums.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let steps: Vec<f64> = works.windows(2).map(|pair| pair[1] / pair[0]).collect();
    assert!(steps.iter().any(|step| *step > 1.1) && steps.iter().any(|step| *step < 0.9), "{works:?}");
    let times: Vec<u64> = sampled.iter().map(|header| header["time"].as_u64().unwrap()).collect();
    assert!(times.is_sorted() && times.last() == Some(&end_ms), "{times:?}");
    node.terminate();
    assert_eq!(home.json(&["chain", "verify"])["id"], made["tip"]);

    let refused =
        |more: &[&str]| home.fails(2, &[&["chain", "generate", "--blocks", "10"][..], more].concat());
    let said = refused(&["--hash-rate-steps", "5", "--end-ms", "9000000000000"]);
    assert!(said.contains("ahead"), "{said}");
    let said = refused(&["--hash-rate-steps", "5"]);
    assert!(said.contains("on the schedule of this network"), "{said}");
    let said = Home::new().fails(2, &["chain", "generate", "--blocks", "10", "--hash-rate-steps", "5"]);
    assert!(said.contains("half_life_ms"), "a network that does not retarget: {said}");
}

#[test]
fn siblings_and_branches_reorganise_whoever_imports_them() {
    let home = Home::new();
    let trunk = home.generate("trunk", &["--blocks", "40", "--forks", "8", "--txs-per-block", "2"]);
    assert_eq!(trunk.made["siblings"], 4);
    let verdicts = home.import(&trunk.file);
    assert_eq!(verdicts.iter().filter(|verdict| *verdict == "reorganised").count(), 4, "{verdicts:?}");
    assert_eq!(home.tip()["id"], trunk.made["tip"]);

    // Two branches on the trunk; the longer one comes later, and takes the other's 25 blocks off.
    let on = trunk.file.to_str().unwrap();
    let short =
        home.generate("short", &["--blocks", "25", "--seed", "2", "--txs-per-block", "5", "--on", on]);
    let long = home.generate("long", &["--blocks", "26", "--seed", "3", "--txs-per-block", "5", "--on", on]);
    assert_eq!(home.import(&short.file), all("extended", 25));
    let verdicts = home.import(&long.file);
    assert_eq!(verdicts[..25], all("side", 25));
    assert_eq!(verdicts[25], "reorganised");
    assert_eq!(home.tip()["id"], long.made["tip"]);
    let root = &home.json(&["chain", "block"])["header"]["state_root"];
    assert_eq!(root, &long.made["state_root"], "as if the other branch had never been");
    home.ok(&["chain", "verify"]);
}

#[test]
fn an_interrupted_export_goes_on_where_it_was() {
    let home = Home::new();
    let chain = home.generate("chain", &["--blocks", "60", "--txs-per-block", "2"]);
    home.import(&chain.file);
    let whole = bytes(&chain.file);
    let (out, part) = (home.path().join("out"), home.path().join("out.part"));

    assert_eq!(home.export(&out, &[])["resumed_after"], 0);
    assert_eq!(bytes(&out), whole);
    assert!(!part.exists());

    // A part as a kill leaves it, within a record; one with rubbish behind it; one that is another range.
    std::fs::write(&part, &whole[..whole.len() / 2]).unwrap();
    let resumed = home.export(&out, &[])["resumed_after"].as_u64().unwrap();
    assert!((1..60).contains(&resumed), "{resumed}");
    assert_eq!(bytes(&out), whole);

    let mut damaged = whole[..whole.len() / 2].to_vec();
    damaged[whole.len() / 4] ^= 1;
    std::fs::write(&part, damaged).unwrap();
    assert!(home.export(&out, &[])["resumed_after"].as_u64().unwrap() < resumed);
    assert_eq!(bytes(&out), whole);

    std::fs::write(&part, &whole).unwrap();
    let some = home.export(&out, &["--from", "11", "--to", "20"]);
    assert_eq!((&some["resumed_after"], &some["blocks"]), (&0.into(), &10.into()));
    let other = Home::new();
    assert_eq!(other.import(&out), all("orphan", 10));

    // The file of before stays until the new one is whole.
    let before = bytes(&out);
    home.fails(3, &["chain", "export", out.to_str().unwrap(), "--to", "61"]);
    assert_eq!(bytes(&out), before);
}

#[test]
fn a_running_node_gives_its_blocks_too() {
    let home = Home::new();
    let chain = home.generate("chain", &["--blocks", "300", "--txs-per-block", "1"]);
    home.import(&chain.file);
    let node = home.node(&[]);
    let out = home.path().join("out");
    assert_eq!(home.export(&out, &[])["blocks"], 300);
    assert_eq!(bytes(&out), bytes(&chain.file));
    node.terminate();
}

#[test]
fn an_interrupted_import_goes_on_and_ends_the_same() {
    let home = Home::new();
    let chain = home.generate("chain", &["--blocks", "400", "--txs-per-block", "2", "--forks", "50"]);
    let whole = bytes(&chain.file);
    let undisturbed = Home::new();
    undisturbed.import(&chain.file);

    // A pipe that stays open holds the import in the middle of the file, so the signal finds it there.
    for (signal, code) in [("INT", Some(130)), ("KILL", None), ("TERM", None)] {
        let mut child = home
            .command(&["--json", "chain", "import", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(&whole[..whole.len() / 2]).unwrap();
        input.flush().unwrap();
        let mut told = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut lines = 0;
        let mut line = String::new();
        // What is told is on the disk, whatever comes.
        while lines < 50 {
            line.clear();
            assert!(std::io::BufRead::read_line(&mut told, &mut line).unwrap() > 0, "after {lines} lines");
            lines += 1;
        }
        let pid = child.id().to_string();
        let sent =
            std::process::Command::new("/bin/sh").args(["-c", &format!("kill -{signal} {pid}")]).status();
        assert!(sent.unwrap().success());
        let ended = child.wait().unwrap();
        assert_eq!(ended.code(), code, "after SIG{signal}");
        drop(input);
        let last: Value = serde_json::from_str(&line).unwrap();
        let block = home.json(&["chain", "block", text(&last["id"])]);
        assert_eq!(block["header"]["id"], last["id"], "block of the last line after SIG{signal}");
    }
    let verdicts = home.import(&chain.file);
    assert_eq!(verdicts[..50], all("known", 50));
    assert_eq!(home.tip(), undisturbed.tip());
    assert_eq!(home.json(&["chain", "supply"]), undisturbed.json(&["chain", "supply"]));
    home.ok(&["chain", "verify"]);
}

#[test]
fn a_known_block_with_another_body_is_not_passed_over() {
    let home = Home::new();
    let chain = home.generate("chain", &["--blocks", "5", "--txs-per-block", "2"]);
    home.import(&chain.file);
    // The last byte is in the last transaction's signature.
    let mut other = bytes(&chain.file);
    *other.last_mut().unwrap() ^= 1;
    let file = home.write("other", other);
    let lines = home.ok(&["--json", "chain", "import", file.to_str().unwrap()]).json_lines();
    let verdicts: Vec<&str> = lines.iter().map(|line| text(&line["verdict"])).collect();
    assert_eq!(verdicts, ["known", "known", "known", "known", "invalid"]);
    assert_eq!(lines[4]["rule"], "BLK-4");
    assert_eq!(home.import(&chain.file), all("known", 5));
}

#[test]
fn a_file_that_ends_within_a_block_is_taken_in_up_to_there() {
    let home = Home::new();
    let chain = home.generate("chain", &["--blocks", "8"]);
    let whole = bytes(&chain.file);
    let cut = home.write("cut", &whole[..whole.len() - 1]);
    let answer = home.run(&["--json", "chain", "import", cut.to_str().unwrap()]);
    assert_eq!(answer.code, Some(1), "{answer:#?}");
    assert!(answer.stderr.contains("ends within record 7"), "{answer:#?}");
    assert_eq!(answer.json_lines().len(), 7);
    // The rest comes, and the same file is whole.
    OpenOptions::new().append(true).open(&cut).unwrap().write_all(&whole[whole.len() - 1..]).unwrap();
    let mut expected = all("known", 7);
    expected.push("extended".to_owned());
    assert_eq!(home.import(&cut), expected);
}

#[test]
fn everything_but_the_blocks_is_made_again_from_the_blocks() {
    let home = Home::new();
    let chain = home.generate("chain", &["--blocks", "80", "--txs-per-block", "3", "--forks", "20"]);
    home.import(&chain.file);
    // Which branches there are; that one of them was active before, and so executed, is forgotten.
    let ends = || -> Vec<Value> {
        let forks = home.json(&["chain", "forks"]);
        forks["branches"].as_array().unwrap().iter().map(|branch| branch["id"].clone()).collect()
    };
    let (supply, before) = (home.json(&["chain", "supply"]), ends());
    assert_eq!(before.len(), 3);
    let again = home.json(&["chain", "reindex"]);
    assert_eq!((&again["height"], &again["shortened_by"]), (&80.into(), &0.into()), "{again}");
    assert_eq!(again["id"], chain.made["tip"]);
    assert_eq!(again["state_root"], chain.made["state_root"]);
    assert_eq!(home.json(&["chain", "supply"]), supply);
    assert_eq!(ends(), before);
    home.ok(&["chain", "verify"]);
    assert_eq!(home.import(&chain.file), all("known", 83));
    Home::new().fails(3, &["chain", "reindex"]);
}

#[test]
fn what_is_kept_is_a_setting_of_every_layer() {
    let home = Home::new();
    let node = home.node(&["--archive", "--prune-ticks", "--verify-poh", "full"]);
    let storage = home.json(&["chain", "info"])["storage"].clone();
    assert_eq!(storage["archive"], true, "{storage}");
    assert_eq!(storage["prune_ticks"], true, "{storage}");
    assert_eq!(storage["verify_poh_depth"], Value::Null, "{storage}");
    node.terminate();
    let storage = home.json(&["chain", "info"])["storage"].clone();
    assert_eq!(storage["archive"], false, "{storage}");
    assert_eq!(storage["verify_poh_depth"], 17_280, "{storage}");
    let said = home.fails(2, &["node", "--verify-poh", "none"]);
    assert!(said.contains("--verify-poh") && said.contains("recent"), "{said}");

    // An archive still has the state of the first block when others have dropped it.
    let config = home.write("config.toml", "archive = true\n").display().to_string();
    let archive = Home::new();
    let blocks = ["chain", "generate", "--blocks", "1300", "--accounts", "10"];
    archive.ok(&[&["--config", &config][..], &blocks].concat());
    let first = archive.json(&["chain", "block", "1"])["header"]["beneficiary"].clone();
    archive.ok(&["chain", "account", text(&first), "--at", "1"]);
    let other = Home::new();
    other.ok(&blocks);
    other.fails(3, &["chain", "account", text(&first), "--at", "1"]);
    other.ok(&["chain", "account", text(&first), "--at", "1290"]);
    let from = other.json(&["chain", "info"])["storage"]["states_from"].as_u64().unwrap();
    assert!((188..=276).contains(&from), "the window is 1,024, dropped now and then: {from}");
}
