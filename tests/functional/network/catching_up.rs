//! A new node gets a long chain from others: as fast as a file of the same blocks is imported, around a peer that
//! stalls, and through `kill -9` of either side.
//!
//! `VIBECOIN_SYNC_BLOCKS=20000 VIBECOIN_SYNC_TXS=100` is the long form. Times are printed and, on a machine that others
//! use as well, judged only where `VIBECOIN_SYNC_JUDGED=1`. `VIBECOIN_SYNC_MODE=state` measures the other way to catch up.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use vibecoin_primitives::Timestamp;

use super::{private_spec, setting, text};
use crate::support::{
    PATIENCE,
    cluster::{Cluster, eventually, within},
};

/// Payments go round among so many accounts.
const ACCOUNTS: &str = "1000";
/// Catching up may be so much slower than an import before it is a failure, where that is judged.
const SPEED_MIN: f64 = 0.8;
/// One peer of eight that stalls may cost so much.
const STALL_MAX: f64 = 1.25;
/// How far the foretold time may be off after the first fifth.
const ETA_MAX: f64 = 0.3;
/// Peers in the test of the stalling one.
const EIGHT: usize = 8;

/// A chain that the first nodes of a cluster have, none of which has run yet.
struct Material {
    cluster: Cluster,
    blocks: u64,
    tip: String,
    /// How long the import of the file took, from the start of the process to its end.
    import: Duration,
}

impl Material {
    /// A cluster of `size` nodes; the first `sources` have the chain.
    fn new(size: usize, sources: usize, blocks: u64, txs: u64) -> Self {
        let mut spec = private_spec(1_000);
        // So long ago that all blocks are in the past.
        spec.genesis_time = Timestamp::new(spec.genesis_time.get() - blocks * spec.interval_ms);
        let cluster = Cluster::new(spec, size);
        let first = &cluster.members[0].home;
        let file = first.path().join("chain");
        let file = file.to_str().unwrap();
        let (count, txs) = (blocks.to_string(), txs.to_string());
        let generate =
            ["-q", "chain", "generate", "--blocks", &count, "--txs-per-block", &txs, "--accounts", ACCOUNTS];
        let made = run_long(&cluster, &[&generate[..], &["--out", file]].concat());
        let made: Value = serde_json::from_str(&made).unwrap();
        println!("{blocks} blocks of {txs} payments, {} MiB", made["bytes"].as_u64().unwrap() >> 20);
        let began = Instant::now();
        run_long(&cluster, &["-q", "chain", "import", file]);
        let import = began.elapsed();
        println!("import: {:.2} s, {:.0} blocks/s", import.as_secs_f64(), rate(blocks, import));
        std::fs::remove_file(file).unwrap();
        for source in 1..sources {
            let to = cluster.members[source].home.data_dir();
            let copied = Command::new("cp")
                .args(["-r", "--reflink=auto"])
                .args([first.data_dir(), to])
                .status()
                .expect("a system with cp");
            assert!(copied.success());
        }
        Self { cluster, blocks, tip: text(&made["tip"]).to_owned(), import }
    }

    /// The same, with links between the nodes.
    fn linked(self) -> Self {
        Self { cluster: self.cluster.with_links(), ..self }
    }

    /// Starts a node that knows nothing but these sources.
    fn start_new(&mut self, index: usize, sources: &[usize]) {
        let mode = std::env::var("VIBECOIN_SYNC_MODE").unwrap_or_else(|_| "full".to_owned());
        self.cluster.start(index, sources, &["--sync", &mode]);
    }

    /// How long anything may take that concerns the whole chain.
    fn patience(&self) -> Duration {
        PATIENCE + self.import * 6
    }

    /// Waits until a node has the whole chain.
    fn wait_caught_up(&self, index: usize) {
        eventually("it has caught up", self.patience(), || {
            let tip = self.cluster.members[index].tip();
            if tip.id == self.tip { Ok(()) } else { Err(self.say_sync(index)) }
        });
    }

    /// Waits until a node has got so far, and gives its height.
    fn wait_height(&self, index: usize, height: u64) -> u64 {
        eventually("it gets on", self.patience(), || {
            let tip = self.cluster.members[index].tip();
            if tip.height >= height { Ok(tip.height) } else { Err(self.say_sync(index)) }
        })
    }

    fn say_sync(&self, index: usize) -> String {
        let node = &self.cluster.members[index];
        let info = node.ask("net_info", &[]);
        format!("at {}, {}, served by {}", node.tip().height, info["sync"], info["servers"])
    }
}

#[test]
fn a_wire_that_breaks_in_the_middle_blames_nobody() {
    let mut material = Material::new(2, 1, blocks(), txs().max(100)).linked();
    material.cluster.start(0, &[], &[]);
    material.start_new(1, &[0]);
    eventually("some blocks are there", PATIENCE, || {
        let sync = material.cluster.members[1].ask("node_info", &[])["sync"].clone();
        let begun = sync["phase"] == "blocks" && sync["at"].as_u64() > Some(0);
        begun.then_some(()).ok_or_else(|| sync.to_string())
    });
    material.cluster.links().hold([(0, 1), (1, 0)]);
    let at = material.cluster.members[1].tip().height;
    assert!(at < material.blocks, "it was over before the wire broke");
    // Requests are on their way, blocks as well, one of them in pieces; all of them are late now.
    std::thread::sleep(Duration::from_secs(setting("VIBECOIN_OUTAGE_S", 15)));
    material.cluster.links().open_all();
    println!("the wire broke at {at} of {} blocks", material.blocks);
    for (index, member) in material.cluster.running() {
        let bans = member.ask("net_bans", &[]);
        assert_eq!(bans["bans"], json!([]), "node {index} blames somebody: {bans}");
    }
    material.wait_caught_up(1);
}

/// Runs a command in the first node's home that may take as long as it likes.
fn run_long(cluster: &Cluster, args: &[&str]) -> String {
    let all = [&["--json"], args].concat();
    let output = cluster.members[0].home.command(&all).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn rate(blocks: u64, time: Duration) -> f64 {
    blocks as f64 / time.as_secs_f64()
}

fn blocks() -> u64 {
    setting("VIBECOIN_SYNC_BLOCKS", 500)
}

fn txs() -> u64 {
    setting("VIBECOIN_SYNC_TXS", 10)
}

fn is_judged() -> bool {
    setting("VIBECOIN_SYNC_JUDGED", 0) == 1
}

#[test]
fn a_newcomer_catches_up_from_three() {
    let mut material = Material::new(4, 3, blocks(), txs());
    for source in 0..3 {
        material.cluster.start(source, &[], &[]);
    }
    let began = Instant::now();
    material.start_new(3, &[0, 1, 2]);
    // What it foretold, when, and how far it was.
    let mut foretold: Vec<(Duration, f64)> = Vec::new();
    eventually("it has caught up", material.patience(), || {
        let node = &material.cluster.members[3];
        let sync = node.ask("node_info", &[])["sync"].clone();
        if let (Some(eta_s), Some(done)) = (sync["eta_s"].as_u64(), sync["done"].as_f64())
            && sync["phase"] == "blocks"
            && (0.2..0.9).contains(&done)
        {
            foretold.push((began.elapsed(), eta_s as f64));
        }
        if node.tip().id == material.tip { Ok(()) } else { Err(material.say_sync(3)) }
    });
    let took = began.elapsed();
    let speed = material.import.as_secs_f64() / took.as_secs_f64();
    println!(
        "from three peers: {:.2} s, {:.0} blocks/s, {:.0} % of the import",
        took.as_secs_f64(),
        rate(material.blocks, took),
        speed * 100.0
    );
    let off = |(when, eta_s): &(Duration, f64)| {
        let left = (took - *when).as_secs_f64();
        // Whole seconds are told; nearer the end than a few of them that is all the difference.
        ((eta_s - left).abs() - 1.0).max(0.0) / left.max(1.0)
    };
    let worst = foretold.iter().map(off).fold(0.0, f64::max);
    println!(
        "the time left was told {} times from a fifth on, at worst {:.0} % off",
        foretold.len(),
        worst * 100.0
    );
    let supply = material.cluster.members[3].ask("chain_supply", &[]);
    assert_eq!(supply["balanced"], true, "{supply}");
    if is_judged() {
        assert!(speed >= SPEED_MIN, "{speed:.2} of an import's speed");
        assert!(!foretold.is_empty() && worst <= ETA_MAX, "{worst:.2} off: {foretold:?}");
    }
}

#[test]
fn catching_up_survives_the_death_of_either_side() {
    let mut material = Material::new(4, 3, blocks(), txs());
    for source in 0..3 {
        material.cluster.start(source, &[], &[]);
    }
    material.start_new(3, &[0, 1, 2]);
    let third = material.blocks / 3;
    let told = material.wait_height(3, third);
    material.cluster.members[3].kill_9();
    material.cluster.members[3].start_again();
    let kept = material.cluster.members[3].tip().height;
    assert!(kept >= told, "it had told {told} blocks, and came back with {kept}");
    let at = material.wait_height(3, third * 2);
    material.cluster.members[1].kill_9();
    material.wait_caught_up(3);
    println!("killed at {told}, back with {kept}; a source killed at {at}; the whole chain in the end");
    let answer = material.cluster.members[3].terminate();
    assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    // What was fetched across a kill is as good as what was imported.
    material.cluster.members[3].home.ok(&["-q", "chain", "verify"]);
}

#[test]
fn one_stalling_peer_of_eight_costs_little() {
    let mut material = Material::new(EIGHT + 2, EIGHT, blocks(), txs());
    let sources: Vec<usize> = (0..EIGHT).collect();
    for source in &sources {
        material.cluster.start(*source, &[], &[]);
    }
    let mut took = Vec::new();
    for (newcomer, stalls) in [(EIGHT, false), (EIGHT + 1, true)] {
        let began = Instant::now();
        material.start_new(newcomer, &sources);
        if stalls {
            // Somebody who has been asked for something, if it can be seen before all is over.
            let asked = within(PATIENCE, || {
                let node = &material.cluster.members[newcomer];
                let serving = serving(&material, newcomer, &sources);
                let over = node.tip().id == material.tip;
                if serving.is_some() || over { Ok(serving) } else { Err("nobody was asked".to_owned()) }
            });
            let stalling = asked.unwrap().unwrap_or(EIGHT - 1);
            material.cluster.members[stalling].process().signal("STOP");
            println!("node {stalling} stalls at {}", material.cluster.members[newcomer].tip().height);
            material.wait_caught_up(newcomer);
            took.push(began.elapsed());
            material.cluster.members[stalling].process().signal("CONT");
        } else {
            material.wait_caught_up(newcomer);
            took.push(began.elapsed());
            assert_eq!(material.cluster.members[newcomer].terminate().code, Some(0));
        }
    }
    let cost = took[1].as_secs_f64() / took[0].as_secs_f64();
    println!("eight peers: {:.2?}; one of them stalling: {:.2?}, {:.0} %", took[0], took[1], cost * 100.0);
    if is_judged() {
        assert!(cost <= STALL_MAX, "a stalling peer of eight costs {:.0} %", (cost - 1.0) * 100.0);
    }
}

/// A source of which the newcomer awaits something.
fn serving(material: &Material, newcomer: usize, sources: &[usize]) -> Option<usize> {
    let info = material.cluster.members[newcomer].ask("net_info", &[]);
    let waits = |server: &&Value| server["in_flight"].as_u64() > Some(0);
    let server = info["servers"].as_array()?.iter().find(waits)?;
    let node_id = text(&server["node_id"]).to_owned();
    sources.iter().copied().find(|source| material.cluster.members[*source].node_id() == node_id)
}

#[test]
fn a_node_that_catches_up_says_how_far_it_is() {
    // Some seconds of work, so that there is something to look at.
    let mut material = Material::new(2, 1, blocks().max(1_500), txs().max(40));
    material.cluster.start(0, &[], &[]);
    material.start_new(1, &[0]);
    let blocks = material.blocks;
    eventually("some blocks are there", PATIENCE, || {
        let sync = material.cluster.members[1].ask("node_info", &[])["sync"].clone();
        let begun = sync["phase"] == "blocks" && sync["at"].as_u64() > Some(0);
        begun.then_some(()).ok_or_else(|| sync.to_string())
    });
    // It stays where it is while its only source does.
    material.cluster.members[0].process().signal("STOP");
    let newcomer = &material.cluster.members[1].home;
    let status = newcomer.json(&["node", "status"]);
    let sync = &status["sync"];
    assert_eq!((&sync["phase"], &sync["to"]), (&"blocks".into(), &blocks.into()), "{status}");
    let (at, done) = (sync["at"].as_u64().unwrap(), sync["done"].as_f64().unwrap());
    assert!(at > 0 && at < blocks && (0.0..1.0).contains(&done), "{sync}");
    assert_eq!(status["synced"], false, "{status}");
    let printed = newcomer.ok(&["node", "status"]).stdout;
    let line = printed.lines().find(|line| line.starts_with("synchronisation")).expect("a line on it");
    assert!(line.contains("blocks") && line.contains(&format!("of {blocks}")), "{line}");
    material.cluster.members[0].process().signal("CONT");
    material.wait_caught_up(1);
    eventually("nothing is missing", PATIENCE, || {
        let info = material.cluster.members[1].ask("node_info", &[]);
        if info["synced"] == true && info["sync"]["phase"] == "idle" { Ok(()) } else { Err(info.to_string()) }
    });
}
